package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/jsii-runtime-go"
)

// TestSynthRefuses: what cannot be right is said before anything is built.
func TestSynthRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct {
		name    string
		context map[string]string
		want    string
	}{
		{"no file", map[string]string{"config": filepath.Join(dir, "none.yaml")}, "`rouse init URL` writes a first one"},
		{"a file with faults", map[string]string{"config": file("faulty.yaml", "service: Newsroom\nresponders: {}\nchekcs: {}\n")}, "chekcs"},
		{"a calendar that is none", map[string]string{"config": file("calendar.yaml", "service: Newsroom\nresponders:\n  bo: {phone: \"+13125550101\", away: [{ics: faulty.yaml}]}\n")},
			"calendar.yaml:3:44: responders.bo.away[0].ics: faulty.yaml cannot be used: it does not begin with BEGIN:VCALENDAR; export the calendar as iCalendar (.ics)"},
		{"a name that no stack can have", map[string]string{"name": "my stack"}, "letters, digits and hyphens"},
		{"an identity to do what with?", map[string]string{"identity": "delete"}, "say create, or leave it out"},
		{"a hole", map[string]string{"config": file("hole.yaml", `
service: Newsroom
responders: {bo: {phone: "+13125550101"}}
schedules: {primary: {zone: UTC, overrides: [{who: bo, from: 2026-01-05, to: 2026-01-06}]}}
policies: {default: {steps: [{page: [schedule/primary]}]}}
`)}, "nobody would be woken"},
	} {
		t.Run(test.name, func(t *testing.T) {
			app := newApp(t.TempDir())
			for key, value := range test.context {
				app.Node().SetContext(jsii.String(key), value)
			}
			err := synth(t.Context(), app)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want one that says %q", err, test.want)
			}
		})
	}
}
