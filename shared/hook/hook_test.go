package hook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rouse/shared/check"
	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/hook"
	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/memstore"
)

const team = `
service: Newsroom
responders: {ana: {phone: "+13105550100"}}
capabilities: {login: {}, publish: {}}
checks:
  backup: {heartbeat: {every: 1d, grace: 1h, secret: beats}}
  site: {http: {url: "https://a.example"}}
monitors:
  prometheus: {kind: alertmanager, secret: token, capability: publish, severity: suspected}
  nagios: {kind: json, secret: token}
  locked: {kind: json, secret: missing}
  alarms: {kind: cloudwatch, capability: login}
`

var now = time.Date(2026, 11, 2, 4, 2, 11, 0, time.UTC)

type secrets map[string]string

func (s secrets) Secret(_ context.Context, name string) (string, error) {
	if v, ok := s[name]; ok {
		return v, nil
	}
	return "", fmt.Errorf("there is no %s", name)
}

type hints struct{ keys []incident.Key }

func (h *hints) Router(_ context.Context, x loop.Hint, _ time.Time) error {
	h.keys = append(h.keys, x.Key)
	return nil
}
func (h *hints) Desk(context.Context) error { return nil }

type fixture struct {
	*hook.Hook
	store *memstore.Store
	hints *hints
	log   *bytes.Buffer
}

func start(t testing.TB) fixture {
	c, err := config.Parse([]byte(team), "team")
	if err != nil {
		t.Fatal(err)
	}
	f := fixture{store: memstore.New(), hints: &hints{}, log: &bytes.Buffer{}}
	f.Hook = &hook.Hook{
		Config: c, Store: f.store, Hints: f.hints, Secrets: secrets{"beats": "hush-beats", "token": "hush-token"},
		Clock: clock.NewVirtual(now), Log: slog.New(slog.NewTextHandler(f.log, nil)),
	}
	return f
}

