package status_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"rouse/shared/config"
	"rouse/shared/history"
	"rouse/shared/incident"
	"rouse/shared/status"
)

var now = time.Date(2026, 11, 4, 5, 0, 0, 0, time.UTC)

// kept is a store that holds what a test gives it.
type kept struct {
	open    []incident.Incident
	words   map[incident.ID][]incident.Event
	history map[string]history.History
	err     error
}

func (k kept) Open(context.Context) ([]incident.Incident, error) { return k.open, k.err }
func (k kept) Timeline(_ context.Context, id incident.ID) ([]incident.Event, error) {
	return k.words[id], k.err
}
func (k kept) History(_ context.Context, check string, _, _ time.Time) (history.History, error) {
	return k.history[check], k.err
}

func team(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse([]byte("service: Newsroom\nresponders: {ana: {phone: \"+13105550100\"}}\n"+text), "rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const two = `status_page: {title: Newsroom status}
capabilities: {login: {words: [log in]}, publish: {words: [publish]}}
checks:
  login: {capability: login, http: {url: "https://app.example.com/"}}
  api: {capability: login, http: {url: "https://api.example.com/"}}
`

// bucket is an hour, or a minute, that ended ago.
func bucket(ago, length time.Duration, lost time.Duration) history.Bucket {
	return history.Bucket{From: now.Add(-ago - length).Truncate(length), Length: length, Good: 1, Seen: length, Lost: lost}
}

func look(t *testing.T, k kept) status.Page {
	t.Helper()
	p, err := status.Look(t.Context(), team(t, two), k, now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What is said by itself, and of what nothing is.
func TestLook(t *testing.T) {
	in := func(change func(*incident.Incident)) []incident.Incident {
		i := incident.Incident{ID: "i1", Key: "login", Capability: "login", Title: "login", State: incident.Triggered, Severity: incident.Confirmed,
			Opened: now.Add(-time.Hour), Orgs: []string{"kstate.example"}, Quote: "SECRET quote"}
		change(&i)
		return []incident.Incident{i}
	}
	said := map[incident.ID][]incident.Event{"i1": {
		{At: now.Add(-time.Minute), Kind: "report", Who: "kstate.example", Why: "SECRET report"},
		{At: now, Kind: "words", Who: "ana", Why: "We are on it."}, {At: now, Kind: "check", Who: "login", Why: "SECRET check"}}}
	looked := map[string]history.History{"login": {Minutes: []history.Bucket{bucket(time.Minute, time.Minute, 0)}}}
	for _, c := range []struct {
		name  string
		kept  kept
		login status.State
		shown int // incidents
		words int
	}{
		{"nobody looks", kept{}, status.Unknown, 0, 0},
		{"looked long ago", kept{history: map[string]history.History{"login": {Minutes: []history.Bucket{bucket(time.Hour, time.Minute, 0)}}}}, status.Unknown, 0, 0},
		{"all is well", kept{history: looked}, status.Well, 0, 0},
		{"no verdict yet", kept{history: map[string]history.History{"login": {Minutes: []history.Bucket{{From: now.Add(-4 * time.Minute), Length: time.Minute, Failed: 1}, bucket(time.Minute, time.Minute, 0)}}}}, status.Unsure, 0, 0},
		{"failed a while ago", kept{history: map[string]history.History{"login": {Minutes: []history.Bucket{{From: now.Add(-20 * time.Minute), Length: time.Minute, Failed: 1}, bucket(time.Minute, time.Minute, 0)}}}}, status.Well, 0, 0},
		{"confirmed", kept{history: looked, open: in(func(*incident.Incident) {})}, status.Trouble, 1, 0},
		{"with words", kept{open: in(func(*incident.Incident) {}), words: said}, status.Trouble, 1, 1},
		{"suspected", kept{history: looked, open: in(func(i *incident.Incident) { i.Severity = incident.Suspected })}, status.Well, 0, 0},
		{"suspected, with words", kept{history: looked, open: in(func(i *incident.Incident) { i.Severity = incident.Suspected }), words: said}, status.Trouble, 1, 1},
		{"looks recovered", kept{history: looked, open: in(func(i *incident.Incident) { i.RecoveredAt = now })}, status.Recovered, 1, 0},
		{"resolved, not settled", kept{history: looked, open: in(func(i *incident.Incident) { i.State = incident.Resolved })}, status.Recovered, 1, 0},
		{"of no capability", kept{history: looked, open: in(func(i *incident.Incident) { i.Capability, i.Title = "", "kstate.example" })}, status.Well, 0, 0},
		{"of no capability, with words", kept{history: looked, open: in(func(i *incident.Incident) { i.Capability, i.Title = "", "kstate.example" }), words: said}, status.Well, 1, 1},
		{"a drill", kept{history: looked, open: in(func(i *incident.Incident) { i.Drill.Until = now }), words: said}, status.Well, 0, 0},
		{"a hole in the rota", kept{history: looked, open: in(func(i *incident.Incident) { i.Hole.To = now }), words: said}, status.Well, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := look(t, c.kept)
			words := 0
			for _, i := range p.Incidents {
				words += len(i.Words)
			}
			if p.Components[0].State != c.login || len(p.Incidents) != c.shown || words != c.words {
				t.Errorf("got %s, %d incidents, %d words", p.Components[0].State, len(p.Incidents), words)
			}
			for _, body := range rendered(t, p) {
				for _, never := range []string{"SECRET", "kstate", "Ana", ">ana", `"ana`, "api", "app.example"} {
					if strings.Contains(body, never) {
						t.Errorf("the public reads %q:\n%s", never, body)
					}
				}
				if c.words > 0 != strings.Contains(body, "We are on it.") {
					t.Errorf("words: %s", body)
				}
			}
		})
	}
}

