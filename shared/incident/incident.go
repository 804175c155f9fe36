// Package incident says what an incident is and what it may become.
//
// An Incident changes only by Apply, which folds one Signal into it, and by
// Pass, which lets time pass over it. Both are pure: they return what became
// of it, what the timeline will say, and what is asked of others.
package incident

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"
)

// An ID names one incident for ever, for example "20261103-k3fqz".
type ID string

// NewID derives an incident's id from the signal that opens it, so that the
// same signal never opens two.
func NewID(key Key, signal string, at time.Time) ID {
	sum := sha256.Sum256([]byte(string(key) + "\x00" + signal))
	code := base32.StdEncoding.EncodeToString(sum[:])[:6]
	return ID(at.UTC().Format("20060102-") + strings.ToLower(code))
}

// A Key is what at most one open incident exists for: the bare name of a
// capability, or else check/NAME, alert/SOURCE/NAME, mail/ORG, coverage/SCHEDULE or drill/ID.
type Key string

type State string

const (
	Triggered    State = "triggered"    // pages go out
	Acknowledged State = "acknowledged" // somebody has it
	Resolved     State = "resolved"     // over; its key is held until it has settled
)

// Severity is how wide we may page.
type Severity string

const (
	Suspected Severity = "suspected" // the policy without its steps for everyone
	Confirmed Severity = "confirmed" // as wide as the policy says
)

// An Incident is one outage, from its first evidence until it has settled.
// The zero Incident is none at all.
type Incident struct {
	ID      ID
	Key     Key
	Version int64 // bumped by each commit, and by nothing else
	// Turn is bumped whenever the pages that wait lose their point: a page
	// is sent only while its incident's turn is the page's own.
	Turn       int64
	State      State
	Severity   Severity
	Capability string // "" when nobody named one
	Title      string // what is wrong, in a few words: "login"
	// Word is what people call it in an SMS: "7K". No other incident has the
	// same one while it is open and for a while after; "" for one that is older
	// than words are.
	Word string
	// Owner is the responder who has it or, once it is resolved, had it; ""
	// while it is triggered.
	Owner string

	// Began is when what opened it began, as far as that evidence tells; zero
	// for one that is older than this is.
	Began   time.Time `json:",omitzero"`
	Opened  time.Time
	LastBad time.Time // the last evidence of trouble
	// AckedAt is the first acknowledgement since it was opened or reopened.
	AckedAt    time.Time
	OwnedSince time.Time
	ResolvedAt time.Time
	ResolvedBy string // "" if by the quiet time
	SettledAt  time.Time
	// HeldUntil is when it is looked at again, if it was due to settle while a
	// muted check failed; zero if not.
	HeldUntil time.Time

	// Where the escalation stands, and when it goes on.
	Round, Step int
	NextStep    time.Time // meaningful while triggered
	EmptyRounds int       // rounds in a row that reached nobody
	RoundHeard  bool      // somebody was reached in the present round
	Reached     int       // the furthest step ever taken
	Attempts    []Attempt // the pages that are to be answered now
	// How often everyone has been paged since it was triggered, and when last.
	EveryoneTimes int
	EveryoneAt    time.Time

	// While acknowledged: when to ask the owner whether they still have it,
	// and by when they must answer; zero if they need not.
	CheckIn time.Time
	OwnerBy time.Time
	// TellOwner is when the owner hears that customers have written again, zero
	// if they have not, and Again the last of what was written; OwnerTold is when
	// they last heard so.
	TellOwner, OwnerTold time.Time
	Again                string `json:",omitempty"`

	Checks map[string]Evidence // by check
	// RecoveredAt is since when all its checks look well; zero while one
	// fails, and if there are none.
	RecoveredAt time.Time
	// TellRecovered is when reporters are told that it looks recovered, if it
	// still does; ToldRecovered that they have been.
	TellRecovered time.Time
	ToldRecovered bool

	Reports     int
	Orgs        []string // that reported, the first OrgsMax of them
	FirstReport time.Time
	Quote       string // of the first report, at most QuoteMax bytes
	// Waiting are the reporters who were promised an answer and have none yet.
	Waiting []Waiting `json:",omitempty"`
	// AnswerBy is the earliest promise to them that still can be kept, Broken
	// that one could not; AnsweredAt is since when nobody waits any more, zero
	// while somebody does or nobody was promised anything.
	AnswerBy   time.Time
	AnsweredAt time.Time
	Broken     bool
	Promises   Promises
	// Told are the last ToldMax things that the reporters were to be told.
	Told []Notice `json:",omitempty"`

	Paged []Paged // everybody who was paged, in that order
	Quiet time.Duration

	// Config is the Digest of the configuration by which it was opened; "" if
	// nobody knows.
	Config string `json:",omitempty"`
	// Drill, if its Until is not zero, says that this is a drill and no outage.
	Drill Drill `json:",omitzero"`
	// Hole, if its To is not zero, is the hole in the rota that this is about.
	Hole Hole `json:",omitzero"`
}

