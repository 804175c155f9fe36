// Package s3mail keeps inbound mail in the bucket into which SES writes it:
// under new/ until it has been read, then under read/ by day.
package s3mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"rouse/shared/env"
	"rouse/shared/inbox"
)

// setup is what SES writes into a bucket to see that it can.
const setup = "AMAZON_SES_SETUP_NOTIFICATION"

// Mails is a bucket.
type Mails struct {
	Client *s3.Client
	Bucket string
}

var _ inbox.Mails = (*Mails)(nil)

// ID returns the id of the mail that is stored under key. ok is false if there
// is no mail under it.
func ID(key string) (id string, ok bool) {
	id, ok = strings.CutPrefix(key, env.MailNew)
	return id, ok && id != "" && id != setup
}

func (m *Mails) Open(ctx context.Context, id string) (io.ReadCloser, error) {
	out, err := m.Client.GetObject(ctx, &s3.GetObjectInput{Bucket: &m.Bucket, Key: aws.String(env.MailNew + id)})
	if missing(err) {
		return nil, inbox.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", m.Bucket, err)
	}
	return out.Body, nil
}

func (m *Mails) New(ctx context.Context, limit int) ([]inbox.Stored, error) {
	out, err := m.Client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket: &m.Bucket, Prefix: aws.String(env.MailNew), MaxKeys: aws.Int32(int32(limit)),
	})
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", m.Bucket, err)
	}
	var mails []inbox.Stored
	for _, o := range out.Contents {
		if id, ok := ID(aws.ToString(o.Key)); ok {
			mails = append(mails, inbox.Stored{ID: id, At: aws.ToTime(o.LastModified)})
		}
	}
	return mails, nil
}

// Read copies, then deletes: a crash in between leaves a mail that is read
// again, to no effect.
func (m *Mails) Read(ctx context.Context, id string, at time.Time) error {
	from := env.MailNew + id
	to := env.MailRead + at.UTC().Format("2006/01/02/") + id
	_, err := m.Client.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: &m.Bucket, Key: &to, CopySource: aws.String(escape(m.Bucket + "/" + from)),
	})
	if missing(err) {
		return nil // somebody else has moved it
	}
	if err != nil {
		return fmt.Errorf("keep mail %q as read: %w", id, err)
	}
	if _, err := m.Client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &m.Bucket, Key: &from}); err != nil {
		return fmt.Errorf("mail %q is read but still listed as new: %w", id, err)
	}
	return nil
}

// escape writes a header's path as S3 reads it: a plus sign would be a space.
func escape(path string) string {
	return strings.ReplaceAll((&url.URL{Path: path}).EscapedPath(), "+", "%2B")
}

// missing reports whether there is no such object. Not every operation has a
// type of its own for it.
func missing(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "NoSuchKey"
}
