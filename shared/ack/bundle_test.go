package ack_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

// bundled is a house in which so many checks fail, and ana's link is about all
// of them.
func bundled(t testing.TB, n int) (h *house, code string, ids []incident.ID) {
	h = newHouse(t)
	code = loop.NewSecret()
	c := loop.Code{Hash: loop.HashSecret(code), Who: "ana", Minted: at}
	for i := range n {
		name := fmt.Sprintf("c%03d", i)
		key := incident.Key("check/" + name)
		e := incident.Evidence{Status: "down", Red: true, Words: "8 of 8 samples failed", Since: at.Add(time.Duration(i) * time.Second)}
		h.raise(incident.Signal{ID: name, Key: key, Kind: incident.KindCheck, Check: &incident.CheckSignal{Check: name, LastBad: at, Evidence: e}})
		g := loop.Grant{Key: key, Incident: h.under(key).ID}
		ids = append(ids, g.Incident)
		if i == 0 {
			c.Grant = g
			continue
		}
		c.More = append(c.More, g)
	}
	if err := h.store.PutCode(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return h, code, ids
}

func (h *house) under(key incident.Key) incident.Incident {
	h.t.Helper()
	live, err := h.store.Load(h.t.Context(), key)
	if err != nil {
		h.t.Fatal(err)
	}
	return live.Incident
}

func (h *house) owners(n int) (owners []string) {
	for i := range n {
		owners = append(owners, h.under(incident.Key(fmt.Sprintf("check/c%03d", i))).Owner)
	}
	return owners
}

func TestALinkAboutSeveralListsThem(t *testing.T) {
	h, code, ids := bundled(t, 3)
	a := h.get("/a/" + code)
	h.holds(text(a.body), "3 incidents that nobody has", "I have all 3", "c000", "c001", "c002", "is down", "Nobody has it yet")
	h.holds(a.body, fmt.Sprintf(`href="%s.%s"`, code, ids[1]))

	// One of them has a screen of its own, and its buttons concern it alone.
	one := code + "." + string(ids[1])
	h.holds(h.get("/a/"+one).body, "c001", "8 of 8 samples failed", fmt.Sprintf(`href="%s"`, code))
	body := h.tap(one, "action=ack")
	h.holds(text(body), "You have it", "c001")
	if got := h.owners(3); fmt.Sprint(got) != "[ ana ]" {
		t.Errorf("owned by %q", got)
	}
	h.holds(text(h.get("/a/"+one+"?timeline").body), "acknowledged")

	// From the list a button leads back to it.
	to := h.do(http.MethodPost, "/a/"+code+"."+string(ids[2])+"?list", formType, "seen=1&action=next")
	if to.status != http.StatusSeeOther || to.header.Get("Location") != code {
		t.Errorf("%d to %q", to.status, to.header.Get("Location"))
	}
	h.holds(text(h.get("/a/"+code).body), "2 incidents that nobody has", "You have it", "I have all 2")
}

// All at once is one tap for each that nobody has, however often it is sent.
func TestIHaveAll(t *testing.T) {
	const n = 40
	h, code, ids := bundled(t, n)
	h.press(code+"."+string(ids[7]), "seen=1&action=resolve")
	form := h.form(code, "action=ack")
	for range 2 {
		h.holds(text(h.press(code, form)), "Somebody has each of them", "You have it", "And 9 more", "1 is over")
	}
	for i, owner := range h.owners(n) {
		if want := map[bool]string{true: "", false: "ana"}[i == 7]; owner != want {
			t.Errorf("%d is owned by %q, want %q", i, owner, want)
		}
	}
	events, err := h.store.Timeline(t.Context(), ids[3])
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(fmt.Sprint(events), "acknowledged"); n != 1 {
		t.Errorf("acknowledged %d times: %v", n, events)
	}
}

// What a phone sends is made durable before anything is decided, and is then
// not lost if deciding fails.
func TestIHaveAllWithoutAStore(t *testing.T) {
	h, code, _ := bundled(t, 3)
	form := h.form(code, "action=ack")
	h.faulty.commit = true
	if a := h.do(http.MethodPost, "/a/"+code, formType, form); a.status != http.StatusAccepted {
		t.Errorf("%d %s", a.status, text(a.body))
	}
	h.faulty.commit, h.faulty.put = false, true
	a := h.do(http.MethodPost, "/a/"+code, formType, form)
	if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, `name="action" value="ack"`) {
		t.Errorf("%d %s", a.status, text(a.body))
	}
	for i := range 3 {
		h.run(incident.Key(fmt.Sprintf("check/c%03d", i)))
	}
	if got := h.owners(3); fmt.Sprint(got) != "[ana ana ana]" {
		t.Errorf("owned by %q", got)
	}
}

// A code grants its own incidents, and each only while it is that one.
func TestABundleGrantsItsOwnAlone(t *testing.T) {
	h, code, ids := bundled(t, 2)
	h.red("s1")
	want := h.get("/a/unknown")
	for _, of := range []string{string(h.login().ID), "", "x", string(ids[0]) + ".", "../" + string(ids[0])} {
		if a := h.get("/a/" + code + "." + of); a.status != http.StatusNotFound || a.body != want.body {
			t.Errorf("%q: %d %s", of, a.status, text(a.body))
		}
	}
	single := h.link("bo") // who was paged about the first, and not yet about the others
	for of, want := range map[incident.ID]int{ids[0]: http.StatusOK, ids[1]: http.StatusNotFound} {
		if a := h.get("/a/" + single + "." + string(of)); a.status != want {
			t.Errorf("bo's link about %s: %d, want %d", of, a.status, want)
		}
	}
	for _, action := range []string{"resolve", "next", "answered"} { // of all of them at once only one thing can be said
		if a := h.do(http.MethodPost, "/a/"+code, formType, "seen=1&action="+action); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d", action, a.status)
		}
	}
	for _, id := range ids {
		h.press(code+"."+string(id), "seen=1&action=resolve")
	}
	h.holds(text(h.get("/a/"+code).body), "It is over")
}

func TestAListIsBounded(t *testing.T) {
	h, code, _ := bundled(t, 200)
	a := h.get("/a/" + code)
	if len(a.body) > 40<<10 {
		t.Errorf("the list takes %d bytes", len(a.body))
	}
	h.holds(text(a.body), "200 incidents that nobody has", "And 170 more")
	before := h.faulty.reads.Load()
	h.get("/a/" + code)
	if n := h.faulty.reads.Load() - before; n != 2 {
		t.Errorf("%d reads for a list, want 2", n)
	}
}

func (f *faulty) Incidents(ctx context.Context, keys []incident.Key) ([]incident.Incident, error) {
	if f.reads.Add(1); f.load {
		return nil, errDown
	}
	return f.Store.Incidents(ctx, keys)
}
