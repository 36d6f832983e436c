package woocommerce_test

import (
	"bytes"
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

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
	"github.com/fourmarketing/waybill/connectors/woocommerce"
)

var (
	_ waybill.Connector   = (*woocommerce.Connector)(nil)
	_ waybill.Checker     = (*woocommerce.Connector)(nil)
	_ waybill.FeedChecker = (*woocommerce.Connector)(nil)
)

var runAt = time.Date(2017, 3, 23, 6, 0, 0, 0, time.UTC)

// shop answers with what a test says, after it has looked at the credential.
type shop struct {
	mu     sync.Mutex
	asked  []string // path and query
	answer func(n int, r *http.Request, w http.ResponseWriter)
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.URL.RequestURI())
	if key, secret, _ := r.BasicAuth(); key != "ck_right" || secret != "cs_right" {
		w.WriteHeader(http.StatusUnauthorized)
		w.Write(published("cannot_view.json"))
		return
	}
	s.answer(len(s.asked), r, w)
}

func published(name string) []byte {
	text, err := os.ReadFile("../../testdata/connectors/woocommerce/" + name)
	if err != nil {
		return []byte(err.Error())
	}
	return text
}

// list answers a listing.
func list(w http.ResponseWriter, body []byte, total, pages int) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.Header().Set("X-WP-Total", strconv.Itoa(total))
	w.Header().Set("X-WP-TotalPages", strconv.Itoa(pages))
	w.Write(body)
}

func nothing(w http.ResponseWriter) { list(w, []byte("[]"), 0, 0) }

func start(t testing.TB, answer func(n int, r *http.Request, w http.ResponseWriter), change ...func(*woocommerce.Config)) (*shop, *woocommerce.Connector) {
	t.Helper()
	s := &shop{answer: answer}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	cfg := woocommerce.Config{
		BaseURL: srv.URL + "/blog", ConsumerKey: "ck_right", ConsumerSecret: "cs_right",
		HTTP: rest.Config{Attempts: 2, WaitMin: time.Millisecond, WaitMax: 5 * time.Millisecond, Timeout: 5 * time.Second},
	}
	for _, c := range change {
		c(&cfg)
	}
	c, err := woocommerce.New(cfg, func() time.Time { return runAt })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return s, c
}

func orders(cursor string) waybill.Request {
	return waybill.Request{Feed: "orders", Resource: "orders", Cursor: cursor, Now: runAt}
}

func refunds(work ...string) waybill.Request {
	return waybill.Request{Feed: "order_refunds", Resource: "order_refunds", Now: runAt, Work: work}
}

// pull reads the one item that a request lists.
func pull(ctx context.Context, c *woocommerce.Connector, r waybill.Request) ([]byte, error) {
	items, err := c.List(ctx, r)
	if err != nil || len(items) != 1 {
		return nil, fmt.Errorf("%d items: %w", len(items), err)
	}
	f, err := c.Open(ctx, items[0])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

type exchange struct {
	rest.Exchange
	body string
}

func parse(t testing.TB, log []byte) []exchange {
	t.Helper()
	var all []exchange
	for line := range bytes.Lines(log) {
		x, body, err := rest.ParseExchange(line)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, exchange{x, string(body)})
	}
	return all
}

func asks(log []exchange) []string {
	var all []string
	for _, x := range log {
		all = append(all, x.Request.Ask)
	}
	return all
}

