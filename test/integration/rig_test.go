// Package integration_test runs the functions' real binaries as processes of
// their own, joined as the template joins them: queues that invoke, a bucket
// that announces, an HTTP API, schedules. What stands in for AWS is strict; what
// each binary may call there is what its role allows.
package integration_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"rouse/infra/bundle"
	"rouse/shared/incident"
	"rouse/test/awsfake"
	"rouse/test/lambdart"
	"rouse/test/stack"
)

var functions = []string{"probe", "inbox", "router", "ack", "hook", "sms", "desk", "watch"}

// binaries is the folder in which each function lies under its name, built
// for this machine and otherwise as for Lambda.
var binaries string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "rouse-integration-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		if err := bundle.Build(context.Background(), filepath.Join("..", ".."), dir, runtime.GOARCH, functions...); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		binaries = dir
		return m.Run()
	}())
}

// team has two people in its first step, so that there is somebody to tell
// who took it.
const team = `
service: Newsroom
responders:
  ana: {name: Ana Ruiz, zone: America/Los_Angeles, phone: "+13105550100"}
  bo:  {name: Bo Lind, zone: America/Chicago, phone: "+13125550101", email: bo@example.com}
  cy:  {name: Cy Shah, zone: Europe/London, phone: "+447700900102", email: cy@example.com}
policies:
  default:
    steps:
      - {page: [ana, bo], wait: 3m}
      - {page: [everyone], wait: 3m}
    check_in: 30m
capabilities:
  login: {words: [log in, sign in, password]}
customers: [kstate.example]
inbox: {address: alerts@in.example.com, via: forward, team: [example.com], reply_from: support@example.com, answer_within: 10m}
sms: {number: "+18885550100"}
monitors:
  prometheus: {kind: alertmanager, secret: prometheus, capability: login}
  alarms: {kind: cloudwatch}
`

// A rig is the deployed system.
type rig struct {
	*stack.Stack
	t         testing.TB
	functions map[string]*lambdart.Deployment
	url       string // of the ack screen
}

// options are what a test wants otherwise.
type options struct {
	direct bool // nobody stands between the functions and AWS
	bare   bool // the functions find no file but their own
	idle   bool // the queues invoke nobody
}

func start(t testing.TB, yaml string, o options) *rig {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rouse.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o644); err != nil {
		t.Fatal(err)
	}
	r := &rig{Stack: stack.Start(t, path), t: t, functions: map[string]*lambdart.Deployment{}}

	var screen atomic.Value // the router must know the address before there is an ack function
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { screen.Load().(http.Handler).ServeHTTP(w, q) }))
	t.Cleanup(front.Close)
	r.url, r.AckURL = front.URL, front.URL

	for _, name := range functions {
		environment := r.Env
		if o.direct {
			environment = r.Direct
		}
		f := r.Template.Function(name)
		d := lambdart.Deploy(lambdart.Function{
			Name: name, Binary: r.install(name), Env: environment(name), Timeout: f.Timeout, MemoryMB: f.MemoryMB, Bare: o.bare,
		}, 4)
		t.Cleanup(func() {
			d.Close()
			if t.Failed() {
				t.Logf("%s:\n%s", name, d.Logs())
			}
		})
		r.functions[name] = d
	}
	// Which route leads to which function, the template's rules hold.
	routes := map[bool][]string{}
	for _, key := range r.Template.Routes() {
		hooks := strings.Contains(key, " /beat/") || strings.Contains(key, " /signal/")
		routes[hooks] = append(routes[hooks], key)
	}
	ack, hook := lambdart.HTTPAPI(r.functions["ack"], routes[false]...), lambdart.HTTPAPI(r.functions["hook"], routes[true]...)
	screen.Store(http.Handler(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if strings.HasPrefix(q.URL.Path, "/beat/") || strings.HasPrefix(q.URL.Path, "/signal/") {
			hook.ServeHTTP(w, q)
			return
		}
		ack.ServeHTTP(w, q)
	})))
	if !o.idle {
		r.connect("router")
		r.connect("desk")
	}
	return r
}

// install lays a function out as its bundle is: the binary and rouse.yaml.
func (r *rig) install(name string) (bootstrap string) {
	r.t.Helper()
	folder := filepath.Join(r.t.TempDir(), name)
	if err := os.Mkdir(folder, 0o755); err != nil {
		r.t.Fatal(err)
	}
	yaml, err := os.ReadFile(r.Path)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "rouse.yaml"), yaml, 0o644); err != nil {
		r.t.Fatal(err)
	}
	bootstrap = filepath.Join(folder, "bootstrap")
	if err := os.Link(filepath.Join(binaries, name), bootstrap); err != nil {
		r.t.Fatal(err)
	}
	return bootstrap
}

// connect lets a function's queue invoke it until the test ends.
func (r *rig) connect(name string) {
	r.mapped(name, func(err error) { r.t.Errorf("%s: %v", name, err) })
}

