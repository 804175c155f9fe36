package config

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/faults.txt anew from what the parser says")

// preamble is what a case of testdata/faults.txt begins with unless it writes
// its own service: two lines, so a case's own first line is line 3.
const preamble = `service: Newsroom
responders: {ana: {phone: "+13105550100"}, bo: {email: bo@example.com}}
`

// Each case of testdata/faults.txt is a title, a file and all of its faults.
func TestFaults(t *testing.T) {
	const path = "testdata/faults.txt"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var written strings.Builder
	for _, text := range strings.Split(string(data), "=== ")[1:] {
		title, rest, _ := strings.Cut(text, "\n")
		body, want, found := strings.Cut(rest, "--- faults\n")
		if !found {
			t.Fatalf("%s: there is no --- faults", title)
		}
		want = strings.TrimSpace(want)
		got := faultsOf(t, title, withPreamble(body))
		fmt.Fprintf(&written, "=== %s\n%s--- faults\n%s\n\n", title, body, got)
		t.Run(title, func(t *testing.T) {
			if got != want && !*update {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if got == "" {
				t.Error("it is valid; a case of faults must have one")
			}
		})
	}
	if *update {
		if err := os.WriteFile(path, []byte(written.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func withPreamble(body string) string {
	if strings.Contains(body, "service:") || strings.HasPrefix(body, "!") {
		return strings.TrimPrefix(body, "!")
	}
	return preamble + body
}

func faultsOf(t *testing.T, title, text string) string {
	_, err := Parse([]byte(text), "f")
	if err == nil {
		return ""
	}
	var faults *Faults
	if !errors.As(err, &faults) {
		t.Fatalf("%s: the error is a %T", title, err)
	}
	var lines []string
	last := Fault{}
	for _, f := range faults.List {
		if f.Line < last.Line || f.Line == last.Line && f.Column < last.Column {
			t.Errorf("%s: fault %d:%d comes after %d:%d", title, f.Line, f.Column, last.Line, last.Column)
		}
		last = f
		lines = append(lines, fmt.Sprintf("%d:%d: %s", f.Line, f.Column, f.Message))
	}
	if got, want := err.Error(), "f:"+strings.Join(lines, "\nf:"); got != want {
		t.Errorf("%s: Error() is\n%s\nwant\n%s", title, got, want)
	}
	return strings.Join(lines, "\n")
}
