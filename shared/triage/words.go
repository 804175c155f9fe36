package triage

import (
	_ "embed"
	"slices"
	"strings"
)

// Words are what one language says, by what it says. Each entry is a phrase as
// parsePhrase reads it: "a|b" is either word, "crash*" any word that begins so,
// "~" up to three words of any kind. Apostrophes, accents and case do not
// matter; numbers are #n, #year, #t (a time of day) or, of three digits, #4xx
// and #5xx.
type Words struct {
	Name   string // like "en"
	Groups map[string][]string
	// Common are the commonest words of the language. They tell that a report
	// is in it; a report without any is in no language we read.
	Common []string

	// known is set for the languages whose single words the weights know too.
	// Of the others they know the groups.
	known bool
}

// A group is one kind of thing that words say, in any language, and the slot
// by which it is told to people; "" for what says nothing by itself.
type group struct{ name, slot string }

// groups are in the order in which the weights name them.
var groups = []group{
	{"fails", "failure"},  // it is down, broken, stuck
	{"errors", "failure"}, // it says that something went wrong
	{"waits", "failure"},  // it spins and never ends
	{"blank", "failure"},  // it shows nothing
	{"slow", "failure"},
	{"lost", "failure"},       // work or texts are gone
	{"thrown_out", "failure"}, // it lets nobody stay
	{"on_and_off", "failure"},
	{"not", "negation"}, // soon followed by act: a failure
	{"act", ""},         // what people do with the service: open, save, log in
	{"things", ""},      // what they do it with: the system, the page
	{"content", ""},     // what they do it to: stories, pictures
	{"account", ""},
	{"everyone", "scope"}, // for how many
	{"callers", "scope"},  // their customers complain
	{"now", "onset"},      // since when
	{"clock", "onset"},
	{"not_over", "failure"},    // it is still not fixed
	{"plea", "plea"},           // how badly it matters
	{"ruled_out", "ruled out"}, // they have tried another computer
	{"odd", "trouble"},
	{"vague", "vague"}, // the thing, the matter
	{"unsure", "doubt"},
	{"single", "narrow"}, // one thing or person only
	{"over", "over"},     // it works again
	{"past", "past"},
	{"supposed", "supposed"}, // what only might be
	{"later", "later"},
	{"past_outage", "past"}, // about outages, rather than in one
	{"ours", "theirs"},      // their own router was it
	{"no_hurry", "no hurry"},
	{"asks", "question"}, // how do I, is there
	{"please", ""},
	{"money", "billing"},
	{"wishes", "wish"},
	{"praise", "praise"},
	{"office", "office"},         // meetings, colleagues, holidays
	{"papers", "papers"},         // reports, manuals, audits
	{"looks", "looks"},           // colours, typos
	{"own_password", "personal"}, // one person's password
	{"spam", "spam"},
	{"automatic", "automatic"},
	{"news", ""}, // what customers write about for a living
}

// Groups returns the names of all groups.
func Groups() []string {
	var names []string
	for _, g := range groups {
		names = append(names, g.name)
	}
	return names
}

// English returns the words of English.
func English() Words { return parseWords("en", wordsEN) }

// Spanish returns the words of Spanish.
func Spanish() Words { return parseWords("es", wordsES) }

// Languages returns what is read without any configuration.
func Languages() []Words { return []Words{English(), Spanish()} }

// Known tells whether the words of a language are there without any
// configuration.
func Known(name string) bool {
	return slices.ContainsFunc(Languages(), func(w Words) bool { return w.Name == name })
}

// Add returns all with the words of one more language, or with more words of
// one that is there.
func Add(all []Words, more Words) []Words {
	all = slices.Clone(all)
	for i, w := range all {
		if w.Name != more.Name {
			continue
		}
		merged := Words{Name: w.Name, Groups: map[string][]string{}, Common: slices.Concat(w.Common, more.Common), known: w.known}
		for _, g := range groups {
			merged.Groups[g.name] = slices.Concat(w.Groups[g.name], more.Groups[g.name])
		}
		all[i] = merged
		return all
	}
	return append(all, more)
}

var (
	//go:embed words_en.txt
	wordsEN string
	//go:embed words_es.txt
	wordsES string
)

// parseWords reads lines like "fails: down, dead", continued on lines that
// begin with a space.
func parseWords(name, s string) Words {
	w := Words{Name: name, Groups: map[string][]string{}, known: true}
	current := ""
	for line := range strings.Lines(s) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if before, after, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, " ") {
			current, line = before, after
		}
		for p := range strings.SplitSeq(line, ",") {
			if p = strings.TrimSpace(p); p == "" {
				continue
			}
			if current == "common" {
				w.Common = append(w.Common, p)
			} else {
				w.Groups[current] = append(w.Groups[current], p)
			}
		}
	}
	return w
}
