package awsfake

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Queue is a standard SQS queue that exists.
type Queue struct {
	Name string
	// Visibility is how long a received message stays hidden; 0 means SQS's
	// default of 30 seconds.
	Visibility time.Duration
	// A message that was received MaxReceives times goes to the queue named
	// DeadLetters instead of being received again. 0 means never.
	MaxReceives int
	DeadLetters string
}

// A Message is one message in a queue.
type Message struct {
	ID       string
	Body     string
	Sent     time.Time
	Visible  time.Time // the next time it can be received
	Receives int
	InFlight bool // received, and not yet deleted or visible again
}

// QueueURL returns the URL of the queue with that name, existing or not.
func (s *Server) QueueURL(name string) string { return s.URL + "/" + s.options.Account + "/" + name }

// QueueARN returns the ARN of the queue with that name, existing or not.
func (s *Server) QueueARN(name string) string {
	return fmt.Sprintf("arn:aws:sqs:%s:%s:%s", s.options.Region, s.options.Account, name)
}

// Messages returns what a queue holds: visible, delayed and in flight, in the
// order in which it becomes visible. A queue that does not exist holds nothing.
func (s *Server) Messages(name string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[name]
	if q == nil {
		return nil
	}
	now := s.now()
	var messages []Message
	for _, m := range q.messages {
		messages = append(messages, Message{m.id, m.body, m.sent, m.visible, m.receives, m.inFlight(now)})
	}
	return messages
}

// queue is the state of a Queue, guarded by the server's lock.
type queue struct {
	Queue
	messages []*message // by visible, then in the order of sending
}

type message struct {
	id, body string
	sent     time.Time
	first    time.Time // when it was first received
	visible  time.Time
	receives int
	serial   int
}

func newQueue(q Queue) *queue {
	if q.Visibility == 0 {
		q.Visibility = 30 * time.Second
	}
	return &queue{Queue: q}
}

func (m *message) inFlight(now time.Time) bool { return m.receives > 0 && now.Before(m.visible) }

// handle is the receipt handle of the latest receipt; SQS gives each receipt
// another one.
func (m *message) handle() string { return m.id + "#" + strconv.Itoa(m.receives) }

func (m *message) md5() string {
	sum := md5.Sum([]byte(m.body))
	return hex.EncodeToString(sum[:])
}

func (q *queue) sort() {
	slices.SortFunc(q.messages, func(a, b *message) int {
		return cmp.Or(a.visible.Compare(b.visible), cmp.Compare(a.serial, b.serial))
	})
}

func (q *queue) send(m *message) {
	q.messages = append(q.messages, m)
	q.sort()
}

// receive takes up to limit visible messages into flight and moves those that
// were received too often to dead.
func (q *queue) receive(now time.Time, limit int, visibility time.Duration, dead *queue) []*message {
	var taken []*message
	for _, m := range slices.Clone(q.messages) {
		if len(taken) == limit || m.visible.After(now) {
			break
		}
		if q.MaxReceives > 0 && m.receives >= q.MaxReceives && dead != nil {
			q.delete(m)
			m.visible = now
			dead.send(m)
			continue
		}
		if m.receives == 0 {
			m.first = now
		}
		m.receives++
		m.visible = now.Add(visibility)
		taken = append(taken, m)
	}
	q.sort()
	return taken
}

func (q *queue) delete(m *message) {
	q.messages = slices.DeleteFunc(q.messages, func(x *message) bool { return x == m })
}

// find returns the message of a receipt handle, nil if it was deleted or has
// been received again since, and false if the handle can be no handle.
func (q *queue) find(handle string) (*message, bool) {
	id, _, ok := strings.Cut(handle, "#")
	if !ok || id == "" {
		return nil, false
	}
	for _, m := range q.messages {
		if m.handle() == handle {
			return m, true
		}
	}
	return nil, true
}

// next is when the earliest message becomes visible; false if there is none.
func (q *queue) next() (time.Time, bool) {
	if len(q.messages) == 0 {
		return time.Time{}, false
	}
	return q.messages[0].visible, true
}
