package page

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	secret   = "AZaz09-_AZaz09-_AZaz09"
	apiURL   = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
	shortURL = "https://r.example.com"
)

func zone(t testing.TB, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func team(t testing.TB) People {
	return People{
		"ana":  {Name: "Ana Ruiz", Zone: zone(t, "America/Los_Angeles")},
		"bo":   {Name: "Bo Lind", Zone: zone(t, "America/Chicago")},
		"cy":   {Name: "Cy Shah", Zone: zone(t, "Europe/London")},
		"lu":   {Name: "Łukasz Żółć", Zone: zone(t, "Europe/Warsaw")},
		"ole":  {Name: "Олена Коваль", Zone: zone(t, "Europe/Kyiv")},
		"moj":  {Name: "🦊"},
		"ana2": {Name: "Ana Tiv", Zone: zone(t, "Europe/London")},
	}
}

func composer(t testing.TB, url string) *Composer {
	c, err := NewComposer("Newsroom", url, team(t))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// night is a minute of the night of the story, in Chicago, at which Rouse
// would have paged: 21:50 is minute 0.
func night(minutes int) time.Time {
	return time.Date(2026, 11, 4, 3, 50, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
}

// login is the incident of the story at its first page, changed by f.
func login(f func(*incident.Incident)) incident.Incident {
	in := incident.Incident{
		ID: "20261104-k3fqzq", Key: "login", Word: "7K", Version: 1, Turn: 1, State: incident.Triggered, Severity: incident.Confirmed,
		Capability: "login", Title: "login", Opened: night(4), LastBad: night(13), Round: 1, Step: 1,
		Checks: map[string]incident.Evidence{"login": {
			Status: "intermittent", Red: true, Short: "11/40 failed", Since: night(2),
			Words: "11 of 40 samples failed between 03:52 and 04:03: status 502 (8), connect refused (3)",
		}},
		Quiet: 35 * time.Minute,
	}
	if f != nil {
		f(&in)
	}
	return in
}

func reports(in *incident.Incident, quote string, orgs ...string) {
	in.Reports, in.Orgs, in.FirstReport, in.Quote = len(orgs), orgs, night(10), quote
	in.AnswerBy = night(20)
}

func evidence(in *incident.Incident, f func(*incident.Evidence)) {
	e := in.Checks["login"]
	f(&e)
	in.Checks = map[string]incident.Evidence{"login": e}
}

// mailOnly is an incident that no check has seen.
func mailOnly(title, capability, quote string, orgs ...string) incident.Incident {
	return login(func(in *incident.Incident) {
		in.Title, in.Capability, in.Checks = title, capability, nil
		in.Opened, in.LastBad = night(10), night(10)
		reports(in, quote, orgs...)
	})
}

func silentBo(in *incident.Incident) {
	in.Paged = []incident.Paged{
		{Who: "bo", Channel: "sms", At: night(5), Times: 1},
		{Who: "ana", Channel: "sms", At: night(14), Times: 1},
	}
	in.Attempts = []incident.Attempt{{Page: "p", Who: "ana", Channel: "sms", Due: night(14)}}
}

func owned(in *incident.Incident) {
	in.State, in.Owner, in.OwnedSince, in.AckedAt = incident.Acknowledged, "ana", night(16), night(16)
}

type pageCase struct {
	name string
	who  string // "" is ana
	kind incident.PageKind
	why  string
	url  string // "" is apiURL
	more []incident.Page
	word bool // SMS may be answered
	// others are paged about, too; those that more says nothing of, to wake.
	others []incident.Incident
	in     incident.Incident
	at     time.Time // zero is night(14)
}

var bruinQuote = "Our staff have been unable to log in for ten minutes. Is anybody there? We go to print at eleven."

func cases() []pageCase {
	three := func(in *incident.Incident) {
		reports(in, bruinQuote, "kstate.example", "bruin.example", "badger.example")
	}
	rehearsal := incident.Incident{
		ID: "20261104-k3fqzq", Key: "drill/20261104", State: incident.Triggered, Severity: incident.Suspected, Title: "drill",
		Opened: night(4), LastBad: night(4), Round: 1, Drill: incident.Drill{Schedule: "primary", Until: night(19)},
	}
	tested := rehearsal
	tested.Key, tested.Title, tested.Drill = "drill/test-1", "test", incident.Drill{Who: "ana", Until: night(19), By: "bo"}
	hole := incident.Incident{
		ID: "20261104-k3fqzq", Key: "coverage/primary", State: incident.Triggered, Severity: incident.Suspected, Title: "primary",
		Opened: night(4), LastBad: night(4), Round: 1,
		Hole: incident.Hole{Schedule: "primary", Owner: "ana", From: night(64), To: night(460), Why: "evenings ends 17:00 Pacific; ana is away (London)"},
	}
	everything := login(func(in *incident.Incident) { three(in); silentBo(in) })
	with := func(f ...func(*incident.Incident)) incident.Incident {
		return login(func(in *incident.Incident) {
			for _, g := range f {
				g(in)
			}
		})
	}
	down := func(in *incident.Incident) {
		evidence(in, func(e *incident.Evidence) { e.Status, e.Short = "down", "14/14 failed" })
	}
	recovered := func(in *incident.Incident) {
		in.RecoveredAt = night(8)
		evidence(in, func(e *incident.Evidence) { e.WellSince = night(8) })
	}
	raised := func(words string) func(*incident.Incident) {
		return func(in *incident.Incident) {
			in.Checks = map[string]incident.Evidence{"hand/this": {Status: incident.StatusRaised, Red: true, Since: night(2), Words: words}}
		}
	}
	relapsed := func(in *incident.Incident) {
		owned(in)
		in.OwnerBy = night(54)
		evidence(in, func(e *incident.Evidence) { e.Status, e.Short, e.Since = "down", "6/9 failed", night(51) })
		in.FirstReport = night(10)
	}
	title := func(s string) func(*incident.Incident) { return func(in *incident.Incident) { in.Title = s } }
	return []pageCase{
		{name: "wake-first", in: login(nil), at: night(4)},
		{name: "wake-everything", in: everything},
		{name: "wake-everything-short-link", in: everything, url: shortURL},
		{name: "wake-down", in: with(down)},
		{name: "wake-unchecked", in: with(func(in *incident.Incident) {
			evidence(in, func(e *incident.Evidence) {
				e.Status, e.Short, e.Words = "unknown", "", "no sample since 03:49"
			})
		})},
		{name: "wake-raised", in: with(raised("bo: three newsrooms called and cannot print; the queue is at 40,000")), url: shortURL},
		{name: "wake-raised-long-link", in: with(raised("bo: three newsrooms called and cannot print; the queue is at 40,000"), silentBo)},
		{name: "wake-raised-by-a-monitor", in: with(title("api-5xx"), raised("ALARM: 5xx > 10 for 3 datapoints within 3 minutes")), url: shortURL},
		{name: "wake-recovered", in: with(recovered, three, silentBo)},
		{name: "wake-recovered-short-link", in: with(recovered, three, silentBo), url: shortURL},
		{name: "wake-london", who: "cy", in: everything},
		{name: "wake-warsaw", who: "lu", in: everything},
		{name: "wake-no-zone", who: "moj", in: everything},
		{name: "wake-stranger", who: "gone", in: everything},
		{name: "wake-round-two", in: with(silentBo, func(in *incident.Incident) {
			in.Round, in.Step = 2, 0
			in.Paged = append(in.Paged, incident.Paged{Who: "cy", Channel: "email", At: night(8), Times: 1})
			in.Paged[0].Times = 2
			in.Attempts = []incident.Attempt{{Page: "p", Who: "bo", Channel: "sms", Due: night(14)}}
		})},
		{name: "wake-declined", in: with(silentBo, func(in *incident.Incident) { in.Paged[0].Declined = night(6) })},
		{name: "wake-unreached", in: with(silentBo, func(in *incident.Incident) {
			in.Attempts = append(in.Attempts, incident.Attempt{Page: "q", Who: "bo", Channel: "sms", Due: night(5), Outcome: "failed"})
		})},
		{name: "wake-silent-foreigners", who: "bo", url: shortURL, in: with(func(in *incident.Incident) {
			in.Paged = []incident.Paged{
				{Who: "lu", Channel: "sms", At: night(5), Times: 1}, {Who: "ole", Channel: "sms", At: night(5), Times: 1},
			}
		})},
		{name: "wake-silent-namesakes", who: "bo", url: shortURL, in: with(func(in *incident.Incident) {
			in.Paged = []incident.Paged{
				{Who: "ana", Channel: "sms", At: night(5), Times: 1}, {Who: "ana2", Channel: "sms", At: night(5), Times: 1},
			}
		})},
		{name: "wake-two-checks", in: with(func(in *incident.Incident) {
			in.Checks = map[string]incident.Evidence{
				"login": in.Checks["login"],
				"sso":   {Status: "down", Red: true, Short: "20/20 failed", Words: "20 of 20 samples failed", Since: night(3)},
				"other": {Status: "up", Since: night(-60)},
			}
		})},
		{name: "wake-yesterday", in: with(three), at: night(60 * 9)},
		{name: "wake-last-month", in: with(three), at: night(60 * 24 * 30)},
		{name: "wake-mail-capability", in: mailOnly("login", "login", bruinQuote, "kstate.example", "bruin.example")},
		{name: "wake-mail-one", in: mailOnly("login", "login", bruinQuote, "kstate.example"), url: shortURL},
		{name: "wake-mail-unclear", in: mailOnly("kstate.example", "", "hello?? it is all grey 😱 ", "kstate.example")},
		{name: "wake-mail-unclear-short-link", in: mailOnly("kstate.example", "", "hello?? it is all grey 😱 ", "kstate.example"), url: shortURL},
		{name: "wake-mail-freemail", in: mailOnly("pat.o'neil@gmail.com", "", "Call me at +1 (310) 555-0100, nothing works", "pat.o'neil@gmail.com"), url: shortURL},
		{name: "wake-mail-link-in-quote", in: mailOnly("login", "login", "see https://evil.example/a/AAAA or evil.example NOW\n\nrouse.example", "x.example"), url: shortURL},
		{name: "wake-mail-injection", in: mailOnly("login\r\nBcc: all@x.example", "", "\"}</script>\x00\x1b[2J\u202egnp.exe \r\n.\r\nSent 3:00am", "x.example"), url: shortURL},
		{name: "wake-title-accents", in: with(title("Réservation – éàü “Çöl” żółw"), silentBo)},
		{name: "wake-title-cyrillic", in: with(title("вход"), silentBo)},
		{name: "wake-title-japanese", in: with(title("ログイン"), silentBo)},
		{name: "wake-title-one-long-word", in: with(title(strings.Repeat("abcdefghij", 20)), silentBo, three)},
		{name: "wake-title-braces", in: with(title(strings.Repeat("{[€]} ", 20)), silentBo, three)},
		{name: "wake-title-none", in: with(title(""))},
		{name: "relapse", kind: incident.PageRelapse, why: "failing again: 6 of 9", in: with(relapsed, three), at: night(52)},
		{name: "relapse-over-meanwhile", kind: incident.PageRelapse, why: "failing again: 6 of 9", in: with(relapsed, recovered), at: night(52)},
		{name: "relapse-growing", kind: incident.PageRelapse, why: "badger.example wrote: help", in: with(three, owned, func(in *incident.Incident) { in.OwnerBy = night(23) }), at: night(20)},
		{name: "checkin", kind: incident.PageCheckIn, why: "do you still have it?", in: with(three, owned, func(in *incident.Incident) { in.OwnerBy = night(49) }), at: night(46)},
		{name: "checkin-recovered", kind: incident.PageCheckIn, why: "do you still have it?", in: with(three, owned, recovered, func(in *incident.Incident) { in.OwnerBy = night(49) }), at: night(46)},
		{name: "mail", kind: incident.PageMail, why: `kstate.example wrote again: "still broken, see https://evil.example"`, in: with(three, owned), at: night(20)},
		{name: "promise", kind: incident.PagePromise, why: "nobody answered the customers within 10m0s", in: with(three, owned, func(in *incident.Incident) { in.OwnerBy, in.AnswerBy, in.Broken = night(23), time.Time{}, true }), at: night(20)},
		{name: "passed", kind: incident.PagePassed, why: "bo passes it to you", in: with(three, owned, func(in *incident.Incident) { in.OwnerBy = night(20) }), at: night(17)},
		{name: "passed-by-stranger", kind: incident.PagePassed, why: "gone passes it to you", in: with(owned), at: night(17)},
		{name: "taken", who: "bo", kind: incident.PageTaken, why: "ana has it", in: with(three, owned), at: night(16)},
		{name: "over", kind: incident.PageOver, why: "it is over; nobody acknowledged it", in: with(recovered, func(in *incident.Incident) { in.State = incident.Resolved }), at: night(45)},
		{name: "over-by-somebody", who: "bo", kind: incident.PageOver, why: "ana says that it is over", in: with(func(in *incident.Incident) { in.State, in.ResolvedBy = incident.Resolved, "ana" }), at: night(16)},
		{name: "over-mail", kind: incident.PageOver, in: mailOnly("login", "login", "", "x.example")},
		{name: "drill", kind: incident.PageDrill, in: rehearsal, at: night(4)},
		{name: "drill-short-link", who: "cy", kind: incident.PageDrill, in: rehearsal, at: night(4), url: shortURL},
		{name: "test", kind: incident.PageDrill, in: tested, at: night(4)},
		{name: "test-short-link", kind: incident.PageDrill, in: tested, at: night(4), url: shortURL},
		{name: "hole", in: hole},
		{name: "hole-short-link", in: hole, url: shortURL},
		{name: "hole-checkin", kind: incident.PageCheckIn, in: hole, url: shortURL},
		{name: "hole-relapse", kind: incident.PageRelapse, why: "ana is away", in: hole, url: shortURL},
		{name: "word-first", word: true, in: login(nil), at: night(4)},
		{name: "word-everything", word: true, in: everything},
		{name: "word-long", word: true, in: with(title(strings.Repeat("abcdefghij", 20)), silentBo, three, func(in *incident.Incident) { in.Word = "7KW" })},
		{name: "word-quote", word: true, url: shortURL, in: mailOnly("kstate.example", "", "hello?? it is all grey 😱 ", "kstate.example")},
		{name: "word-relapse", word: true, kind: incident.PageRelapse, why: "failing again: 6 of 9", in: with(relapsed, three), at: night(52)},
		{name: "word-checkin", word: true, kind: incident.PageCheckIn, why: "do you still have it?", in: with(three, owned, func(in *incident.Incident) { in.OwnerBy = night(49) }), at: night(46)},
		{name: "word-taken", word: true, who: "bo", kind: incident.PageTaken, why: "ana has it", in: with(three, owned), at: night(16)},
		{name: "reply-yours", word: true, kind: incident.PageReply, in: with(three, owned, func(in *incident.Incident) { in.CheckIn = night(46) }), at: night(16)},
		{name: "reply-asked", word: true, kind: incident.PageReply, in: with(three, owned, func(in *incident.Incident) { in.OwnerBy = night(19) }), at: night(16)},
		{name: "reply-theirs", word: true, who: "bo", kind: incident.PageReply, in: with(three, owned), at: night(18)},
		{name: "reply-declined", word: true, who: "bo", kind: incident.PageReply, in: with(silentBo, func(in *incident.Incident) { in.Paged[0].Declined = night(6) }), at: night(6)},
		{name: "reply-nobody", word: true, kind: incident.PageReply, in: with(silentBo), at: night(14)},
		{name: "reply-over", word: true, kind: incident.PageReply, in: with(recovered, func(in *incident.Incident) {
			in.State, in.ResolvedBy, in.ResolvedAt = incident.Resolved, "ana", night(45)
		}), at: night(45)},
		{name: "reply-settled", word: true, kind: incident.PageReply, in: with(recovered, func(in *incident.Incident) {
			in.State, in.SettledAt = incident.Resolved, night(80)
		}), at: night(85)},
		{name: "word-drill", word: true, kind: incident.PageDrill, at: night(4), in: func() incident.Incident {
			in := rehearsal
			in.Word = "7K"
			return in
		}()},
		{name: "reply-drill", word: true, kind: incident.PageReply, at: night(5), in: func() incident.Incident {
			in := rehearsal
			in.Word, in.Paged = "7K", []incident.Paged{{Who: "ana", Channel: "sms", At: night(4), Times: 1, Answered: night(5)}}
			return in
		}()},
		{name: "bundle-same", kind: incident.PagePromise, in: with(relapsed, three), at: night(52), more: []incident.Page{
			{Incident: "20261104-k3fqzq", Kind: incident.PageRelapse, Who: "ana", Why: "failing again: 6 of 9"}}},
		{name: "bundle-two", in: everything, others: []incident.Incident{publish(1, nil)}},
		{name: "bundle-words", word: true, url: shortURL, in: everything, others: []incident.Incident{
			publish(1, func(in *incident.Incident) { in.Word = "4W" }),
			publish(2, func(in *incident.Incident) { in.Word, in.Title = "9HX", "pat.o'neil@gmail.com" }),
		}},
		{name: "bundle-kinds", in: with(three, owned), kind: incident.PageTaken, who: "bo", at: night(16), others: []incident.Incident{
			publish(1, func(in *incident.Incident) { in.Severity = incident.Suspected }), publish(2, nil),
			publish(3, func(in *incident.Incident) { in.State, in.ResolvedBy = incident.Resolved, "ana" })},
			more: []incident.Page{{Incident: "20261104-zzzz03", Kind: incident.PageOver, Who: "bo"}}},
		{name: "bundle-many", in: everything, others: func() (others []incident.Incident) {
			for i := range 40 {
				others = append(others, publish(i, nil))
			}
			return others
		}()},
	}
}

// publish is another incident.
func publish(i int, f func(*incident.Incident)) incident.Incident {
	return login(func(in *incident.Incident) {
		in.ID, in.Key, in.Title = incident.ID(fmt.Sprintf("20261104-zzzz%02d", i)), "check/publish", fmt.Sprint("publish ", i)
		in.Opened = night(20 + i)
		if f != nil {
			f(in)
		}
	})
}

func (c pageCase) delivery() loop.Delivery {
	d := loop.Delivery{Who: c.who, Channel: "sms", Incident: c.in, Others: c.others, Secret: secret, At: c.at}
	if d.Who == "" {
		d.Who = "ana"
	}
	if d.At.IsZero() {
		d.At = night(14)
	}
	p := incident.Page{ID: "p", Incident: c.in.ID, Kind: c.kind, Who: d.Who, Channel: "sms", Round: 1, Why: c.why}
	if p.Kind == "" {
		p.Kind = incident.PageWake
		p.Why = "round 1, step 2 (bo, ana)"
	}
	d.Pages = append([]incident.Page{p}, c.more...)
	for _, in := range c.others {
		if !slices.ContainsFunc(c.more, func(q incident.Page) bool { return q.Incident == in.ID }) {
			d.Pages = append(d.Pages, incident.Page{Incident: in.ID, Kind: incident.PageWake, Who: d.Who, Why: "round 1, step 1 (ana)"})
		}
	}
	return d
}

func TestGolden(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			url := c.url
			if url == "" {
				url = apiURL
			}
			composer := composer(t, url)
			composer.Words = c.word
			m := composer.Compose(c.delivery())
			sound(t, m, url+"/a/"+secret)
			got := fmt.Sprintf("SMS (%d septets)\n%s\n\nSubject\n%s\n\nText\n%s", Septets(m.SMS), m.SMS, m.Subject, m.Text)
			path := filepath.Join("testdata", c.name+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal([]byte(got), want) {
				t.Errorf("%s (go test -update writes it anew)\ngot\n%s\nwant\n%s", path, got, want)
			}
		})
	}
}

// sound checks what holds for every message.
func sound(t testing.TB, m Message, link string) {
	t.Helper()
	if n := Septets(m.SMS); n < 0 || n > 160 {
		t.Fatalf("the SMS takes %d septets: %q", n, m.SMS)
	}
	text, ok := strings.CutSuffix(m.SMS, " "+link)
	if !ok {
		t.Fatalf("the SMS does not end with its link: %q", m.SMS)
	}
	if strings.Contains(text, "://") || dotted.MatchString(text) {
		t.Fatalf("the SMS holds what phones take for another link: %q", m.SMS)
	}
	if strings.TrimSpace(text) == "" {
		t.Fatalf("the SMS has no words: %q", m.SMS)
	}
	if len(m.Subject) == 0 || len(m.Subject) > 99 || ASCII(m.Subject) != m.Subject {
		t.Fatalf("subject %q", m.Subject)
	}
	if !utf8.ValidString(m.Text) || strings.ContainsRune(m.Text, '\r') || strings.Count(m.Text, link) != 1 || strings.Count(m.Text, "://") != 1 {
		t.Fatalf("text %q", m.Text)
	}
	if len(m.Text) > 16<<10 {
		t.Fatalf("the text is %d bytes long", len(m.Text))
	}
}

// Every page of one incident has the same subject, whatever its state.
func TestSubjectIsStable(t *testing.T) {
	c := composer(t, apiURL)
	in := login(nil)
	want := c.Compose(pageCase{in: in}.delivery()).Subject
	owned(&in)
	got := c.Compose(pageCase{in: in, kind: incident.PageTaken, who: "bo"}.delivery()).Subject
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The words that incident gives a relapse are those that again looks for.
func TestRelapseIsRecognised(t *testing.T) {
	rules := incident.Rules{Quiet: 35 * time.Minute, OwnerWait: 3 * time.Minute}
	c := incident.Change{After: login(owned)}
	c.After.RecoveredAt = night(30)
	e := c.After.Checks["login"]
	e.Since = night(50)
	c.Apply(incident.Signal{ID: "s", Key: "login", At: night(51), Check: &incident.CheckSignal{Check: "login", Evidence: e, LastBad: night(51)}}, rules, night(51))
	if len(c.Calls) != 1 || c.Calls[0].Kind != incident.PageRelapse {
		t.Fatalf("calls %+v", c.Calls)
	}
	m := composer(t, apiURL).Compose(pageCase{kind: c.Calls[0].Kind, why: c.Calls[0].Why, in: c.After, at: night(51)}.delivery())
	if !strings.Contains(m.SMS, "AGAIN 8:40pm, you have it") {
		t.Errorf("got %q", m.SMS)
	}
}

// strange draws texts that have broken pagers before.
func strange() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.StringOfN(rapid.RuneFrom([]rune("{}[]~^\\|€éüßłŻ😱👩‍💻\u200d\u202e\r\n\t `.:/@…ﬁＡ１．ΩЖ")), 0, 300, -1),
		rapid.StringMatching(`[a-z]{1,200}( https?://[a-z]+\.[a-z]+/)?[a-z.@:/ ]{0,80}`),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
}

func anyTime() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "zero") {
			return time.Time{}
		}
		return night(rapid.IntRange(-100_000, 100_000).Draw(t, "minute"))
	})
}

