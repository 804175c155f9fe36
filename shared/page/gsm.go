package page

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// septetsMax is one SMS part in the GSM 7-bit default alphabet. One character
// outside of it would make the whole message UCS-2, of which a part holds 70.
const septetsMax = 160

// The default alphabet and its extension table (3GPP TS 23.038, 6.2.1). A
// character of the extension takes two septets. Carriage return and form feed
// are left out: no page has lines.
const (
	gsmBasic = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "^{}\\[~]|€"
)

var gsmWidth = func() map[rune]int {
	width := map[rune]int{}
	for _, r := range gsmBasic {
		width[r] = 1
	}
	for _, r := range gsmExtended {
		width[r] = 2
	}
	return width
}()

// Septets returns how many septets s takes in the GSM 7-bit alphabet, or -1 if
// any character of it is not in that alphabet.
func Septets(s string) int {
	n := 0
	for _, r := range s {
		w := gsmWidth[r]
		if w == 0 {
			return -1
		}
		n += w
	}
	return n
}

// GSM returns s written in the GSM 7-bit alphabet alone: letters keep their
// accents where the alphabet has them and lose them where it does not, Greek
// and Cyrillic are spelled, the typographer's signs become a typewriter's, and
// what has no likeness (emoji, control characters) is dropped. White space
// becomes single spaces, none at either end.
func GSM(s string) string {
	return spell(s, func(r rune) bool { return gsmWidth[r] > 0 })
}

// ASCII is GSM for places that take printable ASCII only.
func ASCII(s string) string {
	return spell(s, func(r rune) bool { return ' ' <= r && r <= '~' })
}

func spell(s string, has func(rune) bool) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToValidUTF8(s, "")) {
		switch {
		case has(r):
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		default:
			likeness(&b, r, has)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// likeness writes what stands for r, if anything does.
func likeness(b *strings.Builder, r rune, has func(rune) bool) {
	if instead, ok := likenesses[r]; ok {
		b.WriteString(instead)
		return
	}
	if small := unicode.ToLower(r); small != r {
		if instead, ok := likenesses[small]; ok {
			if instead != "" {
				b.WriteString(strings.ToUpper(instead[:1]) + instead[1:])
			}
			return
		}
	}
	// Compatibility decomposition undoes accents, ligatures and full width.
	for _, part := range norm.NFKD.String(string(r)) {
		if instead, ok := likenesses[part]; ok {
			b.WriteString(instead)
		} else if has(part) {
			b.WriteRune(part)
		}
	}
}

// likenesses are the characters that no decomposition makes plain, small
// letters only. Each is spelled in ASCII.
var likenesses = func() map[rune]string {
	m := map[rune]string{
		'‘': "'", '’': "'", '‚': "'", '‛': "'", '′': "'", '`': "'", '´': "'",
		'“': `"`, '”': `"`, '„': `"`, '″': `"`, '«': `"`, '»': `"`,
		'‹': "'", '›': "'", '–': "-", '—': "-", '‐': "-", '‑': "-", '‒': "-", '―': "-", '−': "-",
		'•': "*", '·': ".", '×': "x", '÷': "/", '°': "o", '©': "(c)", '®': "(r)", '→': "->", '←': "<-",
		'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ħ': "h", 'ı': "i", 'ŋ': "ng", 'œ': "oe", 'æ': "ae",
		'ø': "o", 'ß': "ss", 'ŧ': "t", 'ƒ': "f", '£': "GBP", '¥': "JPY", '€': "EUR", '¿': "?", '¡': "!", '§': "par.",
	}
	for _, pair := range strings.Fields(`
		а:a б:b в:v г:g д:d е:e ё:yo ж:zh з:z и:i й:y к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh
		ц:ts ч:ch ш:sh щ:shch ъ: ы:y ь: э:e ю:yu я:ya і:i ї:yi є:ye ґ:g ў:u ј:j љ:lj њ:nj ћ:c ђ:dj џ:dz
		α:a β:v γ:g δ:d ε:e ζ:z η:i θ:th ι:i κ:k λ:l μ:m ν:n ξ:x ο:o π:p ρ:r σ:s ς:s τ:t υ:y φ:f χ:ch ψ:ps ω:o`) {
		letter, instead, _ := strings.Cut(pair, ":")
		m[[]rune(letter)[0]] = instead
	}
	return m
}()

// clip shortens s, which is in the GSM alphabet, to at most n septets: at the
// end of a word, with two dots for what is missing.
func clip(s string, n int) string {
	if Septets(s) <= n {
		return s
	}
	const dots = ".."
	room := n - len(dots)
	if room <= 0 {
		return ""
	}
	end, space := 0, 0
	for i, r := range s {
		if room -= gsmWidth[r]; room < 0 {
			break
		}
		end = i + len(string(r))
		if next := s[end:]; next == "" || next[0] == ' ' {
			space = end
		}
	}
	if space > 0 && space >= end/2 { // a very long word is cut where it must be
		end = space
	}
	return strings.TrimRight(s[:end], " ,.;:-") + dots
}
