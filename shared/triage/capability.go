package triage

// A capability matches its words in any inflection.
type capability struct {
	name    string
	phrases [][]string // stems
}

func newCapability(c Capability) capability {
	one := capability{name: c.Name}
	for _, w := range c.Words {
		var stems []string
		for _, clause := range clausesOf(w) {
			for _, t := range clause.tokens {
				stems = append(stems, stem(t.word))
			}
		}
		if len(stems) == 0 {
			continue
		}
		one.phrases = append(one.phrases, stems)
		if len(stems) == 2 { // log in, login
			one.phrases = append(one.phrases, []string{stem(stems[0] + stems[1])})
		}
	}
	return one
}

// at returns the number of tokens that name the capability at the first of
// tokens, or 0.
func (c capability) at(tokens []token) int {
	best := 0
	for _, p := range c.phrases {
		if len(p) <= best || len(p) > len(tokens) {
			continue
		}
		fits := true
		for i, s := range p {
			fits = fits && (stem(tokens[i].word) == s || i > 0 && s == "in" && tokens[i].word == "into")
		}
		if fits {
			best = len(p)
		}
	}
	return best
}

// naming is a capability as it stands in a report.
type naming struct {
	name               string
	clause, begin, end int
}

// capabilities finds what the clauses name, each once in a clause.
func (c *Classifier) capabilities(clauses []clause) []naming {
	var all []naming
	for i, cl := range clauses {
		for _, one := range c.caps {
			for k := range cl.tokens {
				if n := one.at(cl.tokens[k:]); n > 0 {
					all = append(all, naming{one.name, i, k, k + n})
					break
				}
			}
		}
	}
	return all
}
