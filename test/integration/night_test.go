package integration_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rouse/shared/env"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/page"
	"rouse/test/awsfake"
	"rouse/test/target"
)

// firstStep is who must hear of it at once.
var firstStep = []string{"ana by sms", "bo by email", "bo by sms"}

// TestFromAMailToAnAcknowledgement is the whole chain: a mail in the bucket, a
// page at SNS, a tap on its link, and everybody told.
func TestFromAMailToAnAcknowledgement(t *testing.T) {
	r := start(t, team, options{})
	const id = "0a1b2c3d4e5f@kstate"
	r.PutMail(id, r.mail())
	r.invoke("inbox", r.announcement(id))

	pages := r.pages(len(firstStep))
	r.settled()
	if got := ways(pages); !slices.Equal(got, firstStep) {
		t.Fatalf("paged %v, want %v", got, firstStep)
	}
	sms := of(pages, "ana", "sms")[0]
	text := sms.Text("sms")
	if n := page.Septets(text); n < 1 || n > 160 {
		t.Errorf("an SMS of %d septets: %q", n, text)
	}
	path := link.FindString(text)
	if path == "" || !strings.Contains(text, r.url+path) {
		t.Fatalf("no link in %q", text)
	}
	if sms.Attributes["AWS.SNS.SMS.SMSType"].Value != "Transactional" {
		t.Errorf("attributes %v", sms.Attributes)
	}

	// The reporter is told that they were heard.
	mails := r.mails(1)
	raw := string(mails[0].Raw)
	if len(mails) != 1 || mails[0].To[0] != "dana.whitfield@kstate.example" || !strings.Contains(raw, "a person will read it by") ||
		!strings.Contains(raw, "In-Reply-To: <6F2C91D4-77AE@kstate.example>") {
		t.Errorf("%d mails, the first:\n%s", len(mails), raw)
	}
	if left := r.MailIDs(env.MailNew); len(left) != 0 {
		t.Errorf("still new: %q", left)
	}

	// A mail scanner follows the link; nothing changes.
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodGet} {
		if got := r.http(method, path, ""); got.status != http.StatusOK {
			t.Errorf("%s: %d", method, got.status)
		}
	}
	before := r.incident("login")
	if before.State != incident.Triggered {
		t.Fatalf("looking made it %s", before.State)
	}

	// Ana presses the button.
	if got := r.press(path, "ack"); got.status != http.StatusSeeOther || !strings.HasSuffix(path, got.location) {
		t.Fatalf("%d, on to %q\n%s", got.status, got.location, got.body)
	}
	if in := r.incident("login"); in.State != incident.Acknowledged || in.Owner != "ana" || in.ID != before.ID {
		t.Fatalf("the incident is %s, owned by %q", in.State, in.Owner)
	}
	if got := r.http(http.MethodGet, path, ""); !strings.Contains(got.body, "You have it") {
		t.Errorf("the screen does not say so:\n%s", got.body)
	}

	// Bo was woken by SMS, and by SMS he hears that he can go back to sleep.
	pages = r.pages(len(firstStep) + 1)
	r.settled()
	told := pages[len(pages)-1]
	if len(pages) != len(firstStep)+1 || told.Topic() != "bo" || told.Attributes["channel"].Value != "sms" || !strings.Contains(told.Text("sms"), "Ana") {
		t.Errorf("after the acknowledgement: %v, the last %q", ways(pages), told.Text("sms"))
	}
	r.sweep("desk")
	if mails := r.mails(2); len(mails) != 2 || !strings.Contains(string(mails[1].Raw), "Ana Ruiz is working on this now") {
		t.Errorf("%d mails, the last:\n%s", len(mails), mails[len(mails)-1].Raw)
	}

	r.assertQuiet("login", 9*time.Minute) // the promise of an answer, at ten, may still be broken
	r.assertStory(before.ID, "paged", "acknowledged", "told")
	r.assertSmall()
}

// assertSmall holds how much memory the functions have had after real work.
func (r *rig) assertSmall() {
	r.t.Helper()
	const most = 20_000_000
	for name, d := range r.functions {
		for _, p := range d.Processes() {
			_, peak, err := p.Resident()
			if err != nil {
				r.t.Error(err)
			} else if r.t.Logf("%s had %.1f MB resident", name, float64(peak)/1e6); peak > most {
				r.t.Errorf("%s had %d bytes resident, more than %d", name, peak, most)
			}
		}
	}
}

