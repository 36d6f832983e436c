package lake_test

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/fourmarketing/waybill/lake"
)

// countObjects looks at the store itself, past the lake.
func countObjects(t testing.TB, l *lake.Lake, cfg lake.Config, suffix string) int {
	t.Helper()
	n := 0
	for _, key := range keys(t, l, cfg) {
		if strings.HasSuffix(key, suffix) && !strings.Contains(key, "trash/") {
			n++
		}
	}
	return n
}

func keys(t testing.TB, l *lake.Lake, cfg lake.Config) []string {
	t.Helper()
	var out []string
	if !strings.HasPrefix(cfg.Root, "s3://") {
		err := filepath.WalkDir(l.Root(), func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				out = append(out, filepath.ToSlash(name))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(cfg.Root, "s3://"), "/")
	pages := s3.NewListObjectsV2Paginator(client(cfg), &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: aws.String(prefix + "/")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			out = append(out, *o.Key)
		}
	}
	return out
}

func client(cfg lake.Config) *s3.Client {
	return s3.New(s3.Options{
		Region: cfg.S3.Region, BaseEndpoint: &cfg.S3.Endpoint, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(cfg.S3.AccessKey.Reveal(), cfg.S3.SecretKey.Reveal(), ""),
	})
}

var errCut = errors.New("connection cut")

// cutReader breaks after some bytes, as a partner's server does.
type cutReader struct {
	r    io.Reader
	left int
}

func (c *cutReader) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errCut
	}
	n, err := c.r.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

func sorted(s []string) []string { slices.Sort(s); return s }

func keysOf[V any](m map[string]V) []string { return slices.Collect(maps.Keys(m)) }
