package ack_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

var untils = regexp.MustCompile(`name="until" value="(\d+)">([^<]+)<`)

// It's over, pressed while the check fails, offers to mute it; what is pressed
// then is a mute like any other.
func TestMuteWhatFailsOn(t *testing.T) {
	h := newHouse(t)
	h.red("s1")
	code := h.link("bo")
	h.lacks(h.get("/a/"+code).body, "Mute it") // nobody has said that it is over
	body := h.tap(code, "action=resolve")
	h.holds(text(body), "It is over", "Check login still fails and will wake people again. Mute it until")
	offers := untils.FindAllStringSubmatch(body, -1)
	if len(offers) != 3 || offers[0][2] != "11:00pm" || offers[1][2] != "Wed 2:00am" || offers[2][2] != "Wed 10:00am" {
		t.Fatalf("offered %v", offers)
	}

	form := h.form(code, "action=mute&check=login&until="+offers[1][1])
	h.holds(text(h.press(code, form)), "Check login still fails and is muted until Wed 2:00am.")
	h.press(code, form) // twice is once
	list, err := h.store.Amendments(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("%d mutes, %v", len(list), err)
	}
	if a := list[0]; a.Check != "login" || a.By != "bo" || !a.To.Equal(time.Date(2026, 11, 4, 8, 0, 0, 0, time.UTC)) || a.Why != "incident "+string(h.login().ID)+" is over" {
		t.Errorf("the mute is %+v", a)
	}
	h.holds(text(h.get("/a/"+code+"?timeline").body), "muted", "check login for 4h10m0s, by link")

	h.well("s2", at)
	h.lacks(h.get("/a/"+code).body, "Check login")
}

// Only what the screen can offer is a mute.
func TestMalformedMutes(t *testing.T) {
	h := newHouse(t)
	h.red("s1")
	code := h.link("bo")
	h.tap(code, "action=resolve")
	soon, late, past := "1793767200", "1793900000", "1793764000" // 22:40 tonight, in two days, an hour ago
	for _, fields := range []string{
		"action=mute", "action=mute&check=login", "action=mute&until=" + soon, "action=mute&check=login&until=noon",
		"action=mute&check=logn&until=" + soon, "action=mute&check=login&until=" + late, "action=mute&check=login&until=" + past,
		"action=mute&check=login&until=99999999999999999999",
	} {
		if a := h.do(http.MethodPost, "/a/"+code, formType, h.form(code, fields)); a.status != http.StatusBadRequest {
			t.Errorf("%s: status %d", fields, a.status)
		}
	}
	if list, _ := h.store.Amendments(t.Context()); len(list) > 0 {
		t.Errorf("muted: %v", list)
	}
	h.faulty.amend = true
	a := h.do(http.MethodPost, "/a/"+code, formType, h.form(code, "action=mute&check=login&until="+soon))
	if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, `name="check" value="login"`) || !strings.Contains(a.body, `name="until" value="`+soon) {
		t.Errorf("with the store down: %d, %s", a.status, text(a.body))
	}
	if h.faulty.amend = false; strings.Contains(text(h.get("/a/"+code+"?timeline").body), "muted") {
		t.Error("the timeline tells of a mute that was not saved")
	}
}
