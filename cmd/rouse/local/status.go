package local

import (
	"log/slog"
	"net/http"

	"rouse/shared/clock"
	"rouse/shared/config"
	"rouse/shared/status"
)

// statusPage serves what would be public.
type statusPage struct {
	config *config.Config
	store  status.Store
	clock  clock.Clock
	log    *slog.Logger
	url    string // of the server
}

func (p *statusPage) handle(s *System) {
	s.Handle("GET /status", p.serve("text/html; charset=utf-8", status.Page.HTML))
	s.Handle("GET /status.json", p.serve("application/json", status.Page.JSON))
	s.Handle("GET /status.xml", p.serve("application/rss+xml", func(page status.Page) ([]byte, error) {
		return page.RSS(p.url + "/status")
	}))
}

func (p *statusPage) serve(kind string, render func(status.Page) ([]byte, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, err := status.Look(r.Context(), p.config, p.store, p.clock.Now())
		var body []byte
		if err == nil {
			body, err = render(page)
		}
		if err != nil {
			p.log.ErrorContext(r.Context(), "status page", "error", err)
			http.Error(w, "How it is cannot be looked up right now.", http.StatusServiceUnavailable)
			return
		}
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Security-Policy", status.Policy)
		h.Set("X-Content-Type-Options", "nosniff")
		w.Write(body)
	})
}
