package hook

import (
	"encoding/json"
	"errors"
	"time"

	"rouse/shared/config"
	"rouse/shared/incident"
)

// alarm is what CloudWatch publishes about one ("Notifying users on alarm
// changes"), as far as we read it.
type alarm struct {
	AlarmName       string
	AlarmArn        string
	NewStateValue   string
	NewStateReason  string
	StateChangeTime string
}

// alarmTime is how CloudWatch writes times.
const alarmTime = "2006-01-02T15:04:05.000-0700"

func (h *Hook) cloudwatch(m config.Monitor, message []byte) (incident.Alert, error) {
	var a alarm
	if err := json.Unmarshal(message, &a); err != nil || a.AlarmName == "" {
		return incident.Alert{}, errors.New("the topic's message is no CloudWatch alarm")
	}
	states := map[string]incident.AlertState{
		"ALARM": incident.AlertFailing, "INSUFFICIENT_DATA": incident.AlertUnknown, "OK": incident.AlertWell,
	}
	state, ok := states[a.NewStateValue]
	if !ok {
		return incident.Alert{}, errors.New("the alarm is in no state that CloudWatch documents")
	}
	changed, err := time.Parse(alarmTime, a.StateChangeTime)
	if err != nil {
		return incident.Alert{}, errors.New("the alarm does not say when its state changed")
	}
	why := a.NewStateReason
	if state == incident.AlertUnknown {
		why = "insufficient data: " + why
	}
	return incident.Alert{
		Source: m.ID, Name: a.AlarmName, ID: a.AlarmArn + "/" + a.StateChangeTime + "/" + a.NewStateValue,
		State: state, Severity: m.Severity, Capability: m.Capability, Why: why, Since: changed, At: h.Clock.Now(),
	}, nil
}
