package dynamostore

import (
	"context"
	"strings"

	"rouse/shared/check"
	"rouse/shared/env"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

// Look costs one round trip.
func (s *Store) Look(ctx context.Context, key incident.Key, checks []string) (incident.Incident, map[string]check.State, error) {
	in, states := incident.Incident{Key: key}, map[string]check.State{}
	places := []place{incidentAt(key)}
	for _, name := range checks {
		places = append(places, checkAt(name))
	}
	items, err := s.getAll(ctx, places)
	if err != nil {
		return in, nil, err
	}
	for _, it := range items {
		if it.str(env.SortKey) == incidentSort {
			if v := it.num(attrFormat); v > loop.Format {
				return in, nil, &loop.NewerError{Key: key, Format: int(v)}
			}
			if err := it.decode(&in); err != nil {
				return in, nil, err
			}
			in.Key = key
			continue
		}
		var state check.State
		if err := it.decode(&state); err != nil {
			return in, nil, err
		}
		states[strings.TrimPrefix(it.place().pk, checkPrefix)] = state
	}
	return in, states, nil
}
