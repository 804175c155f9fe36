package calendar

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rouse/shared/oncall"
)

var (
	losAngeles = must(time.LoadLocation("America/Los_Angeles"))
	from       = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	to         = time.Date(2027, 11, 1, 0, 0, 0, 0, time.UTC)
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// file is a calendar with these lines in it, as programs write it.
func file(lines string) []byte {
	text := "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n" + strings.TrimSpace(lines) + "\nEND:VCALENDAR\n"
	return []byte(strings.ReplaceAll(text, "\n", "\r\n"))
}

func event1(lines string) string {
	return "BEGIN:VEVENT\nUID:1\nDTSTAMP:20260101T000000Z\n" + strings.TrimSpace(lines) + "\nEND:VEVENT\n"
}

// outlook is how Outlook describes Central European time, under a name of its
// own and from the year 1601 on.
const outlook = `BEGIN:VTIMEZONE
TZID:Bureau
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
`

func TestAway(t *testing.T) {
	for name, test := range map[string]struct {
		lines string
		want  string // from–to (why), in UTC, one a line
	}{
		"nothing": {"", ""},
		"a whole day, by the responder's clock": {
			event1("DTSTART;VALUE=DATE:20261220\nSUMMARY:London"), "2026-12-20T08:00–2026-12-21T08:00 (London)"},
		"whole days, the last one excluded": {
			event1("DTSTART;VALUE=DATE:20261220\nDTEND;VALUE=DATE:20270104"), "2026-12-20T08:00–2027-01-04T08:00 ()"},
		"free time counts: that is how whole days off are shown": {
			event1("DTSTART;VALUE=DATE:20261220\nTRANSP:TRANSPARENT"), "2026-12-20T08:00–2026-12-21T08:00 ()"},
		"what is cancelled does not": {
			event1("DTSTART;VALUE=DATE:20261220\nSTATUS:CANCELLED"), ""},
		"a floating time": {
			event1("DTSTART:20261220T090000\nDTEND:20261220T170000"), "2026-12-20T17:00–2026-12-21T01:00 ()"},
		"UTC": {
			event1("DTSTART:20261220T090000Z\nDURATION:PT90M"), "2026-12-20T09:00–2026-12-20T10:30 ()"},
		"a zone of the database": {
			event1("DTSTART;TZID=Europe/London:20270610T090000\nDTEND;TZID=Europe/London:20270610T100000"), "2027-06-10T08:00–2027-06-10T09:00 ()"},
		"a zone with a program's name before it": {
			event1("DTSTART;TZID=/freeassociation.sourceforge.net/America/Argentina/Ushuaia:20270610T090000\nDURATION:PT1H"), "2027-06-10T12:00–2027-06-10T13:00 ()"},
		"a zone that the file describes, in winter and in summer": {
			outlook + event1("DTSTART;TZID=Bureau:20270110T090000\nDURATION:PT1H") + event1("DTSTART;TZID=Bureau:20270610T090000\nDURATION:PT1H"),
			"2027-01-10T08:00–2027-01-10T09:00 ()\n2027-06-10T07:00–2027-06-10T08:00 ()"},
		"no end is no time": {event1("DTSTART:20261220T090000Z"), ""},
		"private": {
			event1("DTSTART;VALUE=DATE:20261220\nSUMMARY:Clinic\nCLASS:PRIVATE"), "2026-12-20T08:00–2026-12-21T08:00 ()"},
		"a folded summary of several lines": {
			event1("DTSTART;VALUE=DATE:20261220\nSUMMARY:London\\, with\n  Mum\\n and the dog"), "2026-12-20T08:00–2026-12-21T08:00 (London, with Mum and the dog)"},
		"weekly over a clock change: the time on the wall stays": {
			event1("DTSTART:20270306T220000\nDTEND:20270307T060000\nRRULE:FREQ=WEEKLY;COUNT=3"),
			"2027-03-07T06:00–2027-03-07T14:00 ()\n2027-03-14T06:00–2027-03-14T14:00 ()\n2027-03-21T05:00–2027-03-21T13:00 ()"},
		"DURATION counts days by the calendar": {
			event1("DTSTART:20270313T220000\nDURATION:P1D"), "2027-03-14T06:00–2027-03-15T05:00 ()"},
		"a time in the gap is its end": {
			event1("DTSTART:20270313T023000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3"),
			"2027-03-13T10:30–2027-03-13T11:30 ()\n2027-03-14T10:00–2027-03-14T11:00 ()\n2027-03-15T09:30–2027-03-15T10:30 ()"},
		"a time in the gap of the file's own zone": {
			outlook + event1("DTSTART;TZID=Bureau:20270328T023000\nDURATION:PT1H"), "2027-03-28T01:00–2027-03-28T02:00 ()"},
		"a time that the file's own zone shows twice is its first": {
			outlook + event1("DTSTART;TZID=Bureau:20271031T023000\nDURATION:PT15M"), "2027-10-31T00:30–2027-10-31T00:45 ()"},
		"a rule that ends, in UTC": {
			event1("DTSTART;TZID=Europe/London:20270601T233000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20270602T223000Z"),
			"2027-06-01T22:30–2027-06-01T23:30 ()\n2027-06-02T22:30–2027-06-02T23:30 ()"},
		"a rule that ends, by its date": {
			event1("DTSTART:20270601T120000\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20270602"),
			"2027-06-01T19:00–2027-06-01T20:00 ()\n2027-06-02T19:00–2027-06-02T20:00 ()"},
		"months without that day are passed over": {
			event1("DTSTART;VALUE=DATE:20270131\nRRULE:FREQ=MONTHLY;COUNT=2"), "2027-01-31T08:00–2027-02-01T08:00 ()\n2027-03-31T07:00–2027-04-01T07:00 ()"},
		"a rule without an end": {
			event1("DTSTART;VALUE=DATE:19991224\nRRULE:FREQ=YEARLY"), "2026-12-24T08:00–2026-12-25T08:00 ()"},
		"without the exceptions": {
			event1("DTSTART;TZID=Europe/London:20270601T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE;TZID=Europe/London:20270602T090000\nEXDATE:20270603T080000Z"),
			"2027-06-01T08:00–2027-06-01T09:00 ()\n2027-06-04T08:00–2027-06-04T09:00 ()"},
		"days without exceptions": {
			event1("DTSTART;VALUE=DATE:20270601\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE;VALUE=DATE:20270602,20270603"),
			"2027-06-01T07:00–2027-06-02T07:00 ()\n2027-06-04T07:00–2027-06-05T07:00 ()"},
		"more dates, one of another length": {
			event1("DTSTART:20270601T080000Z\nDURATION:PT1H\nRDATE:20270603T080000Z\nRDATE;VALUE=PERIOD:20270605T080000Z/PT2H,20270607T080000Z/20270607T090000Z"),
			"2027-06-01T08:00–2027-06-01T09:00 ()\n2027-06-03T08:00–2027-06-03T09:00 ()\n2027-06-05T08:00–2027-06-05T10:00 ()\n2027-06-07T08:00–2027-06-07T09:00 ()"},
		"one occurrence moved, one called off": {
			event1("DTSTART:20270601T080000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3") +
				event1("RECURRENCE-ID:20270602T080000Z\nDTSTART:20270602T150000Z\nDURATION:PT1H") +
				event1("RECURRENCE-ID:20270603T080000Z\nDTSTART:20270603T080000Z\nDURATION:PT1H\nSTATUS:CANCELLED"),
			"2027-06-01T08:00–2027-06-01T09:00 ()\n2027-06-02T15:00–2027-06-02T16:00 ()"},
		"what touches is one, if for one reason": {
			event1("DTSTART;VALUE=DATE:20261220\nSUMMARY:a") + event1("DTSTART;VALUE=DATE:20261221\nSUMMARY:a") + event1("DTSTART;VALUE=DATE:20261221\nSUMMARY:b"),
			"2026-12-20T08:00–2026-12-22T08:00 (a)\n2026-12-21T08:00–2026-12-22T08:00 (b)"},
		"what reaches into the window is whole": {
			event1("DTSTART;VALUE=DATE:20261001\nDTEND;VALUE=DATE:20261102"), "2026-10-01T07:00–2026-11-02T08:00 ()"},
		"other components do not count": {
			"BEGIN:VTODO\nUID:x\nDTSTAMP:20260101T000000Z\nDTSTART;VALUE=DATE:20261220\nEND:VTODO\nBEGIN:X-OWN\nX-A:1\nEND:X-OWN", ""},
	} {
		t.Run(name, func(t *testing.T) {
			away, err := Away(file(test.lines), losAngeles, from, to)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range away {
				got = append(got, fmt.Sprintf("%s–%s (%s)", a.From.UTC().Format("2006-01-02T15:04"), a.To.UTC().Format("2006-01-02T15:04"), a.Why))
			}
			if got := strings.Join(got, "\n"); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// What cannot be read for certain is refused with the cure.
func TestAwayRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"a page of the web":         {"<html>", "it does not begin with BEGIN:VCALENDAR; export the calendar as iCalendar (.ics)"},
		"half a file":               {string(file(event1("DTSTART:20270601T080000Z")))[:80], "as if it had been cut off; export it anew"},
		"another encoding":          {string(file("X-A:\xff")), "it is not UTF-8; export it anew"},
		"an event cut in two":       {string(file("BEGIN:VEVENT\nUID:1")), "it is not iCalendar ("},
		"no start":                  {string(file(event1("SUMMARY:x"))), "event 1: it has 0 DTSTART instead of one"},
		"a start that is no time":   {string(file(event1("DTSTART:tomorrow"))), `event 1: DTSTART "tomorrow" is not a date or a time like 20261220`},
		"an end before the start":   {string(file(event1("DTSTART:20270601T080000Z\nDTEND:20270601T070000Z"))), "event 1: it ends before it begins; mend the event"},
		"a date and a time":         {string(file(event1("DTSTART:20270601T080000Z\nDTEND:20270602"))), "one of DTSTART and DTEND is a date and the other a time"},
		"a length that is none":     {string(file(event1("DTSTART:20270601T080000Z\nDURATION:90"))), `DURATION "90" is not a length of time like P1D or PT8H`},
		"a zone of nowhere":         {string(file(event1("DTSTART;TZID=Nowhere:20270601T080000"))), `event 1: DTSTART: the zone "Nowhere" is neither one of the IANA time zone database nor described in the file`},
		"a rule that is none":       {string(file(event1("DTSTART:20270601T080000Z\nRRULE:FREQ=SOMETIMES"))), `RRULE "FREQ=SOMETIMES" is not a rule of RFC 5545`},
		"a rule within a day":       {string(file(event1("DTSTART:20270601T080000Z\nRRULE:FREQ=HOURLY"))), "recurs within a day; an away time recurs daily at most"},
		"an endless interval":       {string(file(event1("DTSTART:20270601T080000Z\nRRULE:FREQ=YEARLY;INTERVAL=9000000000000000000"))), "has an INTERVAL that is not from 1 to 1000"},
		"a count of nothing":        {string(file(event1("DTSTART:20270601T080000Z\nRRULE:FREQ=YEARLY;COUNT=0"))), "has a COUNT that is not positive"},
		"too many occurrences":      {string(file(event1("DTSTART:20170601T080000Z\nRRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8;BYMINUTE=0,10,20,30"))), "comes to more than 50000 occurrences"},
		"a rule of rules":           {string(file(event1("DTSTART:20270601T080000Z\nEXRULE:FREQ=DAILY"))), "EXRULE is not read"},
		"two rules":                 {string(file(event1("DTSTART:20270601T080000Z\nRRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY"))), "it has several RRULEs"},
		"a change from there on":    {string(file(event1("RECURRENCE-ID;RANGE=THISANDFUTURE:20270601T080000Z\nDTSTART:20270601T080000Z"))), "RECURRENCE-ID with a RANGE is not read"},
		"a zone without an offset":  {string(file(strings.ReplaceAll(outlook, "TZOFFSETTO:+0100", "TZOFFSETTO:1h") + event1("DTSTART;TZID=Bureau:20270601T080000"))), `the zone's offset "1h" is not one like +0100`},
		"a zone without its times":  {string(file("BEGIN:VTIMEZONE\nTZID:Bureau\nEND:VTIMEZONE\n" + event1("DTSTART;TZID=Bureau:20270601T080000"))), `the zone "Bureau" has neither STANDARD nor DAYLIGHT time`},
		"more events than are read": {string(file(strings.Repeat(event1("DTSTART:20270601T080000Z"), EventsMax+1))), "it has 5001 events; at most 5000 are read"},
	} {
		t.Run(name, func(t *testing.T) {
			away, err := Away([]byte(test.text), losAngeles, from, to)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("away %v, error %v, want one that says %q", away, err, test.want)
			}
		})
	}
}

func TestReader(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"ana.ics": string(file(event1("DTSTART;VALUE=DATE:20261220\nSUMMARY:London"))),
		"big.ics": strings.Repeat(" ", FileBytesMax+1),
		"bad.ics": "<html>",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	away := Reader(dir, from)
	for _, path := range []string{"ana.ics", filepath.Join(dir, "ana.ics")} {
		if got, err := away(path, losAngeles); err != nil || len(got) != 1 || got[0].Why != "London" {
			t.Errorf("%s: %v, %v", path, got, err)
		}
	}
	if got, err := Reader(dir, from.Add(-Ahead))("ana.ics", losAngeles); err != nil || len(got) > 0 {
		t.Errorf("beyond the window: %v, %v", got, err)
	}
	for path, want := range map[string]string{
		"none.ics": "there is no " + filepath.Join(dir, "none.ics") + "; write the path of the calendar relative to rouse.yaml",
		".":        ". is not a file; name the .ics file itself",
		"big.ics":  "big.ics has more than 1048576 bytes; export a calendar of away times alone",
		"bad.ics":  "bad.ics cannot be used: it does not begin with BEGIN:VCALENDAR",
	} {
		if _, err := away(path, nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}

// A calendar that describes a zone as the database does means the same times
// by it, at whatever hour and day.
func TestDescribedZone(t *testing.T) {
	berlin := must(time.LoadLocation("Europe/Berlin"))
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 365*24*4).Draw(t, "quarters")) * 15 * time.Minute)
		wall := at.Format("20060102T150405")
		read := func(zone string) oncall.Away {
			away, err := Away(file(outlook+event1("DTSTART;TZID="+zone+":"+wall+"\nDURATION:PT1H")), nil, from.AddDate(0, -1, 0), to.AddDate(0, 1, 0))
			if err != nil || len(away) != 1 {
				t.Fatalf("%s in %s: %v, %v", wall, zone, away, err)
			}
			return away[0]
		}
		if mine, theirs := read("Bureau"), read(berlin.String()); !mine.From.Equal(theirs.From) || !mine.To.Equal(theirs.To) {
			t.Errorf("%s is %s, in the database %s", wall, mine.From, theirs.From)
		}
	})
}

