package config

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"rouse/shared/escalation"
	"rouse/shared/oncall"
	"rouse/shared/triage"
)

// A builder fills a Config section by section, names before their uses.
type builder struct {
	c             *Config
	calendar      func(file string, zone *time.Location) ([]oncall.Away, error)
	people        []string // ids, also of those that have faults
	scheduleIDs   []string
	policyIDs     []string
	noPolicies    bool
	capabilityIDs []string
	// What silence looks at.
	steps  []placedStep
	delays []placedDelay
	// Where everyone is paged first, for the promise to be held against.
	everyone []reach
}

// A reach is the first step of a policy that pages everyone.
type reach struct {
	at    value
	after time.Duration
}

func (b *builder) config(root value) {
	f := root.fields("rouse")
	if !f.valid() {
		return
	}
	b.c.Service = f.get("service").textOf(NameBytesMax)
	b.responders(f.get("responders"))
	b.schedules(f.get("schedules"))
	b.policies(f.get("policies"))
	b.silence()
	b.capabilities(f.get("capabilities"), f.get("policies"))
	b.incidents(f.get("incidents"))
	b.checks(f.get("checks"))
	b.monitors(f.get("monitors"))
	b.maintenance(f.get("maintenance"))
	b.c.Customers = domains(f.get("customers"), "kstate.example", CustomersMax)
	b.inbox(f.get("inbox"), f.get("customers"))
	b.coverage(f.get("coverage"))
	b.watch(f.get("watch"))
	b.drill(f.get("drill"), f.get("watch"))
	if links := f.get("links").fields("links"); links.valid() {
		b.c.Links.Domain = links.get("domain").domain()
	}
	if sms := f.get("sms").fields("sms"); sms.valid() {
		b.c.SMS.Number = sms.get("number").phone()
		for _, id := range b.people {
			if number := b.c.SMS.Number; number != "" && b.c.Responders[id].Phone == number {
				sms.get("number").fault("is %s's own phone; write the two-way number that AWS End User Messaging has given you", id)
			}
		}
	}
	b.desk(f.get("desk"))
	if page := f.get("status_page"); page.present() {
		b.c.StatusPage = &StatusPage{Title: b.c.Service}
		if s := page.fields("status_page"); s.valid() && s.get("title").present() {
			b.c.StatusPage.Title = s.get("title").textOf(NameBytesMax)
		}
	}
}

func (b *builder) policies(v value) {
	b.c.Policies = map[string]escalation.Policy{}
	if !v.present() || v.n.Kind == yaml.MappingNode && len(v.n.Content) == 0 {
		b.c.Policies[defaultPolicy] = escalation.Default()
		b.policyIDs = []string{defaultPolicy}
		b.noPolicies = true
		b.steps = []placedStep{{Step: escalation.Default().Steps[0]}}
		return
	}
	entries := v.entries("policy", PoliciesMax)
	for _, e := range entries {
		b.policyIDs = append(b.policyIDs, e.id)
		if f := e.value.fields("policy"); f.valid() {
			b.c.Policies[e.id] = b.policy(e.id, f)
		}
	}
	if len(entries) > 0 && !slices.Contains(b.policyIDs, defaultPolicy) {
		v.fault("none of them is called default, so an incident of no capability would not know whom to wake; rename one")
	}
}

func (b *builder) policy(id string, f fields) escalation.Policy {
	p := escalation.Policy{Name: id, CheckIn: CheckInDefault}
	if v := f.get("check_in"); v.present() {
		p.CheckIn = v.duration(CheckInMin, CheckInMax)
	}
	var names []string
	var after time.Duration
	everyone := false
	for _, v := range f.get("steps").some("{page: [everyone], wait: 5m}", StepsMax) {
		step := v.fields("step")
		if !step.valid() {
			continue
		}
		s := escalation.Step{Wait: WaitDefault}
		s.Name = step.get("name").textOf(NameBytesMax)
		switch {
		case s.Name == "":
		case s.Name == "first" || slices.Contains(names, s.Name):
			step.get("name").fault("%q is taken; give the step another name", s.Name)
		default:
			names = append(names, s.Name)
		}
		if wait := step.get("wait"); wait.present() {
			s.Wait = wait.duration(WaitMin, WaitMax)
		}
		s.Targets = b.targets(step.get("page"))
		if !everyone && slices.Contains(s.Targets, escalation.Target{Kind: escalation.Everyone}) {
			everyone = true
			b.everyone = append(b.everyone, reach{step.get("page"), after})
		}
		b.steps = append(b.steps, placedStep{s, step.get("page"), after})
		after += s.Wait
		p.Steps = append(p.Steps, s)
	}
	if v := f.get("repeat_from"); v.present() {
		name := v.reference("step", append([]string{"first"}, names...))
		p.RepeatFrom = max(0, slices.IndexFunc(p.Steps, func(s escalation.Step) bool { return s.Name == name && name != "" }))
	}
	return p
}

