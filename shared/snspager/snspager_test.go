package snspager

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"rouse/shared/loop"
	"rouse/shared/page"
	"rouse/test/awsfake"
)

var wake = page.Message{Subject: "Newsroom: log in", SMS: "log in fails 9:52pm r.example.com/a/x", Text: "Log in fails.\n\nIt has since 9:52pm."}

func pager(t *testing.T) (*Pager, *awsfake.Server) {
	s := awsfake.Start(t, awsfake.Options{Topics: []string{"ana"}})
	client := sns.New(sns.Options{
		BaseEndpoint: &s.URL, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		Retryer: aws.NopRetryer{}, // the SDK's own patience is not what is tried here
	})
	return &Pager{Client: client, Topics: map[string]string{"ana": s.TopicARN("ana"), "bo": s.TopicARN("bo")}}, s
}

func TestAPageSaysEverythingThatSNSNeeds(t *testing.T) {
	for _, channel := range []string{"sms", "email"} {
		p, s := pager(t)
		if err := p.Publish(t.Context(), "ana", channel, wake); err != nil {
			t.Fatal(err)
		}
		got := s.Published()
		if len(got) != 1 {
			t.Fatalf("%s: published %d times", channel, len(got))
		}
		m := got[0]
		for what, pair := range map[string][2]string{
			"topic":             {m.Topic(), "ana"},
			"subject":           {m.Subject, wake.Subject},
			"text by sms":       {m.Text("sms"), wake.SMS},
			"text by email":     {m.Text("email"), wake.Text},
			"text by any other": {m.Text("lambda"), wake.Text},
			"channel":           {m.Attributes["channel"].Value, channel},
			"class of SMS":      {m.Attributes["AWS.SNS.SMS.SMSType"].Value, "Transactional"},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s is %q, want %q", channel, what, pair[0], pair[1])
			}
		}
		if len(m.Attributes) != 2 {
			t.Errorf("%s: attributes %v", channel, m.Attributes)
		}
	}
}

// An answer goes to the number that a page came from, and so it must be ours.
func TestAPageComesFromTheNumberThatIsAnsweredTo(t *testing.T) {
	p, s := pager(t)
	p.From = "+18885550100"
	if err := p.Publish(t.Context(), "ana", "sms", wake); err != nil {
		t.Fatal(err)
	}
	if got := s.Published()[0].Attributes["AWS.MM.SMS.OriginationNumber"]; got.Value != p.From || got.DataType != "String" {
		t.Errorf("it comes from %+v", got)
	}
}

// errorsOfPublish are the errors of Publish and those common to all actions of
// SNS (Amazon SNS API Reference: Publish, Errors; Common Errors), with the
// status that comes with each, and whether no retry mends it.
var errorsOfPublish = []struct {
	code      string
	status    int
	permanent bool
}{
	{"AuthorizationError", 403, true},
	{"EndpointDisabled", 400, true},
	{"InternalError", 500, false},
	{"InvalidParameter", 400, true},
	{"ParameterValueInvalid", 400, true},
	{"InvalidSecurity", 403, true},
	{"KMSAccessDenied", 400, true},
	{"KMSDisabled", 400, true},
	{"KMSInvalidState", 400, true},
	{"KMSNotFound", 400, true},
	{"KMSOptInRequired", 403, true},
	{"KMSThrottling", 400, false},
	{"NotFound", 404, true},
	{"PlatformApplicationDisabled", 400, true},
	{"ValidationException", 400, true},
	// Of a publish to a number, which this adapter does not do: one that was
	// subscribed by hand is refused in the same words.
	{"OptedOut", 400, true},

	{"AccessDenied", 403, true},
	{"AccessDeniedException", 403, true},
	{"ExpiredToken", 403, false},
	{"ExpiredTokenException", 403, false},
	{"IncompleteSignature", 403, true},
	{"InternalFailure", 500, false},
	{"InvalidAction", 400, true},
	{"InvalidClientTokenId", 403, true},
	{"InvalidParameterCombination", 400, true},
	{"InvalidParameterValue", 400, true},
	{"InvalidQueryParameter", 400, true},
	{"MalformedHttpRequestException", 400, false},
	{"MalformedQueryString", 400, true},
	{"MissingAction", 400, true},
	{"MissingAuthenticationToken", 403, true},
	{"MissingParameter", 400, true},
	{"NotAuthorized", 401, true},
	{"OptInRequired", 403, true},
	{"RequestAbortedException", 400, false},
	{"RequestEntityTooLargeException", 413, true},
	{"RequestExpired", 400, false},
	{"RequestTimeoutException", 408, false},
	{"ServiceUnavailable", 503, false},
	{"SignatureDoesNotMatch", 403, true},
	{"Throttled", 429, false},
	{"Throttling", 400, false},
	{"ThrottlingException", 400, false},
	{"UnrecognizedClientException", 403, true},
	{"UnknownOperationException", 404, true},
	{"ValidationError", 400, true},

	// Nobody has documented these. What is unknown may pass.
	{"SomethingNew", 400, false},
	{"SomethingNewException", 500, false},
}