// Limits of what an incident remembers of its reports; all of them are in the
// timeline.
const (
	OrgsMax  = 50
	QuoteMax = 200 // bytes of a report's quote, and of what is remembered of words
	ToldMax  = 6
)

// Evidence is what a check last said.
type Evidence struct {
	Status string // "up", "intermittent", "down", "unknown", or StatusRaised
	Red    bool
	Words  string    // "11 of 40 samples failed between …"
	Short  string    // "11/40 failed"
	Zone   string    // of the times in Words, as people call it: "Central"
	Since  time.Time // when the trouble began
	// WellSince is since when a red check shows no failure; zero while it
	// fails. Its verdict stays red until it has been quiet for long enough.
	WellSince time.Time
}

// An Attempt is one page of the present step or, while somebody has it, of what
// was last asked of them.
type Attempt struct {
	Page    string
	Who     string
	Channel string
	N       int
	Due     time.Time
	Outcome string // "", "failed"
	// Lost says that a page which has failed is not tried again.
	Lost bool `json:",omitempty"`
	// Kind and Why are those of a page to the owner; "" for one of a step.
	Kind PageKind `json:",omitempty"`
	Why  string   `json:",omitempty"`
}

// Paged is somebody who was paged about the incident.
type Paged struct {
	Who     string
	Channel string
	At      time.Time // the last time, which may be still to come
	Before  time.Time // the last time that had come when At was set; zero if none had
	Times   int
	// Declined is when they last said that they cannot take it; zero if never.
	Declined time.Time
	// Answered is when they first answered the drill that this is; zero if they
	// have not.
	Answered time.Time `json:",omitzero"`
}

// Declined reports whether p belongs to an earlier step than the present one
// and its responder has said since that they cannot take it.
func (in Incident) Declined(p Page) bool {
	if p.Kind != PageWake || p.Round == in.Round && p.Step == in.Step {
		return false
	}
	for _, q := range in.Paged {
		if q.Who == p.Who && !q.Declined.IsZero() {
			return true
		}
	}
	return false
}

// Open reports whether the incident exists and has not settled.
func (in Incident) Open() bool { return in.ID != "" && in.SettledAt.IsZero() }

// Red reports whether any of its checks fails.
func (in Incident) Red() bool { return in.redOf(nil) }

// redOf is Red of those checks alone that count; nil: all do.
func (in Incident) redOf(counts func(check string) bool) bool {
	for name, e := range in.Checks {
		if e.Red && (counts == nil || counts(name)) {
			return true
		}
	}
	return false
}

// Waited reports whether reporters wait for a person's answer.
func (in Incident) Waited() bool {
	return in.Reports > 0 && in.AnsweredAt.IsZero() && (!in.AnswerBy.IsZero() || in.Broken)
}

