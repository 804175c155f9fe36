package browser_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

// more opens what lies folded on the screen.
func (b *tab) more(words string) {
	b.Helper()
	b.run(chromedp.Click(fmt.Sprintf(`//summary[contains(.,%q)]`, words), chromedp.BySearch))
}

// TestEveryButton taps each button of the screen, with scripts off, on a phone
// and on a desk.
func TestEveryButton(t *testing.T) {
	for _, d := range []device{phone, desktop} {
		for _, c := range []struct {
			name  string
			tap   func(b *tab)
			says  []string
			state incident.State
			owner string
		}{
			{"have", func(b *tab) { b.press("I have it") },
				[]string{"You have it", "Nobody else is being woken.", "I still have it"}, incident.Acknowledged, "ana"},
			{"cannot", func(b *tab) { b.press("Can’t: wake the next person") },
				[]string{"Nobody has it yet", "You said that you can’t."}, incident.Triggered, ""},
			{"snooze-10", func(b *tab) { b.more("snooze"); b.press("10 min") }, []string{"You have it", "Press by "}, incident.Acknowledged, "ana"},
			{"snooze-30", func(b *tab) { b.more("snooze"); b.press("30 min") }, []string{"You have it", "Press by "}, incident.Acknowledged, "ana"},
			{"snooze-60", func(b *tab) { b.more("snooze"); b.press("60 min") }, []string{"You have it", "Press by "}, incident.Acknowledged, "ana"},
			{"pass", func(b *tab) {
				b.more("pass on")
				b.run(chromedp.SendKeys("#to", "Cy", chromedp.ByQuery))
				b.press("Pass it on")
			}, []string{"Cy Shah has it", "asked to confirm"}, incident.Acknowledged, "cy"},
			{"answered", func(b *tab) { b.more("customers answered"); b.press("The customers are answered") }, []string{"Answered at "}, incident.Triggered, ""},
			{"tell", func(b *tab) {
				b.more("Tell the customers")
				b.run(chromedp.SendKeys("#text", "We have found it: a full disk.", chromedp.ByQuery))
				b.press("Preview")
				b.says("Nobody has been told yet", "This would go to 2 customers", "We have found it: a full disk.", "Ana Ruiz, Newsroom")
				b.shoot("preview-" + d.name)
				b.press("Send it to 2 customers")
				b.more("Tell the customers")
			}, []string{"Answered at ", "Ana Ruiz: “We have found it: a full disk.”"}, incident.Triggered, ""},
			{"over", func(b *tab) {
				b.more("it’s over")
				b.press("It’s over")
				b.says("It is over", "Check login still fails and will wake people again. Mute it until")
				b.shoot("over-" + d.name)
				b.run(chromedp.Click(`//form[.//p[contains(.,"Mute it until")]]//button`, chromedp.BySearch), chromedp.WaitVisible(`//p[contains(.,"is muted until")]`, chromedp.BySearch))
			}, []string{"It is over", "is muted until"}, incident.Resolved, ""},
		} {
			t.Run(d.name+"/"+c.name, func(t *testing.T) {
				h := down(t)
				b := open(t, d).visit(h.link("ana"))
				c.tap(b)
				b.says(c.says...)
				b.shoot(c.name + "-" + d.name)
				if in := h.login(); in.State != c.state || in.Owner != c.owner {
					t.Errorf("the incident is %s, owned by %q; want %s by %q", in.State, in.Owner, c.state, c.owner)
				}
			})
		}
	}
}

// count is how often the timeline tells something that begins like this.
func (h *house) count(what string) (n int) {
	h.Helper()
	events, err := h.store.Timeline(h.Context(), h.login().ID)
	if err != nil {
		h.Fatal(err)
	}
	for _, e := range events {
		if strings.HasPrefix(e.Kind+" "+e.Who+" "+e.Why, what) {
			n++
		}
	}
	return n
}

