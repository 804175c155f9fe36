package story_test

import (
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/oncall"
	"rouse/shared/story"
)

var update = flag.Bool("update", false, "write the golden postmortem")

var central = func() *time.Location {
	z, err := time.LoadLocation("America/Chicago")
	if err != nil {
		panic(err)
	}
	return z
}()

// at is a time of the night of 3 November; before noon it is the morning after.
func at(clock string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", "2026-11-03 "+clock, central)
	if err != nil {
		panic(err)
	}
	if t.Hour() < 12 {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// night reads a timeline: a time, a kind, who ("-" for nobody) and why, split
// by bars.
func night(lines string) []incident.Event {
	var all []incident.Event
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		f := strings.SplitN(strings.TrimSpace(line), "|", 4)
		all = append(all, incident.Event{At: at(f[0]), Kind: f[1], Who: strings.TrimPrefix(f[2], "-"), Why: f[3]})
	}
	return all
}

// rota has Ana in the evenings, who is away, and Cy from half past midnight.
func rota() oncall.Rota {
	layer := func(name, who string, from, to oncall.TimeOfDay) oncall.Layer {
		return oncall.Layer{
			Name: name, Rotation: []oncall.Member{{Who: []string{who}}}, Every: oncall.Period{N: 1, Unit: oncall.Week},
			Start: oncall.CivilOf(time.Date(2026, 10, 26, 0, 0, 0, 0, time.UTC)), During: []oncall.Restriction{{From: from, To: to}},
		}
	}
	return oncall.Rota{
		People: map[string]oncall.Person{
			"ana": {Away: []oncall.Away{{From: at("00:00:00").AddDate(0, 0, -2), To: at("00:00:00").AddDate(0, 0, 4), Why: "in London"}}},
			"bo":  {}, "cy": {},
		},
		Schedules: map[string]oncall.Schedule{"primary": {Zone: central, Layers: []oncall.Layer{
			layer("London", "cy", 30, 8*60), layer("days", "bo", 8*60, 19*60), layer("evenings", "ana", 19*60, 30),
		}}},
	}
}

var primary = escalation.Policy{Steps: []escalation.Step{{Targets: []escalation.Target{{Kind: escalation.Schedule, ID: "primary"}}}}}

const theNight = `
21:50:40|check|login|7 of 17 samples failed at 21:50
21:50:40|opened|-|confirmed: login
21:50:40|passed over|-|step 1 (schedule/primary): nobody is on call in primary
21:50:41|paged|bo|by sms (round 1, step 2 (bo)): accepted
21:53:40|paged|ana|by sms (round 1, step 3 (everyone)): accepted
21:53:40|paged|bo|by sms (round 1, step 3 (everyone)): accepted
21:53:41|page failed|cy|by sms (round 1, step 3 (everyone)): opted out
21:54:20|acknowledged|ana|by link
21:54:20|paged|bo|by sms (ana has it): accepted
22:00:00|report|kstate.example|urgent: "Nobody can <b>log in</b> | call +1 785 555 0143"; an incident about login is open
22:00:00|told|kstate.example|received
22:04:00|report|bruin.example|urgent: "The system is *not* responding."; it is the only open incident
22:04:00|told|bruin.example|received
22:08:00|words|ana|We are restarting the session store.
22:08:00|answered|ana|told all who wrote
22:37:40|checkin|ana|asked whether they still have it
22:40:40|silent|ana|no answer from ana
22:40:41|paged|bo|by sms (round 2, step 2 (bo)): accepted
22:42:00|next|bo|cannot take it, by link
22:43:00|acknowledged|cy|by link
23:52:00|resolved|cy|it's over, by link
23:52:00|told|kstate.example|closing
23:52:01|told|bruin.example|closing
00:25:00|reopened|-|its check still fails
00:40:00|paged|cy|by sms (round 1, step 1 (schedule/primary)): accepted
00:41:00|resolved|-|quiet for 35m0s
01:20:00|settled|-|
`

func told() story.Story {
	return story.Tell(story.Night{
		Incident: incident.Incident{ID: "20261104-k3fqzq", Key: "login", Title: "login", Began: at("21:50:10"), Opened: at("21:50:40"), Config: "0123456789ab"},
		Events:   night(theNight), Rota: rota(), Policy: primary, Now: at("02:00:00"),
	})
}

func name(id string) string {
	if _, member := rota().People[id]; member {
		return strings.ToUpper(id[:1]) + id[1:]
	}
	return id
}

// lines are the stretches in which nobody had it.
func lines(s story.Story) []string {
	var all []string
	for _, g := range s.Gaps {
		for _, t := range g.Stretches {
			all = append(all, t.From.In(central).Format("15:04:05")+"-"+t.To.In(central).Format("15:04:05")+" "+t.Awake(name)+": "+t.Why(name))
		}
	}
	return all
}

func TestNight(t *testing.T) {
	s := told()
	want := []string{
		"21:50:10-21:50:40 nobody: it was not detected yet; HOLE",
		"21:50:40-21:53:40 nobody: HOLE; Bo had been paged and had not answered",
		"21:53:40-21:54:20 nobody: HOLE; Ana and Bo had been paged and had not answered; the page to Cy failed",
		"22:40:40-22:42:00 nobody: HOLE; Ana and Bo had been paged and had not answered",
		"22:42:00-22:43:00 nobody: HOLE; Ana had been paged and had not answered; Bo could not take it",
		"00:25:00-00:30:00 nobody: HOLE",
		"00:30:00-00:40:00 Cy: Cy had not been paged",
		"00:40:00-00:41:00 Cy: Cy had been paged and had not answered",
	}
	hole := strings.NewReplacer("HOLE", "nobody was on call: days ends 19:00 Central; ana is away (in London); London begins 00:30 Central")
	if got, want := strings.Join(lines(s), "\n"), hole.Replace(strings.Join(want, "\n")); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	f := story.Figures{
		Began: at("21:50:10"), Opened: at("21:50:40"), Paged: at("21:50:41"), Acknowledged: at("21:54:20"), Wrote: at("22:00:00"),
		Answered: at("22:08:00"), Resolved: at("00:41:00"), Settled: at("01:20:00"), Uncovered: 4*time.Minute + 10*time.Second + 2*time.Minute + 20*time.Second + 16*time.Minute,
	}
	if !reflect.DeepEqual(s.Figures, f) {
		t.Errorf("got  %+v\nwant %+v", s.Figures, f)
	}
}

// Whatever happens, the stretches are exactly the gaps and the gaps are what is
// uncovered.
func TestWhenNobodyHadIt(t *testing.T) {
	for _, c := range []struct {
		name, events string
		key          incident.Key
		now          string
		want         string // gaps, as from-to
		total        time.Duration
	}{
		{"nobody ever took it, and it lasts", "20:00:00|opened|-|\n20:00:00|paged|bo|", "login", "20:10:00", "20:00:00-20:10:00", 10 * time.Minute},
		{"taken at once", "20:00:00|opened|-|\n20:00:00|acknowledged|bo|by link", "login", "20:10:00", "", 0},
		{"it ended by itself", "20:00:00|opened|-|\n20:35:00|resolved|-|never acknowledged", "login", "23:00:00", "20:00:00-20:35:00", 35 * time.Minute},
		{"passed on, and silent", "20:00:00|opened|-|\n20:01:00|acknowledged|bo|\n20:02:00|passed|bo|to cy\n20:07:00|silent|cy|\n20:09:00|acknowledged|bo|", "login", "23:00:00",
			"20:00:00-20:01:00 20:07:00-20:09:00", 3 * time.Minute},
		{"who has it cannot keep it", "20:00:00|opened|-|\n20:01:00|acknowledged|bo|\n20:03:00|next|bo|cannot keep it\n20:04:00|acknowledged|cy|", "login", "23:00:00",
			"20:00:00-20:01:00 20:03:00-20:04:00", 2 * time.Minute},
		{"somebody else's no while it is had", "20:00:00|opened|-|\n20:01:00|next|cy|\n20:02:00|acknowledged|bo|\n20:03:00|acknowledged|bo|still has it", "login", "23:00:00", "20:00:00-20:02:00", 2 * time.Minute},
		{"reopened while it is open", "20:00:00|opened|-|\n20:01:00|reopened|-|\n20:02:00|acknowledged|bo|", "login", "23:00:00", "20:00:00-20:02:00", 2 * time.Minute},
		{"evidence before the opening", "19:58:00|report|kstate.example|\n20:00:00|opened|-|\n20:02:00|acknowledged|bo|", "login", "23:00:00", "19:58:00-20:02:00", 4 * time.Minute},
		{"within one second", "20:00:00|opened|-|\n20:00:00|next|bo|\n20:00:00|acknowledged|cy|", "login", "23:00:00", "", 0},
		{"a drill", "20:00:00|opened|-|\n20:15:00|silent|-|bo did not answer\n20:15:00|resolved|-|", "drill/1", "23:00:00", "", 0},
		{"a clock that is behind", "20:00:00|opened|-|", "login", "19:00:00", "", 0},
		{"nothing", "20:00:00|check|login|", "login", "23:00:00", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := story.Tell(story.Night{Incident: incident.Incident{Key: c.key}, Events: night(c.events), Rota: rota(), Policy: primary, Now: at(c.now)})
			var got []string
			for _, g := range s.Gaps {
				got = append(got, g.From.In(central).Format("15:04:05")+"-"+g.To.In(central).Format("15:04:05"))
				from := g.From
				for _, part := range g.Stretches {
					if !part.From.Equal(from) || !part.From.Before(part.To) || part.Why(name) == "" {
						t.Errorf("%+v does not follow %s, or says nothing", part, from)
					}
					from = part.To
				}
				if !from.Equal(g.To) {
					t.Errorf("the stretches end at %s, the gap at %s", from, g.To)
				}
			}
			if strings.Join(got, " ") != c.want || s.Figures.Uncovered != c.total {
				t.Errorf("got %v, %s; want %s, %s", got, s.Figures.Uncovered, c.want, c.total)
			}
		})
	}
}

func TestPostmortem(t *testing.T) {
	got := told().Markdown(story.Reader{
		Service: "Newsroom", Name: name, Zone: central, Config: "ffffffffffff",
		Mask: func(s string) string { return strings.ReplaceAll(s, "+1 785 555 0143", "…43") },
	})
	const golden = "testdata/night.md"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s\n(go test ./shared/story -update)", got, want)
	}
	for _, never := range []string{" <b>", " | call", "555 0143", " *not*"} {
		if strings.Contains(got, never) {
			t.Errorf("it holds %q", never)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", -time.Second: "0 s", 40 * time.Second: "40 s", 220 * time.Second: "3 min 40 s", 5 * time.Minute: "5 min",
		time.Hour: "1 h", 125 * time.Minute: "2 h 5 min", 50 * time.Hour: "2 days 2 h",
	} {
		if got := story.Span(d); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}
