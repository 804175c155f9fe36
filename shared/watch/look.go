package watch

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"rouse/shared/amend"
	"rouse/shared/check"
	"rouse/shared/config"
	"rouse/shared/escalation"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/oncall"
	"rouse/shared/reach"
	"rouse/shared/record"
)

// Limits of what is named at once.
const (
	overdueMax = 20
	walksMax   = 20
)

// look finds what the table shows.
func (r *run) look(ctx context.Context) {
	standing, err := r.Store.Standing(ctx)
	if err != nil {
		r.unread("the rota's amendments", err)
	}
	r.config = r.Config.WithRota(amend.Apply(r.Config.Rota, standing.Amendments))
	r.facts = standing.Reach
	r.holes()
	r.away()
	r.beats(ctx)
	r.checks(ctx)
	r.overdue(ctx)
	r.incidents(ctx)
}

// reachable reports whether any of somebody's channels reaches them, as far as
// is known.
func (r *run) reachable() oncall.Reachable {
	unreachable := reach.Unreachable(r.facts, r.now)
	return func(who string) (bool, string) {
		var whys []string
		for _, channel := range channels(r.Config.Responders[who].Contact) {
			why := unreachable(who, channel)
			if why == "" {
				return true, ""
			}
			whys = append(whys, fmt.Sprintf("%s: %s", channel, why))
		}
		if len(whys) == 0 {
			return false, "no phone and no address"
		}
		return false, strings.Join(whys, "; ")
	}
}

// channels lists those of somebody's rules, each once.
func channels(contact []escalation.Contact) (all []escalation.Channel) {
	for _, c := range contact {
		if !slices.Contains(all, c.Channel) {
			all = append(all, c.Channel)
		}
	}
	return all
}

// comingHoles lists the holes of the rota as far as anybody is told of them.
func (r *run) comingHoles() []oncall.Hole {
	return r.config.HolesBy(r.now, r.now.Add(max(r.Config.Coverage.Horizon, week)), r.reachable())
}

// holes finds holes when they come into the horizon, a week before, a day
// before and an hour before.
func (r *run) holes() {
	for _, h := range r.comingHoles() {
		f := record.Finding{
			What: fmt.Sprintf("nobody would be woken from %s to %s: %s", r.clock(h.From), r.clock(h.To), h.Why),
			Cure: "put somebody on call with `rouse override`, or in rouse.yaml; `rouse coverage` draws the rota",
		}
		stage := "horizon"
		switch ahead := h.From.Sub(r.now); {
		case ahead <= hour:
			stage, f.Night = "hour", true
		case ahead <= day:
			stage = "day"
		case ahead <= week:
			stage = "week"
		}
		f.ID = r.holeID(stage, h)
		r.find(f)
	}
}

const holePrefix = "hole/"

// holeID names a hole so that the same one keeps its name although it begins
// now, and now has moved on, or has grown or shrunk.
func (r *run) holeID(stage string, h oncall.Hole) string {
	for _, n := range r.mind.Notes {
		if from, to, ok := parseHole(n.ID, stage); ok && from < h.To.Unix() && h.From.Unix() < to {
			return n.ID
		}
	}
	return fmt.Sprintf("%s%s/%d-%d", holePrefix, stage, h.From.Unix(), h.To.Unix())
}

