package config

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

	"rouse/shared/check"
	"rouse/shared/secret"
)

func (b *builder) checks(v value) {
	for _, e := range v.entries("check", ChecksMax) {
		f := e.value.fields("check")
		if !f.valid() {
			continue
		}
		c := check.Check{Name: e.id}
		if capability := f.get("capability"); capability.present() {
			c.Capability = capability.reference("capability", b.capabilityIDs)
		}
		c.Every, c.Timeout = times(f)
		kind(f)
		c.HTTP = request(f.get("http"), c)
		c.Flow = flow(f.get("flow"), c)
		c.TCP = tcp(f.get("tcp"))
		c.TLS = handshake(f.get("tls"))
		c.DNS = question(f.get("dns"))
		if c.Heartbeat = heartbeat(f.get("heartbeat")); c.Heartbeat != nil && c.Every == 0 {
			c.Every = time.Minute // a job that is late is late by minutes
		}
		c.Verdict = verdict(f.get("verdict"))
		if b.c.QuietTime != QuietTimeDefault {
			// Quiet must hold a few samples, as in check.Rule.
			c.Verdict.Quiet = max(b.c.QuietTime, 12*c.Interval())
		}
		b.c.Checks = append(b.c.Checks, c)
	}
}

// kinds are what can be checked.
var kinds = []string{"http", "flow", "tcp", "tls", "dns", "heartbeat"}

// kind finds fault with a check of no kind and with one of several.
func kind(f fields) {
	var given []string
	for _, k := range kinds {
		if f.get(k).present() {
			given = append(given, k)
		}
	}
	switch {
	case len(given) == 0:
		f.fault("does not say what is checked; add one of %s, like http: {url: \"https://app.example.com/\"}", strings.Join(kinds, ", "))
	case len(given) > 1:
		f.get(given[1]).fault("is one kind too many beside %s; write a check of its own for it", given[0])
	}
}

// times reads how often a check is sampled and how long a sample may take.
// Samples stand on a grid within a minute's run, and the last one of the
// minute must be able to end in it.
func times(f fields) (every, timeout time.Duration) {
	v := f.get("every")
	if v.present() {
		every = v.duration(EveryMin, EveryMax)
		if every > 0 && time.Minute%every != 0 && every%time.Minute != 0 {
			v.fault("%s does not divide a minute, so samples would be uneven; write 5s, 10s, 15s, 20s, 30s or whole minutes", durationText(every))
		}
	}
	interval := check.Check{Every: every}.Interval()
	most := min(interval, TimeoutMax)
	if v := f.get("timeout"); v.present() {
		timeout = v.duration(TimeoutMin, TimeoutMax)
		if timeout > most {
			v.fault("a sample that begins %s before the minute's end cannot take %s; write at most %s, or a longer every",
				durationText(min(interval, time.Minute)), durationText(timeout), durationText(most))
		}
	}
	return every, timeout
}

func request(v value, c check.Check) *check.HTTP {
	f := v.fields("http")
	if !f.valid() {
		return nil
	}
	h := message(f, c.Deadline(), captured{})
	h.Addresses = addresses(f.get("addresses"))
	return &h
}

