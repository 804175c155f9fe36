package awsfake

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Publish is a message that SNS accepted: not one that anybody received.
type Publish struct {
	At        time.Time
	MessageID string
	// TopicARN or PhoneNumber is where it went; the other is "".
	TopicARN, PhoneNumber string
	Subject               string
	Message               string // as sent: with MessageStructure json, the JSON
	// Structure is Message's content by protocol ("default", "sms", "email" …)
	// with MessageStructure json, and nil without.
	Structure  map[string]string
	Attributes map[string]Attribute
}

// An Attribute is a message attribute.
type Attribute struct{ DataType, Value string }

// Topic is the topic's name, the last part of its ARN.
func (p Publish) Topic() string { return p.TopicARN[strings.LastIndex(p.TopicARN, ":")+1:] }

// Text is what a subscriber with the protocol ("sms", "email") is sent.
func (p Publish) Text(protocol string) string {
	if p.Structure == nil {
		return p.Message
	}
	if text, ok := p.Structure[protocol]; ok {
		return text
	}
	return p.Structure["default"]
}

// TopicARN returns the ARN of the topic with that name, existing or not.
func (s *Server) TopicARN(name string) string {
	return fmt.Sprintf("arn:aws:sns:%s:%s:%s", s.options.Region, s.options.Account, name)
}

// snsProtocol is the AWS Query protocol: a form in, XML out.
type snsProtocol struct{ s *Server }

const (
	snsVersion         = "2010-03-31"
	snsNamespace       = "http://sns.amazonaws.com/doc/" + snsVersion + "/"
	snsMessageBytesMax = 262_144 // Publish, parameter Message
	smsCharactersMax   = 1_600   // Publish, parameter Message: one SMS Publish action
	subjectLengthMax   = 99      // Publish, parameter Subject: "less than 100 characters long"
)

func (p snsProtocol) action(r *http.Request, body []byte) string {
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		return ""
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("Version") != snsVersion {
		return ""
	}
	return form.Get("Action")
}

func (p snsProtocol) subject(body []byte) string {
	form, _ := url.ParseQuery(string(body))
	return form.Get("TopicArn") + form.Get("TargetArn") + form.Get("PhoneNumber") + form.Get("phoneNumber")
}

func (p snsProtocol) perform(_ *http.Request, action string, body []byte) (any, *apiError) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalid("MalformedQueryString", "%v", err)
	}
	for key, values := range form {
		if len(values) != 1 {
			return nil, invalid("InvalidParameter", "Invalid parameter: %s is given %d times", key, len(values))
		}
	}
	if do, known := snsFacts[action]; known {
		return do(p.s, form)
	}
	if action != "Publish" {
		return nil, invalid("InvalidAction", "awsfake does not know the SNS action %s; teach it from the API reference", action)
	}
	message, refused := p.s.parsePublish(form)
	if refused != nil {
		return nil, refused
	}
	message.At, message.MessageID = p.s.now(), p.s.id()
	p.s.record(func() { p.s.publish = append(p.s.publish, message) })
	return publishResult{message.MessageID}, nil
}

// parsePublish checks the request against Publish in the Amazon SNS API
// Reference: its parameters, their constraints, and its errors.
func (s *Server) parsePublish(form url.Values) (Publish, *apiError) {
	m := Publish{
		TopicARN:    form.Get("TopicArn") + form.Get("TargetArn"),
		PhoneNumber: form.Get("PhoneNumber"),
		Subject:     form.Get("Subject"),
		Message:     form.Get("Message"),
	}
	for key := range form {
		switch key {
		case "Action", "Version", "TopicArn", "TargetArn", "PhoneNumber", "Subject", "Message", "MessageStructure":
		default:
			if !strings.HasPrefix(key, "MessageAttributes.entry.") {
				return m, invalid("InvalidParameter", "Invalid parameter: %s is not one that awsfake knows for a standard topic", key)
			}
		}
	}
	if refused := s.checkDestination(form, m); refused != nil {
		return m, refused
	}
	if m.Message == "" {
		return m, invalid("InvalidParameter", "Invalid parameter: Empty message")
	}
	if !utf8.ValidString(m.Message) {
		return m, invalid("InvalidParameter", "Invalid parameter: Message Reason: not UTF-8")
	}
	if form.Has("Subject") {
		if refused := checkSubject(m.Subject); refused != nil {
			return m, refused
		}
	}
	var refused *apiError
	if m.Structure, refused = parseStructure(form.Get("MessageStructure"), m.Message); refused != nil {
		return m, refused
	}
	if m.Attributes, refused = parseAttributes(form); refused != nil {
		return m, refused
	}
	size := len(m.Message)
	for name, a := range m.Attributes {
		size += len(name) + len(a.DataType) + len(a.Value)
	}
	if size > snsMessageBytesMax {
		return m, invalid("InvalidParameter", "Invalid parameter: Message too long")
	}
	if text := m.Text("sms"); m.PhoneNumber != "" && utf8.RuneCountInString(text) > smsCharactersMax {
		return m, invalid("InvalidParameter", "Invalid parameter: Message too long for SMS")
	}
	return m, nil
}

