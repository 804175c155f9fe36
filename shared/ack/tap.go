package ack

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

// A tap is a button as its form says it.
type tap struct {
	Action  incident.Action
	Seen    int64  // version of the incident that the screen showed
	Minutes int    // of a snooze
	To      string // whom it is passed to
	Check   string // that is muted
	Until   int64  // when that ends, in seconds since 1970
	Text    string // that the customers are told
	Sure    bool   // they have been shown what
}

// snoozes are the lengths on offer, in minutes.
var snoozes = []int{10, 30, 60}

// press makes a tap durable, lets the loop decide on it and sends the browser
// to the screen as it then is.
func (h *handler) press(w http.ResponseWriter, r *http.Request, code loop.Code, secret, back string) {
	form, fault := h.readForm(w, r)
	if fault != nil {
		h.say(w, r, *fault)
		return
	}
	t, ok := h.parse(form)
	if !ok {
		h.say(w, r, garbled)
		return
	}
	if t.Action == incident.ActTell {
		if t.Text, fault = words(form); fault != nil {
			h.say(w, r, *fault)
			return
		}
		if !t.Sure {
			h.preview(w, r, code, t)
			return
		}
	}
	if len(code.More) > 0 {
		if t.Action != incident.ActAcknowledge { // no other form of ours is about all of them
			h.say(w, r, garbled)
			return
		}
		h.pressAll(w, r, code, t, secret)
		return
	}
	// What has arrived counts, even if the phone has lost its connection.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), tapTimeout)
	defer cancel()
	if t.Action == incident.ActMute {
		if err := h.mute(ctx, t, code); err != nil {
			m := unmuted
			m.Again = &t
			h.fail(w, r, m, "mute", err)
			return
		}
	}
	if _, err := h.loop.Store.PutSignal(ctx, t.signal(code, h.clock.Now())); err != nil {
		m := unsaved
		m.Again = &t
		h.fail(w, r, m, "put tap", err)
		return
	}
	hint := loop.Hint{Key: code.Key}
	if _, err := h.loop.Run(ctx, hint); err != nil {
		if hintErr := h.loop.Hints.Router(ctx, hint, time.Time{}); hintErr != nil {
			err = errors.Join(err, hintErr) // the sweep will find it
		}
		h.fail(w, r, undecided, "decide on tap", err)
		return
	}
	// Relative to /a/CODE, wherever that is served.
	w.Header().Set("Location", back)
	w.WriteHeader(http.StatusSeeOther)
}

// readForm reads the form in the request's body, or says what is wrong with it.
func (h *handler) readForm(w http.ResponseWriter, r *http.Request) (url.Values, *message) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, &garbled
	}
	// The wall clock's deadline: where there is none, the whole form is there.
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(h.bodyTimeout))
	r.Body = http.MaxBytesReader(w, r.Body, bodyBytesMax)
	if err := r.ParseForm(); err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			return nil, &tooLong
		}
		return nil, &garbled
	}
	return r.PostForm, nil
}

// parse reads a tap. Only what a form of ours can say is one.
func (h *handler) parse(form url.Values) (tap, bool) {
	for _, values := range form {
		if len(values) != 1 {
			return tap{}, false
		}
	}
	t := tap{Action: incident.Action(form.Get("action"))}
	var err error
	if t.Seen, err = strconv.ParseInt(form.Get("seen"), 10, 64); err != nil || t.Seen < 0 {
		return tap{}, false
	}
	switch t.Action {
	case incident.ActAcknowledge, incident.ActNext, incident.ActResolve, incident.ActAnswered:
		return t, true
	case incident.ActSnooze:
		t.Minutes, err = strconv.Atoi(form.Get("minutes"))
		return t, err == nil && slices.Contains(snoozes, t.Minutes)
	case incident.ActPass:
		t.To = form.Get("to")
		_, member := h.people[t.To]
		return t, member
	case incident.ActTell:
		t.Sure = form.Get("sure") == "1"
		return t, h.tells
	case incident.ActMute:
		t.Check = form.Get("check")
		t.Until, err = strconv.ParseInt(form.Get("until"), 10, 64)
		left := time.Unix(t.Until, 0).Sub(h.clock.Now())
		return t, err == nil && slices.Contains(h.checks, t.Check) && left > 0 && left <= muteMax
	}
	return tap{}, false
}

// signal is the tap as the loop hears of it. Its ID follows from what the
// person saw and pressed, so that a form sent twice is one signal, and so is
// the same button of the same screen in two tabs.
func (t tap) signal(code loop.Code, now time.Time) incident.Signal {
	length := time.Duration(t.Minutes) * time.Minute
	if t.Action == incident.ActMute {
		length = time.Unix(t.Until, 0).Sub(now)
	}
	s := incident.Signal{
		ID:  fmt.Sprintf("tap/%s/%s/%d/%s/%d/%s", code.Incident, code.Who, t.Seen, t.Action, t.Minutes, t.To),
		Key: code.Key, Kind: incident.KindTap, At: now, Incident: code.Incident,
		Tap: &incident.TapSignal{
			Action: t.Action, Who: code.Who, Via: "link", For: length, To: t.To, Check: t.Check, Text: t.Text,
		},
	}
	switch t.Action {
	case incident.ActMute:
		s.ID += fmt.Sprintf("%s/%d", t.Check, t.Until)
	case incident.ActTell:
		s.ID += sum(t.Text)
	}
	return s
}
