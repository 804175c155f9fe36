// Package inbox turns stored mails into signals. Each mail is read once;
// nothing is ever dropped: what is no report is kept with the reason.
package inbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"rouse/shared/check"
	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/mail"
	"rouse/shared/record"
	"rouse/shared/triage"
	"rouse/shared/wording"
)

// ErrNotFound is what a Mails returns for a mail that is no longer new.
var ErrNotFound = errors.New("no such new mail")

// An Inbox reads mails.
type Inbox struct {
	Store Store
	Mails Mails
	Hints loop.Hints
	Clock clock.Clock
	Log   *slog.Logger

	Us         mail.Us
	Classifier *triage.Classifier
	Languages  wording.Languages // that reporters can be told something in
	Customers  []string          // domains
	Checks     []check.Check
}

// New returns an Inbox for what the team has written down; Store, Mails, Hints,
// Clock and Log are the caller's to set.
func New(c *config.Config) *Inbox {
	return &Inbox{Us: mail.UsOf(c.Inbox.Address, c.Inbox.ReplyFrom, c.Inbox.Team, mail.Via(c.Inbox.Via)), Classifier: triage.New(c.Capabilities, c.Languages()...), Languages: c.Desk.Languages, Customers: c.Customers, Checks: c.Checks}
}

// sweepMax is how many mails one sweep reads.
const sweepMax = 100

// Sweep reads every new mail that no event brought. A mail that cannot be read
// now does not keep the others waiting.
func (b *Inbox) Sweep(ctx context.Context) error {
	mails, err := b.Mails.New(ctx, sweepMax)
	if err != nil {
		return fmt.Errorf("list new mail: %w", err)
	}
	var errs []error
	for _, m := range mails {
		errs = append(errs, b.Receive(ctx, mail.Envelope{ID: m.ID, Received: m.At}))
	}
	return errors.Join(errs...)
}

// Receive reads the mail that is stored as env.ID and makes durable what
// follows from it, before it marks the mail as read. Reading it twice is
// reading it once.
func (b *Inbox) Receive(ctx context.Context, env mail.Envelope) error {
	body, err := b.Mails.Open(ctx, env.ID)
	if errors.Is(err, ErrNotFound) {
		return nil // somebody else has read it
	}
	if err != nil {
		return fmt.Errorf("mail %q: %w", env.ID, err)
	}
	m := mail.Read(body, env, b.Us)
	body.Close()
	if err := b.receive(ctx, m); err != nil {
		return fmt.Errorf("mail %q: %w", env.ID, err)
	}
	return b.Mails.Read(ctx, env.ID, b.Clock.Now())
}

func (b *Inbox) receive(ctx context.Context, m mail.Message) error {
	now := b.Clock.Now()
	answers := answersTo(m)
	around, err := b.Store.Around(ctx, answers, b.checkNames())
	if err != nil {
		return err
	}
	org, proven := mail.Organisation(m)
	kept := Kept{Letter: Letter{ID: m.Envelope.ID, At: now, Org: org}}
	signal := incident.Signal{ID: "mail/" + m.Envelope.ID, At: m.Envelope.Received}

	if mail.FromTeam(m, b.Us) {
		return b.answer(ctx, m, around, kept, signal)
	}
	if why := b.unheard(m); why != "" {
		return b.keep(ctx, kept, why)
	}
	reporter, why := b.Reporter(m)
	thread, threaded, err := b.thread(ctx, around.Threads, answers, reporter)
	if err != nil {
		return err
	}
	assessment := b.Classifier.Assess(m.Subject, m.Text)
	kept.Letter.Urgency = string(assessment.Urgency)
	if assessment.Urgency == triage.Benign && !threaded {
		return b.keep(ctx, kept, append(assessment.Why, "no trouble reported: the helpdesk answers it")...)
	}
	reporter.Urgency = string(assessment.Urgency)
	key, joined, err := b.belong(ctx, triage.Report{Org: org, Thread: string(thread.Key), At: signal.At}, assessment, around, now)
	if err != nil {
		return err
	}
	signal.Key, signal.Kind = key, incident.KindReport
	signal.Report = &incident.ReportSignal{
		Reporter: reporter, Capability: assessment.Capability, Urgency: string(assessment.Urgency),
		Proven: proven, Known: proven && slices.Contains(b.Customers, org), Quote: reporter.Quote, Why: assessment.Why, Joined: joined,
	}
	kept.Letter.Key, kept.Signal = key, &signal
	kept.MessageID, kept.Thread = m.MessageID, Thread{Key: key, Reporter: reporter.ID(), Org: org}
	if err := b.keep(ctx, kept, append(assessment.Why, joined, why)...); err != nil || assessment.Urgency == triage.Benign {
		return err
	}
	return b.suspect(ctx, assessment.Capability, around, now)
}

