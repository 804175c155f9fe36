// Package snsaccount asks SNS what keeps messages from people, and brings word
// by the topics that do not pass the router.
package snsaccount

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"rouse/shared/page"
	"rouse/shared/watch"
)

// An Account is that of the client. Its errors say what AWS calls them, and
// never what was asked about: that may be somebody's number.
type Account struct {
	Client *sns.Client
	// Ring and Tell are the ARNs of the topics that an Account can bring word by.
	RingTopic, TellTopic string
}

var _ watch.Teller = (*Account)(nil)

// pagesMax bounds how much of a list is read: a hundred entries a page.
const pagesMax = 20

// Subscriptions lists those of a topic.
func (a *Account) Subscriptions(ctx context.Context, topicARN string) ([]watch.Subscription, error) {
	var all []watch.Subscription
	var next *string
	for range pagesMax {
		out, err := a.Client.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &topicARN, NextToken: next})
		if err != nil {
			return nil, explain(err)
		}
		for _, s := range out.Subscriptions {
			all = append(all, watch.Subscription{
				Protocol: aws.ToString(s.Protocol), Endpoint: aws.ToString(s.Endpoint),
				// "PendingConfirmation" stands in its place until then.
				Confirmed: strings.HasPrefix(aws.ToString(s.SubscriptionArn), "arn:"),
			})
		}
		if next = out.NextToken; aws.ToString(next) == "" {
			return all, nil
		}
	}
	return nil, errors.New("there is no end to its subscriptions")
}

// OptedOut reports whether a number has asked for no more SMS.
func (a *Account) OptedOut(ctx context.Context, phone string) (bool, error) {
	out, err := a.Client.CheckIfPhoneNumberIsOptedOut(ctx, &sns.CheckIfPhoneNumberIsOptedOutInput{PhoneNumber: &phone})
	if err != nil {
		return false, explain(err)
	}
	return out.IsOptedOut, nil
}

// Sandbox returns nil for an account that is out of the SMS sandbox.
func (a *Account) Sandbox(ctx context.Context) (*watch.Sandbox, error) {
	status, err := a.Client.GetSMSSandboxAccountStatus(ctx, &sns.GetSMSSandboxAccountStatusInput{})
	if err != nil {
		return nil, explain(err)
	}
	if !status.IsInSandbox {
		return nil, nil
	}
	sandbox := &watch.Sandbox{}
	var next *string
	for range pagesMax {
		out, err := a.Client.ListSMSSandboxPhoneNumbers(ctx, &sns.ListSMSSandboxPhoneNumbersInput{NextToken: next})
		if err != nil {
			return nil, explain(err)
		}
		for _, n := range out.PhoneNumbers {
			if n.Status == types.SMSSandboxPhoneNumberVerificationStatusVerified {
				sandbox.Verified = append(sandbox.Verified, aws.ToString(n.PhoneNumber))
			}
		}
		if next = out.NextToken; aws.ToString(next) == "" {
			return sandbox, nil
		}
	}
	return nil, errors.New("there is no end to the sandbox's numbers")
}

// limitDefault is what a new account may spend on SMS in a month, in dollars
// ("Setting SMS messaging preferences", developer guide).
const limitDefault = 1

// Limit is how many dollars SMS may cost in a month.
func (a *Account) Limit(ctx context.Context) (float64, error) {
	const name = "MonthlySpendLimit"
	out, err := a.Client.GetSMSAttributes(ctx, &sns.GetSMSAttributesInput{Attributes: []string{name}})
	if err != nil {
		return 0, explain(err)
	}
	text := out.Attributes[name]
	if text == "" {
		return limitDefault, nil
	}
	limit, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("the spend limit is %.20q", text)
	}
	return limit, nil
}

// Originations lists the account's own numbers that SMS leave from.
func (a *Account) Originations(ctx context.Context) ([]string, error) {
	var all []string
	var next *string
	for range pagesMax {
		out, err := a.Client.ListOriginationNumbers(ctx, &sns.ListOriginationNumbersInput{NextToken: next})
		if err != nil {
			return nil, explain(err)
		}
		for _, n := range out.PhoneNumbers {
			all = append(all, aws.ToString(n.PhoneNumber))
		}
		if next = out.NextToken; aws.ToString(next) == "" {
			return all, nil
		}
	}
	return nil, errors.New("there is no end to the account's numbers")
}

// Subscribe subscribes an endpoint again as the stack does, under a filter on
// the channel unless that is "". It reports whether the endpoint must confirm.
func (a *Account) Subscribe(ctx context.Context, topicARN, protocol, endpoint, channel string) (pending bool, err error) {
	in := &sns.SubscribeInput{TopicArn: &topicARN, Protocol: &protocol, Endpoint: &endpoint}
	if channel != "" {
		filter, err := json.Marshal(map[string][]string{"channel": {channel}})
		if err != nil {
			return false, err
		}
		in.Attributes = map[string]string{"FilterPolicy": string(filter), "FilterPolicyScope": "MessageAttributes"}
	}
	out, err := a.Client.Subscribe(ctx, in)
	if err != nil {
		return false, explain(err)
	}
	return !strings.HasPrefix(aws.ToString(out.SubscriptionArn), "arn:"), nil
}

// Confirm confirms a subscription by the token that was mailed, so that only
// who has credentials can end it: mail scanners follow every link, and the one
// that unsubscribes is in each mail.
func (a *Account) Confirm(ctx context.Context, topicARN, token string) error {
	_, err := a.Client.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{
		TopicArn: &topicARN, Token: &token, AuthenticateOnUnsubscribe: aws.String("true"),
	})
	return explain(err)
}

// Tell mails by the topic that may wait for daylight.
func (a *Account) Tell(ctx context.Context, subject, text string) error {
	return a.publish(ctx, a.TellTopic, subject, text, text)
}

// Ring mails and texts by the topic that may not.
func (a *Account) Ring(ctx context.Context, subject, text, line string) error {
	return a.publish(ctx, a.RingTopic, subject, text, line)
}

// smsMax is one SMS part, and subjectMax what SNS takes of a subject.
const (
	smsMax     = 160
	subjectMax = 99
)

func (a *Account) publish(ctx context.Context, topic, subject, text, line string) error {
	body, err := json.Marshal(map[string]string{"default": text, "email": text, "sms": cut(page.ASCII(line), smsMax)})
	if err != nil {
		return err
	}
	_, err = a.Client.Publish(ctx, &sns.PublishInput{
		TopicArn: &topic, MessageStructure: aws.String("json"), Message: aws.String(string(body)), Subject: aws.String(cut(page.ASCII(subject), subjectMax)),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"AWS.SNS.SMS.SMSType": {DataType: aws.String("String"), StringValue: aws.String("Transactional")},
		},
	})
	return explain(err)
}

// cut shortens s, which is ASCII.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return s[:most-3] + "..."
}

// explain keeps of an error what AWS calls it: its message may repeat a number.
func explain(err error) error {
	var api smithy.APIError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &api):
		return fmt.Errorf("SNS says %s", api.ErrorCode())
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("SNS did not answer in time")
	}
	return errors.New("SNS cannot be reached")
}
