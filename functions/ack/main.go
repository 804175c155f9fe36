// Command ack serves the ack screen behind the HTTP API.
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
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
		w := &response{status: http.StatusOK, header: http.Header{}}
		screen.ServeHTTP(w, r)
		return w.event(), nil
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

// response is an http.ResponseWriter that keeps what is written.
type response struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (w *response) Header() http.Header            { return w.header }
func (w *response) WriteHeader(status int)         { w.status = status }
func (w *response) Write(data []byte) (int, error) { return w.body.Write(data) }

func (w *response) event() events.APIGatewayV2HTTPResponse {
	out := events.APIGatewayV2HTTPResponse{StatusCode: w.status, Headers: map[string]string{}, Body: w.body.String()}
	for name := range w.header {
		out.Headers[name] = w.header.Get(name)
	}
	return out
}
