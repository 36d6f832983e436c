package lake_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
)

// TestSilentStore: a store, or a catalog's server, that takes connections and says nothing is left within the bound, by its name.
func TestSilentStore(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c) }()
		}
	}()
	bounds := waybill.Timeouts{Connect: time.Second, Silence: 300 * time.Millisecond}
	began := time.Now()
	l := open(t, inBucket(t, "http://"+listener.Addr().String(), bounds))
	if err := keep(t, l); !errors.Is(err, waybill.ErrTemporary) || !strings.Contains(err.Error(), "the lake's store at "+listener.Addr().String()+" said nothing for 300ms") {
		t.Errorf("a silent store: %v", err)
	}
	cfg := localConfig(t)
	cfg.Catalog, cfg.Timeouts = "postgres://u:p@"+listener.Addr().String()+"/x?sslmode=disable", bounds
	if _, err := lake.Open(t.Context(), cfg); !errors.Is(err, waybill.ErrTemporary) {
		t.Errorf("a silent catalog: %v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
}

// TestRefusedStore: that the lake's own store takes no credential is said of the store.
func TestRefusedStore(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(server.Close)
	err := keep(t, open(t, inBucket(t, server.URL, waybill.Timeouts{})))
	if !errors.Is(err, lake.ErrRefused) || errors.Is(err, waybill.ErrTemporary) || !strings.Contains(err.Error(), "lake.s3") {
		t.Errorf("a store that refuses: %v", err)
	}
}

func inBucket(t *testing.T, endpoint string, bounds waybill.Timeouts) lake.Config {
	dir := t.TempDir()
	return lake.Config{
		Root: "s3://bucket/x", Catalog: "sqlite:" + dir + "/c.db", CacheDir: dir, Now: time.Now, Timeouts: bounds,
		S3: lake.S3{Endpoint: endpoint, AccessKey: "a", SecretKey: "b"},
	}
}

func keep(t *testing.T, l *lake.Lake) error {
	_, err := l.Keep(t.Context(), lake.KeepAs{Source: "s", Feed: "f", Day: time.Unix(0, 0)}, strings.NewReader("x"))
	return err
}
