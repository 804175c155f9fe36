package awsfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// Facts are what can be asked of the account. The zero Facts are those of a new
// one: in the sandboxes, with nobody subscribed.
type Facts struct {
	Subscriptions []Subscription
	OptedOut      []string // numbers
	// SMSProduction says that SMS leave for every number; otherwise only for
	// those in Verified.
	SMSProduction bool
	Verified      []string
	SpendLimit    string // as the attribute says it; "" if it was never set
	Spent         float64
	Originations  []string // numbers that SMS are sent from

	SESProduction bool
	SESRate       float64         // mails a second
	SESMax        float64         // mails in 24 hours
	Identities    map[string]bool // verified?, by domain or address
	RuleSet       *RuleSet        // the active one; nil: none is

	Concurrency int // of Lambda functions, in all
}

// A Subscription is one of a topic's.
type Subscription struct {
	Topic, Protocol, Endpoint string // Topic is a name
	Confirmed                 bool
	// Token confirms it; Guarded says that it was confirmed so that only who
	// has credentials may end it.
	Token   string
	Guarded bool
}

// A RuleSet is SES's active receipt rule set.
type RuleSet struct {
	Name  string
	Rules []Rule
}

// A Rule stores mail for its recipients in a bucket.
type Rule struct {
	Name, Bucket, Prefix string
	Recipients           []string
	Disabled             bool
}

// Change changes the account's facts.
func (s *Server) Change(f func(*Facts)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.facts)
}

// Facts returns the account's.
func (s *Server) Facts() Facts {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.facts
	f.Subscriptions = slices.Clone(f.Subscriptions)
	return f
}

// snsFacts are the actions of SNS that ask, and those that subscribe.
var snsFacts = map[string]func(*Server, url.Values) (any, *apiError){
	"ListSubscriptionsByTopic":     (*Server).listSubscriptions,
	"CheckIfPhoneNumberIsOptedOut": (*Server).checkOptedOut,
	"GetSMSSandboxAccountStatus":   (*Server).smsSandbox,
	"ListSMSSandboxPhoneNumbers":   (*Server).sandboxNumbers,
	"GetSMSAttributes":             (*Server).smsAttributes,
	"ListOriginationNumbers":       (*Server).originations,
	"Subscribe":                    (*Server).subscribe,
	"ConfirmSubscription":          (*Server).confirm,
}

// only refuses parameters that an action does not have, or that this project
// does not use.
func only(form url.Values, names ...string) *apiError {
	for name := range form {
		if name != "Action" && name != "Version" && !slices.Contains(names, name) {
			return invalid("InvalidParameter", "Invalid parameter: awsfake does not know %s", name)
		}
	}
	return nil
}

func (s *Server) existingTopic(form url.Values) (string, *apiError) {
	arn := form.Get("TopicArn")
	switch {
	case !topicARN.MatchString(arn):
		return "", invalid("InvalidParameter", "Invalid parameter: TopicArn")
	case !s.topics[arn]:
		return "", &apiError{http.StatusNotFound, "NotFound", "Topic does not exist"}
	}
	return arn[strings.LastIndex(arn, ":")+1:], nil
}

// pageMax is how many entries ListSubscriptionsByTopic returns at once ("a
// limited list of subscriptions, up to 100").
const pageMax = 100

// window cuts a page out of n entries; next is "" for the last.
func window(token string, n int) (from, to int, next string, err *apiError) {
	if token != "" {
		var e error
		if from, e = strconv.Atoi(strings.TrimPrefix(token, "page-")); e != nil || from <= 0 || from > n {
			return 0, 0, "", invalid("InvalidParameter", "Invalid parameter: NextToken")
		}
	}
	to = min(n, from+pageMax)
	if to < n {
		next = "page-" + strconv.Itoa(to)
	}
	return from, to, next, nil
}

