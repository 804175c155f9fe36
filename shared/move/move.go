// Package move takes what a reporter wrote from one incident to another, when
// a person sees that it belongs elsewhere. Like everything that changes an
// incident it is signals: one for each of the two.
package move

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/record"
)

// A Store is what moving a report needs to know and to keep.
type Store interface {
	loop.SignalStore
	// Open lists the incidents that have not settled.
	Open(ctx context.Context) ([]incident.Incident, error)
	// Reporters lists up to limit reporters of the incident in the order of
	// their ids, beginning after the id after.
	Reporters(ctx context.Context, id incident.ID, after string, limit int) ([]incident.Reporter, error)
	// PutThread makes answers to a message lead to a key.
	PutThread(ctx context.Context, messageID string, t record.Thread) error
}

// New is the To of a report that becomes an incident of its own.
const New = "new"

// An Order says what is to be moved.
type Order struct {
	Nonce    string // the same order twice is one
	Reporter string // Reporter.ID, or the beginning of one
	From     incident.ID
	To       incident.ID // of an incident that is open, or New
	Who, Via string
	At       time.Time
}

// reportersMax bounds how many reporters of an incident are looked at.
const reportersMax = 1000

// Refused says why an order makes no sense, and what would.
type Refused string

func (r Refused) Error() string { return string(r) }

// Do makes an order durable and returns the two keys that now have something
// to fold. Its error is a Refused if nothing can be done about it.
func Do(ctx context.Context, store Store, o Order) (from, to incident.Key, err error) {
	open, err := store.Open(ctx)
	if err != nil {
		return "", "", err
	}
	source, ok := find(open, o.From)
	if !ok {
		return "", "", Refused(fmt.Sprintf("incident %s is not open: `rouse incidents` lists those that are", o.From))
	}
	if o.To == o.From {
		return "", "", Refused("it is there already")
	}
	reporters, err := store.Reporters(ctx, o.From, "", reportersMax)
	if err != nil {
		return "", "", err
	}
	r, err := pick(reporters, o.Reporter)
	if err != nil {
		return "", "", err
	}
	key, name, err := destination(open, source, o, r)
	if err != nil {
		return "", "", err
	}
	// First it is in both, then in one: whoever dies between loses nothing.
	arrives := incident.Signal{
		ID: "move/" + o.Nonce + "/to", Key: key, Kind: incident.KindReport, At: r.At,
		Report: &incident.ReportSignal{Reporter: r, Urgency: r.Urgency, Quote: r.Quote, Proven: r.Silent == "",
			Moved: &incident.Moved{From: source.ID, Who: o.Who, Via: o.Via, Waiting: source.WaitingFor(r.ID())}},
	}
	if _, err := store.PutSignal(ctx, arrives); err != nil {
		return "", "", err
	}
	thread := record.Thread{Key: key, Reporter: r.ID(), Org: r.Org}
	if o.To != New {
		thread.Incident = o.To
	}
	for _, id := range []string{r.MessageID, record.MovedID(source.ID, r.ID())} {
		if id == "" {
			continue
		}
		if err := store.PutThread(ctx, id, thread); err != nil {
			return "", "", err
		}
	}
	leaves := incident.Signal{
		ID: "move/" + o.Nonce + "/from", Key: source.Key, Kind: incident.KindMove, At: o.At, Incident: source.ID,
		Move: &incident.MoveSignal{Reporter: r.ID(), Org: r.Org, To: name, Who: o.Who, Via: o.Via,
			Last:   len(reporters) == 1,
			LastOf: !slices.ContainsFunc(reporters, func(other incident.Reporter) bool { return other.Org == r.Org && other.ID() != r.ID() })},
	}
	_, err = store.PutSignal(ctx, leaves)
	return source.Key, key, err
}

// destination is the key that a report goes to, and what it is called.
func destination(open []incident.Incident, source incident.Incident, o Order, r incident.Reporter) (incident.Key, string, error) {
	if o.To != New {
		in, ok := find(open, o.To)
		if !ok {
			return "", "", Refused(fmt.Sprintf("incident %s is not open: name one that is, or %s", o.To, New))
		}
		if strings.HasPrefix(string(in.Key), "drill/") || strings.HasPrefix(string(in.Key), "coverage/") {
			return "", "", Refused(fmt.Sprintf("%s is about ourselves, and no customer speaks of it", o.To))
		}
		return in.Key, string(in.ID) + " (" + in.Title + ")", nil
	}
	key := incident.Key("mail/" + r.ID())
	for _, in := range open {
		switch {
		case in.Key != key:
		case in.ID == source.ID:
			return "", "", Refused("this incident is the reporter's own: move the others away from it instead")
		default:
			return "", "", Refused(fmt.Sprintf("the reporter has an incident of their own already: move it to %s", in.ID))
		}
	}
	return key, "a new incident", nil
}

func find(open []incident.Incident, id incident.ID) (incident.Incident, bool) {
	i := slices.IndexFunc(open, func(in incident.Incident) bool { return in.ID == id })
	if i < 0 {
		return incident.Incident{}, false
	}
	return open[i], true
}

// idMin is how much of a reporter's id must be given.
const idMin = 4

// Among reports whether one of the reporters is meant by the id.
func Among(reporters []incident.Reporter, id string) bool {
	_, err := pick(reporters, id)
	return err == nil
}

func pick(reporters []incident.Reporter, id string) (incident.Reporter, error) {
	var found []incident.Reporter
	for _, r := range reporters {
		if strings.HasPrefix(r.ID(), id) && len(id) >= idMin {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return incident.Reporter{}, Refused(fmt.Sprintf("no report %q belongs to it: `rouse reports` lists them", id))
	}
	return incident.Reporter{}, Refused(fmt.Sprintf("%q is the beginning of %d reports; write more of it", id, len(found)))
}
