package mail

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// hostile are mails of up to 2 MB that are made to cost a reader time, memory
// or its nerves.
var hostile = []struct {
	name string
	make func() []byte
}{
	{"1,000 nested parts", func() []byte { return nested(1000, 0) }},
	{"nested parts with a long text in the innermost", func() []byte { return nested(40, 1900<<10) }},
	{"20 nested parts, text everywhere", func() []byte { return nestedWide(20, 100<<10) }},
	{"40,000 flat parts", func() []byte { return flat(40000, "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n") }},
	{"40,000 flat parts without a header", func() []byte { return flat(40000, "--b\r\n\r\nx\r\n") }},
	{"40,000 flat parts with a stray byte before each separator", func() []byte { return flat(40000, "x--b\r\n\r\nx\r\n") }},
	{"separators only", func() []byte { return flat(400000, "--b\n") }},
	{"100,000 header fields", func() []byte { return []byte(strings.Repeat("A: b\r\n", 100000) + "\r\nhelp") }},
	{"100,000 continuation lines", func() []byte { return []byte("Subject: a\r\n" + strings.Repeat(" b\r\n", 100000) + "\r\nhelp") }},
	{"one header line of 2 MB", func() []byte { return []byte("Subject: " + strings.Repeat("=?utf-8?q?a?= ", 140000) + "\r\n\r\nhelp") }},
	{"a From of 2 MB", func() []byte { return []byte("From: " + strings.Repeat("<a@b>,", 340000) + "\r\n\r\nhelp") }},
	{"nested comments", func() []byte {
		return []byte("From: " + strings.Repeat("(", 1000000) + "a@b\r\nAuto-Submitted: " + strings.Repeat("(", 1000000) + "\r\n\r\nhelp")
	}},
	{"a Content-Type of 100,000 parameters", func() []byte {
		return []byte("Content-Type: multipart/mixed; " + strings.Repeat("a=b; ", 100000) + "boundary=b\r\n\r\n--b\r\n\r\nhelp\r\n--b--\r\n")
	}},
	{"parts with a Content-Type of 2 KB", func() []byte {
		return flat(900, "--b\r\nContent-Type: text/plain; "+strings.Repeat("a*0=b; ", 280)+"\r\n\r\nx\r\n")
	}},
	{"part headers of 100 KB", func() []byte { return flat(20, "--b\r\n"+strings.Repeat("A: b\r\n", 17000)+"\r\nx\r\n") }},
	{"2 MB of deep HTML", func() []byte {
		return []byte("Content-Type: text/html\r\n\r\n" + strings.Repeat("<div>", 400000))
	}},
	{"2 MB of blockquotes", func() []byte {
		return []byte("Content-Type: text/html\r\n\r\n" + strings.Repeat("<blockquote>a", 160000))
	}},
	{"2 MB of open tag", func() []byte {
		return []byte("Content-Type: text/html\r\n\r\n<a " + strings.Repeat("b=c ", 500000))
	}},
	{"2 MB of <", func() []byte { return []byte("Content-Type: text/html\r\n\r\n" + strings.Repeat("<", 2<<20)) }},
	{"2 MB of quotes", func() []byte { return []byte("Subject: a\r\n\r\n" + strings.Repeat("> a\r\n", 400000)) }},
	{"2 MB of attribution lines", func() []byte { return []byte("Subject: a\r\n\r\n" + strings.Repeat("1:\r\n> a\r\n", 200000)) }},
	{"2 MB of dashes", func() []byte { return []byte("Subject: a\r\n\r\n" + strings.Repeat("-", 2<<20)) }},
	{"2 MB of letters in one line", func() []byte { return []byte("Subject: a\r\n\r\n" + strings.Repeat("a", 2<<20)) }},
	{"2 MB of quoted-printable", func() []byte {
		return []byte("Content-Transfer-Encoding: quoted-printable\r\n\r\n" + strings.Repeat("=41", 700000))
	}},
	{"broken base64", func() []byte {
		return []byte("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + strings.Repeat("!A=", 700000))
	}},
	{"UTF-7", func() []byte {
		return []byte("Content-Type: text/plain; charset=utf-7\r\n\r\n" + strings.Repeat("+AGE-", 400000))
	}},
	{"noise", func() []byte {
		r, b := rand.New(rand.NewPCG(1, 2)), make([]byte, 2<<20)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}},
	{"nothing", func() []byte { return nil }},
	{"line ends", func() []byte { return bytes.Repeat([]byte("\r\n"), 1<<20) }},
}

func nested(depth, text int) []byte {
	var b bytes.Buffer
	b.WriteString("From: a@b.example\r\nSubject: help\r\n")
	for i := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	b.WriteString("Content-Type: text/plain\r\n\r\n" + strings.Repeat("help me please\r\n", text/16+1))
	return b.Bytes()
}

func nestedWide(depth, text int) []byte {
	var b bytes.Buffer
	b.WriteString("From: a@b.example\r\nSubject: help\r\n")
	for i := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n\r\n%s\r\n--b%d\r\n", i, i, strings.Repeat("help me please\r\n", text/16), i)
	}
	return b.Bytes()
}

