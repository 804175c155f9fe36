package lambdart

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

type invocation struct {
	id      string
	payload []byte
	result  chan result // holds one, so that an answer never waits for its caller
}

type result struct {
	payload []byte
	err     *FunctionError
}

func (r result) unpack() ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	return r.payload, nil
}

// runtimeAPI is what the process polls.
func (p *Process) runtimeAPI() http.Handler {
	mux := http.NewServeMux()
	const root = "/" + apiVersion + "/runtime/"
	mux.HandleFunc("GET "+root+"invocation/next", p.next)
	mux.HandleFunc("POST "+root+"invocation/{id}/response", p.response)
	mux.HandleFunc("POST "+root+"invocation/{id}/error", p.failure)
	mux.HandleFunc("POST "+root+"init/error", p.initFailure)
	return mux
}

// next follows "Next invocation": it answers when there is one.
func (p *Process) next(w http.ResponseWriter, r *http.Request) {
	p.readyOnce.Do(func() { close(p.ready) })
	select {
	case in := <-p.invocations:
		p.mu.Lock()
		p.current = in
		p.mu.Unlock()
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", in.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(p.function.Timeout).UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", p.function.ARN())
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e591;Parent=9a9197af755a6419;Sampled=0")
		w.Write(in.payload)
	case <-r.Context().Done():
	}
}

// response follows "Invocation response".
func (p *Process) response(w http.ResponseWriter, r *http.Request) {
	in := p.take(w, r)
	if in == nil {
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, payloadBytesMax+1))
	switch {
	case err != nil:
		in.result <- result{err: &FunctionError{"Runtime.TruncatedResponse", err.Error()}}
		refuse(w, http.StatusBadRequest, "TruncatedResponse", err.Error())
	case len(body) > payloadBytesMax:
		const message = "Response payload size exceeded maximum allowed payload size (6291456 bytes)."
		in.result <- result{err: &FunctionError{"Function.ResponseSizeTooLarge", message}}
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", message)
	default:
		in.result <- result{payload: body}
		accept(w)
	}
}

// failure follows "Invocation error".
func (p *Process) failure(w http.ResponseWriter, r *http.Request) {
	in := p.take(w, r)
	if in == nil {
		return
	}
	in.result <- result{err: readError(r)}
	accept(w)
}

// initFailure follows "Initialization error".
func (p *Process) initFailure(w http.ResponseWriter, r *http.Request) {
	select {
	case p.initFailed <- readError(r):
	default:
	}
	accept(w)
}

// take returns the invocation that the request is about, once.
func (p *Process) take(w http.ResponseWriter, r *http.Request) *invocation {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil || p.current.id != r.PathValue("id") {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", fmt.Sprintf("%s is not being handled", r.PathValue("id")))
		return nil
	}
	in := p.current
	p.current = nil
	return in
}

func readError(r *http.Request) *FunctionError {
	e := new(FunctionError)
	if err := json.NewDecoder(r.Body).Decode(e); err != nil {
		e = &FunctionError{"InvalidErrorShape", err.Error()}
	}
	return e
}

func accept(w http.ResponseWriter) {
	w.WriteHeader(http.StatusAccepted)
	io.WriteString(w, `{"status":"OK"}`)
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(FunctionError{kind, message})
}
