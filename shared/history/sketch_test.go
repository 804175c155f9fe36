package history

import (
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Our counters are the library's, one by one.
func TestCountersAreTheLibrarys(t *testing.T) {
	if len(tops) < 100 {
		t.Fatalf("there are %d counters", len(tops))
	}
	for i, top := range tops {
		h := hdrhistogram.New(latencyMin, latencyMax, figures)
		if top = min(top, latencyMax); h.RecordValue(top) != nil || h.Export().Counts[i] != 1 {
			t.Fatalf("%d ms are not counted by counter %d of %d", top, i, len(tops))
		}
	}
}
