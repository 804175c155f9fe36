package mail

import (
	"bytes"
	"io"
	"mime"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

const (
	headerBytesMax = 256 << 10 // of all header fields; SES itself truncates what it passes on at 10 KB
	headersMax     = 1000
	valueBytesMax  = 8 << 10 // of one field
)

// A field is one header field, unfolded, its value not yet decoded.
type field struct{ name, value string }

// A header holds the fields in the order in which they stand in the mail,
// because who wrote a field is known from its place only.
type header []field

func (h header) get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

func (h header) count(name string) int {
	n := 0
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			n++
		}
	}
	return n
}

// splitHeader separates the header fields from the body. Blank lines and an
// mbox "From " line before them are passed over: they must not push the
// headers into the body. A mail whose first line is no field has no header
// and is all body. whole is false when a limit cut the header.
func splitHeader(raw []byte) (h header, body []byte, whole bool) {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	rest := bytes.TrimLeft(raw, " \t\r\n")
	if bytes.HasPrefix(rest, []byte("From ")) || bytes.HasPrefix(rest, []byte(">From ")) {
		_, rest, _ = bytes.Cut(rest, []byte("\n"))
	}
	if line, _, _ := bytes.Cut(rest, []byte("\n")); fieldName(line) == "" {
		return nil, raw, true
	}
	whole = true
	for used := 0; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		rest = after
		used += min(len(line), valueBytesMax)
		line = bytes.TrimRight(line, "\r")
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
		if used > headerBytesMax || len(h) == headersMax {
			whole = false
			continue
		}
		switch name := fieldName(line); {
		case line[0] == ' ' || line[0] == '\t':
			if len(h) > 0 {
				last := &h[len(h)-1]
				if len(last.value)+len(line) > valueBytesMax {
					whole = false
					continue
				}
				last.value += " " + repair(bytes.TrimSpace(line))
			}
		case name != "":
			value := bytes.TrimSpace(line[bytes.IndexByte(line, ':')+1:])
			if len(value) > valueBytesMax {
				value, whole = value[:valueBytesMax], false
			}
			h = append(h, field{name, repair(value)})
		}
	}
	return h, rest, whole
}

// fieldName returns the name of the field that begins on line, or "" when
// none does (RFC 5322, 2.2; some mailers put a space before the colon).
func fieldName(line []byte) string {
	i := bytes.IndexByte(line, ':')
	if i <= 0 || i > 100 {
		return ""
	}
	name := bytes.TrimRight(line[:i], " \t")
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return ""
		}
	}
	return string(name)
}

// repair makes valid UTF-8 of bytes that claim to be nothing or too much: what
// is not UTF-8 is read as Windows-1252, in which no byte is invalid.
func repair(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	s, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return string(s)
}

// decodeWords decodes the encoded words of RFC 2047 and makes one line of it.
func decodeWords(s string) string {
	if decoded, err := wordDecoder().DecodeHeader(s); err == nil {
		s = decoded
	}
	return oneLine(s)
}

func wordDecoder() *mime.WordDecoder {
	return &mime.WordDecoder{CharsetReader: func(charset string, in io.Reader) (io.Reader, error) {
		enc, err := htmlindex.Get(charset)
		if err != nil {
			return nil, err
		}
		return enc.NewDecoder().Reader(in), nil
	}}
}

// oneLine leaves no control characters in s: what it returns may stand in a
// header, in a log and on a screen.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.Join(strings.Fields(s), " ")
}

// parseAddresses reads a list of mailboxes, first by the book and, if that
// fails, by looking for anything that has an @ in it.
func parseAddresses(s string) []Address {
	p := mail.AddressParser{WordDecoder: wordDecoder()}
	var list []Address
	if parsed, err := p.ParseList(s); err == nil {
		for _, a := range parsed {
			list = append(list, address(a.Name, a.Address))
		}
		return list
	}
	for _, part := range strings.Split(s, ",") {
		name, addr := part, ""
		if before, after, ok := cutLast(part, "<"); ok {
			name = before
			addr, _, _ = strings.Cut(after, ">")
		} else {
			for _, word := range strings.Fields(part) {
				if strings.Contains(word, "@") {
					addr, name = strings.Trim(word, `<>()[]"';:`), ""
				}
			}
		}
		if a := address(strings.Trim(decodeWords(name), `"' `), addr); a.Address != "" {
			list = append(list, a)
		}
	}
	return list
}

// address returns a mailbox, or only its name when addr is no address that a
// mail could be sent to.
func address(name, addr string) Address {
	name = shorten(oneLine(name), nameRunes)
	local, domain, ok := cutLast(strings.TrimSpace(addr), "@")
	if !ok || local == "" || !validDomain(domain) || len(addr) > 320 || !validLocal(local) {
		return Address{Name: name}
	}
	return Address{Name: name, Address: local + "@" + strings.ToLower(domain)}
}

const nameRunes = 100 // of a display name or of a file's

// shorten cuts s after n characters.
func shorten(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}

func validLocal(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`<>()[]:;,@\"`, r)
	})
}

func validDomain(s string) bool {
	if s == "" || len(s) > 253 || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") || !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !(r == '.' || r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r))
	})
}

const messageIDsMax = 100

// messageIDs returns the ids of a References or In-Reply-To field, with their
// angle brackets. What is not an id in plain ASCII is left out, so that every
// id can be written into a header again.
func messageIDs(s string) []string {
	var ids []string
	for len(ids) < messageIDsMax {
		_, after, ok := strings.Cut(s, "<")
		if !ok {
			break
		}
		id, rest, ok := strings.Cut(after, ">")
		if !ok {
			break
		}
		s = rest
		if validID("<" + id + ">") {
			ids = append(ids, "<"+id+">")
		}
	}
	return ids
}

func validID(id string) bool {
	if len(id) < 5 || len(id) > 500 || id[0] != '<' || id[len(id)-1] != '>' {
		return false
	}
	inner := id[1 : len(id)-1]
	for i := 0; i < len(inner); i++ {
		if c := inner[i]; c <= ' ' || c >= 0x7f || c == '<' || c == '>' {
			return false
		}
	}
	return strings.Contains(inner, "@")
}
