package triage

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

var caps = []Capability{
	{Name: "login", Words: []string{"log in", "sign in", "password"}},
	{Name: "publish", Words: []string{"publish"}},
	{Name: "search", Words: []string{"search"}},
}

// What each slot does, one report each. The labelled mails measure the whole.
func TestAssess(t *testing.T) {
	for _, c := range []struct {
		name, subject, text string
		urgency             Urgency
		capability          string
		why                 string // one of the reasons
	}{
		{"unable to do", "", "Our staff have been unable to log in for ten minutes.", Urgent, "login", `failure "unable to log in"`},
		{"without apostrophe or space", "", "cant login", Urgent, "login", `failure "cant login"`},
		{"curly apostrophe", "", "We can’t log in.", Urgent, "login", `failure "can’t log in"`},
		{"not working", "", "The system is not responding normally.", Urgent, "", `failure "not responding"`},
		{"capability before what fails", "", "Sign-in has been impossible.", Urgent, "login", ""},
		{"the failing capability wins", "", "Thanks for fixing search. Now we cannot publish.", Urgent, "publish", ""},
		{"scope makes trouble urgent", "", "Something is wrong with it for everyone.", Urgent, "", `scope "everyone"`},
		{"trouble alone", "", "Something is odd with it.", Unclear, "", `vague "Something"`},
		{"onset makes trouble urgent", "", "We see an error since ten minutes ago.", Urgent, "", `onset "since"`},
		{"one thing only", "", "I cannot open one of my stories, everyone else can.", Urgent, "", ""},
		{"one thing only, nobody else", "", "One article doesn't load.", Unclear, "", ""},
		{"what might be", "", "What is your SLA if the service goes down?", Benign, "", `past "SLA"`},
		{"what has been", "", "Please send the root cause analysis of last month's outage.", Benign, "", ""},
		{"what is over", "", "We could not log in, but now it works again.", Benign, "login", `over "works again"`},
		{"what is not over", "", "It works again? No, it is still down.", Urgent, "", ""},
		{"what is over for some", "", "It works again, but only for half of us.", Unclear, "", ""},
		{"what is not fixed", "", "It is not fixed.", Urgent, "", `failure "not fixed"`},
		{"how to", "", "How do I log in on a new phone?", Benign, "login", `question "How do"`},
		{"billing", "", "I can't open the invoice.", Benign, "", `billing "invoice"`},
		{"billing and an outage", "", "Thanks for the invoice. By the way, nothing loads.", Urgent, "", `failure "nothing loads"`},
		{"a wish", "", "It would be great if search was not so slow.", Benign, "search", ""},
		{"an idiom", "", "I can't wait to use the new editor next week.", Benign, "", ""},
		{"a forgotten password", "", "I forgot my password and cannot log in.", Benign, "login", ""},
		{"a forgotten password for all", "", "Nobody can log in. It is as if everyone forgot their password.", Unclear, "login", `scope "everyone"`},
		{"a disclaimer", "", "Please send the invoice.\n\nIf you have received this message in error, delete it.", Benign, "", ""},
		{"nothing", "", "", Unclear, "", "it has no text to read"},
		{"no letters", "", "??? !!!", Unclear, "", "it has no text to read"},
		{"one word", "", "newsroom", Unclear, "", ""},
		{"a language we do not read", "", "Kedves ügyfélszolgálat, a rendszerünk tegnap este óta nagyon furcsán viselkedik nálunk.", Unclear, "", ""},
		{"in the subject only", "Site down", "", Urgent, "", ""},
		{"Spanish", "", "Nadie puede entrar, el sistema está caído.", Urgent, "", ""},
		{"Spanish, harmless", "", "¿Me pueden enviar la factura?", Benign, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := Assess(c.subject, c.text, caps)
			if a.Urgency != c.urgency || a.Capability != c.capability {
				t.Errorf("%s %q, because %q; want %s %q", a.Urgency, a.Capability, a.Why, c.urgency, c.capability)
			}
			if c.why != "" && !strings.Contains(strings.Join(a.Why, "\n"), c.why) {
				t.Errorf("Why = %q, want %q in it", a.Why, c.why)
			}
			holds(t, c.subject, c.text, a)
		})
	}
}

// holds is what is true of every assessment.
func holds(t interface{ Errorf(string, ...any) }, subject, text string, a Assessment) {
	if a.Urgency != Urgent && a.Urgency != Unclear && a.Urgency != Benign {
		t.Errorf("Urgency = %q", a.Urgency)
	}
	if len(a.Why) == 0 {
		t.Errorf("%s, and nothing says why", a.Urgency)
	}
	all := subject + "\n" + text
	for _, f := range a.Found {
		if f.At < 0 || f.At+len(f.Words) > len(all) || all[f.At:f.At+len(f.Words)] != f.Words {
			t.Errorf("%s %q does not stand at %d", f.Slot, f.Words, f.At)
		}
	}
	if strings.TrimSpace(all) == "" && a.Urgency != Unclear {
		t.Errorf("an empty report is %s", a.Urgency)
	}
}

