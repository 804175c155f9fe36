package ack_test

import (
	"strings"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/history"
)

// sampled has the check sampled each 20 s for as long, the last minutes of
// which a third fails.
func (h *house) sampled(name string, span, failing time.Duration) {
	h.t.Helper()
	now := h.clock.Now()
	var samples []check.Sample
	for i, at := 0, now.Add(-span); at.Before(now); i, at = i+1, at.Add(20*time.Second) {
		samples = append(samples, check.Sample{At: at, OK: now.Sub(at) > failing || i%3 > 0, Took: 80 * time.Millisecond})
	}
	if err := h.store.SaveCheck(h.t.Context(), name, history.Add(check.State{Rev: 1}, 20*time.Second, samples)); err != nil {
		h.t.Fatal(err)
	}
}

func TestTheLastHour(t *testing.T) {
	h := woken(t)
	code := h.link("ana")
	h.lacks(h.get("/a/"+code).body, "<svg") // nothing is known of it
	h.sampled("login", 2*time.Hour, 12*time.Minute)
	h.sampled("other", time.Hour, time.Hour)
	body := h.get("/a/" + code).body
	h.holds(body, "The last hour: 12 of 177 samples failed", `viewBox="0 0 360 40"`)
	h.lacks(body, "other", "style=")
	// A bar for each minute, those of the failing ones taller and in a path of
	// their own.
	_, bars, _ := strings.Cut(body, `class="good" d="`)
	good, rest, _ := strings.Cut(bars, `"`)
	_, bars, _ = strings.Cut(rest, `class="fail" d="`)
	fail, _, _ := strings.Cut(bars, `"`)
	if g, f := strings.Count(good, "M"), strings.Count(fail, "M"); g+f != 59 || f != 12 {
		t.Errorf("%d and %d bars:\n%s\n%s", g, f, good, fail)
	}
	if !strings.Contains(fail, "M348 40v-21h5v21z") || !strings.HasPrefix(good, "M0 40v-6h5v6z") {
		t.Errorf("the bars\n%s\n%s", good, fail)
	}
	if len(body) > 20<<10 {
		t.Errorf("the screen takes %d bytes", len(body))
	}
}

// A history that this Rouse cannot read costs its picture and nothing else.
func TestAHistoryThatIsNone(t *testing.T) {
	h := woken(t)
	if err := h.store.SaveCheck(t.Context(), "login", check.State{Rev: 1, History: []byte{99, 1, 2}}); err != nil {
		t.Fatal(err)
	}
	body := h.get("/a/" + h.link("ana")).body
	h.lacks(body, "<svg")
	h.holds(body, "I have it")
}
