package adyen_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/adyen"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

var (
	_ waybill.Connector = (*adyen.Connector)(nil)
	_ waybill.Checker   = (*adyen.Connector)(nil)
)

// area is a Customer Area with reports to download.
type area struct {
	mu        sync.Mutex
	reports   map[string][]byte // by account/batch
	published map[string]time.Time
	day       time.Time
	heads     []string
	fail      func(r *http.Request, w http.ResponseWriter) bool
}

func (a *area) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	user, password, _ := r.BasicAuth()
	item, ok := strings.CutPrefix(r.URL.Path, "/reports/download/MerchantAccount/")
	switch {
	case user != "report@Company.FourMarketing" || password != "right":
		w.Header().Set("WWW-Authenticate", `Basic realm="Adyen"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	case a.fail != nil && a.fail(r, w):
		return
	case !ok:
		w.WriteHeader(http.StatusTeapot)
		return
	}
	if r.Method == http.MethodHead {
		a.heads = append(a.heads, item)
	}
	body, there := a.reports[item]
	if !there {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=UTF-8")
	w.Header().Set("Last-Modified", a.published[item].Format(http.TimeFormat))
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(body)))
}

func (a *area) publish(t testing.TB, account string, batches ...int) {
	t.Helper()
	body, err := os.ReadFile("../../testdata/connectors/adyen/settlement_detail_report_batch_12.csv")
	if err != nil {
		t.Fatal(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, n := range batches {
		a.published[item(account, n)] = a.day
		a.reports[item(account, n)] = []byte(strings.ReplaceAll(string(body), ",12,", ","+strconv.Itoa(n)+","))
	}
}

func item(account string, n int) string {
	return fmt.Sprintf("%s/settlement_detail_report_batch_%d.csv", account, n)
}

func start(t testing.TB, change func(*adyen.Config)) (*area, *adyen.Connector) {
	t.Helper()
	a := &area{
		reports: map[string][]byte{}, published: map[string]time.Time{}, day: time.Date(2026, 4, 1, 7, 0, 0, 0, time.UTC),
	}
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	cfg := adyen.Config{
		BaseURL: srv.URL, Username: "report@Company.FourMarketing", Password: "right",
		HTTP: rest.Config{Attempts: 2, WaitMin: time.Millisecond, Timeout: 5 * time.Second},
	}
	cfg.Accounts = []string{"AsterValeUK", "HartRoweUK"}
	if change != nil {
		change(&cfg)
	}
	c, err := adyen.New(cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return a, c
}

func request(cursor string) waybill.Request {
	return waybill.Request{Feed: "settlement_details", Resource: "settlement_details", Cursor: cursor, Now: time.Date(2026, 4, 1, 8, 0, 0, 0, time.UTC)}
}

func list(t testing.TB, c *adyen.Connector, cursor string) (names []string, after string) {
	t.Helper()
	items, err := c.List(context.Background(), request(cursor))
	if err != nil {
		t.Fatal(err)
	}
	after = cursor
	for _, it := range items {
		names, after = append(names, it.Name), it.Cursor
	}
	return names, after
}

func TestFindsBatchesAcrossAGap(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil)
	a.publish(t, "AsterValeUK", 1, 2, 4, 5)
	a.publish(t, "HartRoweUK", 1)
	names, cursor := list(t, c, "")
	want := []string{item("AsterValeUK", 1), item("AsterValeUK", 2), item("AsterValeUK", 4), item("AsterValeUK", 5), item("HartRoweUK", 1)}
	if !slices.Equal(names, want) {
		t.Errorf("first: %v", names)
	}
	if cursor != `{"AsterValeUK":{"last":5,"gaps":[3]},"HartRoweUK":1}` {
		t.Errorf("cursor %s", cursor)
	}
	if again, _ := list(t, c, cursor); len(again) != 0 {
		t.Errorf("listed again: %v", again)
	}
	a.publish(t, "AsterValeUK", 3)
	names, cursor = list(t, c, cursor)
	if !slices.Equal(names, []string{item("AsterValeUK", 3)}) || cursor != `{"AsterValeUK":5,"HartRoweUK":1}` {
		t.Errorf("when the gap was filled: %v, %s", names, cursor)
	}
	// Three numbers missing in a row end the search, as probe_ahead says.
	a.publish(t, "HartRoweUK", 4, 8)
	if names, _ = list(t, c, cursor); !slices.Equal(names, []string{item("HartRoweUK", 4)}) {
		t.Errorf("beyond three: %v", names)
	}
}

// Whatever is published when, pulling from commit to commit finds each report once, as long as no gap is longer than
// probe_ahead-1.
func TestEveryReportOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		a, c := start(t, func(cfg *adyen.Config) { cfg.Accounts = []string{"A", "B"} })
		late := map[string][]int{}
		seen := map[string]int{}
		cursor := ""
		for day := 1; day <= 12; day++ {
			a.day = a.day.Add(24 * time.Hour)
			for _, account := range []string{"A", "B"} {
				if day%3 == 2 && rapid.Bool().Draw(rt, "late") {
					late[account] = append(late[account], day)
				} else {
					a.publish(t, account, day)
				}
				if n := len(late[account]); n > 0 && rapid.Bool().Draw(rt, "arrives") {
					a.publish(t, account, late[account][n-1])
					late[account] = late[account][:n-1]
				}
			}
			if rapid.Bool().Draw(rt, "pull") {
				items, err := c.List(context.Background(), request(cursor))
				if err != nil {
					rt.Fatal(err)
				}
				stop := rapid.IntRange(0, len(items)).Draw(rt, "killed after")
				byAge(items)
				for _, it := range items[:stop] {
					seen[it.Name]++
					cursor = it.Cursor
				}
			}
		}
		for account, days := range late {
			a.publish(t, account, days...)
		}
		names, _ := list(t, c, cursor)
		for _, n := range names {
			seen[n]++
		}
		for name := range a.reports {
			if seen[name] != 1 {
				rt.Errorf("%s was found %d times", name, seen[name])
			}
		}
	})
}

// byAge is the order in which pipelines take items: oldest first, then by name.
func byAge(items []waybill.Item) {
	slices.SortStableFunc(items, func(a, b waybill.Item) int {
		return cmp.Or(a.ModifiedAt.Compare(b.ModifiedAt), strings.Compare(a.Name, b.Name))
	})
}

func TestFirstBatch(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil)
	a.publish(t, "AsterValeUK", 40, 41)
	a.publish(t, "HartRoweUK", 7)
	r := request("")
	r.Settings = map[string]any{"first_batch": map[string]any{"AsterValeUK": 41, "HartRoweUK": 7}}
	items, err := c.List(t.Context(), r)
	if err != nil || len(items) != 2 || items[1].Cursor != `{"AsterValeUK":41,"HartRoweUK":7}` {
		t.Errorf("%+v, %v", items, err)
	}
	r.Settings = map[string]any{"first_batch": 5, "accounts": []any{"HartRoweUK"}, "probe_ahead": 3}
	items, err = c.List(t.Context(), r)
	if err != nil || len(items) != 1 || items[0].Cursor != `{"HartRoweUK":{"last":7,"gaps":[5,6]}}` {
		t.Errorf("%+v, %v", items, err)
	}
	for _, bad := range []map[string]any{
		{"first_batch": 0},
		{"first_batch": "one"},
		{"first_batch": map[string]any{"PellMillUK": 1}},
		{"probe_ahead": 0},
		{"accounts": []any{"../x"}},
		{"accounts": []any{"A", "A"}},
		{"acounts": []any{"A"}},
	} {
		if err := c.CheckFeed("settlement_details", bad); err == nil {
			t.Errorf("%v passed", bad)
		}
	}
}

func TestOpenGivesExactBytes(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil)
	a.publish(t, "AsterValeUK", 12)
	r := request(`{"AsterValeUK":11}`)
	items, err := c.List(t.Context(), r)
	if err != nil || len(items) != 1 {
		t.Fatalf("%v, %v", items, err)
	}
	want := a.reports[item("AsterValeUK", 12)]
	if it := items[0]; it.Size != int64(len(want)) || !it.ModifiedAt.Equal(time.Date(2026, 4, 1, 7, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", it)
	}
	f, err := c.Open(t.Context(), items[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); err != nil || string(got) != string(want) {
		t.Errorf("%q, %v", got, err)
	}
	for _, name := range []string{item("AsterValeUK", 99), "AsterValeUK/other.csv", "../x/settlement_detail_report_batch_1.csv"} {
		if _, err := c.Open(t.Context(), waybill.Item{Name: name}); !errors.Is(err, waybill.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTrouble(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		fail   func(r *http.Request, w http.ResponseWriter) bool
		change func(*adyen.Config)
		is     error
	}{
		"wrong password": {nil, func(c *adyen.Config) { c.Password = "wrong-pass" }, waybill.ErrAuth},
		"down":           {func(_ *http.Request, w http.ResponseWriter) bool { w.WriteHeader(502); return true }, nil, waybill.ErrTemporary},
		"no role":        {func(_ *http.Request, w http.ResponseWriter) bool { w.WriteHeader(403); return true }, nil, waybill.ErrAuth},
		"log-in page": {func(_ *http.Request, w http.ResponseWriter) bool {
			w.Header().Set("Content-Type", "text/html;charset=utf-8")
			return true
		}, nil, waybill.ErrAuth},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, c := start(t, tc.change)
			a.fail = tc.fail
			_, listErr := c.List(t.Context(), request(""))
			_, openErr := c.Open(t.Context(), waybill.Item{Name: item("AsterValeUK", 1)})
			for _, err := range []error{listErr, openErr} {
				if !errors.Is(err, tc.is) || strings.Contains(err.Error(), "wrong-pass") {
					t.Errorf("error %v, want %v", err, tc.is)
				}
			}
			for _, f := range c.Check(t.Context()) {
				if f.OK || f.Remedy == "" {
					t.Errorf("doctor: %+v", f)
				}
			}
		})
	}
	t.Run("once", func(t *testing.T) {
		t.Parallel()
		a, c := start(t, nil)
		a.publish(t, "AsterValeUK", 1)
		n := 0
		a.fail = func(_ *http.Request, w http.ResponseWriter) bool {
			if n++; n == 1 {
				w.WriteHeader(500)
			}
			return n == 1
		}
		if names, _ := list(t, c, ""); len(names) != 1 {
			t.Errorf("%v", names)
		}
	})
	t.Run("cut report", func(t *testing.T) {
		t.Parallel()
		a, c := start(t, nil)
		a.fail = func(_ *http.Request, w http.ResponseWriter) bool {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, "Company Account,Mer")
			return true
		}
		f, err := c.Open(t.Context(), waybill.Item{Name: item("AsterValeUK", 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if got, err := io.ReadAll(f); !errors.Is(err, waybill.ErrTemporary) {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		t.Parallel()
		_, c := start(t, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.List(ctx, request("")); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil)
	a.publish(t, "AsterValeUK", 2)
	f := c.Check(t.Context())
	if len(f) != 2 || !f[0].OK || f[1].OK || !strings.Contains(f[1].Remedy, "first_batch") {
		t.Errorf("%+v", f)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]adyen.Config{
		"no credential":  {},
		"two":            {Username: "u", Password: "p", APIKey: "k"},
		"no password":    {Username: "u"},
		"plain http":     {APIKey: "k", BaseURL: "http://ca-live.adyen.com"},
		"probe too wide": {APIKey: "k", Settings: adyen.Settings{ProbeAhead: 1000}},
	} {
		if _, err := adyen.New(bad, time.Now); err == nil {
			t.Errorf("%s passed", name)
		}
	}
}