// listSubscriptions follows ListSubscriptionsByTopic. The ARN of one that
// nobody has confirmed is PendingConfirmation (developer guide, "Confirm the
// subscription").
func (s *Server) listSubscriptions(form url.Values) (any, *apiError) {
	if refused := only(form, "TopicArn", "NextToken"); refused != nil {
		return nil, refused
	}
	topic, refused := s.existingTopic(form)
	if refused != nil {
		return nil, refused
	}
	type member struct{ TopicArn, Protocol, SubscriptionArn, Owner, Endpoint string }
	var all []member
	for i, sub := range s.Facts().Subscriptions {
		if sub.Topic != topic {
			continue
		}
		arn := "PendingConfirmation"
		if sub.Confirmed {
			arn = s.subscriptionARN(topic, i)
		}
		all = append(all, member{s.TopicARN(topic), sub.Protocol, arn, s.options.Account, sub.Endpoint})
	}
	from, to, next, refused := window(form.Get("NextToken"), len(all))
	return struct {
		Subscriptions []member `xml:"Subscriptions>member"`
		NextToken     string   `xml:",omitempty"`
	}{all[from:to], next}, refused
}

func (s *Server) subscriptionARN(topic string, n int) string {
	return fmt.Sprintf("%s:%08d-0000-4000-8000-000000000000", s.TopicARN(topic), n)
}

// checkOptedOut follows CheckIfPhoneNumberIsOptedOut.
func (s *Server) checkOptedOut(form url.Values) (any, *apiError) {
	number := form.Get("phoneNumber")
	if refused := only(form, "phoneNumber"); refused != nil {
		return nil, refused
	}
	if !e164.MatchString(number) {
		return nil, invalid("InvalidParameter", "Invalid parameter: phoneNumber Reason: input incorrectly formatted")
	}
	return struct {
		Is bool `xml:"isOptedOut"`
	}{slices.Contains(s.Facts().OptedOut, number)}, nil
}

// smsSandbox follows GetSMSSandboxAccountStatus.
func (s *Server) smsSandbox(form url.Values) (any, *apiError) {
	return struct{ IsInSandbox bool }{!s.Facts().SMSProduction}, only(form)
}

// sandboxNumbers follows ListSMSSandboxPhoneNumbers.
func (s *Server) sandboxNumbers(form url.Values) (any, *apiError) {
	type member struct{ PhoneNumber, Status string }
	var all []member
	for _, number := range s.Facts().Verified {
		all = append(all, member{number, "Verified"})
	}
	all = append(all, member{"+13125550000", "Pending"}) // somebody has begun to
	from, to, next, refused := window(form.Get("NextToken"), len(all))
	if refused == nil {
		refused = only(form, "NextToken", "MaxResults")
	}
	return struct {
		PhoneNumbers []member `xml:"PhoneNumbers>member"`
		NextToken    string   `xml:",omitempty"`
	}{all[from:to], next}, refused
}

// smsAttributes follows GetSMSAttributes: those that were set.
func (s *Server) smsAttributes(form url.Values) (any, *apiError) {
	if refused := only(form, "attributes.member.1"); refused != nil {
		return nil, refused
	}
	if name := form.Get("attributes.member.1"); name != "MonthlySpendLimit" {
		return nil, invalid("InvalidParameter", "Invalid parameter: awsfake does not know the attribute %q", name)
	}
	type entry struct {
		Key   string `xml:"key"`
		Value string `xml:"value"`
	}
	var all []entry
	if limit := s.Facts().SpendLimit; limit != "" {
		all = append(all, entry{"MonthlySpendLimit", limit})
	}
	return struct {
		Entries []entry `xml:"attributes>entry"`
	}{all}, nil
}

// originations follows ListOriginationNumbers.
func (s *Server) originations(form url.Values) (any, *apiError) {
	type member struct {
		PhoneNumber, Status, Iso2CountryCode, RouteType, CreatedAt string
		NumberCapabilities                                         []string `xml:"NumberCapabilities>member"`
	}
	var all []member
	for _, number := range s.Facts().Originations {
		all = append(all, member{number, "Active", "US", "TollFree", "2026-01-05T09:00:00Z", []string{"SMS"}})
	}
	from, to, next, refused := window(form.Get("NextToken"), len(all))
	if refused == nil {
		refused = only(form, "NextToken", "MaxResults")
	}
	return struct {
		PhoneNumbers []member `xml:"PhoneNumbers>member"`
		NextToken    string   `xml:",omitempty"`
	}{all[from:to], next}, refused
}

