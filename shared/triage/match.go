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
			current.tokens = append(current.tokens, token{fold(s[start:i]), start, i})
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

// A phrase is a pattern of words: "a|b" is either, "crash*" any word that
// begins so, "~" up to three words of any kind.
type phrase struct {
	text  string
	words []pattern
}

type pattern struct {
	gap          bool
	alternatives []string // folded; with a final * a beginning
}

const gapWords = 3

func parsePhrase(s string) phrase {
	p := phrase{text: s}
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

// A list holds phrases by the first letters of their first word, so that a
// token is compared with few of them.
type list struct{ byStart map[string][]phrase }

// startLetters is the length of the shortest beginning ("db*") a phrase may
// ask for.
const startLetters = 2

func compile(phrases ...[]string) list {
	l := list{byStart: map[string][]phrase{}}
	for _, some := range phrases {
		for _, s := range some {
			p := parsePhrase(s)
			if len(p.words) == 0 || p.words[0].gap {
				continue
			}
			seen := map[string]bool{}
			for _, a := range p.words[0].alternatives {
				if k := start(a); !seen[k] {
					seen[k] = true
					l.byStart[k] = append(l.byStart[k], p)
				}
			}
		}
	}
	return l
}

func start(word string) string { return word[:min(startLetters, len(word))] }

// at returns the number of tokens of the longest phrase that begins at the
// first of tokens, or 0.
func (l list) at(tokens []token) int {
	best := 0
	for _, p := range l.byStart[start(tokens[0].word)] {
		best = max(best, match(p.words, tokens))
	}
	return best
}

// in returns the token range of the first phrase found in c from index from.
func (l list) in(c clause, from int) (begin, end int, found bool) {
	for i := from; i < len(c.tokens); i++ {
		if n := l.at(c.tokens[i:]); n > 0 {
			return i, i + n, true
		}
	}
	return 0, 0, false
}

func (l list) has(c clause) bool {
	_, _, found := l.in(c, 0)
	return found
}