var (
	topicARN = regexp.MustCompile(`^arn:aws[a-z-]*:sns:([a-z0-9-]+):(\d{12}):[A-Za-z0-9_-]{1,256}$`)
	e164     = regexp.MustCompile(`^\+[1-9]\d{6,14}$`)
)

func (s *Server) checkDestination(form url.Values, m Publish) *apiError {
	given := 0
	for _, key := range []string{"TopicArn", "TargetArn", "PhoneNumber"} {
		if form.Has(key) {
			given++
		}
	}
	switch {
	case given == 0:
		return invalid("InvalidParameter", "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter")
	case given > 1:
		return invalid("InvalidParameter", "Invalid parameter: only one of TopicArn, TargetArn and PhoneNumber may be given")
	case form.Has("PhoneNumber"):
		if !e164.MatchString(m.PhoneNumber) {
			return invalid("InvalidParameter", "Invalid parameter: PhoneNumber Reason: %s is not valid to publish to", m.PhoneNumber)
		}
		return nil
	case !topicARN.MatchString(m.TopicARN):
		return invalid("InvalidParameter", "Invalid parameter: TopicArn")
	case !s.topics[m.TopicARN]:
		return &apiError{http.StatusNotFound, "NotFound", "Topic does not exist"}
	}
	return nil
}

func checkSubject(subject string) *apiError {
	if subject == "" || !utf8.ValidString(subject) || utf8.RuneCountInString(subject) > subjectLengthMax || strings.ContainsFunc(subject, unicode.IsControl) {
		return invalid("InvalidParameter", "Invalid parameter: Subject")
	}
	return nil
}

// parseStructure follows Publish, parameter MessageStructure.
func parseStructure(structure, message string) (map[string]string, *apiError) {
	switch structure {
	case "":
		return nil, nil
	case "json":
	default:
		return nil, invalid("InvalidParameter", "Invalid parameter: MessageStructure")
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(message), &object); err != nil || object == nil {
		return nil, invalid("InvalidParameter", "Invalid parameter: Message Structure - JSON message body failed to parse")
	}
	texts := map[string]string{}
	for key, value := range object {
		text, ok := value.(string)
		if !ok {
			return nil, invalid("InvalidParameter", "Invalid parameter: Message Structure - the value of %s is not a string", key)
		}
		texts[key] = text
	}
	if _, ok := texts["default"]; !ok {
		return nil, invalid("InvalidParameter", "Invalid parameter: Message Structure - No default entry in JSON message body")
	}
	return texts, nil
}

var (
	attributeKey  = regexp.MustCompile(`^MessageAttributes\.entry\.([1-9]\d*)\.(Name|Value\.DataType|Value\.StringValue|Value\.BinaryValue)$`)
	attributeName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
)

// parseAttributes follows "Amazon SNS message attributes" in the developer
// guide and MessageAttributeValue in the API reference.
func parseAttributes(form url.Values) (map[string]Attribute, *apiError) {
	entries := map[string]bool{}
	for key := range form {
		if !strings.HasPrefix(key, "MessageAttributes.") {
			continue
		}
		parts := attributeKey.FindStringSubmatch(key)
		if parts == nil {
			return nil, invalid("InvalidParameter", "Invalid parameter: %s", key)
		}
		entries[parts[1]] = true
	}
	attributes := map[string]Attribute{}
	for n := range entries {
		prefix := "MessageAttributes.entry." + n + "."
		name := form.Get(prefix + "Name")
		if _, twice := attributes[name]; twice {
			return nil, invalid("InvalidParameter", "Invalid parameter: the message attribute %s is given twice", name)
		}
		value, refused := parseAttribute(name, form, prefix+"Value.")
		if refused != nil {
			return nil, refused
		}
		attributes[name] = value
	}
	return attributes, nil
}

