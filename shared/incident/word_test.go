package incident

import (
	"fmt"
	"testing"
)

func TestWordOf(t *testing.T) {
	const id = "20261104-k3fqzq"
	if a, b := WordOf(id, 0), WordOf(id, 0); a != b {
		t.Errorf("an incident is called %s and %s", a, b)
	}
	words := map[string]int{}
	for i := range 2000 {
		for try := range 6 {
			w := WordOf(ID(fmt.Sprintf("20261104-%06d", i)), try)
			if !IsWord(w) || (len(w) == 3) != (try >= wordTries) {
				t.Fatalf("try %d gives %q", try, w)
			}
			words[w]++
		}
	}
	// 8 digits and 16 letters: 128 words of two signs, 2048 of three.
	if n := len(words); n < 1800 {
		t.Errorf("only %d words are in use", n)
	}
}

// However many incidents a storm opens, each is called something else, or
// nothing.
func TestAStormOfWords(t *testing.T) {
	taken := map[string]bool{"": true}
	for i := range 10_000 {
		id, try := ID(fmt.Sprintf("20261104-%06d", i)), 0
		for try < 40 && taken[WordOf(id, try)] && WordOf(id, try) != "" {
			try++
		}
		w := WordOf(id, try)
		if w == "" || !IsWord(w) {
			t.Fatalf("after %d incidents there is no word left, but %q", i, w)
		}
		taken[w] = true
	}
	if w := WordOf("20261104-k3fqzq", 16); w != "" {
		t.Errorf("the last try gives %q", w)
	}
}

func TestIsWord(t *testing.T) {
	for _, s := range []string{"", "7", "K", "K7", "7k", "77", "7O", "0K", "7KKKKK", "7É", "ACK"} {
		if IsWord(s) {
			t.Errorf("%q is one", s)
		}
	}
}
