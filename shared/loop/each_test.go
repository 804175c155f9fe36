package loop

import (
	"context"
	"slices"
	"testing"
	"time"

	"rouse/shared/clock"
)

// More things to wait for than may be under way at once do not stop a virtual
// clock, and each is done once.
func TestEachWaitsOnTheClockAlone(t *testing.T) {
	start := time.Date(2026, 11, 4, 3, 50, 0, 0, time.UTC)
	v := clock.NewVirtual(start)
	times := make([]int, 20)
	under, most := 0, 0
	var ended time.Time
	v.At(start, func() {
		each(v, len(times), 8, func(i int) {
			under++
			most = max(most, under)
			v.Sleep(context.Background(), v.Now().Add(time.Second))
			times[i]++
			under--
		})
		ended = v.Now()
	})
	v.Run(start.Add(time.Minute))
	if want := slices.Repeat([]int{1}, 20); !slices.Equal(times, want) {
		t.Errorf("done %v", times)
	}
	if most != 8 || !ended.Equal(start.Add(3*time.Second)) {
		t.Errorf("%d at once, over at %s", most, ended)
	}
}
