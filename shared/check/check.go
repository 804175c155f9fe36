// Package check says what is checked and what its samples mean: the verdict
// over samples, its evidence in words, and when the next sample is due. It is
// pure: time is an argument and nothing is read or sent.
//
// Every sample is evidence. A retry never erases a failure, and a check that
// was not sampled is unknown, never up.
package check

import (
	"regexp"
	"time"
)

// A Check is one thing that is watched. Exactly one of its kinds is set.
type Check struct {
	Name       string
	Capability string        // what customers do with it; "" when nobody said
	Every      time.Duration // 0 means 20 s
	Timeout    time.Duration // of one sample, to the last byte; 0 means 5 s

	HTTP *HTTP
	TCP  *TCP
	TLS  *TLS

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

// HTTP is a request and what must come back.
type HTTP struct {
	URL     string // absolute, http or https
	Method  string // "" means GET
	Headers map[string]string
	Body    string
	Expect  Expect
	// Redirects is how many may be followed; 0 means 5. Negative: none is, and
	// the first response is judged as it stands.
	Redirects int
	Addresses Addresses
}

// TCP is a connection, and what is said over it.
type TCP struct {
	Address string // host:port
	TLS     bool   // with a handshake at once and a certificate for the host
	Send    string
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
}

func or(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}
