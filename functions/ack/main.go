// Command ack serves the ack screen behind the HTTP API.
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	_ "time/tzdata" // provided.al2023 has no zone database

	"github.com/aws/aws-lambda-go/events"

	"rouse/functions/internal/base"
	"rouse/shared/ack"
)

func main() { base.Start("ack", wire) }

func wire(getenv func(string) string) (base.Handler, error) {
	b, err := base.New(getenv, nil)
	if err != nil {
		return nil, err
	}
	screen := ack.New(b.Config, b.Store, b.Loop(nil))
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		var e events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(event, &e); err != nil || e.RequestContext.HTTP.Method == "" {
			return nil, fmt.Errorf("this event is no HTTP API request (payload format 2.0)")
		}
		r, err := request(ctx, e)
		if err != nil {
			return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusBadRequest, Body: "bad request\n"}, nil
		}
		w := httptest.NewRecorder()
		screen.ServeHTTP(w, r)
		return response(w), nil
	}, nil
}

// request is the event as net/http would have read it.
func request(ctx context.Context, e events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	body := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, err
		}
	}
	url := e.RawPath
	if e.RawQueryString != "" {
		url += "?" + e.RawQueryString
	}
	r, err := http.NewRequestWithContext(ctx, e.RequestContext.HTTP.Method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range e.Headers {
		r.Header.Set(name, value)
	}
	r.Host = e.RequestContext.DomainName
	r.RemoteAddr = e.RequestContext.HTTP.SourceIP
	return r, nil
}

func response(w *httptest.ResponseRecorder) events.APIGatewayV2HTTPResponse {
	out := events.APIGatewayV2HTTPResponse{StatusCode: w.Code, Headers: map[string]string{}, Body: w.Body.String()}
	for name := range w.Header() {
		out.Headers[name] = w.Header().Get(name)
	}
	return out
}