// assertQuiet holds that nobody is paged any more: nothing is due until then,
// and neither sweeps nor hints that arrive late or twice make it so.
func (r *rig) assertQuiet(key incident.Key, for_ time.Duration) {
	r.t.Helper()
	pages, mails := len(r.AWS.Published()), len(r.AWS.Sent())
	for shard := range loop.Shards {
		due, err := r.Store.Due(r.t.Context(), shard, time.Now().Add(for_), 100)
		if err != nil {
			r.t.Fatal(err)
		}
		if len(due) != 0 {
			r.t.Errorf("due within %v: %v", for_, due)
		}
	}
	live, err := r.Store.Load(r.t.Context(), key)
	if err != nil {
		r.t.Fatal(err)
	}
	if len(live.Pages) != 0 || len(live.Signals) != 0 || len(live.Rests) != 0 {
		r.t.Errorf("left to be done: %+v", live)
	}
	for _, m := range r.AWS.Messages("router") {
		r.invoke("router", hint(m.Body))
	}
	r.sweep("router")
	r.sweep("desk")
	r.sweep("inbox")
	r.settled()
	if p, m := len(r.AWS.Published()), len(r.AWS.Sent()); p != pages || m != mails {
		r.t.Errorf("%d more pages, %d more mails: %v", p-pages, m-mails, ways(r.AWS.Published()))
	}
}

// hint is an SQS event with one message.
func hint(body string) []byte {
	return fmt.Appendf(nil, `{"Records":[{"messageId":"1","body":%q,"eventSource":"aws:sqs"}]}`, body)
}

func (r *rig) assertStory(id incident.ID, kinds ...string) {
	r.t.Helper()
	events, err := r.Store.Timeline(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, kind := range kinds {
		if !slices.ContainsFunc(events, func(e incident.Event) bool { return e.Kind == kind }) {
			r.t.Errorf("the timeline does not tell that somebody was %s: %+v", kind, events)
		}
	}
}

// TestAProbeFindsAnOutage of a service that answers, and wrongly.
func TestAProbeFindsAnOutage(t *testing.T) {
	service := target.Start(t)
	r := start(t, team+fmt.Sprintf(`
checks:
  login: {capability: login, every: 5s, timeout: 1s, http: {url: %q}, verdict: {threshold: 6, span: 5s}} # nervous, for a test
`, service.URL+"/status/502"), options{})
	// Scheduler, only that its minutes follow each other at once.
	go func() {
		for t.Context().Err() == nil {
			if _, err := r.functions["probe"].Invoke(t.Context(), []byte(r.Template.Schedules()["probe"])); err != nil {
				return
			}
		}
	}()
	r.until("the check turns red", func() bool { return r.incident("login").Open() })
	pages := r.pages(len(firstStep))
	if got := ways(pages); !slices.Equal(got, firstStep) {
		t.Errorf("paged %v, want %v", got, firstStep)
	}
	in := r.incident("login")
	if in.Severity != incident.Confirmed || !in.Red() {
		t.Errorf("a red check made it %s", in.Severity)
	}
	if text := of(pages, "bo", "email")[0].Text("email"); !strings.Contains(text, "502") {
		t.Errorf("the page does not say what is wrong:\n%s", text)
	}
}

// TestALostAnnouncement: the inbox's own sweep reads the mail.
func TestALostAnnouncement(t *testing.T) {
	r := start(t, team, options{})
	r.PutMail("lost", r.mail())
	r.sweep("inbox")
	if got := ways(r.pages(len(firstStep))); !slices.Equal(got, firstStep) {
		t.Errorf("paged %v", got)
	}
	r.mails(1)
}

// TestLostHints: no queue invokes anybody, and the sweeps do everything.
func TestLostHints(t *testing.T) {
	r := start(t, team, options{idle: true})
	r.PutMail("lost", r.mail())
	r.invoke("inbox", r.announcement("lost"))
	if n := len(r.AWS.Published()); n != 0 {
		t.Fatalf("%d pages before anybody swept", n)
	}
	r.sweep("router")
	if got := ways(r.AWS.Published()); !slices.Equal(got, firstStep) {
		t.Errorf("paged %v", got)
	}
	r.sweep("desk")
	if got := r.AWS.Sent(); len(got) != 1 {
		t.Errorf("%d mails", len(got))
	}
}

// TestAQueueThatIsDown loses no mail and sends nothing twice.
func TestAQueueThatIsDown(t *testing.T) {
	r := start(t, team, options{})
	r.AWS.Fail("SendMessage", awsfake.Always, awsfake.Denied)
	r.PutMail("hard-times", r.mail())
	// Whether this counts as a failure or not, the sweeps must finish it.
	_, _ = r.functions["inbox"].Invoke(t.Context(), r.announcement("hard-times"))
	r.sweep("router")
	r.sweep("desk")
	r.AWS.Heal()
	r.sweep("inbox")
	r.settled()
	if got := ways(r.AWS.Published()); !slices.Equal(got, firstStep) {
		t.Errorf("paged %v", got)
	}
	if got := r.AWS.Sent(); len(got) != 1 {
		t.Errorf("%d mails", len(got))
	}
	if left := r.MailIDs(env.MailNew); len(left) != 0 {
		t.Errorf("still new: %q", left)
	}
}

// TestEverythingTwice, and at the same time: one page each, one mail.
func TestEverythingTwice(t *testing.T) {
	r := start(t, team, options{})
	r.PutMail("twice", r.mail())
	event := r.announcement("twice")
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() { r.invoke("inbox", event) })
	}
	all.Wait()
	for range 2 {
		all.Go(func() { r.invoke("router", hint(`{"key":"login"}`)) })
		all.Go(func() { r.sweep("router") })
		all.Go(func() { r.invoke("desk", hint(`{}`)) })
		all.Go(func() { r.sweep("desk") })
	}
	all.Wait()
	r.pages(len(firstStep))
	r.settled()
	r.sweep("desk")
	if got := ways(r.AWS.Published()); !slices.Equal(got, firstStep) {
		t.Errorf("paged %v, want %v", got, firstStep)
	}
	if got := r.mails(1); len(got) != 1 {
		t.Errorf("%d mails", len(got))
	}
	if in := r.incident("login"); in.Reports != 1 {
		t.Errorf("counted %d reports", in.Reports)
	}
}