// subscribe follows Subscribe: an e-mail subscription waits for confirmation,
// one by SMS does not.
func (s *Server) subscribe(form url.Values) (any, *apiError) {
	if refused := only(form, "TopicArn", "Protocol", "Endpoint", "ReturnSubscriptionArn",
		"Attributes.entry.1.key", "Attributes.entry.1.value", "Attributes.entry.2.key", "Attributes.entry.2.value"); refused != nil {
		return nil, refused
	}
	topic, refused := s.existingTopic(form)
	if refused != nil {
		return nil, refused
	}
	for n := range 2 {
		key, value := form.Get(fmt.Sprintf("Attributes.entry.%d.key", n+1)), form.Get(fmt.Sprintf("Attributes.entry.%d.value", n+1))
		switch {
		case key == "":
		case key == "FilterPolicy" && json.Valid([]byte(value)):
		case key == "FilterPolicyScope" && (value == "MessageAttributes" || value == "MessageBody"):
		default:
			return nil, invalid("InvalidParameter", "Invalid parameter: Attributes Reason: awsfake does not know %s=%s", key, value)
		}
	}
	sub := Subscription{Topic: topic, Protocol: form.Get("Protocol"), Endpoint: form.Get("Endpoint")}
	switch sub.Protocol {
	case "sms":
		if sub.Confirmed = true; !e164.MatchString(sub.Endpoint) {
			return nil, invalid("InvalidParameter", "Invalid parameter: Invalid SMS endpoint")
		}
	case "email":
		if sub.Token = strings.Repeat("2336", 16); !strings.Contains(sub.Endpoint, "@") {
			return nil, invalid("InvalidParameter", "Invalid parameter: Email address")
		}
	default:
		return nil, invalid("InvalidParameter", "Invalid parameter: awsfake does not know the protocol %s", sub.Protocol)
	}
	arn := "pending confirmation"
	s.Change(func(f *Facts) {
		i := slices.IndexFunc(f.Subscriptions, func(o Subscription) bool {
			return o.Topic == sub.Topic && o.Protocol == sub.Protocol && o.Endpoint == sub.Endpoint
		})
		if i < 0 {
			i = len(f.Subscriptions)
			f.Subscriptions = append(f.Subscriptions, sub)
		} else if !f.Subscriptions[i].Confirmed {
			f.Subscriptions[i] = sub
		}
		if f.Subscriptions[i].Confirmed {
			arn = s.subscriptionARN(topic, i)
		}
	})
	return struct{ SubscriptionArn string }{arn}, nil
}

// confirm follows ConfirmSubscription.
func (s *Server) confirm(form url.Values) (any, *apiError) {
	if refused := only(form, "TopicArn", "Token", "AuthenticateOnUnsubscribe"); refused != nil {
		return nil, refused
	}
	topic, refused := s.existingTopic(form)
	if refused != nil {
		return nil, refused
	}
	arn := ""
	s.Change(func(f *Facts) {
		for i := range f.Subscriptions {
			if sub := &f.Subscriptions[i]; sub.Topic == topic && sub.Token != "" && sub.Token == form.Get("Token") {
				sub.Confirmed, sub.Guarded = true, form.Get("AuthenticateOnUnsubscribe") == "true"
				arn = s.subscriptionARN(topic, i)
			}
		}
	})
	if arn == "" {
		return nil, invalid("InvalidParameter", "Invalid parameter: Token")
	}
	return struct{ SubscriptionArn string }{arn}, nil
}

// cloudWatchProtocol is Smithy's RPC v2 in CBOR, which the SDK speaks to
// CloudWatch ("Smithy RPC v2 CBOR protocol").
type cloudWatchProtocol struct{ s *Server }

const cloudWatchPath = "/service/GraniteServiceVersion20100801/operation/"

func (p cloudWatchProtocol) action(r *http.Request, _ []byte) string {
	if r.Method != http.MethodPost || r.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" || r.Header.Get("Content-Type") != "application/cbor" {
		return ""
	}
	action, _ := strings.CutPrefix(r.URL.Path, cloudWatchPath)
	return action
}

func (p cloudWatchProtocol) subject([]byte) string { return "" }

