package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"rouse/shared/env"
)

// newState makes the table, in a stack of its own that outlives the service:
// it holds every incident, and everything that must still be done about one.
func newState(scope constructs.Construct, id string) awsdynamodb.Table {
	stack := awscdk.NewStack(scope, jsii.String(id), &awscdk.StackProps{
		Description:           jsii.String("Rouse: the table of incidents, kept when the service is removed"),
		TerminationProtection: jsii.Bool(true),
	})
	text := func(attribute string) *awsdynamodb.Attribute {
		return &awsdynamodb.Attribute{Name: jsii.String(attribute), Type: awsdynamodb.AttributeType_STRING}
	}
	table := awsdynamodb.NewTable(stack, jsii.String("Table"), &awsdynamodb.TableProps{
		PartitionKey:        text(env.PartitionKey),
		SortKey:             text(env.SortKey),
		TimeToLiveAttribute: jsii.String(env.Expires),
		BillingMode:         awsdynamodb.BillingMode_PAY_PER_REQUEST,
		DeletionProtection:  jsii.Bool(true),
		RemovalPolicy:       awscdk.RemovalPolicy_RETAIN,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
	})
	table.AddGlobalSecondaryIndex(&awsdynamodb.GlobalSecondaryIndexProps{
		IndexName:      jsii.String(env.DueIndex),
		PartitionKey:   text(env.DueShard),
		SortKey:        text(env.DueAt),
		ProjectionType: awsdynamodb.ProjectionType_KEYS_ONLY,
	})
	name(table, "Table")
	awscdk.NewCfnOutput(stack, jsii.String("TableName"), &awscdk.CfnOutputProps{
		Description: jsii.String("What the rouse command needs to know, as " + env.Table + " or --table"),
		Value:       table.TableName(),
	})
	return table
}