// TestACodeThatGrantsNothing tells nobody whether it ever did.
func TestACodeThatGrantsNothing(t *testing.T) {
	r := start(t, team, options{})
	r.PutMail("codes", r.mail())
	r.invoke("inbox", r.announcement("codes"))
	path := link.FindString(of(r.pages(len(firstStep)), "ana", "sms")[0].Text("sms"))
	r.settled()
	if got := r.http(http.MethodGet, path, ""); got.status != http.StatusOK {
		t.Fatalf("the code itself: %d", got.status)
	}
	// DynamoDB's TTL takes codes away once their time is over.
	key := map[string]types.AttributeValue{
		env.PartitionKey: &types.AttributeValueMemberS{Value: "CODE#" + loop.HashSecret(strings.TrimPrefix(path, "/a/"))},
		env.SortKey:      &types.AttributeValueMemberS{Value: "code"},
	}
	out, err := r.DynamoDB.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &r.Table, Key: key, ReturnValues: types.ReturnValueAllOld})
	if err != nil || len(out.Attributes) == 0 {
		t.Fatalf("the code is not where it was looked for, err %v", err)
	}
	expired := r.http(http.MethodGet, path, "")
	for name, other := range map[string]string{"unknown": "/a/" + loop.NewSecret(), "malformed": "/a/x", "too long": "/a/" + strings.Repeat("x", 2000)} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			form := ""
			if method == http.MethodPost {
				form = "seen=1&action=ack"
				expired = r.http(method, path, form)
			}
			if got := r.http(method, other, form); got != expired || got.status != http.StatusNotFound {
				t.Errorf("%s %s: %d, expired %d", method, name, got.status, expired.status)
			}
		}
	}
	if in := r.incident("login"); in.State != incident.Triggered {
		t.Errorf("it is %s", in.State)
	}
}

// TestWithoutAZoneDatabase runs the chain in a file system that holds nothing
// but the functions, as provided.al2023 does: the zones are in the binaries.
func TestWithoutAZoneDatabase(t *testing.T) {
	r := start(t, team, options{bare: true})
	r.PutMail("bare", r.mail())
	r.invoke("inbox", r.announcement("bare"))
	pages := r.pages(len(firstStep))
	path := link.FindString(of(pages, "ana", "sms")[0].Text("sms"))
	if got := r.press(path, "ack"); got.status != http.StatusSeeOther {
		t.Errorf("%d\n%s", got.status, got.body)
	}
	for _, name := range []string{"America/Los_Angeles", "Europe/London"} {
		if _, err := time.LoadLocation(name); err != nil {
			t.Fatal(err)
		}
	}
	// Ana reads her own time, and not UTC.
	zone, _ := time.LoadLocation("America/Los_Angeles")
	if text := of(pages, "ana", "sms")[0].Text("sms"); !strings.Contains(text, pages[0].At.In(zone).Format("3:04pm")) && !strings.Contains(text, pages[0].At.Add(-time.Minute).In(zone).Format("3:04pm")) {
		t.Errorf("%s in Los Angeles: %q", pages[0].At.In(zone).Format("3:04pm"), text)
	}
	// The probe, which the chain does not need, polls: it has read its zones.
	ctx := t.Context()
	if _, err := r.functions["probe"].Invoke(ctx, []byte(`{}`)); err == nil || !strings.Contains(err.Error(), "want "+env.Sweep) {
		t.Errorf("probe: %v", err)
	}
}

// TestAFunctionThatCannotStartSaysWhy, in what Lambda logs.
func TestAFunctionThatCannotStartSaysWhy(t *testing.T) {
	r := start(t, team, options{idle: true})
	vars := r.Env("router")
	delete(vars, env.Topics)
	d := r.functions["router"]
	d.Close()
	_, err := startOne(t, r, "router", vars)
	if err == nil || !strings.Contains(err.Error(), "router does not start: "+env.Topics+" is not set: the stack sets it") {
		t.Errorf("err %v", err)
	}
}
