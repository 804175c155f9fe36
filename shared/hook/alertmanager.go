package hook

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rouse/shared/config"
	"rouse/shared/incident"
)

// webhook is what Alertmanager sends ("Configuration", webhook_config), as far
// as we read it.
type webhook struct {
	Version     string            `json:"version"`
	GroupLabels map[string]string `json:"groupLabels"`
	Alerts      []struct {
		Status      string            `json:"status"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		StartsAt    time.Time         `json:"startsAt"`
		EndsAt      time.Time         `json:"endsAt"`
		Fingerprint string            `json:"fingerprint"`
	} `json:"alerts"`
}

// alertmanager reads a group of alerts. They belong together as Alertmanager
// groups them.
func (h *Hook) alertmanager(m config.Monitor, body []byte) ([]incident.Alert, error) {
	var w webhook
	if err := json.Unmarshal(body, &w); err != nil {
		return nil, errors.New("this is not what Alertmanager's webhook sends: no JSON of that shape")
	}
	switch {
	case w.Version != "4":
		return nil, fmt.Errorf("this is not what Alertmanager's webhook sends: want version \"4\", got %.10q", w.Version)
	case len(w.Alerts) == 0:
		return nil, errors.New("there are no alerts in it")
	}
	group := labels(w.GroupLabels)
	var all []incident.Alert
	now := h.Clock.Now()
	for i, x := range w.Alerts {
		name := x.Labels["alertname"]
		if name == "" || x.Status != "firing" && x.Status != "resolved" {
			return nil, fmt.Errorf("alert %d has no label alertname, or is neither firing nor resolved", i+1)
		}
		fingerprint := x.Fingerprint
		if fingerprint == "" {
			sum := sha256.Sum256([]byte(labels(x.Labels)))
			fingerprint = hex.EncodeToString(sum[:8])
		}
		a := incident.Alert{
			Source: m.ID, Name: name + "#" + fingerprint, Title: name, Group: cmp.Or(group, name),
			State: incident.AlertFailing, Severity: severity(x.Labels["severity"], m), Capability: h.capability(x.Labels["capability"], m),
			Why:   cmp.Or(x.Annotations["summary"], x.Annotations["description"], x.Annotations["message"], labels(x.Labels)),
			Since: x.StartsAt, At: now,
			// It is sent again while it fires, which reopens what somebody took
			// for over.
			ID: fmt.Sprintf("%s/%s/firing/%s", fingerprint, x.StartsAt.UTC().Format(time.RFC3339Nano), now.UTC().Format("2006-01-02T15")),
		}
		if x.Status == "resolved" {
			a.State, a.Since = incident.AlertWell, x.EndsAt
			a.Why = "resolved: " + a.Why
			a.ID = fmt.Sprintf("%s/%s/resolved", fingerprint, x.StartsAt.UTC().Format(time.RFC3339Nano))
		}
		if a.Since.After(now) {
			a.Since = now
		}
		all = append(all, a)
	}
	return all, nil
}

// labels writes a set of labels, the same for the same set.
func labels(set map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		parts = append(parts, name+"="+set[name])
	}
	return strings.Join(parts, " ")
}

// severity is the monitor's own unless the words, which are everybody's own
// choice, are among those that most people choose.
func severity(word string, m config.Monitor) incident.Severity {
	switch strings.ToLower(word) {
	case "critical", "page", "error", "confirmed":
		return incident.Confirmed
	case "warning", "info", "none", "suspected":
		return incident.Suspected
	}
	return m.Severity
}

// capability is the one that is named if the team knows it, and otherwise the
// monitor's own: a name that is no longer right must not lose a signal.
func (h *Hook) capability(name string, m config.Monitor) string {
	for _, c := range h.Config.Capabilities {
		if c.Name == name {
			return name
		}
	}
	return m.Capability
}