// targets reads whom a step pages: everyone, schedule/ID, or a responder's id.
func (b *builder) targets(v value) []escalation.Target {
	var targets []escalation.Target
	for _, item := range v.some("schedule/primary", TargetsMax) {
		s, ok := item.raw("like ana, schedule/primary or everyone")
		if !ok {
			continue
		}
		t := escalation.Target{Kind: escalation.Responder, ID: s}
		schedule, isSchedule := strings.CutPrefix(s, "schedule/")
		switch {
		case s == "everyone":
			t = escalation.Target{Kind: escalation.Everyone}
		case isSchedule && slices.Contains(b.scheduleIDs, schedule):
			t = escalation.Target{Kind: escalation.Schedule, ID: schedule}
		case isSchedule:
			item.fault("there is no schedule %q; %s", schedule, Suggest(schedule, b.scheduleIDs))
			continue
		case slices.Contains(b.people, s):
		case slices.Contains(b.scheduleIDs, s):
			item.fault("%s is a schedule; write schedule/%s", s, s)
			continue
		default:
			item.fault("there is no responder %q; %s", s, Suggest(s, append(slices.Clone(b.people), "everyone")))
			continue
		}
		if slices.Contains(targets, t) {
			item.fault("%s is paged by this step already; once is enough", s)
			continue
		}
		targets = append(targets, t)
	}
	return targets
}

func (b *builder) capabilities(v, policies value) {
	b.c.policyOf = map[string]string{}
	owner := map[string]string{} // of each word
	for _, e := range v.entries("capability", CapabilityMax) {
		b.capabilityIDs = append(b.capabilityIDs, e.id)
		f := e.value.fields("capability")
		if !f.valid() {
			continue
		}
		c := triage.Capability{Name: e.id}
		for _, item := range f.get("words").some("log in", WordsMax) {
			word := item.textOf(NameBytesMax)
			key := strings.ToLower(word)
			if other, taken := owner[key]; taken && word != "" {
				item.fault("%q already stands for %s; a word can mean one capability only", word, other)
			}
			owner[key] = e.id
			c.Words = append(c.Words, word)
		}
		if !f.get("words").present() {
			c.Words = []string{e.id}
		}
		b.c.Capabilities = append(b.c.Capabilities, c)
		if p := f.get("policy"); p.present() {
			b.c.policyOf[e.id] = p.reference("policy", b.policyIDs)
		}
	}
	for _, p := range b.policyIDs {
		used := p == defaultPolicy || !slices.Contains(b.policyIDs, defaultPolicy)
		for _, named := range b.c.policyOf {
			used = used || named == p
		}
		if !used {
			for _, e := range policies.pairs() {
				if e.id == p {
					e.key.fault("is used by no capability; add policy: %s to one, or remove it", p)
				}
			}
		}
	}
}

func (b *builder) incidents(v value) {
	b.c.QuietTime = QuietTimeDefault
	if f := v.fields("incidents"); f.valid() && f.get("quiet_time").present() {
		b.c.QuietTime = f.get("quiet_time").duration(QuietTimeMin, QuietTimeMax)
	}
}

func (b *builder) inbox(v, customers value) {
	f := v.fields("inbox")
	if !f.valid() {
		return
	}
	in := &Inbox{Via: Forward}
	in.Address = f.get("address").email()
	if via := f.get("via"); via.present() {
		in.Via = Via(via.oneOf("mx", "forward", "group"))
	}
	in.Team = domains(f.get("team"), "example.com", DomainsMax)
	in.ReplyFrom = f.get("reply_from").email()
	if in.ReplyFrom != "" && strings.EqualFold(in.ReplyFrom, in.Address) {
		f.get("reply_from").fault("is the inbox itself, so answers to our answers would come in as new reports; write the address that the team answers from")
	}
	if within := f.get("answer_within"); within.present() {
		in.AnswerWithin = within.duration(AnswerWithinMin, AnswerWithinMax)
		for _, r := range b.everyone {
			if in.AnswerWithin > 0 && r.after >= in.AnswerWithin {
				r.at.fault("everyone is first reached after %s, no sooner than answer_within (%s, line %d); shorten the waits before this step",
					durationText(r.after), durationText(in.AnswerWithin), within.n.Line)
			}
		}
	}
	if set := f.get("rule_set"); set.present() {
		in.RuleSet = set.text()
		if len(in.RuleSet) > 64 || strings.Trim(strings.ToLower(in.RuleSet), "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
			set.fault("is not the name of an SES receipt rule set; write up to 64 letters, digits, -, _ and .")
		}
	}
	in.Words = languages(f.get("languages"))
	if customers.present() {
		for _, item := range customers.n.Content {
			if slices.Contains(in.Team, strings.ToLower(item.Value)) {
				value{v.r, item}.fault("%s is also the team's own (inbox.team); the team's mail is an answer, not a report: remove it from one", item.Value)
			}
		}
	}
	b.c.Inbox = in
}

