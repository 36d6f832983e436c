package lake_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/lake"
)

// cutCommit is a proxy before Postgres that, when armed, cuts the connection around the COMMIT of a write: before the
// database sees it, or after it, so that only the answer is lost.
type cutCommit struct {
	addr   string // of the database
	mode   atomic.Int32
	happen atomic.Int32
}

const (
	pass int32 = iota
	cutBefore
	cutAfter
)

func (p *cutCommit) serve(t *testing.T) string {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go p.carry(c)
		}
	}()
	return ln.Addr().String()
}

func (p *cutCommit) carry(client net.Conn) {
	server, err := net.Dial("tcp", p.addr) // it lives as long as the connection
	if err != nil {
		_ = client.Close()
		return
	}
	defer func() { _, _ = client.Close(), server.Close() }()
	go func() { _, _ = io.Copy(client, server); _ = client.Close() }()
	buf, wrote := make([]byte, 64<<10), false
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		said := bytes.ToLower(buf[:n])
		wrote = wrote || bytes.Contains(said, []byte("update \"iceberg_tables\""))
		if mode := p.mode.Load(); mode != pass && wrote && bytes.Contains(said, []byte("commit\x00")) {
			p.mode.Store(pass)
			p.happen.Add(1)
			if mode == cutAfter {
				_ = client.(*net.TCPConn).CloseRead() // the answer must not come through before the cut
				_ = client.Close()
				_, _ = server.Write(buf[:n])
				time.Sleep(300 * time.Millisecond)
			}
			return
		}
		if bytes.Contains(said, []byte("commit\x00")) {
			wrote = false
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

func TestLostAnswerOfACommit(t *testing.T) {
	t.Parallel()
	dsn, err := url.Parse(newDatabase(t, testservers.StartPostgres(t)))
	if err != nil {
		t.Fatal(err)
	}
	proxy := &cutCommit{addr: dsn.Host}
	dsn.Host = proxy.serve(t)
	cfg := localConfig(t)
	cfg.Catalog = dsn.String()
	l, db := open(t, cfg), duck(t)
	tab := ensure(t, l, despatch, spec())
	commit := func(id string) lake.Commit {
		return lake.Commit{Table: despatch, LoadID: id, Add: write(t, db, tab, someRows(id, 10, "aster", "2026-03-01"))}
	}
	append1(t, l, commit("a"))

	proxy.mode.Store(cutBefore)
	if done := append1(t, l, commit("b")); done.AlreadyIn {
		t.Error("a commit that never arrived was in the table before it was tried again")
	}
	if done := append1(t, l, commit("b")); !done.AlreadyIn {
		t.Error("a commit that was tried again is not in the table")
	}
	proxy.mode.Store(cutAfter)
	done, err := l.Append(t.Context(), commit("c"))
	if err != nil && !errors.Is(err, waybill.ErrTemporary) {
		t.Errorf("a commit whose answer was lost: %v", err)
	}
	t.Logf("a commit whose answer was lost: %+v, %v", done, err)
	if again := append1(t, l, commit("c")); !again.AlreadyIn {
		t.Error("a commit whose answer was lost was done again")
	}
	if got, want := perLoad(t, l, db, despatch), "a:10:56.25 b:10:56.25 c:10:56.25"; got != want {
		t.Errorf("content %q, want %q", got, want)
	}
	if n := proxy.happen.Load(); n != 2 {
		t.Errorf("the proxy cut %d connections, want 2", n)
	}
}

// moody is a proxy before S3 that answers some requests itself or breaks off bodies.
type moody struct {
	left   atomic.Int32 // requests still to be spoilt
	status atomic.Int32 // with which answer; 0 cuts the body of a GET in the middle
	only   atomic.Value // part of the path of the requests meant
}

func (m *moody) serve(t *testing.T, endpoint string) string {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	m.only.Store("")
	rp := &httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		ErrorLog: nil,
		ModifyResponse: func(res *http.Response) error {
			if m.status.Load() == 0 && res.Request.Method == http.MethodGet && m.meant(res.Request) {
				res.Body = io.NopCloser(io.LimitReader(res.Body, 100))
			}
			return nil
		},
	}
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code := m.status.Load(); code != 0 && m.meant(r) {
			w.WriteHeader(int(code))
			return
		}
		rp.ServeHTTP(w, r)
	})}
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close() })
	return "http://" + ln.Addr().String()
}

