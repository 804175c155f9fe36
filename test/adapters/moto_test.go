//go:build moto

package adapters_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"rouse/shared/clock"
	"rouse/test/moto"
)

func TestAdaptersOnMoto(t *testing.T) {
	for name, test := range suite {
		t.Run(name, func(t *testing.T) { test(t, emulated(t)) })
	}
}

// emulated is an account of a moto_server of its own, which forgets nothing.
func emulated(t *testing.T) account {
	url := moto.Start(t)
	a := clients(t, url, url)
	a.clock, a.pass = clock.Wall{}, time.Sleep
	a.refused = func(*testing.T) {}
	ctx := t.Context()
	topic, err := a.sns.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("ana")})
	if err != nil {
		t.Fatal(err)
	}
	a.topic = *topic.TopicArn
	queue := func(name string) string {
		out, err := a.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name})
		if err != nil {
			t.Fatal(err)
		}
		return *out.QueueUrl
	}
	a.router, a.desk = queue("router"), queue("desk")
	heard := map[string]string{}
	for _, channel := range []string{"sms", "email"} {
		heard[channel] = queue("heard-by-" + channel)
		_, err := a.sns.Subscribe(ctx, &sns.SubscribeInput{
			TopicArn: &a.topic, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:us-east-1:123456789012:heard-by-" + channel),
			Attributes: map[string]string{"RawMessageDelivery": "true", "FilterPolicy": `{"channel":["` + channel + `"]}`},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.ssm.PutParameter(ctx, &ssm.PutParameterInput{Name: aws.String("/rouse/login"), Value: aws.String("hush\n"), Type: ssmtypes.ParameterTypeSecureString}); err != nil {
		t.Fatal(err)
	}
	a.heard = func(t *testing.T, channel string) []string { return receive(t, a, heard[channel]) }
	if _, err := a.ses.CreateEmailIdentity(ctx, &sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String("example.com")}); err != nil {
		t.Fatal(err)
	}
	a.sent = func(t *testing.T) []mail { return motoMails(t, url) }
	if _, err := a.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
		t.Fatal(err)
	}
	return a
}

// motoMails reads what moto keeps of raw mails.
func motoMails(t *testing.T, url string) (mails []mail) {
	answer, err := http.Get(url + "/moto-api/data.json")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var data struct {
		SES struct {
			RawMessage []struct {
				Destinations []string
				RawData      string `json:"raw_data"`
			}
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&data); err != nil {
		t.Fatal(err)
	}
	for _, m := range data.SES.RawMessage {
		mails = append(mails, mail{m.Destinations[0], m.RawData})
	}
	return mails
}
