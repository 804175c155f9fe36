package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A result is what a run of the program left behind.
type result struct {
	status         int
	stdout, stderr string
}

// rouse runs the program in the current folder, as main does.
func rouse(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := map[string]string{"LANG": "en_US.UTF-8"}
	status := run(context.Background(), args, strings.NewReader(stdin), &stdout, &stderr, func(name string) string {
		if strings.HasPrefix(name, "ROUSE_SECRET_") { // a test's own
			return os.Getenv(name)
		}
		return env[name]
	})
	return result{status, stdout.String(), stderr.String()}
}

// inFolder makes a folder with these files the current one.
func inFolder(t *testing.T, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

// team has a rota with a hole on Tuesdays from 17:00 to 18:00, Chicago time.
const team = `service: Newsroom
responders:
  ana: {name: Ana Ruiz, phone: "+13105550100"}
  bo: {phone: "+13105550101"}
schedules:
  primary:
    zone: America/Chicago
    layers:
      - {name: days, rotation: [ana], every: 1w, start: 2026-01-05T09:00, during: [{from: "05:00", to: "17:00"}]}
      - {name: nights, rotation: [bo], every: 1w, start: 2026-01-05T09:00, during: [{days: wed-mon, from: "17:00", to: "05:00"}, {days: tue, from: "18:00", to: "05:00"}]}
  backup: {zone: UTC, layers: [{name: both, rotation: [[ana, bo]], every: 1d, start: 2026-01-05}]}
policies: {default: {steps: [{page: [schedule/primary]}, {page: [everyone]}]}}
capabilities: {login: {words: [log in]}}
checks:
  login: {capability: login, http: {url: "https://app.example.com/"}}
  other: {http: {url: "https://app.example.com/"}}
inbox: {address: alerts@in.example.com, team: [example.com], reply_from: support@example.com}
coverage: {owner: bo}
`

const broken = `service: Newsroom
responders:
  ana: {name: Ana}
polices: {}
`

func TestCommands(t *testing.T) {
	week := []string{"--from", "2026-02-02T06:00:00Z", "--to", "2026-02-05T06:00:00Z"}
	for _, c := range []struct {
		args   []string
		stdin  string
		status int
		stdout string // exactly
		stderr string // exactly
	}{
		{args: []string{"config"}, stdout: "rouse.yaml is valid: Newsroom, 2 responders, 2 schedules, 1 capability, 2 checks.\n"},
		{args: []string{"config", "--json"}, stdout: `{"faults":[]}` + "\n"},
		{args: []string{"--json", "config"}, stdout: `{"faults":[]}` + "\n"},
		{args: []string{"config", "--config", "broken.yaml"}, status: 1, stderr: `broken.yaml:3:3: responders.ana: has neither phone nor email, so no page can reach them; add phone: "+13105550100"
broken.yaml:4:1: polices: is not a key here; did you mean "policies"?
`},
		{args: []string{"--config", "broken.yaml", "config", "--json"}, status: 1, stdout: `{"faults":[{"line":3,"column":3,"message":"responders.ana: has neither phone nor email, so no page can reach them; add phone: \"+13105550100\""},{"line":4,"column":1,"message":"polices: is not a key here; did you mean \"policies\"?"}]}` + "\n"},
		{args: []string{"config", "--config", "none.yaml"}, status: 1, stderr: "rouse: there is no none.yaml; `rouse init URL` writes a first one, and --config names another\n"},
		{args: []string{"config", "--config", "none.yaml", "--json"}, status: 1, stdout: `{"faults":[{"line":1,"column":1,"message":"there is no none.yaml; ` + "`rouse init URL`" + ` writes a first one, and --config names another"}]}` + "\n"},
		{args: []string{"config", "rouse.yaml"}, status: 2, stderr: "rouse: \"rouse.yaml\" is one word too many\n"},

		{args: []string{"who", "--at", "2026-02-03T14:00:00Z", "--json"}, stdout: `{"at":"2026-02-03T14:00:00Z","schedules":{"backup":["ana","bo"],"primary":["ana"]}}` + "\n"},
		{args: []string{"who", "--at", "2026-02-03T17:30:00-06:00", "--json"}, stdout: `{"at":"2026-02-03T23:30:00Z","schedules":{"backup":["ana","bo"],"primary":[]}}` + "\n"},
		{args: []string{"who", "--at", "2026-02-03T23:30:00Z"}, stdout: "backup   ana (Ana Ruiz), bo  Tue 2026-02-03 23:30 UTC\nprimary  NOBODY              Tue 2026-02-03 17:30 CST\n"},
		{args: []string{"who", "--at", "tea time"}, status: 2, stderr: `rouse: --at: "tea time" is not a time; write it like 2026-11-02T09:00-06:00, 2026-11-02T09:00 or 2026-11-02` + "\n"},
		{args: []string{"who", "--config", "small.yaml"}, stdout: "There are no schedules; pages go out by the policies alone.\n"},
		{args: []string{"who", "--config", "broken.yaml"}, status: 1, stderr: `broken.yaml:3:3: responders.ana: has neither phone nor email, so no page can reach them; add phone: "+13105550100"
broken.yaml:4:1: polices: is not a key here; did you mean "policies"?
`},

		{args: []string{"shifts", "--schedule", "primary", "--from", "2026-02-03T05:00", "--to", "2026-02-03", "--json"}, stdout: `[{"from":"2026-02-03T11:00:00Z","to":"2026-02-03T23:00:00Z","who":["ana"]},{"from":"2026-02-03T23:00:00Z","to":"2026-02-04T00:00:00Z","who":[]},{"from":"2026-02-04T00:00:00Z","to":"2026-02-04T06:00:00Z","who":["bo"]}]` + "\n"},
		{args: []string{"shifts", "--schedule", "primary", "--from", "2026-02-03T05:00", "--to", "2026-02-03"}, stdout: `Tue 2026-02-03 05:00 CST  Tue 2026-02-03 17:00 CST  ana (Ana Ruiz)
Tue 2026-02-03 17:00 CST  Tue 2026-02-03 18:00 CST  NOBODY
Tue 2026-02-03 18:00 CST  Wed 2026-02-04 00:00 CST  bo
`},
		{args: []string{"shifts"}, status: 2, stderr: "rouse: which one? Add --schedule with one of backup, primary\n"},
		{args: []string{"shifts", "--schedule", "primry"}, status: 2, stderr: `rouse: there is no schedule "primry"; did you mean "primary"?` + "\n"},
		{args: []string{"shifts", "--schedule", "primary", "--from", "2026-02-03", "--to", "2026-02-01"}, status: 2, stderr: "rouse: --to (2026-02-02T00:00:00-06:00) is not after --from (2026-02-03T00:00:00-06:00)\n"},
		{args: []string{"shifts", "--schedule", "primary", "--from", "2026-02-03", "--to", "2126-02-01"}, status: 2, stderr: "rouse: from 2026-02-03T00:00:00-06:00 to 2126-02-02T00:00:00-06:00 is more than ten years; ask for less\n"},

		{args: append([]string{"coverage", "--json"}, week...), status: 1, stdout: `{"holes":[{"from":"2026-02-03T23:00:00Z","to":"2026-02-04T00:00:00Z","why":"days ends 17:00 Central; nights begins 18:00 Central"}]}` + "\n"},
		{args: []string{"coverage", "--json", "--from", "2026-02-04T00:00:00Z", "--to", "2026-02-05T06:00:00Z"}, stdout: `{"holes":[]}` + "\n"},
		{args: []string{"coverage", "--config", "small.yaml"}, stdout: "No policy pages a schedule first, so there is no rota to have holes.\n"},
		{args: append([]string{"coverage", "--svg", "no/such/folder.svg"}, week...), status: 1, stderr: "rouse: the picture could not be written: open no/such/folder.svg: no such file or directory\n"},

		{args: []string{"check", "nologin"}, status: 2, stderr: `rouse: there is no check "nologin"; did you mean "login"?` + "\n"},
		{args: []string{"check", "--config", "small.yaml"}, stdout: "small.yaml has no checks.\n"},
		{args: []string{"check", "--config", "small.yaml", "--json"}, stdout: "[]\n"},

		{args: []string{"verdict", "--check", "login", "--json"}, stdin: samples, stdout: `[{"at":"2026-02-03T04:00:00Z","state":"up","why":"good at 04:00"},{"at":"2026-02-03T04:01:20Z","state":"down","why":"4 of 4 samples failed between 04:00 and 04:01: status 502 (4)"}]` + "\n"},
		{args: []string{"verdict", "--check", "login"}, stdin: samples, stdout: "2026-02-03T04:00:00Z  up    good at 04:00\n2026-02-03T04:01:20Z  down  4 of 4 samples failed between 04:00 and 04:01: status 502 (4)\n"},
		{args: []string{"verdict", "--check", "login", "--json"}, stdout: "[]\n"},
		{args: []string{"verdict"}, status: 2, stderr: "rouse: which one? Add --check with one of login, other\n"},
		{args: []string{"verdict", "--check", "login"}, stdin: "{\"at\":\"2026-02-03T04:00:00Z\",\"ok\":true}\n\n{\"ok\":true}\n", status: 1,
			stderr: `rouse: standard input, line 3: a sample needs "at" and "ok", like {"at":"2026-11-02T21:50:00Z","ok":false}` + "\n"},
		{args: []string{"verdict", "--check", "login", "--from", "2026-02-03"}, status: 2, stderr: "rouse: --from and --to belong to --world; samples carry their own times\n"},
		{args: []string{"verdict", "--check", "login", "--world", "world.jsonl"}, status: 2, stderr: "rouse: a world needs --from and --to\n"},
		{args: []string{"verdict", "--check", "login", "--world", "none", "--from", "2026-02-03", "--to", "2026-02-04"}, status: 2, stderr: "rouse: --world: open none: no such file or directory\n"},
		{args: []string{"verdict", "--check", "login", "--world", "bad.jsonl", "--from", "2026-02-03", "--to", "2026-02-04"}, status: 1, stderr: `rouse: bad.jsonl, line 1: "fail" is 2; a probability is from 0 to 1` + "\n"},
		{args: []string{"mail"}, status: 2, stderr: "rouse: there is no mail on standard input; try rouse mail < message.eml\n"},

		{args: nil, status: 2, stderr: help + "rouse: which command?\n"},
		{args: []string{"frobnicate"}, status: 2, stderr: "rouse: \"frobnicate\" is not a command; " + names() + "\n"},
		{args: []string{"--frobnicate"}, status: 2, stderr: "rouse: flag provided but not defined: -frobnicate; `rouse help` lists the commands\n"},
		{args: []string{"who", "--frobnicate"}, status: 2, stderr: "rouse: flag provided but not defined: -frobnicate; `rouse who -h` lists the flags\n"},
		{args: []string{"help"}, stdout: help},
		{args: []string{"-h"}, stdout: help},
		{args: []string{"config", "-h"}, stdout: "rouse config: validates rouse.yaml and tells every fault\n\n  -config FILE\n    \tread this FILE instead of rouse.yaml (default \"rouse.yaml\")\n  -expand\n    \tprint rouse.yaml with its calendars written out, as the functions read it\n  -json\n    \tprint one JSON document\n"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			inFolder(t, map[string]string{
				"rouse.yaml":  team,
				"broken.yaml": broken,
				"small.yaml":  "service: x\nresponders: {ana: {phone: \"+13105550100\"}}\n",
				"world.jsonl": `{"from":"2026-02-03T04:00:00Z","to":"2026-02-03T04:10:00Z","fail":1}` + "\n",
				"bad.jsonl":   `{"from":"2026-02-03T04:00:00Z","to":"2026-02-03T04:10:00Z","fail":2}` + "\n",
			})
			got := rouse(t, c.stdin, c.args...)
			if want := (result{c.status, c.stdout, c.stderr}); got != want {
				t.Errorf("got status %d\nstdout %s\nstderr %s\nwant status %d\nstdout %s\nstderr %s",
					got.status, got.stdout, got.stderr, want.status, want.stdout, want.stderr)
			}
		})
	}
}