// perform follows GetMetricStatistics in the CloudWatch API Reference, for the
// one metric that is asked for ("Amazon SNS metrics": SMSMonthToDateSpentUSD,
// valid statistics Maximum).
func (p cloudWatchProtocol) perform(_ *http.Request, action string, body []byte) (any, *apiError) {
	if action != "GetMetricStatistics" {
		return nil, invalid("InvalidAction", "awsfake does not know the CloudWatch action %s; teach it from the API reference", action)
	}
	v, err := cbor.Decode(body)
	request, ok := v.(cbor.Map)
	if err != nil || !ok {
		return nil, invalid("SerializationException", "the request is no CBOR map: %v", err)
	}
	for key := range request {
		if !slices.Contains([]string{"Namespace", "MetricName", "StartTime", "EndTime", "Period", "Statistics"}, key) {
			return nil, invalid("InvalidParameterValue", "awsfake does not know %s", key)
		}
	}
	period, periodErr := cbor.AsInt32(request["Period"])
	from, fromErr := cbor.AsTime(request["StartTime"])
	to, toErr := cbor.AsTime(request["EndTime"])
	statistics, _ := request["Statistics"].(cbor.List)
	switch {
	case request["Namespace"] != cbor.String("AWS/SNS") || request["MetricName"] != cbor.String("SMSMonthToDateSpentUSD"):
		return nil, invalid("InvalidParameterValue", "awsfake knows AWS/SNS SMSMonthToDateSpentUSD alone, not %v %v", request["Namespace"], request["MetricName"])
	case periodErr != nil || period < 60 || period%60 != 0:
		return nil, invalid("InvalidParameterValue", "The parameter Period must be a multiple of 60, not %d", period)
	case fromErr != nil || toErr != nil || !from.Before(to):
		return nil, invalid("InvalidParameterCombination", "The parameter StartTime must be less than the parameter EndTime.")
	case to.Sub(from) > time.Duration(period)*time.Second*1440:
		return nil, invalid("InvalidParameterCombination", "You have requested more than 1,440 datapoints")
	case len(statistics) != 1 || statistics[0] != cbor.String("Maximum"):
		return nil, invalid("InvalidParameterValue", "awsfake answers the Maximum alone, not %v", statistics)
	}
	points := cbor.List{}
	if spent := p.s.Facts().Spent; spent > 0 { // nothing was sent: no data
		at := &cbor.Tag{ID: 1, Value: cbor.Float64(from.Unix())}
		points = append(points, cbor.Map{"Timestamp": at, "Maximum": cbor.Float64(spent / 2), "Unit": cbor.String("None")},
			cbor.Map{"Timestamp": at, "Maximum": cbor.Float64(spent), "Unit": cbor.String("None")})
	}
	return cbor.Map{"Label": cbor.String("SMSMonthToDateSpentUSD"), "Datapoints": points}, nil
}

func (p cloudWatchProtocol) write(w http.ResponseWriter, _, requestID string, answer any) {
	writeCBOR(w, http.StatusOK, requestID, answer.(cbor.Map))
}

func (p cloudWatchProtocol) writeError(w http.ResponseWriter, requestID string, e *apiError) {
	writeCBOR(w, e.status, requestID, cbor.Map{"__type": cbor.String(e.code), "message": cbor.String(e.message)})
}

func writeCBOR(w http.ResponseWriter, status int, requestID string, v cbor.Map) {
	w.Header().Set("Content-Type", "application/cbor")
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("X-Amzn-Requestid", requestID)
	w.WriteHeader(status)
	// The only possible error is a client that went away.
	_, _ = w.Write(cbor.Encode(v))
}

// throttled is in Common Errors of the CloudWatch API Reference.
func (p cloudWatchProtocol) throttled() *apiError { return invalid("Throttling", "Rate exceeded") }

// sesQueryProtocol is the older SES API: a form in, XML out.
type sesQueryProtocol struct{ s *Server }

const (
	sesQuery     = "ses query"
	sesVersion   = "2010-12-01"
	sesNamespace = "http://ses.amazonaws.com/doc/" + sesVersion + "/"
)

func (p sesQueryProtocol) action(r *http.Request, body []byte) string {
	form, err := url.ParseQuery(string(body))
	if r.Method != http.MethodPost || err != nil || form.Get("Version") != sesVersion {
		return ""
	}
	return form.Get("Action")
}

func (p sesQueryProtocol) subject([]byte) string { return "" }