func anyDelivery(t *rapid.T) loop.Delivery {
	text, when := strange(), anyTime()
	people := rapid.SampledFrom([]string{"ana", "bo", "cy", "lu", "ole", "moj", "ana2", "gone", ""})
	in := incident.Incident{
		ID: incident.ID(text.Draw(t, "id")), State: rapid.SampledFrom([]incident.State{incident.Triggered, incident.Acknowledged, incident.Resolved}).Draw(t, "state"),
		Word: rapid.SampledFrom([]string{"", "7K", "4WX"}).Draw(t, "word"), CheckIn: when.Draw(t, "check-in"), SettledAt: when.Draw(t, "settled"),
		Title: text.Draw(t, "title"), Capability: text.Draw(t, "capability"), Quote: text.Draw(t, "quote"), Owner: people.Draw(t, "owner"),
		Opened: when.Draw(t, "opened"), FirstReport: when.Draw(t, "first report"), RecoveredAt: when.Draw(t, "recovered"),
		OwnerBy: when.Draw(t, "owner by"), AnswerBy: when.Draw(t, "answer by"),
		Orgs: rapid.SliceOfN(text, 0, 60).Draw(t, "orgs"), Reports: rapid.IntRange(0, 9).Draw(t, "reports"),
		Checks: rapid.MapOfN(text, rapid.Custom(func(t *rapid.T) incident.Evidence {
			return incident.Evidence{
				Status: rapid.SampledFrom([]string{"up", "down", "intermittent", "unknown", "?"}).Draw(t, "status"),
				Red:    rapid.Bool().Draw(t, "red"), Words: text.Draw(t, "words"), Short: text.Draw(t, "short"),
				Since: when.Draw(t, "since"), WellSince: when.Draw(t, "well"),
			}
		}), 0, 3).Draw(t, "checks"),
		Paged: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) incident.Paged {
			return incident.Paged{Who: people.Draw(t, "who"), At: when.Draw(t, "at"), Times: rapid.IntRange(0, 3).Draw(t, "times")}
		}), 0, 9).Draw(t, "paged"),
	}
	d := loop.Delivery{Who: people.Draw(t, "reader"), Incident: in, Secret: loop.NewSecret(), At: when.Draw(t, "sent")}
	d.Pages = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) incident.Page {
		id := in.ID
		if rapid.Bool().Draw(t, "other") {
			id = incident.ID(text.Draw(t, "other id"))
		}
		if id != in.ID && rapid.Bool().Draw(t, "told of") {
			other := in
			other.ID, other.Title = id, text.Draw(t, "other title")
			d.Others = append(d.Others, other)
		}
		p := incident.Page{Incident: id, Why: text.Draw(t, "why"), Kind: rapid.SampledFrom([]incident.PageKind{
			incident.PageWake, incident.PageRelapse, incident.PageCheckIn, incident.PagePromise, incident.PagePassed, incident.PageMail, incident.PageTaken, incident.PageOver, incident.PageReply, "drill",
		}).Draw(t, "kind")}
		if p.Kind == incident.PageReply {
			p.Why = "" // with one, it has no link: TestAnyReplyIsOnePart
		}
		return p
	}), 0, 5).Draw(t, "pages")
	return d
}

