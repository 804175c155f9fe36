package memstore

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"rouse/shared/record"
)

func (s *Store) Beat(_ context.Context, name string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beats[name] = at
	return nil
}

func (s *Store) Beats(context.Context) (map[string]time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.beats), nil
}

func (s *Store) LoadWatch(context.Context) (record.Watch, error) {
	var w record.Watch
	return w, s.kept("state", &w)
}

func (s *Store) SaveWatch(_ context.Context, w record.Watch) error { return s.keep("state", w) }

func (s *Store) Deployment(context.Context) (record.Deployment, error) {
	var d record.Deployment
	return d, s.kept("deployment", &d)
}

func (s *Store) PutDeployment(_ context.Context, d record.Deployment) error {
	return s.keep("deployment", d)
}

// keep and kept write records as JSON, as dynamostore does.
func (s *Store) keep(name string, v any) error {
	text, err := json.Marshal(v)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch[name] = text
	return err
}

func (s *Store) kept(name string, into any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text, ok := s.watch[name]; ok {
		return json.Unmarshal(text, into)
	}
	return nil
}
