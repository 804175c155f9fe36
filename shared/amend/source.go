package amend

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"rouse/shared/clock"
	"rouse/shared/loop"
	"rouse/shared/reach"
)

// Standing is what decisions go by besides rouse.yaml.
type Standing struct {
	Amendments []Amendment
	Reach      []reach.Fact
	Circuits   []loop.Circuit // by channel
}

// A Reader reads Standing in one go, so that it costs a decision one look. What
// cannot be read is left out; the error tells of it, beside the rest.
type Reader interface {
	Standing(ctx context.Context) (Standing, error)
}

// MaxAge bounds how long a Source goes by what it has read: a decision that
// begins this long after an amendment or a fact was written goes by it. It lets
// one read serve all the incidents of a sweep.
const MaxAge = time.Second

// readMax bounds how long a decision waits for what stands in the store.
const readMax = 2 * time.Second

// A Source tells decisions about the team as it is now.
type Source struct {
	Deployed loop.Team // what rouse.yaml says
	Store    Reader
	Clock    clock.Clock
	Log      *slog.Logger

	mu   sync.Mutex
	read time.Time // when what follows was asked for; zero: never
	team loop.Team // with the amendments
	// reach is apart: what of it is believed depends on the time.
	reach []reach.Fact
}

// Team is a loop.Loop's Team. It never fails: a page to whoever was on call as
// far as we know is better than no page, so that without the store it goes by
// what it read last or, if there is nothing, by rouse.yaml alone.
func (s *Source) Team(ctx context.Context) (loop.Team, error) {
	now := s.Clock.Now()
	s.mu.Lock()
	team, facts, read := s.team, s.reach, s.read
	s.mu.Unlock()
	if age := now.Sub(read); read.IsZero() || age < 0 || age >= MaxAge {
		team, facts = s.look(ctx, now)
	}
	team.Unreachable = reach.Unreachable(facts, now)
	return team, nil
}

// Muted is until when a check wakes nobody, as a probe.Runner asks.
func (s *Source) Muted(ctx context.Context, check string) time.Time {
	team, _ := s.Team(ctx)
	until, _ := team.Mutes.Until(check, s.Clock.Now())
	return until
}

// look reads the store. Several may do so at once: nobody waits for another's
// read, which would hold up all of a sweep behind one that hangs.
func (s *Source) look(ctx context.Context, now time.Time) (loop.Team, []reach.Fact) {
	ctx, cancel := context.WithTimeout(ctx, readMax)
	defer cancel()
	found, err := s.Store.Standing(ctx)
	if err != nil {
		s.Log.ErrorContext(ctx, "the rota's amendments cannot be read", "read", len(found.Amendments), "error", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	team, facts := s.team, s.reach
	switch {
	case err == nil || len(found.Amendments)+len(found.Reach)+len(found.Circuits) > 0:
		team, facts = s.Deployed, found.Reach
		team.Rota = Apply(team.Rota, found.Amendments)
		team.Circuits = found.Circuits
		team.Mutes = append(slices.Clip(team.Mutes), Mutes(found.Amendments)...)
	case s.read.IsZero():
		team = s.Deployed
	}
	if now.After(s.read) {
		s.read, s.team, s.reach = now, team, facts
	}
	return team, facts
}
