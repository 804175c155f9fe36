package local

import (
	"context"
	_ "embed"
	"encoding/json"
	"html/template"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"rouse/shared/config"
	"rouse/shared/incident"
)

//go:embed console.html
var consoleHTML string

var consoleTemplate = template.Must(template.New("console").Funcs(template.FuncMap{
	"clock":  func(t time.Time) string { return t.Local().Format("15:04:05") },
	"linked": linked,
}).Parse(consoleHTML))

// console shows the phones and the mailboxes, the incidents and their
// timelines, as they change.
type console struct {
	config *config.Config
	store  Teller
	phones *Phones
	feed   *feed
	smtp   string
	log    *slog.Logger
}

// handle serves the page at / and the same data as JSON lines at /events.
func (c *console) handle(s *System) {
	s.Handle("GET /{$}", http.HandlerFunc(c.page))
	s.Handle("GET /events", http.HandlerFunc(c.events))
}

// a device is a phone or a mailbox, its latest message first.
type device struct {
	Owner, Kind string
	Messages    []Message
}

type incidentView struct {
	incident.Incident
	Events []incident.Event
}

func (c *console) page(w http.ResponseWriter, r *http.Request) {
	incidents, err := c.incidents(r.Context())
	if err != nil {
		c.log.ErrorContext(r.Context(), "console", "error", err)
		http.Error(w, "The store does not answer; the terminal says more.", http.StatusServiceUnavailable)
		return
	}
	phones, mailboxes := c.devices()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	err = consoleTemplate.Execute(w, map[string]any{
		"Service": c.config.Service, "SMTP": c.smtp, "Inbox": c.config.Inbox,
		"Phones": phones, "Mailboxes": mailboxes, "Incidents": incidents,
	})
	if err != nil {
		c.log.WarnContext(r.Context(), "console", "error", err)
	}
}

func (c *console) incidents(ctx context.Context) ([]incidentView, error) {
	recent, err := c.store.Recent(ctx, recentMax)
	if err != nil {
		return nil, err
	}
	var views []incidentView
	for _, in := range recent {
		events, err := c.store.Timeline(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		slices.Reverse(events)
		views = append(views, incidentView{in, events})
	}
	return views, nil
}

// shownMax is how many messages a phone or mailbox shows.
const shownMax = 6

// devices lists a phone or a mailbox for each responder, and a mailbox for each
// reporter who was written to.
func (c *console) devices() (phones, mailboxes []device) {
	messages := c.phones.Since(0)
	slices.Reverse(messages)
	of := func(to string, channels ...string) []Message {
		var out []Message
		for _, m := range messages {
			if m.To == to && slices.Contains(channels, m.Channel) && len(out) < shownMax {
				out = append(out, m)
			}
		}
		return out
	}
	ids := make([]string, 0, len(c.config.Responders))
	for id := range c.config.Responders {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		r := c.config.Responders[id]
		if r.Phone != "" {
			phones = append(phones, device{r.Name, "phone", of(id, "sms")})
		}
		if r.Email != "" {
			mailboxes = append(mailboxes, device{r.Name, "mailbox", of(id, "email")})
		}
	}
	var seen []string
	for _, m := range messages {
		if m.Channel == "mail" && !slices.Contains(seen, m.To) {
			seen = append(seen, m.To)
			mailboxes = append(mailboxes, device{m.To, "customer", of(m.To, "mail")})
		}
	}
	return phones, mailboxes
}

// events writes what has happened, a JSON object a line, and goes on as more
// does; with ?once it ends instead.
func (c *console) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	enc := json.NewEncoder(w)
	seq := 0
	for {
		entries, changed := c.feed.since(seq)
		for _, e := range entries {
			if err := enc.Encode(e); err != nil {
				return // gone
			}
			seq = e.Seq
		}
		if r.URL.Query().Has("once") || out.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

var link = regexp.MustCompile(`https?://[^\s]+`)

// linked makes the links of a text tappable.
func linked(text string) template.HTML {
	var b strings.Builder
	last := 0
	for _, at := range link.FindAllStringIndex(text, -1) {
		b.WriteString(template.HTMLEscapeString(text[last:at[0]]))
		url := template.HTMLEscapeString(text[at[0]:at[1]])
		b.WriteString(`<a href="` + url + `" target="_blank" rel="noreferrer">` + url + `</a>`)
		last = at[1]
	}
	b.WriteString(template.HTMLEscapeString(text[last:]))
	return template.HTML(b.String())
}
