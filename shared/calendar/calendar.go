// Package calendar reads away times out of iCalendar files and writes shifts
// into one (RFC 5545).
//
// Reading counts whatever an event of the calendar covers, shown as busy or as
// free: mail programs show whole days off as free. Only a cancelled event is
// left out. What cannot be read for certain is an error, because an away time
// that is overlooked is a page to somebody who will not come.
//
// The functions on Lambda do not import this package: calendars are read by
// the command and when the stack is synthesized, and what is deployed has
// their times written out.
package calendar

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"

	"rouse/shared/oncall"
)

// Limits on a calendar.
const (
	FileBytesMax  = 1 << 20
	EventsMax     = 5000
	InstancesMax  = 50_000 // of one recurring event, from its start to the end of the window
	ReasonRuneMax = 60     // of an event's summary, as the reason
)

// The window around now in which Reader looks for times; those that only touch
// it are read, too.
const (
	Behind = 31 * 24 * time.Hour
	Ahead  = 400 * 24 * time.Hour
)

// Reader returns a function that reads the away times around now from a file,
// whose path is relative to folder. Floating times and whole days are by the
// clock of zone. The error names the file and says what would be right.
func Reader(folder string, now time.Time) func(file string, zone *time.Location) ([]oncall.Away, error) {
	return func(file string, zone *time.Location) ([]oncall.Away, error) {
		path := file
		if !filepath.IsAbs(path) {
			path = filepath.Join(folder, file)
		}
		text, err := read(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no %s; write the path of the calendar relative to rouse.yaml", path)
		}
		if err != nil {
			return nil, fmt.Errorf("%s %w", file, err)
		}
		away, err := Away(text, zone, now.Add(-Behind), now.Add(Ahead))
		if err != nil {
			return nil, fmt.Errorf("%s cannot be used: %w", file, err)
		}
		return away, nil
	}
}

func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read (%w); make it readable", err)
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a file; name the .ics file itself")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot be read (%w); make it readable", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, FileBytesMax+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be read (%w); make it readable", err)
	}
	if len(text) > FileBytesMax {
		return nil, fmt.Errorf("has more than %d bytes; export a calendar of away times alone", FileBytesMax)
	}
	return text, nil
}

// Away returns what the events of a calendar cover from from to to, and what
// reaches over its edges: in order, each time once, with the summary as the
// reason unless the event is private. Floating times and whole days are by the
// clock of zone; nil is UTC.
func Away(text []byte, zone *time.Location, from, to time.Time) ([]oncall.Away, error) {
	parsed, err := parse(text)
	if err != nil {
		return nil, err
	}
	z := zones{floating: location{cmp.Or(zone, time.UTC)}, end: to, defined: map[string]*ics.VTimezone{}, read: map[string]clock{}}
	var events []*ics.VEvent
	for _, c := range parsed.Components {
		switch c := c.(type) {
		case *ics.VEvent:
			events = append(events, c)
		case *ics.VTimezone:
			z.defined[text1(&c.ComponentBase, "TZID")] = c
		}
	}
	if len(events) > EventsMax {
		return nil, fmt.Errorf("it has %d events; at most %d are read, so export a calendar of away times alone", len(events), EventsMax)
	}
	// What replaces one occurrence of an event is an event of its own, and the
	// occurrence is taken out of the series.
	replaced := map[string][]stamp{}
	all := make([]*event, len(events))
	for i, raw := range events {
		e, err := z.event(&raw.ComponentBase)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", i+1, err)
		}
		all[i] = e
		if e.replaces != nil {
			replaced[e.uid] = append(replaced[e.uid], *e.replaces)
		}
	}
	var away []oncall.Away
	for i, e := range all {
		if e.cancelled {
			continue
		}
		if e.replaces == nil {
			e.except = append(e.except, replaced[e.uid]...)
		}
		times, err := e.times(from, to)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", i+1, err)
		}
		away = append(away, times...)
	}
	return merged(away), nil
}

// parse reads the file's structure. The library takes the end of the file for
// the end of everything, and half a calendar is not one.
func parse(text []byte) (*ics.Calendar, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		return nil, errors.New("it is not UTF-8; export it anew")
	}
	trimmed := bytes.TrimSpace(text)
	if !bytes.HasPrefix(trimmed, []byte("BEGIN:VCALENDAR")) {
		return nil, errors.New("it does not begin with BEGIN:VCALENDAR; export the calendar as iCalendar (.ics)")
	}
	if !bytes.HasSuffix(trimmed, []byte("END:VCALENDAR")) {
		return nil, errors.New("it does not end with END:VCALENDAR, as if it had been cut off; export it anew")
	}
	c, err := ics.ParseCalendarWithOptions(bytes.NewReader(trimmed), ics.WithUnknownPropertyHandler(ics.AcceptUnknownPropertyHandler))
	if err != nil {
		return nil, fmt.Errorf("it is not iCalendar (%w); export it anew", err)
	}
	return c, nil
}

// merged sorts periods and joins those of one reason that touch.
func merged(all []oncall.Away) []oncall.Away {
	slices.SortFunc(all, func(a, b oncall.Away) int {
		return cmp.Or(strings.Compare(a.Why, b.Why), a.From.Compare(b.From), a.To.Compare(b.To))
	})
	var out []oncall.Away
	for _, a := range all {
		if n := len(out); n > 0 && out[n-1].Why == a.Why && !a.From.After(out[n-1].To) {
			if a.To.After(out[n-1].To) {
				out[n-1].To = a.To
			}
			continue
		}
		out = append(out, a)
	}
	slices.SortStableFunc(out, func(a, b oncall.Away) int { return a.From.Compare(b.From) })
	return out
}

// reason makes a line of a summary. A private event keeps its own to itself.
func reason(summary, class string) string {
	if strings.EqualFold(class, "PRIVATE") || strings.EqualFold(class, "CONFIDENTIAL") {
		return ""
	}
	line := strings.Join(strings.FieldsFunc(summary, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
	if runes := []rune(line); len(runes) > ReasonRuneMax {
		line = strings.TrimSpace(string(runes[:ReasonRuneMax-1])) + "…"
	}
	return line
}
