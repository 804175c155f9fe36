package config

import (
	"os"
	"strings"
	"testing"
	"time"
)

const examplePath = "../../rouse.yaml"

func example(t testing.TB) (*Config, []byte) {
	t.Helper()
	data, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(data, "rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return c, data
}

// The example is valid, and its rota has no hole in any year it may be read in.
func TestExampleIsCovered(t *testing.T) {
	c, _ := example(t)
	from := time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC)
	to := time.Date(2036, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, h := range c.AllHoles(from, to) {
		t.Errorf("a hole from %s to %s: %s", h.From, h.To, h.Why)
	}
}

// Every key that the parser knows is written in the example, accept (of which
// a sound rota has none) and rule_set in its comments.
func TestExampleNamesEveryFeature(t *testing.T) {
	_, data := example(t)
	for name, s := range sections {
		for _, key := range s.keys {
			if !strings.Contains(string(data), key+":") {
				t.Errorf("the example does not show %s of %s", key, name)
			}
		}
	}
}

// What the example's comment shows of accept works when it is taken up.
func TestExampleAccept(t *testing.T) {
	_, data := example(t)
	_, rest, _ := strings.Cut(string(data), "#   accept: ")
	accept, _, found := strings.Cut(rest, "\n")
	if !found {
		t.Fatal("the example shows no accept")
	}
	with := strings.Replace(string(data), "schedules: [primary]}", "schedules: [primary], accept: "+accept+"}", 1)
	c, err := Parse([]byte(with), "rouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Coverage.Accept) != 1 {
		t.Fatalf("accepted: %v", c.Coverage.Accept)
	}
}

func BenchmarkParse(b *testing.B) {
	_, data := example(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(data, "rouse.yaml"); err != nil {
			b.Fatal(err)
		}
	}
}
