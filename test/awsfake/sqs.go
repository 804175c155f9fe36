package awsfake

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"rouse/shared/clock"
)

// sqsProtocol is AWS JSON 1.0 ("Making requests to Amazon SQS using the AWS
// JSON protocol", developer guide).
type sqsProtocol struct{ s *Server }

const (
	sqsMessageBytesMax = 1 << 20 // SendMessageBatch: "both 1 MiB 1,048,576 bytes"
	delaySecondsMax    = 900     // SendMessage, parameter DelaySeconds
	visibilityMax      = 43_200  // ChangeMessageVisibility: 12 hours
	receiveMax         = 10      // ReceiveMessage, parameter MaxNumberOfMessages
	waitSecondsMax     = 20      // ReceiveMessage, parameter WaitTimeSeconds
	batchMax           = 10      // SendMessageBatch, DeleteMessageBatch
)

func (p sqsProtocol) action(r *http.Request, _ []byte) string {
	if r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Content-Type") != "application/x-amz-json-1.0" {
		return ""
	}
	action, _ := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	return action
}

func (p sqsProtocol) subject(body []byte) string {
	var r struct{ QueueUrl string }
	// A body that is no JSON is refused later, by the action.
	_ = json.Unmarshal(body, &r)
	return r.QueueUrl
}

func (p sqsProtocol) perform(r *http.Request, action string, body []byte) (any, *apiError) {
	switch action {
	case "SendMessage":
		return on(p.s, body, p.s.sendMessage)
	case "SendMessageBatch":
		return on(p.s, body, p.s.sendMessageBatch)
	case "ReceiveMessage":
		return on(p.s, body, func(q *queue, m receiveMessage) (any, *apiError) { return p.s.receiveMessage(r.Context(), q, m) })
	case "DeleteMessage":
		return on(p.s, body, p.s.deleteMessage)
	case "DeleteMessageBatch":
		return on(p.s, body, p.s.deleteMessageBatch)
	case "ChangeMessageVisibility":
		return on(p.s, body, p.s.changeVisibility)
	case "GetQueueAttributes":
		return on(p.s, body, p.s.queueAttributes)
	}
	return nil, invalid("InvalidAction", "awsfake does not know the SQS action %s; teach it from the API reference", action)
}

// toQueue is the parameter that every action has.
type toQueue struct{ QueueUrl *string }

func (t toQueue) url() *string { return t.QueueUrl }

// on decodes a request, finds its queue and does the action.
func on[R interface{ url() *string }](s *Server, body []byte, do func(*queue, R) (any, *apiError)) (any, *apiError) {
	var request R
	if refused := strictJSON(body, &request, "InvalidParameterValue"); refused != nil {
		return nil, refused
	}
	given := request.url()
	if given == nil || *given == "" {
		return nil, missing("QueueUrl")
	}
	u, err := url.Parse(*given)
	if err != nil || path.Dir(u.Path) != "/"+s.options.Account {
		return nil, invalid("InvalidAddress", "The address %s is not valid for this endpoint.", *given)
	}
	q := s.queues[path.Base(u.Path)]
	if q == nil {
		return nil, invalid("QueueDoesNotExist", "The specified queue does not exist.")
	}
	return do(q, request)
}

func missing(parameter string) *apiError {
	return invalid("MissingParameter", "The request must contain the parameter %s.", parameter)
}

// outside reports a number beyond its documented limits.
func outside(parameter string, value *int, least, most int) *apiError {
	if value == nil || *value >= least && *value <= most {
		return nil
	}
	return invalid("InvalidParameterValue", "Value %d for parameter %s is invalid. Reason: Must be >= %d and <= %d, if provided.", *value, parameter, least, most)
}

type sendMessage struct {
	toQueue
	MessageBody  *string
	DelaySeconds *int
}

// sendMessage follows SendMessage in the Amazon SQS API Reference.
func (s *Server) sendMessage(q *queue, r sendMessage) (any, *apiError) {
	m, refused := s.parseMessage(r.MessageBody, r.DelaySeconds)
	if refused != nil {
		return nil, refused
	}
	s.record(func() { q.send(m) })
	return map[string]string{"MessageId": m.id, "MD5OfMessageBody": m.md5()}, nil
}