func (m *moody) meant(r *http.Request) bool {
	return strings.Contains(r.URL.Path, m.only.Load().(string)) && m.left.Add(-1) >= 0
}

func (m *moody) spoil(status int, part string, times int) {
	m.only.Store(part)
	m.status.Store(int32(status)) //nolint:gosec // a test's status
	m.left.Store(int32(times))    //nolint:gosec // a test's count
}

func TestMoodyS3(t *testing.T) {
	t.Parallel()
	cfg := s3Config(t, testservers.StartS3(t))
	proxy := &moody{}
	cfg.S3.Endpoint = proxy.serve(t, cfg.S3.Endpoint)
	l, db := open(t, cfg), duck(t)
	tab := ensure(t, l, despatch, spec())
	commit := lake.Commit{Table: despatch, LoadID: "a", Add: write(t, db, tab, someRows("a", 1000, "aster", "2026-03-01"))}
	as := lake.KeepAs{Source: "s", Feed: "f", Day: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}

	// A few bad answers are overcome.
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusTooManyRequests, http.StatusInternalServerError} {
		proxy.spoil(status, "", 2)
		if _, err := l.Keep(t.Context(), as, strings.NewReader(http.StatusText(status))); err != nil {
			t.Errorf("keep after two times %d: %v", status, err)
		}
	}
	// Many are not: the error says where, and that it is worth another try.
	for _, part := range []string{"/data/", "/metadata/"} {
		proxy.spoil(http.StatusServiceUnavailable, part, 1000)
		_, err := l.Append(t.Context(), commit)
		if !errors.Is(err, waybill.ErrTemporary) || !strings.Contains(err.Error(), despatch.String()) {
			t.Errorf("commit while %s is out of service: %v, want temporary, naming the table", part, err)
		}
	}
	proxy.spoil(http.StatusForbidden, "", 1000)
	if _, err := l.Keep(t.Context(), as, strings.NewReader("x")); !errors.Is(err, waybill.ErrAuth) {
		t.Errorf("keep when refused: %v, want not authorised", err)
	}
	proxy.spoil(http.StatusServiceUnavailable, "", 0)
	if done := append1(t, l, commit); done.AlreadyIn {
		t.Error("a failed commit is in the table")
	}
	// A body that breaks off is fetched again; one that always does is an error, and never a file in the cache.
	scan := scanNow(t, l, despatch)
	proxy.spoil(0, "/data/", 1000)
	if _, err := l.Local(t.Context(), scan.Files); !errors.Is(err, waybill.ErrTemporary) {
		t.Errorf("a body that always breaks off: %v", err)
	}
	proxy.spoil(0, "/data/", 2)
	if got := ask(t, l, db, scan, "SELECT count(*) FROM t"); got != "1000" {
		t.Errorf("%s rows after cut bodies, want 1000", got)
	}
	if left := proxy.left.Load(); left > 0 {
		t.Errorf("%d of 2 cuts did not happen", left)
	}
}

func TestUnreachableStoreIsTemporary(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, lake.Config{
		Root: "s3://bucket/x", Catalog: "sqlite:" + dir + "/c.db", CacheDir: dir, Now: time.Now,
		S3: lake.S3{Endpoint: "http://127.0.0.1:1", AccessKey: "a", SecretKey: "b"},
	})
	_, err := l.Keep(t.Context(), lake.KeepAs{Source: "s", Feed: "f", Day: time.Unix(0, 0)}, strings.NewReader("x"))
	if !errors.Is(err, waybill.ErrTemporary) {
		t.Errorf("keep without a server: %v", err)
	}
	_, err = lake.Open(t.Context(), lake.Config{Root: t.TempDir(), Now: time.Now, Catalog: "postgres://u:hush@127.0.0.1:1/x"})
	if !errors.Is(err, waybill.ErrTemporary) || strings.Contains(err.Error(), "hush") {
		t.Errorf("open without a database: %v", err)
	}
}

func TestOpenNeedsRootAndClock(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]lake.Config{"root": {Now: time.Now}, "clock": {Root: t.TempDir()}} {
		if _, err := lake.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "no "+want+" is set") {
			t.Errorf("open without %s: %v", want, err)
		}
	}
}