func newsroom() oncall.Rota {
	start := oncall.Civil{Year: 2026, Month: 1, Day: 5, Hour: 9}
	weekly := oncall.Period{N: 1, Unit: oncall.Week}
	return oncall.Rota{Schedules: map[string]oncall.Schedule{
		"primary": {Zone: losAngeles, Layers: []oncall.Layer{{Name: "base", Every: weekly, Start: start,
			Rotation: []oncall.Member{{Who: []string{"ana"}}, {Who: []string{"bo", "ana"}}, {Who: []string{"bo"}}}}}},
		"always": {Layers: []oncall.Layer{{Name: "base", Every: weekly, Start: start, Rotation: []oncall.Member{{Who: []string{"ana"}}}}}},
	}}
}

func duty(now time.Time) Duty {
	return Duty{Service: "Newsroom, Inc; east", Who: "ana", Name: "Ana Ruiz", Rota: newsroom(), From: now, To: now.AddDate(0, 0, 28), Now: now}
}

func TestWrite(t *testing.T) {
	var b bytes.Buffer
	d := duty(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	delete(d.Rota.Schedules, "always")
	if err := Write(&b, d); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, want := range []string{
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:",
		"X-WR-CALNAME:Ana Ruiz on call for Newsroom\\, Inc\\; east\r\n",
		"DTSTAMP:20261123T120000Z\r\n",
		"DTSTART:20261116T170000Z\r\nDTEND:20261130T170000Z\r\n", // two turns, as both are hers
		"SUMMARY:On call: primary (Newsroom\\, Inc\\; east)\r\n",
		"TRANSP:TRANSPARENT\r\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q:\n%s", want, text)
		}
	}
	if n := strings.Count(text, "BEGIN:VEVENT"); n != 2 {
		t.Errorf("%d shifts:\n%s", n, text)
	}
	for line := range strings.SplitSeq(text, "\r\n") {
		if len(line) > 75 {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
	}
}

