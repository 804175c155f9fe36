// Package snspager publishes pages through SNS, to one topic per responder.
package snspager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"rouse/shared/loop"
	"rouse/shared/page"
)

// A Pager publishes to the responders' topics. Each topic's subscriptions are
// filtered by the attribute channel, so that a page goes to a phone or to a
// mailbox, not to both.
type Pager struct {
	Client *sns.Client
	Topics map[string]string // responder id to ARN
	// From is the number that SMS come from and can be answered to, in E.164;
	// "": SNS picks one.
	From string
}

var _ page.Carrier = (*Pager)(nil)

// Publish hands m to SNS. That it was accepted does not mean that it arrives.
func (p *Pager) Publish(ctx context.Context, who, channel string, m page.Message) error {
	topic, ok := p.Topics[who]
	if !ok {
		return &loop.SendError{Permanent: true, Why: who + " has no topic: deploy again"}
	}
	// JSON needs a default beside the protocols; it is what a subscription of
	// another kind, added by hand, gets.
	body, err := json.Marshal(map[string]string{"default": m.Text, "sms": m.SMS, "email": m.Text})
	if err != nil {
		return &loop.SendError{Permanent: true, Why: err.Error()}
	}
	attributes := map[string]types.MessageAttributeValue{
		"channel": text(channel),
		// Transactional is the class for alarms; SNS's own default may be
		// held back.
		"AWS.SNS.SMS.SMSType": text("Transactional"),
	}
	if p.From != "" {
		attributes["AWS.MM.SMS.OriginationNumber"] = text(p.From)
	}
	_, err = p.Client.Publish(ctx, &sns.PublishInput{
		TopicArn: aws.String(topic), MessageStructure: aws.String("json"), Message: aws.String(string(body)),
		Subject: aws.String(m.Subject), MessageAttributes: attributes,
	})
	return explain(err)
}

func text(s string) types.MessageAttributeValue {
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(s)}
}

// permanent lists the errors of SNS's Publish that no retry mends, with the
// hint for people (Amazon SNS API Reference, Publish, Errors, and Common
// Errors), less the suffix Exception that some protocols add. All others may
// pass.
var permanent = map[string]string{
	"AccessDenied":                "the router may not publish to this topic: deploy again",
	"AuthorizationError":          "the router may not publish to this topic: deploy again",
	"NotAuthorized":               "the router may not publish to this topic: deploy again",
	"NotFound":                    "the topic does not exist: deploy again",
	"OptedOut":                    "the number has opted out",
	"EndpointDisabled":            "the endpoint is disabled",
	"PlatformApplicationDisabled": "the platform application is disabled",
	"InvalidParameter":            "SNS refuses the message",
	"InvalidParameterValue":       "SNS refuses the message",
	"InvalidParameterCombination": "SNS refuses the message",
	"InvalidQueryParameter":       "SNS refuses the message",
	"MissingParameter":            "SNS refuses the message",
	"ParameterValueInvalid":       "SNS refuses the message",
	"Validation":                  "SNS refuses the message",
	"ValidationError":             "SNS refuses the message",
	"RequestEntityTooLarge":       "SNS refuses the message",
	"KMSAccessDenied":             "the topic's key may not be used: check its key policy",
	"KMSDisabled":                 "the topic's key is disabled",
	"KMSInvalidState":             "the topic's key is in a state in which it cannot be used",
	"KMSNotFound":                 "the topic's key does not exist",
	"KMSOptInRequired":            "the account has not signed up for KMS",
	"OptInRequired":               "the account has not signed up for SNS",
	"IncompleteSignature":         "the request's signature is not valid",
	"InvalidClientTokenId":        "the function's credentials are not known",
	"InvalidSecurity":             "the request's signature is not valid",
	"MissingAuthenticationToken":  "the function has no credentials",
	"SignatureDoesNotMatch":       "the function's credentials are not valid",
	"UnrecognizedClient":          "the function's credentials are not known",
	"InvalidAction":               "the endpoint is not SNS",
	"MalformedQueryString":        "the endpoint is not SNS",
	"MissingAction":               "the endpoint is not SNS",
	"UnknownOperation":            "the endpoint is not SNS",
}

// explain makes a SendError of what the SDK returned.
func explain(err error) error {
	if err == nil {
		return nil
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		if errors.Is(err, context.DeadlineExceeded) {
			return &loop.SendError{Why: "SNS did not answer in time"}
		}
		return &loop.SendError{Why: "SNS cannot be reached"}
	}
	hint, no := permanent[strings.TrimSuffix(api.ErrorCode(), "Exception")]
	if hint == "" {
		hint = "SNS cannot take it now"
	}
	return &loop.SendError{Permanent: no, Why: fmt.Sprintf("%s (%s)", hint, api.ErrorCode())}
}
