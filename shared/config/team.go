package config

import (
	"slices"
	"time"

	"rouse/shared/check"
	"rouse/shared/escalation"
	"rouse/shared/loop"
)

// Team returns what decisions rest on, as far as the file says it.
func (c *Config) Team() loop.Team {
	t := loop.Team{
		Team:      escalation.Team{Rota: c.Rota, People: c.People()},
		PolicyFor: c.Policy,
		Quiet:     c.QuietTime,
		Mutes:     c.Maintenance,
		Watches: func(name string) bool {
			return slices.ContainsFunc(c.Checks, func(k check.Check) bool { return k.Name == name })
		},
	}
	if c.Inbox != nil {
		t.AnswerWithin = c.Inbox.AnswerWithin
	}
	return t
}

// Zone is by whose clock things are told that have no reader of their own: the
// coverage owner's, or UTC.
func (c *Config) Zone() *time.Location {
	if owner, ok := c.Responders[c.Coverage.Owner]; ok {
		return owner.Zone
	}
	return time.UTC
}