// Whenever it is written, a shift has its UID, and its beginning and end even
// where the window cuts it.
func TestUIDsAreStable(t *testing.T) {
	begin := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	seen := map[string]string{}
	for day := range 60 {
		var b bytes.Buffer
		if err := Write(&b, duty(begin.AddDate(0, 0, day))); err != nil {
			t.Fatal(err)
		}
		for e := range strings.SplitSeq(b.String(), "BEGIN:VEVENT") {
			_, uid, isEvent := strings.Cut(e, "UID:")
			if !isEvent {
				continue
			}
			uid, _, _ = strings.Cut(uid, "\r\n")
			_, when, _ := strings.Cut(e, "DTSTART:")
			if strings.Contains(e, "SUMMARY:On call: always") {
				when = "always"
			} else if when = when[:len("20261123T170000Z\r\nDTEND:20261207T170000Z")]; seen[when] == "" {
				seen[when] = uid
			}
			if other := seen[when]; other != "" && other != uid {
				t.Fatalf("day %d: %s has UID %s, had %s", day, when, uid, other)
			}
			seen[when] = uid
		}
	}
	uids := map[string]bool{}
	for _, uid := range seen {
		uids[uid] = true
	}
	if len(uids) != len(seen) || len(seen) < 4 {
		t.Errorf("%d shifts have %d UIDs: %v", len(seen), len(uids), seen)
	}
}

