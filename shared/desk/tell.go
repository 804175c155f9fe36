package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/mail"
	"rouse/shared/record"
)

// An errand is one notice to one reporter.
type errand struct {
	Notice
	to     incident.Reporter
	sender Sender
	never  string // why they are told nothing, ever; "" if they are
}

// tellAll tells some reporters of a walk. again is when those are to be tried
// that could not be told, zero if all of them are done with; late says that the
// function's time is over.
func (d *Desk) tellAll(ctx context.Context, w *Walk, reporters []incident.Reporter) (again time.Time, late bool, err error) {
	errands, again, err := d.errands(ctx, w, reporters)
	if err != nil || len(errands) == 0 {
		return again, false, err
	}
	mails := 0
	for _, e := range errands {
		if e.never == "" {
			mails++
		}
	}
	slots, err := d.reserve(ctx, w.Kind, mails)
	if err != nil {
		return again, false, err
	}
	if slots.held > 0 { // the last of them wait
		errands = without(errands, slots.held)
		again = sooner(again, slots.until)
	}
	if slots.late || !d.wait(ctx, slots.first) {
		return again, true, nil
	}
	now := d.Clock.Now()
	notices := make([]Notice, len(errands))
	for i, e := range errands {
		notices[i] = e.Notice
	}
	claims, err := d.Store.Claim(ctx, notices, now, now.Add(claimFor))
	if err != nil {
		return again, false, err
	}
	retry := now.Add(retryIn(now.Sub(w.At)))
	at := slots.first
	for _, e := range errands {
		switch claims[e.Notice] {
		case Done:
			continue
		case Held:
			again = sooner(again, retry)
			continue
		}
		if e.never == "" {
			// A claim that runs out while we wait for our turn would be another's.
			if !d.wait(ctx, at) || d.Clock.Now().Sub(now) > claimFor-sendMax {
				return again, true, nil
			}
			at = at.Add(slots.each)
		}
		done, err := d.tell(ctx, *w, e)
		if err != nil {
			d.Log.WarnContext(ctx, "reporter not told; trying again", "incident", w.Incident, "broadcast", w.ID, "reporter", e.Reporter, "error", err)
		}
		if !done {
			again = sooner(again, retry)
		}
	}
	return again, false, nil
}

// sendMax is the longest that one mail takes to be handed over.
const sendMax = 10 * time.Second

// errands are the notices that are still to be dealt with. Those whose address
// has had its share of answers wait, which the timeline tells once.
func (d *Desk) errands(ctx context.Context, w *Walk, reporters []incident.Reporter) (errands []errand, again time.Time, err error) {
	all := make([]errand, len(reporters))
	notices := make([]Notice, len(reporters))
	for i, r := range reporters {
		n := Notice{Incident: w.Incident, Name: string(w.Kind), Reporter: r.ID()}
		if w.Kind != incident.NoticeReceived {
			n.Name = strings.TrimPrefix(w.ID, string(w.Incident)+"/")
		}
		all[i], notices[i] = errand{Notice: n, to: r}, n
	}
	done, senders, err := d.Store.Done(ctx, notices)
	if err != nil {
		return nil, again, err
	}
	now := d.Clock.Now()
	limited := 0
	for _, e := range all {
		e.sender = senders[e.Reporter]
		switch {
		case done[e.Notice]:
			continue
		case d.From.Address == "":
			e.never = "rouse.yaml has no inbox.reply_from"
		case e.to.Silent != "":
			e.never = e.to.Silent
		case e.sender.Off.Why != "":
			e.never = "nothing is sent to this address any more: " + e.sender.Off.Why
		case w.Kind == incident.NoticeReceived:
			if until := answerAgain(e.sender, now); !until.IsZero() {
				limited++
				again = sooner(again, until)
				continue
			}
		}
		errands = append(errands, e)
	}
	if limited > 0 && !w.Limited {
		w.Limited = true
		why := fmt.Sprintf("%s: %d of them had %d automatic answers within the hour; they hear after %s", w.Kind, limited, answersPerSender, again.In(d.Zone).Format("15:04 MST"))
		if err := d.Store.Note(ctx, w.Incident, []incident.Event{{At: now, Kind: "held back", Why: why}}); err != nil {
			return nil, again, err
		}
	}
	return errands, again, nil
}

// without leaves out the last n mails.
func without(errands []errand, n int) []errand {
	for i, e := range slices.Backward(errands) {
		if n == 0 {
			break
		}
		if e.never == "" {
			errands = slices.Delete(errands, i, i+1)
			n--
		}
	}
	return errands
}

// tell deals with one errand that is claimed. done is false if it must be tried
// again.
func (d *Desk) tell(ctx context.Context, w Walk, e errand) (done bool, err error) {
	r, now := e.to, d.Clock.Now()
	told := func(kind, why string) Told {
		return Told{Notice: e.Notice, Events: []incident.Event{{At: d.Clock.Now(), Kind: kind, Who: r.Org, Why: why}}}
	}
	if e.never != "" {
		return true, d.Store.Sent(ctx, told("not told", string(w.Kind)+": "+e.never))
	}
	raw, ours, err := d.compose(w, r, now)
	if err != nil { // no retry will make this address writable
		return true, d.Store.Sent(ctx, told("not told", fmt.Sprintf("%s: cannot be written to: %v", w.Kind, err)))
	}
	id, err := d.send(ctx, r.Address, raw)
	if err != nil && now.Sub(w.At) >= tellFor {
		return true, d.Store.Sent(ctx, told("not told", fmt.Sprintf("%s: given up after %s: %v", w.Kind, tellFor, err)))
	}
	if err != nil {
		return false, err
	}
	d.Log.InfoContext(ctx, "told", "incident", w.Incident, "kind", w.Kind, "reporter", e.Reporter)
	t := told("told", string(w.Kind))
	t.Thread = record.Thread{Key: w.Key, Incident: w.Incident, Reporter: e.Reporter, Org: r.Org}
	t.MessageIDs = slices.DeleteFunc([]string{id, ours}, func(s string) bool { return s == "" })
	if w.Kind == incident.NoticeReceived {
		t.Answered = answered(e.sender, now)
	}
	return true, d.Store.Sent(ctx, t)
}

func (d *Desk) send(ctx context.Context, to string, raw []byte) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, sendMax)
	defer cancel()
	return d.Mailer.SendRaw(ctx, to, raw)
}

// Acknowledgement is the mail that a reporter gets first, as it is handed to the
// carrier, if they were promised an answer by that time; zero: they were not.
func (d *Desk) Acknowledgement(id incident.ID, r incident.Reporter, by, now time.Time) ([]byte, error) {
	r.By = by
	w := Walk{Broadcast: loop.Broadcast{Incident: id, Notice: incident.Notice{Kind: incident.NoticeReceived, At: now}}}
	raw, _, err := d.compose(w, r, now)
	return raw, err
}

// compose writes the mail, with its Message-ID.
func (d *Desk) compose(w Walk, r incident.Reporter, now time.Time) (raw []byte, id string, err error) {
	name := string(w.Kind)
	if w.Kind != incident.NoticeReceived {
		name = strings.TrimPrefix(w.ID, string(w.Incident)+"/")
	}
	id = mail.NewID(fmt.Sprintf("%s/%s/%s", w.Incident, name, r.ID()), d.Us)
	text := d.Text(w, r)
	raw, err = mail.Compose(mail.Reply{
		From: d.From, To: mail.Address{Name: r.Name, Address: r.Address},
		Subject: r.Subject, Text: text, HTML: page(text), ID: id,
		InReplyTo: r.MessageID, References: r.References, Date: now,
	})
	return raw, id, err
}
