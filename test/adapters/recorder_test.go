package adapters_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"rouse/shared/clock"
	"rouse/test/awsfake"
)

func TestAdapters(t *testing.T) {
	for name, test := range suite {
		t.Run(name, func(t *testing.T) { test(t, recorded(t)) })
	}
}

// recorded is an account of the recorder, on a clock of its own, and of
// gofakes3.
func recorded(t *testing.T) account {
	now := clock.NewVirtual(time.Date(2026, 11, 2, 3, 50, 0, 0, time.UTC))
	s := awsfake.Start(t, awsfake.Options{
		Clock: now, Topics: []string{"ana"}, Queues: []awsfake.Queue{{Name: "router"}, {Name: "desk"}}, Senders: []string{"example.com"},
		Parameters: map[string]string{"/rouse/login": "hush\n"},
	})
	files := s3mem.New()
	if err := files.CreateBucket(bucket); err != nil {
		t.Fatal(err)
	}
	fileServer := httptest.NewServer(gofakes3.New(files).Server())
	t.Cleanup(fileServer.Close)

	a := clients(t, s.URL, fileServer.URL)
	a.clock = now
	a.pass = func(d time.Duration) { now.Run(now.Now().Add(d)) }
	a.topic, a.router, a.desk = s.TopicARN("ana"), s.QueueURL("router"), s.QueueURL("desk")
	a.heard = func(_ *testing.T, channel string) (texts []string) {
		for _, p := range s.Published() {
			if p.Topic() == "ana" && p.Attributes["channel"].Value == channel {
				texts = append(texts, p.Text("https"))
			}
		}
		return texts
	}
	a.sent = func(*testing.T) (mails []mail) {
		for _, e := range s.Sent() {
			mails = append(mails, mail{e.To[0], string(e.Raw)})
		}
		return mails
	}
	a.refused = func(t *testing.T) {
		if len(s.TakeRefusals()) == 0 {
			t.Error("the error was answered but not kept as a refusal")
		}
	}
	return a
}
