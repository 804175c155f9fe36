// Package hook takes in what others call us with: the beats of jobs, and what
// other monitors say. It believes those alone who prove themselves by a secret,
// and tells nobody else what there is.
package hook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"rouse/shared/check"
	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/incident"
	"rouse/shared/loop"
)

// bodyBytesMax is the largest request that is read.
const bodyBytesMax = 256 << 10

// A Hook is ready to use when its fields are set.
type Hook struct {
	Config  *config.Config
	Store   Store
	Hints   loop.Hints
	Secrets Secrets // nil: there are none
	Clock   clock.Clock
	Log     *slog.Logger
}

// A Store keeps what comes in.
type Store interface {
	loop.SignalStore
	// SaveJob stores those times of j that are not zero.
	SaveJob(ctx context.Context, name string, j check.Job) error
}

// Secrets finds secrets by their names.
type Secrets interface {
	Secret(ctx context.Context, name string) (string, error)
}

var _ http.Handler = (*Hook)(nil)

// ServeHTTP answers /beat/CODE and /signal/MONITOR.
func (h *Hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if len(parts) == 2 && parts[0] == "beat" {
		h.beat(w, r, parts[1])
		return
	}
	if len(parts) == 2 && parts[0] == "signal" {
		h.signal(w, r, parts[1])
		return
	}
	answer(w, http.StatusNotFound, "not found")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, text+"\n")
}

// beat notes that a job has called. Codes that are nobody's are answered alike,
// whatever is wrong with them.
func (h *Hook) beat(w http.ResponseWriter, r *http.Request, code string) {
	if !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost}, r.Method) {
		w.Header().Set("Allow", "GET, HEAD, POST")
		answer(w, http.StatusMethodNotAllowed, "use GET, HEAD or POST")
		return
	}
	name, _, _ := strings.Cut(code, ".")
	k, ok := h.Config.Check(name)
	if !ok || k.Heartbeat == nil {
		answer(w, http.StatusNotFound, "not found")
		return
	}
	secret, err := h.secret(r.Context(), k.Heartbeat.Secret)
	if err != nil {
		h.Log.ErrorContext(r.Context(), NotTaken, "check", name, "error", err)
		answer(w, http.StatusServiceUnavailable, "try again")
		return
	}
	if !check.IsBeatCode(code, name, secret) {
		h.refuse(r.Context(), name, errors.New("the code is not this check's"))
		answer(w, http.StatusNotFound, "not found")
		return
	}
	job := check.Job{Good: h.Clock.Now()}
	if r.URL.Query().Has("fail") {
		job = check.Job{Bad: h.Clock.Now()}
	}
	if err := h.Store.SaveJob(r.Context(), name, job); err != nil {
		h.Log.ErrorContext(r.Context(), NotTaken, "check", name, "error", err)
		answer(w, http.StatusServiceUnavailable, "try again")
		return
	}
	h.Log.InfoContext(r.Context(), "beat", "check", name, "fail", !job.Bad.IsZero())
	answer(w, http.StatusOK, "ok")
}

// signal takes what a monitor says.
func (h *Hook) signal(w http.ResponseWriter, r *http.Request, id string) {
	m, ok := h.Config.Monitor(id)
	if !ok || m.Secret == "" {
		answer(w, http.StatusNotFound, "not found")
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		answer(w, http.StatusMethodNotAllowed, "use POST")
		return
	}
	secret, err := h.secret(r.Context(), m.Secret)
	if err != nil {
		h.Log.ErrorContext(r.Context(), NotTaken, "monitor", id, "error", err)
		answer(w, http.StatusServiceUnavailable, "try again")
		return
	}
	if !bears(r, secret) {
		h.refuse(r.Context(), id, errors.New("it does not bear the secret"))
		w.Header().Set("WWW-Authenticate", "Bearer")
		answer(w, http.StatusUnauthorized, "send the secret of this monitor: Authorization: Bearer …")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyBytesMax))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		h.refuse(r.Context(), id, fmt.Errorf("it has over %d KB", bodyBytesMax>>10))
		answer(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("at most %d KB are read", bodyBytesMax>>10))
		return
	} else if err != nil {
		answer(w, http.StatusBadRequest, "the body broke off")
		return
	}
	read := h.alertmanager
	if m.Kind == config.JSON {
		read = h.json
	}
	alerts, err := read(m, body)
	if err != nil {
		h.refuse(r.Context(), id, err)
		answer(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := h.raise(r.Context(), alerts); err != nil {
		h.Log.ErrorContext(r.Context(), NotTaken, "monitor", id, "error", err)
		answer(w, http.StatusServiceUnavailable, "try again")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	json.NewEncoder(w).Encode(map[string]any{"keys": keys(alerts)})
}

// Alarm takes a message that came through the topic of a CloudWatch monitor.
// A message that is no alarm would not become one if it came again: it is
// refused, and there is no error.
func (h *Hook) Alarm(ctx context.Context, m config.Monitor, message string) error {
	alert, err := h.cloudwatch(m, []byte(message))
	if err != nil {
		h.refuse(ctx, m.ID, err)
		return nil
	}
	return h.raise(ctx, []incident.Alert{alert})
}

func (h *Hook) secret(ctx context.Context, name string) (string, error) {
	if h.Secrets == nil {
		return "", errors.New("nobody here keeps secrets")
	}
	return h.Secrets.Secret(ctx, name)
}

// refuse logs what is wrong with a call, and nothing that it held. These lines
// are counted by their message.
func (h *Hook) refuse(ctx context.Context, who string, why error) {
	h.Log.WarnContext(ctx, Refused, "from", who, "why", why.Error())
}

// Messages of the log's lines about calls that came to nothing, because of
// whoever called and because of us.
const (
	Refused  = "call refused"
	NotTaken = "call not taken"
)

// bears reports whether the request bears the secret, in a time that does not
// tell how much of it is right.
func bears(r *http.Request, secret string) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	given, want := sha256.Sum256([]byte(strings.TrimSpace(token))), sha256.Sum256([]byte(secret))
	return secret != "" && strings.EqualFold(scheme, "Bearer") && hmac.Equal(given[:], want[:])
}

// putsAtOnce is how many signals are made durable at the same time.
const putsAtOnce = 16

// raise makes the alerts durable and wakes the router once for each key. If
// one could not be kept, whoever said it says it again, which is harmless to
// the others.
func (h *Hook) raise(ctx context.Context, alerts []incident.Alert) error {
	errs := make([]error, len(alerts))
	var putting sync.WaitGroup
	slots := make(chan struct{}, putsAtOnce)
	for i, a := range alerts {
		slots <- struct{}{}
		putting.Go(func() {
			defer func() { <-slots }()
			_, errs[i] = h.Store.PutSignal(ctx, a.Signal())
		})
	}
	putting.Wait()
	err := errors.Join(errs...)
	for _, key := range keys(alerts) {
		if hint := h.Hints.Router(ctx, loop.Hint{Key: key}, time.Time{}); hint != nil {
			h.Log.WarnContext(ctx, "hint lost", "key", key, "error", hint) // the sweep finds it
		}
		h.Log.InfoContext(ctx, "signal", "key", key)
	}
	return err
}

// keys are those of the alerts, each once, in their order.
func keys(alerts []incident.Alert) []incident.Key {
	var all []incident.Key
	for _, a := range alerts {
		if key := a.Signal().Key; !slices.Contains(all, key) {
			all = append(all, key)
		}
	}
	return all
}