func TestAnyInputGivesOnePartWithTheWholeLink(t *testing.T) {
	composers := map[string]*Composer{apiURL: composer(t, apiURL), shortURL: composer(t, shortURL)}
	longest := "https://" + strings.Repeat("a", 160-1-40-8-3-22)
	composers[longest] = composer(t, longest)
	rapid.Check(t, func(r *rapid.T) {
		url := rapid.SampledFrom([]string{apiURL, shortURL, longest}).Draw(r, "url")
		c := *composers[url]
		c.service, c.Words = strange().Draw(r, "service"), rapid.Bool().Draw(r, "words")
		d := anyDelivery(r)
		m := c.Compose(d)
		if n := Septets(m.SMS); n < 0 || n > 160 {
			r.Fatalf("the SMS takes %d septets: %q", n, m.SMS)
		}
		text, ok := strings.CutSuffix(m.SMS, " "+url+"/a/"+d.Secret)
		if !ok || text == "" || strings.Contains(text, "://") || dotted.MatchString(text) {
			r.Fatalf("words %q of %q", text, m.SMS)
		}
		if len(m.Subject) == 0 || len(m.Subject) > 99 || ASCII(m.Subject) != m.Subject {
			r.Fatalf("subject %q", m.Subject)
		}
		if !utf8.ValidString(m.Text) || strings.ContainsAny(m.Text, "\r\x00\x1b\u202e") || !strings.Contains(m.Text, url+"/a/"+d.Secret+"\n") {
			r.Fatalf("text %q", m.Text)
		}
	})
}

