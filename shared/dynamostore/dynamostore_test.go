package dynamostore_test

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rouse/shared/dynamostore"
	"rouse/test/contract"
	"rouse/test/dynamolocal"
)

func TestContract(t *testing.T) {
	contract.Test(t, func(t *testing.T) contract.Store { return dynamostore.New(table(t)) })
}

// client speaks to the DynamoDB that all tests share.
func client(t testing.TB) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String(dynamolocal.Endpoint(t)),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
}

// table makes one for the test.
func table(t testing.TB) (*dynamodb.Client, string) {
	t.Helper()
	c, name := client(t), "rouse-test-"+rand.Text()
	if err := dynamostore.CreateTable(t.Context(), c, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := c.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
			t.Error(err)
		}
	})
	return c, name
}

func TestItDoesWhatTheMemstoreDoes(t *testing.T) {
	contract.Compare(t, dynamostore.New(table(t)))
}
