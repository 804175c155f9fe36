package mail

import (
	"regexp"
	"strings"
)

// ruler is how Outlook separates what it quotes, and how htmlText writes an
// <hr>.
const ruler = "________________________________"

var (
	forwardSubject = regexp.MustCompile(`(?i)^\s*(fwd?|wg|tr|rv|vs|i)\s*:`)
	// "-----Original Message-----" and its translations.
	dashed = regexp.MustCompile(`^\s*-{4,}[^-].*[^-]-{4,}\s*$`)
	// One line of the header that mailers put above what they quote.
	quotedField = regexp.MustCompile(`^[>\s*]*\p{L}[\p{L}\p{M} -]{0,24}\*?\s?:\*?\s+\S`)
	sentFrom    = regexp.MustCompile(`(?i)^\s*(sent from my |sent from outlook|get outlook for |enviado desde mi |von meinem \S+ gesendet|envoyé de mon )`)
)

// newText returns what the sender has written now: text without the messages
// it quotes and without its signature, in any language, known by their form.
// A forwarded mail is kept whole, since what it forwards is what it says. When
// nothing would remain, text is returned as it is.
func newText(text, subject string) string {
	text = strings.TrimSpace(clip(text, textBytesMax))
	lines := strings.Split(text, "\n")
	forwarded := forwardSubject.MatchString(subject)
	var kept []string
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], " \t\r")
		trimmed := strings.TrimSpace(line)
		if lines[i] == "-- " || line == "--" || sentFrom.MatchString(line) {
			if forwarded {
				continue
			}
			break
		}
		if !forwarded && (dashed.MatchString(line) && !isForward(line) || strings.HasPrefix(trimmed, ruler) || headerBlock(lines[i:])) {
			break
		}
		if isForward(line) {
			forwarded = true
		}
		if strings.HasPrefix(trimmed, ">") && !forwarded {
			kept = dropAttribution(kept)
			continue
		}
		kept = append(kept, line)
	}
	stripped := strings.TrimSpace(strings.Join(kept, "\n"))
	if stripped == "" {
		return text
	}
	return stripped
}

// isForward tells the line that mailers put above a message that is passed on.
func isForward(line string) bool {
	l := strings.ToLower(line)
	return strings.Contains(l, "forwarded message") || strings.Contains(l, "begin forwarded")
}

// headerBlock tells whether lines begin with three fields of a quoted header
// of which one holds an address, as Outlook writes them without any mark.
func headerBlock(lines []string) bool {
	fields, address := 0, false
	for _, l := range lines[:min(len(lines), 4)] {
		if !quotedField.MatchString(l) {
			break
		}
		fields++
		address = address || strings.Contains(l, "@")
	}
	return fields >= 3 && address
}

// dropAttribution removes what introduces a quotation: the last line before it
// when it ends with a colon and holds a date or an address, with the line above
// when only that one holds the date.
func dropAttribution(kept []string) []string {
	const digits = "0123456789"
	n := len(kept)
	for n > 0 && kept[n-1] == "" {
		n--
	}
	if n == 0 || !strings.HasSuffix(kept[n-1], ":") {
		return kept
	}
	wrapped := n > 1 && strings.ContainsAny(kept[n-2], digits)
	switch last := kept[n-1]; {
	case strings.ContainsAny(last, digits):
		return kept[:n-1]
	case wrapped:
		return kept[:n-2]
	case strings.Contains(last, "@"):
		return kept[:n-1]
	}
	return kept
}