// perform follows DescribeActiveReceiptRuleSet in the Amazon SES API Reference.
func (p sesQueryProtocol) perform(_ *http.Request, action string, body []byte) (any, *apiError) {
	form, _ := url.ParseQuery(string(body))
	if action != "DescribeActiveReceiptRuleSet" {
		return nil, invalid("InvalidAction", "awsfake does not know the SES action %s; teach it from the API reference", action)
	}
	type s3Action struct{ BucketName, ObjectKeyPrefix string }
	type ruleAction struct{ S3Action s3Action }
	type rule struct {
		Name, TlsPolicy      string
		Enabled, ScanEnabled bool
		Recipients           []string     `xml:"Recipients>member"`
		Actions              []ruleAction `xml:"Actions>member"`
	}
	type metadata struct{ Name, CreatedTimestamp string }
	var answer struct {
		Metadata *metadata `xml:",omitempty"`
		Rules    []rule    `xml:"Rules>member,omitempty"`
	}
	if set := p.s.Facts().RuleSet; set != nil {
		answer.Metadata = &metadata{set.Name, "2026-01-05T09:00:00.000Z"}
		for _, r := range set.Rules {
			answer.Rules = append(answer.Rules, rule{r.Name, "Optional", !r.Disabled, true, r.Recipients, []ruleAction{{s3Action{r.Bucket, r.Prefix}}}})
		}
	}
	return answer, only(form)
}

func (p sesQueryProtocol) write(w http.ResponseWriter, action, requestID string, answer any) {
	writeQuery(w, sesNamespace, action, requestID, answer)
}

func (p sesQueryProtocol) writeError(w http.ResponseWriter, requestID string, e *apiError) {
	snsProtocol(p).writeError(w, requestID, e) // the same envelope
}

func (p sesQueryProtocol) throttled() *apiError { return invalid("Throttling", "Rate exceeded") }

// sesFacts follows GetAccount and GetEmailIdentity in the Amazon SES API v2
// Reference.
func (s *Server) sesFacts(r *http.Request) (any, *apiError) {
	facts := s.Facts()
	if r.URL.Path == sesAccountPath {
		return map[string]any{
			"ProductionAccessEnabled": facts.SESProduction, "SendingEnabled": true, "EnforcementStatus": "HEALTHY",
			"SendQuota": map[string]float64{"Max24HourSend": facts.SESMax, "MaxSendRate": facts.SESRate, "SentLast24Hours": 0},
		}, nil
	}
	name := strings.TrimPrefix(r.URL.Path, sesIdentityPath)
	verified, known := facts.Identities[name]
	if !known {
		return nil, &apiError{http.StatusNotFound, "NotFoundException", "Email identity " + name + " does not exist."}
	}
	kind, status := "DOMAIN", "PENDING"
	if strings.Contains(name, "@") {
		kind = "EMAIL_ADDRESS"
	}
	if verified {
		status = "SUCCESS"
	}
	return map[string]any{
		"IdentityType": kind, "VerifiedForSendingStatus": verified, "VerificationStatus": status,
		"DkimAttributes": map[string]any{"SigningEnabled": true, "Status": status},
	}, nil
}

const (
	sesAccountPath  = "/v2/email/account"
	sesIdentityPath = "/v2/email/identities/"
)

// lambdaProtocol is REST with JSON answers.
type lambdaProtocol struct{ s *Server }

func (p lambdaProtocol) action(r *http.Request, _ []byte) string {
	if r.Method == http.MethodGet && strings.TrimSuffix(r.URL.Path, "/") == "/2016-08-19/account-settings" {
		return "GetAccountSettings"
	}
	return ""
}

func (p lambdaProtocol) subject([]byte) string { return "" }

// perform follows GetAccountSettings in the Lambda API Reference.
func (p lambdaProtocol) perform(*http.Request, string, []byte) (any, *apiError) {
	n := p.s.Facts().Concurrency
	return map[string]any{
		"AccountLimit": map[string]int{"ConcurrentExecutions": n, "UnreservedConcurrentExecutions": n, "TotalCodeSize": 80530636800},
		"AccountUsage": map[string]int{"FunctionCount": 6, "TotalCodeSize": 25000000},
	}, nil
}

func (p lambdaProtocol) write(w http.ResponseWriter, _, requestID string, answer any) {
	w.Header().Set("X-Amzn-Requestid", requestID)
	writeJSON(w, "application/json", http.StatusOK, answer)
}

func (p lambdaProtocol) writeError(w http.ResponseWriter, requestID string, e *apiError) {
	sesProtocol(p).writeError(w, requestID, e) // the same envelope
}

// throttled is in GetAccountSettings, Errors.
func (p lambdaProtocol) throttled() *apiError {
	return &apiError{http.StatusTooManyRequests, "TooManyRequestsException", "Rate exceeded"}
}
