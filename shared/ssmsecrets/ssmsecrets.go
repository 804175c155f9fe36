// Package ssmsecrets reads secrets from SSM parameters: a SecureString costs
// nothing to keep and nothing to read.
package ssmsecrets

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"rouse/shared/secret"
)

// A Reader reads the parameters that secret.Parameter names.
type Reader struct {
	Client *ssm.Client
}

var _ secret.Reader = Reader{}

// Secret returns the value of the secret's parameter.
func (r Reader) Secret(ctx context.Context, name string) (string, error) {
	path := secret.Parameter(name)
	out, err := r.Client.GetParameter(ctx, &ssm.GetParameterInput{Name: &path, WithDecryption: aws.Bool(true)})
	if gone := (*types.ParameterNotFound)(nil); errors.As(err, &gone) {
		return "", fmt.Errorf("secret %s: %w: make the SSM parameter %s, a SecureString, in this Region", name, secret.ErrMissing, path)
	}
	if err != nil {
		return "", fmt.Errorf("secret %s: SSM parameter %s: %w", name, path, err)
	}
	value := ""
	if out.Parameter != nil {
		// A line break at its end is the editor's, and no header could carry it.
		value = strings.TrimRight(aws.ToString(out.Parameter.Value), "\r\n")
	}
	if value == "" {
		return "", fmt.Errorf("secret %s: %w: the SSM parameter %s is empty", name, secret.ErrMissing, path)
	}
	return value, nil
}