// What Write writes Away reads: the times in which somebody is on call.
func TestWhatIsWrittenIsRead(t *testing.T) {
	d := duty(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	delete(d.Rota.Schedules, "always")
	var b bytes.Buffer
	if err := Write(&b, d); err != nil {
		t.Fatal(err)
	}
	away, err := Away(b.Bytes(), nil, d.From, d.To)
	if err != nil {
		t.Fatal(err)
	}
	on := func(at time.Time) bool {
		for _, a := range away {
			if !at.Before(a.From) && at.Before(a.To) {
				return true
			}
		}
		return false
	}
	for at := d.From; at.Before(d.To); at = at.Add(time.Hour) {
		who := fmt.Sprint(d.Rota.At("primary", at))
		if on(at) != strings.Contains(who, "ana") {
			t.Fatalf("at %s %s is on call, and the calendar says %t of ana", at, who, on(at))
		}
	}
}

// Whatever the bytes are, they are refused or give periods that end after they
// begin, in order, and meet the window.
func FuzzAway(f *testing.F) {
	f.Add(string(file("")))
	f.Add(string(file(outlook + event1("DTSTART;TZID=Bureau:20270110T090000\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=10\nEXDATE:20270110T080000Z"))))
	f.Add(string(file(event1("DTSTART;VALUE=DATE:20270601\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\nRDATE;VALUE=PERIOD:20270605T080000Z/PT2H"))))
	f.Add(string(file(event1("RECURRENCE-ID:20270602T080000Z\nDTSTART:20270602T150000\nDTEND:20270602T160000"))))
	f.Fuzz(func(t *testing.T, text string) {
		began := time.Now()
		away, err := Away([]byte(text), losAngeles, from, to)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s for %d bytes", took, len(text))
		}
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without words")
			}
			return
		}
		var last time.Time
		for _, a := range away {
			if !a.From.Before(a.To) || a.From.Before(last) || !a.From.Before(to) || !from.Before(a.To) || strings.ContainsAny(a.Why, "\r\n") {
				t.Errorf("%v", a)
			}
			last = a.From
		}
	})
}

// A year of days off, with two series among them.
func BenchmarkAway(b *testing.B) {
	var lines strings.Builder
	for week := range 50 {
		lines.WriteString(event1("DTSTART;VALUE=DATE:" + from.AddDate(0, 0, 7*week).Format(dateLayout) + "\nSUMMARY:off"))
	}
	lines.WriteString(event1("DTSTART;TZID=Europe/London:20200101T180000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=TU,TH"))
	lines.WriteString(outlook + event1("DTSTART;TZID=Bureau:20240101T120000\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;BYDAY=-1FR"))
	text := file(lines.String())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Away(text, losAngeles, from, to); err != nil {
			b.Fatal(err)
		}
	}
}
