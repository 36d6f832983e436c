package s3_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/bound"
	"github.com/fourmarketing/waybill/connectors/s3"
)

const (
	pageHead = `<?xml version="1.0"?><ListBucketResult><Name>b</Name><KeyCount>1</KeyCount>`
	pageTail = `<IsTruncated>%t</IsTruncated><NextContinuationToken>%d</NextContinuationToken></ListBucketResult>`
	onePage  = pageHead + "<Contents><Key>a.csv</Key><Size>1000</Size><LastModified>2026-07-01T12:00:00Z</LastModified></Contents>"
)

// TestHostile: a store that is silent, endless or lies about sizes is left within the bound.
func TestHostile(t *testing.T) {
	t.Parallel()
	file := func(send int, says string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("list-type") {
				fmt.Fprintf(w, onePage+pageTail, false, 0)
				return
			}
			w.Header().Set("Content-Length", says)
			w.Header().Set("Last-Modified", "Wed, 01 Jul 2026 12:00:00 GMT")
			_, _ = w.Write(make([]byte, send))
		}
	}
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		want  string
		kind  error
	}{
		"silent": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "", waybill.ErrTemporary},
		"silent in body": {func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, pageHead)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "", waybill.ErrTemporary},
		"endless pages": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, onePage+pageTail, true, time.Now().UnixNano())
		}, "limits.entries of the connection is 500", waybill.ErrLimit},
		"endless page": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, pageHead)
			for {
				if _, err := fmt.Fprint(w, strings.Repeat("<Contents><Key>a</Key></Contents>", 1000)); err != nil {
					return
				}
			}
		}, "no page of a listing", waybill.ErrLimit},
		"refused":        {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, "", waybill.ErrAuth},
		"shorter":        {file(900, "1000"), "", waybill.ErrTemporary},
		"longer":         {file(1100, "1100"), "", waybill.ErrTemporary},
		"nothing at all": {file(0, "1000"), "", waybill.ErrTemporary},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.serve)
			defer server.CloseClientConnections()
			config := s3.Config{Bucket: "b", Endpoint: server.URL, AccessKeyID: "i", SecretAccessKey: "s", Resumes: 1}
			config.Bounds = waybill.Bounds{Timeouts: waybill.Timeouts{Connect: time.Second, Silence: time.Second}, Limits: waybill.Limits{Entries: 500}}
			conn := bound.Within(connect(t, config), config.Bounds)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			items, err := conn.List(t.Context(), waybill.Request{Feed: "f", Match: []string{"*.csv"}})
			if err == nil {
				var r io.ReadCloser
				if r, err = conn.Open(t.Context(), items[0]); err == nil {
					_, err = io.Copy(io.Discard, r)
					_ = r.Close()
				}
			}
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %v: %q", err, c.kind, c.want)
			}
			if errors.Is(err, waybill.ErrTemporary) != (c.kind == waybill.ErrTemporary) { //nolint:errorlint // which of them the case names
				t.Errorf("temporary or not: %v", err)
			}
			if took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
			if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 300<<20 {
				t.Errorf("it took %d MB", grown>>20)
			}
		})
	}
}
