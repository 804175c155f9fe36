// Package sqsdepth asks SQS how much lies in a queue.
package sqsdepth

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

// Queues are the account's.
type Queues struct {
	// Get is a client's GetQueueAttributes.
	Get func(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

// Depth is about how many messages the queue holds.
func (q *Queues) Depth(ctx context.Context, queueURL string) (int, error) {
	const name = types.QueueAttributeNameApproximateNumberOfMessages
	out, err := q.Get(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &queueURL, AttributeNames: []types.QueueAttributeName{name}})
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		return 0, fmt.Errorf("SQS says %s", api.ErrorCode())
	case errors.Is(err, context.DeadlineExceeded):
		return 0, errors.New("SQS did not answer in time")
	case err != nil:
		return 0, errors.New("SQS cannot be reached")
	}
	n, err := strconv.Atoi(out.Attributes[string(name)])
	if err != nil {
		return 0, errors.New("SQS does not say how many")
	}
	return n, nil
}
