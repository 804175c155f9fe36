package browser_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"rouse/cmd/rouse/local"
	"rouse/shared/config"
	"rouse/shared/memstore"
)

// accessible holds the page against axe-core: the success criteria of WCAG 2.2
// AA that a machine can judge, and axe's own good practice.
func (b *tab) accessible(what string) {
	b.Helper()
	engine, err := os.ReadFile(filepath.Join("..", "..", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		b.Fatalf("%v: `npm ci` fetches axe-core", err)
	}
	var faults []string
	b.run(chromedp.EvaluateAsDevTools(string(engine), nil), chromedp.EvaluateAsDevTools(`
		axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(found =>
			found.violations.flatMap(v => v.nodes.map(n => v.id + " at " + n.target + ": " + n.failureSummary)))
	`, &faults, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	for _, fault := range faults {
		b.Errorf("%s: %s", what, fault)
	}
}

// scripted is the device with scripts on, which the engine needs.
func scripted(d device) device {
	d.scripts = true
	return d
}

// TestTheScreenIsAccessible in each of its states, in light and dark.
func TestTheScreenIsAccessible(t *testing.T) {
	h := down(t)
	ana, bo := h.link("ana"), h.link("bo")
	tabs := []*tab{open(t, scripted(phone)), open(t, scripted(night)), open(t, scripted(office))}
	each := func(what, url string) {
		t.Helper()
		for i, b := range tabs {
			b.visit(url)
			b.run(chromedp.EvaluateAsDevTools(`document.querySelectorAll("details").forEach(d => d.open = true)`, nil))
			b.accessible(fmt.Sprint(what, " ", i))
		}
	}
	each("nobody has it", ana)
	each("timeline", ana+"?timeline")
	each("nothing here", ana+"x")
	each("several", h.both("ana"))
	each("the status page", h.system.URL+"/status")
	for _, b := range tabs {
		b.visit(ana)
		b.more("Tell the customers")
		b.run(chromedp.SendKeys("#text", "We have found it.", chromedp.ByQuery))
		b.press("Preview")
		b.accessible("preview")
	}
	tabs[0].visit(ana).press("I have it")
	each("yours", ana)
	each("theirs", bo)
	tabs[0].visit(ana).more("it’s over")
	tabs[0].press("It’s over")
	each("over", ana)
}

// TestTheConsoleIsAccessible, as `rouse local` serves it, with pages and mail.
func TestTheConsoleIsAccessible(t *testing.T) {
	console, mail := serve(t)
	body := "From: desk@kstate.example\r\nTo: alerts@in.example.com\r\nSubject: Nobody can log in\r\nMessage-ID: <1@kstate.example>\r\n\r\nOur staff have been unable to log in for ten minutes.\r\n"
	if err := smtp.SendMail(mail, nil, "desk@kstate.example", []string{"alerts@in.example.com"}, []byte(body)); err != nil {
		t.Fatal(err)
	}
	for _, d := range []device{phone, night, desktop, office} {
		b := open(t, scripted(d)).visit(console)
		b.run(chromedp.WaitVisible(`//section//div[@class="sms"]`, chromedp.BySearch)) // the page follows by itself
		b.shoot("console-" + d.name)
		b.accessible("the console, " + d.name)
	}
}

// serve is `rouse local`.
func serve(t *testing.T) (console, mail string) {
	t.Helper()
	c, err := config.Parse([]byte(strings.ReplaceAll(teamYAML, "checks:\n  login: {capability: login, http: {url: \"SERVICE/login\"}}\n", "")), "rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := local.Serve(ctx, w, c, memstore.New(), nil, "127.0.0.1:0", "127.0.0.1:0", slog.New(slog.DiscardHandler))
		w.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(within):
			t.Error("it does not stop")
		}
	})
	lines := bufio.NewScanner(r)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "Ctrl-C") {
		switch word := strings.Fields(lines.Text()); word[0] {
		case "console":
			console = word[1]
		case "smtp":
			mail = word[1]
		}
	}
	return console, mail
}
