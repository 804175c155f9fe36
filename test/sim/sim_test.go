package sim

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The whole system lives through some hundreds of nights; SEEDS and FIRST in
// the environment ask for more, and for others.
func TestEveryNightHolds(t *testing.T) {
	n, first := number(t, "SEEDS", 400), number(t, "FIRST", 0)
	began := time.Now()
	var incidents, pages, faults int
	var open time.Duration
	for _, r := range Many(context.Background(), uint64(first), n, 2, Options{}) {
		incidents += r.Incidents
		pages += r.Pages
		faults += r.Faults
		open += r.Open
		if r.Violation != nil {
			var history strings.Builder
			Shrink(r.Seed, Options{}, &history)
			t.Errorf("seed %d: %v\n%s", r.Seed, r.Violation, history.String())
		}
	}
	t.Logf("%d nights: %d incidents, %.0f hours of them, %d pages, %d faults, in %s", n, incidents, open.Hours(), pages, faults, time.Since(began).Round(time.Millisecond))
	if incidents < n || pages < n || faults < n {
		t.Error("that is too little to say anything")
	}
}

func number(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s=%q is no number of seeds", name, text)
	}
	return n
}

// One seed is one history, whatever runs beside it.
func TestSeedIsOneHistory(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		var first, again bytes.Buffer
		a := Run(seed, Options{History: &first})
		b := Run(seed, Options{History: &again})
		if a.Pages != b.Pages || a.Faults != b.Faults {
			t.Errorf("seed %d: %d pages and %d faults, then %d and %d", seed, a.Pages, a.Faults, b.Pages, b.Faults)
		}
		if x, y := first.Bytes(), again.Bytes(); !bytes.Equal(x, y) {
			t.Errorf("seed %d: %s", seed, difference(x, y))
		}
		if first.Len() == 0 {
			t.Errorf("seed %d has no history", seed)
		}
	}
}

// difference is the first line in which two histories differ.
func difference(a, b []byte) string {
	x, y := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return x[i] + "\nand then\n" + y[i]
		}
	}
	return "one goes on where the other ends"
}

// What is left after shrinking is little, breaks the same invariant, and is
// told.
func TestShrinkLeavesTheReason(t *testing.T) {
	t.Parallel()
	broken := below(func(s Store) Store { return freeClaims{s} })
	for seed := range uint64(60) {
		whole := Run(seed, broken)
		if whole.Violation == nil {
			continue
		}
		var told strings.Builder
		small := Shrink(seed, broken, &told)
		if small.Violation == nil || small.Violation.Invariant != whole.Violation.Invariant {
			t.Fatalf("seed %d breaks %q, and when shrunk %v", seed, whole.Violation.Invariant, small.Violation)
		}
		if len(small.happened) > 12 || len(small.happened) >= len(whole.happened) {
			t.Errorf("seed %d: of %d steps and faults %d are left:\n%s", seed, len(whole.happened), len(small.happened), told.String())
		}
		for _, want := range []string{"writes", "ANSWERS", "BROKEN", whole.Violation.Invariant} {
			if !strings.Contains(told.String(), want) {
				t.Errorf("the history does not say %q:\n%s", want, told.String())
			}
		}
		return
	}
	t.Fatal("no seed breaks")
}

// A night that holds has nothing to be shrunk, and nothing is told.
func TestShrinkOfAGoodNight(t *testing.T) {
	var told strings.Builder
	if r := Shrink(1, Options{}, &told); r.Violation != nil || told.Len() > 0 {
		t.Errorf("seed 1: %v\n%s", r.Violation, told.String())
	}
}