// message reads a request and what must come back within the time.
func message(f fields, timeout time.Duration, known captured) check.HTTP {
	h := check.HTTP{URL: f.get("url").url(known)}
	if m := f.get("method"); m.present() {
		h.Method = m.oneOf("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
	}
	h.Headers = headers(f.get("headers"), known)
	body, form := f.get("body"), f.get("form")
	if body.present() {
		h.Body = body.lines(BodyBytesMax)
		body.refs(known)
	}
	if form.present() {
		h.Form = formFields(form, known)
		if body.present() {
			form.fault("is one body too many beside body; keep one of them")
		}
	}
	for _, v := range []value{body, form} {
		if v.present() && (h.Method == "" || h.Method == "GET" || h.Method == "HEAD") {
			v.fault("a GET or HEAD request carries no body; write method: POST, or remove it")
		}
	}
	authorize(f, &h)
	if r := f.get("redirects"); r.present() {
		h.Redirects = r.number(0, redirectsMax)
		if h.Redirects == 0 {
			h.Redirects = -1
		}
	}
	h.Expect = expect(f.get("expect"), timeout, &h)
	return h
}

// authorize reads by what secret h is let in.
func authorize(f fields, h *check.HTTP) {
	basic, bearer := f.get("basic"), f.get("bearer")
	if b := basic.fields("basic"); b.valid() {
		h.Basic = &check.Basic{User: b.get("user").text(), Secret: b.get("secret").secret()}
		if strings.Contains(h.Basic.User, ":") {
			b.get("user").fault("has a colon in it, which ends a user's name; write it without")
		}
	}
	if bearer.present() {
		h.Bearer = bearer.secret()
	}
	var given []string
	for name := range h.Headers {
		if strings.EqualFold(name, "Authorization") {
			given = append(given, "the header "+name)
		}
	}
	for key, v := range map[string]value{"basic": basic, "bearer": bearer} {
		if v.present() {
			given = append(given, key)
		}
	}
	if len(given) > 1 {
		slices.Sort(given)
		f.fault("says in %d ways by what right it asks (%s); keep one", len(given), strings.Join(given, ", "))
	}
}

// secret reads the name of a secret.
func (v value) secret() string {
	s, ok := v.raw("the name of a secret, like probe-password")
	if ok && !secret.Well(s) {
		v.fault("%q is not the name of a secret; write up to 32 small letters, digits and -, beginning with a letter, and keep the secret itself in the SSM parameter %s", s, secret.Parameter("NAME"))
		return ""
	}
	return s
}

// captured are the values of a flow's steps: those of earlier steps, which may
// be used, and those of later ones, which may not yet.
type captured struct{ earlier, later []string }

// refs finds fault with references in a text to what is not there.
func (v value) refs(known captured) {
	refs, err := check.Refs(v.n.Value)
	if err != nil {
		v.fault("has {{ without a reference; %v", err)
	}
	for _, r := range refs {
		switch {
		case r.Secret && !secret.Well(r.Name):
			v.fault("%s: %q is not the name of a secret; write up to 32 small letters, digits and -, beginning with a letter", r, r.Name)
		case r.Secret || slices.Contains(known.earlier, r.Name):
		case slices.Contains(known.later, r.Name):
			v.fault("%s is captured by this step or a later one, so that it has no value yet; capture it in an earlier step", r)
		case len(known.earlier) == 0:
			v.fault("%s was captured by no step before; a secret is written {{secret:%s}}", r, r.Name)
		default:
			v.fault("%s was captured by no step before; %s", r, Suggest(r.Name, known.earlier))
		}
	}
}

// formFields reads names and values of a form.
func formFields(v value, known captured) map[string]string {
	if !v.kind(yaml.MappingNode, "like {user: probe}") {
		return nil
	}
	all := map[string]string{}
	for _, e := range v.pairs() {
		_, twice := all[e.id]
		switch {
		case e.key.n.Kind != yaml.ScalarNode || e.id == "" || len(e.id) > TextBytesMax:
			e.key.fault("is not the name of a form field; write it as the form does")
		case twice:
			e.key.fault("is given twice; keep one")
		case len(all) == formFieldsMax:
			e.key.fault("is one field too many; at most %d are sent", formFieldsMax)
			return all
		}
		s, ok := e.value.raw("some text")
		if len(s) > BodyBytesMax {
			e.value.fault("has %d bytes; at most %d are read", len(s), BodyBytesMax)
		}
		if ok {
			e.value.refs(known)
		}
		all[e.id] = s
	}
	return all
}

const formFieldsMax = 50

const redirectsMax = 20

// headers reads names and values of request headers.
func headers(v value, known captured) map[string]string {
	all := map[string]string{}
	for _, e := range headerPairs(v, "like {Accept: text/html}") {
		all[e.id] = e.value.lines(BodyBytesMax)
		e.value.refs(known)
		if strings.ContainsAny(all[e.id], "\r\n") {
			e.value.fault("has a line break in it, which a header cannot carry; write one line")
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// headerPairs reads a set of keys that are names of headers.
func headerPairs(v value, example string) []entry {
	if !v.kind(yaml.MappingNode, example) {
		return nil
	}
	var all []entry
	var seen []string
	pairs := v.pairs()
	if len(pairs) > HeadersMax {
		pairs[HeadersMax].key.fault("is one header too many; at most %d are read", HeadersMax)
		pairs = pairs[:HeadersMax]
	}
	for _, e := range pairs {
		name := strings.ToLower(e.id)
		switch {
		case e.key.n.Kind != yaml.ScalarNode || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~") != "":
			e.key.fault("is not the name of a header; write it like X-Api-Version")
		case slices.Contains(seen, name):
			e.key.fault("is given twice; keep one")
		default:
			all = append(all, e)
		}
		seen = append(seen, name)
	}
	return all
}

// addresses reads which of a host's addresses are tried.
func addresses(v value) check.Addresses {
	if !v.present() {
		return check.AnyAddress
	}
	return check.Addresses(v.oneOf(string(check.AllAddresses), string(check.AllIPv4)))
}

func verdict(v value) (p check.Params) {
	f := v.fields("verdict")
	if !f.valid() {
		return p
	}
	p.Healthy = f.get("healthy").decimal(0.0001, 0.1)
	p.Sick = f.get("sick").decimal(0.05, 0.9)
	p.Threshold = f.get("threshold").decimal(6, 60)
	if span := f.get("span"); span.present() {
		p.Span = span.duration(5*time.Second, 10*time.Minute)
	}
	healthy, sick := or(p.Healthy, 0.005), or(p.Sick, 0.3)
	if sick < 3*healthy {
		f.fault("a check that fails %g of the time is not told from one that fails %g; write a sick of at least three times healthy", sick, healthy)
	}
	return p
}

func or(x, otherwise float64) float64 {
	if x == 0 {
		return otherwise
	}
	return x
}

// url reads an absolute http or https URL, of which references may be a part.
func (v value) url(known captured) string {
	s, ok := v.raw(`like "https://app.example.com/login"`)
	if !ok {
		return ""
	}
	v.refs(known)
	refs, _ := check.Refs(s)
	if len(refs) == 1 && s == refs[0].String() {
		if refs[0].Secret {
			v.fault("is a secret as a whole; write the scheme and the host out, like https://app.example.com/%s", s)
		}
		return s // an address that a page gives
	}
	filled := check.Fill(s, func(check.Ref) string { return placeholder })
	u, err := url.Parse(filled)
	switch {
	case err != nil || strings.ContainsAny(s, " \t\r\n"):
		v.fault("is not a URL; write it like https://app.example.com/login")
	case u.Scheme == "" || u.Host == "" && !strings.Contains(s, "://"):
		v.fault("%q has no scheme; write https://%s", s, strings.TrimPrefix(s, "//"))
	case u.Scheme != "http" && u.Scheme != "https":
		v.fault("%s: is not spoken by an http check; write http:// or https://", u.Scheme)
	case strings.Contains(u.Scheme+u.Host, placeholder):
		v.fault("has a reference in its host; write the host out, and references in the path and the query alone")
	case strings.ContainsFunc(u.Hostname(), func(c rune) bool { return c > unicode.MaxASCII }):
		v.fault("has letters in its host that DNS does not carry; write the host's ASCII form, like xn--bcher-kva.example")
	case u.Hostname() == "":
		v.fault("%q has no host; write it like https://app.example.com/login", s)
	case u.Port() != "" && !validPort(u.Port()):
		v.fault("%s is not a port; write one from 1 to 65535", u.Port())
	case u.User != nil:
		v.fault("carries a user name or a password, and this file goes with every function in the clear; remove it, and name the password with basic: {user: …, secret: …}")
	case len(s) > BodyBytesMax:
		v.fault("has %d bytes; at most %d are read", len(s), BodyBytesMax)
	}
	return s
}

// placeholder stands for a reference while the text around it is judged.
const placeholder = "reference-0"

func validPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 1 && n <= 65535
}

// lines reads text that may have line breaks.
func (v value) lines(bytesMax int) string {
	s, ok := v.raw("some text")
	switch {
	case !ok:
		return ""
	case s == "":
		v.fault("is empty; write something or remove the line")
	case len(s) > bytesMax:
		v.fault("has %d bytes; at most %d are read", len(s), bytesMax)
	}
	return s
}
