package clock_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"rouse/shared/clock"
)

var noon = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

func TestVirtualWakesInOrder(t *testing.T) {
	v := clock.NewVirtual(noon)
	var got []string
	add := func(s string) func() { return func() { got = append(got, v.Now().Sub(noon).String()+" "+s) } }
	v.At(noon.Add(2*time.Minute), add("second"))
	v.At(noon.Add(time.Minute), func() {
		add("first")()
		v.At(noon, add("late: at once")) // has passed: after the present work
		if err := v.Sleep(context.Background(), noon.Add(2*time.Minute)); err != nil {
			t.Error(err)
		}
		add("slept")()
	})
	v.At(noon.Add(time.Hour), add("beyond the end"))
	v.Run(noon.Add(10 * time.Minute))
	want := []string{"1m0s first", "1m0s late: at once", "2m0s second", "2m0s slept"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if now := v.Now(); !now.Equal(noon.Add(10 * time.Minute)) {
		t.Errorf("the clock stands at %s", now)
	}
	v.Run(noon.Add(time.Hour))
	if len(got) != 5 {
		t.Errorf("a later Run did not go on: %q", got)
	}
}

// While anybody in a group works, time stands still, and who waits for the
// group goes on in the instant in which the last of it ends.
func TestVirtualGroup(t *testing.T) {
	v := clock.NewVirtual(noon)
	var ended, passed time.Time
	v.At(noon, func() {
		g := v.Group()
		for i := range 10 {
			g.Go(func() {
				time.Sleep(time.Millisecond) // real work takes no virtual time
				v.Sleep(context.Background(), noon.Add(time.Duration(i)*time.Second))
			})
		}
		g.Wait()
		ended = v.Now()
		g.Wait() // nothing is left to wait for
	})
	v.At(noon.Add(time.Minute), func() { passed = v.Now() })
	v.Run(noon.Add(time.Hour))
	if !ended.Equal(noon.Add(9*time.Second)) || !passed.Equal(noon.Add(time.Minute)) {
		t.Errorf("the group ended at %s and the rest went on at %s", ended, passed)
	}
}

// Those of a group work one after the other, in the order in which they were
// given: one seed makes one history.
func TestVirtualGroupHasOneOrder(t *testing.T) {
	v := clock.NewVirtual(noon)
	var got []int
	v.At(noon, func() {
		g := v.Group()
		for i := range 100 {
			g.Go(func() {
				got = append(got, i)
				v.Sleep(context.Background(), noon.Add(time.Second))
				got = append(got, 100+i)
			})
		}
		g.Wait()
	})
	v.Run(noon.Add(time.Minute))
	for i := range 200 {
		if len(got) != 200 || got[i] != i {
			t.Fatalf("worked in the order %v", got)
		}
	}
}

// A group outside of Run works at once: nobody would wake it.
func TestVirtualGroupOutsideOfRun(t *testing.T) {
	v := clock.NewVirtual(noon)
	var worked [10]bool
	g := v.Group()
	for i := range worked {
		g.Go(func() { worked[i] = true })
	}
	g.Wait()
	if worked != [10]bool{true, true, true, true, true, true, true, true, true, true} {
		t.Errorf("worked: %v", worked)
	}
}

func TestVirtualSleepIsCancelled(t *testing.T) {
	v := clock.NewVirtual(noon)
	ctx, cancel := context.WithCancel(context.Background())
	var err error
	var at time.Time
	v.At(noon, func() {
		err = v.Sleep(ctx, noon.Add(time.Hour))
		at = v.Now()
	})
	v.At(noon.Add(time.Minute), cancel)
	v.At(noon.Add(time.Minute), func() { time.Sleep(10 * time.Millisecond) }) // the sleeper notices meanwhile
	v.Run(noon.Add(2 * time.Hour))
	if !errors.Is(err, context.Canceled) || at.After(noon.Add(2*time.Hour)) {
		t.Errorf("Sleep returned %v at %s", err, at)
	}
}

// A person who stops a paced run does so while Pace sleeps: the sleeper that
// was just to be woken counts itself as working, and must not be counted twice.
func TestVirtualSleepIsCancelledDuringPace(t *testing.T) {
	v := clock.NewVirtual(noon)
	ctx, cancel := context.WithCancel(context.Background())
	returned := make(chan error, 1)
	v.At(noon, func() { returned <- v.Sleep(ctx, noon.Add(time.Minute)) })
	v.Pace = func(time.Time, time.Time) {
		cancel()
		if err := <-returned; !errors.Is(err, context.Canceled) {
			t.Errorf("Sleep: %v, want that it was cancelled", err)
		}
	}
	ran := make(chan struct{})
	go func() { v.Run(noon.Add(2 * time.Minute)); close(ran) }()
	select {
	case <-ran:
	case <-time.After(10 * time.Second):
		t.Fatal("Run waits for work that nobody does")
	}
	if got := v.Now(); !got.Equal(noon.Add(2 * time.Minute)) {
		t.Errorf("the clock stands at %v, want the end", got)
	}
}

func TestWall(t *testing.T) {
	var w clock.Wall
	if err := w.Sleep(context.Background(), w.Now().Add(-time.Hour)); err != nil {
		t.Error("an instant that has passed:", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.Sleep(ctx, w.Now().Add(time.Hour)); !errors.Is(err, context.Canceled) {
		t.Error("a cancelled sleep:", err)
	}
	before := w.Now()
	if err := w.Sleep(context.Background(), before.Add(time.Millisecond)); err != nil || w.Now().Before(before.Add(time.Millisecond)) {
		t.Error("woken early or not at all:", err)
	}
}
