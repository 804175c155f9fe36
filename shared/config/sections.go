package config

// A section is a kind of mapping in the file: the keys it may have, in the
// order in which they are explained, and those it must.
type section struct {
	keys     []string
	required []string
	examples map[string]string // of the required keys
}

// sections is all that rouse.yaml can say; rouse.schema.json says the same to
// editors, and a test keeps the two together.
var sections = map[string]section{
	"rouse": {
		keys: []string{"service", "responders", "schedules", "policies", "capabilities", "checks", "monitors", "maintenance", "customers",
			"inbox", "coverage", "drill", "watch", "links", "sms", "desk", "incidents", "status_page"},
		required: []string{"service", "responders"},
		examples: map[string]string{
			"service":    `the name of what is watched, like service: Newsroom`,
			"responders": `the people who can be paged, like responders: {ana: {phone: "+13105550100"}}`,
		},
	},
	"responder": {keys: []string{"name", "zone", "phone", "email", "contact", "away"}},
	"contact": {
		keys:     []string{"channel", "after"},
		required: []string{"channel"},
		examples: map[string]string{"channel": "channel: sms or channel: email"},
	},
	"away": {keys: []string{"from", "to", "why", "ics"}},
	"schedule": {
		keys:     []string{"zone", "layers", "overrides"},
		required: []string{"zone"},
		examples: map[string]string{"zone": "the zone of its handoffs, like zone: America/Chicago"},
	},
	"layer": {
		keys:     []string{"name", "rotation", "every", "start", "during"},
		required: []string{"rotation", "every", "start"},
		examples: map[string]string{
			"rotation": "who takes turns, like rotation: [ana, bo]",
			"every":    "the length of a turn, like every: 1w",
			"start":    "the first handoff, like start: 2026-11-02T09:00",
		},
	},
	"member": {
		keys:     []string{"who", "from", "to"},
		required: []string{"who"},
		examples: map[string]string{"who": "who: ana"},
	},
	"during": {keys: []string{"days", "from", "to", "zone"}},
	"override": {
		keys:     []string{"who", "from", "to", "why"},
		required: []string{"who", "from", "to"},
		examples: map[string]string{
			"who":  "who: ana",
			"from": "from: 2026-12-01T17:00",
			"to":   "to: 2026-12-02T01:00",
		},
	},
	"policy": {
		keys:     []string{"steps", "repeat_from", "check_in"},
		required: []string{"steps"},
		examples: map[string]string{"steps": "steps: [{page: [everyone], wait: 5m}]"},
	},
	"step": {
		keys:     []string{"name", "page", "wait"},
		required: []string{"page"},
		examples: map[string]string{"page": "whom it pages, like page: [schedule/primary] or page: [everyone]"},
	},
	"capability": {keys: []string{"words", "policy"}},
	"check": {
		keys: []string{"capability", "every", "timeout", "http", "flow", "tcp", "tls", "dns", "heartbeat", "verdict"},
	},
	"http": {
		keys:     []string{"url", "method", "headers", "body", "form", "basic", "bearer", "redirects", "addresses", "expect"},
		required: []string{"url"},
		examples: map[string]string{"url": `url: "https://app.example.com/login"`},
	},
	"flow_step": {
		keys:     []string{"name", "url", "method", "headers", "body", "form", "basic", "bearer", "redirects", "expect", "capture"},
		required: []string{"name", "url"},
		examples: map[string]string{"name": "name: sign in", "url": `url: "https://app.example.com/login"`},
	},
	"capture": {keys: []string{"json", "field", "header", "matches"}},
	"basic": {
		keys:     []string{"user", "secret"},
		required: []string{"user", "secret"},
		examples: map[string]string{
			"user":   "user: probe",
			"secret": "the name of the password, like secret: probe-password",
		},
	},
	"tcp": {
		keys:     []string{"address", "tls", "send", "expect", "addresses"},
		required: []string{"address"},
		examples: map[string]string{"address": "address: mail.example.com:25"},
	},
	"tls": {
		keys:     []string{"address", "name", "days_left", "addresses"},
		required: []string{"address"},
		examples: map[string]string{"address": "address: mail.example.com:465"},
	},
	"dns": {
		keys:     []string{"name", "record", "resolver", "exactly", "among", "includes"},
		required: []string{"name", "record"},
		examples: map[string]string{"name": "name: app.example.com", "record": "record: A"},
	},
	"heartbeat": {
		keys:     []string{"every", "grace", "secret"},
		required: []string{"every", "grace", "secret"},
		examples: map[string]string{
			"every":  "how often the job runs, like every: 1d",
			"grace":  "how late it may be, like grace: 1h",
			"secret": "the name of a secret of which the job's URL is made, like secret: beats",
		},
	},
	"monitor": {
		keys:     []string{"kind", "secret", "capability", "severity"},
		required: []string{"kind"},
		examples: map[string]string{"kind": "what it speaks, like kind: alertmanager"},
	},
	"expect": {keys: []string{"status", "body", "matches", "json", "headers", "days_left", "within"}},
	"json_test": {
		keys:     []string{"path", "is", "matches", "at_least", "at_most"},
		required: []string{"path"},
		examples: map[string]string{"path": "path: data.items[0].name"},
	},
	"verdict": {keys: []string{"healthy", "sick", "threshold", "span"}},
	"window": {
		keys:     []string{"checks", "days", "from", "to", "zone", "why"},
		required: []string{"from", "to", "zone", "why"},
		examples: map[string]string{
			"from": `from: 2026-12-05T22:00, or with days: from: "03:00"`,
			"to":   `to: 2026-12-06T02:00, or with days: to: "05:00"`,
			"zone": "by whose clock it is, like zone: America/Chicago",
			"why":  "the reason, like why: the database moves",
		},
	},
	"inbox": {
		keys:     []string{"address", "via", "team", "reply_from", "answer_within", "rule_set", "languages"},
		required: []string{"address"},
		examples: map[string]string{"address": "the address that gets a copy of customers' mail, like address: alerts@in.example.com"},
	},
	"language": {keys: []string{"common", "words"}},
	"coverage": {keys: []string{"owner", "gate", "horizon", "schedules", "accept"}},
	"accept": {
		keys:     []string{"from", "to", "why"},
		required: []string{"from", "to", "why"},
		examples: map[string]string{
			"from": "from: 2026-12-24T18:00",
			"to":   "to: 2026-12-25T09:00",
			"why":  "the reason, like why: the newsrooms are closed",
		},
	},
	"drill": {
		keys:     []string{"days", "at", "zone", "schedule", "within"},
		required: []string{"days", "at"},
		examples: map[string]string{"days": "the days, like days: wed", "at": `the time, like at: "11:00"`},
	},
	"watch": {keys: []string{"off", "ping"}},
	"status_page": {
		keys:     []string{"title"},
		examples: map[string]string{"title": "title: Newsroom status"},
	},
	"links": {
		keys:     []string{"domain"},
		required: []string{"domain"},
		examples: map[string]string{"domain": "domain: r.example.com"},
	},
	"sms": {
		keys:     []string{"number"},
		required: []string{"number"},
		examples: map[string]string{"number": `number: "+18885550100"`},
	},
	"desk":      {keys: []string{"share_evidence", "language", "templates", "answers_per_hour"}},
	"templates": {keys: []string{"words_of_it", "received", "called", "taken", "recovered", "relapsed", "closing", "words", "signature", "somebody"}},
	"incidents": {keys: []string{"quiet_time"}},
}
