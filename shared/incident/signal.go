package incident

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// A Kind is what sort of signal something is.
type Kind string

const (
	KindCheck    Kind = "check"    // a check's verdict changed
	KindReport   Kind = "report"   // a customer wrote
	KindTap      Kind = "tap"      // a responder pressed a button
	KindDelivery Kind = "delivery" // a page could not be delivered
	KindAnswer   Kind = "answer"   // the team answered a reporter
	KindMove     Kind = "move"     // what a reporter wrote was moved to another incident
	KindDrill    Kind = "drill"    // a drill begins
	KindHole     Kind = "hole"     // the rota has a hole, or has none any more
)

// A Signal is something that happened which may change an incident. It is
// made durable before anything is decided on it.
type Signal struct {
	// ID is its source's: an S3 key, a check and a sample's time, a form's
	// nonce. A signal whose ID has been seen is the same signal.
	ID   string
	Key  Key
	Kind Kind
	At   time.Time // when it happened
	// Incident, if not "", is the only incident this is meant for.
	Incident ID

	Check    *CheckSignal    `json:",omitempty"`
	Report   *ReportSignal   `json:",omitempty"`
	Tap      *TapSignal      `json:",omitempty"`
	Delivery *DeliverySignal `json:",omitempty"`
	Answer   *AnswerSignal   `json:",omitempty"`
	Move     *MoveSignal     `json:",omitempty"`
	Drill    *Drill          `json:",omitempty"`
	Hole     *Hole           `json:",omitempty"`
}

// Capability is what the signal says is failing; "" if it says nothing.
func (s Signal) Capability() string {
	switch {
	case s.Check != nil:
		return s.Check.Capability
	case s.Report != nil:
		return s.Report.Capability
	}
	return ""
}

// A CheckSignal is a change of a check's verdict, or an Alert.
type CheckSignal struct {
	Check      string // of an alert: SOURCE/NAME
	Capability string
	Evidence   Evidence
	LastBad    time.Time // the last failed sample; zero if none
	Source     string    `json:",omitempty"` // of an alert; "" for our own checks
	Title      string    `json:",omitempty"` // of an alert
	// Severity is what the evidence is proof of; "" means Confirmed, unless its
	// status is unknown.
	Severity Severity `json:",omitempty"`
}

// A ReportSignal is a customer's mail.
type ReportSignal struct {
	Reporter   Reporter
	Capability string
	Urgency    string // "urgent", "unclear" or "benign"
	Known      bool   // the organisation is listed under customers
	Proven     bool   // the organisation is authenticated, not only claimed
	Quote      string
	Why        []string // the words that made it so
	Joined     string   // why it belongs to this key
	// Moved says that a person has brought it here from another incident.
	Moved *Moved `json:",omitempty"`
}

// Moved is how a report came to another incident than it was first thought to
// belong to.
type Moved struct {
	From ID
	Who  string // the responder who moved it
	Via  string
	// Waiting is what they were promised there; nil: they wait for no answer.
	Waiting *Waiting `json:",omitempty"`
}

// A MoveSignal takes what a reporter wrote out of an incident. The Report that
// takes it to the other one is a signal of its own.
type MoveSignal struct {
	Reporter string // Reporter.ID
	Org      string
	To       string // the other incident, in words: its id, or "a new incident"
	Who, Via string
	// Last says that nobody else had written about the incident.
	Last bool
	// LastOf says that nobody else of the organisation had.
	LastOf bool
}

// A Reporter is a customer who wrote, and how to answer in their thread.
type Reporter struct {
	Address    string
	Name       string
	Org        string
	Subject    string
	MessageID  string
	References []string
	At         time.Time
	// By is when they were promised an answer; zero if they were not.
	By time.Time
	// Zone is the offset of their clock, like "-06:00"; "" if their mail does
	// not reveal it. Language is the one that they wrote in, as rouse.yaml calls
	// it; "" is the desk's own.
	Zone, Language string `json:",omitempty"`
	// Urgency and Quote are of what they wrote last.
	Urgency, Quote string `json:",omitempty"`
	// Silent says why they get no automatic answer; "" if they do.
	Silent string
}

// ID stands for the reporter's address where the address itself would be too
// much to show. Who gets no automatic answer is another reporter than who does,
// though they share an address: a machine's mail must not silence a person.
func (r Reporter) ID() string {
	of := strings.ToLower(r.Address)
	if r.Silent != "" {
		of += " silent"
	}
	sum := sha256.Sum256([]byte(of))
	return hex.EncodeToString(sum[:8])
}

// An Action is what a responder asks for.
type Action string

const (
	ActAcknowledge Action = "ack"
	ActNext        Action = "next" // can't: wake the next person
	ActResolve     Action = "resolve"
	ActSnooze      Action = "snooze"
	ActPass        Action = "pass"
	ActAnswered    Action = "answered" // the customers have been answered
	ActTell        Action = "tell"     // the responder's own words, to every reporter
	ActMute        Action = "mute"     // keep a check from waking anybody for a while
	ActAsk         Action = "ask"      // by SMS: changes nothing, and is answered
)

// WordsMax bounds, in bytes, what a responder tells the reporters at once.
const WordsMax = 2000

// A TapSignal is a responder's action, by whatever way it came.
type TapSignal struct {
	Action Action
	Who    string
	Via    string        // "link", ViaSMS, "cli"
	For    time.Duration // of a snooze or a mute; 0 takes a mute back
	To     string        // whom it is passed to
	// Text is what the reporters are told by ActTell, at most WordsMax bytes.
	Text  string `json:",omitempty"`
	Check string `json:",omitempty"` // that is muted
	// Say answers an SMS; "": how the incident then stands.
	Say string `json:",omitempty"`
}

// ViaSMS is how a tap came that is answered by SMS, whatever it did.
const ViaSMS = "sms"

// A DeliverySignal is a page that did not reach its channel.
type DeliverySignal struct {
	Page      string
	Who       string
	Channel   string
	Permanent bool // it is not tried again
	Why       string
}

// An AnswerSignal is the team's own answer in a reporter's thread.
type AnswerSignal struct {
	From string
	// Reporters are whom it answers, by Reporter.ID; nil: everybody who waits.
	Reporters []string `json:",omitempty"`
}
