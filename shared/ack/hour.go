package ack

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rouse/shared/check"
	"rouse/shared/history"
	"rouse/shared/incident"
)

// An hour is the last hour of a check: a bar for each minute in which there was
// a sample, as tall as the share of those that failed.
type hour struct {
	Check      string
	ViewBox    string
	Words      string // "11 of 180 samples failed"
	Good, Fail string // the bars, as the data of two paths
}

// Sizes of the picture, in its own units.
const (
	barWidth = 5
	barGap   = 1
	hourTall = 40
	goodTall = 6  // of a bar of a minute without a failure
	failTall = 12 // the least of one with
	hoursMax = 2
	minutes  = 60
)

// watching lists the checks that an incident of the key may be about, as far as
// the key alone tells.
func (h *handler) watching(key incident.Key) []string {
	names := slices.Clone(h.checksOf[string(key)])
	if name, one := strings.CutPrefix(string(key), "check/"); one {
		names = append(names, name)
	}
	return names[:min(len(names), hoursMax)]
}

// hours are the last hours of checks, as far as anything is known of them.
func (h *handler) hours(states map[string]check.State) (all []hour) {
	now := h.clock.Now()
	for _, name := range slices.Sorted(maps.Keys(states)) {
		kept, err := history.Read(nil, states[name], now.Add(-time.Hour), now)
		if err != nil { // the rest of the screen is worth more than its picture
			h.loop.Log.Warn("ack screen", "what", "history of check "+name, "error", err)
			continue
		}
		if hour, any := drawn(kept.Minutes, now); any {
			hour.Check = clip(name, titleBytesMax)
			all = append(all, hour)
		}
	}
	return all
}

// drawn draws the minutes up to now.
func drawn(buckets []history.Bucket, now time.Time) (d hour, any bool) {
	var good, fail strings.Builder
	failed, samples := 0, 0
	for _, b := range buckets {
		ago := int(now.Truncate(time.Minute).Sub(b.From) / time.Minute)
		n := b.Good + b.Failed
		if ago < 0 || ago >= minutes || n == 0 {
			continue
		}
		failed, samples = failed+b.Failed, samples+n
		to, tall := &good, goodTall
		if b.Failed > 0 {
			to, tall = &fail, failTall+(hourTall-failTall)*b.Failed/n
		}
		fmt.Fprintf(to, "M%d %dv-%dh%dv%dz", (minutes-1-ago)*(barWidth+barGap), hourTall, tall, barWidth, tall)
	}
	d.ViewBox = fmt.Sprintf("0 0 %d %d", minutes*(barWidth+barGap), hourTall)
	d.Good, d.Fail = good.String(), fail.String()
	d.Words = fmt.Sprintf("%d of %d samples failed", failed, samples)
	return d, samples > 0
}
