package config

import (
	"os"
	"strings"
	"testing"
	"time"
)

// A drill is appointed by its own clock, also on a day on which its time does
// not exist.
func TestDrillIsAppointed(t *testing.T) {
	c, err := Parse([]byte(preamble+`
schedules: {primary: {zone: America/Chicago, layers: [{rotation: [ana], every: 1w, start: 2026-01-05T09:00}]}}
drill: {days: "wed,sun", at: "02:30", schedule: primary}
`), "f")
	if err != nil {
		t.Fatal(err)
	}
	if c.Drill.Zone.String() != "America/Chicago" || c.Drill.Within != DrillDefault {
		t.Errorf("drill %+v", *c.Drill)
	}
	for now, want := range map[string]string{
		"2026-11-25T08:29:59Z": "2026-11-22T08:30:00Z",
		"2026-11-25T08:30:00Z": "2026-11-25T08:30:00Z",
		"2026-03-08T08:00:00Z": "2026-03-08T08:00:00Z", // clocks go from 02:00 to 03:00
		"2026-03-08T07:59:59Z": "2026-03-04T08:30:00Z",
		"2026-11-01T07:29:00Z": "2026-10-28T07:30:00Z", // clocks go back: 02:30 comes once
		"2026-11-01T08:30:00Z": "2026-11-01T08:30:00Z",
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Drill.Last(at).UTC().Format(time.RFC3339); got != want {
			t.Errorf("at %s the last was at %s, want %s", now, got, want)
		}
	}
}

// What the example's comment shows of watch works when it is taken up.
func TestExampleWatch(t *testing.T) {
	_, data := example(t)
	_, rest, _ := strings.Cut(string(data), "#   watch: ")
	watch, _, found := strings.Cut(rest, "\n")
	if !found {
		t.Fatal("the example shows no watch")
	}
	c, err := Parse([]byte(string(data)+"watch: "+watch+"\n"), "rouse.yaml")
	if err != nil || !strings.HasPrefix(c.Watch.Ping, "https://") {
		t.Errorf("ping %q, err %v", c.Watch.Ping, err)
	}
}

// What docs/operating.md shows of rouse.yaml is valid.
func TestOperatingDocs(t *testing.T) {
	data, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(data), "```yaml\n")[1:]
	if len(blocks) < 2 {
		t.Errorf("it shows %d parts of rouse.yaml", len(blocks))
	}
	for _, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		text = preamble + "schedules: {primary: {zone: UTC, layers: []}}\n" + text
		if _, err := Parse([]byte(text), "docs"); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}