// suspect has the checks of a capability sampled often for a while; every check,
// if it is "" or nothing checks it. Reports that come meanwhile prolong that at
// most once in half of it, so that a flood of mails is no flood of writes.
func (b *Inbox) suspect(ctx context.Context, capability string, around Around, now time.Time) error {
	matching := slices.DeleteFunc(slices.Clone(b.Checks), func(c check.Check) bool { return c.Capability != capability })
	if capability == "" || len(matching) == 0 {
		matching = b.Checks
	}
	var errs []error
	for _, c := range matching {
		if left := around.Checks[c.Name].Suspected.Sub(now); left < check.ReportedFor/2 {
			errs = append(errs, b.Store.Suspect(ctx, c.Name, now.Add(check.ReportedFor)))
		}
	}
	return errors.Join(errs...)
}

// Reporter is who wrote a mail and how to answer it, and why they may be
// answered automatically, or may not.
func (b *Inbox) Reporter(m mail.Message) (r incident.Reporter, why string) {
	to, permitted, why := mail.ReplyTo(m, b.Us)
	org, _ := mail.Organisation(m)
	r = incident.Reporter{
		Address: to, Name: m.From.Name, Org: org, Subject: m.Subject,
		MessageID: m.MessageID, References: m.References, At: m.Envelope.Received,
		Zone: zone(m), Language: b.Languages.Of(m.Text), Quote: quote(m),
	}
	if !permitted {
		r.Silent, r.Address = why, m.From.Address
	}
	return r, why
}

// keep makes what was made of a mail durable, and wakes the router for its
// signal.
func (b *Inbox) keep(ctx context.Context, k Kept, why ...string) error {
	k.Letter.Why = why
	if err := b.Store.Keep(ctx, k); err != nil {
		return err
	}
	b.Log.InfoContext(ctx, "mail read", "mail", k.Letter.ID, "urgency", k.Letter.Urgency, "key", k.Letter.Key)
	if k.Signal == nil {
		return nil
	}
	return b.Hints.Router(ctx, loop.Hint{Key: k.Signal.Key}, time.Time{})
}

// answer takes a mail of the team's as the answer to those in whose threads it
// stands, or to whom it is addressed.
func (b *Inbox) answer(ctx context.Context, m mail.Message, around Around, kept Kept, signal incident.Signal) error {
	if m.Automatic {
		return b.keep(ctx, kept, "from the team, and no person's answer: "+strings.Join(m.Why, "; "))
	}
	thread, threaded, err := b.thread(ctx, around.Threads, answersTo(m), incident.Reporter{})
	if err != nil {
		return err
	}
	if !threaded {
		return b.keep(ctx, kept, "from the team, in no thread we know")
	}
	signal.Key, signal.Kind, signal.Incident = thread.Key, incident.KindAnswer, thread.Incident
	signal.Answer = &incident.AnswerSignal{From: m.From.Address, Reporters: answered(m, around.Threads)}
	kept.Letter.Key, kept.Signal = signal.Key, &signal
	return b.keep(ctx, kept, "the team's answer")
}

