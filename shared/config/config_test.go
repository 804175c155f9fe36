package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/escalation"
	"rouse/shared/oncall"
	"rouse/shared/triage"
)

func parse(t testing.TB, text string) *Config {
	t.Helper()
	c, err := Parse([]byte(withPreamble(text)), "f")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Only service and responders are required; what is absent has its default.
func TestDefaults(t *testing.T) {
	c := parse(t, "")
	if c.Service != "Newsroom" {
		t.Errorf("service %q", c.Service)
	}
	want := map[string]Responder{
		"ana": {ID: "ana", Name: "ana", Zone: time.UTC, Phone: "+13105550100", Contact: []escalation.Contact{{Channel: escalation.SMS}}},
		"bo":  {ID: "bo", Name: "bo", Zone: time.UTC, Email: "bo@example.com", Contact: []escalation.Contact{{Channel: escalation.Email}}},
	}
	if !reflect.DeepEqual(c.Responders, want) {
		t.Errorf("responders %+v, want %+v", c.Responders, want)
	}
	if got := c.Policy("login"); !reflect.DeepEqual(got, escalation.Default()) {
		t.Errorf("policy %+v", got)
	}
	if c.Inbox != nil || c.QuietTime != QuietTimeDefault || len(c.Checks) > 0 {
		t.Errorf("inbox %v, quiet time %v, checks %v", c.Inbox, c.QuietTime, c.Checks)
	}
	if c.Coverage.Gate != 7*24*time.Hour || c.Coverage.Horizon != 28*24*time.Hour {
		t.Errorf("coverage %+v", c.Coverage)
	}
	if holes := c.Holes(time.Unix(0, 0), time.Unix(1e9, 0)); holes != nil {
		t.Errorf("a team without schedules has holes: %v", holes)
	}
}

func TestEverythingIsConverted(t *testing.T) {
	c, _ := example(t)
	chicago, _ := time.LoadLocation("America/Chicago")
	la, _ := time.LoadLocation("America/Los_Angeles")
	at := func(zone *time.Location, month time.Month, d, h int) time.Time {
		return time.Date(2026, month, d, h, 0, 0, 0, zone)
	}

	ana := c.Responders["ana"]
	if want := []escalation.Contact{{Channel: "sms"}, {Channel: "email"}, {Channel: "sms", After: 2 * time.Minute}}; !slices.Equal(ana.Contact, want) {
		t.Errorf("contact %v, want %v", ana.Contact, want)
	}
	if got, want := c.Rota.People["ana"].Away, (oncall.Away{From: at(la, 12, 20, 0), To: at(la, 12, 35, 0), Why: "London"}); len(got) != 1 || !got[0].From.Equal(want.From) || !got[0].To.Equal(want.To) || got[0].Why != want.Why {
		t.Errorf("away %v, want %v: a date-only to includes its day", got, want)
	}

	primary := c.Rota.Schedules["primary"]
	evenings := primary.Layers[2]
	want := oncall.Layer{
		Name:     "evenings",
		Rotation: []oncall.Member{{Who: []string{"ana"}}, {Who: []string{"eli"}, From: at(chicago, 6, 1, 0)}},
		Every:    oncall.Period{N: 1, Unit: oncall.Week},
		Start:    oncall.Civil{Year: 2025, Month: 1, Day: 6, Hour: 17},
		During:   []oncall.Restriction{{Days: oncall.EveryDay, From: 17 * 60, To: 60}},
	}
	if fmt.Sprint(evenings) != fmt.Sprint(want) {
		t.Errorf("evenings\n%v, want\n%v", evenings, want)
	}
	if !primary.Layers[1].During[0].Own {
		t.Error("london is not by the responder's own clock")
	}
	o := primary.Overrides[0]
	if !o.From.Equal(at(chicago, 12, 1, 17)) || !o.To.Equal(at(chicago, 12, 2, 1)) || !slices.Equal(o.Who, []string{"cy"}) {
		t.Errorf("override %v", o)
	}
	if got := c.Rota.Schedules["backup"].Layers[0].Rotation[0].Who; !slices.Equal(got, []string{"ana", "bo"}) {
		t.Errorf("a pair is %v", got)
	}

	policy := c.Policy("login")
	if got := fmt.Sprint(policy.Steps); got != "[{on call [schedule/primary] 3m0s} {backup [schedule/backup eli] 3m0s} {all [everyone] 3m0s}]" {
		t.Errorf("steps %s", got)
	}
	if got := c.Policy("archive").Name; got != "patient" {
		t.Errorf("archive's policy is %s", got)
	}

	login, _ := c.Check("login")
	if want := (check.Check{
		Name: "login", Capability: "login", Every: 20 * time.Second, Timeout: 5 * time.Second,
		HTTP: &check.HTTP{URL: "https://app.example.com/login", Expect: check.Expect{
			Status: []check.StatusRange{{From: 200, To: 200}}, Body: "Sign in", Within: 2 * time.Second}},
	}); !reflect.DeepEqual(login, want) {
		t.Errorf("login is %+v, want %+v", login, want)
	}
	publish, _ := c.Check("publish")
	if publish.HTTP.Redirects >= 0 || publish.HTTP.Method != "POST" || publish.HTTP.Headers["Content-Type"] != "application/json" {
		t.Errorf("publish is %+v", publish.HTTP)
	}
	if got := c.Capabilities[0]; !reflect.DeepEqual(got, triage.Capability{Name: "login", Words: []string{"log in", "login", "sign in", "password"}}) {
		t.Errorf("capability %+v", got)
	}
	var languages []string
	for _, w := range c.Languages() {
		languages = append(languages, w.Name)
	}
	if !slices.Equal(languages, []string{"en", "es", "de"}) || !slices.Contains(c.Languages()[0].Groups["fails"], "gone fishing") || !slices.Contains(c.Languages()[0].Groups["fails"], "down") {
		t.Errorf("mails are read in %v", languages)
	}
	c.Inbox.Words = nil
	if want := (Inbox{Address: "alerts@in.example.com", Via: Forward, Team: []string{"example.com"}, ReplyFrom: "support@example.com", AnswerWithin: 10 * time.Minute}); !reflect.DeepEqual(*c.Inbox, want) {
		t.Errorf("inbox %+v, want %+v", *c.Inbox, want)
	}
	if !slices.Equal(c.Coverage.Schedules, []string{"primary"}) || c.Coverage.Owner != "ana" || c.Links.Domain != "r.example.com" {
		t.Errorf("coverage %+v, links %+v", c.Coverage, c.Links)
	}
}

// Editors on Windows begin a file with a byte order mark and end its lines with
// a carriage return.
func TestForeignEditors(t *testing.T) {
	text := "\ufeff" + strings.ReplaceAll(preamble+holed, "\n", "\r\n")
	c, err := Parse([]byte(text), "f")
	if err != nil {
		t.Fatal(err)
	}
	if line, column := c.Position("schedules.primary.layers[1]"); line != 8 || column != 9 {
		t.Errorf("the second layer is at %d:%d", line, column)
	}
}

func TestRepeatFrom(t *testing.T) {
	steps := "steps: [{page: [ana], wait: 1m}, {page: [bo], name: second, wait: 1m}]"
	for from, want := range map[string]int{"first": 0, "second": 1} {
		c := parse(t, "policies: {default: {"+steps+", repeat_from: "+from+"}}\n")
		if got := c.Policy("").RepeatFrom; got != want {
			t.Errorf("repeat_from %s is step %d, want %d", from, got, want)
		}
	}
}

// A quiet time that the team chooses holds for its checks, too, but not less
// than a few samples of each.
func TestQuietTimeOfChecks(t *testing.T) {
	c := parse(t, `incidents: {quiet_time: 20m}
checks:
  often: {http: {url: "https://a.example"}}
  rarely: {every: 10m, http: {url: "https://a.example"}}
`)
	for name, want := range map[string]time.Duration{"often": 20 * time.Minute, "rarely": 120 * time.Minute} {
		k, _ := c.Check(name)
		if got := k.Rule().Quiet; got != want {
			t.Errorf("%s is quiet after %v, want %v", name, got, want)
		}
	}
}

func TestJudgedSchedules(t *testing.T) {
	one := "{zone: UTC, overrides: [{who: ana, from: 2026-12-01, to: 2026-12-02}]}"
	schedules := "schedules: {b: " + one + ", a: " + one + ", c: " + one + "}\n"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"without policies, all":                 {"", []string{"b", "a", "c"}},
		"with empty policies, all":              {"policies: {}\n", []string{"b", "a", "c"}},
		"what the first steps page":             {"policies: {default: {steps: [{page: [schedule/c]}, {page: [schedule/a]}]}}\n", []string{"c"}},
		"none if the first steps page people":   {"policies: {default: {steps: [{page: [ana]}, {page: [schedule/a]}]}}\n", nil},
		"what coverage says, whatever the rest": {"policies: {default: {steps: [{page: [ana]}]}}\ncoverage: {schedules: [a, b]}\n", []string{"a", "b"}},
	} {
		if got := parse(t, schedules+c.text).Coverage.Schedules; !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

const holed = `schedules:
  primary:
    zone: UTC
    layers:
      - {name: days, rotation: [ana], every: 1w, start: 2026-01-05, during: [{from: "08:00", to: "20:00"}]}
      - {name: nights, rotation: [bo], every: 1w, start: 2026-01-05, during: [{from: "20:00", to: "08:00"}]}
`

func TestHolesAreMendedWhereTheyBegin(t *testing.T) {
	day := func(d, h int) time.Time { return time.Date(2026, 2, d, h, 0, 0, 0, time.UTC) }
	nights := strings.Replace(holed, `to: "08:00"`, `to: "06:00"`, 1)
	away := `service: x
responders:
  ana: {phone: "+13105550100", away: [{from: 2026-02-01, to: 2026-02-01}, {from: 2026-02-03T10:00, to: 2026-02-03T12:00}]}
  bo: {phone: "+13105550101"}
` + holed
	before := strings.Replace(strings.Replace(away, `bo: {`, `bo: {away: [{from: 2026-02-03T12:00}], `, 1), ", {from: 2026-02-03T10:00, to: 2026-02-03T12:00}", "", 1)
	for name, c := range map[string]struct {
		text     string
		from, to time.Time
		mend     string
		line     int
	}{
		"a layer that ends early":      {nights, day(3, 6), day(3, 8), "schedules.primary.layers[1]", 8},
		"somebody who goes away":       {away, day(3, 10), day(3, 12), "responders.ana.away[1]", 3},
		"somebody who was away before": {before, day(3, 20), day(4, 0), "responders.bo.away[0]", 4},
		"a schedule of nothing at all": {"schedules: {primary: {zone: UTC}}\n", day(3, 0), day(4, 0), "schedules.primary", 3},
	} {
		cfg := parse(t, c.text)
		holes := cfg.Holes(day(3, 0), day(4, 0))
		if len(holes) != 1 || !holes[0].From.Equal(c.from) || !holes[0].To.Equal(c.to) {
			t.Errorf("%s: holes %v", name, holes)
			continue
		}
		if got := cfg.Mend(holes[0]); got != c.mend {
			t.Errorf("%s: mend %s, want %s", name, got, c.mend)
		}
		if line, _ := cfg.Position(c.mend); line != c.line {
			t.Errorf("%s: line %d, want %d", name, line, c.line)
		}
	}
}

func TestAcceptedHoles(t *testing.T) {
	at := func(h int) time.Time { return time.Date(2026, 2, 3, h, 0, 0, 0, time.UTC) }
	text := strings.Replace(holed, `to: "20:00"`, `to: "10:00"`, 1) // leaves 10:00 to 20:00
	for accept, want := range map[string][][2]int{
		``: {{10, 20}},
		`{from: 2026-02-03T10:00, to: 2026-02-03T20:00, why: x}`:                                                         nil,
		`{from: 2026-02-03, to: 2026-02-03, why: x}`:                                                                     nil,
		`{from: 2026-02-03T12:00, to: 2026-02-03T14:00, why: x}`:                                                         {{10, 12}, {14, 20}},
		`{from: 2026-02-03T15:00, to: 2026-02-04, why: x}, {from: 2026-02-03T09:00, to: 2026-02-03T12:00, why: x}`:       {{12, 15}},
		`{from: 2026-02-03T11:00, to: 2026-02-03T15:00, why: x}, {from: 2026-02-03T12:00, to: 2026-02-03T13:00, why: x}`: {{10, 11}, {15, 20}},
		`{from: 2026-02-01, to: 2026-02-02, why: x}`:                                                                     {{10, 20}},
	} {
		c := parse(t, text+"coverage: {accept: ["+accept+"]}\n")
		var got [][2]int
		for _, h := range c.Holes(at(0), at(24)) {
			got = append(got, [2]int{h.From.Hour(), h.To.Hour()})
		}
		if !slices.Equal(got, want) {
			t.Errorf("accept %s leaves %v, want %v", accept, got, want)
		}
	}
}

func TestPosition(t *testing.T) {
	c := parse(t, holed)
	for path, want := range map[string][2]int{
		"":                              {1, 1},
		"responders.bo.email":           {2, 56},
		"schedules.primary.layers[1]":   {8, 9},
		"schedules.primary.layers[9]":   {7, 7}, // the nearest thing around it
		"schedules.primary.nothing":     {5, 5},
		"coverage.gate":                 {1, 1},
		"responders.bo.email.more[3].x": {2, 56},
	} {
		if line, column := c.Position(path); [2]int{line, column} != want {
			t.Errorf("%s is at %d:%d, want %v", path, line, column, want)
		}
	}
}

func TestDurations(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "20s": 20 * time.Second, "3m": 3 * time.Minute, "1h": time.Hour, "7d": 7 * day, "1w": week, "1h30m": 90 * time.Minute,
	} {
		if got, ok := parseDuration(s); !ok || got != want {
			t.Errorf("%q is %v, %v", s, got, ok)
		}
		if again, ok := parseDuration(durationText(want)); !ok || again != want {
			t.Errorf("%v is written %q and read %v", want, durationText(want), again)
		}
	}
	for _, s := range []string{"", "s", "20", "-1m", "1.5h", "1y", "3 m", "9999999s", "999999w", "1m2"} {
		if got, ok := parseDuration(s); ok {
			t.Errorf("%q is read as %v", s, got)
		}
	}
}

// Every limit refuses what is one beyond it, and takes what is just within.
func TestLimits(t *testing.T) {
	repeat := func(n int, f func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(f(i))
		}
		return b.String()
	}
	domain := func(i int) string { return fmt.Sprintf("  - c%d.example\n", i) }
	person := func(i int) string { return fmt.Sprintf("  p%d: {email: p%d@example.com}\n", i, i) }
	step := func(int) string { return "{page: [ana]}, " }
	for name, c := range map[string]struct {
		text func(n int) string
		max  int
	}{
		"customers":  {func(n int) string { return "customers:\n" + repeat(n, domain) }, CustomersMax},
		"responders": {func(n int) string { return "service: x\nresponders:\n" + repeat(n, person) }, RespondersMax},
		"steps":      {func(n int) string { return "policies: {default: {steps: [" + repeat(n, step) + "]}}\n" }, StepsMax},
		"bytes":      {func(n int) string { return preamble + repeat(n-len(preamble), func(int) string { return "#" }) }, FileBytesMax},
	} {
		if _, err := Parse([]byte(withPreamble(c.text(c.max))), "f"); err != nil {
			t.Errorf("%s: %d are refused: %v", name, c.max, err)
		}
		var faults *Faults
		if _, err := Parse([]byte(withPreamble(c.text(c.max+1))), "f"); !errors.As(err, &faults) || len(faults.List) != 1 {
			t.Errorf("%s: %d give %v, want one fault", name, c.max+1, err)
		}
	}
}

