package config

import (
	"slices"
	"time"

	"rouse/shared/check"
	"rouse/shared/incident"
)

// A Monitor is another one than ours, whose word is believed.
type Monitor struct {
	ID         string
	Kind       MonitorKind
	Secret     string            // name of what it proves itself by; "" for CloudWatch, which IAM lets in
	Capability string            // of what it says where it names none; "" for none
	Severity   incident.Severity // of what it says where it says none
}

// A MonitorKind is what a monitor speaks.
type MonitorKind string

const (
	Alertmanager MonitorKind = "alertmanager" // Prometheus Alertmanager's webhook, version 4
	JSON         MonitorKind = "json"         // a signal of our own shape
	CloudWatch   MonitorKind = "cloudwatch"   // alarms, through an SNS topic
)

// Monitor returns the monitor of that id.
func (c *Config) Monitor(id string) (Monitor, bool) {
	i := slices.IndexFunc(c.Monitors, func(m Monitor) bool { return m.ID == id })
	if i < 0 {
		return Monitor{}, false
	}
	return c.Monitors[i], true
}

// Hooks reports whether anybody calls us: by HTTP, and by a topic.
func (c *Config) Hooks() (http, topics bool) {
	http = slices.ContainsFunc(c.Checks, func(k check.Check) bool { return k.Heartbeat != nil })
	for _, m := range c.Monitors {
		http = http || m.Kind != CloudWatch
		topics = topics || m.Kind == CloudWatch
	}
	return http, topics
}

// HookSecrets lists the names of the secrets by which they prove themselves,
// each once.
func (c *Config) HookSecrets() []string {
	var names []string
	for _, k := range c.Checks {
		if k.Heartbeat != nil {
			names = append(names, k.Heartbeat.Secret)
		}
	}
	for _, m := range c.Monitors {
		if m.Secret != "" {
			names = append(names, m.Secret)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (b *builder) monitors(v value) {
	for _, e := range v.entries("monitor", MonitorsMax) {
		f := e.value.fields("monitor")
		if !f.valid() {
			continue
		}
		m := Monitor{ID: e.id, Severity: incident.Confirmed}
		m.Kind = MonitorKind(f.get("kind").oneOf(string(Alertmanager), string(CloudWatch), string(JSON)))
		if capability := f.get("capability"); capability.present() {
			m.Capability = capability.reference("capability", b.capabilityIDs)
		}
		if severity := f.get("severity"); severity.present() {
			m.Severity = incident.Severity(severity.oneOf(string(incident.Suspected), string(incident.Confirmed)))
		}
		secret := f.get("secret")
		if secret.present() {
			m.Secret = secret.secret()
		}
		switch {
		case m.Kind == CloudWatch && secret.present():
			secret.fault("proves nothing here, as alarms come through a topic that lets in this account alone; remove it")
		case m.Kind != CloudWatch && m.Kind != "" && !secret.present():
			f.fault("has no secret, so that anybody could wake you; add the name of one, like secret: %s", "monitors")
		}
		b.c.Monitors = append(b.c.Monitors, m)
	}
}

// Bounds of how often a job runs.
const (
	beatEveryMin = time.Minute
	beatEveryMax = 31 * day
)

func heartbeat(v value) *check.Heartbeat {
	f := v.fields("heartbeat")
	if !f.valid() {
		return nil
	}
	h := &check.Heartbeat{}
	if every := f.get("every"); every.present() {
		h.Every = every.duration(beatEveryMin, beatEveryMax)
	}
	if grace := f.get("grace"); grace.present() {
		h.Grace = grace.duration(beatEveryMin, beatEveryMax)
	}
	if secret := f.get("secret"); secret.present() {
		h.Secret = secret.secret()
	}
	return h
}
