package lambdart

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// requestBytesMax is an HTTP API's limit on a request ("Quotas for HTTP APIs").
const requestBytesMax = 10 << 20

// HTTPAPI is an API Gateway HTTP API in front of a function, with payload
// format 2.0 and the default stage. A route key is a method (or ANY) and a
// path, as in "GET /a/{code}" or "ANY /{proxy+}"; no HEAD comes with a GET, and
// what no route takes is answered 404 without the function.
//
// It follows "Create AWS Lambda proxy integrations for HTTP APIs" and
// "Create routes for HTTP APIs".
func HTTPAPI(f Invoker, routeKeys ...string) http.Handler {
	var routes []route
	for _, key := range routeKeys {
		method, path, _ := strings.Cut(key, " ")
		routes = append(routes, route{key, method, strings.Split(path, "/")})
	}
	slices.SortStableFunc(routes, func(a, b route) int { return cmp.Compare(a.vagueness(), b.vagueness()) })
	var serial atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, route := range routes {
			if parameters, ok := route.match(r); ok {
				serveFunction(w, r, f, route.key, parameters, fmt.Sprintf("request-%d", serial.Add(1)))
				return
			}
		}
		answerMessage(w, http.StatusNotFound, "Not Found")
	})
}

type route struct {
	key      string
	method   string
	segments []string
}

// vagueness orders routes: a full match is tried before a greedy one.
func (r route) vagueness() int {
	n := 0
	if strings.HasSuffix(r.key, "+}") {
		n += 2
	}
	if r.method == "ANY" {
		n++
	}
	return n
}

// match returns the path parameters; nil if the route has none.
func (r route) match(request *http.Request) (parameters map[string]string, ok bool) {
	if r.method != "ANY" && r.method != request.Method {
		return nil, false
	}
	segments := strings.Split(request.URL.Path, "/")
	for i, want := range r.segments {
		if i >= len(segments) {
			return nil, false
		}
		name, variable := strings.CutPrefix(want, "{")
		if !variable {
			if segments[i] != want {
				return nil, false
			}
			continue
		}
		value, greedy := segments[i], strings.HasSuffix(name, "+}")
		if greedy {
			value = strings.Join(segments[i:], "/")
		}
		if value == "" {
			return nil, false
		}
		if parameters == nil {
			parameters = map[string]string{}
		}
		parameters[strings.TrimRight(name, "+}")] = value
		if greedy {
			return parameters, true
		}
	}
	return parameters, len(segments) == len(r.segments)
}

func answerMessage(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"message":%q}`, message)
}

func serveFunction(w http.ResponseWriter, r *http.Request, f Invoker, routeKey string, parameters map[string]string, requestID string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, requestBytesMax))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		answerMessage(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	} else if err != nil {
		answerMessage(w, http.StatusBadRequest, "Bad Request")
		return
	}
	event := httpEvent(r, body, routeKey, requestID)
	event.PathParameters = parameters
	payload, err := json.Marshal(event)
	if err != nil {
		answerMessage(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	answer, err := f.Invoke(r.Context(), payload)
	if err != nil {
		status, message := http.StatusInternalServerError, "Internal Server Error"
		if failed := new(FunctionError); errors.As(err, &failed) && failed.Type == timeoutErrorType {
			status, message = http.StatusServiceUnavailable, "Service Unavailable"
		}
		answerMessage(w, status, message)
		return
	}
	writeAnswer(w, answer)
}

func httpEvent(r *http.Request, body []byte, routeKey, requestID string) events.APIGatewayV2HTTPRequest {
	now := time.Now().UTC()
	ip, port, _ := net.SplitHostPort(r.RemoteAddr)
	event := events.APIGatewayV2HTTPRequest{
		Version:        "2.0",
		RouteKey:       routeKey,
		RawPath:        r.URL.Path,
		RawQueryString: r.URL.RawQuery,
		Headers: map[string]string{
			"host":              r.Host,
			"x-amzn-trace-id":   "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e591",
			"x-forwarded-for":   ip,
			"x-forwarded-port":  port,
			"x-forwarded-proto": "https",
		},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey:     routeKey,
			AccountID:    "123456789012",
			Stage:        "$default",
			RequestID:    requestID,
			APIID:        "api-id",
			DomainName:   r.Host,
			DomainPrefix: strings.SplitN(r.Host, ".", 2)[0],
			Time:         now.Format("02/Jan/2006:15:04:05 -0700"),
			TimeEpoch:    now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: ip, UserAgent: r.UserAgent(),
			},
		},
	}
	for key, values := range r.Header {
		if key == "Cookie" {
			for _, line := range values {
				event.Cookies = append(event.Cookies, strings.Split(line, "; ")...)
			}
			continue
		}
		event.Headers[strings.ToLower(key)] = strings.Join(values, ",")
	}
	if query := r.URL.Query(); len(query) > 0 {
		event.QueryStringParameters = map[string]string{}
		for key, values := range query {
			event.QueryStringParameters[key] = strings.Join(values, ",")
		}
	}
	if event.Body = string(body); len(body) > 0 && !isText(r.Header.Get("Content-Type")) {
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return event
}

// isText says which bodies reach the function as they are; all others, HTML
// forms among them, come in base64.
func isText(contentType string) bool {
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch kind = strings.TrimSpace(kind); kind {
	case "application/json", "application/javascript", "application/xml":
		return true
	}
	return strings.HasPrefix(kind, "text/")
}

// writeAnswer follows "Lambda function response for format 2.0": an answer
// without a statusCode is a JSON body with status 200.
func writeAnswer(w http.ResponseWriter, answer []byte) {
	var response struct {
		StatusCode      *int
		Headers         map[string]string
		Body            string
		Cookies         []string
		IsBase64Encoded bool
	}
	if err := json.Unmarshal(answer, &response); err != nil || response.StatusCode == nil {
		if !json.Valid(answer) {
			answerMessage(w, http.StatusInternalServerError, "Internal Server Error")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(answer)
		return
	}
	body := []byte(response.Body)
	if response.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(response.Body); err != nil {
			answerMessage(w, http.StatusInternalServerError, "Internal Server Error")
			return
		}
	}
	// Without a Content-Type an HTTP API says text/plain.
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for key, value := range response.Headers {
		w.Header().Set(key, value)
	}
	for _, cookie := range response.Cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	w.WriteHeader(*response.StatusCode)
	w.Write(body)
}