// A file of nothing but faults is told up to a limit, and how many more there
// are.
func TestTooManyFaults(t *testing.T) {
	text := preamble + "customers:\n" + strings.Repeat("  - x\n", FaultsMax+50)
	_, err := Parse([]byte(text), "f")
	var faults *Faults
	if !errors.As(err, &faults) || len(faults.List) != FaultsMax+1 {
		t.Fatalf("%T with %d faults", err, len(faults.List))
	}
	if got := faults.List[FaultsMax].Message; got != "and 50 more faults, not told; mend these first" {
		t.Error(got)
	}
}

// A file made to keep the reader busy is refused in no time: this one took
// half a minute when every fault beyond the limit was still worded.
func TestHostileFileIsRefusedQuickly(t *testing.T) {
	begin := time.Now()
	_, err := Parse([]byte(preamble+"desk:\n"+strings.Repeat("  a: b\n", 30_000)), "f")
	if err == nil || time.Since(begin) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(begin), err != nil)
	}
}

// No fault repeats a phone number: faults reach logs.
func TestFaultsKeepNumbersToThemselves(t *testing.T) {
	_, err := Parse([]byte(`service: x
responders: {a: {phone: "+1310555010"}, b: {phone: "+1 310 777 0199"}, c: {phone: "+1310555010"}}
`), "f")
	if err == nil || strings.Contains(err.Error(), "0199") || strings.Contains(err.Error(), "555010,") {
		t.Errorf("%v", err)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	_, err := Load(filepath.Join(dir, "rouse.yaml"))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "rouse init URL") {
		t.Errorf("a missing file: %v", err)
	}
	path := filepath.Join(dir, "broken.yaml")
	if err := os.WriteFile(path, []byte("service: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.HasPrefix(err.Error(), path+":2:1: ") {
		t.Errorf("a broken file: %v", err)
	}
	if _, err := Load(dir); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder: %v", err)
	}
}
