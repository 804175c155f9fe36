package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rouse/cmd/rouse/local"
	"rouse/shared/check"
	"rouse/shared/dynamostore"
	"rouse/shared/memstore"
)

var localCommand = command{
	name:  "local",
	args:  "[--dynamodb URL]",
	about: "runs everything here until stopped: real checks, real mail, simulated phones",
	flags: func(flags *flag.FlagSet) func(context.Context, *call) error {
		var o localOptions
		flags.StringVar(&o.http, "http", "127.0.0.1:8600", "serve the console and the ack screens at this `ADDRESS`")
		flags.StringVar(&o.smtp, "smtp", "127.0.0.1:8625", "take mail at this `ADDRESS`")
		flags.StringVar(&o.dynamodb, "dynamodb", "", "keep the state in the DynamoDB at this `URL` instead of in memory")
		flags.StringVar(&o.table, "table", "rouse-local", "the `NAME` of its table, made if it isn't there")
		return func(ctx context.Context, c *call) error { return runLocal(ctx, c, o) }
	},
}

type localOptions struct{ http, smtp, dynamodb, table string }

func runLocal(ctx context.Context, c *call, o localOptions) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	var store local.LocalStore = memstore.New()
	if o.dynamodb != "" {
		if store, err = openTable(ctx, o.dynamodb, o.table); err != nil {
			return err
		}
	}
	held := c.secrets(ctx, check.Secrets(cfg.Checks))
	return local.Serve(ctx, c.stdout, cfg, store, held, o.http, o.smtp, slog.New(slog.NewTextHandler(c.stderr, nil)))
}

// openTable opens a table of a DynamoDB on this machine, whose keys do not
// matter.
func openTable(ctx context.Context, url, table string) (local.LocalStore, error) {
	client := dynamodb.New(dynamodb.Options{
		Region: "local", BaseEndpoint: aws.String(url),
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	if err := dynamostore.CreateTable(ctx, client, table); err != nil {
		return nil, fmt.Errorf("the DynamoDB at %s: %w", url, err)
	}
	return dynamostore.New(client, table), nil
}
