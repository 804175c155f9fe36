// Package check says what is checked and what its samples mean: the verdict
// over samples, its evidence in words, and when the next sample is due. It is
// pure: time is an argument and nothing is read or sent.
//
// Every sample is evidence. A retry never erases a failure, and a check that
// was not sampled is unknown, never up.
package check

import (
	"maps"
	"regexp"
	"slices"
	"time"
)

// A Check is one thing that is watched. Exactly one of its kinds is set.
type Check struct {
	Name       string
	Capability string        // what customers do with it; "" when nobody said
	Every      time.Duration // 0 means 20 s
	Timeout    time.Duration // of one sample, to the last byte; 0 means 5 s

	HTTP *HTTP
	Flow []FlowStep
	TCP  *TCP
	TLS  *TLS
	DNS  *DNS
	// Heartbeat is a job that calls us.
	Heartbeat *Heartbeat

	Verdict Params // the zero Params are the defaults
}

// Interval is how often c is sampled while all is well.
func (c Check) Interval() time.Duration { return or(c.Every, 20*time.Second) }

// Deadline is how long one sample of c may take.
func (c Check) Deadline() time.Duration { return or(c.Timeout, 5*time.Second) }

// Plan is when c is sampled.
func (c Check) Plan() Plan { return Plan{Every: c.Interval(), Timeout: c.Deadline()} }

// Rule is c's verdict rule with every default filled in.
func (c Check) Rule() Params {
	p := c.Verdict
	if p.Unknown == 0 {
		p.Unknown = 3 * max(c.Interval(), time.Minute)
	}
	if p.Quiet == 0 {
		// Quiet must hold a few samples, or a slow check forgets each failure
		// before the next.
		p.Quiet = max(35*time.Minute, 12*c.Interval())
	}
	return p.filled()
}

// Secrets lists the names of the secrets that c needs, each once.
func (c Check) Secrets() []string {
	var names []string
	for _, r := range c.refs() {
		if r.Secret {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Secrets lists the names of the secrets that the checks need, each once.
func Secrets(checks []Check) []string {
	var names []string
	for _, c := range checks {
		names = append(names, c.Secrets()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (c Check) refs() []Ref {
	var all []Ref
	for _, s := range c.Flow {
		all = append(all, s.Refs()...)
	}
	switch {
	case c.HTTP != nil:
		return c.HTTP.Refs()
	case c.TCP != nil:
		refs, _ := Refs(c.TCP.Send)
		return refs
	}
	return all
}

// HTTP is a request and what must come back. Its URL, Headers, Body and Form
// may hold references.
type HTTP struct {
	URL     string // absolute, http or https
	Method  string // "" means GET
	Headers map[string]string
	Body    string
	Form    map[string]string // sent as an HTML form is; nil means Body
	Basic   *Basic            // user and password; nil means none
	Bearer  string            // name of the secret that is the token; "" means none
	Expect  Expect
	// Redirects is how many may be followed; 0 means 5. Negative: none is, and
	// the first response is judged as it stands.
	Redirects int
	Addresses Addresses
}

// Basic is how a user is known who has a password.
type Basic struct {
	User   string
	Secret string // the password's name
}

// Refs lists all values that h is given when it is sent.
func (h HTTP) Refs() []Ref {
	texts := []string{h.URL, h.Body}
	texts = slices.AppendSeq(texts, maps.Values(h.Headers))
	texts = slices.AppendSeq(texts, maps.Values(h.Form))
	var all []Ref
	for _, text := range texts {
		refs, _ := Refs(text)
		all = append(all, refs...)
	}
	if h.Basic != nil {
		all = append(all, Ref{Name: h.Basic.Secret, Secret: true})
	}
	if h.Bearer != "" {
		all = append(all, Ref{Name: h.Bearer, Secret: true})
	}
	return all
}

// TCP is a connection, and what is said over it.
type TCP struct {
	Address string // host:port
	TLS     bool   // with a handshake at once and a certificate for the host
	Send    string // may hold references to secrets
	// Expect finds something in what comes back. Without, a connection is good.
	Expect    *regexp.Regexp
	Addresses Addresses
}

// TLS is a handshake: a chain of certificates to a trusted authority.
type TLS struct {
	Address   string // host:port
	Name      string // that the certificate is for; "" means the address's host
	DaysLeft  int    // for how many days, at least, the chain must remain valid
	Addresses Addresses
}

// Addresses says which of a host's resolved addresses are tried.
type Addresses string

const (
	AnyAddress Addresses = "" // the first that connects, as every client does
	// AllAddresses are every one; a sample is good if each of them is.
	AllAddresses Addresses = "all"
	// AllIPv4 are every IPv4 address: a Lambda function outside of a VPC has no
	// way out by IPv6.
	AllIPv4 Addresses = "all-ipv4"
)

// A Sample is one attempt at a check.
type Sample struct {
	At   time.Time     `json:"at"` // when it started
	OK   bool          `json:"ok"` // every expectation was evaluated and held
	Why  string        `json:"why,omitempty"`
	Took time.Duration `json:"took,omitempty"` // to the last byte, or to the failure
	// Excused says that it failed while the check was muted.
	Excused bool `json:"excused,omitzero"`
	// Void, if not "", says why nobody could look: then this is no sample.
	Void string `json:"-"`
}

func or(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}
