package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"rouse/shared/oncall"
)

var calendars = Options{Calendar: func(file string, zone *time.Location) ([]oncall.Away, error) {
	if file != "ana.ics" {
		return nil, errors.New(file + " is not there; write its path relative to rouse.yaml")
	}
	at := func(day, hour int) time.Time { return time.Date(2026, 2, day, hour, 0, 0, 0, zone) }
	return []oncall.Away{{From: at(3, 6), To: at(3, 8), Why: `Mum's "50th": 🎂`}, {From: at(5, 0), To: at(6, 0)}}, nil
}}

const withCalendars = `# the team
service: Newsroom
responders:
  ana:
    zone: America/Chicago
    phone: "+13105550100"
    away:
      - {from: 2026-01-01, why: skiing, to: 2026-01-02}
      - ics: ana.ics # her own
      - {from: 2026-03-01T08:30:15Z, to: 2026-03-02}
      - {ics: ana.ics, why: elsewhere}
  bo: {phone: "+13105550101"}
schedules:
  primary: {zone: America/Chicago, layers: [{name: base, rotation: [ana], every: 1w, start: 2026-01-05T09:00}]}
`

func TestCalendars(t *testing.T) {
	c, err := ParseWith([]byte(withCalendars), "f", calendars)
	if err != nil {
		t.Fatal(err)
	}
	chicago, _ := time.LoadLocation("America/Chicago")
	at := func(month time.Month, day, hour, minute, second int) time.Time {
		return time.Date(2026, month, day, hour, minute, second, 0, chicago)
	}
	want := []oncall.Away{
		{From: at(1, 1, 0, 0, 0), To: at(1, 3, 0, 0, 0), Why: "skiing"},
		{From: at(2, 3, 6, 0, 0), To: at(2, 3, 8, 0, 0), Why: `Mum's "50th": 🎂`},
		{From: at(2, 5, 0, 0, 0), To: at(2, 6, 0, 0, 0)},
		{From: at(3, 1, 2, 30, 15), To: at(3, 3, 0, 0, 0)},
		{From: at(2, 3, 6, 0, 0), To: at(2, 3, 8, 0, 0), Why: "elsewhere"},
		{From: at(2, 5, 0, 0, 0), To: at(2, 6, 0, 0, 0), Why: "elsewhere"},
	}
	if got := c.Rota.People["ana"].Away; !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}

	holes := c.Holes(at(2, 1, 0, 0, 0), at(2, 4, 0, 0, 0))
	if len(holes) != 1 || holes[0].Why != `ana is away (Mum's "50th": 🎂)` {
		t.Fatalf("holes %v", holes)
	}
	path := c.Mend(holes[0])
	if line, _ := c.Position(path); path != "responders.ana.away[1]" || line != 9 {
		t.Errorf("the hole is to be mended at %s, line %d; want the calendar's", path, line)
	}
}

// What is written out says the same to who cannot read calendars, and is
// itself already when it is written out again.
func TestExpanded(t *testing.T) {
	c, err := ParseWith([]byte(withCalendars), "f", calendars)
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Expanded()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(text, "expanded")
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if !reflect.DeepEqual(again.Rota, c.Rota) || !reflect.DeepEqual(again.Responders, c.Responders) {
		t.Errorf("it says something else:\n%s", text)
	}
	if again.HasCalendars() || !c.HasCalendars() {
		t.Errorf("calendars: %t, and expanded %t", c.HasCalendars(), again.HasCalendars())
	}
	if same, err := again.Expanded(); err != nil || string(same) != string(text) {
		t.Errorf("expanded twice (%v):\n%s", err, same)
	}
	if !strings.Contains(string(text), "{from: '2026-02-03T12:00:00Z', to: '2026-02-03T14:00:00Z', why: ") {
		t.Errorf("expanded:\n%s", text)
	}
}

// All calendars that cannot be read are told at once, each with its line.
func TestUnreadableCalendars(t *testing.T) {
	_, err := ParseWith([]byte(strings.ReplaceAll(withCalendars, "ana.ics", "bo.ics")), "f", calendars)
	const want = `f:9:14: responders.ana.away[1].ics: bo.ics is not there; write its path relative to rouse.yaml
f:11:15: responders.ana.away[3].ics: bo.ics is not there; write its path relative to rouse.yaml`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestTooManyTimesAway(t *testing.T) {
	many := Options{Calendar: func(string, *time.Location) ([]oncall.Away, error) { return make([]oncall.Away, AwayMax-1), nil }}
	_, err := ParseWith([]byte(withCalendars), "f", many)
	const want = `f:10:9: responders.ana.away[2]: brings the times away to 501; at most 500 are read, so let the calendar hold away times alone`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}
