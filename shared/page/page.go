// Package page writes the pages that wake people: one SMS part in the GSM
// 7-bit alphabet, or an e-mail, with the link to the ack screen.
//
// Whatever the input, an SMS is one part and holds its whole link: the most
// important words come first, and what does not fit is left out, the least
// important first. Nothing that a customer wrote can put a second link into a
// page.
package page

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
)

// A Message is a page in all the forms a carrier may need.
type Message struct {
	Subject string // printable ASCII, at most subjectMax bytes; the same for every page of an incident
	SMS     string // one part in the GSM 7-bit alphabet
	Text    string // the body of an e-mail, plain text
}

const (
	subjectMax = 99 // SNS takes fewer than 100 characters
	// textSeptetsMin is what a link must leave for the words.
	textSeptetsMin = 40
)

// A Composer writes pages. Make one with NewComposer.
type Composer struct {
	service string
	ackURL  string
	people  People
	// Words says that an SMS may be answered, and so names its incident.
	Words bool
}

// NewComposer returns a composer for a service's pages. Links begin with
// ackURL, which has a scheme and no trailing slash. It refuses one that would
// not leave room for words beside it in an SMS.
func NewComposer(service, ackURL string, people People) (*Composer, error) {
	u, err := url.Parse(ackURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(ackURL, "/") {
		return nil, fmt.Errorf("the ack screen's address %q is not one that links can begin with; write it like https://r.example.com", ackURL)
	}
	c := &Composer{service: service, ackURL: ackURL, people: people}
	link := Septets(c.link(loop.NewSecret()))
	if link < 0 || link+1 > septetsMax-textSeptetsMin {
		return nil, fmt.Errorf("links that begin with %q do not fit into an SMS beside its words; name a short domain in links.domain", ackURL)
	}
	return c, nil
}

func (c *Composer) link(secret string) string { return c.ackURL + "/a/" + secret }

// Compose writes the message of a delivery: of its pages the most pressing one
// first, times in the reader's zone.
func (c *Composer) Compose(d loop.Delivery) Message {
	topics := topicsOf(d)
	v := c.view(d, topics[0])
	for _, t := range topics[1:] {
		v.elsewhere = append(v.elsewhere, c.view(d, t))
	}
	return Message{Subject: c.subject(v.Incident, len(v.elsewhere)), SMS: v.sms(), Text: v.text(c.service)}
}

func (c *Composer) view(d loop.Delivery, t topic) view {
	d.Incident = t.in
	v := view{
		Delivery: d, Sight: See(t.in), people: c.people,
		now:  d.At.In(c.people.Zone(d.Who)),
		link: c.link(d.Secret),
		page: t.page,
	}
	if c.Words {
		v.word = t.in.Word
	}
	for _, p := range Parties(t.in, d.At) {
		if p.Who != d.Who {
			v.others = append(v.others, p)
		}
	}
	return v
}

// A topic is one of the incidents that a delivery is about, and its most urgent
// page.
type topic struct {
	in   incident.Incident
	page incident.Page
}

// topicsOf lists what a delivery is about, the most pressing first; never
// nothing.
func topicsOf(d loop.Delivery) []topic {
	known := map[incident.ID]incident.Incident{d.Incident.ID: d.Incident}
	for _, in := range d.Others {
		known[in.ID] = in
	}
	var topics []topic
	at := map[incident.ID]int{}
	for _, p := range d.Pages {
		i, there := at[p.Incident]
		switch {
		case !there:
			in, told := known[p.Incident]
			if !told {
				in = incident.Incident{ID: p.Incident, Title: string(p.Incident), Opened: d.At}
			}
			at[p.Incident] = len(topics)
			topics = append(topics, topic{in, p})
		case urgency[p.Kind] < urgency[topics[i].page.Kind]:
			topics[i].page = p
		}
	}
	if len(topics) == 0 {
		return []topic{{d.Incident, incident.Page{Kind: incident.PageWake}}}
	}
	slices.SortStableFunc(topics, func(a, b topic) int {
		return cmp.Or(cmp.Compare(urgency[a.page.Kind], urgency[b.page.Kind]), cmp.Compare(doubt[a.in.Severity], doubt[b.in.Severity]), a.in.Opened.Compare(b.in.Opened))
	})
	return topics
}

// doubt orders severities: what is confirmed comes first.
var doubt = map[incident.Severity]int{incident.Suspected: 1}

// subject is the same for all pages of an incident alone, so that mail readers
// show them as one thread. more are the other incidents that it is about.
func (c *Composer) subject(in incident.Incident, more int) string {
	id := ASCII(string(in.ID))
	title := ASCII(c.service + ": " + Mask(in.Title))
	if in.Rehearsed() {
		title = ASCII(strings.ToUpper(in.Title) + ": " + c.service)
	}
	if title == ":" || title == "" {
		title = "Rouse"
	}
	tail := " (" + id + ")"
	if more > 0 {
		tail = fmt.Sprintf(" and %d more", more) + tail
	}
	if room := subjectMax - len(tail); room >= 20 {
		return clip(withoutBackticks(title), room) + tail
	}
	return clip(withoutBackticks(title), subjectMax)
}

// withoutBackticks makes s, in ASCII, fit for clip: the backtick is the one
// printable character that the GSM alphabet lacks.
func withoutBackticks(s string) string { return strings.ReplaceAll(s, "`", "'") }

// A view is what one message is written from.
type view struct {
	loop.Delivery
	Sight
	people People
	now    time.Time // when it was sent, in the reader's zone
	link   string
	word   string        // names the incident in an answer by SMS; "" if there can be none
	page   incident.Page // the most urgent one
	others []Party       // paged besides the reader
	// elsewhere is what a bundle is about besides, the most pressing first.
	elsewhere []view
}

// title is what the incident is called, in capitals and on one line.
func (v view) title() string {
	return strings.ToUpper(cmp.Or(defuse(oneLine(Mask(v.Incident.Title))), "incident"))
}

// urgency orders the kinds of pages that are bundled; what is not in it comes
// first.
var urgency = map[incident.PageKind]int{
	incident.PageRelapse: 1, incident.PagePassed: 2, incident.PagePromise: 3, incident.PageCheckIn: 4,
	incident.PageMail: 5, incident.PageReply: 6, incident.PageTaken: 7, incident.PageOver: 8, incident.PageDrill: 9,
}

// silent names those who were paged and have not answered.
func (v view) silent() []string {
	var names []string
	for _, p := range v.others {
		if p.Answer == Silent {
			names = append(names, v.people.Short(p.Who))
		}
	}
	return names
}

// from names who passed the incident to the reader: the page's reason begins
// with their id.
func (v view) from() string {
	id := firstWord(v.page.Why)
	if _, known := v.people[id]; known {
		return v.people.Short(id)
	}
	return "a colleague"
}

// again reports whether a page to the owner is about a relapse, and not about
// an outage that has grown.
func (v view) again() bool { return strings.HasPrefix(v.page.Why, "failing again") }

func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// customers counts who wrote: "3 customers", "" if nobody did.
func (v view) customers() string {
	n := len(v.Incident.Orgs)
	switch {
	case n == 0:
		return ""
	case n >= incident.OrgsMax:
		return fmt.Sprintf("%d+ customers", n)
	}
	return plural(n, "customer")
}

// A Carrier brings a message to one person by one channel ("sms", "email").
// Its errors are *loop.SendError when it knows whether trying again can help.
type Carrier interface {
	Publish(ctx context.Context, who, channel string, m Message) error
}

// A Pager sends deliveries: it writes the message and hands it to a carrier.
type Pager struct {
	Composer *Composer
	Carrier  Carrier
}

var _ loop.Sender = (*Pager)(nil)

func (p *Pager) Send(ctx context.Context, d loop.Delivery) error {
	return p.Carrier.Publish(ctx, d.Who, d.Channel, p.Composer.Compose(d))
}