func TestEveryErrorIsKnownAsPermanentOrPassing(t *testing.T) {
	p, s := pager(t)
	tried := map[string]bool{}
	for _, e := range errorsOfPublish {
		tried[strings.TrimSuffix(e.code, "Exception")] = true
		s.Fail("Publish", 1, awsfake.Fault{Code: e.code, Status: e.status})
		err := p.Publish(t.Context(), "ana", "sms", wake)
		var failed *loop.SendError
		if !errors.As(err, &failed) {
			t.Errorf("%s: %#v is no SendError", e.code, err)
			continue
		}
		if failed.Permanent != e.permanent {
			t.Errorf("%s: permanent is %v", e.code, failed.Permanent)
		}
		if !strings.Contains(failed.Why, strings.TrimSuffix(e.code, "Exception")) || strings.HasPrefix(failed.Why, " ") {
			t.Errorf("%s: the reason is %q", e.code, failed.Why)
		}
	}
	for code := range permanent {
		if !tried[code] {
			t.Errorf("%s is listed as permanent and tried by nobody", code)
		}
	}
	for _, code := range ofSDK(t) {
		if !tried[strings.TrimSuffix(code, "Exception")] {
			t.Errorf("the SDK knows %s as an error of Publish, and this table does not", code)
		}
	}
}

// ofSDK reads the codes that the SDK's decoder of Publish knows, so that a new
// version with a new error fails here.
func ofSDK(t *testing.T) []string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/sns").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "deserializers.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || !strings.HasSuffix(f.Name.Name, "_deserializeOpErrorPublish") {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			clause, ok := n.(*ast.CaseClause)
			if !ok {
				return true
			}
			for _, one := range clause.List {
				ast.Inspect(one, func(n ast.Node) bool {
					if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
						code, _ := strconv.Unquote(text.Value)
						codes[code] = true
					}
					return true
				})
			}
			return true
		})
	}
	if len(codes) < 10 {
		t.Fatalf("found only %v: has the SDK's decoder another shape now?", slices.Collect(maps.Keys(codes)))
	}
	return slices.Sorted(maps.Keys(codes))
}

func TestWhatIsNoAnswerMayPass(t *testing.T) {
	for name, test := range map[string]struct {
		fault awsfake.Fault
		want  string
	}{
		"a connection that breaks":    {awsfake.Drop, "SNS cannot be reached"},
		"an answer that is lost":      {awsfake.LoseAnswer, "SNS cannot be reached"},
		"a server that does not talk": {awsfake.Hang, "SNS did not answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := pager(t)
			s.Fail("Publish", 1, test.fault)
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			assertPassing(t, p.Publish(ctx, "ana", "sms", wake), test.want)
		})
	}
	t.Run("a port where nobody listens", func(t *testing.T) {
		p, _ := pager(t)
		client := sns.New(p.Client.Options(), func(o *sns.Options) { o.BaseEndpoint = aws.String("http://127.0.0.1:1") })
		p.Client = client
		assertPassing(t, p.Publish(t.Context(), "ana", "sms", wake), "SNS cannot be reached")
	})
	t.Run("a gateway's own error page", func(t *testing.T) {
		p, s := pager(t)
		s.Fail("Publish", 1, awsfake.Fault{Status: http.StatusBadGateway})
		assertPassing(t, p.Publish(t.Context(), "ana", "sms", wake), "SNS cannot take it now")
	})
}

func assertPassing(t *testing.T, err error, want string) {
	t.Helper()
	var failed *loop.SendError
	if !errors.As(err, &failed) || failed.Permanent || !strings.HasPrefix(failed.Why, want) {
		t.Errorf("err %#v, want %q, which may pass", err, want)
	}
}

func TestWhoHasNoTopicIsNotCalledFor(t *testing.T) {
	p, s := pager(t)
	err := p.Publish(t.Context(), "zoe", "sms", wake)
	var failed *loop.SendError
	if !errors.As(err, &failed) || !failed.Permanent || failed.Why != "zoe has no topic: deploy again" {
		t.Errorf("err %#v", err)
	}
	if n := s.Calls("Publish"); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// TestAReasonNamesNobodysAddress: the reason goes into a timeline and a log.
func TestAReasonNamesNobodysAddress(t *testing.T) {
	p, s := pager(t)
	err := p.Publish(t.Context(), "bo", "sms", wake) // SNS does not know bo's topic
	s.TakeRefusals()
	for _, secret := range []string{s.TopicARN("bo"), wake.SMS, wake.Text} {
		if strings.Contains(fmt.Sprint(err), secret) {
			t.Errorf("%q is in %v", secret, err)
		}
	}
}
