package mail

import (
	"bytes"
	"io"
	"strings"

	"github.com/jhillyerd/enmime/v2"
	"github.com/jhillyerd/enmime/v2/mediatype"
)

// The limits of a mail's structure. In 1,398 awkward public mails the most
// seen were 6 multiparts and 19 separators. The parser's time doubles with
// every multipart that is left open inside another, and grows with the square
// of the parts and with bytes times depth.
const (
	multipartsMax  = 12
	separatorsMax  = 500
	partBytesMax   = 128 << 10 // of one part, as encoded: more than the text of any mail by hand
	bodyBytesMax   = 256 << 10 // of all parts together, after each has been cut
	mediaTypeMax   = 2 << 10
	attachmentsMax = 50
)

// readBody returns the text a person would see, quotes and signature included,
// and lists the attachments.
func (m *Message) readBody(h header, body []byte) string {
	thin, cut := thinned(body, strings.HasPrefix(strings.ToLower(h.get("Content-Type")), "multipart/"))
	var head strings.Builder
	for _, name := range []string{"Content-Type", "Content-Transfer-Encoding", "Content-Disposition"} {
		if v := h.get(name); v != "" && len(v) <= mediaTypeMax {
			head.WriteString(name + ": " + v + "\r\n")
		}
	}
	if head.Len() == 0 {
		head.WriteString("Content-Type: text/plain\r\n")
	}
	head.WriteString("\r\n")

	multiparts := 0
	root, err := parser(&multiparts).ReadParts(io.MultiReader(strings.NewReader(head.String()), bytes.NewReader(thin)))
	if multiparts > multipartsMax {
		cut = append(cut, "its structure is too deep: the inner parts are taken as they stand")
	}
	for _, c := range cut {
		m.note(c)
	}
	if err != nil || root == nil {
		m.note("its structure could not be read: text taken as it stands")
		return clip(repair(thin), textBytesMax)
	}
	w := walk{}
	text := w.text(root)
	m.Attachments = w.attachments
	if strings.TrimSpace(text) == "" && len(bytes.TrimSpace(body)) > 0 {
		m.note("it has no readable text")
	}
	return text
}

// thinned copies a body without what the reader need not see: of every stretch
// between lines that may be separators only the beginning. So the work of the
// parser does not depend on the size of what is attached.
func thinned(body []byte, multipart bool) (thin []byte, notes []string) {
	if !multipart {
		if len(body) > bodyBytesMax {
			return body[:bodyBytesMax], []string{"its text was cut"}
		}
		return body, nil
	}
	separators, inPart := 0, 0
	for len(body) > 0 {
		n := bytes.IndexByte(body, '\n') + 1
		if n == 0 {
			n = len(body)
		}
		line := body[:n]
		body = body[n:]
		// The parser also takes a separator that one stray byte precedes.
		if len(line) > 2 && bytes.Contains(line[:min(4, len(line))], []byte("--")) {
			if separators++; separators > separatorsMax {
				return thin, append(notes, "it has too many parts: only the first were read")
			}
			inPart = 0
			if len(line) > 1000 { // longer than any line may be (RFC 5322, 2.1.1)
				line = line[:1000]
			}
		}
		if room := partBytesMax - inPart; len(line) > room {
			line = line[:room]
		}
		if len(thin)+len(line) > bodyBytesMax {
			return thin, append(notes, "it has too much text: only the beginning was read")
		}
		inPart += len(line)
		thin = append(thin, line...)
	}
	return thin, notes
}

// parser returns a lenient parser that counts the multiparts it is shown and
// takes those after multipartsMax for text. Text that is undeclared or
// declared as ASCII is left as it is, for repair.
func parser(multiparts *int) *enmime.Parser {
	root := true
	parse := func(s string) (string, map[string]string, []string, error) {
		if len(s) > mediaTypeMax {
			s = "application/octet-stream"
		}
		typ, params, invalid, err := mediatype.ParseWithOptions(s, mediatype.ParseOptions{StripMediaTypeInvalidCharacters: true})
		if err != nil {
			return typ, params, invalid, err
		}
		if strings.HasPrefix(typ, "multipart/") {
			if *multiparts++; *multiparts > multipartsMax {
				typ = "text/plain"
			}
			if root {
				root = false // about which the parser asks twice
				*multiparts--
			}
		}
		if !strings.HasPrefix(typ, "multipart/") {
			delete(params, "boundary") // or the parser takes it for a multipart
		}
		if strings.HasPrefix(typ, "text/") {
			switch strings.ToLower(params["charset"]) {
			case "", "us-ascii", "ascii", "utf8", "unknown-8bit", "default":
				params["charset"] = "utf-8"
			}
		}
		return typ, params, invalid, nil
	}
	return enmime.NewParser(
		enmime.SkipMalformedParts(true),
		enmime.MultipartWOBoundaryAsSinglePart(true),
		enmime.StripMediaTypeInvalidCharacters(true),
		enmime.SetReadPartErrorPolicy(enmime.AllowCorruptTextPartErrorPolicy),
		enmime.DisableCharacterDetection(true),
		enmime.DisableTextConversion(true),
		enmime.MaxStoredPartErrors(1),
		enmime.SetCustomParseMediaType(parse),
	)
}

// A walk visits the leaves of a mail.
type walk struct {
	attachments []string
}

// text returns the text of p: of alternatives the best one, of other parts all
// of it, in their order.
func (w *walk) text(p *enmime.Part) string {
	if strings.HasPrefix(p.ContentType, "multipart/") && p.FirstChild != nil {
		var texts []string
		for c := p.FirstChild; c != nil; c = c.NextSibling {
			if t := w.text(c); strings.TrimSpace(t) != "" {
				texts = append(texts, t)
			}
		}
		if p.ContentType == "multipart/alternative" {
			return first(texts) // RFC 2046, 5.1.4: the plainest comes first
		}
		return clip(strings.Join(texts, "\n\n"), textBytesMax)
	}
	switch {
	case p.Disposition == "attachment", p.FileName != "" && p.ContentType != "text/plain":
		w.attach(p)
		return ""
	case p.ContentType == "", p.ContentType == "text/plain", strings.HasPrefix(p.ContentType, "multipart/"):
		return clip(strings.ReplaceAll(repair(p.Content), "\r\n", "\n"), textBytesMax)
	case p.ContentType == "text/html":
		return clip(htmlText(repair(p.Content)), textBytesMax)
	}
	w.attach(p)
	return ""
}

func (w *walk) attach(p *enmime.Part) {
	if len(w.attachments) == attachmentsMax {
		return
	}
	name := oneLine(p.FileName)
	if name == "" {
		name = oneLine(p.ContentType)
	}
	w.attachments = append(w.attachments, shorten(name, nameRunes))
}

// clip shortens s to at most n bytes, at a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
