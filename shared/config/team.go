package config

import (
	"crypto/sha256"
	"encoding/hex"
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
		Config:    c.Digest(),
		Watches: func(name string) bool {
			return slices.ContainsFunc(c.Checks, func(k check.Check) bool { return k.Name == name })
		},
	}
	if c.Inbox != nil {
		t.AnswerWithin = c.Inbox.AnswerWithin
	}
	return t
}

// digestBytes is how much of a SHA-256 tells a team's configurations apart.
const digestBytes = 6

// Digest tells this file from others, the times of its calendars included: a
// function and a terminal that read the same have the same.
func (c *Config) Digest() string {
	text, err := c.Expanded()
	if err != nil {
		text = c.text
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:digestBytes])
}

// Zone is by whose clock things are told that have no reader of their own: the
// coverage owner's, or UTC.
func (c *Config) Zone() *time.Location {
	if owner, ok := c.Responders[c.Coverage.Owner]; ok {
		return owner.Zone
	}
	return time.UTC
}
