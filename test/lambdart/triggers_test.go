package lambdart_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"rouse/shared/clock"
	"rouse/test/awsfake"
	"rouse/test/lambdart"
)

// queue is a queue on the clock now, its function and the mapping between.
func queue(t *testing.T, now clock.Clock) (*awsfake.Server, *lambdart.Process, lambdart.EventSource) {
	s := awsfake.Start(t, awsfake.Options{Clock: now, Queues: []awsfake.Queue{{Name: "router", Visibility: time.Minute, MaxReceives: 3, DeadLetters: "dead"}, {Name: "dead"}}})
	p := start(t, nil)
	client := sqs.New(sqs.Options{BaseEndpoint: &s.URL, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")})
	return s, p, lambdart.EventSource{Client: client, QueueURL: s.QueueURL("router"), QueueARN: s.QueueARN("router"), Function: p, ReportBatchItemFailures: true}
}

func send(t *testing.T, e lambdart.EventSource, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		if _, err := e.Client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &e.QueueURL, MessageBody: aws.String(body)}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestABatchIsHandledMessageByMessage(t *testing.T) {
	now := clock.NewVirtual(time.Date(2026, 11, 2, 3, 50, 0, 0, time.UTC))
	s, p, source := queue(t, now)
	send(t, source, "good", "bad", "fine")
	if n, err := source.Drain(t.Context()); n != 3 || err != nil {
		t.Fatalf("drained %d, err %v", n, err)
	}
	if got := s.Messages("router"); len(got) != 1 || got[0].Body != "bad" || !got[0].InFlight {
		t.Fatalf("left in the queue: %+v", got)
	}
	// It stays hidden for its visibility timeout and comes twice more.
	for want := range 4 {
		now.Run(now.Now().Add(time.Minute))
		n, err := source.Drain(t.Context())
		if err != nil || n != 1 && want < 2 || n != 0 && want >= 2 {
			t.Fatalf("minute %d: drained %d, err %v", want+1, n, err)
		}
	}
	if dead := s.Messages("dead"); len(dead) != 1 || dead[0].Body != "bad" {
		t.Errorf("dead letters: %+v", dead)
	}
	for _, want := range []string{"message good 1 " + source.QueueARN, "message bad 3 "} {
		await(t, "the log line "+want, func() bool { return strings.Contains(p.Logs(), want) })
	}
}

func TestABatchFailsAsAWhole(t *testing.T) {
	for _, test := range []struct {
		name   string
		report bool
		answer string
		left   int
	}{
		{"an answer that names another message", true, `{"batchItemFailures":[{"itemIdentifier":"x"}]}`, 2},
		{"an answer that names nobody", true, `{"batchItemFailures":[{"itemIdentifier":""}]}`, 2},
		{"an answer with another key", true, `{"batchItemFailures":[{"id":"x"}]}`, 2},
		{"an answer that is no JSON", true, `x`, 2},
		{"an empty list", true, `{"batchItemFailures":[]}`, 0},
		{"null", true, `null`, 0},
		{"nothing", true, ``, 0},
		{"failures that were not asked for", false, `{"batchItemFailures":[{"itemIdentifier":"x"}]}`, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _, source := queue(t, clock.NewVirtual(time.Date(2026, 11, 2, 3, 50, 0, 0, time.UTC)))
			source.Function, source.ReportBatchItemFailures = answers(test.answer), test.report
			var told []error
			source.OnError = func(err error) { told = append(told, err) }
			send(t, source, "a", "b")
			if _, err := source.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			if left := len(s.Messages("router")); left != test.left {
				t.Errorf("%d messages left, want %d", left, test.left)
			}
			if (len(told) > 0) != (test.left > 0) {
				t.Errorf("told %v", told)
			}
		})
	}
}

// answers is a function that always answers the same.
type answers string

func (a answers) Invoke(context.Context, []byte) ([]byte, error) { return []byte(a), nil }

func TestAMappingRunsUntilItIsStopped(t *testing.T) {
	s, p, source := queue(t, clock.Wall{})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { source.Run(ctx) })
	send(t, source, "good")
	await(t, "the message to be handled", func() bool { return len(s.Messages("router")) == 0 })
	await(t, "its log line", func() bool { return strings.Contains(p.Logs(), "message good 1") })
	stop()
	running.Wait()
}