func rendered(t *testing.T, p status.Page) []string {
	t.Helper()
	html, err := p.HTML()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := p.JSON()
	if err != nil || !json.Valid(doc) {
		t.Fatal(err, string(doc))
	}
	rss, err := p.RSS("https://status.example.com/")
	if err != nil || xml.Unmarshal(rss, new(struct{})) != nil {
		t.Fatal(err, string(rss))
	}
	return []string{string(html), string(doc), string(rss)}
}

// A day is as good as its worst check, and one that nobody saw is not good.
func TestNinetyDays(t *testing.T) {
	p := look(t, kept{history: map[string]history.History{
		"login": {Hours: []history.Bucket{bucket(48*time.Hour, time.Hour, 0), bucket(time.Hour, time.Hour, 0)}},
		"api":   {Hours: []history.Bucket{bucket(48*time.Hour, time.Hour, 30*time.Minute)}},
	}})
	days := p.Components[0].Days
	if n := len(days); n != status.DaysShown || !days[n-1].From.Equal(now.Truncate(24*time.Hour)) {
		t.Fatalf("%d days to %s", n, days[n-1].From)
	}
	for i, want := range map[int]status.Day{89: {Up: 1, Known: true}, 88: {}, 87: {Up: 0.5, Known: true}, 0: {}} {
		if want.From = days[i].From; days[i] != want {
			t.Errorf("day %d: got %+v, want %+v", i, days[i], want)
		}
	}
	if k := p.Components[0]; k.Up != 0.5 || !k.Known || p.Components[1].Known {
		t.Errorf("in all: %+v", k)
	}
	html, _ := p.HTML()
	if s := string(html); !strings.Contains(s, "50.00% in 90 days") || !strings.Contains(s, "1 of the last 90 days had trouble") {
		t.Error(s)
	}
}

// However much there is to say, the page stays small, has no script and holds
// nothing that somebody wrote as anything but text.
func TestSmallAndSafe(t *testing.T) {
	p := status.Page{Title: strings.Repeat("<", config.NameBytesMax), At: now, Zone: time.UTC}
	for i := range config.CapabilityMax {
		k := status.Component{Name: fmt.Sprintf("%032d", i), State: status.Trouble, Known: true}
		for d := range status.DaysShown {
			k.Days = append(k.Days, status.Day{From: now, Up: float64(d % 2), Known: d%3 > 0})
		}
		p.Components = append(p.Components, k)
	}
	for i := range 200 {
		in := status.Incident{ID: incident.ID(fmt.Sprint(i)), Title: "<script>", State: status.Recovered, Since: now}
		for range 30 {
			in.Words = append(in.Words, status.Words{At: now, Text: strings.Repeat(`"'`, incident.WordsMax/2)})
		}
		p.Incidents = append(p.Incidents, in)
	}
	html, err := p.HTML()
	if err != nil || len(html) > status.HTMLBytesMax {
		t.Errorf("%d bytes, %v", len(html), err)
	}
	if s := string(html); strings.Contains(s, "<script") || strings.Contains(s, "<<") || !strings.Contains(s, "And 197 more.") {
		t.Error(s)
	}
	small := look(t, kept{})
	if html, err = small.HTML(); err != nil || len(html) > 5<<10 {
		t.Errorf("a small page: %d bytes, %v", len(html), err)
	}
}
