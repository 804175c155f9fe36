// Package secrets gives a function the secrets that rouse.yaml names. It is
// apart from base, since few functions need any.
package secrets

import (
	"context"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"rouse/functions/internal/base"
	"rouse/shared/awsenv"
	"rouse/shared/secret"
	"rouse/shared/ssmsecrets"
)

// New returns the secrets, which a function that names none does without: nil.
func New(b base.Base, getenv func(string) string, names []string) (*secret.Cache, error) {
	if len(names) == 0 {
		return nil, nil
	}
	cfg, err := awsenv.Config(getenv, awsenv.SSM)
	if err != nil {
		return nil, err
	}
	client := ssm.NewFromConfig(cfg, func(o *ssm.Options) { o.BaseEndpoint = awsenv.Endpoint(getenv, awsenv.SSM) })
	return &secret.Cache{From: logged{ssmsecrets.Reader{Client: client}, b.Log}, Clock: b.Clock}, nil
}

// logged says why a secret cannot be read, since a sample says only that.
type logged struct {
	secret.Reader
	log *slog.Logger
}

func (l logged) Secret(ctx context.Context, name string) (string, error) {
	value, err := l.Reader.Secret(ctx, name)
	if err != nil {
		l.log.WarnContext(ctx, "secret not read", "secret", name, "error", err)
	}
	return value, err
}
