package config

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// What the docs show of rouse.yaml is valid, once the others of the team are
// there.
func TestDocs(t *testing.T) {
	const path = "../../docs/on-call.md"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(data), "```yaml\n")[1:]
	if len(blocks) < 4 {
		t.Errorf("%s shows %d parts of rouse.yaml", path, len(blocks))
	}
	const (
		head   = "service: Newsroom\n"
		ana    = "  ana: {email: ana@example.com}\n"
		others = "responders:\n  bo: {email: bo@example.com}\n  cy: {email: cy@example.com}\n  dee: {email: dee@example.com}\n"
	)
	for i, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		if with := strings.Replace(text, "responders:\n", others, 1); with != text {
			text = head + with
		} else {
			text = head + others + ana + text
		}
		if _, err := Parse([]byte(text), "docs"); err != nil {
			t.Errorf("part %d: %v\n%s", i+1, err, text)
		}
	}
}

// TestChecksDocs: the same of checks, of which the docs show one at a time.
func TestChecksDocs(t *testing.T) {
	data, err := os.ReadFile("../../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(data), "```yaml\n")[1:]
	if len(blocks) < 6 {
		t.Errorf("it shows %d parts of rouse.yaml", len(blocks))
	}
	for i, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		switch {
		case strings.HasPrefix(text, "json:"): // of an expectation
			text = "checks:\n  a:\n    http:\n      url: \"https://a.example\"\n      expect:\n" + indented(text, 8)
		case topLevel.MatchString(text):
			if !strings.HasPrefix(text, "checks:") {
				text = "checks: {archive: {http: {url: \"https://a.example\"}}}\n" + text
			}
		default:
			text = "checks:\n" + indented(text, 2)
		}
		text = "service: Newsroom\nresponders: {ana: {email: ana@example.com}}\ncapabilities: {login: {}, publish: {}}\n" + text
		if _, err := Parse([]byte(text), "docs"); err != nil {
			t.Errorf("part %d: %v\n%s", i+1, err, text)
		}
	}
}

var topLevel = regexp.MustCompile(`^(` + strings.Join(sections["rouse"].keys, "|") + `):`)

func indented(text string, by int) string {
	space := strings.Repeat(" ", by)
	return space + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+space) + "\n"
}
