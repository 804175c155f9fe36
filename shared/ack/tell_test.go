package ack_test

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

func tell(text string) string { return "action=tell&text=" + url.QueryEscape(text) }

// Two buttons: the first shows what would be said and changes nothing, the
// second says it.
func TestTellTheCustomers(t *testing.T) {
	h := woken(t)
	code := h.link("ana")
	h.holds(text(h.get("/a/"+code).body), "Tell the customers who wrote", "to 1 customer", "They were told", "“We have your message.”")
	const words = "We have found it:\r\na full disk. <b>Sorry</b> & thanks"
	before, events := h.login(), h.timeline()
	a := h.do(http.MethodPost, "/a/"+code, formType, h.form(code, tell(words)))
	if a.status != http.StatusOK {
		t.Fatalf("status %d: %s", a.status, text(a.body))
	}
	h.holds(text(a.body), "Nobody has been told yet", "This would go to 1 customer", "Send it to 1 customer", "Ana Ruiz, Newsroom")
	h.holds(a.body, "a full disk. &lt;b&gt;Sorry&lt;/b&gt; &amp; thanks")
	if !reflect.DeepEqual(h.login(), before) || h.timeline() != events {
		t.Error("a preview has changed something")
	}

	values := url.Values{}
	first, _, _ := strings.Cut(a.body, "</form>")
	for _, m := range hidden.FindAllStringSubmatch(first, -1) {
		values.Set(m[1], strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&#39;", "'").Replace(m[2]))
	}
	for range 2 { // a double tap
		body := text(h.press(code, values.Encode()))
		h.holds(body, "Answered at 7:53pm.", "Ana Ruiz: “We have found it: a full disk.")
	}
	if n := strings.Count(h.timeline(), " words "); n != 1 {
		t.Errorf("told %d times: %s", n, h.timeline())
	}
}

func TestWordsThatAreNotSent(t *testing.T) {
	h := woken(t)
	code := h.link("ana")
	events := h.timeline()
	for words, status := range map[string]int{
		"": 400, " \r\n\t ": 400, "a\x00b": 400, "\x1b[2J": 400, "\xff\xfe": 400, strings.Repeat("é", 1001): 413, strings.Repeat("€", 3000): 413,
	} {
		for _, sure := range []string{"", "&sure=1"} {
			h.clock.Run(h.clock.Now().Add(time.Second))
			if a := h.do(http.MethodPost, "/a/"+code, formType, h.form(code, tell(words)+sure)); a.status != status {
				t.Errorf("%.20q%s: %d, want %d", words, sure, a.status, status)
			}
		}
	}
	if h.timeline() != events {
		t.Errorf("the timeline is now %s", h.timeline())
	}
}

func TestNobodyToTell(t *testing.T) {
	h := newHouse(t)
	h.red("s1")
	code := h.link("bo")
	h.lacks(h.get("/a/"+code).body, "<textarea")
	if a := h.do(http.MethodPost, "/a/"+code, formType, h.form(code, tell("hello"))); a.status != http.StatusConflict {
		t.Errorf("%d %s", a.status, text(a.body))
	}
}

// What failed to be stored can be pressed again, words and all.
func TestWordsSurviveAFailure(t *testing.T) {
	h := woken(t)
	code := h.link("ana")
	form := h.form(code, tell("It is a full disk.")+"&sure=1")
	h.faulty.put = true
	a := h.do(http.MethodPost, "/a/"+code, formType, form)
	if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, `name="text" value="It is a full disk."`) || !strings.Contains(a.body, `name="sure" value="1"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
}
