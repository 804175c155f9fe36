package integration_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rouse/shared/incident"
	"rouse/test/stack"
)

// text is SNS's event about an SMS that somebody sent to the team's number.
func (r *rig) text(id, from, body string) []byte {
	r.t.Helper()
	var event struct{ Records []map[string]any }
	if err := json.Unmarshal(stack.Event(r.t, "sms-ack"), &event); err != nil {
		r.t.Fatal(err)
	}
	message, err := json.Marshal(map[string]string{
		"originationNumber": from, "destinationNumber": "+18885550100", "messageKeyword": "KEYWORD_888555010", "messageBody": body, "inboundMessageId": id,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	event.Records[0]["Sns"].(map[string]any)["Message"] = string(message)
	raw, err := json.Marshal(event)
	if err != nil {
		r.t.Fatal(err)
	}
	return raw
}

var word = regexp.MustCompile(` ([2-9][A-Z]{1,2}) (?:"|http)`)

// TestAnAnswerBySMS: a page, an answer typed on a lock screen, and an answer to
// that.
func TestAnAnswerBySMS(t *testing.T) {
	r := start(t, team, options{})
	r.PutMail("answer", r.mail())
	r.invoke("inbox", r.announcement("answer"))
	pages := r.pages(len(firstStep))
	r.settled()
	sms := of(pages, "ana", "sms")[0]
	if from := sms.Attributes["AWS.MM.SMS.OriginationNumber"].Value; from != "+18885550100" {
		t.Errorf("the page comes from %q, which is not the number that is answered to", from)
	}
	m := word.FindStringSubmatch(sms.Text("sms"))
	if m == nil || m[1] != r.incident("login").Word {
		t.Fatalf("%q does not say how to answer", sms.Text("sms"))
	}

	r.invoke("sms", r.text("1", "+13105550100", "Liked “"+sms.Text("sms")+"”"))
	r.invoke("sms", r.text("2", "+13105550199", "ack "+m[1]))
	if in := r.incident("login"); in.State != incident.Triggered {
		t.Fatalf("a reaction or a stranger has made it %s", in.State)
	}
	for range 2 {
		r.invoke("sms", r.text("3", "+13105550100", "Ack\u00a0"+strings.ToLower(m[1])+"."))
	}
	if in := r.incident("login"); in.State != incident.Acknowledged || in.Owner != "ana" {
		t.Fatalf("the incident is %s, owned by %q", in.State, in.Owner)
	}
	pages = r.pages(len(firstStep) + 2)
	r.settled()
	told := pages[len(firstStep):]
	if got := ways(told); !slices.Equal(got, []string{"ana by sms", "bo by sms"}) {
		t.Fatalf("told %v", got)
	}
	if got := of(told, "ana", "sms")[0].Text("sms"); !strings.HasPrefix(got, "LOGIN: you have it. Next question ") {
		t.Errorf("the answer to the answer is %q", got)
	}
}
