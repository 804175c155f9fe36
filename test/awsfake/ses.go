package awsfake

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
)

// An Email is a mail that SES accepted.
type Email struct {
	At time.Time
	// MessageID is SES's own. The delivered mail bears it (see
	// DeliveredMessageID) instead of the Message-ID header that was sent.
	MessageID        string
	From             string   // the envelope's address
	To               []string // every recipient of the envelope: To, Cc and Bcc
	Raw              []byte   // the MIME message as sent
	ConfigurationSet string
	Tags             map[string]string
}

// DeliveredMessageID is the Message-ID header that recipients see: SES sets
// its own ("SendEmail", parameter Content.Raw; "Header fields in Amazon SES").
func (s *Server) DeliveredMessageID(e Email) string {
	domain := s.options.Region + ".amazonses.com"
	if s.options.Region == "us-east-1" {
		domain = "email.amazonses.com"
	}
	return "<" + e.MessageID + "@" + domain + ">"
}

// sesProtocol is REST with JSON bodies.
type sesProtocol struct{ s *Server }

const (
	sesMessageBytesMax = 40 << 20 // "Service quotas in Amazon SES": after base64 encoding
	sesRecipientsMax   = 50       // the same page: recipients per message
	lineBytesMax       = 1_000    // RFC 5321, 4.5.3.1.6, CRLF included
)

func (p sesProtocol) action(r *http.Request, _ []byte) string {
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/v2/email/outbound-emails":
		return "SendEmail"
	case r.Method == http.MethodGet && r.URL.Path == sesAccountPath:
		return "GetAccount"
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, sesIdentityPath):
		return "GetEmailIdentity"
	}
	return ""
}

// sendEmail is the request of SendEmail in the Amazon SES API v2 Reference,
// less what this project does not use.
type sendEmail struct {
	FromEmailAddress string
	Destination      *struct{ ToAddresses, CcAddresses, BccAddresses []string }
	Content          *struct {
		Raw *struct{ Data []byte } // base64 in JSON
	}
	ConfigurationSetName string
	EmailTags            []struct{ Name, Value string }
}

func (r sendEmail) recipients() []string {
	if r.Destination == nil {
		return nil
	}
	return slices.Concat(r.Destination.ToAddresses, r.Destination.CcAddresses, r.Destination.BccAddresses)
}

func (p sesProtocol) subject(body []byte) string {
	var r sendEmail
	if json.Unmarshal(body, &r) != nil {
		return ""
	}
	return strings.Join(r.recipients(), " ")
}

func (p sesProtocol) perform(r *http.Request, action string, body []byte) (any, *apiError) {
	if action != "SendEmail" {
		return p.s.sesFacts(r)
	}
	// The rest of the request is small, and counted for the sake of not decoding
	// what is too large.
	if len(body) > sesMessageBytesMax {
		return nil, invalid("MessageRejected", "Message length is more than %d bytes long after base64 encoding", sesMessageBytesMax)
	}
	var request sendEmail
	if refused := strictJSON(body, &request, "BadRequestException"); refused != nil {
		return nil, refused
	}
	email, refused := p.s.parseEmail(request)
	if refused != nil {
		return nil, refused
	}
	email.At, email.MessageID = p.s.now(), "0100"+p.s.id()+"-000000"
	p.s.record(func() { p.s.sent = append(p.s.sent, email) })
	return map[string]string{"MessageId": email.MessageID}, nil
}

var tag = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

