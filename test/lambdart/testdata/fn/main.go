// Command fn is a Lambda function that does what its event says.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

func main() {
	fmt.Println("starting")
	if os.Getenv("FAIL_INIT") != "" {
		fmt.Fprintln(os.Stderr, "FAIL_INIT is set")
		os.Exit(3)
	}
	lambda.Start(handle)
}

func handle(ctx context.Context, event json.RawMessage) (any, error) {
	var e struct {
		Do      string
		Bytes   int
		Records []events.SQSMessage
		Version string
	}
	if err := json.Unmarshal(event, &e); err != nil {
		return nil, err
	}
	switch {
	case e.Records != nil:
		return batch(e.Records), nil
	case e.Version == "2.0":
		return page(event)
	}
	switch e.Do {
	case "context":
		lc, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return map[string]any{
			"id": lc.AwsRequestID, "arn": lc.InvokedFunctionArn, "left": time.Until(deadline).Seconds(),
			"env": os.Environ(), "pid": os.Getpid(),
		}, nil
	case "files":
		_, err := time.LoadLocation("America/Chicago")
		_, statErr := os.Stat("/usr")
		return map[string]bool{"zone": err == nil, "usr": statErr == nil}, nil
	case "fail":
		return nil, errors.New("as asked")
	case "panic":
		panic("as asked")
	case "exit":
		os.Exit(7)
	case "hang":
		fmt.Println("hanging")
		select {}
	case "large":
		return strings.Repeat("x", e.Bytes), nil
	}
	return e.Do, nil
}

// batch fails the messages whose body is "bad", and answers nonsense to one
// that is "nonsense".
func batch(messages []events.SQSMessage) any {
	failures := []events.SQSBatchItemFailure{}
	for _, m := range messages {
		fmt.Printf("message %s %s %s\n", m.Body, m.Attributes["ApproximateReceiveCount"], m.EventSourceARN)
		switch m.Body {
		case "bad":
			failures = append(failures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		case "nonsense":
			failures = append(failures, events.SQSBatchItemFailure{ItemIdentifier: "none of them"})
		}
	}
	return events.SQSEventResponse{BatchItemFailures: failures}
}

// page echoes the request.
func page(event json.RawMessage) (any, error) {
	var r events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(event, &r); err != nil {
		return nil, err
	}
	switch r.PathParameters["code"] {
	case "plain":
		return map[string]string{"just": "JSON"}, nil
	case "fail":
		return nil, errors.New("as asked")
	}
	return events.APIGatewayV2HTTPResponse{
		StatusCode: 418,
		Headers:    map[string]string{"X-Seen": r.RouteKey},
		Cookies:    []string{"a=1", "b=2"},
		Body:       string(event),
	}, nil
}
