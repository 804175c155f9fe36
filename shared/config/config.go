// Package config reads rouse.yaml: what a team writes down about its service,
// its people and its promises.
//
// Reading is strict. A key that means nothing, a name that names nothing and a
// value that would defeat itself are refused with their place in the file and
// the cure, all of them at once, because the alternative is to learn of them
// at night. What Parse returns is converted to the types of the packages that
// use it and needs no further checking.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"rouse/shared/check"
	"rouse/shared/escalation"
	"rouse/shared/mute"
	"rouse/shared/oncall"
	"rouse/shared/triage"
	"rouse/shared/wording"
)

// Limits on everything that a file can hold.
const (
	FileBytesMax  = 256 << 10
	TextBytesMax  = 200
	IDBytesMax    = 32
	FaultsMax     = 200 // told at once; the rest are counted
	NameBytesMax  = 60  // of the service and of people: both go into an SMS
	RespondersMax = 200
	ContactsMax   = 8
	AwayMax       = 500 // times per responder, those of calendars included
	SchedulesMax  = 50
	LayersMax     = 20
	RotationMax   = 100
	DuringMax     = 20
	OverridesMax  = 500
	PoliciesMax   = 50
	StepsMax      = 20
	TargetsMax    = 50
	CapabilityMax = 100
	WordsMax      = 100 // per capability, and per group of a language
	ChecksMax     = 1000
	MonitorsMax   = 20
	WindowsMax    = 100 // of maintenance
	CustomersMax  = 5000
	DomainsMax    = 20
	AcceptMax     = 50
	HeadersMax    = 20
	BodyBytesMax  = 4096 // of a check's request, and of the text it expects
)

// Bounds of times, and what holds when the file is silent.
const (
	WaitMin          = 30 * time.Second
	WaitMax          = time.Hour
	WaitDefault      = 5 * time.Minute
	ContactAfterMax  = 30 * time.Minute
	CheckInMin       = 5 * time.Minute
	CheckInMax       = day
	CheckInDefault   = 30 * time.Minute
	AnswerWithinMin  = time.Minute
	AnswerWithinMax  = week
	EveryMin         = 5 * time.Second
	EveryMax         = time.Hour
	TimeoutMin       = time.Second
	TimeoutMax       = 50 * time.Second // of a check that runs once a minute or less
	QuietTimeMin     = 5 * time.Minute
	QuietTimeMax     = day
	QuietTimeDefault = 35 * time.Minute
	GateMin          = day
	GateDefault      = week
	HorizonMax       = 366 * day
	HorizonDefault   = 4 * week
	AcceptSpanMax    = 92 * day
	WeeklyMax        = 12 * time.Hour // of one occurrence of a weekly window
)

// A Config is a valid rouse.yaml. It is not changed after Parse.
type Config struct {
	Service    string
	Responders map[string]Responder
	Rota       oncall.Rota
	// Policies holds at least "default": escalation.Default unless the file has
	// its own.
	Policies     map[string]escalation.Policy
	Capabilities []triage.Capability // in the file's order
	Checks       []check.Check       // in the file's order
	Monitors     []Monitor           // in the file's order
	Maintenance  mute.Windows        // when which checks wake nobody, in the file's order
	Customers    []string            // domains, small letters, in the file's order
	Inbox        *Inbox              // nil: no mail is read
	Coverage     Coverage
	Drill        *Drill // nil: none is appointed
	Watch        Watch
	Links        Links
	SMS          SMS
	Desk         Desk
	StatusPage   *StatusPage // nil: there is none
	// QuietTime is how long everything must have stayed well before an
	// incident settles.
	QuietTime time.Duration

	policyOf map[string]string // by capability, where it is not the default
	root     *yaml.Node
	text     []byte
	// awayItems says, for each responder and each of their away times in the
	// Rota, which item of the file it comes from. A calendar has many.
	awayItems map[string][]int
}

// A Responder is somebody who can be paged.
type Responder struct {
	ID    string
	Name  string         // the id if the file gives none
	Zone  *time.Location // UTC if the file gives none
	Phone string         // E.164; "" for none
	Email string         // "" for none; a responder has one of the two
	// Contact is in the order of After, and the first is at once. If the file
	// gives none: by SMS at once if there is a phone, and by e-mail at once if
	// there is an address.
	Contact []escalation.Contact
}

// An Inbox is the address to which customers' mail comes as a copy.
type Inbox struct {
	Address   string
	Via       Via
	Team      []string // domains whose authenticated reply is the answer
	ReplyFrom string   // "": nobody is answered automatically
	// AnswerWithin is the team's promise to its customers; zero: none is made.
	AnswerWithin time.Duration
	// RuleSet is the SES receipt rule set to join; "": one of our own.
	RuleSet string
	// Words are the team's own, by language; what English and Spanish say is
	// known without them.
	Words []triage.Words
}

// Via says how mail arrives at the inbox, and so which of its headers are the
// team's own doing.
type Via string

