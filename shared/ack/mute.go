package ack

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"maps"
	"slices"
	"strings"
	"time"

	"rouse/shared/amend"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/page"
)

// Mutes are what an incident that is over, by somebody's word, offers about the
// checks that fail all the same: without a mute they would wake people again.
type Mutes struct {
	Offers []muteOffer
	Muted  []muteUntil
}

type muteOffer struct {
	Check string
	Until []muteUntil
}

type muteUntil struct {
	Check string
	Unix  int64
	Clock string // the same, for the reader
}

// muteFor are how long from now the offers are, about.
var muteFor = []time.Duration{time.Hour, 4 * time.Hour, 12 * time.Hour}

const (
	muteMax    = 13 * time.Hour // what a form may ask for
	muteRound  = 15 * time.Minute
	mutesShown = 3 // checks
)

// mutes are the offers on the incident as one reader sees it.
func (h *handler) mutes(ctx context.Context, in incident.Incident, reader string) (m Mutes) {
	if in.State != incident.Resolved {
		return m
	}
	var failing []string
	for _, name := range slices.Sorted(maps.Keys(in.Checks)) {
		if e := in.Checks[name]; e.Red && e.WellSince.IsZero() && slices.Contains(h.checks, name) && len(failing) < mutesShown {
			failing = append(failing, name)
		}
	}
	if len(failing) == 0 {
		return m
	}
	// Decisions may go by what was read a second ago; who has just pressed the
	// button looks sooner than that.
	standing, err := h.store.Standing(ctx)
	if err != nil {
		h.loop.Log.ErrorContext(ctx, "ack screen", "what", "mutes", "error", err)
	}
	mutes := append(slices.Clip(h.windows), amend.Mutes(standing.Amendments)...)
	now := h.clock.Now().In(h.people.Zone(reader))
	for _, name := range failing {
		if until, _ := mutes.Until(name, now); !until.IsZero() {
			m.Muted = append(m.Muted, muteUntil{Check: name, Clock: page.Clock(until, now)})
			continue
		}
		offer := muteOffer{Check: name}
		for _, d := range muteFor {
			until := now.Add(d + muteRound - 1).Truncate(muteRound)
			offer.Until = append(offer.Until, muteUntil{Unix: until.Unix(), Clock: page.Clock(until, now)})
		}
		m.Offers = append(m.Offers, offer)
	}
	return m
}

// mute keeps a check from waking anybody, as the tap asks. The same tap makes
// the same mute.
func (h *handler) mute(ctx context.Context, t tap, code loop.Code) error {
	now := h.clock.Now()
	sum := sha256.Sum256([]byte(t.signal(code, now).ID))
	return h.store.Amend(ctx, amend.Amendment{
		ID:    strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:8]),
		Check: t.Check, From: now.UTC().Truncate(time.Second), To: time.Unix(t.Until, 0).UTC(),
		Why: "incident " + string(code.Incident) + " is over", By: code.Who, At: now.UTC(),
	})
}