func flat(n int, part string) []byte {
	return []byte("From: a@b.example\r\nSubject: help\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nwe cannot log in\r\n" + strings.Repeat(part, n))
}

// What a mail may allocate. Time follows what is allocated and copied, and a
// count does not depend on the machine.
const allocatedMax = 64 << 20

func TestHostileMailsCostLittle(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			raw := h.make()
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			start := time.Now()
			m := Read(bytes.NewReader(raw), Envelope{From: "night@desk.example"}, Us{})
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d bytes: %v, %d KB allocated; note %q", len(raw), took.Round(time.Millisecond/10), allocated>>10, m.Note)
			if allocated > allocatedMax && !raceDetector() {
				t.Errorf("allocated %d KB", allocated>>10)
			}
			if took > time.Minute { // far above the promise, which a benchmark holds: machines differ
				t.Errorf("took %v", took)
			}
			check(t, m)
			for _, cry := range []string{"help", "log in"} {
				if bytes.HasSuffix(raw, []byte(cry)) && !strings.Contains(m.Text, cry) || bytes.Contains(raw, []byte("we cannot "+cry)) && !strings.Contains(m.Text, cry) {
					t.Errorf("%q is lost: %.100q", cry, m.Text)
				}
			}
		})
	}
}

// raceDetector tells whether the test runs under it: then what would stay on
// the stack is allocated too.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// check holds what is true of every message, whatever the mail.
func check(t interface{ Errorf(string, ...any) }, m Message) {
	for _, s := range append(append([]string{m.From.Name, m.From.Address, m.Subject, m.Text, m.Note, m.MessageID, m.InReplyTo}, m.Attachments...), m.Why...) {
		if !utf8.ValidString(s) {
			t.Errorf("not UTF-8: %q", s)
		}
	}
	for _, s := range append([]string{m.From.Name, m.From.Address, m.Subject, m.Note, m.MessageID, m.InReplyTo}, m.References...) {
		if strings.ContainsAny(s, "\r\n\x00") {
			t.Errorf("more than a line: %q", s)
		}
	}
	if len(m.Text) > textBytesMax {
		t.Errorf("text of %d bytes", len(m.Text))
	}
	if m.Automatic != (len(m.Why) > 0) {
		t.Errorf("Automatic = %v, Why = %q", m.Automatic, m.Why)
	}
}

// BenchmarkHostile reports the time of the mail that costs most: the promise is
// 500 ms.
func BenchmarkHostile(b *testing.B) {
	for _, h := range hostile {
		raw := h.make()
		b.Run(strings.ReplaceAll(h.name, " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Read(bytes.NewReader(raw), Envelope{}, Us{})
			}
		})
	}
}
