package config

import (
	"os"
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
