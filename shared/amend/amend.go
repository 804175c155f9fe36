// Package amend changes at once, without a deployment, who is on call and what
// may wake them: overrides, away times and mutes that are kept in the store,
// beside the incidents, and count from the next decision on.
//
// What rouse.yaml says stays; an amendment is laid over it. It is checked by
// who makes it and applied without a question by who decides: one that names
// somebody or a schedule that a later deployment has removed is passed over.
package amend

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"rouse/shared/mute"
	"rouse/shared/oncall"
)

// Max is how many amendments there may be that are not over yet.
const Max = 200

// KeptFor is how long one is kept after it has ended, for whoever asks who was
// on call.
const KeptFor = 35 * 24 * time.Hour

// An Amendment is an override of a schedule, a mute of a check or, without
// either, an away time.
type Amendment struct {
	ID       string
	Schedule string    // "" for an away time and for a mute
	Check    string    `json:",omitempty"` // of a mute
	Who      []string  // responder ids; one of them for an away time, none for a mute
	From, To time.Time // To is exclusive
	Why      string
	By       string    // who made it, as far as their machine knows
	At       time.Time // when; of two overrides of the same time the one made later wins
	// Forced says that it opens a hole and that Why says why this is to be.
	Forced bool
}

// A Store keeps amendments. Reads see every write that was acknowledged before
// they began.
type Store interface {
	// Amendments lists all that are kept, in the order in which they were made.
	// One that cannot be read is left out; the error tells of it, beside the
	// others.
	Amendments(ctx context.Context) ([]Amendment, error)
	// Amend adds an amendment, or replaces the one with its ID.
	Amend(ctx context.Context, a Amendment) error
	// Withdraw removes an amendment. false: there is none with that ID.
	Withdraw(ctx context.Context, id string) (bool, error)
}

// Sort brings amendments into the order in which they were made.
func Sort(list []Amendment) {
	slices.SortFunc(list, func(a, b Amendment) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
}

// Apply returns the rota with the amendments laid over it, in their order. It
// leaves rota as it was.
func Apply(rota oncall.Rota, list []Amendment) oncall.Rota {
	if len(list) == 0 {
		return rota
	}
	rota.People, rota.Schedules = maps.Clone(rota.People), maps.Clone(rota.Schedules)
	for _, a := range list {
		known := slices.DeleteFunc(slices.Clone(a.Who), func(id string) bool { _, ok := rota.People[id]; return !ok })
		if len(known) == 0 || !a.From.Before(a.To) {
			continue
		}
		if a.Schedule == "" {
			for _, id := range known {
				p := rota.People[id]
				p.Away = append(slices.Clip(p.Away), oncall.Away{From: a.From, To: a.To, Why: a.Why})
				rota.People[id] = p
			}
			continue
		}
		if s, ok := rota.Schedules[a.Schedule]; ok {
			s.Overrides = append(slices.Clip(s.Overrides), oncall.Override{Who: known, From: a.From, To: a.To, Why: a.Why})
			rota.Schedules[a.Schedule] = s
		}
	}
	return rota
}

// Mutes are the mutes among the amendments.
func Mutes(list []Amendment) mute.Windows {
	var all mute.Windows
	for _, a := range list {
		if a.Check != "" {
			all = append(all, mute.Window{Checks: []string{a.Check}, From: a.From, To: a.To, Why: a.Why})
		}
	}
	return all
}
