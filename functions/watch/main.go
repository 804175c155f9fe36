// Command watch watches Rouse itself, each minute, and says what it finds by a
// way that does not pass the router.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	_ "time/tzdata" // provided.al2023 has no zone database

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"rouse/functions/internal/base"
	"rouse/shared/awsenv"
	"rouse/shared/env"
	"rouse/shared/record"
	"rouse/shared/smsbill"
	"rouse/shared/snsaccount"
	"rouse/shared/sqsdepth"
	"rouse/shared/watch"
)

func main() { base.Start("watch", wire) }

// account is what AWS knows, each from the service that knows it.
type account struct {
	*snsaccount.Account
	*smsbill.Bill
	*sqsdepth.Queues
}

func wire(getenv func(string) string) (base.Handler, error) {
	b, err := base.New(getenv, []string{awsenv.SNS, awsenv.CloudWatch}, env.Topics, env.RingTopic, env.TellTopic, env.DeadQueues)
	if err != nil {
		return nil, err
	}
	d := record.Deployment{Region: b.AWS.Region, Ring: getenv(env.RingTopic), Tell: getenv(env.TellTopic)}
	if err := json.Unmarshal([]byte(getenv(env.Topics)), &d.Topics); err != nil {
		return nil, fmt.Errorf(`%s: want {"responder": "topic ARN", …}: %w`, env.Topics, err)
	}
	if err := json.Unmarshal([]byte(getenv(env.DeadQueues)), &d.Dead); err != nil {
		return nil, fmt.Errorf(`%s: want {"function": "queue URL", …}: %w`, env.DeadQueues, err)
	}
	topics := sns.NewFromConfig(b.AWS, func(o *sns.Options) { o.BaseEndpoint = awsenv.Endpoint(getenv, awsenv.SNS) })
	metrics := cloudwatch.NewFromConfig(b.AWS, func(o *cloudwatch.Options) { o.BaseEndpoint = awsenv.Endpoint(getenv, awsenv.CloudWatch) })
	queues := sqs.NewFromConfig(b.AWS, func(o *sqs.Options) { o.BaseEndpoint = awsenv.Endpoint(getenv, awsenv.SQS) })
	known := &snsaccount.Account{Client: topics, RingTopic: d.Ring, TellTopic: d.Tell}
	w := &watch.Watch{
		Config: b.Config, Store: b.Store, Hints: b.Hints, Clock: b.Clock, Log: b.Log, Deployment: d, Teller: known,
		Account: account{known, &smsbill.Bill{Get: metrics.GetMetricStatistics, Clock: b.Clock}, &sqsdepth.Queues{Get: queues.GetQueueAttributes}},
		Ping:    watch.Fetch(http.DefaultClient),
	}
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		if !base.IsSweep(event) {
			return nil, fmt.Errorf("want %s", env.Sweep)
		}
		return nil, w.Run(ctx)
	}, nil
}
