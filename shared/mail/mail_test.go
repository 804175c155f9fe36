package mail

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// raw makes a mail of header lines and a body.
func raw(body string, lines ...string) io.Reader {
	return strings.NewReader(strings.Join(lines, "\r\n") + "\r\n\r\n" + body)
}

func TestReadNeverFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "mail")
		from := rapid.String().Draw(t, "return path")
		check(t, Read(bytes.NewReader(b), Envelope{From: from}, Us{TrustUnverified: true}))
	})
}

// Random bytes rarely look like a mail; pieces of mails often do.
func TestReadNeverFailsOnPieces(t *testing.T) {
	pieces := []string{
		"From: a@b.example\r\n", "From: =?utf-8?q?=00=ff?= <a@b>\r\n", "Subject: =?utf-16?b?AAA?=\r\n", "\r\n", "\n", "--b\r\n", "--b--\r\n",
		"Content-Type: multipart/mixed; boundary=b\r\n", "Content-Type: multipart/alternative\r\n", "Content-Type: text/html; charset=utf-16\r\n",
		"Content-Transfer-Encoding: base64\r\n", "Content-Transfer-Encoding: quoted-printable\r\n", "=\r\n", "=E2=28=A1", "\xff\xfe", "> quoted\r\n",
		"On Monday 1 a@b wrote:\r\n", "-- \r\n", "<blockquote>", "<script>", "&#x110000;", "Date: Mon, 99 Foo\r\n", "References: <a@b> <>\r\n", "help",
	}
	rapid.Check(t, func(t *rapid.T) {
		b := strings.Join(rapid.SliceOf(rapid.SampledFrom(pieces)).Draw(t, "pieces"), "")
		check(t, Read(strings.NewReader(b), Envelope{}, Us{}))
	})
}

func TestABrokenConnectionShortensTheMail(t *testing.T) {
	r := io.MultiReader(raw("we cannot log in", "From: a@b.example"), iotest.ErrReader(errors.New("connection reset")))
	m := Read(r, Envelope{}, Us{})
	if m.Text != "we cannot log in" || !strings.Contains(m.Note, "connection reset") {
		t.Errorf("Text = %q, Note = %q", m.Text, m.Note)
	}
}

// SES stores up to 40 MB. What follows the first 2 MB is not even asked for.
func TestALargeMailIsReadInPart(t *testing.T) {
	asked := 0
	r := io.MultiReader(raw("we cannot upload\r\n", "From: a@b.example"), zeros{&asked})
	m := Read(r, Envelope{}, Us{})
	if !strings.HasPrefix(m.Text, "we cannot upload") || !strings.Contains(m.Note, "2 MB") {
		t.Errorf("Text = %.50q, Note = %q", m.Text, m.Note)
	}
	if asked > 2*mailBytesMax {
		t.Errorf("%d bytes were read", asked)
	}
}

// zeros is an endless mail that counts what is read of it.
type zeros struct{ asked *int }

func (z zeros) Read(b []byte) (int, error) {
	*z.asked += len(b)
	return copy(b, bytes.Repeat([]byte("QUJD"), len(b)/4+1)), nil
}

func TestNewText(t *testing.T) {
	for _, c := range []struct{ name, subject, text, want string }{
		{"quote below", "a", "still down\n\nOn Tue, Dec 1, 2026 at 10:02 PM Kim <kim@bruin.example> wrote:\n> fine here\n>> and there", "still down"},
		{"attribution over two lines", "a", "still down\n\nOn Tue, Dec 1, 2026 at 10:02 PM Kim Park\n<kim@bruin.example> wrote:\n\n> fine here", "still down"},
		{"German attribution", "a", "geht nicht\n\nAm 01.12.2026 um 22:02 schrieb Kim:\n> ok", "geht nicht"},
		{"answers between quotes", "a", "> does it load?\nno\n> at all?\nnot at all", "no\nnot at all"},
		{"Outlook, plain", "a", "nothing works\n\nFrom: Support <support@newsroom.example>\nSent: Monday\nTo: Ed\nSubject: invoice\n\nPlease pay.", "nothing works"},
		{"Outlook, French", "a", "rien ne marche\n\nDe : Support <support@newsroom.example>\nEnvoyé : lundi\nÀ : Ed\nObjet : facture\n\nMerci.", "rien ne marche"},
		{"original message", "a", "down\n-----Ursprüngliche Nachricht-----\nFrom: x\n\nold", "down"},
		{"rule", "a", "down\n________________________________\nold", "down"},
		{"signature", "a", "down\n-- \nEd\nHarbour Times", "down"},
		{"phone", "a", "down\n\nSent from my iPhone", "down"},
		{"forwarded", "Fwd: a", "see below\n\n---------- Forwarded message ---------\nFrom: Ed <ed@b.example>\nSubject: a\n\nwe cannot log in", "see below\n\n---------- Forwarded message ---------\nFrom: Ed <ed@b.example>\nSubject: a\n\nwe cannot log in"},
		{"a list with colons is no quoted header", "a", "Problem: cannot log in\nUsers: all\nStart: 21:50\nImpact: critical", "Problem: cannot log in\nUsers: all\nStart: 21:50\nImpact: critical"},
		{"only a quote", "a", "> we cannot log in", "> we cannot log in"},
		{"an introduction is no attribution", "a", "This is what we see:\n> error 500", "This is what we see:"},
		{"nothing", "a", " \n ", ""},
	} {
		if got := newText(c.text, c.subject); got != c.want {
			t.Errorf("%s: newText = %q, want %q", c.name, got, c.want)
		}
	}
}