func parseAttribute(name string, form url.Values, prefix string) (Attribute, *apiError) {
	a := Attribute{DataType: form.Get(prefix + "DataType"), Value: form.Get(prefix + "StringValue")}
	fail := func(why string) (Attribute, *apiError) {
		return a, invalid("ParameterValueInvalid", "The message attribute '%s' %s", name, why)
	}
	if !attributeName.MatchString(name) || len(name) > 256 {
		return fail("has an invalid name: letters, digits, _, - and . only, at most 256")
	}
	if a.DataType == "Binary" {
		data, err := base64.StdEncoding.DecodeString(form.Get(prefix + "BinaryValue"))
		if err != nil || len(data) == 0 {
			return fail("with type 'Binary' must have a binary value")
		}
		a.Value = string(data)
		return a, nil
	}
	if !slices.Contains([]string{"String", "String.Array", "Number"}, a.DataType) {
		return fail("has the type '" + a.DataType + "', which is not String, String.Array, Number or Binary")
	}
	if a.Value == "" || form.Has(prefix+"BinaryValue") {
		return fail("must contain non-empty message attribute value for message attribute type '" + a.DataType + "'")
	}
	if a.DataType == "Number" {
		if _, err := strconv.ParseFloat(a.Value, 64); err != nil {
			return fail("with type 'Number' must have a numeric value")
		}
	}
	if a.DataType == "String.Array" {
		var values []any
		if err := json.Unmarshal([]byte(a.Value), &values); err != nil {
			return fail("with type 'String.Array' must have a JSON array as value")
		}
	}
	if why := checkReserved(name, a); why != "" {
		return fail(why)
	}
	return a, nil
}

var senderID = regexp.MustCompile(`^[A-Za-z0-9-]{1,11}$`)

// checkReserved follows "Reserved message attributes" in "Publishing SMS
// messages to an Amazon SNS topic"; names under AWS. that are not listed there
// are not ours to use.
func checkReserved(name string, a Attribute) (why string) {
	switch name {
	case "AWS.SNS.SMS.SMSType":
		if a.DataType != "String" || a.Value != "Transactional" && a.Value != "Promotional" {
			return "must be the String Transactional or Promotional"
		}
	case "AWS.SNS.SMS.SenderID":
		if a.DataType != "String" || !senderID.MatchString(a.Value) || !strings.ContainsFunc(a.Value, unicode.IsLetter) {
			return "must be a String of 1 to 11 letters and digits with at least one letter"
		}
	case "AWS.SNS.SMS.MaxPrice":
		if price, err := strconv.ParseFloat(a.Value, 64); a.DataType != "Number" || err != nil || price <= 0 {
			return "must be a Number above zero"
		}
	case "AWS.MM.SMS.OriginationNumber":
		if a.DataType != "String" || !e164.MatchString(a.Value) {
			return "must be a String with a phone number in E.164 format"
		}
	default:
		if strings.HasPrefix(strings.ToLower(name), "aws.") || strings.HasPrefix(strings.ToLower(name), "amazon.") {
			return "has a reserved name that awsfake does not know"
		}
	}
	return ""
}

type publishResult struct{ MessageId string }

// write answers as in each action's Response Elements and Examples.
func (p snsProtocol) write(w http.ResponseWriter, action, requestID string, answer any) {
	writeQuery(w, snsNamespace, action, requestID, answer)
}

// writeQuery answers in the Query protocol's envelope.
func writeQuery(w http.ResponseWriter, namespace, action, requestID string, answer any) {
	writeXML(w, http.StatusOK, struct {
		XMLName   xml.Name
		Namespace string `xml:"xmlns,attr"`
		Result    any
		RequestID string `xml:"ResponseMetadata>RequestId"`
	}{XMLName: xml.Name{Local: action + "Response"}, Namespace: namespace, Result: named{action + "Result", answer}, RequestID: requestID})
}

// named is a value under a name of its own in XML.
type named struct {
	name  string
	value any
}

func (n named) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	return e.EncodeElement(n.value, xml.StartElement{Name: xml.Name{Local: n.name}})
}

// writeError answers as in Publish, Errors, in the Query protocol's envelope.
func (p snsProtocol) writeError(w http.ResponseWriter, requestID string, e *apiError) {
	type details struct{ Type, Code, Message string }
	sender := "Sender"
	if e.status >= 500 {
		sender = "Receiver"
	}
	writeXML(w, e.status, struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Namespace string   `xml:"xmlns,attr"`
		Error     details
		RequestId string
	}{Namespace: snsNamespace, Error: details{sender, e.code, e.message}, RequestId: requestID})
}

// throttled is in Common Errors of the Amazon SNS API Reference.
func (p snsProtocol) throttled() *apiError { return invalid("ThrottlingException", "Rate exceeded") }

func writeXML(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	// The only possible error is a client that went away.
	_ = xml.NewEncoder(w).Encode(v)
}
