package wording

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A message says what is known and nothing else.
func TestFill(t *testing.T) {
	en := English()
	for _, c := range []struct {
		kind Kind
		v    Values
		want string
	}{
		{Received, Values{"by": "22:10 CST"}, "We have your message; a person will read it by 22:10 CST."},
		{Received, Values{}, "We have your message."},
		{Received, Values{"who": "Ana Ruiz", "capability": "login"}, "We have your message.\nAna Ruiz is already looking into a problem with login."},
		{Closing, Values{}, "It has stayed well, and we consider this over.\nIf it still fails for you, reply: it reopens this and reaches the engineer."},
		{Closing, Values{"since": "23:45"}, "Our checks have been well since 23:45, and we consider this over.\nIf it still fails for you, reply: it reopens this and reaches the engineer."},
		{Words, Values{"words": "A {by} disk || is full.", "who": "Ana", "service": "Newsroom"}, "A {by} disk || is full.\n\nAna, Newsroom"},
	} {
		if got := en.Templates[c.kind].Fill(c.v); got != c.want {
			t.Errorf("%s with %v:\n%q, want\n%q", c.kind, c.v, got, c.want)
		}
	}
}

// What would promise more than is certain is refused, with the cure.
func TestParse(t *testing.T) {
	for _, c := range []struct {
		kind       Kind
		text, want string
	}{
		{Received, "Thank you.", "does not say {by}, which is the point of it"},
		{Received, "We answer by {buy}.", "{buy} stands for nothing here; known are {by}, {who}, {service}, {incident}, {capability}"},
		{Received, "We will be there by {by}, within 10 minutes.", `"10 minutes" is a time that nobody keeps for you; {by} in received is what is promised`},
		{Called, "Somebody answers within an hour.", `"an hour" is a time that nobody keeps`},
		{Called, "Alguien responde en 10 minutos.", `"10 minutos" is a time that nobody keeps`},
		{Received, "We answer by {by}.", "says nothing where {by}, {who} is not known"},
		{Recovered, "It is fixed.", `"fixed" is more than is known when it is sent; only closing may say so`},
		{Recovered, "Well since {since}.", "says nothing where {who}, {since} is not known; add a line without it"},
		{Recovered, "Well since {since.", "has a brace that is left open"},
		{Closing, " \n ", "is empty"},
		{Closing, strings.Repeat("x", TextBytesMax+1), "at most 2000 are sent"},
		{Words, "Regards, {who}", "does not say {words}"},
		{"recieved", "x", `there is no message "recieved"; known are received, called`},
	} {
		if _, err := Parse(c.kind, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %v, want %q", c.kind, c.text, err, c.want)
		}
	}
	if _, err := Parse(Closing, "It is resolved."); err != nil {
		t.Errorf("once it has stayed well: %v", err)
	}
}

// A message is never empty, whatever is known, and never has a placeholder
// that the values did not bring.
func TestNoMessageIsEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lang := rapid.SampledFrom([]Language{English(), Spanish()}).Draw(t, "language")
		kind := rapid.SampledFrom(Kinds()).Draw(t, "kind")
		v := sparse(rules[kind])
		for _, name := range optional(rules[kind]) {
			if rapid.Bool().Draw(t, name) {
				v[name] = "x"
			}
		}
		if got := lang.Templates[kind].Fill(v); got == "" || strings.ContainsAny(got, "{}|") {
			t.Errorf("%s %s: %q", lang.Name, kind, got)
		}
	})
}

func TestLanguage(t *testing.T) {
	all := Languages{English(), Spanish()}
	for text, want := range map[string]string{
		"Our staff have been unable to log in for ten minutes.":              "en",
		"Hola, nuestros redactores no pueden entrar desde hace diez minutos": "es",
		"DOWN DOWN DOWN": "",
		"":               "",
		"Wir können uns seit zehn Minuten nicht anmelden.": "",
	} {
		if got := all.Of(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if got := all.In("fr").Name; got != "en" {
		t.Errorf("an unknown language is told in %s", got)
	}
}