// answered are the reporters whom a mail of the team's answers; nil, for
// everybody, where an older Rouse has not noted whose thread it is.
func answered(m mail.Message, threads map[string]Thread) []string {
	var ids []string
	for _, t := range threads {
		if t.Reporter == "" {
			return nil
		}
		ids = append(ids, t.Reporter)
	}
	for _, to := range m.To {
		// Whether they may be answered automatically makes no difference here.
		ids = append(ids, incident.Reporter{Address: to.Address}.ID(), incident.Reporter{Address: to.Address, Silent: "yes"}.ID())
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// belong finds the key of the incident that a report belongs to.
func (b *Inbox) belong(ctx context.Context, r triage.Report, a triage.Assessment, around Around, now time.Time) (incident.Key, string, error) {
	key, why := triage.Belong(r, a, openOnes(around.Open), b.statuses(around.Checks), now)
	if key != triage.OwnKey(r.Org) || key == r.Thread {
		return incident.Key(key), why, nil
	}
	own := incident.Key(key)
	if strings.Contains(r.Org, "@") {
		own = incident.Key(triage.OwnKey(incident.Reporter{Address: r.Org}.ID())) // keys are logged, people's addresses are not
	}
	if slices.ContainsFunc(around.Open, func(in incident.Incident) bool { return in.Key == own }) {
		return own, why, nil
	}
	// Reports that come at once know nothing of each other yet.
	met, err := b.Store.Meet(ctx, r.Org, own, now, now.Add(triage.SameTime))
	if err != nil || met == own {
		return own, why, err
	}
	return met, triage.SameTimeWhy, nil
}

// unheard says why a mail is no report although nobody from the team wrote it;
// "" if it is one. Doubt makes it a report.
func (b *Inbox) unheard(m mail.Message) string {
	switch {
	case m.Auth.Virus == "FAIL":
		return "kept, not reported: a virus was found in it"
	case m.Auth.Spam == "FAIL":
		return "kept, not reported: marked as spam"
	case mail.AnswersUs(m, b.Us) && m.Automatic:
		return "kept, not reported: an automatic answer to one of ours: " + strings.Join(m.Why, "; ")
	case m.Envelope.Null:
		return "kept, not reported: a delivery report"
	}
	return ""
}

// answersTo lists the messages that a mail answers, the nearest last.
func answersTo(m mail.Message) []string {
	ids := slices.Clone(m.References)
	if m.InReplyTo != "" && !slices.Contains(ids, m.InReplyTo) {
		ids = append(ids, m.InReplyTo)
	}
	const idsMax = 20 // the last ones are the nearest
	return ids[max(0, len(ids)-idsMax):]
}

// thread finds where a mail belongs that answers the given ones. It prefers a
// message that belongs to an incident, and among those the one named first.
// Who writes must have a part in it: whoever else knows an id may have been
// forwarded it. The zero Reporter has a part in all.
func (b *Inbox) thread(ctx context.Context, known map[string]Thread, answers []string, from incident.Reporter) (thread Thread, found bool, err error) {
	loud, silent := from, from
	loud.Silent, silent.Silent = "", "yes"
	for _, id := range answers {
		t, ok := known[id]
		part := t.Org == "" || from.Address == "" || t.Org == from.Org || t.Reporter == loud.ID() || t.Reporter == silent.ID()
		if ok && part && (!found || thread.Incident == "" && t.Incident != "") {
			thread, found = t, true
		}
	}
	if thread.Incident == "" || thread.Reporter == "" {
		return thread, found, nil
	}
	// What they wrote may have been moved since.
	moved := record.MovedID(thread.Incident, thread.Reporter)
	to, err := b.Store.Threads(ctx, []string{moved})
	if t, ok := to[moved]; ok {
		thread.Key, thread.Incident = t.Key, t.Incident
	}
	return thread, found, err
}

func (b *Inbox) checkNames() []string {
	names := make([]string, len(b.Checks))
	for i, c := range b.Checks {
		names[i] = c.Name
	}
	return names
}

func (b *Inbox) statuses(states map[string]check.State) []triage.CheckStatus {
	var out []triage.CheckStatus
	for _, c := range b.Checks {
		s := states[c.Name]
		out = append(out, triage.CheckStatus{
			Name: c.Name, Capability: c.Capability, Red: s.Red(), RedSince: s.Opened, RecoveredAt: s.Recovered,
		})
	}
	return out
}

// zone is the offset of the sender's clock; "" if the mail does not reveal it.
func zone(m mail.Message) string {
	if m.Zone == nil {
		return ""
	}
	return m.Date.In(m.Zone).Format("-07:00")
}

func openOnes(open []incident.Incident) []triage.Open {
	out := make([]triage.Open, len(open))
	for i, in := range open {
		out[i] = triage.Open{Key: string(in.Key), Capability: in.Capability, Opened: in.Opened, LastBad: in.LastBad}
	}
	return out
}

// quote is one sentence of the mail, for a page and the timeline.
func quote(m mail.Message) string {
	text := strings.Join(strings.Fields(m.Text), " ")
	if text == "" {
		text = m.Subject
	}
	if end := strings.IndexAny(text, ".!?\n"); end > 20 && end < incident.QuoteMax {
		return text[:end+1]
	}
	return cut(text, incident.QuoteMax)
}

// cut shortens s to at most n bytes without breaking a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n-len("…")], "") + "…"
}
