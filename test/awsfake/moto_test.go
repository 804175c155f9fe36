//go:build moto

package awsfake_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"rouse/test/moto"
)

func TestContractOnMoto(t *testing.T) {
	for name, test := range contract {
		t.Run(name, func(t *testing.T) { test(t, motoAccount(t)) })
	}
}

// motoAccount is an account in a server of its own: moto forgets nothing.
func motoAccount(t *testing.T) account {
	a := clients(moto.Start(t))
	a.pass = time.Sleep
	a.refused = func() {}
	topic, err := a.sns.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("ana")})
	if err != nil {
		t.Fatal(err)
	}
	a.topic = *topic.TopicArn
	dead, err := a.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("dead")})
	if err != nil {
		t.Fatal(err)
	}
	a.dead = *dead.QueueUrl
	router, err := a.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("router"), Attributes: map[string]string{
		"VisibilityTimeout": "2",
		"RedrivePolicy":     `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:dead","maxReceiveCount":2}`,
	}})
	if err != nil {
		t.Fatal(err)
	}
	a.router = *router.QueueUrl
	if _, err := a.ses.CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: aws.String("example.com")}); err != nil {
		t.Fatal(err)
	}
	return a
}
