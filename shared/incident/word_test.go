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
			if !IsWord(w) || (len(w) == 3) != (try >= shortWords) {
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

func TestIsWord(t *testing.T) {
	for _, s := range []string{"", "7", "K", "K7", "7k", "77", "7O", "0K", "7KKK", "7É", "ACK"} {
		if IsWord(s) {
			t.Errorf("%q is one", s)
		}
	}
}
