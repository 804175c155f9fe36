package config

import (
	"bytes"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"rouse/shared/oncall"
)

// away reads when somebody holds no shift: times as they are written, and
// calendars.
func (b *builder) away(who string, v value, zone *time.Location) []oncall.Away {
	var all []oncall.Away
	for i, item := range v.list("{from: 2026-12-20, to: 2027-01-03}", AwayMax) {
		f := item.fields("away")
		if !f.valid() {
			continue
		}
		times := b.awayTimes(f, zone)
		if len(all)+len(times) > AwayMax {
			item.fault("brings the times away to %d; at most %d are read, so let the calendar hold away times alone", len(all)+len(times), AwayMax)
			continue
		}
		for range times {
			b.c.awayItems[who] = append(b.c.awayItems[who], i)
		}
		all = append(all, times...)
	}
	return all
}

func (b *builder) awayTimes(f fields, zone *time.Location) []oncall.Away {
	file := f.get("ics")
	why := f.get("why").text()
	if !file.present() {
		if !f.get("from").present() {
			f.fault("from is missing; add from: 2026-12-20, or ics: ana.ics")
		}
		from, to := f.interval(zone)
		return []oncall.Away{{From: from, To: to, Why: why}}
	}
	for _, key := range []string{"from", "to"} {
		if f.get(key).present() {
			f.get(key).fault("does not go with ics, which has times of its own; make it an entry of its own")
		}
	}
	path := file.text()
	if path == "" {
		return nil // its fault is told
	}
	if b.calendar == nil {
		file.fault("calendars are read by the rouse command and at synthesis only; deploy with cdk, or use what `rouse config --expand` prints")
		return nil
	}
	times, err := b.calendar(path, zone)
	if err != nil {
		file.fault("%v", err)
		return nil
	}
	for i := range times {
		times[i].From, times[i].To = times[i].From.In(zone), times[i].To.In(zone)
		if f.get("why").present() {
			times[i].Why = why
		}
	}
	return times
}

// HasCalendars reports whether the file names any calendar.
func (c *Config) HasCalendars() bool {
	for range c.calendars(c.root) {
		return true
	}
	return false
}

// Expanded returns the file with the times of its calendars written out in
// their place, for readers without Options.Calendar. A file without calendars
// is returned as it is.
func (c *Config) Expanded() ([]byte, error) {
	if !c.HasCalendars() {
		return c.text, nil
	}
	var document yaml.Node
	if err := yaml.Unmarshal(c.text, &document); err != nil {
		return nil, fmt.Errorf("write out the calendars: %w", err)
	}
	for who, list := range c.calendars(document.Content[0]) {
		var items []*yaml.Node
		for i, item := range list.Content {
			if child(item, "ics") == nil {
				items = append(items, item)
				continue
			}
			for j, from := range c.awayItems[who] {
				if from == i {
					items = append(items, written(c.Rota.People[who].Away[j]))
				}
			}
		}
		list.Content = items
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&document); err != nil {
		return nil, fmt.Errorf("write out the calendars: %w", err)
	}
	return b.Bytes(), nil
}

// calendars goes over the responders below root who have a calendar, and the
// lists in which it stands.
func (c *Config) calendars(root *yaml.Node) func(yield func(who string, list *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		people := child(root, "responders")
		for i := 0; people != nil && i+1 < len(people.Content); i += 2 {
			list := child(people.Content[i+1], "away")
			for n := 0; list != nil && n < len(list.Content); n++ {
				if child(list.Content[n], "ics") != nil {
					if !yield(people.Content[i].Value, list) {
						return
					}
					break
				}
			}
		}
	}
}

// written is an away time as an item of the file, in UTC: a time that a wall
// clock shows twice could not be written otherwise.
func written(a oncall.Away) *yaml.Node {
	item := &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	add := func(key, v string, style yaml.Style) {
		item.Content = append(item.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, &yaml.Node{Kind: yaml.ScalarNode, Value: v, Style: style})
	}
	add("from", a.From.UTC().Format(utcLayout), 0)
	add("to", a.To.UTC().Format(utcLayout), 0)
	if a.Why != "" {
		add("why", a.Why, yaml.DoubleQuotedStyle)
	}
	return item
}

const utcLayout = "2006-01-02T15:04:05Z"
