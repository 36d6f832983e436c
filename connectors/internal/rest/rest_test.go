package rest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

var noon = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

// quick are bounds under which a test can fail all its attempts in milliseconds.
var quick = rest.Config{Attempts: 3, WaitMin: time.Millisecond, WaitMax: 2 * time.Second, Timeout: 5 * time.Second, Patience: 10 * time.Second}

// serve answers the nth request (from 1) with h and gives a client for it.
func serve(t *testing.T, cfg rest.Config, auth rest.Auth, h func(n int, w http.ResponseWriter, r *http.Request)) (*rest.Client, *atomic.Int32) {
	t.Helper()
	var n atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h(int(n.Add(1)), w, r) }))
	t.Cleanup(srv.Close)
	c, err := rest.New(srv.URL+"/api/", auth, cfg, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, &n
}

func TestRetriesUntilAnswered(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		trouble func(w http.ResponseWriter)
		call    rest.Call
		want    int // requests sent
		is      error
	}{
		"500 on GET":                    {status(500), rest.Call{}, 2, nil},
		"503 on read-only POST":         {status(503), rest.Call{Method: "POST", Body: []byte("{}"), ReadOnly: true}, 2, nil},
		"503 on POST that does things":  {status(503), rest.Call{Method: "POST", Body: []byte("{}")}, 1, waybill.ErrTemporary},
		"429 on POST that does things":  {status(429), rest.Call{Method: "POST", Body: []byte("{}")}, 2, nil},
		"429 with no hint, stop asked":  {status(429), rest.Call{StopOnThrottle: true}, 1, waybill.ErrTemporary},
		"429 with seconds":              {after(429, "1"), rest.Call{StopOnThrottle: true}, 2, nil},
		"429 with a date":               {after(429, noon.Add(time.Second).Format(http.TimeFormat)), rest.Call{StopOnThrottle: true}, 2, nil},
		"429 until tomorrow":            {after(429, "43200"), rest.Call{}, 1, waybill.ErrQuota},
		"503 until tomorrow":            {after(503, "43200"), rest.Call{}, 1, waybill.ErrTemporary},
		"cut body":                      {cut, rest.Call{}, 2, nil},
		"cut body on POST with effects": {cut, rest.Call{Method: "POST"}, 1, waybill.ErrTemporary},
		"closed without an answer":      {hangUp, rest.Call{}, 2, nil},
		"401":                           {status(401), rest.Call{}, 1, waybill.ErrAuth},
		"403":                           {status(403), rest.Call{}, 1, waybill.ErrAuth},
		"404":                           {status(404), rest.Call{}, 1, waybill.ErrNotFound},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, sent := serve(t, quick, rest.Auth{}, func(n int, w http.ResponseWriter, r *http.Request) {
				if body, _ := io.ReadAll(r.Body); !bytes.Equal(body, tc.call.Body) {
					t.Errorf("attempt %d sent body %q", n, body)
				}
				if n == 1 {
					tc.trouble(w)
					return
				}
				io.WriteString(w, "whole")
			})
			call := tc.call
			call.Path = "/thing"
			got, err := c.Do(t.Context(), call)
			if int(sent.Load()) != tc.want {
				t.Errorf("sent %d requests, want %d", sent.Load(), tc.want)
			}
			if tc.is == nil && (err != nil || string(got.Body) != "whole") {
				t.Errorf("got %q, %v", got.Body, err)
			}
			if tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("error %v, want %v", err, tc.is)
			}
		})
	}
}

func status(code int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.WriteHeader(code) }
}

func after(code int, retryAfter string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", retryAfter)
		w.WriteHeader(code)
	}
}

func cut(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "1000")
	io.WriteString(w, "half of i")
	hangUp(w)
}

func hangUp(w http.ResponseWriter) {
	if f, ok := w.(http.Flusher); ok && w.Header().Get("Content-Length") != "" {
		f.Flush()
	}
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		conn.Close()
	}
}

