package sms

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"rouse/shared/incident"
)

// A Command is what somebody asks for by SMS.
type Command struct {
	Verb   string // as it is written in answers: "ACK"
	Action incident.Action
	// Words name the incidents; none with an acknowledgement of the one that
	// waits.
	Words []string
}

// Limits of a message. An SMS of several parts is no command.
const (
	bodyBytesMax = 200
	hintBytesMax = 30 // of what may be a command that went wrong
	wordsMax     = 5  // incidents in one command
)

// verbs are what a message may begin with.
var verbs = map[string]incident.Action{
	"ACK": incident.ActAcknowledge, "DONE": incident.ActResolve, "NEXT": incident.ActNext, "NO": incident.ActNext,
}

// corrected are what keyboards make of ACK. They count only before the word of
// an incident, which no keyboard makes up.
var corrected = []string{"ACKNOWLEDGE", "ACKNOWLEDGED", "ACKED", "ASK", "ACT", "SACK", "BACK", "AXK", "SCK", "AKC"}

// joined is a command typed without its space.
var joined = regexp.MustCompile(`^([A-Z]+?)([2-9][A-Z]{1,2})$`)

// A reading is what Parse makes of a message.
type reading int

const (
	chatter reading = iota // not meant for us: no answer
	unclear                // it begins like a command: answered with the choice
	clear                  // a command and nothing else
)

// Parse reads a message. It is a command only as a whole: a reaction to a page,
// a quotation of one and a car's automatic answer hold more than that. Case,
// punctuation, invisible characters and the shapes of spaces and quotation
// marks do not matter.
func Parse(body string) (Command, reading) {
	if len(body) > bodyBytesMax || !utf8.ValidString(body) {
		return Command{}, chatter
	}
	// Compatibility composition makes a plain space of a hard one and plain
	// letters of full-width ones.
	text := strings.Map(func(r rune) rune {
		switch {
		case unicode.In(r, unicode.Cf, unicode.Variation_Selector):
			return -1
		case unicode.IsSpace(r), unicode.IsPunct(r):
			return ' '
		}
		return unicode.ToUpper(r)
	}, norm.NFKC.String(body))
	tokens := strings.Fields(text)
	if len(tokens) == 0 {
		return Command{}, chatter
	}
	if m := joined.FindStringSubmatch(tokens[0]); m != nil {
		tokens = append([]string{m[1], m[2]}, tokens[1:]...)
	}
	c := Command{Verb: tokens[0]}
	words, named := words(tokens[1:])
	if slices.Contains(corrected, c.Verb) && named {
		c.Verb = "ACK"
	}
	action, known := verbs[c.Verb]
	switch {
	case !known:
		return Command{}, chatter
	case named || len(tokens) == 1 && action == incident.ActAcknowledge:
		c.Action, c.Words = action, words
		return c, clear
	case len(body) > hintBytesMax:
		return Command{}, chatter
	}
	c.Action = action
	return c, unclear
}

// words reads tokens that are words of incidents and nothing else, at least
// one and each once. A keyboard may have put a space into one.
func words(tokens []string) (words []string, ok bool) {
	for i := 0; i < len(tokens); i++ {
		word := tokens[i]
		if len(word) == 1 && i+1 < len(tokens) && incident.IsWord(word+tokens[i+1]) {
			i++
			word += tokens[i]
		}
		if !incident.IsWord(word) {
			return nil, false
		}
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return words, len(words) > 0 && len(words) <= wordsMax
}
