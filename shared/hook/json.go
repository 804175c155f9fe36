package hook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"rouse/shared/config"
	"rouse/shared/incident"
)

// statement is a signal of our own shape.
type statement struct {
	Name       string    `json:"name"`       // what it is about
	State      string    `json:"state"`      // failing (if absent), unknown or well
	Why        string    `json:"why"`        // in words
	Severity   string    `json:"severity"`   // suspected or confirmed; the monitor's if absent
	Capability string    `json:"capability"` // the monitor's if absent
	ID         string    `json:"id"`         // said twice with one id is said once
	Since      time.Time `json:"since"`      // now if absent
}

// json reads one signal. It is strict: whoever writes to us by hand should hear
// of a slip while they look, and not at night.
func (h *Hook) json(m config.Monitor, body []byte) ([]incident.Alert, error) {
	var s statement
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&s); err != nil {
		return nil, errors.New(`write JSON like {"name": "backup", "state": "failing", "why": "disk full"}; other keys are severity, capability, id and since`)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("there is something after the JSON")
	}
	states := map[string]incident.AlertState{
		"": incident.AlertFailing, "failing": incident.AlertFailing, "unknown": incident.AlertUnknown, "well": incident.AlertWell,
	}
	severities := map[string]incident.Severity{
		"": m.Severity, "suspected": incident.Suspected, "confirmed": incident.Confirmed,
	}
	state, known := states[s.State]
	severity, knownToo := severities[s.Severity]
	switch {
	case strings.TrimSpace(s.Name) == "":
		return nil, errors.New("name is missing: say what the signal is about, by the same name when it fails and when it is well again")
	case !known:
		return nil, errors.New("state is none of failing, unknown and well")
	case !knownToo:
		return nil, errors.New("severity is neither suspected nor confirmed")
	}
	now := h.Clock.Now()
	if s.Since.After(now) {
		s.Since = now
	}
	if s.ID == "" { // the same words within a minute are a retry
		sum := sha256.Sum256(body)
		s.ID = fmt.Sprintf("%s/%s", hex.EncodeToString(sum[:16]), now.UTC().Format("2006-01-02T15:04"))
	}
	return []incident.Alert{{
		Source: m.ID, Name: s.Name, ID: s.ID, State: state, Severity: severity, Capability: h.capability(s.Capability, m),
		Why: s.Why, Since: s.Since, At: now,
	}}, nil
}