func (s *Server) parseMessage(body *string, delay *int) (*message, *apiError) {
	if body == nil || *body == "" {
		return nil, missing("MessageBody")
	}
	if refused := outside("DelaySeconds", delay, 0, delaySecondsMax); refused != nil {
		return nil, refused
	}
	if len(*body) > sqsMessageBytesMax {
		return nil, invalid("InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", sqsMessageBytesMax)
	}
	if strings.ContainsFunc(*body, func(r rune) bool { return !allowed(r) }) {
		return nil, invalid("InvalidMessageContents", "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.")
	}
	now := s.now()
	m := &message{id: s.id(), body: *body, sent: now, visible: now, serial: s.nextSerial()}
	if delay != nil {
		m.visible = now.Add(time.Duration(*delay) * time.Second)
	}
	return m, nil
}

func allowed(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}

func (s *Server) nextSerial() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	return s.serial
}

type sendMessageBatch struct {
	toQueue
	Entries []struct {
		Id           string
		MessageBody  *string
		DelaySeconds *int
	}
}

// failure is BatchResultErrorEntry.
type failure struct {
	Id, Code, Message string
	SenderFault       bool
}

// sendMessageBatch follows SendMessageBatch: each message fails or succeeds
// for itself.
func (s *Server) sendMessageBatch(q *queue, r sendMessageBatch) (any, *apiError) {
	var ids []string
	total := 0
	for _, e := range r.Entries {
		ids = append(ids, e.Id)
		if e.MessageBody != nil {
			total += len(*e.MessageBody)
		}
	}
	if refused := checkBatch(ids); refused != nil {
		return nil, refused
	}
	if total > sqsMessageBytesMax {
		return nil, invalid("BatchRequestTooLong", "Batch requests cannot be longer than %d bytes. You have sent %d bytes.", sqsMessageBytesMax, total)
	}
	type success struct{ Id, MessageId, MD5OfMessageBody string }
	var answer struct {
		Successful []success
		Failed     []failure
	}
	for _, e := range r.Entries {
		m, refused := s.parseMessage(e.MessageBody, e.DelaySeconds)
		if refused != nil {
			s.refuse("SendMessageBatch", refused)
			answer.Failed = append(answer.Failed, failure{e.Id, refused.code, refused.message, true})
			continue
		}
		s.record(func() { q.send(m) })
		answer.Successful = append(answer.Successful, success{e.Id, m.id, m.md5()})
	}
	return answer, nil
}

var batchID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

