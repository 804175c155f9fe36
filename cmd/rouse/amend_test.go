package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rouse/shared/amend"
	"rouse/shared/dynamostore"
	"rouse/test/dynamolocal"
)

// A stack is a deployed table, and the machine of somebody who reaches it.
type stack struct {
	*testing.T
	store *dynamostore.Store
	env   map[string]string
	zone  *time.Location
}

// deploy makes a table and goes to a folder with team as its rouse.yaml.
func deploy(t *testing.T) *stack {
	t.Helper()
	// Both live where the rota does, so that one clock tells all times.
	text := strings.NewReplacer("ana: {", "ana: {zone: America/Chicago, ", "bo: {phone", "bo: {zone: America/Chicago, phone").Replace(team)
	url, name := dynamolocal.Endpoint(t), "rouse-cmd-"+rand.Text() // found from inside the repository
	inFolder(t, map[string]string{"rouse.yaml": text})
	for key, value := range map[string]string{
		"AWS_ENDPOINT_URL_DYNAMODB": url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(key, value)
	}
	client := dynamodb.New(dynamodb.Options{BaseEndpoint: aws.String(url), Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")})
	if err := dynamostore.CreateTable(t.Context(), client, name); err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	return &stack{t, dynamostore.New(client, name), map[string]string{"ROUSE_TABLE": name, "USER": "root"}, zone}
}

// run runs a command; words of args are split at spaces but for what is in
// quotes, and Tue, Wed and Thu at 10:00 of a coming week are written Wed@10:00.
func (s *stack) run(args string) result {
	s.Helper()
	var words []string
	for i, part := range strings.Split(args, `"`) {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		for _, word := range strings.Fields(part) {
			words = append(words, s.date(word))
		}
	}
	var stdout, stderr bytes.Buffer
	status := run(context.Background(), words, strings.NewReader(""), &stdout, &stderr, func(name string) string { return s.env[name] })
	return result{status, stdout.String(), stderr.String()}
}

func (s *stack) date(word string) string {
	day, clock, isTime := strings.Cut(word, "@")
	if !isTime {
		return word
	}
	return s.at(day, clock).Format("2006-01-02T15:04")
}

// at is a time of a day that lies at least two days ahead.
func (s *stack) at(day, clock string) time.Time {
	d := time.Now().In(s.zone).AddDate(0, 0, 2)
	for d.Weekday() != time.Tuesday {
		d = d.AddDate(0, 0, 1)
	}
	d = d.AddDate(0, 0, slices.Index([]string{"Tue", "Wed", "Thu"}, day))
	t, err := time.Parse("15:04", clock)
	if err != nil {
		s.Fatal(err)
	}
	return time.Date(d.Year(), d.Month(), d.Day(), t.Hour(), t.Minute(), 0, 0, s.zone)
}

func (s *stack) local(day, clock string) string { return s.at(day, clock).Format(stamp) }

// ok runs a command that must succeed, and refused one that must not.
func (s *stack) ok(args string) string {
	s.Helper()
	got := s.run(args)
	if got.status != 0 || got.stderr != "" {
		s.Fatalf("rouse %s: status %d\n%s%s", args, got.status, got.stdout, got.stderr)
	}
	return got.stdout
}

func (s *stack) refused(args string, status int, want ...string) {
	s.Helper()
	before, _ := s.store.Amendments(s.Context())
	got := s.run(args)
	if got.status != status {
		s.Errorf("rouse %s: status %d, want %d\n%s%s", args, got.status, status, got.stdout, got.stderr)
	}
	for _, w := range want {
		if !strings.Contains(got.stderr, w) {
			s.Errorf("rouse %s does not say %q:\n%s", args, w, got.stderr)
		}
	}
	if after, _ := s.store.Amendments(s.Context()); len(after) != len(before) {
		s.Errorf("rouse %s was refused and has changed the table", args)
	}
}

func (s *stack) primary(day, clock, want string) {
	s.Helper()
	var answer struct{ Schedules map[string][]string }
	if err := json.Unmarshal([]byte(s.ok("who --json --at "+s.at(day, clock).Format(time.RFC3339))), &answer); err != nil {
		s.Fatal(err)
	}
	if got := strings.Join(answer.Schedules["primary"], " "); got != want {
		s.Errorf("%s %s: %q is on call, want %q", day, clock, got, want)
	}
}

func (s *stack) made(args string) amendmentRow {
	s.Helper()
	var row amendmentRow
	if err := json.Unmarshal([]byte(s.ok(args+" --json")), &row); err != nil {
		s.Fatal(err)
	}
	return row
}

func TestOverride(t *testing.T) {
	s := deploy(t)
	s.primary("Wed", "10:00", "ana")
	out := s.ok(`override --schedule primary --who bo --from Wed@09:00 --to Wed@12:00 --why dentist`)
	want := fmt.Sprintf("primary: bo from %s to %s, instead of ana (Ana Ruiz)\nIt counts from the next decision on. Undo it with: rouse override --remove ", s.local("Wed", "09:00"), s.local("Wed", "12:00"))
	id, found := strings.CutPrefix(out, want)
	if !found {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	s.primary("Wed", "08:59", "ana")
	s.primary("Wed", "09:00", "bo")
	s.primary("Wed", "11:59", "bo")
	s.primary("Wed", "12:00", "ana")

	shifts := s.ok(`shifts --schedule primary --from Wed@06:00 --to Wed@13:00 --json`)
	if strings.Count(shifts, `"who":["bo"]`) != 1 {
		t.Errorf("shifts %s", shifts)
	}
	if calendar := s.ok(`calendar --who bo --from Wed@08:00 --to Wed@13:00`); strings.Count(calendar, "SUMMARY:On call: primary") != 1 {
		t.Errorf("calendar %s", calendar)
	}
	list := s.ok("override --list")
	if id = strings.TrimSpace(id); !strings.HasPrefix(list, id+"  primary: bo") || !strings.HasSuffix(list, "dentist (by root)\n") {
		t.Errorf("list %s", list)
	}
	if away := s.ok("away --list"); !strings.HasPrefix(away, "No away time was made since the deployment") {
		t.Errorf("away --list: %s", away)
	}
	s.refused("away --remove "+id, 2, id+" is an override: rouse override --remove "+id)

	table := s.env["ROUSE_TABLE"]
	delete(s.env, "ROUSE_TABLE")
	s.primary("Wed", "10:00", "ana") // by rouse.yaml alone
	s.refused("override --list", 2, "which stack? Add --table or set ROUSE_TABLE")
	s.ok("override --remove " + id + " --table " + table)
	s.env["ROUSE_TABLE"] = table
	s.primary("Wed", "10:00", "ana")
	if list := s.ok("override --list --json"); list != "[]\n" {
		t.Errorf("after its removal: %s", list)
	}
}

func TestTake(t *testing.T) {
	s := deploy(t)
	s.refused("override --take --schedule primary --from Wed@10:00", 2, "who? Add --who with one of ana, bo, or set ROUSE_ME")
	s.env["ROUSE_ME"] = "bo"
	row := s.made("override --take --schedule primary --from Wed@10:00")
	if !row.From.Equal(s.at("Wed", "10:00")) || !row.To.Equal(s.at("Wed", "17:00")) || !slices.Equal(row.Who, []string{"bo"}) || row.By != "bo" || row.Forced {
		t.Errorf("taken %+v", row)
	}
	if len(row.Changes) != 1 || !slices.Equal(row.Changes[0].Was, []string{"ana"}) || !slices.Equal(row.Changes[0].Now, []string{"bo"}) {
		t.Errorf("changes %+v", row.Changes)
	}
	s.refused("override --take --schedule primary --from Wed@10:00", 1, "nothing would change: bo has primary then already")
	s.refused("override --take --schedule backup --from Wed@10:00", 2, "does not end within 92 days; add --to")

	// Back again: of two overrides the later one wins, even if the clock of the
	// machine that made the first is ahead.
	ahead := amend.Amendment{ID: "ahead", Schedule: "primary", Who: []string{"bo"}, From: s.at("Wed", "09:00"), To: s.at("Wed", "17:00"), At: time.Now().Add(time.Hour)}
	if err := s.store.Amend(t.Context(), ahead); err != nil {
		t.Fatal(err)
	}
	s.ok("override --take --schedule primary --who ana --from Wed@11:00")
	s.primary("Wed", "10:59", "bo")
	s.primary("Wed", "11:00", "ana")

	together := s.made("override --schedule primary --who bo,ana --from Thu@06:00 --to Thu@07:00")
	s.primary("Thu", "06:30", "ana bo")
	s.ok("override --remove " + together.ID)
}

// The hole of every Tuesday is filled, cannot be opened again unnoticed, and
// an away time that would open one is refused.
func TestWhatOpensAHoleIsRefused(t *testing.T) {
	s := deploy(t)
	coverage := "coverage --json --from Tue@00:00 --to Wed@23:00"
	if got := s.run(coverage); got.status != 1 {
		t.Fatalf("at first: %+v", got)
	}
	fill := s.made("override --schedule primary --who ana --from Tue@17:00 --to Tue@18:00")
	if got := s.ok(coverage); got != `{"holes":[]}`+"\n" {
		t.Errorf("filled: %s", got)
	}
	s.refused("override --remove "+fill.ID, 1, "refused: nobody would be woken\n  from "+s.local("Tue", "17:00"), "days ends 17:00 Central", "--force --why REASON")
	s.refused("override --remove "+fill.ID+" --force", 2, "--force needs --why")
	s.refused(`away --who ana --from Tue@16:00 --to Wed@06:00 --why London`, 1, "  from "+s.local("Tue", "16:00")+" to "+s.local("Tue", "18:00"), "  from "+s.local("Wed", "05:00")+" to "+s.local("Wed", "06:00"))
	var opens struct{ Opens []holeRow }
	refused := s.run(`away --who ana --from Tue@16:00 --to Wed@06:00 --why London --json`)
	if err := json.Unmarshal([]byte(refused.stdout), &opens); err != nil || refused.status != 1 || len(opens.Opens) != 2 {
		t.Fatalf("%v: %+v", err, refused)
	}
	for i, want := range []struct{ from, to time.Time }{{s.at("Tue", "16:00"), s.at("Tue", "18:00")}, {s.at("Wed", "05:00"), s.at("Wed", "06:00")}} {
		if h := opens.Opens[i]; !h.From.Equal(want.from) || !h.To.Equal(want.to) || !strings.Contains(h.Why, "ana is away (London)") {
			t.Errorf("hole %d: %+v, want %v", i, h, want)
		}
	}

	forced := s.made(`away --who ana --from Tue@16:00 --to Wed@06:00 --force --why "London, no signal"`)
	if !forced.Forced || forced.Schedule != "" || len(forced.Changes) != 3 {
		t.Errorf("forced %+v", forced)
	}
	s.primary("Tue", "16:30", "")
	if got := s.run(coverage); got.status != 1 || !strings.Contains(got.stdout, "ana is away (London, no signal)") {
		t.Errorf("coverage: %+v", got)
	}
	drawn := s.run("coverage --from Tue@00:00 --to Wed@23:00")
	if want := "mend it with rouse away --list and --remove, or rouse override, for the hole of " + s.local("Tue", "16:00"); !strings.Contains(drawn.stdout, want) {
		t.Errorf("coverage does not say %q:\n%s", want, drawn.stdout)
	}
	if list := s.ok("away --list"); !strings.Contains(list, "London, no signal (by root) FORCED\n") {
		t.Errorf("list %s", list)
	}
	s.refused("override --schedule primary --who ana --from Tue@15:00 --to Tue@18:00", 1, "ana is away from "+s.local("Tue", "16:00")+" to "+s.local("Tue", "18:00")+", and would not be on call")
	// A hole that is there already is nothing that bo opens.
	s.ok("away --who bo --from Tue@17:00 --to Tue@17:30")
	s.ok("away --remove " + forced.ID)
	s.primary("Tue", "16:30", "ana")
	s.ok(`override --remove ` + fill.ID + ` --force --why "nobody is in"`)
}

func TestAmendmentsThatMakeNoSense(t *testing.T) {
	s := deploy(t)
	for args, want := range map[string]string{
		"override --schedule primary --who bob --to Wed@10:00":                         `there is no responder "bob"; did you mean "bo"?`,
		"override --schedule primry --who bo --to Wed@10:00":                           `there is no schedule "primry"; did you mean "primary"?`,
		"override --who bo --to Wed@10:00":                                             "which one? Add --schedule with one of backup, primary",
		"override --schedule primary --who bo --from Wed@10:00":                        "until when? Add --to",
		"override --schedule primary --who bo --from Wed@10:00 --to Tue@10:00":         "is not after --from",
		"override --schedule primary --who bo --from 2020-01-01 --to 2020-01-02":       "--to (Fri 2020-01-03 00:00 CST) is over already",
		"override --schedule primary --who bo --to 2199-01-01":                         "that is longer than a year; write it into rouse.yaml",
		"override --schedule primary --who bo --from 2030-03-10T02:30 --to 2030-03-11": "--from: 2030-03-10T02:30 does not exist in America/Chicago, where clocks are put forward then; write 2030-03-10T03:00",
		"override --schedule primary --who bo --to noon":                               `--to: "noon" is not a time`,
		"override --remove nothing":                                                    `there is no override "nothing"; there are none`,
		"away --who ana,bo --to Wed@10:00":                                             "--who names several",
		"away --who ana --to Wed@10:00 --why \"" + strings.Repeat("x", 201) + "\"":     "--why is one line of at most 200 bytes",
		"away ana --to Wed@10:00":                                                      `"ana" is one word too many`,
	} {
		s.refused(args, 2, want)
	}
	s.env["ROUSE_TABLE"] = "rouse-none"
	if got := s.run("who"); got.status != 1 || !strings.Contains(got.stderr, "table rouse-none does not exist in Region us-east-1: deploy the stack, or set ROUSE_TABLE") {
		t.Errorf("a table that is not there: %+v", got)
	}
	t.Setenv("AWS_REGION", "")
	if got := s.run("who"); got.status != 1 || !strings.Contains(got.stderr, "no Region: set AWS_REGION") {
		t.Errorf("no Region: %+v", got)
	}
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	if got := s.run("who"); got.status != 1 || !strings.Contains(got.stderr, "no AWS credentials: sign in (aws sso login), or set AWS_PROFILE") {
		t.Errorf("no credentials: %+v", got)
	}
}

func TestAmendmentsAreBounded(t *testing.T) {
	s := deploy(t)
	for i := range amend.Max {
		m := amend.Amendment{ID: fmt.Sprint(i), Who: []string{"ana"}, From: s.at("Wed", "06:00"), To: s.at("Wed", "06:01"), At: time.Now()}
		if err := s.store.Amend(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	s.refused("away --who bo --to Wed@10:00", 1, "200 amendments are not over yet, and no more are taken")
}

func TestCalendars(t *testing.T) {
	text := strings.Replace(team, `ana: {name: Ana Ruiz, phone: "+13105550100"}`, `ana: {name: Ana Ruiz, phone: "+13105550100", away: [{ics: ana.ics}]}`, 1)
	day := time.Now().AddDate(0, 0, 7).UTC()
	ics := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;VALUE=DATE:" + day.Format("20060102") + "\r\nSUMMARY:London\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	inFolder(t, map[string]string{"rouse.yaml": text, "ana.ics": ics})
	got := rouse(t, "", "coverage", "--json", "--from", day.Format("2006-01-02"), "--to", day.Format("2006-01-02"))
	if got.status != 1 || !strings.Contains(got.stdout, "ana is away (London)") {
		t.Errorf("coverage: %+v", got)
	}
	if got := rouse(t, "", "config", "--expand"); got.status != 0 || !strings.Contains(got.stdout, "why: \"London\"") || strings.Contains(got.stdout, "ics:") {
		t.Errorf("config --expand: %+v", got)
	}
	if got := rouse(t, "", "shifts", "--schedule", "primary", "--from", "2199-01-01", "--to", "2199-01-02"); got.status != 0 || !strings.Contains(got.stderr, "calendars are read until ") {
		t.Errorf("beyond the calendar: %+v", got)
	}
	got = rouse(t, "", "calendar", "--who", "bo", "--json", "--to", day.Format("2006-01-02"))
	var answer struct{ Calendar string }
	if err := json.Unmarshal([]byte(got.stdout), &answer); err != nil || !strings.HasPrefix(answer.Calendar, "BEGIN:VCALENDAR\r\n") || !strings.Contains(answer.Calendar, "X-WR-CALNAME:bo on call for Newsroom\r\n") {
		t.Errorf("calendar: %v, %+v", err, got)
	}

	if err := os.WriteFile("ana.ics", []byte("<html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	const want = "rouse.yaml:3:61: responders.ana.away[0].ics: ana.ics cannot be used: it does not begin with BEGIN:VCALENDAR; export the calendar as iCalendar (.ics)\n"
	if got := rouse(t, "", "who"); got.status != 1 || got.stderr != want {
		t.Errorf("an unreadable calendar: %+v", got)
	}
}
