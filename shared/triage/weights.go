package triage

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// Weights say how much each feature of a report speaks for paging somebody, and
// for doing so at once. They are trained on test/mails/labelled.txt, by
//
//	go test ./shared/triage -run TestWeights -update
//
// and are the same whenever that is run on the same mails and words.
type weights struct {
	page, urgent map[string]float64
	// What a report must weigh more than to page, and to page at once.
	pageAbove, urgentAbove float64
}

//go:embed weights.txt
var weightsText string

// trained parses the weights when they are first needed: some functions carry
// this package and read no mail. Nothing that is done when a program starts may
// refer to it, or the weights would be in every binary.
func trained() weights {
	parsed.Do(func() { parsedWeights = parseWeights(weightsText) })
	return parsedWeights
}

var (
	parsed        sync.Once
	parsedWeights weights
)

const (
	constant  = "constant"  // the feature that every report has
	threshold = "threshold" // not a weight: what a report must weigh more than
)

// parseWeights reads lines of a feature and its two weights, in thousandths.
func parseWeights(s string) weights {
	w := weights{page: map[string]float64{}, urgent: map[string]float64{}}
	for line := range strings.Lines(s) {
		part := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(part) != 3 || strings.HasPrefix(line, "#") {
			continue
		}
		page, urgent := thousandths(part[1]), thousandths(part[2])
		if part[0] == threshold {
			w.pageAbove, w.urgentAbove = page, urgent
			continue
		}
		w.page[part[0]], w.urgent[part[0]] = page, urgent
	}
	return w
}

func thousandths(s string) float64 {
	n, _ := strconv.Atoi(s) // TestWeights holds that all are numbers
	return float64(n) / 1000
}

// weigh returns what features weigh together.
func weigh(weight map[string]float64, features map[string]float64) float64 {
	sum := weight[constant]
	for f, n := range features {
		sum += weight[f] * n
	}
	return sum
}
