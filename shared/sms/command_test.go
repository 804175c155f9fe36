package sms

import (
	"slices"
	"strings"
	"testing"

	"rouse/shared/incident"
)

func TestCommands(t *testing.T) {
	for body, want := range map[string]string{
		"ack":                   "ack",
		"ACK":                   "ack",
		"Ack.":                  "ack",
		" ack \n":               "ack",
		"“Ack”":                 "ack",
		"ack!!!":                "ack",
		"ack 7K":                "ack 7K",
		"Ack 7k":                "ack 7K",
		"ACK 7k!":               "ack 7K",
		"Ack\u00a07K":           "ack 7K", // a hard space
		"Ack\u202f7K\u2009.":    "ack 7K",
		"\u200eACK 7K\u200b":    "ack 7K", // marks that nobody sees
		"\ufeffack 7k":          "ack 7K",
		"ack: 7K":               "ack 7K",
		"ack-7K":                "ack 7K",
		"ack #7k":               "ack 7K",
		"ack (7k)":              "ack 7K",
		"‘ack 7k’":              "ack 7K",
		"\"ACK 7K\"":            "ack 7K",
		"«ack 7k»":              "ack 7K",
		"ack7k":                 "ack 7K",
		"ACK 7 K":               "ack 7K",
		"Ack\n7kw":              "ack 7KW",
		"ＡＣＫ　７Ｋ":                "ack 7K", // full width
		"ack 7k 4w":             "ack 7K 4W",
		"ack 7k, 4w, 7k.":       "ack 7K 4W",
		"acknowledged 7k":       "ack 7K",
		"Ask 7K":                "ack 7K", // what keyboards make of it
		"Back 7k.":              "ack 7K",
		"Done 7K":               "resolve 7K",
		"done 7k…":              "resolve 7K",
		"Next 7K":               "next 7K",
		"next7k":                "next 7K",
		"No 7K":                 "next 7K",
		"NO, 7K":                "next 7K",
		"no\t7k\r\n":            "next 7K",
		"ack 2a 3c 4d 5e 6f":    "ack 2A 3C 4D 5E 6F",
		strings.Repeat(" ", 90): "",
	} {
		c, how := Parse(body)
		got := ""
		if how == clear {
			got = strings.Join(append([]string{string(c.Action)}, c.Words...), " ")
		}
		if got != want {
			t.Errorf("%q is %q, want %q", body, got, want)
		}
	}
}

// What phones and cars send by themselves, and what people write to people, is
// no command and gets no answer.
func TestChatter(t *testing.T) {
	for _, body := range []string{
		"", " ", "?", "...", "👍", "ok", "OK 7K", "yes", "7K", "ackermann", "acknowledgement", "ask", "back", "thanks ack",
		"Liked “LOGIN on/off since 9:52pm: 11/40 fail. Sent 10:04pm 7K https://r.example.com/a/…”",
		"Liked “ack 7K”", "Loved “ACK 7K”", "Emphasized “ack 7K”", "Laughed at “done 7K”", "Questioned “no 7K”",
		"Disliked an image", "Removed a like from “ack 7K”", "Reacted 👍 to “ack 7K”", "Reacted with ACK 7K",
		"👍 to “ ACK 7K ”", "\u200b👍\u200b to “\u200aack 7k\u200a”", "A aimé « ack 7K »", "Le gustó “ack 7K”",
		"> ack 7K", "LOGIN on/off since 9:52pm: 11/40 fail. Sent 10:04pm 7K", "> LOGIN DOWN 7K\nack 7K",
		"I’m driving with Do Not Disturb While Driving turned on. I’ll see your message when I get where I’m going.",
		"(I’m not receiving notifications. If this is urgent, reply “urgent” to send a notification through with your original message.)",
		"No, I'm driving right now and will call you back later.", "Can't talk now. What's up?", "On my way! ack 7K",
		"Next week is fine for me, thank you very much", "Done with the report, sending it over now",
		"ack 7k\n--\nSent from my phone, please excuse my typing",
		"stop", "STOP 7K", "help", "unsubscribe",
		"а𝗰k 7K", "аск 7К", // other alphabets' look-alikes
		"ack\x007k\xff", "\xff\xfe",
		"ack " + strings.Repeat("7K ", 100),
		strings.Repeat("ack ", 1000),
	} {
		if c, how := Parse(body); how != chatter {
			t.Errorf("%q is %+v (%d)", body, c, how)
		}
	}
}

// What begins like a command and is none is answered, if it is short.
func TestUnclear(t *testing.T) {
	for body, verb := range map[string]string{
		"done": "DONE", "Next!": "NEXT", "no": "NO", "ack 7K please": "ACK", "ack it": "ACK", "ack all": "ACK", "ack 7": "ACK", "ack 7Kx9": "ACK",
		"ack 0K": "ACK", "ack ack": "ACK", "done 7K ack 4W": "DONE", "ack 7K 👍": "ACK", "ack 2a 3c 4d 5e 6f 7h": "ACK", "ack7kww": "",
	} {
		c, how := Parse(body)
		if verb == "" {
			if how != chatter {
				t.Errorf("%q is %+v (%d)", body, c, how)
			}
		} else if how != unclear || c.Verb != verb || c.Words != nil {
			t.Errorf("%q is %+v (%d), want an unclear %s", body, c, how, verb)
		}
	}
}

// Whatever comes, only a verb and words are a command, and a command is the
// same when it is read again as it would be written.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"ack", "ACK 7k!", "done 7K", "Liked “ack 7K”", "ack7k", "ack 7 k 4w", "\u200eack\u00a07k", "no", "ＡＣＫ　７Ｋ", "ack\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		c, how := Parse(body)
		switch how {
		case chatter:
			if c.Action != "" || c.Words != nil {
				t.Fatalf("%q is chatter and %+v", body, c)
			}
			return
		case unclear:
			if c.Words != nil || verbs[c.Verb] != c.Action {
				t.Fatalf("%q is unclear and %+v", body, c)
			}
			return
		}
		if len(body) > bodyBytesMax || len(c.Words) > wordsMax || verbs[c.Verb] != c.Action {
			t.Fatalf("%q is %+v", body, c)
		}
		if len(c.Words) == 0 && c.Action != incident.ActAcknowledge {
			t.Fatalf("%q names nothing and is %+v", body, c)
		}
		for _, w := range c.Words {
			if !incident.IsWord(w) {
				t.Fatalf("%q names %q", body, w)
			}
		}
		again, how := Parse(strings.Join(append([]string{c.Verb}, c.Words...), " "))
		if how != clear || again.Action != c.Action || !slices.Equal(again.Words, c.Words) {
			t.Fatalf("%q is %+v, and written plainly %+v", body, c, again)
		}
	})
}