func TestDoubleTap(t *testing.T) {
	h := down(t)
	b := open(t, phone).visit(h.link("ana"))
	b.run(chromedp.DoubleClick(button("I have it"), chromedp.BySearch), chromedp.WaitVisible(button("I still have it"), chromedp.BySearch))
	b.says("You have it")
	if n := h.count("acknowledged"); n != 1 {
		t.Errorf("acknowledged %d times", n)
	}
}

// Reloading after a press does not press again; and a screen that the browser
// kept, and shows when somebody goes back, presses nothing twice.
func TestBackAndReload(t *testing.T) {
	h := down(t)
	b := open(t, phone).visit(h.link("ana"))
	b.press("I have it")
	b.run(chromedp.Reload())
	b.says("You have it")
	b.run(chromedp.Click(`a[href="?timeline"]`, chromedp.ByQuery), chromedp.WaitVisible(`a[href="?"]`, chromedp.ByQuery))
	// What the browser brings back by itself, it tells chromedp nothing of.
	shows := func(words string) {
		t.Helper()
		h.until(words, func() bool {
			var text string
			b.run(chromedp.EvaluateAsDevTools(`document.body.innerText`, &text))
			return strings.Contains(text, words)
		})
	}
	b.run(chromedp.EvaluateAsDevTools(`history.back()`, nil))
	shows("Failing now?")
	b.run(chromedp.EvaluateAsDevTools(`document.querySelector("button").click()`, nil))
	shows("You have it")
	if n := h.count("acknowledged ana by link"); n != 1 {
		t.Errorf("taken %d times", n)
	}
}

// Who presses on a screen that is old is told kindly how it is now.
func TestTwoPeople(t *testing.T) {
	h := down(t)
	ana, bo := open(t, phone).visit(h.link("ana")), open(t, desktop).visit(h.link("bo"))
	bo.press("I have it")
	bo.says("You have it")
	ana.press("I have it")
	ana.says("Bo Lind took it just now", "You can go back to sleep.")
	ana.shoot("theirs-phone")
	if n := h.count("acknowledged"); n != 1 || h.login().Owner != "bo" {
		t.Errorf("acknowledged %d times, now by %s", n, h.login().Owner)
	}
}

// A link of several incidents lists them: one button takes all, and each has
// its own screen.
func TestSeveralIncidents(t *testing.T) {
	h := down(t)
	link := h.both("ana")
	for _, d := range []device{phone, night, desktop} {
		open(t, d).visit(link).shoot("list-" + d.name)
	}
	b := open(t, small).visit(link)
	b.says("2 incidents that nobody has", "login is on and off", "publish is down")
	b.run(chromedp.Click(`//a[contains(.,"publish")]`, chromedp.BySearch), chromedp.WaitVisible(button("Can’t: wake the next person"), chromedp.BySearch))
	b.press("I have it")
	b.says("You have it", "All incidents of this link")
	if h.live("publish").Owner != "ana" || h.login().Owner != "" {
		t.Errorf("publishing is %q's, logging in %q's", h.live("publish").Owner, h.login().Owner)
	}
	b.visit(link).press("I have it")
	b.says("Somebody has each of them")
	if h.login().Owner != "ana" {
		t.Errorf("logging in is %q's", h.login().Owner)
	}
}

func TestLinksThatLeadNowhere(t *testing.T) {
	h := down(t)
	link := h.link("ana")
	b := open(t, phone).visit(link[:len(link)-22] + loop.NewSecret())
	b.says("Nothing here", "use the link of its newest page")
	b.visit(link)
	h.settle()
	b.press("I have it") // on a screen that was opened before
	b.says("It is over", "You can go back to sleep.")
	b.shoot("settled-phone")
	var buttons int
	b.run(chromedp.EvaluateAsDevTools(`document.querySelectorAll("form,button").length`, &buttons))
	if buttons != 0 {
		t.Errorf("%d things can be pressed on an incident that is over", buttons)
	}
}

// settle ends the incident as time would.
func (h *house) settle() {
	h.Helper()
	before := h.login()
	after := before
	after.State, after.SettledAt = incident.Resolved, time.Now()
	after.Version, after.Turn = before.Version+1, before.Turn+1
	err := h.store.Commit(h.Context(), loop.Commit{Before: before, After: after, Events: []incident.Event{{At: time.Now(), Kind: "settled"}}, At: time.Now()})
	if err != nil {
		h.Fatal(err)
	}
}

