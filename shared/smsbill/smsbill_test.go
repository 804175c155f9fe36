package smsbill_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"rouse/shared/clock"
	"rouse/shared/smsbill"
	"rouse/test/awsfake"
)

func start(t *testing.T, facts awsfake.Facts, attempts int) (*awsfake.Server, *smsbill.Bill) {
	s := awsfake.Start(t, awsfake.Options{Facts: facts})
	client := cloudwatch.New(cloudwatch.Options{
		BaseEndpoint: &s.URL, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""), RetryMaxAttempts: attempts,
	})
	return s, &smsbill.Bill{Get: client.GetMetricStatistics, Clock: clock.NewVirtual(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))}
}

func TestSpent(t *testing.T) {
	s, b := start(t, awsfake.Facts{}, 3)
	for _, want := range []float64{0, 12.34} {
		s.Change(func(f *awsfake.Facts) { f.Spent = want })
		if got, err := b.Spent(t.Context()); err != nil || got != want {
			t.Errorf("%g, err %v, want %g", got, err, want)
		}
	}
}

func TestFaults(t *testing.T) {
	for want, fault := range map[string]awsfake.Fault{
		"CloudWatch says Throttling":            awsfake.Throttle,
		"CloudWatch says InternalFailure":       awsfake.Unavailable,
		"CloudWatch says AccessDeniedException": awsfake.Denied,
		"CloudWatch cannot be reached":          awsfake.Drop,
		"CloudWatch did not answer in time":     awsfake.Hang,
	} {
		s, b := start(t, awsfake.Facts{}, 1)
		s.Fail("GetMetricStatistics", awsfake.Always, fault)
		limit := 5 * time.Second
		if fault.Hold != nil {
			limit = 50 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		if _, err := b.Spent(ctx); err == nil || err.Error() != want {
			t.Errorf("err %v, want %s", err, want)
		}
		cancel()
	}
}