// mapped is connect for a function that may fail: onError is told of each batch
// that did.
func (r *rig) mapped(name string, onError func(error)) {
	m := r.Template.Mapping(name)
	ctx, cancel := context.WithCancel(context.Background())
	source := lambdart.EventSource{
		Client: sqs.New(sqs.Options{
			BaseEndpoint: &r.AWS.URL, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		}),
		QueueURL: r.AWS.QueueURL(name), QueueARN: r.AWS.QueueARN(name), Function: r.functions[name],
		BatchSize: m.BatchSize, Concurrency: m.Concurrency, ReportBatchItemFailures: m.ReportBatchItemFailures,
		OnError: func(err error) {
			if ctx.Err() == nil {
				onError(err)
			}
		},
	}
	var running sync.WaitGroup
	running.Go(func() { source.Run(ctx) })
	r.t.Cleanup(func() {
		cancel()
		running.Wait()
	})
}

func (r *rig) invoke(name string, event []byte) {
	r.t.Helper()
	if _, err := r.functions[name].Invoke(r.t.Context(), event); err != nil {
		r.t.Errorf("%s: %v", name, err)
	}
}

// sweep is what Scheduler does each minute.
func (r *rig) sweep(name string) {
	r.t.Helper()
	r.invoke(name, []byte(r.Template.Schedules()[name]))
}

// mail is what a customer in need writes, as SES stores it.
func (r *rig) mail() []byte {
	r.t.Helper()
	raw, err := os.ReadFile(filepath.Join(stack.Root(r.t), "events", "cannot-log-in@kstate.eml"))
	if err != nil {
		r.t.Fatal(err)
	}
	return raw
}

// announcement is S3's event about a stored mail.
func (r *rig) announcement(id string) []byte {
	return []byte(strings.NewReplacer(
		"cannot-log-in%40kstate", url.QueryEscape(id),
		"2026-11-02T04:00:21.734Z", time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
	).Replace(string(stack.Event(r.t, "inbox-mail"))))
}

// within waits for what the functions do meanwhile.
const within = 20 * time.Second

// pages waits until at least n pages were handed to SNS and returns all.
func (r *rig) pages(n int) []awsfake.Publish {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), within)
	defer cancel()
	pages, err := r.AWS.WaitPublished(ctx, n)
	if err != nil {
		r.t.Fatal(err)
	}
	return pages
}

func (r *rig) mails(n int) []awsfake.Email {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), within)
	defer cancel()
	mails, err := r.AWS.WaitSent(ctx, n)
	if err != nil {
		r.t.Fatal(err)
	}
	return mails
}

// until polls, for what nobody announces.
func (r *rig) until(what string, holds func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(within); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// settled waits until the functions have nothing left to do now: no visible
// message, and none in flight.
func (r *rig) settled() {
	r.t.Helper()
	r.until("the queues are quiet", func() bool {
		for _, queue := range []string{"router", "desk"} {
			for _, m := range r.AWS.Messages(queue) {
				if m.InFlight || !m.Visible.After(time.Now()) {
					return false
				}
			}
		}
		return true
	})
}

func (r *rig) incident(key incident.Key) incident.Incident {
	r.t.Helper()
	live, err := r.Store.Load(r.t.Context(), key)
	if err != nil {
		r.t.Fatal(err)
	}
	return live.Incident
}

// ways says who was paged by what, and how often.
func ways(pages []awsfake.Publish) []string {
	var all []string
	for _, p := range pages {
		all = append(all, p.Topic()+" by "+p.Attributes["channel"].Value)
	}
	slices.Sort(all)
	return all
}

func of(pages []awsfake.Publish, topic, channel string) (found []awsfake.Publish) {
	for _, p := range pages {
		if p.Topic() == topic && p.Attributes["channel"].Value == channel {
			found = append(found, p)
		}
	}
	return found
}

var link = regexp.MustCompile(`/a/[A-Za-z0-9_-]{22}\b`)

// answer is what the HTTP API answered.
type answer struct {
	status   int
	location string
	body     string
}

func (r *rig) http(method, path, form string) answer {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, strings.NewReader(form))
	if err != nil {
		r.t.Fatal(err)
	}
	if form != "" {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	got, err := client.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer{got.StatusCode, got.Header.Get("Location"), string(body)}
}

var seen = regexp.MustCompile(`name="seen" value="(\d+)"`)

// press sends the form that the screen holds, as a browser does.
func (r *rig) press(path, action string) answer {
	r.t.Helper()
	screen := r.http(http.MethodGet, path, "")
	m := seen.FindStringSubmatch(screen.body)
	if m == nil {
		r.t.Fatalf("the screen has no form: %d\n%s", screen.status, screen.body)
	}
	return r.http(http.MethodPost, path, url.Values{"seen": {m[1]}, "action": {action}}.Encode())
}