func (s *Server) parseEmail(r sendEmail) (Email, *apiError) {
	e := Email{ConfigurationSet: r.ConfigurationSetName, Tags: map[string]string{}}
	if r.Content == nil || r.Content.Raw == nil || len(r.Content.Raw.Data) == 0 {
		return e, invalid("BadRequestException", "Content.Raw.Data is missing; awsfake knows raw content only")
	}
	e.Raw = r.Content.Raw.Data
	header, refused := checkMIME(e.Raw)
	if refused != nil {
		return e, refused
	}
	from, err := mail.ParseAddress(cmp.Or(r.FromEmailAddress, header.Get("From")))
	if err != nil {
		return e, invalid("BadRequestException", "Missing or malformed From: %v", err)
	}
	e.From = from.Address
	for _, sender := range []string{header.Get("From"), r.FromEmailAddress} {
		if sender == "" {
			continue
		}
		address, err := mail.ParseAddress(sender)
		if err != nil {
			return e, invalid("BadRequestException", "Malformed From: %v", err)
		}
		if !s.verified(address.Address) {
			return e, invalid("MessageRejected", "Email address is not verified. The following identities failed the check in region %s: %s", strings.ToUpper(s.options.Region), address.Address)
		}
	}
	if e.To, refused = recipients(r, header); refused != nil {
		return e, refused
	}
	if set := r.ConfigurationSetName; set != "" && !slices.Contains(s.options.ConfigurationSets, set) {
		return e, &apiError{http.StatusNotFound, "NotFoundException", "Configuration set <" + set + "> does not exist."}
	}
	for _, t := range r.EmailTags {
		if !tag.MatchString(t.Name) || !tag.MatchString(t.Value) {
			return e, invalid("BadRequestException", "Invalid tag %q: %q: letters, digits, _ and - only", t.Name, t.Value)
		}
		e.Tags[t.Name] = t.Value
	}
	return e, nil
}

// checkMIME follows RawMessage in the API reference: a header and a body
// separated by a blank line, lines within RFC 5321's limit, headers in ASCII.
func checkMIME(raw []byte) (mail.Header, *apiError) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, invalid("BadRequestException", "Invalid MIME message: %v", err)
	}
	for line := range bytes.Lines(raw) {
		if len(bytes.TrimRight(line, "\r\n"))+2 > lineBytesMax {
			return nil, invalid("MessageRejected", "a line is longer than %d bytes", lineBytesMax)
		}
	}
	header, _, _ := bytes.Cut(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
	if bytes.ContainsFunc(header, func(r rune) bool { return r > 126 }) {
		return nil, invalid("BadRequestException", "a header holds characters outside ASCII; encode them as RFC 2047 says")
	}
	return m.Header, nil
}

// recipients are those of Destination or, without it, those of the headers.
func recipients(r sendEmail, header mail.Header) ([]string, *apiError) {
	given := r.recipients()
	if given == nil {
		for _, key := range []string{"To", "Cc", "Bcc"} {
			if header.Get(key) == "" {
				continue
			}
			list, err := header.AddressList(key)
			if err != nil {
				return nil, invalid("BadRequestException", "Malformed %s: %v", key, err)
			}
			for _, address := range list {
				given = append(given, address.Address)
			}
		}
	}
	switch {
	case len(given) == 0:
		return nil, invalid("BadRequestException", "No recipients")
	case len(given) > sesRecipientsMax:
		return nil, invalid("BadRequestException", "Recipient count exceeds %d.", sesRecipientsMax)
	}
	var to []string
	for _, address := range given {
		parsed, err := mail.ParseAddress(address)
		if err != nil {
			return nil, invalid("BadRequestException", "Malformed recipient: %v", err)
		}
		to = append(to, parsed.Address)
	}
	return to, nil
}

// verified reports whether an identity covers the address: the address itself,
// its domain or a domain above it ("Verified identities in Amazon SES").
func (s *Server) verified(address string) bool {
	_, domain, _ := strings.Cut(address, "@")
	return slices.ContainsFunc(s.options.Senders, func(identity string) bool {
		return strings.EqualFold(identity, address) || strings.EqualFold(identity, domain) ||
			strings.HasSuffix(strings.ToLower(domain), "."+strings.ToLower(identity))
	})
}

func (p sesProtocol) write(w http.ResponseWriter, _, requestID string, answer any) {
	w.Header().Set("X-Amzn-Requestid", requestID)
	writeJSON(w, "application/json", http.StatusOK, answer)
}

// writeError answers as in "Common Errors", with the code in a header.
func (p sesProtocol) writeError(w http.ResponseWriter, requestID string, e *apiError) {
	w.Header().Set("X-Amzn-Requestid", requestID)
	w.Header().Set("X-Amzn-Errortype", e.code)
	writeJSON(w, "application/json", e.status, map[string]string{"message": e.message})
}

// throttled is in SendEmail, Errors.
func (p sesProtocol) throttled() *apiError {
	return &apiError{http.StatusTooManyRequests, "TooManyRequestsException", "Too many requests"}
}
