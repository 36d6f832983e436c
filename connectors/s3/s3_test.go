package s3_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/s3"
	"github.com/fourmarketing/waybill/internal/testservers"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	store := testservers.StartS3(t)
	config := s3.Config{
		Endpoint: store.Endpoint, Region: store.Region, Bucket: store.Bucket, Prefix: "from northgate/",
		AccessKeyID: store.AccessKey, SecretAccessKey: store.SecretKey, Resumes: 2,
	}
	client := awss3.New(awss3.Options{
		BaseEndpoint: &store.Endpoint, Region: store.Region, UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(store.AccessKey.Reveal(), store.SecretKey.Reveal(), ""),
	})
	connectortest.Run(t, connectortest.Fixture{
		Connect: func(t *testing.T, dial connectortest.Dial) waybill.Connector {
			c := config
			c.Dial, c.Timeouts.Silence = dial, connectortest.Silence
			return connect(t, c)
		},
		Refused: func(t *testing.T) waybill.Connector {
			c := config
			c.SecretAccessKey = "wrong"
			return connect(t, c)
		},
		Put: func(t *testing.T, name string, content []byte) {
			_, err := client.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: &store.Bucket, Key: aws.String("from northgate/" + name), Body: bytes.NewReader(content)})
			if err != nil {
				t.Fatal(err)
			}
		},
	})
}

// TestPages reads a listing of several pages; a page has at most 1,000 keys.
func TestPages(t *testing.T) {
	t.Parallel()
	store := testservers.StartS3(t)
	const files = 2500
	for i := range files {
		path := filepath.Join(store.Folder, "out", fmt.Sprintf("DESP_%05d.csv", i))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := connect(t, s3.Config{Endpoint: store.Endpoint, Bucket: store.Bucket, AccessKeyID: store.AccessKey, SecretAccessKey: store.SecretKey})
	for _, glob := range []string{"out/DESP_*.csv", "**/*.csv", "out/DESP_0000?.csv"} {
		items, err := c.List(t.Context(), waybill.Request{Match: []string{glob}})
		want := files
		if glob == "out/DESP_0000?.csv" {
			want = 10
		}
		if err != nil || len(items) != want {
			t.Errorf("%s: %d items, want %d: %v", glob, len(items), want, err)
		}
	}
}

func connect(t *testing.T, c s3.Config) *s3.Connector {
	t.Helper()
	made, err := s3.New(c, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// TestOneUnreadableObject: an object that the account may not get is told apart from an account that may nothing.
func TestOneUnreadableObject(t *testing.T) {
	t.Parallel()
	var lists atomic.Bool
	lists.Store(true)
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("list-type") == "2" && lists.Load() {
			fmt.Fprint(w, `<ListBucketResult><Name>b</Name><Contents><Key>a.csv</Key><Size>3</Size><LastModified>2026-04-01T06:00:00.000Z</LastModified></Contents></ListBucketResult>`)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `<Error><Code>AccessDenied</Code><Message>no</Message></Error>`)
	}))
	t.Cleanup(store.Close)
	c := connect(t, s3.Config{Endpoint: store.URL, Region: "us-east-1", Bucket: "b", AccessKeyID: "key", SecretAccessKey: "secret"})
	items, err := c.List(t.Context(), waybill.Request{Match: []string{"*.csv"}})
	if err != nil || len(items) != 1 {
		t.Fatal(items, err)
	}
	if _, err := c.Open(t.Context(), items[0]); !errors.Is(err, waybill.ErrUnreadable) {
		t.Errorf("%v, want ErrUnreadable", err)
	}
	lists.Store(false)
	if _, err := c.Open(t.Context(), items[0]); errors.Is(err, waybill.ErrUnreadable) || !errors.Is(err, waybill.ErrAuth) {
		t.Errorf("%v, want ErrAuth alone", err)
	}
}
