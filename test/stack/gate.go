package stack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A gate stands between one function and AWS as IAM does: it lets pass what
// the function's role allows, and fails the test for anything else.
type gate struct {
	url      string
	stack    *Stack
	function string
	grants   []grant
	proxies  map[string]http.Handler // by signing name

	mu     sync.Mutex
	denied map[string]bool
}

// gate returns the endpoint of a function's gate.
func (s *Stack) gate(function string) string {
	if g, ok := s.gates[function]; ok {
		return g.url
	}
	g := &gate{stack: s, function: function, grants: s.Template.Function(function).grants, proxies: map[string]http.Handler{}, denied: map[string]bool{}}
	for service, backend := range s.backends {
		target, err := url.Parse(backend)
		if err != nil {
			s.t.Fatal(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(target)
		proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 32}
		proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) {
			panic(http.ErrAbortHandler) // whatever broke the connection breaks it here
		}
		g.proxies[service] = proxy
	}
	server := httptest.NewServer(g)
	g.url = server.URL
	s.gates[function] = g
	s.t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		for what := range g.denied {
			s.t.Errorf("the template does not allow %s to %s", function, what)
		}
	})
	return g.url
}

var signedFor = regexp.MustCompile(`Credential=[^/]+/\d+/[a-z0-9-]+/([a-z0-9]+)/`)

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	service := ""
	if m := signedFor.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		service = m[1]
	}
	for _, want := range g.wants(service, r, body) {
		if !g.allowed(want) {
			g.mu.Lock()
			g.denied[want.action+" on "+want.resource] = true
			g.mu.Unlock()
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"__type":"AccessDeniedException","message":"not authorized to perform %s"}`, want.action)
			return
		}
	}
	g.proxies[service].ServeHTTP(w, r)
}

// A want is an action on a resource, named as the template names it.
type want struct{ action, resource string }

func (g *gate) allowed(w want) bool {
	return slices.ContainsFunc(g.grants, func(s grant) bool {
		return s.Effect == "Allow" && slices.Contains(s.Action, w.action) &&
			slices.ContainsFunc(s.Resource, func(pattern string) bool { return matches(pattern, w.resource) })
	})
}

// matches knows the star at the end of a resource, which is all that the
// template uses.
func matches(pattern, resource string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(resource, prefix)
	}
	return pattern == resource
}

// wants lists the rights that a request takes (Service Authorization Reference,
// actions of each service).
func (g *gate) wants(service string, r *http.Request, body []byte) []want {
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch service {
	case "dynamodb":
		return wantsOfDynamoDB(action, body)
	case "sqs":
		var q struct{ QueueUrl string }
		json.Unmarshal(body, &q)
		name := path.Base(q.QueueUrl)
		if of, dead := strings.CutSuffix(name, "-dead"); dead {
			return []want{{"sqs:" + action, strings.Replace(g.stack.Template.deadQueues()[of], "}", ".Arn}", 1)}}
		}
		return []want{{"sqs:" + action, "${" + logicalID(name) + "Queue.Arn}"}}
	case "sns":
		// The responders of this test are not the template's: any of theirs
		// stands for any of ours.
		form, _ := url.ParseQuery(string(body))
		action, topic := "sns:"+form.Get("Action"), form.Get("TopicArn")
		switch {
		case topic == "":
			return []want{{action, "*"}}
		case strings.HasSuffix(topic, ":"+RingTopic):
			return []want{{action, "${OpsRing}"}}
		case strings.HasSuffix(topic, ":"+TellTopic):
			return []want{{action, "${OpsTell}"}}
		}
		return []want{{action, "${TopicAna}"}}
	case "monitoring":
		return []want{{"cloudwatch:" + path.Base(r.URL.Path), "*"}}
	case "ses":
		if r.URL.Path == "/v2/email/account" {
			return []want{{"ses:GetAccount", "*"}}
		}
		identity := "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/example.com"
		return []want{{"ses:SendEmail", identity}, {"ses:SendRawEmail", identity}}
	case "s3":
		return wantsOfS3(r)
	case "ssm":
		var p struct{ Name string }
		json.Unmarshal(body, &p)
		return []want{{"ssm:" + action, "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter" + p.Name}}
	}
	return []want{{"call a service it has no business with: " + service, r.URL.Path}}
}

const tableARN = "${Table.Arn}"

func wantsOfDynamoDB(action string, body []byte) (wants []want) {
	var request struct {
		IndexName     string
		TransactItems []map[string]any
	}
	json.Unmarshal(body, &request)
	if request.IndexName != "" {
		return []want{{"dynamodb:" + action, tableARN + "/index/" + request.IndexName}}
	}
	if action != "TransactWriteItems" {
		return []want{{"dynamodb:" + action, tableARN}}
	}
	// A transaction takes the rights of its parts ("IAM policies for DynamoDB
	// transactions", developer guide).
	parts := map[string]string{"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
	for _, item := range request.TransactItems {
		for part := range item {
			wants = append(wants, want{"dynamodb:" + parts[part], tableARN})
		}
	}
	return wants
}

const bucketARN = "arn:${AWS::Partition}:s3:::rouse-mail-${part 2 of split ${AWS::StackId} at /}"

// wantsOfS3 follows "Required permissions for Amazon S3 API operations".
func wantsOfS3(r *http.Request) []want {
	object := func(path string) string {
		key := strings.TrimPrefix(strings.TrimPrefix(path, "/"), Bucket)
		return bucketARN + key
	}
	source, _ := url.PathUnescape(r.Header.Get("X-Amz-Copy-Source"))
	switch {
	case r.Method == http.MethodGet && r.URL.Query().Get("list-type") == "2":
		return []want{{"s3:ListBucket", object(strings.TrimSuffix(r.URL.Path, "/"))}}
	case r.Method == http.MethodGet:
		return []want{{"s3:GetObject", object(r.URL.Path)}}
	case r.Method == http.MethodPut && source != "":
		return []want{{"s3:GetObject", object(source)}, {"s3:PutObject", object(r.URL.Path)}}
	case r.Method == http.MethodDelete:
		return []want{{"s3:DeleteObject", object(r.URL.Path)}}
	}
	return []want{{"s3 " + r.Method, object(r.URL.Path)}}
}
