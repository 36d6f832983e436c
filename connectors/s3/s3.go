// Package s3 offers the objects under a prefix of a bucket, at AWS or any store that speaks its protocol. An
// ETag is used to see that an object stayed the same, never as a hash of its bytes. It only reads, and knows
// nothing of readiness or of what is in the files.
package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/bound"
	"github.com/fourmarketing/waybill/connectors/internal/listing"
	"github.com/fourmarketing/waybill/connectors/internal/transfer"
)

// Connector reaches one prefix of one bucket.
type Connector struct {
	config Config
	client *s3.Client
}

// New makes a connector; it dials when it is first used. It asks no clock.
func New(c Config, _ func() time.Time) (*Connector, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	client, err := c.client()
	if err != nil {
		return nil, err
	}
	return &Connector{config: c, client: client}, nil
}

// List returns the objects that the request's globs name. A bucket has no folders: a glob with ** or a wildcard
// before a slash reads every key after its fixed beginning, and one whose folder does not exist finds nothing.
func (c *Connector) List(ctx context.Context, r waybill.Request) ([]waybill.Item, error) {
	globs, err := listing.Parse(r.Match)
	if err != nil {
		return nil, err
	}
	found := map[string]waybill.Item{}
	for i := range globs.Len() {
		if err := c.listGlob(ctx, globs, i, found); err != nil {
			return nil, fmt.Errorf("list %s: %w", c.config.place(), err)
		}
	}
	items := make([]waybill.Item, 0, len(found))
	for _, it := range found {
		it.Request = r
		items = append(items, it)
	}
	listing.Sort(items)
	return items, nil
}

// Open returns the bytes of one object. It fails with ErrTemporary when the object is no longer as it was
// listed, and takes a cut download up again as long as it is the same.
func (c *Connector) Open(ctx context.Context, it waybill.Item) (io.ReadCloser, error) {
	if it.Name == "" || it.Name[0] == '/' || slices.Contains(strings.Split(it.Name, "/"), "..") {
		return nil, fmt.Errorf("open %q: %w: not a name below the prefix", it.Name, waybill.ErrNotFound)
	}
	d := &download{connector: c, key: c.config.Prefix + it.Name, begun: it}
	if it.ModifiedAt.IsZero() || it.Size < 0 {
		now, err := d.head(ctx)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", it.Name, err)
		}
		d.begun = now
	}
	d.begun.ModifiedAt = d.begun.ModifiedAt.Truncate(time.Second) // listings may tell fractions, headers cannot
	return transfer.Start(ctx, transfer.Plan{
		Name: it.Name, Size: d.begun.Size, Resumes: c.config.Resumes, Pause: resumePause, Silence: c.config.Timeouts.Silence, Open: d.open,
	})
}

// Close has nothing to give back: idle connections end by themselves.
func (c *Connector) Close() error { return nil }

// Check says whether the prefix can be listed.
func (c *Connector) Check(ctx context.Context) []waybill.Finding {
	f := waybill.Finding{Subject: "s3 " + c.config.place() + ": list"}
	page, err := c.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &c.config.Bucket, Prefix: &c.config.Prefix, MaxKeys: aws.Int32(1)})
	switch err = translate(ctx, err); {
	case errors.Is(err, waybill.ErrNotFound):
		f.Detail, f.Remedy = err.Error(), "correct bucket and endpoint"
	case errors.Is(err, waybill.ErrAuth):
		f.Detail, f.Remedy = err.Error(), "check access_key_id and secret_access_key, this machine's clock, and that the account may do s3:ListBucket and s3:GetObject"
	case err != nil:
		f.Detail, f.Remedy = err.Error(), "check endpoint and region, and whether a firewall is in between"
	default:
		f.OK, f.Detail = true, fmt.Sprintf("region %s, first page has %d keys", c.config.Region, len(page.Contents))
	}
	return []waybill.Finding{f}
}

// listGlob adds the objects that one glob names.
func (c *Connector) listGlob(ctx context.Context, globs listing.Globs, i int, found map[string]waybill.Item) error {
	prefix, flat := globs.Prefix(i)
	input := &s3.ListObjectsV2Input{Bucket: &c.config.Bucket, Prefix: aws.String(c.config.Prefix + prefix)}
	if flat {
		input.Delimiter = aws.String("/")
	}
	met := 0
	for pages := s3.NewListObjectsV2Paginator(c.client, input); pages.HasMorePages(); {
		bound.Step(ctx, "list keys that begin with "+c.config.Prefix+prefix, 0)
		page, err := pages.NextPage(ctx)
		if err != nil {
			return translate(ctx, err)
		}
		if met += len(page.Contents); met > c.config.Limits.Entries {
			return bound.TooMany(met, c.config.Limits.Entries)
		}
		for _, o := range page.Contents {
			name := strings.TrimPrefix(aws.ToString(o.Key), c.config.Prefix)
			if !strings.HasSuffix(name, "/") && globs.Match(name) { // a key that ends in a slash stands for a folder
				found[name] = waybill.Item{Name: name, Size: aws.ToInt64(o.Size), ModifiedAt: aws.ToTime(o.LastModified).UTC()}
			}
		}
	}
	return nil
}