const samples = `{"at":"2026-02-03T04:00:00Z","ok":true}
{"at":"2026-02-03T04:00:20Z","ok":false,"why":"status 502"}

{"at":"2026-02-03T04:00:40Z","ok":false,"why":"status 502"}
{"at":"2026-02-03T04:01:00Z","ok":false,"why":"status 502"}
{"at":"2026-02-03T04:01:20Z","ok":false,"why":"status 502"}
`

// help is what the table of commands makes of itself; that it lists each of
// them is TestHelp's to see.
var help = func() string {
	var b bytes.Buffer
	(&call{}).help(&b)
	return b.String()
}()

func names() string {
	var all []string
	for _, cmd := range commands() {
		all = append(all, cmd.name)
	}
	return "there are " + strings.Join(all, ", ")
}

func TestHelp(t *testing.T) {
	for _, cmd := range commands() {
		if !strings.Contains(help, "  "+cmd.name) || !strings.Contains(help, cmd.about) {
			t.Errorf("help does not tell of %s:\n%s", cmd.name, help)
		}
	}
}

func TestCoverageDrawsTheHoleAndNamesTheLineToMend(t *testing.T) {
	inFolder(t, map[string]string{"rouse.yaml": team})
	got := rouse(t, "", "coverage", "--from", "2026-02-02T06:00:00Z", "--to", "2026-02-05T06:00:00Z", "--svg", "rota.svg")
	if got.status != 1 || got.stderr != "" {
		t.Errorf("status %d, stderr %s", got.status, got.stderr)
	}
	for _, want := range []string{
		"1 HOLE",
		"days ends 17:00 Central",
		"mend rouse.yaml:9:9 (schedules.primary.layers[0]) for the hole of Tue 2026-02-03 23:00 UTC\n",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("the output lacks %q:\n%s", want, got.stdout)
		}
	}
	svg, err := os.ReadFile("rota.svg")
	if err != nil || !bytes.HasPrefix(svg, []byte("<svg ")) {
		t.Errorf("the picture is %.40q, %v", svg, err)
	}
}

