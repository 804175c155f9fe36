package check

import "slices"

// DNS is a question and what must be answered. Answers are written as they are
// compared: names in small letters without the last dot, and the numbers of MX
// and SRV before them.
type DNS struct {
	Name   string // absolute, without the last dot
	Record string // one of DNSRecords
	// Resolvers are asked, each of them; host:port. None means the machine's
	// own.
	Resolvers []string
	// At most one of these is set. Without any, there must be an answer.
	Exactly  []string // the answers are these, in any order
	Among    []string // each answer is one of these
	Includes []string // these are among the answers
}

// DNSRecords are the types that can be asked for.
var DNSRecords = []string{"A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"}

// Fault says in few words what is wrong with the answers; "" if nothing is.
func (d DNS) Fault(answers []string) string {
	lacks := func(some, of []string) bool {
		return slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(of, s) })
	}
	switch {
	case len(answers) == 0:
		return "no " + d.Record + " record"
	case d.Exactly != nil && lacks(d.Exactly, answers), lacks(d.Includes, answers):
		return "an expected " + d.Record + " record is missing"
	case d.Exactly != nil && lacks(answers, d.Exactly), d.Among != nil && lacks(answers, d.Among):
		return "an unexpected " + d.Record + " record"
	}
	return ""
}