// download is one object's way from the store, over as many requests as it takes.
type download struct {
	connector *Connector
	key       string
	begun     waybill.Item // size and time that have to stay the same
	etag      *string      // that has to stay the same once the first request has shown it
}

// open asks for the object from an offset on. At its end there is nothing to transfer but to see that the object
// is the same.
func (d *download) open(ctx context.Context, offset int64) (io.ReadCloser, error) {
	if offset > 0 && offset == d.begun.Size {
		now, err := d.head(ctx)
		if err != nil {
			return nil, err
		}
		return http.NoBody, transfer.Unchanged(d.begun, now)
	}
	input := &s3.GetObjectInput{Bucket: &d.connector.config.Bucket, Key: &d.key, IfMatch: d.etag}
	if offset > 0 {
		input.Range = aws.String(fmt.Sprintf("bytes=%d-", offset))
	}
	got, err := d.connector.client.GetObject(ctx, input)
	if err != nil {
		return nil, d.connector.refused(ctx, translate(ctx, err))
	}
	now := waybill.Item{Size: -1, ModifiedAt: aws.ToTime(got.LastModified).UTC()}
	if got.ContentLength != nil {
		now.Size = offset + *got.ContentLength
	}
	if err := transfer.Unchanged(d.begun, now); err != nil {
		return nil, errors.Join(err, got.Body.Close())
	}
	d.etag = got.ETag
	return &body{ReadCloser: got.Body, ctx: ctx}, nil
}

// refused tells an object that may not be read from a credential that is not taken, which cannot list either.
func (c *Connector) refused(ctx context.Context, err error) error {
	if !errors.Is(err, waybill.ErrAuth) {
		return err
	}
	if _, listing := c.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &c.config.Bucket, Prefix: &c.config.Prefix, MaxKeys: aws.Int32(1)}); listing != nil {
		return err
	}
	return fmt.Errorf("%w: %w; let the account do s3:GetObject on it", waybill.ErrUnreadable, err)
}

// head asks for the object's size and time.
func (d *download) head(ctx context.Context) (waybill.Item, error) {
	got, err := d.connector.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &d.connector.config.Bucket, Key: &d.key, IfMatch: d.etag})
	if err != nil {
		return waybill.Item{}, translate(ctx, err)
	}
	now := waybill.Item{Size: -1, ModifiedAt: aws.ToTime(got.LastModified).UTC()}
	if got.ContentLength != nil {
		now.Size = *got.ContentLength
	}
	return now, nil
}

// body is a response's body, with the store's errors in the meaning that callers act on.
type body struct {
	io.ReadCloser
	ctx context.Context
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = translate(b.ctx, err)
	}
	return n, err
}

// translate gives the store's answers the meaning that callers act on; the status tells it, because stores
// differ in their error codes.
func translate(ctx context.Context, err error) error {
	var answer *awshttp.ResponseError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, waybill.ErrLimit):
		return err
	case !errors.As(err, &answer):
		if transfer.Cut(err) && !errors.Is(err, waybill.ErrTemporary) {
			return fmt.Errorf("%w: %w", waybill.ErrTemporary, err)
		}
		return err
	}
	switch status := answer.HTTPStatusCode(); {
	case status < http.StatusMultipleChoices && transfer.Cut(err): // no answer at all, or a part of one
		return fmt.Errorf("%w: %w", waybill.ErrTemporary, err)
	case status == http.StatusNotFound:
		return fmt.Errorf("%w: %w", waybill.ErrNotFound, err)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fmt.Errorf("%w: %w", waybill.ErrAuth, err)
	case status == http.StatusPreconditionFailed, status == http.StatusRequestedRangeNotSatisfiable:
		return fmt.Errorf("%w (%w): %w", transfer.ErrChanged, waybill.ErrTemporary, err)
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return fmt.Errorf("%w: %w", waybill.ErrTemporary, err)
	}
	return err
}