// TestOrders: the documentation's answer is kept byte for byte, and the questions are what the documentation and WordPress's code ask for:
// exclusive bounds without an offset.
func TestOrders(t *testing.T) {
	t.Parallel()
	s, c := start(t, func(_ int, r *http.Request, w http.ResponseWriter) {
		if r.URL.Query().Get("status") == "any" {
			list(w, published("orders.json"), 2, 1)
			return
		}
		nothing(w)
	})
	r := orders("2017-03-21T19:00:00Z")
	items, err := c.List(t.Context(), r)
	if err != nil || len(items) != 1 || items[0].Name != "orders/20170321T185500Z_20170323T060000Z.ndjson" || items[0].Cursor != "2017-03-23T06:00:00Z" || items[0].Size != -1 {
		t.Fatalf("%+v, %v", items, err)
	}
	log, err := pull(t.Context(), c, r)
	if err != nil {
		t.Fatal(err)
	}
	const query = "?dates_are_gmt=true&dp=4&modified_after=2017-03-21T18%3A54%3A59&modified_before=2017-03-23T06%3A00%3A00&order=asc&orderby=modified&page=1&per_page=100&status="
	if want := []string{"/blog/wp-json/wc/v3/orders" + query + "any", "/blog/wp-json/wc/v3/orders" + query + "trash"}; !slices.Equal(s.asked, want) {
		t.Errorf("asked\n%s, want\n%s", strings.Join(s.asked, "\n"), strings.Join(want, "\n"))
	}
	got := parse(t, log)
	if !slices.Equal(asks(got), []string{"any 1", "trash 1"}) {
		t.Fatalf("asks %q", asks(got))
	}
	first := got[0]
	if first.body != string(published("orders.json")) || first.Status != 200 || first.At != "2017-03-23T06:00:00.000Z" || first.Request.Method != "GET" {
		t.Errorf("%+v", first.Exchange)
	}
	if first.Headers["X-Wp-Total"] != "2" || first.Headers["X-Wp-Totalpages"] != "1" || first.Headers["Content-Type"] == "" {
		t.Errorf("headers %v", first.Headers)
	}
	if bytes.Contains(log, []byte("cs_right")) || bytes.Contains(log, []byte("ck_right")) {
		t.Error("the credential is in the log")
	}
}

// TestEntriesThatAreNoOrders: what a plugin put in an order's place stops no other order of the page; whoever types it rejects it.
func TestEntriesThatAreNoOrders(t *testing.T) {
	t.Parallel()
	for _, entry := range []string{`5`, `"gone"`, `null`, `[]`, `{"id":1,"date_modified_gmt":false}`, `{"id":1,"date_modified_gmt":1490169888}`} {
		body := `[` + entry + `,{"id":2,"date_modified_gmt":"2017-03-22T19:28:08"}]`
		_, c := start(t, func(_ int, r *http.Request, w http.ResponseWriter) {
			if r.URL.Query().Get("status") == "any" {
				list(w, []byte(body), 2, 1)
				return
			}
			nothing(w)
		})
		log, err := pull(t.Context(), c, orders("2017-03-21T19:00:00Z"))
		if err != nil {
			t.Errorf("%s: %v", entry, err)
			continue
		}
		if got := parse(t, log); got[0].body != body {
			t.Errorf("%s: kept %q", entry, got[0].body)
		}
	}
}

// TestWindows: a first pull asks for all or since a date, the next begins before the last one's end, and none is empty.
func TestWindows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, cursor, want string
		own                map[string]any
	}{
		{name: "first", want: "orders/00010101T000000Z_20170323T060000Z.ndjson"},
		{name: "since", own: map[string]any{"since": "2017-01-01"}, want: "orders/20170101T000000Z_20170323T060000Z.ndjson"},
		{name: "cursor wins", cursor: "2017-03-23T05:50:00Z", own: map[string]any{"since": "2017-01-01"}, want: "orders/20170323T054500Z_20170323T060000Z.ndjson"},
		{name: "overlap", cursor: "2017-03-23T05:50:00Z", own: map[string]any{"overlap": "1h"}, want: "orders/20170323T045000Z_20170323T060000Z.ndjson"},
		{name: "nothing new", cursor: "2017-03-23T06:00:00Z"},
		{name: "earlier than the cursor", cursor: "2017-03-23T07:00:00Z"},
	} {
		_, conn := start(t, nil)
		r := orders(c.cursor)
		r.Settings = c.own
		items, err := conn.List(t.Context(), r)
		switch {
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want == "" && len(items) > 0, c.want != "" && (len(items) != 1 || items[0].Name != c.want):
			t.Errorf("%s: %+v, want %s", c.name, items, c.want)
		}
	}
	_, conn := start(t, nil)
	for _, r := range []waybill.Request{{Resource: "products"}, {Resource: "orders", Cursor: "yesterday", Now: runAt}, {Resource: "orders", Settings: map[string]any{"per_page": 500}}} {
		if _, err := conn.List(t.Context(), r); err == nil {
			t.Errorf("%+v passed", r)
		}
	}
	if conn.CheckFeed("order_refunds", map[string]any{"batch_size": 7, "calls_today": 3}) != nil || conn.CheckFeed("orders", map[string]any{"windw": 1}) == nil || conn.CheckFeed("customers", nil) == nil {
		t.Error("CheckFeed")
	}
	if _, err := conn.Open(t.Context(), waybill.Item{Name: "elsewhere", Request: orders("")}); !errors.Is(err, waybill.ErrNotFound) {
		t.Errorf("another's item: %v", err)
	}
}

