package demo_test

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	_ "time/tzdata"

	"rouse/cmd/rouse/demo"
)

var update = flag.Bool("update", false, "write the demo's transcript into README.md")

func tell(t *testing.T, without string) (text string, woke bool) {
	t.Helper()
	var b strings.Builder
	woke, err := demo.Run(context.Background(), &b, demo.Options{Without: without, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), woke
}

func TestNight(t *testing.T) {
	for _, c := range []struct {
		without string
		woke    bool
		says    []string
		never   []string
	}{
		{"", true, []string{
			"`cdk synth` would have refused this rota",
			"nobody is on call", "opened: confirmed: login", "acknowledged ana: by link", "it's over", "settled",
			"reporter 3 hears back after", "a person answers them after",
			"mail to news@kstate.example: It is failing again", "mail to chief@emerald.example: Our checks have been well",
			"incidents                       none            1,", "Somebody woke up.",
		}, []string{"promise:", "page failed", "Nobody woke up."}},
		{demo.Mail, true, []string{"reporters hear back after       3h15m           never", "Somebody woke up."}, []string{"mail to"}},
		{demo.Policy, false, []string{"a person has it after           2h40m           never", "Nobody woke up.", "nobody: round 1 reached nobody"},
			[]string{"acknowledged ana", "SMS to"}},
		{demo.Probes, true, []string{"first page after                2h40m           10m0s", "Somebody woke up."}, []string{"check login"}},
	} {
		name := "with everything"
		if c.without != "" {
			name = "without " + c.without
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, woke := tell(t, c.without)
			if woke != c.woke {
				t.Errorf("woke is %v", woke)
			}
			for _, s := range c.says {
				if !strings.Contains(text, s) {
					t.Errorf("it does not say %q", s)
				}
			}
			for _, s := range c.never {
				if strings.Contains(text, s) {
					t.Errorf("it says %q", s)
				}
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}

func TestUnknownPart(t *testing.T) {
	_, err := demo.Run(context.Background(), new(strings.Builder), demo.Options{Without: "luck", Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "want mail, policy or probes") {
		t.Errorf("got %v", err)
	}
}

var (
	secrets    = regexp.MustCompile(`http://127\.0\.0\.1:\d+/a/[\w-]{22}`)
	transcript = regexp.MustCompile("(?s)(<!-- the demo's transcript -->\n```text\n).*?(```\n)")
)

// README.md shows the night as it is told: the same each time, but for ports
// and codes. The timeline is left out there, for its length.
func TestReadmeShowsTheNight(t *testing.T) {
	text, _ := tell(t, "")
	text = secrets.ReplaceAllStringFunc(text, func(s string) string {
		link := "http://127.0.0.1:8600/a/Tr5mVb0cQ8yN2kLw9XzP4g"
		return link + strings.Repeat(" ", max(0, len(s)-len(link)))
	})
	before, rest, ok := strings.Cut(text, "The timeline, as")
	_, figures, ok2 := strings.Cut(rest, "The figures")
	if !ok || !ok2 {
		t.Fatal("the night has no timeline or no figures")
	}
	text = before + "The figures" + figures

	const readme = "../../../README.md"
	old, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	if !transcript.Match(old) {
		t.Fatal("README.md has no place for the transcript")
	}
	fresh := transcript.ReplaceAllStringFunc(string(old), func(s string) string {
		m := transcript.FindStringSubmatch(s)
		return m[1] + text + m[2]
	})
	if *update {
		if err := os.WriteFile(readme, []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if fresh != string(old) {
		t.Error("README.md tells another night: go test ./cmd/rouse/demo -update")
	}
}
