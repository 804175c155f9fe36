package mail

import (
	"strings"
	"testing"
)

func TestReadTakesTheHeadersAfterABlankLine(t *testing.T) {
	m := Read(strings.NewReader("\r\nFrom: Jane Doe <jane@KState.example>\r\nSubject: log in\r\nDate: Tue, 01 Dec 2026 22:00:11 -0600\r\n\r\nwe cannot\r\n> quoted\r\n-- \r\nJane\r\n"), Envelope{}, Us{})
	if m.From != (Address{"Jane Doe", "jane@kstate.example"}) || m.Subject != "log in" || m.Text != "we cannot" || m.Zone == nil {
		t.Errorf("Read = %+v", m)
	}
}
