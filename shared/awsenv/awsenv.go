// Package awsenv makes an AWS configuration of the environment alone, as
// Lambda sets it: the SDK's own loader knows profiles, roles and metadata
// servers, and would make every function a third larger.
package awsenv

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Services whose endpoint can be set apart, by the SDKs' common name.
const (
	DynamoDB   = "DYNAMODB"
	SNS        = "SNS"
	SQS        = "SQS"
	SES        = "SESV2"
	S3         = "S3"
	CloudWatch = "CLOUDWATCH"
	SSM        = "SSM"
)

// Config returns the configuration for the given services. On a laptop
// (AWS_SAM_LOCAL=true) it refuses to talk to AWS itself: each service needs an
// endpoint of its own.
func Config(getenv func(string) string, services ...string) (aws.Config, error) {
	region := getenv("AWS_REGION")
	if region == "" {
		return aws.Config{}, fmt.Errorf("AWS_REGION is not set: Lambda sets it; elsewhere say which Region the stack is in")
	}
	id, secret := getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY")
	if id == "" || secret == "" {
		return aws.Config{}, fmt.Errorf("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set: Lambda sets them; with sam local, export any values")
	}
	if getenv("AWS_SAM_LOCAL") == "true" {
		for _, s := range services {
			if Endpoint(getenv, s) == nil {
				return aws.Config{}, fmt.Errorf("AWS_SAM_LOCAL is set and AWS_ENDPOINT_URL_%s is not: "+
					"refusing to reach the real AWS from a laptop. Start `make endpoints` and pass --env-vars events/env.json", s)
			}
		}
	}
	return aws.Config{
		Region:      region,
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, getenv("AWS_SESSION_TOKEN")),
	}, nil
}

// Endpoint returns the endpoint that the environment sets for a service, nil
// for AWS's own.
func Endpoint(getenv func(string) string, service string) *string {
	for _, name := range []string{"AWS_ENDPOINT_URL_" + service, "AWS_ENDPOINT_URL"} {
		if url := strings.TrimSuffix(getenv(name), "/"); url != "" {
			return &url
		}
	}
	return nil
}