func TestHTML(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"},
		{"<style>p{}</style><script>x()</script>a&amp;b", "a&b"},
		{"new<blockquote>old<br>older</blockquote>after", "new\n> old\n> older\nafter"},
		{"<table><tr><td>a</td><td>b</td></tr></table>", "a b"},
		{"a <b>bold</b> word", "a bold word"},
	} {
		got := strings.ReplaceAll(htmlText(c.in), "\n\n\n", "\n\n")
		if got != c.want {
			t.Errorf("htmlText(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestAlternatives(t *testing.T) {
	for name, body := range map[string]string{
		"plain first":            "--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>page</p>\r\n--b--",
		"empty plain, then page": "--b\r\nContent-Type: text/plain\r\n\r\n \r\n--b\r\nContent-Type: text/html\r\n\r\n<p>plain</p>\r\n--b--",
		"never closed":           "--b\r\n\r\nplain",
	} {
		m := Read(raw(body, "From: a@b.example", "Content-Type: multipart/alternative; boundary=b"), Envelope{}, Us{})
		if m.Text != "plain" {
			t.Errorf("%s: Text = %q", name, m.Text)
		}
	}
}

func TestAttachmentsAreListedAndNeverShown(t *testing.T) {
	m := Read(raw("--b\r\n\r\nsee log\r\n--b\r\nContent-Type: text/plain; name=x\r\nContent-Disposition: attachment; filename=\"=?utf-8?q?caf=C3=A9.txt?=\"\r\n\r\nerror everywhere\r\n--b--",
		"From: a@b.example", "Content-Type: multipart/mixed; boundary=b"), Envelope{}, Us{})
	if m.Text != "see log" || len(m.Attachments) != 1 || m.Attachments[0] != "café.txt" {
		t.Errorf("Text = %q, Attachments = %q", m.Text, m.Attachments)
	}
}

func TestAddresses(t *testing.T) {
	for in, want := range map[string]Address{
		"jane@KState.example":                        {"", "jane@kstate.example"},
		`"Doe, Jane" <jane@kstate.example>`:          {"Doe, Jane", "jane@kstate.example"},
		"=?utf-8?q?Zo=C3=AB?= <zoe@zeitung.example>": {"Zoë", "zoe@zeitung.example"},
		"Doe, Jane <jane@kstate.example>":            {"Jane", "jane@kstate.example"},
		"jane@kstate.example (Jane)":                 {"Jane", "jane@kstate.example"},
		"Jane <jane@kstate.example":                  {"Jane", "jane@kstate.example"},
		"mailto: jane@kstate.example;":               {"", "jane@kstate.example"},
	} {
		if got := parseAddresses(in); len(got) == 0 || got[0] != want {
			t.Errorf("parseAddresses(%q) = %q, want %q", in, got, want)
		}
	}
	for _, in := range []string{"", "Jane", "jane@", "@kstate.example", "a b@c d", "<jane@k..example>", "jane\x00@k.example", strings.Repeat("a", 400) + "@b.example"} {
		for _, a := range parseAddresses(in) {
			if a.Address != "" && (strings.ContainsAny(a.Address, " \x00") || strings.Count(a.Address, "@") != 1) {
				t.Errorf("parseAddresses(%q) = %q", in, a)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("../../test/mails/*.eml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, h := range hostile {
		if b := h.make(); len(b) < 64<<10 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		us := Us{Addresses: []string{"support@newsroom.example"}, Team: []string{"newsroom.example"}, Via: ViaGroup, IDDomain: "in.newsroom.example"}
		m := Read(bytes.NewReader(b), Envelope{From: "night@desk.example"}, us)
		check(t, m)
		addr, ok, why := ReplyTo(m, us)
		if why == "" || ok && (addr != m.From.Address || m.Auth.Domain == "" || m.Automatic) {
			t.Errorf("ReplyTo = %q, %v, %q of %+v", addr, ok, why, m)
		}
	})
}

func BenchmarkReadOrdinary(b *testing.B) {
	mail, err := os.ReadFile("../../test/mails/story-1.eml")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		Read(bytes.NewReader(mail), Envelope{}, Us{})
	}
}

// An ordinary mail of 1 MB is one with a photo.
func BenchmarkReadOneMegabyte(b *testing.B) {
	mail := []byte("From: a@b.example\r\nSubject: photo\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nwe cannot upload\r\n--b\r\nContent-Type: image/jpeg; name=a.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", 13400) + "--b--\r\n")
	b.ReportAllocs()
	for b.Loop() {
		Read(bytes.NewReader(mail), Envelope{}, Us{})
	}
}
