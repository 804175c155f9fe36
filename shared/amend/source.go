package amend

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"rouse/shared/clock"
	"rouse/shared/loop"
)

// MaxAge bounds how long a Source goes by what it has read: a decision that
// begins this long after an amendment was written goes by the amendment. It
// lets one read serve all the incidents of a sweep.
const MaxAge = time.Second

// readMax bounds how long a decision waits for the amendments.
const readMax = 2 * time.Second

// A Source tells decisions about the team as it is now.
type Source struct {
	Deployed loop.Team // what rouse.yaml says
	Store    Store
	Clock    clock.Clock
	Log      *slog.Logger

	mu   sync.Mutex
	read time.Time // when what is in team was asked for; zero: never
	team loop.Team
}

// Team is a loop.Loop's Team. It never fails: a page to whoever was on call as
// far as we know is better than no page, so that without the amendments it
// goes by those that it read last or, if there are none, by rouse.yaml alone.
func (s *Source) Team(ctx context.Context) (loop.Team, error) {
	now := s.Clock.Now()
	s.mu.Lock()
	team, read := s.team, s.read
	s.mu.Unlock()
	if age := now.Sub(read); !read.IsZero() && age >= 0 && age < MaxAge {
		return team, nil
	}
	// Several may read at once. Nobody waits for another's read, which would
	// hold up all of a sweep behind one that hangs.
	readCtx, cancel := context.WithTimeout(ctx, readMax)
	defer cancel()
	list, err := s.Store.Amendments(readCtx)
	if err != nil {
		s.Log.ErrorContext(ctx, "the rota's amendments cannot be read", "read", len(list), "error", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil || len(list) > 0:
		team = s.Deployed
		team.Rota = Apply(team.Rota, list)
	case read.IsZero():
		team = s.Deployed
	}
	if now.After(s.read) {
		s.read, s.team = now, team
	}
	return team, nil
}