func TestAnyReplyIsOnePart(t *testing.T) {
	c := composer(t, shortURL)
	rapid.Check(t, func(r *rapid.T) {
		d := anyDelivery(r)
		d.Pages = []incident.Page{{Incident: d.Incident.ID, Kind: incident.PageReply, Why: strange().Draw(r, "say")}}
		m := c.Compose(d)
		if n := Septets(m.SMS); n < 1 || n > 160 || strings.Contains(strings.TrimSuffix(m.SMS, " "+shortURL+"/a/"+d.Secret), "://") {
			r.Fatalf("the SMS takes %d septets: %q", n, m.SMS)
		}
	})
}

func TestComposerRefusesLinksThatLeaveNoRoom(t *testing.T) {
	for _, url := range []string{
		"", "r.example.com", "https://r.example.com/", "ftp://r.example.com", "https://r.example.com?x=1", "https://r.example.com#x",
		"https://" + strings.Repeat("a", 160-1-40-8-3-22+1), "https://ł.example.com",
	} {
		if _, err := NewComposer("Newsroom", url, nil); err == nil {
			t.Errorf("%q was taken", url)
		}
	}
}

type carrier struct {
	who, channel string
	m            Message
	err          error
}

func (c *carrier) Publish(_ context.Context, who, channel string, m Message) error {
	c.who, c.channel, c.m = who, channel, m
	return c.err
}

func TestPagerHandsOverAndPassesTheErrorOn(t *testing.T) {
	opted := &loop.SendError{Permanent: true, Why: "number opted out"}
	c := &carrier{err: opted}
	p := &Pager{Composer: composer(t, apiURL), Carrier: c}
	d := pageCase{in: login(nil)}.delivery()
	var got *loop.SendError
	if err := p.Send(t.Context(), d); !errors.As(err, &got) || got != opted {
		t.Errorf("got %v", err)
	}
	if c.who != "ana" || c.channel != "sms" || c.m != p.Composer.Compose(d) {
		t.Errorf("published %+v", c)
	}
}
