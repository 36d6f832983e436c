package dhl_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/dhl"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

var (
	_ waybill.Connector = (*dhl.Connector)(nil)
	_ waybill.Checker   = (*dhl.Connector)(nil)
)

var runAt = time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC)

// api is a DHL that answers as its documentation says and can be told to fail.
type api struct {
	mu     sync.Mutex
	asked  []string
	sample []byte
	none   []byte
	fail   func(n int, number string, w http.ResponseWriter) bool
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	number := r.URL.Query().Get("trackingNumber")
	a.asked = append(a.asked, number)
	switch {
	case r.URL.Path != "/track/shipments" || r.URL.Query().Get("language") != "en":
		w.WriteHeader(http.StatusTeapot)
	case r.Header.Get("DHL-API-Key") != "the-key":
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"status":401,"title":"Unauthorized","detail":"Unauthorized for given resource."}`)
	case a.fail != nil && a.fail(len(a.asked), number, w):
	case strings.HasPrefix(number, "X"):
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		w.Write(a.none)
	default:
		w.Header().Set("Content-Type", "application/json")
		w.Write(a.sample)
	}
}

func start(t testing.TB, change func(*dhl.Config), clock func() time.Time) (*api, *dhl.Connector) {
	t.Helper()
	a := &api{sample: example(t, "sample.json"), none: example(t, "not_found.json")}
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	cfg := dhl.Config{
		BaseURL: srv.URL, APIKey: "the-key", CallsPerSecond: 10_000,
		HTTP: rest.Config{Attempts: 2, WaitMin: time.Millisecond, WaitMax: time.Second, Timeout: 5 * time.Second},
	}
	cfg.BatchSize = 4
	if change != nil {
		change(&cfg)
	}
	if clock == nil {
		clock = func() time.Time { return runAt }
	}
	c, err := dhl.New(cfg, clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return a, c
}

func example(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../../testdata/connectors/dhl/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func request(work ...string) waybill.Request {
	return waybill.Request{Feed: "tracking", Resource: "tracking", Now: runAt, Work: work, Cursor: "as it was"}
}

func numbers(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("N%03d", i))
	}
	return out
}

// pull lists and opens everything and gives the answered numbers, by item.
func pull(t testing.TB, c *dhl.Connector, r waybill.Request) ([][]string, error) {
	t.Helper()
	items, err := c.List(context.Background(), r)
	if err != nil {
		return nil, err
	}
	var got [][]string
	for _, it := range items {
		lines, err := connectortest.Exchanges(t, c, it)
		if err != nil {
			return got, err
		}
		var asks []string
		for _, x := range lines {
			if x.Problem == "" {
				asks = append(asks, x.Request.Ask)
			}
		}
		got = append(got, asks)
	}
	return got, nil
}

func TestKeepsExactAnswers(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil, nil)
	items, err := c.List(t.Context(), request("7777777770", "X1", " ", "7777777770"))
	if err != nil || len(items) != 1 {
		t.Fatalf("%v, %v", items, err)
	}
	if it := items[0]; !strings.HasPrefix(it.Name, "tracking/20260401T060000Z-") || it.Cursor != "as it was" || it.Size != -1 {
		t.Errorf("item %+v", it)
	}
	got, err := connectortest.Exchanges(t, c, items[0])
	if err != nil || len(got) != 2 {
		t.Fatalf("%d lines, %v", len(got), err)
	}
	if got[0].Status != 200 || *got[0].Body != string(a.sample) || got[0].Headers["Content-Type"] != "application/json" ||
		!strings.HasSuffix(got[0].Request.URL, "/track/shipments?language=en&service=ecommerce&trackingNumber=7777777770") ||
		got[0].At != "2026-04-01T06:00:00.000Z" {
		t.Errorf("found: %+v", got[0])
	}
	if got[1].Status != 404 || *got[1].Body != string(a.none) || got[1].Request.Ask != "X1" {
		t.Errorf("not found is an answer: %+v", got[1])
	}
}

func TestFeedSettingsWin(t *testing.T) {
	t.Parallel()
	_, c := start(t, nil, nil)
	r := request(numbers(5)...)
	r.Settings = map[string]any{"service": "parcel-uk", "batch_size": 5}
	items, err := c.List(t.Context(), r)
	if err != nil || len(items) != 1 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	got, err := connectortest.Exchanges(t, c, items[0])
	if err != nil || !strings.Contains(got[0].Request.URL, "service=parcel-uk") {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []map[string]any{{"servce": "x"}, {"batch_size": 0}, {"calls_today": -1}, {"language": "english"}} {
		if err := c.CheckFeed("tracking", bad); err == nil {
			t.Errorf("%v passed", bad)
		}
	}
}

func TestNeverMoreThanTheDayHasLeft(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		daily := rapid.IntRange(1, 30).Draw(rt, "daily")
		now := runAt
		a, c := start(t, func(cfg *dhl.Config) { cfg.DailyQuota = daily }, func() time.Time { return now })
		kept := rapid.IntRange(0, 35).Draw(rt, "kept before this process")
		before := kept
		for range rapid.IntRange(1, 4).Draw(rt, "runs") {
			r := request(numbers(rapid.IntRange(0, 20).Draw(rt, "waiting"))...)
			r.Settings = map[string]any{"calls_today": kept}
			if rapid.Bool().Draw(rt, "caller forgets") {
				r.Settings = nil
			}
			left := daily - before - len(a.asked)
			if r.Settings == nil && len(a.asked) == 0 {
				return // nobody could know
			}
			got, err := pull(t, c, r)
			n := len(slices.Concat(got...))
			kept += n
			if want := max(0, min(left, len(r.Work))); n != want {
				rt.Fatalf("answered %d of %d with %d left: %v", n, len(r.Work), left, err)
			}
			if wantErr := len(r.Work) > 0 && left <= 0; wantErr != errors.Is(err, waybill.ErrQuota) {
				rt.Fatalf("%d waiting, %d left: %v", len(r.Work), left, err)
			}
		}
		now = now.Add(24 * time.Hour)
		if got, err := pull(t, c, request(numbers(1)...)); err != nil || len(got) != 1 {
			rt.Fatalf("the next day: %v", err)
		}
	})
}

func TestThrottleEndsTheBatchAndKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	now := runAt
	a, c := start(t, nil, func() time.Time { return now })
	a.fail = func(n int, _ string, w http.ResponseWriter) bool {
		if n <= 6 {
			return false
		}
		w.WriteHeader(http.StatusTooManyRequests)
		w.Write(example(t, "throttled.json"))
		return true
	}
	items, err := c.List(t.Context(), request(numbers(12)...))
	if err != nil || len(items) != 3 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	for i, want := range []int{4, 2} {
		if got, err := connectortest.Exchanges(t, c, items[i]); err != nil || len(got) != want {
			t.Errorf("batch %d: %d lines, %v", i+1, len(got), err)
		}
	}
	if _, err := connectortest.Exchanges(t, c, items[2]); !errors.Is(err, waybill.ErrQuota) || len(a.asked) != 7 {
		t.Errorf("after %d calls: %v", len(a.asked), err)
	}
	if _, err := c.List(t.Context(), request("N1")); !errors.Is(err, waybill.ErrQuota) {
		t.Errorf("right after: %v", err)
	}
	a.fail, now = nil, now.Add(11*time.Minute)
	if got, err := pull(t, c, request("N1")); err != nil || len(got) != 1 {
		t.Errorf("a while later: %v", err)
	}
}

func TestShortRetryAfterIsWaitedFor(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil, nil)
	a.fail = func(n int, _ string, w http.ResponseWriter) bool {
		if n == 2 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}
		return n == 2
	}
	got, err := pull(t, c, request(numbers(4)...))
	if err != nil || len(got[0]) != 4 || len(a.asked) != 5 {
		t.Errorf("%v after %d calls: %v", got, len(a.asked), err)
	}
}

func TestCheckSaysWell(t *testing.T) {
	t.Parallel()
	_, c := start(t, nil, nil)
	for _, f := range c.Check(t.Context()) {
		if !f.OK {
			t.Errorf("%+v", f)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := dhl.Config{APIKey: "k"}
	if _, err := dhl.New(good, time.Now); err != nil {
		t.Errorf("defaults: %v", err)
	}
	for name, bad := range map[string]dhl.Config{
		"no key":        {},
		"plain http":    {APIKey: "k", BaseURL: "http://api-eu.dhl.com"},
		"negative":      {APIKey: "k", DailyQuota: -1},
		"long language": {APIKey: "k", Settings: dhl.Settings{Language: "english"}},
	} {
		if _, err := dhl.New(bad, time.Now); err == nil {
			t.Errorf("%s passed", name)
		}
	}
}

func TestUnknownItem(t *testing.T) {
	t.Parallel()
	_, c := start(t, nil, nil)
	if _, err := c.Open(t.Context(), waybill.Item{Name: "other/thing"}); !errors.Is(err, waybill.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}

// FuzzSettings: whatever stands in a feed's settings is taken or refused, never a panic.
func FuzzSettings(f *testing.F) {
	f.Add("calls_today", "12")
	f.Add("service", "\x00: [")
	f.Add("batch_size", "1e9")
	_, c := start(f, nil, nil)
	f.Fuzz(func(t *testing.T, key, value string) {
		r := request("N1")
		r.Settings = map[string]any{key: value}
		if items, err := c.List(t.Context(), r); err == nil && len(items) != 1 {
			t.Fatal("taken, but nothing is listed")
		}
	})
}
