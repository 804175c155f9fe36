package integration_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/incident"
	"rouse/test/stack"
)

// say is what another monitor sends.
func (r *rig) say(monitor, token, body string) int {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.url+"/signal/"+monitor, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Authorization", "Bearer "+token)
	got, err := http.DefaultClient.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	got.Body.Close()
	return got.StatusCode
}

const firing = `{"version": "4", "groupLabels": {"alertname": "HighErrorRate"}, "alerts": [{"status": "STATUS", "fingerprint": "c1f2",
	"labels": {"alertname": "HighErrorRate", "severity": "critical"}, "annotations": {"summary": "12% of log-ins fail"},
	"startsAt": "2026-11-02T03:52:11Z", "endsAt": "2026-11-02T04:20:00Z"}]}`

// TestAnotherMonitorWakesSomebody: an alert becomes a page, said twice it is
// one, and its recovery is the incident's.
func TestAnotherMonitorWakesSomebody(t *testing.T) {
	r := start(t, team, options{})
	r.AWS.SetParameter("/rouse/prometheus", "hush")
	alert := strings.Replace(firing, "STATUS", "firing", 1)
	if status := r.say("prometheus", "guess", alert); status != http.StatusUnauthorized {
		t.Fatalf("a guess is answered %d", status)
	}
	for range 2 {
		if status := r.say("prometheus", "hush", alert); status != http.StatusAccepted {
			t.Fatalf("status %d", status)
		}
	}
	pages := r.pages(len(firstStep))
	r.settled()
	in := r.incident("login")
	if got := ways(r.AWS.Published()); len(got) != len(firstStep) || in.Severity != incident.Confirmed || !in.Red() {
		t.Fatalf("paged %v about %+v", got, in)
	}
	if text := of(pages, "ana", "sms")[0].Text("email"); !strings.Contains(text, "12% of log-ins fail") {
		t.Errorf("the page does not say why: %s", text)
	}
	if status := r.say("prometheus", "hush", strings.Replace(firing, "STATUS", "resolved", 1)); status != http.StatusAccepted {
		t.Fatalf("status %d", status)
	}
	r.until("it has recovered", func() bool { return !r.incident("login").Red() })

	r.invoke("hook", stack.Event(t, "hook-alarm"))
	r.until("the alarm has opened an incident of its own", func() bool { return r.incident("alert/alarms/orders-5xx").Open() })
}

// TestABeatIsHeard: a job calls over HTTP, and so is known to have run, and to
// have failed. Nobody but the probe arms it.
func TestABeatIsHeard(t *testing.T) {
	r := start(t, team+"checks: {backup: {heartbeat: {every: 1d, grace: 1h, secret: beats}}}\n", options{idle: true})
	r.AWS.SetParameter("/rouse/beats", "hush")
	path := "/beat/" + check.BeatCode("backup", "hush")
	if got := r.http(http.MethodGet, "/beat/"+check.BeatCode("backup", "guess"), ""); got.status != http.StatusNotFound {
		t.Fatalf("a guess is answered %d", got.status)
	}
	before := time.Now()
	if got := r.http(http.MethodGet, path, ""); got.status != http.StatusOK || got.body != "ok\n" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if got := r.http(http.MethodPost, path+"?fail", ""); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	job, err := r.Store.LoadJob(t.Context(), "backup")
	if err != nil || job.Good.Before(before) || job.Bad.Before(job.Good) || !job.Armed.IsZero() {
		t.Errorf("%+v, %v", job, err)
	}
}