func TestAnHTTPRequestBecomesAnEvent(t *testing.T) {
	api := httptest.NewServer(lambdart.HTTPAPI(start(t, nil), "GET /a/{code}", "POST /a/{code}", "ANY /files/{path+}"))
	defer api.Close()

	request, err := http.NewRequest(http.MethodPost, api.URL+"/a/7k?x=1&x=2", strings.NewReader("action=ack"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("User-Agent", "phone")
	request.Header["X-Twice"] = []string{"a", "b"}
	request.Header.Set("Cookie", "c=1; d=2")
	answer, body := do(t, request)
	if answer.StatusCode != 418 || answer.Header.Get("X-Seen") != "POST /a/{code}" || !slices.Equal(answer.Header["Set-Cookie"], []string{"a=1", "b=2"}) {
		t.Errorf("answer %d %v", answer.StatusCode, answer.Header)
	}
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(body, &event); err != nil {
		t.Fatal(err)
	}
	form, err := base64.StdEncoding.DecodeString(event.Body)
	if err != nil || !event.IsBase64Encoded || string(form) != "action=ack" {
		t.Errorf("the form arrived as %q, in base64: %v", event.Body, event.IsBase64Encoded)
	}
	for _, pair := range [][2]string{
		{event.Version, "2.0"},
		{event.RouteKey, "POST /a/{code}"},
		{event.RawPath, "/a/7k"},
		{event.RawQueryString, "x=1&x=2"},
		{event.QueryStringParameters["x"], "1,2"},
		{event.PathParameters["code"], "7k"},
		{event.Headers["x-twice"], "a,b"},
		{strings.Join(event.Cookies, "|"), "c=1|d=2"},
		{event.RequestContext.HTTP.Method, "POST"},
		{event.RequestContext.HTTP.Path, "/a/7k"},
		{event.RequestContext.HTTP.SourceIP, "127.0.0.1"},
		{event.RequestContext.HTTP.UserAgent, "phone"},
		{event.RequestContext.Stage, "$default"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("event has %q, want %q", pair[0], pair[1])
		}
	}
}

func TestAnHTTPAPIAnswers(t *testing.T) {
	api := httptest.NewServer(lambdart.HTTPAPI(start(t, nil), "GET /a/{code}", "POST /a/{code}", "ANY /files/{path+}"))
	defer api.Close()
	for _, test := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/a/plain", 200, `{"just":"JSON"}`},
		{"GET", "/a/fail", 500, `{"message":"Internal Server Error"}`},
		{"GET", "/a/7k", 418, `"rawPath":"/a/7k"`},
		{"PUT", "/files/deep/down", 418, `"path":"deep/down"`},
		{"HEAD", "/a/7k", 404, ``},
		{"PUT", "/a/7k", 404, `{"message":"Not Found"}`},
		{"GET", "/a/", 404, `{"message":"Not Found"}`},
		{"GET", "/a/7k/more", 404, `{"message":"Not Found"}`},
		{"GET", "/", 404, `{"message":"Not Found"}`},
	} {
		request, err := http.NewRequest(test.method, api.URL+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, body := do(t, request)
		if answer.StatusCode != test.status || !strings.Contains(string(body), test.body) {
			t.Errorf("%s %s: %d %s, want %d %s", test.method, test.path, answer.StatusCode, body, test.status, test.body)
		}
	}
}

func TestAnHTTPAPIRefusesALargeBody(t *testing.T) {
	api := httptest.NewServer(lambdart.HTTPAPI(answers(`{}`), "POST /"))
	defer api.Close()
	answer, err := http.Post(api.URL, "text/plain", bytes.NewReader(make([]byte, 10<<20+1)))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", answer.StatusCode)
	}
}

func do(t *testing.T, request *http.Request) (*http.Response, []byte) {
	t.Helper()
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, body
}