// Due is the next instant at which time alone changes the incident; zero only
// when there is none or it has settled.
func (in Incident) Due() time.Time {
	if !in.Open() {
		return time.Time{}
	}
	var due time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (due.IsZero() || t.Before(due)) {
			due = t
		}
	}
	sooner(in.Drill.Until)
	switch in.State {
	case Triggered:
		sooner(in.NextStep)
		sooner(in.AnswerBy)
		sooner(in.TellRecovered)
		sooner(in.quietAt())
	case Acknowledged:
		sooner(in.CheckIn)
		sooner(in.OwnerBy)
		sooner(in.TellOwner)
		sooner(in.AnswerBy)
		sooner(in.TellRecovered)
		sooner(in.quietAt())
	case Resolved:
		sooner(in.SettlesAt())
	}
	return due
}

// quietAt is when the quiet time alone resolves the incident; zero if only a
// person can: while a check fails, and when it is known from mail alone.
func (in Incident) quietAt() time.Time {
	if len(in.Checks) == 0 || in.Red() {
		return time.Time{}
	}
	return in.LastBad.Add(in.Quiet)
}

// SettlesAt is when a resolved incident is over for good: when it has been
// quiet for the quiet time since the last evidence, and since the person who
// resolved it did so. While its checks fail and are muted that is put off.
func (in Incident) SettlesAt() time.Time {
	if in.State != Resolved {
		return time.Time{}
	}
	if in.Rehearsed() {
		return in.Drill.Until
	}
	t := in.LastBad
	if in.ResolvedBy != "" && in.ResolvedAt.After(t) {
		t = in.ResolvedAt
	}
	return later(t.Add(in.Quiet), in.HeldUntil)
}

// An Event is an entry of the timeline.
type Event struct {
	At   time.Time
	Kind string // what happened: "opened", "report", "paged", "acknowledged" …
	Who  string // responder, organisation or check; "" for Rouse itself
	Why  string // in words
}

// A PageKind says why somebody is paged.
type PageKind string

const (
	PageWake    PageKind = "wake"    // a step of the escalation
	PageRelapse PageKind = "relapse" // the owner: it is failing again, or has grown
	PageCheckIn PageKind = "checkin" // the owner: do you still have it?
	PagePromise PageKind = "promise" // the owner: customers wait for an answer
	PagePassed  PageKind = "passed"  // somebody passed it to you
	PageMail    PageKind = "mail"    // the owner: customers have written again; nothing is asked
	PageTaken   PageKind = "taken"   // those paged: somebody has it
	PageOver    PageKind = "over"    // those paged: it was resolved while nobody had it
	PageDrill   PageKind = "drill"   // a drill: nothing is wrong, and an answer is wanted
	PageReply   PageKind = "reply"   // somebody who sent an SMS: how it stands now
)

// A Page is one message to one person by one channel.
type Page struct {
	// ID is incident/turn/round/step/who/n with the kind where it is not a
	// wake: twice is once.
	ID          string
	Incident    ID
	Turn        int64
	Kind        PageKind
	Round, Step int
	Who         string
	Channel     string
	Due         time.Time
	Why         string // of a PageReply: what to say instead of how it stands
	Tries       int    // sending attempts that failed for a passing reason
}

// A NoticeKind says what reporters are told.
type NoticeKind string

const (
	NoticeReceived  NoticeKind = "received"  // we have your message
	NoticeTaken     NoticeKind = "taken"     // a person is working on it
	NoticeRecovered NoticeKind = "recovered" // it looks recovered; not "fixed"
	NoticeRelapsed  NoticeKind = "relapsed"  // it did not last
	NoticeClosing   NoticeKind = "closing"   // it has stayed over
	NoticeWords     NoticeKind = "words"     // what a responder has to say, as they wrote it
)

// A Notice is something to tell every reporter of an incident.
type Notice struct {
	Kind NoticeKind
	At   time.Time
	// By is the promise for NoticeReceived, the instant since when the checks
	// are well for NoticeRecovered and NoticeClosing; zero for none.
	By  time.Time
	Who string // the owner, if there is one; for NoticeWords, who wrote
	// Text is what NoticeWords says.
	Text string `json:",omitempty"`
}

// A Call asks that people be paged outside the steps of the escalation.
type Call struct {
	Kind PageKind
	Who  []string
	Why  string
}