// TestRefusals: each answer that is none ends in an error that says what to do and is of the kind that callers act on; nothing is kept.
func TestRefusals(t *testing.T) {
	t.Parallel()
	say := func(status int, kind, body string) func(int, *http.Request, http.ResponseWriter) {
		return func(_ int, _ *http.Request, w http.ResponseWriter) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	const html, jsonType = "text/html; charset=UTF-8", "application/json; charset=UTF-8"
	for _, c := range []struct {
		name   string
		answer func(int, *http.Request, http.ResponseWriter)
		kind   error // nil: none of waybill's
		text   string
	}{
		{"key", say(401, jsonType, string(published("cannot_view.json"))), waybill.ErrAuth, "Read access"},
		{"capability", say(403, jsonType, `{"code":"woocommerce_rest_cannot_view","message":"Sorry, you cannot list resources.","data":{"status":403}}`), waybill.ErrAuth, "shop manager"},
		{"firewall", say(403, html, "<html><title>Access denied</title>"), waybill.ErrAuth, "firewall"},
		{"rest switched off", say(401, jsonType, `{"code":"rest_cannot_access","message":"DRA: Only authenticated users can access the REST API.","data":{"status":401}}`), waybill.ErrAuth, "security plugin"},
		{"no route", say(404, jsonType, string(published("no_route.json"))), nil, "permalinks"},
		{"plain permalinks", say(404, html, "<html><title>Page not found</title>"), nil, "permalinks"},
		{"old shop", say(400, jsonType, string(published("invalid_param.json"))), nil, "5.8"},
		{"maintenance", say(503, html, "<h1>Briefly unavailable for scheduled maintenance.</h1>"), waybill.ErrTemporary, "503"},
		{"throttled", say(429, html, "slow down"), waybill.ErrTemporary, "429"},
		{"crash", say(500, jsonType, `{"code":"internal_server_error","message":"There has been a critical error on this website."}`), waybill.ErrTemporary, "500"},
		{"challenge", say(200, html, "<!DOCTYPE html><title>Just a moment…</title>"), waybill.ErrTemporary, "no list of JSON"},
		{"notice", say(200, jsonType, `<br /><b>Notice</b>: Undefined index [{"id":1,"billing":{"first_name":"Ada"}}]`), waybill.ErrTemporary, "PHP notice"},
		{"object", say(200, jsonType, `{"id":1,"billing":{"first_name":"Ada"}}`), waybill.ErrTemporary, "no list"},
		{"empty", say(200, jsonType, ""), waybill.ErrTemporary, "no list"},
		{"cut off", say(200, jsonType, `[{"id":1,"billing":{"first_name":"Ada"`), waybill.ErrTemporary, "ends early"},
		{"no counts", say(200, jsonType, `[]`), nil, "X-WP-Total"},
		{"empty page", func(_ int, _ *http.Request, w http.ResponseWriter) { list(w, []byte("[]"), 3, 1) }, waybill.ErrTemporary, "empty although"},
		{"all of them", func(_ int, _ *http.Request, w http.ResponseWriter) { list(w, published("orders.json"), 2, 1) }, nil, "modified_after"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, conn := start(t, c.answer)
			log, err := pull(t.Context(), conn, orders("2017-03-23T05:00:00Z"))
			if err == nil || len(log) > 0 || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("kept %q, error %v, want one about %q", log, err, c.text)
			}
			for _, kind := range []error{waybill.ErrAuth, waybill.ErrTemporary, waybill.ErrNotFound, waybill.ErrQuota} {
				if errors.Is(err, kind) != errors.Is(c.kind, kind) {
					t.Errorf("is %v: %t (%v)", kind, errors.Is(err, kind), err)
				}
			}
			if strings.Contains(err.Error(), "Ada") || strings.Contains(err.Error(), "cs_right") {
				t.Errorf("the error shows what it should not: %v", err)
			}
		})
	}
}

