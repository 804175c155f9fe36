package sqstimer

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rouse/shared/loop"
)

func TestDelay(t *testing.T) {
	now := time.Date(2026, 11, 2, 3, 50, 0, 0, time.UTC)
	for _, test := range []struct {
		in   time.Duration
		want int32
	}{
		{-time.Hour, 0}, {0, 0}, {1, 1}, {time.Second, 1}, {time.Second + 1, 2},
		{3 * time.Minute, 180}, {15*time.Minute - 1, 900}, {15 * time.Minute, 900}, {15*time.Minute + 1, 900}, {24 * time.Hour, 900},
	} {
		if got := Delay(now, now.Add(test.in)); got != test.want {
			t.Errorf("in %v: %d s, want %d", test.in, got, test.want)
		}
	}
	if got := Delay(now, time.Time{}); got != 0 {
		t.Errorf("at no time: %d s, want 0", got)
	}
}

// TestNeverEarly: a hint that arrives before its time finds nothing to do, and
// costs another one.
func TestNeverEarly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "now"), rapid.Int64Range(0, 1e9-1).Draw(t, "ns"))
		in := time.Duration(rapid.Int64Range(-1e9, int64(delayMax)).Draw(t, "in"))
		delay := time.Duration(Delay(now, now.Add(in))) * time.Second
		if delay < in || delay > max(in, 0)+time.Second || delay > delayMax {
			t.Fatalf("in %v: %v", in, delay)
		}
	})
}

func TestParse(t *testing.T) {
	got, err := Parse(`{"key":"check/login","version":7,"later":"ignored"}`)
	if want := (loop.Hint{Key: "check/login", Version: 7}); err != nil || got != want {
		t.Errorf("got %+v, err %v, want %+v", got, err, want)
	}
	for _, body := range []string{"", "null", "[]", "{}", `{"key":""}`, `{"version":7}`, `{"key":7}`, "\xff", strings.Repeat("x", 1<<20), `{"key":"` + strings.Repeat("x", 1025) + `"}`} {
		_, err := Parse(body)
		if err == nil || !strings.Contains(err.Error(), `want {"key"`) || len(err.Error()) > 1000 {
			t.Errorf("%.20q…: err %.2000v", body, err)
		}
	}
}
