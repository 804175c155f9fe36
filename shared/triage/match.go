package triage

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A token is one word of a report: folded for matching, and where it stands.
type token struct {
	word       string
	start, end int
}

// A clause is a stretch of words that qualify each other: mostly a sentence.
type clause struct {
	tokens   []token
	question bool
}

const (
	tokensMax   = 2000 // of one report: the new text of a long mail; what follows is read by people
	clauseWords = 60   // where a sentence without an end is cut
	shortLine   = 55   // a line this short ends where its author ended it
)

// clausesOf splits s into clauses. Offsets count from s's beginning.
func clausesOf(s string) []clause {
	var (
		list      []clause
		current   clause
		words     int
		lineStart int
	)
	end := func(question bool) {
		if len(current.tokens) > 0 {
			current.question = question
			list = append(list, current)
		}
		current = clause{}
	}
	for i := 0; i < len(s) && words < tokensMax; {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			start := i
			i = wordEnd(s, i)
			if len(current.tokens) == clauseWords {
				end(false)
			}
			current.tokens = append(current.tokens, token{numbered(fold(s[start:i])), start, i})
			words++
			continue
		case r == '?':
			end(true)
		case r == '!' || r == ';' || r == '…' || (r == '.' || r == ':') && endsWord(s[i+size:]):
			end(false)
		case r == '\n':
			if i-lineStart < shortLine || strings.HasPrefix(strings.TrimLeft(s[i+1:], " \t\r"), "\n") {
				end(false)
			}
			lineStart = i + 1
		}
		i += size
	}
	end(false)
	return list
}

// wordEnd returns where the word that begins at i ends. Apostrophes belong to
// it, and so do the dots of a number or a host name.
func wordEnd(s string, i int) int {
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			if !isApostrophe(r) && r != '.' {
				return i
			}
			next, _ := utf8.DecodeRuneInString(s[i+size:])
			if !unicode.IsLetter(next) && !unicode.IsDigit(next) {
				return i
			}
		}
		i += size
	}
	return i
}

func endsWord(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || unicode.IsSpace(r) || r == '"' || r == ')' || r == '.'
}

func isApostrophe(r rune) bool { return r == '\'' || r == '’' || r == '‘' || r == '`' || r == '´' }

// folds maps the accented letters of the languages of Western Europe to what
// people type on a phone instead.
var folds = strings.NewReplacer(
	"à", "a", "á", "a", "â", "a", "ã", "a", "ä", "a", "å", "a", "ç", "c", "è", "e", "é", "e", "ê", "e", "ë", "e",
	"ì", "i", "í", "i", "î", "i", "ï", "i", "ñ", "n", "ò", "o", "ó", "o", "ô", "o", "õ", "o", "ö", "o",
	"ù", "u", "ú", "u", "û", "u", "ü", "u", "ý", "y", "ß", "ss", "\u0301", "", "\u0303", "",
	"'", "", "’", "", "‘", "", "`", "", "´", "",
)

// fold makes one word of the ways in which a word is written: can't, Can’t and
// cant are the same.
func fold(s string) string {
	s = strings.ToLower(s)
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || c == '\'' || c == '`' {
			return folds.Replace(s)
		}
	}
	return s
}

// numbered makes one word of the numbers that say the same: which port it was
// does not matter, that it was a server's error does.
func numbered(w string) string {
	if w == "" || w[0] < '0' || w[0] > '9' {
		return w
	}
	switch rest := strings.TrimLeft(w, "0123456789."); {
	case rest == "am" || rest == "pm" || rest == "h" || rest == "hrs" || rest == "utc" || rest == "z":
		return "#t"
	case rest != "":
		return w
	case len(w) == 3 && w[0] == '5':
		return "#5xx"
	case len(w) == 3 && w[0] == '4':
		return "#4xx"
	case len(w) == 4 && !strings.Contains(w, "."):
		return "#year"
	}
	return "#n"
}

// A phrase is a pattern of words: "a|b" is either, "crash*" any word that
// begins so, "~" up to three words of any kind.
type phrase struct{ words []pattern }

type pattern struct {
	gap          bool
	alternatives []string // folded; with a final * a beginning
}

const gapWords = 3

func parsePhrase(s string) phrase {
	var p phrase
	for _, w := range strings.Fields(s) {
		if w == "~" {
			p.words = append(p.words, pattern{gap: true})
			continue
		}
		p.words = append(p.words, pattern{alternatives: strings.Split(fold(w), "|")})
	}
	return p
}

func (p pattern) fits(word string) bool {
	for _, a := range p.alternatives {
		if a == word {
			return true
		}
		if begin, ok := strings.CutSuffix(a, "*"); ok && strings.HasPrefix(word, begin) {
			return true
		}
	}
	return false
}

// match returns how many tokens words take at the beginning of tokens, or 0.
func match(words []pattern, tokens []token) int {
	if len(words) == 0 || len(tokens) == 0 {
		return 0
	}
	if words[0].gap {
		for skip := 0; skip <= gapWords && skip < len(tokens); skip++ {
			if n := match(words[1:], tokens[skip:]); n > 0 {
				return skip + n
			}
		}
		return 0
	}
	if !words[0].fits(tokens[0].word) {
		return 0
	}
	if len(words) == 1 {
		return 1
	}
	if n := match(words[1:], tokens[1:]); n > 0 {
		return 1 + n
	}
	return 0
}

// A list holds the phrases of some groups by the first letters of their first
// word, so that a token is compared with few of them.
type list struct{ byStart map[string][]grouped }

type grouped struct {
	phrase
	group int
}

// startLetters is the length of the shortest beginning ("db*") a phrase may
// ask for.
const startLetters = 2

func newList() list { return list{byStart: map[string][]grouped{}} }

func (l list) add(group int, phrases ...string) {
	for _, s := range phrases {
		p := parsePhrase(s)
		if len(p.words) == 0 || p.words[0].gap {
			continue
		}
		seen := map[string]bool{}
		for _, a := range p.words[0].alternatives {
			if k := start(a); !seen[k] {
				seen[k] = true
				l.byStart[k] = append(l.byStart[k], grouped{p, group})
			}
		}
	}
}

func start(word string) string { return word[:min(startLetters, len(word))] }

// each calls found with the group and the length of every phrase that begins at
// the first of tokens.
func (l list) each(tokens []token, found func(group, n int)) {
	for _, p := range l.byStart[start(tokens[0].word)] {
		if n := match(p.words, tokens); n > 0 {
			found(p.group, n)
		}
	}
}