func (f fixture) call(method, path, auth, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if auth != "" {
		r.Header.Set("Authorization", auth)
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

func TestCallsThatAreRefused(t *testing.T) {
	code := check.BeatCode("backup", "hush-beats")
	const bearer = "Bearer hush-token"
	alert := `{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"A"}}]}`
	for _, tt := range []struct {
		name, method, path, auth, body string
		status                         int
		counted                        bool
	}{
		{"no such path", "GET", "/", "", "", 404, false},
		{"nor deeper", "GET", "/beat/a/b", "", "", 404, false},
		{"no such check", "GET", "/beat/nobody." + code[7:], "", "", 404, false},
		{"no heartbeat", "GET", "/beat/" + check.BeatCode("site", "hush-beats"), "", "", 404, false},
		{"another code", "GET", "/beat/" + check.BeatCode("backup", "guess"), "", "", 404, true},
		{"half a code", "GET", "/beat/" + code[:20], "", "", 404, true},
		{"the name alone", "GET", "/beat/backup", "", "", 404, true},
		{"another method for a beat", "DELETE", "/beat/" + code, "", "", 405, false},
		{"no such monitor", "POST", "/signal/nobody", bearer, alert, 404, false},
		{"CloudWatch by HTTP", "POST", "/signal/alarms", bearer, alert, 404, false},
		{"another method for a signal", "GET", "/signal/prometheus", bearer, "", 405, false},
		{"no secret", "POST", "/signal/prometheus", "", alert, 401, true},
		{"another secret", "POST", "/signal/prometheus", "Bearer hush", alert, 401, true},
		{"another scheme", "POST", "/signal/prometheus", "Basic hush-token", alert, 401, true},
		{"a secret that cannot be read", "POST", "/signal/locked", "Bearer ", alert, 503, false},
		{"too large", "POST", "/signal/prometheus", bearer, alert + strings.Repeat(" ", 256<<10), 413, true},
		{"no JSON", "POST", "/signal/prometheus", bearer, "firing", 400, true},
		{"another version", "POST", "/signal/prometheus", bearer, `{"version":"3"}`, 400, true},
		{"no alerts", "POST", "/signal/prometheus", bearer, `{"version":"4"}`, 400, true},
		{"an alert without a name", "POST", "/signal/prometheus", bearer, `{"version":"4","alerts":[{"status":"firing"}]}`, 400, true},
		{"an alert in another state", "POST", "/signal/prometheus", bearer, `{"version":"4","alerts":[{"status":"pending","labels":{"alertname":"A"}}]}`, 400, true},
		{"another shape", "POST", "/signal/nagios", bearer, alert, 400, true},
		{"no name", "POST", "/signal/nagios", bearer, `{"why":"hush-why"}`, 400, true},
		{"another state", "POST", "/signal/nagios", bearer, `{"name":"a","state":"down"}`, 400, true},
		{"another severity", "POST", "/signal/nagios", bearer, `{"name":"a","severity":"high"}`, 400, true},
		{"two at once", "POST", "/signal/nagios", bearer, `{"name":"hush-a"}{"name":"b"}`, 400, true},
	} {
		f := start(t)
		w := f.call(tt.method, tt.path, tt.auth, tt.body)
		if w.Code != tt.status || strings.TrimSpace(w.Body.String()) == "" {
			t.Errorf("%s: %d %q, want %d", tt.name, w.Code, w.Body, tt.status)
		}
		if counted := strings.Contains(f.log.String(), `msg="`+hook.Refused+`"`); counted != tt.counted {
			t.Errorf("%s: logged %s", tt.name, f.log)
		}
		if all := f.log.String() + w.Body.String(); strings.Contains(all, "hush") || strings.Contains(all, code[7:]) {
			t.Errorf("%s: tells of what came: %s", tt.name, all)
		}
		if len(f.hints.keys) > 0 {
			t.Errorf("%s: it wakes the router for %v", tt.name, f.hints.keys)
		}
	}
}

// Of a code that is wrong nothing tells what in it is wrong, or whether there
// is such a check.
func TestWrongCodesLookAlike(t *testing.T) {
	f := start(t)
	var first string
	for _, path := range []string{"/beat/backup", "/beat/nobody.0", "/beat/" + check.BeatCode("backup", "guess"), "/beat/site.1"} {
		w := f.call("GET", path, "", "")
		w.Result().Header.Write(w.Body)
		if first == "" {
			first = w.Body.String()
		}
		if w.Code != 404 || w.Body.String() != first {
			t.Errorf("%s: %d %q, others %q", path, w.Code, w.Body, first)
		}
	}
}

func TestBeats(t *testing.T) {
	path := "/beat/" + check.BeatCode("backup", "hush-beats")
	for _, tt := range []struct {
		method, query string
		want          check.Job
	}{
		{"GET", "", check.Job{Good: now}},
		{"HEAD", "", check.Job{Good: now}},
		{"POST", "", check.Job{Good: now}},
		{"GET", "?fail", check.Job{Bad: now}},
		{"POST", "?fail=1", check.Job{Bad: now}},
	} {
		f := start(t)
		if w := f.call(tt.method, path+tt.query, "", ""); w.Code != http.StatusOK {
			t.Errorf("%s %s: %d", tt.method, tt.query, w.Code)
		}
		if got, err := f.store.LoadJob(t.Context(), "backup"); err != nil || got != tt.want {
			t.Errorf("%s %s: %+v, %v", tt.method, tt.query, got, err)
		}
		if strings.Contains(f.log.String(), path[13:]) {
			t.Errorf("the log has the code: %s", f.log)
		}
	}
}

func TestAlertmanager(t *testing.T) {
	f := start(t)
	body := `{"version":"4","groupLabels":{"alertname":"Errors","cluster":"eu"},"alerts":[
		{"status":"firing","labels":{"alertname":"Errors","severity":"critical"},"annotations":{"summary":"9% fail"},"startsAt":"2026-11-02T03:52:11Z","fingerprint":"aa"},
		{"status":"firing","labels":{"alertname":"Errors","capability":"login","severity":"odd"},"startsAt":"2026-11-02T03:52:11Z"},
		{"status":"resolved","labels":{"alertname":"Errors","capability":"gone","severity":"critical"},"annotations":{"description":"was bad"},"startsAt":"2026-11-02T03:52:11Z","endsAt":"2026-11-02T03:59:00Z","fingerprint":"cc"}]}`
	w := f.call("POST", "/signal/prometheus", "bearer hush-token", body)
	if w.Code != http.StatusAccepted || strings.TrimSpace(w.Body.String()) != `{"keys":["publish","login"]}` {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	live, err := f.store.Load(t.Context(), "publish")
	if err != nil || len(live.Signals) != 2 {
		t.Fatalf("%+v, %v", live.Signals, err)
	}
	for _, s := range live.Signals {
		k := s.Check
		switch k.Check {
		case "prometheus/Errors#aa":
			if !k.Evidence.Red || k.Severity != incident.Confirmed || k.Evidence.Words != "9% fail" || k.Title != "Errors" || !k.Evidence.Since.Equal(now.Add(-10*time.Minute)) {
				t.Errorf("%+v", k)
			}
		case "prometheus/Errors#cc":
			if k.Evidence.Red || k.Evidence.Words != "resolved: was bad" {
				t.Errorf("%+v", k)
			}
		default:
			t.Errorf("%+v", k)
		}
	}
	live, err = f.store.Load(t.Context(), "login")
	if err != nil || len(live.Signals) != 1 || live.Signals[0].Check.Severity != incident.Suspected || live.Signals[0].Check.Evidence.Words != "alertname=Errors capability=login severity=odd" {
		t.Errorf("%+v, %v", live.Signals, err)
	}
}

// What Alertmanager groups is one incident where there is no capability.
func TestAGroupIsOneIncident(t *testing.T) {
	f := start(t)
	for i := range f.Config.Monitors {
		f.Config.Monitors[i].Capability = ""
	}
	f.call("POST", "/signal/prometheus", "Bearer hush-token", `{"version":"4","groupLabels":{"alertname":"Errors"},"alerts":[
		{"status":"firing","labels":{"alertname":"Errors","instance":"a"}},{"status":"firing","labels":{"alertname":"Errors","instance":"b"}}]}`)
	if got := fmt.Sprint(f.hints.keys); got != "[alert/prometheus/alertname=Errors]" {
		t.Errorf("keys %s", got)
	}
}

func TestJSON(t *testing.T) {
	f := start(t)
	say := func(body string, want int) {
		t.Helper()
		if w := f.call("POST", "/signal/nagios", "Bearer hush-token", body); w.Code != http.StatusAccepted {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		live, err := f.store.Load(t.Context(), "alert/nagios/disk")
		if err != nil || len(live.Signals) != want {
			t.Errorf("%s: %d signals, want %d; %v", body, len(live.Signals), want, err)
		}
	}
	say(`{"name":"disk","why":"full"}`, 1)
	say(`{"name":"disk","why":"full"}`, 1) // a retry
	say(`{"name":"disk","why":"full","id":"7"}`, 2)
	say(`{"name":"disk","why":"fuller","id":"7"}`, 2)
	say(`{"name":"disk","state":"well","since":"2030-01-01T00:00:00Z"}`, 3)
	say(`{"name":"disk","state":"unknown","severity":"suspected","capability":"none"}`, 4)
}

func TestAlarmsThatAreNone(t *testing.T) {
	f := start(t)
	m, _ := f.Config.Monitor("alarms")
	for _, message := range []string{"", "hush", "{}", `{"AlarmName":"hush"}`, `{"AlarmName":"hush","NewStateValue":"BAD"}`, `{"AlarmName":"hush","NewStateValue":"OK","StateChangeTime":"now"}`} {
		f.log.Reset()
		if err := f.Alarm(t.Context(), m, message); err != nil {
			t.Errorf("%q would come again: %v", message, err)
		}
		if log := f.log.String(); !strings.Contains(log, hook.Refused) || strings.Contains(log, "hush") {
			t.Errorf("%q: logged %s", message, log)
		}
	}
}

// Whatever comes in is taken or refused, and wakes nobody in between.
func FuzzSignal(f *testing.F) {
	f.Add("prometheus", `{"version":"4","groupLabels":{"alertname":"A"},"alerts":[{"status":"firing","labels":{"alertname":"A","severity":"page"},"annotations":{"summary":"x"},"startsAt":"2026-11-02T03:52:11Z"}]}`)
	f.Add("nagios", `{"name":"a","state":"well","why":"b","severity":"suspected","capability":"login","id":"1","since":"2026-11-02T03:52:11Z"}`)
	f.Add("alarms", `{"AlarmName":"a","NewStateValue":"ALARM","NewStateReason":"b","StateChangeTime":"2026-11-02T03:52:11.804+0000"}`)
	f.Fuzz(func(t *testing.T, monitor, body string) {
		x := start(t)
		if m, ok := x.Config.Monitor("alarms"); ok && monitor == "alarms" {
			if err := x.Alarm(t.Context(), m, body); err != nil {
				t.Error(err)
			}
		} else {
			r := httptest.NewRequest("POST", "/signal/nagios", strings.NewReader(body))
			if monitor == "prometheus" {
				r.URL.Path = "/signal/prometheus"
			}
			r.Header.Set("Authorization", "Bearer hush-token")
			w := httptest.NewRecorder()
			x.ServeHTTP(w, r)
			if taken := w.Code == http.StatusAccepted; taken != (len(x.hints.keys) > 0) || !taken && w.Code != http.StatusBadRequest && w.Code != http.StatusRequestEntityTooLarge {
				t.Errorf("%d, and the router is woken for %q", w.Code, x.hints.keys)
			}
			if w.Code == http.StatusAccepted && !json.Valid(w.Body.Bytes()) {
				t.Errorf("answered %q", w.Body)
			}
		}
		for _, key := range x.hints.keys {
			live, err := x.store.Load(t.Context(), key)
			if err != nil || len(live.Signals) == 0 {
				t.Errorf("woken for %q, where there is nothing: %v", key, err)
			}
		}
	})
}
