package triage

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "train the weights anew and write weights.txt")

const labelledMails = "../../test/mails/labelled.txt"

// TestWeights holds that the weights in use are those that training makes of
// the labelled mails and the words. With -update it makes them so, and tells
// by cross-validation what to expect of mails that it has not seen.
func TestWeights(t *testing.T) {
	mails := readMails(t)
	if *update {
		threshold := validate(t, mails)
		if err := os.WriteFile("weights.txt", train(withComposed(mails)).text(threshold), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	made := parseWeights(string(train(withComposed(mails)).text([2]float64{trained().pageAbove, trained().urgentAbove})))
	differ := 0
	for name, w := range made.page {
		if _, ok := trained().page[name]; !ok && math.Abs(w)+math.Abs(made.urgent[name]) < weightMin+.02 {
			continue // on the edge of being written down
		}
		if math.Abs(trained().page[name]-w) > .02 || math.Abs(trained().urgent[name]-made.urgent[name]) > .02 {
			differ++
		}
	}
	if differ > 0 {
		t.Errorf("weights.txt holds %d weights, training makes %d, of which %d are others: the mails or the words have changed since; run this test with -update", len(trained().page), len(made.page), differ)
	}
	for line := range strings.Lines(weightsText) {
		part := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") {
			continue
		}
		if len(part) != 3 {
			t.Fatalf("%q is no feature with two weights", line)
		}
		for _, n := range part[1:] {
			if _, err := strconv.Atoi(n); err != nil {
				t.Errorf("%q: %v", line, err)
			}
		}
	}
}

// A labelled mail, read.
type example struct {
	label         string
	subject, text string
	composed      bool // of two mails
	reading       reading
	has           map[string]float64
}

func newExample(c *Classifier, label, subject, text string) example {
	e := example{label: label, subject: subject, text: text, reading: c.read(subject, text)}
	e.has, _ = e.reading.all.features()
	return e
}

func readMails(t *testing.T) []example {
	t.Helper()
	raw, err := os.ReadFile(labelledMails)
	if err != nil {
		t.Fatal(err)
	}
	c := New(nil, Languages()...)
	var all []example
	for _, block := range strings.Split("\n"+string(raw), "\n=== ")[1:] {
		head, rest, _ := strings.Cut(block, "\n")
		label, _, _ := strings.Cut(strings.Fields(head)[0], "/")
		subject, text, _ := strings.Cut(rest, "\n")
		all = append(all, newExample(c, label, strings.TrimPrefix(subject, "Subject: "), strings.TrimSpace(text)))
	}
	return all
}

// withComposed adds mails that are about two things: harmless ones twice over,
// and harmless ones that end with an outage, which is where people bury them.
func withComposed(mails []example) []example {
	c := New(nil, Languages()...)
	var harmless []example
	for _, e := range mails {
		if e.label == "harmless" {
			harmless = append(harmless, e)
		}
	}
	all := slices.Clone(mails)
	for i, e := range mails {
		if e.label == "unclear" || len(harmless) == 0 {
			continue
		}
		first := harmless[i*stride%len(harmless)]
		composed := newExample(c, e.label, first.subject, first.text+"\n\n"+e.text)
		composed.composed = true
		all = append(all, composed)
	}
	return all
}

// stride picks, for every mail, another to go with it.
const stride = 101

// A model is what training makes: a logistic regression for "is about trouble"
// and one for "is an outage".
type model struct {
	names           []string
	trouble, outage []float64 // the last of each is the constant
}

const (
	pairsSeenMin = 2   // mails that a pair of words must be in to be learned
	rounds       = 60  // of gradient descent
	stepSize     = .5  // AdaGrad's
	shrink       = .02 // what a weight costs, times its square
)

func train(mails []example) model {
	seen := map[string]int{}
	for _, e := range mails {
		if e.composed {
			continue
		}
		for f := range e.has {
			seen[f]++
		}
	}
	var m model
	for f, n := range seen {
		if n >= pairsSeenMin || !strings.HasPrefix(f, "pair ") {
			m.names = append(m.names, f)
		}
	}
	slices.Sort(m.names)
	m.trouble = m.fit(mails, func(e example) bool { return e.label != "harmless" })
	m.outage = m.fit(mails, func(e example) bool { return e.label == "outage" })
	return m
}

func (m model) fit(mails []example, is func(example) bool) []float64 {
	index := map[string]int{}
	for i, f := range m.names {
		index[f] = i
	}
	type term struct {
		i int
		n float64
	}
	rows := make([][]term, len(mails))
	for r, e := range mails {
		for f, n := range e.has {
			if i, ok := index[f]; ok {
				rows[r] = append(rows[r], term{i, n})
			}
		}
		rows[r] = append(rows[r], term{len(m.names), 1})
		sort.Slice(rows[r], func(a, b int) bool { return rows[r][a].i < rows[r][b].i })
	}
	weight := make([]float64, len(m.names)+1)
	squares := make([]float64, len(weight))
	slope := make([]float64, len(weight))
	for range rounds {
		for i := range slope {
			slope[i] = shrink * weight[i]
		}
		slope[len(m.names)] = 0
		for r, e := range mails {
			sum := 0.0
			for _, t := range rows[r] {
				sum += weight[t.i] * t.n
			}
			off := 1 / (1 + math.Exp(-sum))
			if is(e) {
				off--
			}
			for _, t := range rows[r] {
				slope[t.i] += off * t.n
			}
		}
		for i, s := range slope {
			squares[i] += s * s
			weight[i] -= stepSize * s / math.Sqrt(squares[i]+1e-9)
		}
	}
	return weight
}

// What is an outage speaks for trouble, too, and the other way round.
const (
	outageForPage  = .5
	troubleForPage = .3
)

func (m model) weights() weights {
	w := weights{page: map[string]float64{}, urgent: map[string]float64{}}
	for i, f := range append(slices.Clone(m.names), constant) {
		w.page[f] = m.trouble[i] + outageForPage*m.outage[i]
		w.urgent[f] = m.outage[i] + troubleForPage*m.trouble[i]
	}
	return w
}

// weightMin is what a feature must weigh to be written down. In a mail it counts
// for a tenth of that, or less.
const weightMin = .15

// text writes the weights, without those that hardly weigh anything.
func (m model) text(above [2]float64) []byte {
	var b bytes.Buffer
	b.WriteString("# How much each feature of a report speaks for paging, and for paging at once,\n# in thousandths. Made by go test ./shared/triage -run TestWeights -update; do not edit.\n")
	in := func(x float64) int { return int(math.Round(x * 1000)) }
	fmt.Fprintf(&b, "%s\t%d\t%d\n", threshold, in(above[0]), in(above[1]))
	w := m.weights()
	for _, f := range append([]string{constant}, m.names...) {
		if f != constant && math.Abs(w.page[f])+math.Abs(w.urgent[f]) < weightMin {
			continue
		}
		fmt.Fprintf(&b, "%s\t%d\t%d\n", f, in(w.page[f]), in(w.urgent[f]))
	}
	return b.Bytes()
}

// What is asked of mails that training has not seen: as many outages that page
// as the first says, and as large a part of the urgent ones that are outages as
// the second. The promises are a little lower than both.
const (
	recallWanted    = .975
	precisionWanted = .93
	parts           = 6
)

// validate trains on five sixths of the mails and weighs the others, six times
// over, chooses the thresholds, and prints what came of it.
func validate(t *testing.T, mails []example) [2]float64 {
	type score struct {
		weight
		label string
	}
	var all []score
	outages := 0.0
	for fold := range parts {
		var others []example
		for i, e := range mails {
			if i%parts != fold {
				others = append(others, e)
			}
		}
		w := train(withComposed(others)).weights()
		for i, e := range mails {
			if i%parts == fold {
				all = append(all, score{e.reading.weigh(w), e.label})
				if e.label == "outage" {
					outages++
				}
			}
		}
	}
	var above [2]float64
	right := 0.0
	slices.SortFunc(all, func(a, b score) int { return cmp.Compare(b.urgent, a.urgent) })
	for i, s := range all {
		if s.label == "outage" {
			right++
		}
		if right/float64(i+1) >= precisionWanted {
			above[1] = s.urgent - .001
		}
	}
	for above[0] = 5; ; above[0] -= .01 {
		missed := 0.0
		for _, s := range all {
			if s.label == "outage" && (weights{pageAbove: above[0], urgentAbove: above[1]}).decide(s.weight) == Benign {
				missed++
			}
		}
		if 1-missed/outages >= recallWanted {
			break
		}
	}
	matrix := map[string]map[Urgency]int{}
	for _, s := range all {
		if matrix[s.label] == nil {
			matrix[s.label] = map[Urgency]int{}
		}
		matrix[s.label][weights{pageAbove: above[0], urgentAbove: above[1]}.decide(s.weight)]++
	}
	t.Logf("of %d mails, each weighed by what the others teach: outage %v, unclear %v, harmless %v", len(all), matrix["outage"], matrix["unclear"], matrix["harmless"])
	return above
}
