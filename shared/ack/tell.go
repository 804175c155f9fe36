package ack

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

// A preview shows what the customers would be told, before a second button
// tells them.
type preview struct {
	Service, Title string
	Reader         string
	To             string // "2 customers"
	Text           string
	Seen           int64
}

// words reads what customers are to be told from a form. Only text is.
func words(form url.Values) (text string, fault *message) {
	text = strings.TrimSpace(strings.ReplaceAll(form.Get("text"), "\r\n", "\n"))
	control := func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }
	switch {
	case text == "":
		return "", &wordless
	case len(text) > incident.WordsMax:
		return "", &wordy
	case !utf8.ValidString(text) || strings.ContainsFunc(text, control):
		return "", &garbled
	}
	return text, nil
}

// preview answers the first of the two buttons. It changes nothing.
func (h *handler) preview(w http.ResponseWriter, r *http.Request, code loop.Code, t tap) {
	in, _, err := h.store.Look(r.Context(), code.Key, nil)
	switch {
	case err != nil:
		h.fail(w, r, unread, "look", err)
	case in.ID != code.Incident || !in.Open():
		h.say(w, r, settled)
	case in.Reports == 0:
		h.say(w, r, unheard)
	default:
		h.render(w, r, http.StatusOK, "preview", preview{
			Service: h.service, Title: h.title(in), Reader: h.people.Name(code.Who), To: customers(in), Text: t.Text, Seen: t.Seen,
		})
	}
}

// sum stands for a text in a signal's ID.
func sum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// told are the things that the customers were told, as the screen lists them.
func (h *handler) told(in incident.Incident, reader string) []told {
	now := h.clock.Now().In(h.people.Zone(reader))
	var all []told
	for _, n := range in.Told {
		line := told{At: moment(n.At, now)}
		switch n.Kind {
		case incident.NoticeReceived:
			line.What = "We have your message."
		case incident.NoticeTaken:
			line.What = h.people.Name(n.Who) + " is working on it."
		case incident.NoticeRecovered:
			line.What = "It looks recovered for now; we are still watching."
		case incident.NoticeRelapsed:
			line.What = "It is failing again, and we are on it."
		case incident.NoticeClosing:
			line.What = "It is over."
		case incident.NoticeWords:
			line.Who, line.What = h.people.Name(n.Who), clip(n.Text, incident.QuoteMax)
		default:
			continue
		}
		all = append(all, line)
	}
	return all
}
