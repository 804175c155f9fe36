package config

import (
	"slices"
	"strings"
	"time"

	"rouse/shared/escalation"
	"rouse/shared/oncall"
)

func (b *builder) responders(v value) {
	b.c.Responders = map[string]Responder{}
	b.c.Rota.People = map[string]oncall.Person{}
	phones := map[string]string{}
	entries := v.entries("responder", RespondersMax)
	if len(entries) == 0 && v.present() && len(v.n.Content) == 0 {
		v.fault("names nobody, so nobody could be paged; add ana: {phone: \"+13105550100\"}")
	}
	for _, e := range entries {
		if e.id == "everyone" {
			e.key.fault("%q has a meaning of its own here; give the responder another id", e.id)
		}
		b.people = append(b.people, e.id)
		f := e.value.fields("responder")
		if !f.valid() {
			continue
		}
		p := Responder{ID: e.id, Name: e.id, Zone: time.UTC}
		if name := f.get("name").textOf(NameBytesMax); name != "" {
			p.Name = name
		}
		zone := f.get("zone").zone()
		if zone != nil {
			p.Zone = zone
		}
		p.Phone = f.get("phone").phone()
		if other, taken := phones[p.Phone]; taken && p.Phone != "" {
			f.get("phone").fault("is also %s's number, so an answer from it would not tell who it is; give each their own", other)
		}
		phones[p.Phone] = e.id
		p.Email = f.get("email").email()
		if !f.get("phone").present() && !f.get("email").present() {
			e.key.fault("has neither phone nor email, so no page can reach them; add phone: \"+13105550100\"")
		}
		p.Contact = b.contacts(e.id, f)
		b.c.Responders[e.id] = p
		b.c.Rota.People[e.id] = oncall.Person{Name: p.Name, Zone: zone, Away: b.away(e.id, f.get("away"), p.Zone)}
	}
}

// contacts reads how somebody wants to be paged, or fills in the obvious.
func (b *builder) contacts(id string, f fields) []escalation.Contact {
	has := map[escalation.Channel]string{escalation.SMS: "phone", escalation.Email: "email"}
	var rules []escalation.Contact
	if !f.get("contact").present() {
		for _, channel := range []escalation.Channel{escalation.SMS, escalation.Email} {
			if f.get(has[channel]).present() {
				rules = append(rules, escalation.Contact{Channel: channel})
			}
		}
		return rules
	}
	for _, v := range f.get("contact").some("{channel: sms}", ContactsMax) {
		rule := v.fields("contact")
		if !rule.valid() {
			continue
		}
		channel := rule.get("channel")
		if channel.present() && channel.n.Value == "voice" {
			channel.fault("voice is not there yet; write sms or email")
			continue
		}
		before := len(v.r.faults.List)
		c := escalation.Contact{
			Channel: escalation.Channel(channel.oneOf("sms", "email")),
			After:   rule.get("after").duration(0, ContactAfterMax),
		}
		if needs := has[c.Channel]; needs != "" && !f.get(needs).present() {
			channel.fault("%s needs %s, which this responder does not have; add it or remove the rule", c.Channel, needs)
		}
		if slices.Contains(rules, c) && len(v.r.faults.List) == before {
			v.fault("says the same as a rule before it; remove it or give it another after")
		}
		rules = append(rules, c)
		if c.After > 0 {
			b.delays = append(b.delays, placedDelay{id, rule.get("after"), c.After})
		}
	}
	slices.SortStableFunc(rules, func(a, b escalation.Contact) int { return int(a.After - b.After) })
	if len(rules) > 0 && rules[0].After > 0 {
		f.get("contact").fault("the first page would leave only after %s; let one rule have no after", durationText(rules[0].After))
	}
	return rules
}

// phone reads an E.164 number. No fault repeats it: faults reach logs.
func (v value) phone() string {
	s, ok := v.raw(`like "+13105550100"`)
	if !ok {
		return ""
	}
	digits := strings.TrimPrefix(s, "+")
	if digits == s || len(digits) < 8 || len(digits) > 15 || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
		v.fault(`is not an international (E.164) number; write +, the country code and the digits alone, like "+13105550100"`)
		return ""
	}
	return s
}

// email reads a plain address, as user@example.com.
func (v value) email() string {
	s, ok := v.raw("like ana@example.com")
	if !ok {
		return ""
	}
	const atoms = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~."
	local, domain, found := strings.Cut(s, "@")
	switch {
	case !found, local == "", len(local) > 64, strings.Trim(local, atoms) != "",
		local[0] == '.', local[len(local)-1] == '.', strings.Contains(local, ".."), !isDomain(domain):
		v.fault("is not an e-mail address; write it plainly, like ana@example.com")
		return ""
	}
	return local + "@" + strings.ToLower(domain)
}

// domain reads the name of a host, and returns it in small letters.
func (v value) domain() string {
	s, ok := v.raw("like example.com")
	if !ok {
		return ""
	}
	if strings.Contains(s, "@") {
		v.fault("%q is an address where a domain belongs; write only what follows the @", s)
		return ""
	}
	if !isDomain(s) {
		v.fault("%q is not a domain; write it like example.com, without https:// and without a path", s)
		return ""
	}
	return strings.ToLower(s)
}

// isDomain reports whether s is a host name of at least two labels (RFC 1123).
func isDomain(s string) bool {
	labels := strings.Split(strings.ToLower(s), ".")
	if len(s) > 253 || len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' ||
			strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != "" // not an IPv4 address
}