// TestPageFailsInTheMiddle: what was read before a page that is not answered never ends in io.EOF.
func TestPageFailsInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(http.ResponseWriter){
		"status": func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) },
		"html":   func(w http.ResponseWriter) { io.WriteString(w, "<html>") },
		"length": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000000")
			list(w, published("orders.json"), 4, 2)
		},
	} {
		_, c := start(t, func(_ int, r *http.Request, w http.ResponseWriter) {
			if r.URL.Query().Get("page") == "2" {
				fail(w)
				return
			}
			list(w, published("orders.json"), 4, 2)
		})
		log, err := pull(t.Context(), c, orders(""))
		if !errors.Is(err, waybill.ErrTemporary) || len(parse(t, log)) != 1 {
			t.Errorf("%s: %d lines, %v", name, len(parse(t, log)), err)
		}
	}
}

// TestRestlessCount: a count that falls again and again ends in an error, not never.
func TestRestlessCount(t *testing.T) {
	t.Parallel()
	s, c := start(t, func(n int, _ *http.Request, w http.ResponseWriter) { list(w, published("orders.json"), 8-n%2*2, 4-n%2) },
		func(cfg *woocommerce.Config) { cfg.PerPage = 2 })
	if _, err := pull(t.Context(), c, orders("")); !errors.Is(err, waybill.ErrTemporary) || len(s.asked) > 200 {
		t.Errorf("%d calls, %v", len(s.asked), err)
	}
}

// TestOrdersStop: a cancelled context ends a pull between two pages.
func TestOrdersStop(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	_, c := start(t, func(n int, _ *http.Request, w http.ResponseWriter) {
		if n == 2 {
			cancel()
		}
		list(w, published("orders.json"), 1000, 500)
	})
	if _, err := pull(ctx, c, orders("")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestCheck: the doctor tells a shop that is well, a key that is refused, and a shop that cannot say what changed.
func TestCheck(t *testing.T) {
	t.Parallel()
	answer := func(tomorrow int) func(int, *http.Request, http.ResponseWriter) {
		return func(_ int, r *http.Request, w http.ResponseWriter) {
			switch {
			case r.URL.Query().Get("modified_after") == "":
				list(w, published("orders.json"), 727, 727)
			case tomorrow == 0:
				nothing(w)
			default:
				list(w, published("orders.json"), tomorrow, tomorrow)
			}
		}
	}
	for _, c := range []struct {
		name     string
		tomorrow int
		change   func(*woocommerce.Config)
		ok       []bool
		text     string
	}{
		{"well", 0, func(*woocommerce.Config) {}, []bool{true, true}, "727 orders"},
		{"old", 727, func(*woocommerce.Config) {}, []bool{true, false}, "5.8"},
		{"key", 0, func(cfg *woocommerce.Config) { cfg.ConsumerSecret = "cs_wrong" }, []bool{false}, "Read access"},
		{"elsewhere", 0, func(cfg *woocommerce.Config) { cfg.BaseURL = "http://127.0.0.1:1" }, []bool{false}, "base_url"},
	} {
		_, conn := start(t, answer(c.tomorrow), c.change)
		var ok []bool
		var text strings.Builder
		for _, f := range conn.Check(t.Context()) {
			ok = append(ok, f.OK)
			fmt.Fprintln(&text, f.Subject, f.Detail, f.Remedy)
			if !f.OK && f.Remedy == "" {
				t.Errorf("%s: %s has no remedy", c.name, f.Subject)
			}
		}
		if !slices.Equal(ok, c.ok) || !strings.Contains(text.String(), c.text) || strings.Contains(text.String(), "cs_") {
			t.Errorf("%s: %v\n%s", c.name, ok, text.String())
		}
	}
}
