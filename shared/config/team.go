package config

import (
	"rouse/shared/escalation"
	"rouse/shared/loop"
	"rouse/shared/mail"
)

// Team returns what decisions rest on, as far as the file says it.
func (c *Config) Team() loop.Team {
	t := loop.Team{
		Team:      escalation.Team{Rota: c.Rota, People: c.People()},
		PolicyFor: c.Policy,
		Quiet:     c.QuietTime,
	}
	if c.Inbox != nil {
		t.AnswerWithin = c.Inbox.AnswerWithin
	}
	return t
}

// Us returns what a reader of mail must know about its own side. The zero Us
// if there is no inbox.
func (c *Config) Us() mail.Us {
	if c.Inbox == nil {
		return mail.Us{}
	}
	us := mail.Us{Addresses: []string{c.Inbox.Address}, Team: c.Inbox.Team, Via: mail.Via(c.Inbox.Via)}
	if c.Inbox.ReplyFrom != "" {
		us.Addresses = append(us.Addresses, c.Inbox.ReplyFrom)
	}
	us.IDDomain = mail.Address{Address: c.Inbox.Address}.Domain()
	return us
}