// Words of a team's own language are enough.
func TestWordsAreData(t *testing.T) {
	german := Words{Name: "de", Groups: map[string][]string{
		"not": {"nicht"}, "act": {"anmelden|offnen|geht|ladt|reagiert", "erreichbar"}, "fails": {"abgesturzt", "down"},
		"money": {"rechnung"}, "things": {"seite", "system"}, "now": {"seit", "jetzt"}, "everyone": {"wir|uns|alle"}, "please": {"bitte"},
	}, Common: []string{"die", "der", "wir", "uns", "ist", "sie", "bitte"}}
	c := New([]Capability{{Name: "login", Words: []string{"anmelden"}}}, Add(Languages(), german)...)
	for text, want := range map[string]Urgency{
		"Die Seite ist nicht erreichbar.":           Unclear,
		"Wir können uns seit 22 Uhr nicht anmelden": Urgent,
		"Bitte schicken Sie die Rechnung.":          Benign,
	} {
		if a := c.Assess("", text); a.Urgency != want {
			t.Errorf("%q is %s, because %q; want %s", text, a.Urgency, a.Why, want)
		}
	}
}

// What a report says cannot be made less by repeating it, by its case or by
// what its lines end with.
func TestShoutingChangesNothing(t *testing.T) {
	sentences := []string{"we cannot log in", "nothing loads", "please send the invoice", "how do I add a user?", "everyone", "since ten", "thank you", "it works again", "odd"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(sentences), 0, 6).Draw(t, "text"), ". ")
		a := Assess("", text, caps)
		for _, same := range []string{strings.ToUpper(text), text + "\r\n", "\t" + text} {
			if b := Assess("", same, caps); b.Urgency != a.Urgency || b.Capability != a.Capability {
				t.Errorf("%q is %s %q, but %q is %s %q", text, a.Urgency, a.Capability, same, b.Urgency, b.Capability)
			}
		}
	})
}

// An outage is never benign, whatever else the mail says before it.
func TestAnOutageIsNeverTalkedAway(t *testing.T) {
	outages := []string{"Nobody here can log in since ten.", "The system is down.", "Nothing loads for any of us.", "We are all locked out right now."}
	other := []string{"Thank you for the great help.", "Please send invoice 12.", "How do I add a user?", "It would be great to have a dark mode.", "I am out of office on Monday.", "Attached is the contract.", "Is there a shortcut?"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(append(rapid.SliceOfN(rapid.SampledFrom(other), 0, 5).Draw(t, "other"), rapid.SampledFrom(outages).Draw(t, "outage")), " ")
		if a := Assess("", text, caps); a.Urgency == Benign {
			t.Errorf("%q is benign, because %q", text, a.Why)
		}
	})
}

// A hostile report costs as many words as are read, however long it is.
func TestLongReportsAreReadInPart(t *testing.T) {
	n := 0
	for _, c := range clausesOf(strings.Repeat("down ", 100000)) {
		n += len(c.tokens)
		if len(c.tokens) > clauseWords {
			t.Errorf("a clause of %d words", len(c.tokens))
		}
	}
	if n != tokensMax {
		t.Errorf("%d words read, want %d", n, tokensMax)
	}
	if a := Assess("", strings.Repeat("cannot ", 100000), caps); len(a.Why) > whyMax+1 {
		t.Errorf("%d reasons", len(a.Why))
	}
}

func FuzzAssess(f *testing.F) {
	f.Add("Cannot log in", "Our staff have been unable to log in for ten minutes.")
	f.Add("", "¿Hay alguien? El sistema está caído")
	f.Add("Re: \xff", "can’t\u0301 \u2028 İıſẞ ~ | * 1.2.3 a.b.")
	f.Add("Re: several things", "1. Thanks.\n2. Nothing loads for any of us since 9pm: 503 on 14 of 14 PCs!\n3. When is the next call?")
	c := New(caps, Languages()...)
	f.Fuzz(func(t *testing.T, subject, text string) {
		a := c.Assess(subject, text)
		holds(t, subject, text, a)
		if !utf8.ValidString(a.Capability) {
			t.Errorf("Capability = %q", a.Capability)
		}
	})
}

func BenchmarkAssess(b *testing.B) {
	c := New(caps, Languages()...)
	text := strings.Repeat("Our staff have been unable to log in for ten minutes and we expect a reply. ", 8)
	b.ReportAllocs()
	for b.Loop() {
		c.Assess("Cannot log in", text)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		New(caps, Languages()...)
	}
}