func checkBatch(ids []string) *apiError {
	if len(ids) == 0 {
		return invalid("EmptyBatchRequest", "There should be at least one entry in the request.")
	}
	if len(ids) > batchMax {
		return invalid("TooManyEntriesInBatchRequest", "Maximum number of entries per request are %d. You have sent %d.", batchMax, len(ids))
	}
	for i, id := range ids {
		if !batchID.MatchString(id) {
			return invalid("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if slices.Contains(ids[:i], id) {
			return invalid("BatchEntryIdsNotDistinct", "Id %s repeated.", id)
		}
	}
	return nil
}

type receiveMessage struct {
	toQueue
	AttributeNames              []string // deprecated in favour of the next
	MessageSystemAttributeNames []string
	MaxNumberOfMessages         *int
	VisibilityTimeout           *int
	WaitTimeSeconds             *int
}

// received is Message in the API reference.
type received struct {
	MessageId, ReceiptHandle, MD5OfBody, Body string
	Attributes                                map[string]string `json:",omitempty"`
}

// receiveMessage follows ReceiveMessage. It polls long on the wall clock only:
// on another clock time does not pass while a request is under way.
func (s *Server) receiveMessage(ctx context.Context, q *queue, r receiveMessage) (any, *apiError) {
	for _, refused := range []*apiError{
		outside("MaxNumberOfMessages", r.MaxNumberOfMessages, 1, receiveMax),
		outside("VisibilityTimeout", r.VisibilityTimeout, 0, visibilityMax),
		outside("WaitTimeSeconds", r.WaitTimeSeconds, 0, waitSecondsMax),
	} {
		if refused != nil {
			return nil, refused
		}
	}
	limit, visibility := 1, q.Visibility
	if r.MaxNumberOfMessages != nil {
		limit = *r.MaxNumberOfMessages
	}
	if r.VisibilityTimeout != nil {
		visibility = time.Duration(*r.VisibilityTimeout) * time.Second
	}
	if _, wall := s.options.Clock.(clock.Wall); wall && r.WaitTimeSeconds != nil {
		s.awaitVisible(ctx, q, time.Now().Add(time.Duration(*r.WaitTimeSeconds)*time.Second))
	}
	names := append(r.AttributeNames, r.MessageSystemAttributeNames...)
	answer := struct {
		Messages []received `json:",omitempty"`
	}{}
	s.record(func() {
		for _, m := range q.receive(s.now(), limit, visibility, s.queues[q.DeadLetters]) {
			answer.Messages = append(answer.Messages, received{m.id, m.handle(), m.md5(), m.body, m.attributes(names)})
		}
	})
	return answer, nil
}

// awaitVisible waits until a message is visible, but not beyond end.
func (s *Server) awaitVisible(ctx context.Context, q *queue, end time.Time) {
	for {
		s.mu.Lock()
		next, some := q.next()
		changed := s.changed
		s.mu.Unlock()
		if !some || next.After(end) {
			next = end
		}
		timer := time.NewTimer(time.Until(next))
		select {
		case <-timer.C:
			return
		case <-changed:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
			return
		case <-s.closed:
			timer.Stop()
			return
		}
	}
}

// attributes are the system attributes asked for; see ReceiveMessage,
// parameter MessageSystemAttributeNames.
func (m *message) attributes(names []string) map[string]string {
	all := map[string]string{
		"SenderId":                         "AIDAAWSFAKE",
		"SentTimestamp":                    milliseconds(m.sent),
		"ApproximateFirstReceiveTimestamp": milliseconds(m.first),
		"ApproximateReceiveCount":          strconv.Itoa(m.receives),
	}
	if !slices.Contains(names, "All") {
		maps.DeleteFunc(all, func(name, _ string) bool { return !slices.Contains(names, name) })
	}
	return all
}

func milliseconds(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

type deleteMessage struct {
	toQueue
	ReceiptHandle *string
}

// deleteMessage follows DeleteMessage: a handle of an earlier receipt is
// accepted and may delete nothing; here it never does.
func (s *Server) deleteMessage(q *queue, r deleteMessage) (any, *apiError) {
	if r.ReceiptHandle == nil {
		return nil, missing("ReceiptHandle")
	}
	return struct{}{}, s.deleteByHandle(q, *r.ReceiptHandle)
}

func (s *Server) deleteByHandle(q *queue, handle string) (refused *apiError) {
	s.record(func() {
		m, ok := q.find(handle)
		if !ok {
			refused = invalid("ReceiptHandleIsInvalid", "The input receipt handle %q is not a valid receipt handle.", handle)
		} else if m != nil {
			q.delete(m)
		}
	})
	return refused
}

type deleteMessageBatch struct {
	toQueue
	Entries []struct{ Id, ReceiptHandle string }
}

// deleteMessageBatch follows DeleteMessageBatch.
func (s *Server) deleteMessageBatch(q *queue, r deleteMessageBatch) (any, *apiError) {
	var ids []string
	for _, e := range r.Entries {
		ids = append(ids, e.Id)
	}
	if refused := checkBatch(ids); refused != nil {
		return nil, refused
	}
	type success struct{ Id string }
	var answer struct {
		Successful []success
		Failed     []failure
	}
	for _, e := range r.Entries {
		if refused := s.deleteByHandle(q, e.ReceiptHandle); refused != nil {
			s.refuse("DeleteMessageBatch", refused)
			answer.Failed = append(answer.Failed, failure{e.Id, refused.code, refused.message, true})
			continue
		}
		answer.Successful = append(answer.Successful, success{e.Id})
	}
	return answer, nil
}

type changeVisibility struct {
	toQueue
	ReceiptHandle     *string
	VisibilityTimeout *int
}

// changeVisibility follows ChangeMessageVisibility.
func (s *Server) changeVisibility(q *queue, r changeVisibility) (any, *apiError) {
	switch {
	case r.ReceiptHandle == nil:
		return nil, missing("ReceiptHandle")
	case r.VisibilityTimeout == nil:
		return nil, missing("VisibilityTimeout")
	}
	if refused := outside("VisibilityTimeout", r.VisibilityTimeout, 0, visibilityMax); refused != nil {
		return nil, refused
	}
	var refused *apiError
	s.record(func() {
		now := s.now()
		m, ok := q.find(*r.ReceiptHandle)
		switch {
		case !ok:
			refused = invalid("ReceiptHandleIsInvalid", "The input receipt handle %q is not a valid receipt handle.", *r.ReceiptHandle)
		case m == nil || !m.inFlight(now):
			refused = invalid("MessageNotInflight", "The specified message isn't in flight.")
		default:
			m.visible = now.Add(time.Duration(*r.VisibilityTimeout) * time.Second)
			q.sort()
		}
	})
	return struct{}{}, refused
}

type queueAttributes struct {
	toQueue
	AttributeNames []string
}

// queueAttributes follows GetQueueAttributes, for the attributes that matter
// to a worker of the queue.
func (s *Server) queueAttributes(q *queue, r queueAttributes) (any, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	visible, delayed, inFlight := 0, 0, 0
	for _, m := range q.messages {
		switch {
		case m.inFlight(now):
			inFlight++
		case m.visible.After(now):
			delayed++
		default:
			visible++
		}
	}
	all := map[string]string{
		"QueueArn":                              s.QueueARN(q.Name),
		"VisibilityTimeout":                     strconv.Itoa(int(q.Visibility / time.Second)),
		"DelaySeconds":                          "0",
		"MaximumMessageSize":                    strconv.Itoa(sqsMessageBytesMax),
		"ApproximateNumberOfMessages":           strconv.Itoa(visible),
		"ApproximateNumberOfMessagesDelayed":    strconv.Itoa(delayed),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(inFlight),
	}
	if q.MaxReceives > 0 {
		all["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, s.QueueARN(q.DeadLetters), q.MaxReceives)
	}
	for _, name := range r.AttributeNames {
		if _, known := all[name]; !known && name != "All" && name != "RedrivePolicy" {
			return nil, invalid("InvalidAttributeName", "Unknown Attribute %s.", name)
		}
	}
	if !slices.Contains(r.AttributeNames, "All") {
		maps.DeleteFunc(all, func(name, _ string) bool { return !slices.Contains(r.AttributeNames, name) })
	}
	return map[string]any{"Attributes": all}, nil
}

func (p sqsProtocol) write(w http.ResponseWriter, _, requestID string, answer any) {
	w.Header().Set("X-Amzn-Requestid", requestID)
	writeJSON(w, "application/x-amz-json-1.0", http.StatusOK, answer)
}

// queryCode are the codes of the older Query protocol, which SQS still sends
// beside the JSON ones and which SDKs report, where the two differ.
var queryCode = map[string]string{
	"QueueDoesNotExist":            "AWS.SimpleQueueService.NonExistentQueue",
	"BatchEntryIdsNotDistinct":     "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
	"BatchRequestTooLong":          "AWS.SimpleQueueService.BatchRequestTooLong",
	"EmptyBatchRequest":            "AWS.SimpleQueueService.EmptyBatchRequest",
	"InvalidBatchEntryId":          "AWS.SimpleQueueService.InvalidBatchEntryId",
	"TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
	"MessageNotInflight":           "AWS.SimpleQueueService.MessageNotInflight",
}

// writeError answers as in "AWS JSON protocol in Amazon SQS", Errors.
func (p sqsProtocol) writeError(w http.ResponseWriter, requestID string, e *apiError) {
	code, fault := e.code, "Sender"
	if query, differs := queryCode[e.code]; differs {
		code = query
	}
	if e.status >= 500 {
		fault = "Receiver"
	}
	w.Header().Set("X-Amzn-Requestid", requestID)
	w.Header().Set("X-Amzn-Query-Error", code+";"+fault)
	writeJSON(w, "application/x-amz-json-1.0", e.status, map[string]string{"__type": "com.amazonaws.sqs#" + e.code, "message": e.message})
}

// throttled is in SendMessage, Errors.
func (p sqsProtocol) throttled() *apiError { return invalid("RequestThrottled", "Rate exceeded") }

// strictJSON decodes one JSON value whose every member is known.
func strictJSON(body []byte, into any, code string) *apiError {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return invalid(code, "awsfake cannot read the request (teach it from the API reference if it is right): %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return invalid(code, "there is something after the request's JSON")
	}
	return nil
}

func writeJSON(w http.ResponseWriter, contentType string, status int, v any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	// The only possible error is a client that went away.
	_ = json.NewEncoder(w).Encode(v)
}
