package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/silence"
)

const (
	s3Attempts = 4       // per call, with the SDK's back-off between them
	s3MaxPut   = 5 << 30 // largest object of one PUT, https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
)

// bucket keeps objects on S3 below a prefix.
type bucket struct {
	s3     *s3.Client
	name   string
	prefix string // empty or with a trailing slash
}

func openBucket(ctx context.Context, root string, c S3, t waybill.Timeouts) (objects, error) {
	u, err := url.Parse(root)
	if err != nil || u.Host == "" {
		return objects{}, fmt.Errorf("root %q is not s3://bucket/prefix", root)
	}
	opts := []func(*config.LoadOptions) error{
		config.WithRegion(c.Region),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(to *http.Transport) {
			to.DialContext = silence.Bound(nil, "the lake's store", t)
			to.IdleConnTimeout = t.Silence / 2 // before its silence, which nobody waits in
		})),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = s3Attempts
				o.Retryables = append(o.Retryables, retry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusTooManyRequests: {}}})
			})
		}),
	}
	if c.AccessKey != "" {
		opts = append(opts, config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(c.AccessKey.Reveal(), c.SecretKey.Reveal(), "")))
	}
	ac, err := config.LoadDefaultConfig(ctx, opts...)
	if err != nil {
		return objects{}, fmt.Errorf("read the S3 settings: %w", err)
	}
	client := s3.NewFromConfig(ac, func(o *s3.Options) {
		if c.Endpoint != "" {
			o.BaseEndpoint = aws.String(c.Endpoint)
		}
		o.UsePathStyle = c.pathStyle()
		o.DisableLogOutputChecksumValidationSkipped = true
	})
	prefix := strings.Trim(u.Path, "/")
	b := bucket{s3: client, name: u.Host}
	if prefix != "" {
		b.prefix = prefix + "/"
	}
	return objects{reader: b, writer: b, register: b, aws: &ac, base: strings.TrimSuffix("s3://"+u.Host+"/"+prefix, "/")}, nil
}

func (b bucket) at(key string) *string { return aws.String(b.prefix + key) }

func (b bucket) open(ctx context.Context, key string) (io.ReadCloser, int64, error) {
	out, err := b.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: b.at(key)})
	if err != nil {
		return nil, 0, temporary(err)
	}
	return out.Body, aws.ToInt64(out.ContentLength), nil
}

func (b bucket) size(ctx context.Context, key string) (int64, error) {
	out, err := b.s3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: b.at(key)})
	if err != nil {
		return 0, temporary(err)
	}
	return aws.ToInt64(out.ContentLength), nil
}

func (b bucket) list(ctx context.Context, prefix string) iter.Seq2[object, error] {
	return func(yield func(object, error) bool) {
		pages := s3.NewListObjectsV2Paginator(b.s3, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: b.at(prefix + "/")})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(object{}, fmt.Errorf("list s3://%s/%s%s: %w", b.name, b.prefix, prefix, temporary(err)))
				return
			}
			for _, o := range page.Contents {
				key := strings.TrimPrefix(aws.ToString(o.Key), b.prefix)
				if !yield(object{key: key, bytes: aws.ToInt64(o.Size), modified: aws.ToTime(o.LastModified)}, nil) {
					return
				}
			}
		}
	}
}

func (b bucket) put(ctx context.Context, key, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return temporary(err)
	}
	err = b.send(ctx, key, f)
	return errors.Join(err, f.Close())
}

func (b bucket) send(ctx context.Context, key string, f *os.File) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if st.Size() > s3MaxPut {
		return fmt.Errorf("put s3://%s/%s%s: %d bytes are more than the 5 GiB of one put; write smaller files", b.name, b.prefix, key, st.Size())
	}
	_, err = b.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &b.name, Key: b.at(key), Body: f, ContentLength: aws.Int64(st.Size())})
	return temporary(err)
}

func (b bucket) remove(ctx context.Context, key string) error {
	_, err := b.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: b.at(key)})
	return err2nil(temporary(err), waybill.ErrNotFound)
}

// move copies and then removes: S3 has no rename.
func (b bucket) move(ctx context.Context, from, to string) error {
	source := (&url.URL{Path: b.name + "/" + b.prefix + from}).EscapedPath()
	_, err := b.s3.CopyObject(ctx, &s3.CopyObjectInput{Bucket: &b.name, Key: b.at(to), CopySource: &source})
	if err = temporary(err); err != nil {
		return err2nil(err, waybill.ErrNotFound)
	}
	return b.remove(ctx, from)
}