func TestGivesUpAfterAttempts(t *testing.T) {
	t.Parallel()
	c, sent := serve(t, quick, rest.Auth{}, func(_ int, w http.ResponseWriter, _ *http.Request) { cut(w) })
	_, err := c.Do(t.Context(), rest.Call{Path: "/thing"})
	if !errors.Is(err, waybill.ErrTemporary) || !errors.Is(err, io.ErrUnexpectedEOF) || sent.Load() != 3 {
		t.Fatalf("after %d requests: %v", sent.Load(), err)
	}
}

func TestGivesUpAfterPatience(t *testing.T) {
	t.Parallel()
	cfg := quick
	cfg.Attempts, cfg.WaitMin, cfg.Patience = 100, 40*time.Millisecond, 150*time.Millisecond
	c, _ := serve(t, cfg, rest.Auth{}, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) })
	_, err := c.Do(t.Context(), rest.Call{Path: "/thing"})
	if !errors.Is(err, waybill.ErrTemporary) || errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want temporary", err)
	}
}

func TestCancelStopsWaiting(t *testing.T) {
	t.Parallel()
	cfg := quick
	cfg.WaitMin, cfg.WaitMax, cfg.Patience = time.Minute, time.Minute, time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	c, _ := serve(t, cfg, rest.Auth{}, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		time.AfterFunc(20*time.Millisecond, cancel)
	})
	_, err := c.Do(ctx, rest.Call{Path: "/thing"})
	if !errors.Is(err, context.Canceled) || errors.Is(err, waybill.ErrTemporary) {
		t.Fatalf("error %v, want only cancelled", err)
	}
}

func TestErrorsNameTheCallWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-credential"
	c, _ := serve(t, quick, rest.Header("X-API-Key", secret), func(_ int, w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":{"type":"no_such_thing","message":"Jane Doe has no key `+r.Header.Get("X-API-Key")+strings.Repeat(" and more", 100)+`"},"code":"Jane Doe"}`)
	})
	_, err := c.Do(t.Context(), rest.Call{Path: "/thing", Query: url.Values{"id": {"7"}, "access_token": {secret}}})
	for _, want := range []string{"GET http://127.0.0.1:", "/api/thing?", "id=7", "400 Bad Request (no_such_thing)"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "Jane") || len(err.Error()) > 600 {
		t.Errorf("error says too much: %v", err)
	}
	// A connection that fails makes net/http print the URL; signed addresses of other hosts must not show.
	_, err = c.Do(t.Context(), rest.Call{Path: "http://127.0.0.1:1/file?X-Goog-Signature=" + secret})
	if err == nil || strings.Contains(err.Error(), secret) || !errors.Is(err, waybill.ErrTemporary) {
		t.Errorf("error %v", err)
	}
}

func TestCredentialStaysWithItsHost(t *testing.T) {
	t.Parallel()
	leaked := make(chan string, 2)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leaked <- r.Header.Get("X-API-Key")
		io.WriteString(w, "signed file")
	}))
	t.Cleanup(other.Close)
	c, _ := serve(t, quick, rest.Header("X-API-Key", "k"), func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-API-Key") != "k" {
			t.Error("own host got no credential")
		}
		http.Redirect(w, r, other.URL, http.StatusFound)
	})
	if _, err := c.Do(t.Context(), rest.Call{Path: "/moved"}); err == nil || len(leaked) != 0 {
		t.Errorf("redirect to another host was followed: %v", err)
	}
	if _, err := c.Do(t.Context(), rest.Call{Path: other.URL + "/signed"}); err != nil || <-leaked != "" {
		t.Errorf("absolute address: %v", err)
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	cfg := quick
	cfg.MaxBody = 10
	c, sent := serve(t, cfg, rest.Auth{}, func(n int, w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, strings.Repeat("x", 9+n))
	})
	if got, err := c.Do(t.Context(), rest.Call{}); err != nil || len(got.Body) != 10 {
		t.Errorf("10 bytes: %v", err)
	}
	if _, err := c.Do(t.Context(), rest.Call{}); err == nil || errors.Is(err, waybill.ErrTemporary) || sent.Load() != 2 {
		t.Errorf("11 bytes after %d requests: %v", sent.Load(), err)
	}
}