// A mail scanner fetches each link of each message, and what those lead to: by
// GET and HEAD, with scripts and without, but submits no form. Nothing changes.
func TestScanner(t *testing.T) {
	h := down(t)
	h.until("mail has come", func() bool { return len(h.links()) >= 3 })
	before, events := h.login(), h.count("opened")+h.count("acknowledged")+h.count("next")+h.count("resolved")
	for _, d := range []device{{name: "scripts", width: 1280, height: 800, scripts: true}, desktop} {
		b := open(t, d)
		for _, link := range h.links() {
			b.visit(link)
			var hrefs []string
			b.run(chromedp.EvaluateAsDevTools(`[...document.querySelectorAll("a[href]")].map(a => a.href)`, &hrefs))
			for _, href := range hrefs {
				b.visit(href)
			}
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		for _, link := range h.links() {
			r, err := http.NewRequestWithContext(t.Context(), method, link+"?action=ack&seen=1", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Purpose", "prefetch")
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
		}
	}
	after := h.login()
	if after.State != before.State || after.Turn != before.Turn || h.count("opened")+h.count("acknowledged")+h.count("next")+h.count("resolved") != events {
		t.Errorf("looking has changed %+v to %+v", before, after)
	}
}

// links are all that were sent to anybody by SMS or mail.
func (h *house) links() (all []string) {
	for _, m := range h.system.Phones.Since(0) {
		all = append(all, link.FindAllString(m.Text, -1)...)
	}
	return all
}

// By keyboard alone, the first stop is the button that matters.
func TestKeyboard(t *testing.T) {
	h := down(t)
	b := open(t, desktop).visit(h.link("ana"))
	var focused string
	b.run(chromedp.KeyEvent(kb.Tab), chromedp.EvaluateAsDevTools(`document.activeElement.textContent`, &focused))
	if focused != "I have it" {
		t.Errorf("the first stop is %q", focused)
	}
	b.run(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(button("I still have it"), chromedp.BySearch))
	b.says("You have it")
}

// Nothing has to be scrolled sideways, on the narrowest phone and with text at
// twice its size.
func TestReflow(t *testing.T) {
	h := down(t)
	for _, d := range []device{small, {name: "small-large", width: 320, height: 568, mobile: true, large: true}, large} {
		b := open(t, d)
		for _, query := range []string{"", "?timeline"} {
			b.visit(h.link("ana") + query)
			if query == "" {
				b.more("snooze")
				b.more("Tell the customers")
			}
			var wide, has int
			b.run(chromedp.EvaluateAsDevTools(`document.documentElement.scrollWidth`, &wide), chromedp.EvaluateAsDevTools(`innerWidth`, &has))
			if wide > has {
				t.Errorf("%s%s: %d pixels wide on a screen of %d", d.name, query, wide, has)
			}
			b.shoot("reflow-" + d.name + strings.TrimPrefix(query, "?"))
		}
	}
}

// The first screenful of an ordinary phone has all that is needed to decide.
func TestFirstScreenful(t *testing.T) {
	h := down(t)
	b := open(t, phone).visit(h.link("ana"))
	for _, what := range []string{`//h1`, button("I have it"), button("Can’t: wake the next person"), `//h2[.="Failing now?"]`, `//h2[.="Who was paged"]`, `//blockquote`} {
		var bottom float64
		b.run(chromedp.EvaluateAsDevTools(fmt.Sprintf(`document.evaluate(%q, document, null, 9, null).singleNodeValue.getBoundingClientRect().bottom`, what), &bottom))
		if bottom > float64(phone.height) {
			t.Errorf("%s ends at %.0f, below the first %d pixels", what, bottom, phone.height)
		}
	}
	for _, d := range []device{phone, night, desktop, office} {
		b := open(t, d).visit(h.link("ana"))
		b.says("The last hour: ")
		b.shoot("open-" + d.name)
	}
}
