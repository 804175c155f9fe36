// Command endpoints keeps stand-ins for AWS running on fixed ports, for
// `sam local invoke` and for looking around: DynamoDB Local on 8000; SNS, SQS,
// SES and SSM on 8001; S3 on 8002. It reads rouse.yaml for whom a topic is made,
// lays every events/*.eml into the mail bucket, and tells what is published and
// sent until it is stopped. Everything is in memory.
//
// It listens on loopback; containers on a bridge network need -host 0.0.0.0.
package main

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"rouse/shared/check"
	"rouse/shared/config"
	"rouse/shared/dynamostore"
	"rouse/shared/env"
	"rouse/shared/secret"
	"rouse/test/awsfake"
	"rouse/test/dynamolocal"
)

const (
	dynamoPort = 8000
	awsPort    = 8001
	s3Port     = 8002

	table  = "rouse"
	bucket = "rouse-mail"
)

func main() {
	host := flag.String("host", "127.0.0.1", "address to listen on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *host); err != nil {
		fmt.Fprintln(os.Stderr, "endpoints:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, host string) error {
	team, err := config.Load("rouse.yaml")
	if err != nil {
		return err
	}
	db, err := dynamolocal.Start(ctx, dynamoPort)
	if err != nil {
		return err
	}
	defer db.Close()
	client := dynamodb.New(dynamodb.Options{
		BaseEndpoint: &db.URL,
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	if err := dynamostore.CreateTable(ctx, client, table); err != nil {
		return err
	}

	recorder := awsfake.New(account(team))
	recorder.URL = fmt.Sprintf("http://%s:%d", host, awsPort)
	mail := s3mem.New()
	if err := fillBucket(mail); err != nil {
		return err
	}
	failed := make(chan error, 2)
	for port, handler := range map[int]http.Handler{awsPort: recorder, s3Port: gofakes3.New(mail).Server()} {
		listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", host, port))
		if err != nil {
			return fmt.Errorf("%w; these ports are fixed, because events/env.json names them", err)
		}
		server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
		defer server.Close()
		go func() { failed <- server.Serve(listener) }()
	}
	fmt.Printf("DynamoDB %s (table %s)\nSNS, SQS, SES %s (queues router and desk)\nS3 http://%s:%d (bucket %s)\n", db.URL, table, recorder.URL, host, s3Port, bucket)

	go tell(ctx, recorder)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

func account(team *config.Config) awsfake.Options {
	o := awsfake.Options{
		Queues:     []awsfake.Queue{{Name: "router"}, {Name: "desk"}, {Name: "router-dead"}},
		Topics:     []string{"ops-ring", "ops-tell"},
		Facts:      awsfake.Facts{SMSProduction: true, SpendLimit: "50"}, // and nobody has confirmed anything
		Parameters: map[string]string{},
	}
	for _, name := range append(check.Secrets(team.Checks), team.HookSecrets()...) {
		o.Parameters[secret.Parameter(name)] = cmp.Or(os.Getenv(secret.Variable(name)), "sam-local")
	}
	for _, r := range team.Responders {
		o.Topics = append(o.Topics, r.ID)
	}
	if team.Inbox != nil {
		_, domain, _ := strings.Cut(team.Inbox.ReplyFrom, "@")
		o.Senders, o.ConfigurationSets = []string{domain}, []string{"rouse"}
		o.Facts.SESRate = 14
	}
	return o
}

func fillBucket(mail *s3mem.Backend) error {
	if err := mail.CreateBucket(bucket); err != nil {
		return err
	}
	files, err := filepath.Glob("events/*.eml")
	if err != nil {
		return err
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		key := env.MailNew + strings.TrimSuffix(filepath.Base(file), ".eml")
		if _, err := mail.PutObject(bucket, key, nil, bytes.NewReader(content), int64(len(content)), nil); err != nil {
			return err
		}
	}
	return nil
}

// tell prints what SNS and SES accept, and what they refuse, as it happens.
func tell(ctx context.Context, recorder *awsfake.Server) {
	go func() {
		for n := 0; ; n++ {
			pages, err := recorder.WaitPublished(ctx, n+1)
			if err != nil {
				return
			}
			p := pages[n]
			fmt.Printf("%s page to %s by %s: %s\n", p.At.Format(time.TimeOnly), p.Topic(), p.Attributes["channel"].Value, p.Text(p.Attributes["channel"].Value))
		}
	}()
	go func() {
		for n := 0; ; n++ {
			mails, err := recorder.WaitSent(ctx, n+1)
			if err != nil {
				return
			}
			fmt.Printf("%s mail to %s:\n%s\n", mails[n].At.Format(time.TimeOnly), strings.Join(mails[n].To, ", "), mails[n].Raw)
		}
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for _, r := range recorder.TakeRefusals() {
				fmt.Println("refused:", r)
			}
		case <-ctx.Done():
			return
		}
	}
}
