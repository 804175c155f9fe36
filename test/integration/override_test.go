package integration_test

import (
	"slices"
	"testing"
	"time"

	"rouse/shared/amend"
)

// rota has ana on call day and night, by rouse.yaml.
const rota = `
service: Newsroom
responders:
  ana: {name: Ana Ruiz, zone: America/Los_Angeles, phone: "+13105550100"}
  bo:  {name: Bo Lind, zone: America/Chicago, phone: "+13125550101"}
  cy:  {name: Cy Shah, zone: Europe/London, phone: "+447700900102"}
schedules:
  primary: {zone: America/Chicago, layers: [{name: base, rotation: [ana], every: 1w, start: 2025-01-06T09:00}]}
policies: {default: {steps: [{page: [schedule/primary], wait: 5m}, {page: [everyone], wait: 5m}]}}
capabilities: {login: {words: [log in, sign in, password]}}
customers: [kstate.example]
inbox: {address: alerts@in.example.com, via: forward, team: [example.com], reply_from: support@example.com, answer_within: 10m}
`

// TestTheRotaIsAmendedAtOnce: what was written to the table after the
// deployment decides whom the router wakes.
func TestTheRotaIsAmendedAtOnce(t *testing.T) {
	now := time.Now()
	span := amend.Amendment{ID: "1", From: now.Add(-time.Hour), To: now.Add(time.Hour), At: now}
	override, away, both := span, span, span
	override.Schedule, override.Who = "primary", []string{"cy"}
	away.Who = []string{"ana"}
	both.ID, both.Schedule, both.Who = "2", "primary", []string{"ana", "bo"}
	for _, test := range []struct {
		name string
		made []amend.Amendment
		want []string
	}{
		{"by rouse.yaml", nil, []string{"ana by sms"}},
		{"an override", []amend.Amendment{override}, []string{"cy by sms"}},
		{"who is away does not override", []amend.Amendment{away, both}, []string{"bo by sms"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := start(t, rota, options{})
			for _, a := range test.made {
				if err := r.Store.Amend(t.Context(), a); err != nil {
					t.Fatal(err)
				}
			}
			const id = "0a1b2c3d4e5f@kstate"
			r.PutMail(id, r.mail())
			r.invoke("inbox", r.announcement(id))
			pages := r.pages(len(test.want))
			r.settled()
			if got := ways(pages); !slices.Equal(got, test.want) {
				t.Errorf("paged %v, want %v", got, test.want)
			}
		})
	}
}