const (
	MX      Via = "mx"      // the address's domain has SES as its mail server
	Forward Via = "forward" // a mailbox forwards a copy (the default)
	Group   Via = "group"   // a mailing group has the address as a member
)

// Coverage is what the rota is held to.
type Coverage struct {
	Owner   string        // responder who hears of holes; "": everyone
	Gate    time.Duration // a hole this near fails the deployment
	Horizon time.Duration // a hole this near is told
	// Schedules are judged together: some schedule must reach somebody. The
	// default is what the policies' first steps page; without policies, every
	// schedule.
	Schedules []string
	Accept    []Acceptance
}

// An Acceptance is a hole that the team knows of and lives with.
type Acceptance struct {
	From, To time.Time
	Why      string
}

// Links are the links in pages.
type Links struct {
	Domain string // short domain; "": the API's own address
}

// SMS is the number that pages come from by SMS, and that can be answered.
type SMS struct {
	Number string // E.164; "": one that SNS picks, which nobody can answer
}

// Desk is what reporters are told.
type Desk struct {
	ShareEvidence bool // tell what the checks saw
	// Languages are what they are told it in; the first is for those whose own
	// is not known.
	Languages wording.Languages
	// AnswersPerHour is beyond how many acknowledgements all further ones are
	// held back for a while, and somebody is alarmed.
	AnswersPerHour int
}

// A StatusPage tells the public how the service is.
type StatusPage struct {
	Title string // the service's name if the file gives none
}

// Options are what reading a file needs from outside of it.
type Options struct {
	// Calendar reads the away times of somebody who lives in zone from the
	// iCalendar that the file names. Its error names the calendar and says what
	// would be right. Nil: a file with a calendar is refused.
	Calendar func(file string, zone *time.Location) ([]oncall.Away, error)
}

// Load reads the file at path. Its error is *Faults if the file could be read
// and is not valid, and is fs.ErrNotExist if there is none.
func Load(path string) (*Config, error) { return LoadWith(path, Options{}) }

// LoadWith is Load with options.
func LoadWith(path string, o Options) (*Config, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return ParseWith(data, path, o)
}

// missing is the path of a file that is not there. It is an fs.ErrNotExist.
type missing string

func (m missing) Error() string {
	return fmt.Sprintf("there is no %s; `rouse init URL` writes a first one, and --config names another", string(m))
}

func (missing) Unwrap() error { return fs.ErrNotExist }

// Parse reads a whole rouse.yaml; name is what faults call it. Its error, if
// any, is *Faults and holds every fault.
func Parse(data []byte, name string) (*Config, error) { return ParseWith(data, name, Options{}) }

// ParseWith is Parse with options.
func ParseWith(data []byte, name string, o Options) (*Config, error) {
	r := &reader{zones: map[string]*time.Location{"UTC": time.UTC}}
	r.faults.File = name
	c := &Config{text: data, awayItems: map[string][]int{}}
	if root := r.read(data); root.present() {
		c.root = root.n
		b := &builder{c: c, calendar: o.Calendar}
		b.config(root)
	}
	if len(r.faults.List) > 0 {
		r.faults.sort()
		if r.more > 0 {
			last := r.faults.List[len(r.faults.List)-1]
			last.Message = fmt.Sprintf("and %d more faults, not told; mend these first", r.more)
			r.faults.List = append(r.faults.List, last)
		}
		return nil, &r.faults
	}
	return c, nil
}

// Policy returns the policy for incidents of a capability; "" or an unknown
// capability gets the default one.
func (c *Config) Policy(capability string) escalation.Policy {
	if named, ok := c.policyOf[capability]; ok {
		return c.Policies[named]
	}
	return c.Policies[defaultPolicy]
}

// People returns the responders as escalation sees them.
func (c *Config) People() map[string]escalation.Person {
	people := make(map[string]escalation.Person, len(c.Responders))
	for id, r := range c.Responders {
		people[id] = escalation.Person{Name: r.Name, Zone: r.Zone, Contact: r.Contact}
	}
	return people
}

// Check returns the check of that name.
func (c *Config) Check(name string) (check.Check, bool) {
	i := slices.IndexFunc(c.Checks, func(k check.Check) bool { return k.Name == name })
	if i < 0 {
		return check.Check{}, false
	}
	return c.Checks[i], true
}

const defaultPolicy = "default"

// Position returns where something stands in the file, from a path such as
// schedules.primary.layers[1]: the place of the value, or of the nearest thing
// around it if the file does not write it out.
func (c *Config) Position(path string) (line, column int) {
	n := c.root
	line, column = n.Line, n.Column
	for _, name := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		next := child(n, name)
		if next == nil {
			break
		}
		n = next
		line, column = n.Line, n.Column
	}
	return line, column
}

func child(n *yaml.Node, name string) *yaml.Node {
	if n.Kind == yaml.SequenceNode {
		for i, item := range n.Content {
			if fmt.Sprint(i) == name {
				return item
			}
		}
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}