// languages reads the words of languages that customers write in.
func languages(v value) []triage.Words {
	var all []triage.Words
	if !v.present() {
		return nil
	}
	for _, e := range v.entries("language", LanguagesMax) {
		f := e.value.fields("language")
		if !f.valid() {
			continue
		}
		w := triage.Words{Name: e.id, Groups: map[string][]string{}, Common: phrases(f.get("common"))}
		for _, g := range f.get("words").entries("group", len(triage.Groups())) {
			if !slices.Contains(triage.Groups(), g.id) {
				g.key.fault("is no group of words; %s", Suggest(g.id, triage.Groups()))
				continue
			}
			w.Groups[g.id] = phrases(g.value)
		}
		if len(w.Common) == 0 && !triage.Known(e.id) {
			e.key.fault("lacks common; add the commonest words of the language, like common: [der, die, und], by which a mail in it is known")
		}
		all = append(all, w)
	}
	return all
}

// phrases reads patterns of words.
func phrases(v value) (all []string) {
	for _, item := range v.some("a phrase", WordsMax) {
		phrase := item.textOf(NameBytesMax)
		if strings.HasPrefix(phrase, "~") {
			item.fault("begins with ~, which stands for up to three words between others; begin with a word")
		}
		all = append(all, phrase)
	}
	return all
}

// Languages are what mails are read in: what we know and what the team adds.
func (c *Config) Languages() []triage.Words {
	all := triage.Languages()
	if c.Inbox != nil {
		for _, w := range c.Inbox.Words {
			all = triage.Add(all, w)
		}
	}
	return all
}

// domains reads a list of domains, each once.
func domains(v value, example string, most int) []string {
	var all []string
	seen := map[string]bool{}
	for _, item := range v.list(example, most) {
		d := item.domain()
		if seen[d] {
			item.fault("%s is listed twice; remove one", d)
		}
		seen[d] = d != ""
		all = append(all, d)
	}
	return all
}

func (b *builder) coverage(v value) {
	c := &b.c.Coverage
	c.Gate, c.Horizon = GateDefault, HorizonDefault
	c.Schedules = b.judged()
	f := v.fields("coverage")
	if !f.valid() {
		return
	}
	c.Owner = f.get("owner").reference("responder", b.people)
	gate, horizon := f.get("gate"), f.get("horizon")
	if gate.present() {
		c.Gate = gate.duration(GateMin, HorizonMax)
	}
	if horizon.present() {
		c.Horizon = horizon.duration(GateMin, HorizonMax)
	}
	switch {
	case c.Gate <= c.Horizon || c.Horizon == 0:
	case horizon.present():
		horizon.fault("%s ends before the gate of %s does; write at least %s", durationText(c.Horizon), durationText(c.Gate), durationText(c.Gate))
	default:
		c.Horizon = c.Gate
	}
	if list := f.get("schedules"); list.present() {
		c.Schedules = nil
		for _, item := range list.some("primary", SchedulesMax) {
			s := item.reference("schedule", b.scheduleIDs)
			if slices.Contains(c.Schedules, s) && s != "" {
				item.fault("%s is listed twice; remove one", s)
			}
			c.Schedules = append(c.Schedules, s)
		}
	}
	zone := time.UTC
	if owner, ok := b.c.Responders[c.Owner]; ok {
		zone = owner.Zone
	}
	for _, item := range f.get("accept").list("{from: 2026-12-24T18:00, to: 2026-12-25T09:00, why: closed}", AcceptMax) {
		a := item.fields("accept")
		if !a.valid() {
			continue
		}
		from, to := a.interval(zone)
		if to.Sub(from) > AcceptSpanMax {
			item.fault("accepts %s at once; at most %s, so that nothing is switched off for good", durationText(to.Sub(from)), durationText(AcceptSpanMax))
		}
		c.Accept = append(c.Accept, Acceptance{From: from, To: to, Why: a.get("why").text()})
	}
}

// judged returns the schedules that coverage holds the team to when the file
// does not say: those that policies page first; without policies, all.
func (b *builder) judged() []string {
	if b.noPolicies {
		return slices.Clone(b.scheduleIDs)
	}
	var ids []string
	for _, p := range b.policyIDs {
		if steps := b.c.Policies[p].Steps; len(steps) > 0 {
			for _, t := range steps[0].Targets {
				if t.Kind == escalation.Schedule && !slices.Contains(ids, t.ID) {
					ids = append(ids, t.ID)
				}
			}
		}
	}
	return ids
}
