package page

import (
	"regexp"
	"strings"
)

var (
	address = regexp.MustCompile(`[\p{L}\p{N}._%+'-]+@([\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*)`)
	digits  = regexp.MustCompile(`\+?\(?\d[\d ()./-]{5,}\d`)
	date    = regexp.MustCompile(`^(?:19|20)\d\d-\d\d-\d\d`)
)

// Mask hides the addresses and the telephone numbers in a text that others
// wrote, so that a page and a screen shown around give nobody away.
func Mask(s string) string {
	s = address.ReplaceAllString(s, "…@$1")
	return digits.ReplaceAllStringFunc(s, func(n string) string {
		count := 0
		for _, r := range n {
			if '0' <= r && r <= '9' {
				count++
			}
		}
		if count < 9 && !strings.HasPrefix(n, "+") || date.MatchString(n) {
			return n
		}
		return "…" + n[len(n)-2:]
	})
}