func TestRateLimitCountsAttempts(t *testing.T) {
	t.Parallel()
	cfg := quick
	cfg.CallsPerSecond = 20
	c, sent := serve(t, cfg, rest.Auth{}, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n%2 == 1 {
			w.WriteHeader(500)
		}
	})
	start := time.Now()
	for range 3 {
		if _, err := c.Do(t.Context(), rest.Call{}); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(start); sent.Load() != 6 || took < 5*50*time.Millisecond-20*time.Millisecond {
		t.Errorf("%d requests in %s at 20 a second", sent.Load(), took)
	}
}

func TestDownload(t *testing.T) {
	t.Parallel()
	whole := strings.Repeat("a line of a report\n", 10_000)
	open := func(t *testing.T, cfg rest.Config, h func(n int, w http.ResponseWriter, r *http.Request)) (string, error) {
		c, _ := serve(t, cfg, rest.Auth{}, h)
		d, err := c.Open(t.Context(), rest.Call{Path: "/file"})
		if err != nil {
			return "", err
		}
		defer d.Close()
		got, err := io.ReadAll(d)
		return string(got), err
	}
	t.Run("exact", func(t *testing.T) {
		t.Parallel()
		got, err := open(t, quick, func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 1 {
				w.WriteHeader(503)
				return
			}
			if r.Header.Get("Accept-Encoding") != "identity" {
				t.Error("asks for a compressed body")
			}
			io.WriteString(w, whole)
		})
		if err != nil || got != whole {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
	t.Run("cut", func(t *testing.T) {
		t.Parallel()
		got, err := open(t, quick, func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(whole)))
			io.WriteString(w, whole[:50_000])
			hangUp(w)
		})
		if !errors.Is(err, waybill.ErrTemporary) || len(got) != 50_000 {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
	t.Run("silent", func(t *testing.T) {
		t.Parallel()
		cfg := quick
		cfg.Timeout = 100 * time.Millisecond
		_, err := open(t, cfg, func(_ int, w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "first bytes")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})
		if !errors.Is(err, waybill.ErrTemporary) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("gone", func(t *testing.T) {
		t.Parallel()
		if _, err := open(t, quick, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }); !errors.Is(err, waybill.ErrNotFound) {
			t.Errorf("error %v", err)
		}
	})
}

func TestAuth(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		auth   rest.Auth
		header string
		want   string
	}{
		"basic":  {rest.Basic("report@Company.Four", "p:w"), "Authorization", "Basic cmVwb3J0QENvbXBhbnkuRm91cjpwOnc="},
		"bearer": {rest.Bearer("tok"), "Authorization", "Bearer tok"},
		"header": {rest.Header("DHL-API-Key", "key"), "DHL-API-Key", "key"},
		"none":   {rest.Auth{}, "Authorization", ""},
	} {
		c, _ := serve(t, quick, tc.auth, func(_ int, _ http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get(tc.header); got != tc.want {
				t.Errorf("%s: %s %q, want %q", name, tc.header, got, tc.want)
			}
		})
		if _, err := c.Do(t.Context(), rest.Call{}); err != nil {
			t.Error(err)
		}
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for raw, ok := range map[string]bool{
		"https://api-eu.dhl.com":      true,
		"https://h.example/base/path": true,
		"http://127.0.0.1:8080":       true,
		"http://localhost:1":          true,
		"http://[::1]:1":              true,
		"http://api-eu.dhl.com":       false,
		"https://u:p@h.example":       false,
		"https://h.example?key=1":     false,
		"ftp://h.example":             false,
		"h.example":                   false,
		"":                            false,
		"https://h.example:port/\x7f": false,
	} {
		if err := rest.CheckBaseURL(raw); (err == nil) != ok {
			t.Errorf("%q: %v", raw, err)
		}
	}
}