// What lies beyond the two weeks that are drawn is told all the same, and what
// is accepted is told as such.
func TestCoverageTellsLaterAndAcceptedHoles(t *testing.T) {
	text := strings.Replace(team, "coverage: {owner: bo}",
		"coverage: {owner: bo, accept: [{from: 2026-02-03T00:00, to: 2026-02-11, why: closed}]}", 1)
	inFolder(t, map[string]string{"rouse.yaml": text})
	got := rouse(t, "", "coverage", "--from", "2026-02-02")
	if got.status != 1 {
		t.Errorf("status %d", got.status)
	}
	for _, want := range []string{
		"No holes",
		"\nLater, until Mon 2026-03-02 00:00 UTC:\n  Tue 2026-02-17 23:00 UTC to Wed 2026-02-18 00:00 UTC: ",
		"accepted: Tue 2026-02-03 00:00 UTC to Thu 2026-02-12 00:00 UTC (closed)\n",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("the output lacks %q:\n%s", want, got.stdout)
		}
	}
}

func TestVerdictOfAWorld(t *testing.T) {
	inFolder(t, map[string]string{"rouse.yaml": team, "world.jsonl": `{"from":"2026-02-03T04:00:00Z","to":"2026-02-03T04:10:00Z","fail":0.5}` + "\n"})
	seeded := func(seed string) string {
		got := rouse(t, "", "verdict", "--check", "login", "--world", "world.jsonl", "--seed", seed,
			"--from", "2026-02-03T03:00:00Z", "--to", "2026-02-03T05:00:00Z", "--json")
		if got.status != 0 || got.stderr != "" {
			t.Fatalf("%+v", got)
		}
		return got.stdout
	}
	first := seeded("7")
	var rows []struct {
		At    time.Time
		State string
	}
	if err := json.Unmarshal([]byte(first), &rows); err != nil || len(rows) != 3 {
		t.Fatalf("%v: %s", err, first)
	}
	at := func(minute int) time.Time { return time.Date(2026, 2, 3, 4, minute, 0, 0, time.UTC) }
	if rows[0].State != "up" || rows[1].State != "intermittent" || rows[2].State != "up" ||
		rows[1].At.Before(at(0)) || rows[1].At.After(at(3)) || rows[2].At.Before(at(40)) || rows[2].At.After(at(46)) {
		t.Errorf("rows %s", first)
	}
	if again := seeded("7"); again != first {
		t.Errorf("one seed makes two histories:\n%s%s", first, again)
	}
	if other := seeded("8"); other == first {
		t.Error("two seeds make one history")
	}
}

