// Package reach is what is known of whether people's channels reach them.
//
// A publish succeeds although nobody will hear it: the number has opted out,
// the subscription was never confirmed or has vanished, the account is in the
// sandbox or over its spend limit. So whether a channel reaches somebody is a
// stored fact. Who can find it out does so at least once an hour and writes
// what they found with Store.PutReach; every decision reads the facts and pages
// by the next channel at once where one is of no use.
package reach

import (
	"cmp"
	"context"
	"slices"
	"time"

	"rouse/shared/escalation"
)

// BelievedFor is how long a fact is believed after it was last found to be so.
// A channel about which nothing newer is known is believed in again: a page in
// vain is better than none because somebody has stopped looking.
const BelievedFor = 3 * time.Hour

// KeptFor is how long a fact is kept that nobody finds any more.
const KeptFor = 35 * 24 * time.Hour

// A Fact is what was found about one channel of one person.
type Fact struct {
	Who     string // responder id
	Channel escalation.Channel
	// Why says in words why the channel reaches nobody, for a timeline and so
	// without a number or an address: "its subscription is not confirmed". ""
	// is that it reaches its person.
	Why   string
	Since time.Time // since when it is so, as far as anybody has looked; Next sets it
	Found time.Time // when it was last found to be so
}

// A Store keeps the last fact of each channel of each person. Reads see every
// write that was acknowledged before they began.
type Store interface {
	// Reach lists the facts, by person and channel. One that cannot be read is
	// left out; the error tells of it, beside the others.
	Reach(ctx context.Context) ([]Fact, error)
	// PutReach takes the place of what was known of the channel, unless that
	// was found later: then it changes nothing, and is no error.
	PutReach(ctx context.Context, f Fact) error
}

// Next is f, just found, with the Since that follows from what was known.
func Next(known []Fact, f Fact) Fact {
	f.Since = f.Found
	for _, k := range known {
		if k.Who == f.Who && k.Channel == f.Channel && k.Why == f.Why {
			f.Since = k.Since
		}
	}
	return f
}

// Sort brings facts into the order of a list.
func Sort(facts []Fact) {
	slices.SortFunc(facts, func(a, b Fact) int { return cmp.Or(cmp.Compare(a.Who, b.Who), cmp.Compare(a.Channel, b.Channel)) })
}

// Unreachable tells of the facts that are still believed at an instant why a
// channel reaches nobody, "" if it does or nothing is known: it is an
// escalation.Team's Unreachable.
func Unreachable(facts []Fact, now time.Time) func(who string, c escalation.Channel) string {
	type channel struct {
		who string
		of  escalation.Channel
	}
	why := map[channel]string{}
	for _, f := range facts {
		if now.Sub(f.Found) < BelievedFor {
			why[channel{f.Who, f.Channel}] = f.Why
		}
	}
	return func(who string, c escalation.Channel) string { return why[channel{who, c}] }
}
