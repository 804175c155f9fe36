package dynamostore_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rouse/shared/dynamostore"
)

// A wire stands between a store and DynamoDB: it counts the calls, and may
// break before one or after it.
type wire struct {
	dynamostore.API

	mu    sync.Mutex
	calls []string
	// cut, if not nil, fails the nth call from 1, before DynamoDB has seen it
	// or after it was done.
	cut func(n int) (before, after bool)
}

var errCut = errors.New("the wire is cut")

// take returns the calls made since it was last called.
func (w *wire) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := slices.Clone(w.calls)
	w.calls = nil
	return calls
}

func pass[In, Out any](w *wire, name string, call func(context.Context, In, ...func(*dynamodb.Options)) (Out, error),
	ctx context.Context, in In, options []func(*dynamodb.Options)) (none Out, err error) {
	w.mu.Lock()
	w.calls = append(w.calls, name)
	var before, after bool
	if w.cut != nil {
		before, after = w.cut(len(w.calls))
	}
	w.mu.Unlock()
	if folding, ok := ctx.Value(foldingKey{}).(*atomic.Int64); ok {
		folding.Add(1)
	}
	if before {
		return none, errCut
	}
	out, err := call(ctx, in, options...)
	if after {
		return none, errCut
	}
	return out, err
}

func (w *wire) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return pass(w, "TransactWriteItems", w.API.TransactWriteItems, ctx, in, o)
}

func (w *wire) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return pass(w, "Query", w.API.Query, ctx, in, o)
}

func (w *wire) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return pass(w, "GetItem", w.API.GetItem, ctx, in, o)
}

func (w *wire) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return pass(w, "PutItem", w.API.PutItem, ctx, in, o)
}

func (w *wire) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return pass(w, "UpdateItem", w.API.UpdateItem, ctx, in, o)
}

func (w *wire) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	return pass(w, "DeleteItem", w.API.DeleteItem, ctx, in, o)
}

func (w *wire) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return pass(w, "BatchGetItem", w.API.BatchGetItem, ctx, in, o)
}

func (w *wire) BatchWriteItem(ctx context.Context, in *dynamodb.BatchWriteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	return pass(w, "BatchWriteItem", w.API.BatchWriteItem, ctx, in, o)
}