func TestBeatURLs(t *testing.T) {
	inFolder(t, map[string]string{"rouse.yaml": `service: x
responders: {ana: {phone: "+13105550100"}}
checks:
  backup: {heartbeat: {every: 1d, grace: 1h, secret: beats}}
`})
	if got := rouse(t, "", "check", "--urls", "--base", "https://api.example.com"); got.status != 1 || !strings.Contains(got.stderr, "set ROUSE_SECRET_BEATS, to what the SSM parameter /rouse/beats holds") {
		t.Errorf("without the secret: %+v", got)
	}
	t.Setenv("ROUSE_SECRET_BEATS", "hush")
	if got := rouse(t, "", "check", "--urls"); got.status != 2 || !strings.Contains(got.stderr, "--base") {
		t.Errorf("without a base: %+v", got)
	}
	const url = "https://api.example.com/beat/backup.2c4a39ac78b02b9f445c70b2345559fc"
	if got := rouse(t, "", "check", "--urls", "--base", "https://api.example.com/"); got.status != 0 || got.stdout != "backup  "+url+"\n" {
		t.Errorf("%+v", got)
	}
	if got := rouse(t, "", "check", "--urls", "--base", "https://api.example.com/", "--json"); got.status != 0 || !strings.Contains(got.stdout, `"url":"`+url+`"`) {
		t.Errorf("%+v", got)
	}
	if got := rouse(t, "", "check"); got.status != 0 || !strings.Contains(got.stderr, "backup is left out") {
		t.Errorf("it is looked at from here: %+v", got)
	}
	if got := rouse(t, "", "check", "backup"); got.status != 1 || !strings.Contains(got.stdout, "nobody here keeps the beats of jobs") {
		t.Errorf("asked for by its name: %+v", got)
	}
}

