package local_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"rouse/cmd/rouse/local"
	"rouse/shared/config"
	"rouse/shared/memstore"
)

const team = `
service: Newsroom
responders:
  ana: {phone: "+13105550100"}
capabilities:
  login: {words: [log in]}
  publish: {words: [publish]}
inbox: {address: alerts@in.newsroom.example, via: forward, team: [newsroom.example], reply_from: support@newsroom.example, answer_within: 10m}
`

// serve runs everything on store until the test or stop ends it, and says where
// it listens.
func serve(t *testing.T, store *memstore.Store) (console, mail string, stop func()) {
	t.Helper()
	return serveTeam(t, store, team)
}

func serveTeam(t *testing.T, store *memstore.Store, team string) (console, mail string, stop func()) {
	t.Helper()
	c, err := config.Parse([]byte(team), "rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := local.Serve(ctx, w, c, store, nil, "127.0.0.1:0", "127.0.0.1:0", slog.New(slog.DiscardHandler))
		w.CloseWithError(err)
		ended <- err
	}()
	lines := bufio.NewScanner(r)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "Ctrl-C") {
		switch word := strings.Fields(lines.Text()); word[0] {
		case "console":
			console = word[1]
		case "smtp":
			mail = word[1]
		}
	}
	return console, mail, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// hear follows /events until a message of the channel goes to somebody.
func hear(t *testing.T, console, channel, to string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, console+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := json.NewDecoder(answer.Body); ; {
		var e local.Entry
		if err := lines.Decode(&e); err != nil {
			t.Fatalf("no %s went to %s: %v", channel, to, err)
		}
		if e.Message != nil && e.Message.Channel == channel && e.Message.To == to {
			return
		}
	}
}

// A customer's mail lights up a phone and is answered, also after a restart on
// a store that remembers the mails of before.
func TestAMailLightsUpAPhoneAlsoAfterARestart(t *testing.T) {
	store := memstore.New()
	for _, capability := range []string{"log in", "publish"} {
		console, mail, stop := serve(t, store)
		from := strings.ReplaceAll(capability, " ", "") + "@kstate.example"
		body := fmt.Sprintf("From: %s\r\nTo: alerts@in.newsroom.example\r\nSubject: Help\r\n\r\nNobody here can %s, it fails for everyone.\r\n", from, capability)
		if err := smtp.SendMail(mail, nil, from, []string{"alerts@in.newsroom.example"}, []byte(body)); err != nil {
			t.Fatal(err)
		}
		hear(t, console, "sms", "ana")
		hear(t, console, "mail", from)
		stop()
	}
}

func TestATakenPortSaysWhatToDo(t *testing.T) {
	console, _, stop := serve(t, memstore.New())
	defer stop()
	_, err := local.Listen("the console", strings.TrimPrefix(console, "http://"))
	if err == nil || !strings.Contains(err.Error(), "choose another port") {
		t.Errorf("a taken port says %v", err)
	}
}

// There is a status page if rouse.yaml has one, and not otherwise.
func TestStatusPage(t *testing.T) {
	for text, status := range map[string]int{team: http.StatusNotFound, team + "status_page: {}\n": http.StatusOK} {
		console, _, stop := serveTeam(t, memstore.New(), text)
		for path, kind := range map[string]string{"/status": "text/html", "/status.json": "application/json", "/status.xml": "application/rss+xml"} {
			answer, err := http.Get(console + path)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil || answer.StatusCode != status {
				t.Errorf("%s: %s, %v", path, answer.Status, err)
			}
			if status != http.StatusOK {
				continue
			}
			if h := answer.Header; !strings.HasPrefix(h.Get("Content-Type"), kind) || !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'") || !strings.Contains(string(body), "Newsroom") {
				t.Errorf("%s: %v\n%s", path, h, body)
			}
		}
		stop()
	}
}