func parseHole(id, stage string) (from, to int64, ok bool) {
	rest, ok := strings.CutPrefix(id, holePrefix+stage+"/")
	if !ok {
		return 0, 0, false
	}
	a, b, _ := strings.Cut(rest, "-")
	from, err := strconv.ParseInt(a, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	to, err = strconv.ParseInt(b, 10, 64)
	return from, to, err == nil
}

// away finds people whose turn of the coming week falls into a time in which
// they are away, although the rota may know whom to page instead.
func (r *run) away() {
	rota := r.config.Rota
	present := rota
	present.People = map[string]oncall.Person{}
	for id, p := range rota.People {
		p.Away = nil
		present.People[id] = p
	}
	told := map[string]bool{}
	for _, schedule := range r.Config.Coverage.Schedules {
		for _, shift := range present.Shifts(schedule, r.now, r.now.Add(week)) {
			for _, who := range shift.Who {
				for _, a := range rota.People[who].Away {
					from := later(shift.From, a.From)
					if !a.To.IsZero() && !from.Before(a.To) || !from.Before(shift.To) {
						continue
					}
					id := fmt.Sprintf("away/%s/%s/%d", who, schedule, a.From.Unix())
					if told[id] {
						continue
					}
					told[id] = true
					r.find(record.Finding{ID: id, What: r.awayWords(who, schedule, a, from),
						Cure: "if that is right, nothing; else `rouse override` puts somebody there, and `rouse away --list` shows what was made at once"})
				}
			}
		}
	}
}

func (r *run) awayWords(who, schedule string, a oncall.Away, from time.Time) string {
	why := ""
	if a.Why != "" {
		why = " (" + a.Why + ")"
	}
	instead := "nobody holds it"
	if ids := r.config.Rota.At(schedule, from); len(ids) > 0 {
		instead = strings.Join(ids, ", ") + " would be paged instead"
	}
	return fmt.Sprintf("%s is away%s, and has a turn in %s at %s: %s", who, why, schedule, r.clock(from), instead)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Sweeps lists the functions that must come by each minute for a team, watch
// itself apart.
func Sweeps(c *config.Config) []string {
	names := []string{"router"}
	if len(c.Checks) > 0 {
		names = append(names, "probe")
	}
	if c.Inbox != nil {
		names = append(names, "inbox", "desk")
	}
	return names
}

// beats finds functions that no longer come to the end of their minute.
func (r *run) beats(ctx context.Context) {
	beats, err := r.Store.Beats(ctx)
	if err != nil {
		r.unread("the beats", err)
		return
	}
	for _, name := range Sweeps(r.Config) {
		last := beats[name]
		if r.now.Sub(last) <= StaleFor {
			continue
		}
		f := record.Finding{
			ID: "beat/" + name, Night: name == "router" || name == "probe",
			What: fmt.Sprintf("%s has not come to the end of its minute since %s", name, r.clock(last)),
			Cure: "look at its log group, then at the status of Lambda and DynamoDB in this Region",
		}
		if last.IsZero() {
			f.What, f.Patience = name+" has never come to the end of its minute", 2*StaleFor
		}
		r.find(f)
	}
}

// checks finds checks that nobody samples, and those that have never been well.
func (r *run) checks(ctx context.Context) {
	names := make([]string, len(r.Config.Checks))
	for i, c := range r.Config.Checks {
		names[i] = c.Name
	}
	if len(names) == 0 {
		return
	}
	states, err := r.Store.Checks(ctx, names)
	if err != nil {
		r.unread("the checks", err)
		return
	}
	for _, c := range r.Config.Checks {
		unknown := c.Rule().Unknown
		f := record.Finding{ID: "check/" + c.Name, Cure: "look at the probe's log group; `rouse check " + c.Name + "` samples it from here"}
		switch s := states[c.Name]; {
		case s.Latest.At.IsZero():
			f.What, f.Night, f.Patience = "check "+c.Name+" has never been sampled", true, unknown+10*time.Minute
		case r.now.Sub(s.Latest.At) > unknown+time.Minute:
			f.What, f.Night = fmt.Sprintf("check %s has not been sampled since %s", c.Name, r.clock(s.Latest.At)), true
		case !s.Worked && s.Status() == check.Unknown:
			f.What, f.Patience = "check "+c.Name+" has not been well once since it was deployed", 30*time.Minute
		default:
			continue
		}
		r.find(f)
	}
}

// overdue finds what should have been done, and was not.
func (r *run) overdue(ctx context.Context) {
	var keys []incident.Key
	for shard := range loop.Shards {
		some, err := r.Store.Due(ctx, shard, r.now.Add(-StaleFor), overdueMax)
		if err != nil {
			r.unread("what is due", err)
		}
		keys = append(keys, some...)
	}
	slices.Sort(keys)
	for _, key := range keys[:min(len(keys), overdueMax)] {
		// A signal may be older than it has been here: a mail that was long on its
		// way. What is still due in the next minute is late.
		r.find(record.Finding{ID: "overdue/" + string(key), Night: true, Ring: true, Patience: time.Minute + time.Second,
			What: fmt.Sprintf("what was due for %s more than %s ago has not been done: pages may not be going out", key, span(StaleFor)),
			Cure: "look at the router's log group for errors about this key; `rouse incidents` shows what is open"})
	}
	walks, err := r.Store.Walks(ctx, r.now.Add(-2*StaleFor), walksMax)
	if err != nil {
		r.unread("what customers are to be told", err)
	}
	if len(walks) > 0 {
		slices.SortFunc(walks, func(a, b record.Walk) int { return cmp.Compare(a.ID, b.ID) })
		r.find(record.Finding{ID: "walk/" + walks[0].ID, What: "customers of incident " + string(walks[0].Incident) + " have not been told what they are to be told",
			Cure: "look at the desk's log group; answer them by hand meanwhile"})
	}
}

// incidents finds what the open ones show.
func (r *run) incidents(ctx context.Context) {
	open, err := r.Store.Open(ctx)
	if err != nil {
		r.unread("the open incidents", err)
		return
	}
	r.open = open
	for _, in := range open {
		if in.Broken {
			r.find(record.Finding{ID: "promise/" + string(in.ID),
				What: "the promise to answer within " + span(r.answerWithin()) + " was broken in incident " + string(in.ID),
				Cure: "`rouse timeline " + string(in.ID) + "` tells how it came about"})
		}
		if in.State == incident.Triggered && in.EmptyRounds > 0 && !in.Rehearsed() {
			r.find(record.Finding{ID: "nobody/" + string(in.ID), Night: true, Ring: true,
				What: "a whole round of incident " + string(in.ID) + " reached nobody",
				Cure: "take it with `rouse ack " + string(in.ID) + "`, and see with `rouse doctor` why nobody is reached"})
		}
	}
}

func (r *run) answerWithin() time.Duration {
	if r.Config.Inbox == nil {
		return 0
	}
	return r.Config.Inbox.AnswerWithin
}

// span writes a whole number of minutes.
func span(d time.Duration) string { return strings.TrimSuffix(d.String(), "0s") }