func TestCheckReallyProbes(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer server.Close()
	inFolder(t, map[string]string{"rouse.yaml": fmt.Sprintf(`service: x
responders: {ana: {phone: "+13105550100"}}
checks:
  good: {http: {url: "%s/"}}
  bad: {http: {url: "%s/bad"}}
  secret: {http: {url: "%s/", bearer: probe-token}}
`, server.URL, server.URL, server.URL)})

	got := rouse(t, "", "check", "--json")
	var rows []map[string]any
	if err := json.Unmarshal([]byte(got.stdout), &rows); err != nil {
		t.Fatalf("%v: %s", err, got.stdout)
	}
	if got.status != 1 || len(rows) != 3 {
		t.Fatalf("status %d, rows %v", got.status, rows)
	}
	for i, want := range []map[string]any{
		{"check": "good", "ok": true, "why": ""},
		{"check": "bad", "ok": false, "why": "status 502"},
		{"check": "secret", "ok": false, "why": "secret probe-token cannot be read"},
	} {
		if took, ok := rows[i]["took_ms"].(float64); !ok || took < 0 {
			t.Errorf("took_ms is %v", rows[i]["took_ms"])
		}
		delete(rows[i], "took_ms")
		if !reflect.DeepEqual(rows[i], want) {
			t.Errorf("row %v, want %v", rows[i], want)
		}
	}
	if !strings.Contains(got.stderr, "set ROUSE_SECRET_PROBE_TOKEN") {
		t.Errorf("it does not say where secrets are read: %s", got.stderr)
	}
	if got := rouse(t, "", "check", "good"); got.status != 0 || !strings.HasSuffix(got.stdout, "ms  ok\n") {
		t.Errorf("check good: %+v", got)
	}
	if got := rouse(t, "", "check", "bad"); got.status != 1 || !strings.HasSuffix(got.stdout, "ms  FAILED: status 502\n") {
		t.Errorf("check bad: %+v", got)
	}
}

