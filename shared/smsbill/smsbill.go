// Package smsbill asks CloudWatch what the month's SMS have cost.
package smsbill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"

	"rouse/shared/clock"
)

// A Bill is the account's.
type Bill struct {
	// Get is a client's GetMetricStatistics.
	Get   func(context.Context, *cloudwatch.GetMetricStatisticsInput, ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricStatisticsOutput, error)
	Clock clock.Clock
}

// Spent is how many dollars SMS have cost since the month began, by UTC. SNS
// reports it with each SMS: nothing reported is nothing spent.
func (b *Bill) Spent(ctx context.Context) (float64, error) {
	now := b.Clock.Now().UTC()
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	const period = 24 * time.Hour
	out, err := b.Get(ctx, &cloudwatch.GetMetricStatisticsInput{
		Namespace: aws.String("AWS/SNS"), MetricName: aws.String("SMSMonthToDateSpentUSD"),
		StartTime: &month, EndTime: aws.Time(now.Add(time.Minute)), Period: aws.Int32(int32(period.Seconds())),
		Statistics: []types.Statistic{types.StatisticMaximum},
	})
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		return 0, fmt.Errorf("CloudWatch says %s", api.ErrorCode())
	case errors.Is(err, context.DeadlineExceeded):
		return 0, errors.New("CloudWatch did not answer in time")
	case err != nil:
		return 0, errors.New("CloudWatch cannot be reached")
	}
	var spent float64
	for _, p := range out.Datapoints {
		spent = max(spent, aws.ToFloat64(p.Maximum))
	}
	return spent, nil
}
