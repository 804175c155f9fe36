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

	"rouse/shared/check"
	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/mail"
	"rouse/shared/triage"
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
	Customers  []string // domains
	Checks     []check.Check
}

// New returns an Inbox for what the team has written down; Store, Mails, Hints,
// Clock and Log are the caller's to set.
func New(c *config.Config) *Inbox {
	return &Inbox{Us: mail.UsOf(c.Inbox.Address, c.Inbox.ReplyFrom, c.Inbox.Team, mail.Via(c.Inbox.Via)), Classifier: triage.New(c.Capabilities, triage.English(), triage.Spanish()), Customers: c.Customers, Checks: c.Checks}
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
	thread, threaded, err := b.thread(ctx, m)
	if err != nil {
		return err
	}
	org, proven := mail.Organisation(m)
	letter := Letter{ID: m.Envelope.ID, At: now, Org: org}
	keep := func(why ...string) error {
		letter.Why = why
		b.Log.InfoContext(ctx, "mail read", "mail", letter.ID, "urgency", letter.Urgency, "key", letter.Key)
		return b.Store.PutLetter(ctx, letter)
	}
	signal := incident.Signal{ID: "mail/" + m.Envelope.ID, At: m.Envelope.Received}

	if mail.FromTeam(m, b.Us) {
		if !threaded {
			return keep("from the team, in no thread we know")
		}
		signal.Key, signal.Kind, signal.Incident = thread.Key, incident.KindAnswer, thread.Incident
		signal.Answer = &incident.AnswerSignal{From: m.From.Address}
		letter.Key = signal.Key
		if err := loop.Raise(ctx, b.Store, b.Hints, signal); err != nil {
			return err
		}
		return keep("the team's answer")
	}
	if why := b.unheard(m); why != "" {
		return keep(why)
	}

	assessment := b.Classifier.Assess(m.Subject, m.Text)
	letter.Urgency = string(assessment.Urgency)
	open, err := b.Store.Open(ctx)
	if err != nil {
		return err
	}
	checks, err := b.checks(ctx)
	if err != nil {
		return err
	}
	report := triage.Report{Org: org, At: signal.At}
	if threaded {
		report.Thread = string(thread.Key)
	}
	if assessment.Urgency == triage.Benign && !threaded {
		return keep(append(assessment.Why, "no trouble reported: the helpdesk answers it")...)
	}
	key, joined := triage.Belong(report, assessment, openOnes(open), checks, now)
	if key == "mail/"+org && strings.Contains(org, "@") {
		key = "mail/" + incident.Reporter{Address: org}.ID() // keys are logged, people's addresses are not
	}
	to, answer, why := mail.ReplyTo(m, b.Us)
	reporter := incident.Reporter{
		Address: to, Name: m.From.Name, Org: org, Subject: m.Subject,
		MessageID: m.MessageID, References: m.References, At: signal.At,
	}
	if !answer {
		reporter.Silent = why
		reporter.Address = m.From.Address
	}
	signal.Key, signal.Kind = incident.Key(key), incident.KindReport
	signal.Report = &incident.ReportSignal{
		Reporter: reporter, Capability: assessment.Capability, Urgency: string(assessment.Urgency),
		Proven: proven, Known: proven && slices.Contains(b.Customers, org), Quote: quote(m), Why: assessment.Why, Joined: joined,
	}
	letter.Key = signal.Key
	if err := loop.Raise(ctx, b.Store, b.Hints, signal); err != nil {
		return err
	}
	if m.MessageID != "" {
		if err := b.Store.PutThread(ctx, m.MessageID, Thread{Key: signal.Key}); err != nil {
			return err
		}
	}
	return keep(append(assessment.Why, joined, why)...)
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

// thread finds the incident whose mails m answers.
func (b *Inbox) thread(ctx context.Context, m mail.Message) (Thread, bool, error) {
	ids := slices.Clone(m.References)
	if m.InReplyTo != "" && !slices.Contains(ids, m.InReplyTo) {
		ids = append(ids, m.InReplyTo)
	}
	if len(ids) == 0 {
		return Thread{}, false, nil
	}
	const idsMax = 20 // the last ones are the nearest
	ids = ids[max(0, len(ids)-idsMax):]
	return b.Store.Thread(ctx, ids)
}

func (b *Inbox) checks(ctx context.Context) ([]triage.CheckStatus, error) {
	names := make([]string, len(b.Checks))
	for i, c := range b.Checks {
		names[i] = c.Name
	}
	if len(names) == 0 {
		return nil, nil
	}
	states, err := b.Store.Checks(ctx, names)
	if err != nil {
		return nil, err
	}
	var out []triage.CheckStatus
	for _, c := range b.Checks {
		s := states[c.Name]
		out = append(out, triage.CheckStatus{
			Name: c.Name, Capability: c.Capability, Red: s.Red(), RedSince: s.Opened, RecoveredAt: s.Recovered,
		})
	}
	return out, nil
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
