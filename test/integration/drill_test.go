package integration_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rouse/shared/incident"
	"rouse/test/stack"
)

// A drill goes the way of every page: router, SNS, a link, a tap; and the owner
// hears by another way who did not answer.
func TestDrill(t *testing.T) {
	r := start(t, strings.Replace(team, "policies:", "coverage: {owner: cy}\npolicies:", 1), options{})
	r.sweep("router")
	r.sweep("watch")
	if told := of(r.AWS.Published(), stack.TellTopic, ""); len(told) > 0 {
		t.Errorf("told %q", told[0].Text("email"))
	}
	const key = incident.DrillPrefix + "now"
	until := time.Now().Add(6 * time.Second)
	signal := incident.Signal{ID: key, Key: key, Kind: incident.KindDrill, At: time.Now(), Drill: &incident.Drill{Until: until, By: "bo"}}
	if _, err := r.Store.PutSignal(t.Context(), signal); err != nil {
		t.Fatal(err)
	}
	r.sweep("router")
	pages := r.pages(3)
	if got := ways(pages); !slices.Equal(got, []string{"ana by sms", "bo by email", "bo by sms"}) {
		t.Fatalf("paged %v", got)
	}
	sms := of(pages, "ana", "sms")[0].Text("sms")
	if !strings.HasPrefix(sms, "DRILL: nothing is wrong, press I have it.") {
		t.Errorf("the page is %q", sms)
	}
	path := link.FindString(sms)
	if screen := r.http(http.MethodGet, path, ""); !strings.Contains(screen.body, "This is a drill") || strings.Contains(screen.body, "wake the next") {
		t.Errorf("the screen is\n%s", screen.body)
	}
	if got := r.press(path, "ack"); got.status != http.StatusSeeOther {
		t.Errorf("the tap is answered with %d", got.status)
	}
	if screen := r.http(http.MethodGet, path, ""); !strings.Contains(screen.body, "You have answered") {
		t.Errorf("the screen is\n%s", screen.body)
	}
	r.sweep("watch") // which learns of it
	r.until("the drill is over", func() bool { return !r.incident(key).Open() })
	r.sweep("watch")
	told := of(r.AWS.Published(), stack.TellTopic, "")
	if len(told) != 1 || told[0].Subject != "Newsroom drill: bo did not answer" || !strings.Contains(told[0].Text("email"), "Ana Ruiz answered after ") {
		t.Fatalf("told %+v", told)
	}
	if pages := r.AWS.Published(); len(pages) != 4 {
		t.Errorf("published %d times: %v", len(pages), ways(pages))
	}
}

// Whether a hole that watch finds pages its owner, and nobody else at first.
func TestHoleInTheRota(t *testing.T) {
	yaml := strings.Replace(team, "policies:", "coverage: {owner: cy, schedules: [primary]}\nschedules:\n  primary: {zone: UTC, layers: []}\npolicies:", 1)
	r := start(t, yaml, options{})
	r.sweep("router")
	r.sweep("watch")
	r.until("the owner is paged", func() bool { return len(of(r.AWS.Published(), "cy", "sms")) > 0 })
	r.settled()
	if got := ways(r.AWS.Published()); !slices.Equal(got, []string{"cy by email", "cy by sms", stack.TellTopic + " by "}) {
		t.Errorf("published to %v", got)
	}
	if in := r.incident("coverage/primary"); in.State != incident.Triggered || in.Severity != incident.Suspected {
		t.Errorf("it is %s and %s", in.State, in.Severity)
	}
}