func TestMail(t *testing.T) {
	const urgent = "From: Kim <kim@kstate.example>\r\nTo: alerts@in.example.com\r\nSubject: help\r\n\r\nOur staff have been unable to log in for ten minutes.\r\n"
	for name, c := range map[string]struct {
		mail string
		want map[string]any
	}{
		"a cry for help": {urgent, map[string]any{
			"from": "kim@kstate.example", "subject": "help", "text": "Our staff have been unable to log in for ten minutes.",
			"automatic": false, "urgency": "urgent", "capability": "login", "send": true,
		}},
		"an automatic one": {"Auto-Submitted: auto-replied\r\n" + urgent, map[string]any{
			"from": "kim@kstate.example", "automatic": true, "send": false,
		}},
		"no mail at all": {"\x00\xff", map[string]any{"from": "", "automatic": false, "urgency": "unclear", "send": false}},
	} {
		inFolder(t, map[string]string{"rouse.yaml": team})
		got := rouse(t, c.mail, "mail", "--json")
		var answer map[string]any
		if err := json.Unmarshal([]byte(got.stdout), &answer); err != nil || got.status != 0 {
			t.Fatalf("%s: status %d, %v: %s", name, got.status, err, got.stdout)
		}
		reply, _ := answer["reply"].(map[string]any)
		answer["send"] = reply["send"]
		for key, want := range c.want {
			if answer[key] != want {
				t.Errorf("%s: %s is %v, want %v", name, key, answer[key], want)
			}
		}
		if _, ok := answer["why"].([]any); !ok || len(answer) != 9 {
			t.Errorf("%s: %s", name, got.stdout)
		}
		if _, ok := reply["why"].(string); !ok || len(reply) != 2 {
			t.Errorf("%s: the reply is %v", name, reply)
		}
	}

	inFolder(t, nil) // a mail can be read without a rouse.yaml
	if got := rouse(t, urgent, "mail"); got.status != 0 || !strings.Contains(got.stdout, "urgency     urgent\n") {
		t.Errorf("without rouse.yaml: %+v", got)
	}
	if got := rouse(t, urgent, "mail", "--config", "mine.yaml"); got.status != 1 {
		t.Errorf("without the named file: %+v", got)
	}
}

func TestInit(t *testing.T) {
	inFolder(t, nil)
	got := rouse(t, "", "init", "https://app.shop.example/login?next=%2Fhome#top")
	if got.status != 0 || !strings.Contains(got.stdout, "Fill in:\n  line 2 ") {
		t.Errorf("init: %+v", got)
	}
	if got := rouse(t, "", "config"); got.status != 0 || got.stdout != "rouse.yaml is valid: Shop, 1 responder, 1 capability, 1 check.\n" {
		t.Errorf("config: %+v", got)
	}
	before, _ := os.ReadFile("rouse.yaml")
	if got := rouse(t, "", "init", "https://other.example"); got.status != 1 || !strings.Contains(got.stderr, "is there already") {
		t.Errorf("a second init: %+v", got)
	}
	if after, _ := os.ReadFile("rouse.yaml"); !bytes.Equal(before, after) {
		t.Error("a second init changed the file")
	}
	for _, args := range [][]string{{"init"}, {"init", "a", "b"}, {"init", "ftp://x.example"}, {"init", "https://"}, {"init", "https://a b"}} {
		if got := rouse(t, "", append(args, "--config", "new.yaml")...); got.status != 2 || got.stderr == "" {
			t.Errorf("%v: %+v", args, got)
		}
		if _, err := os.Stat("new.yaml"); err == nil {
			t.Fatalf("%v left a file", args)
		}
	}
	for host, want := range map[string]string{"app.example.com": "Example", "localhost": "Localhost", "127.0.0.1": "Service", "::1": "Service", "xn--bcher-kva.example": "Xn--bcher-kva"} {
		if got := serviceName(host); got != want {
			t.Errorf("the service at %s is called %q, want %q", host, got, want)
		}
	}
	if got := rouse(t, "", "init", "localhost:8080/health", "--config", "here.yaml"); got.status != 0 {
		t.Errorf("init of a bare host: %+v", got)
	}
	text, _ := os.ReadFile("here.yaml")
	if !strings.Contains(string(text), `url: "https://localhost:8080/health"`) {
		t.Errorf("a bare host: %s", text)
	}
}
