package shopify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
	"github.com/fourmarketing/waybill/connectors/shopify"
)

var (
	_ waybill.Connector = (*shopify.Connector)(nil)
	_ waybill.Checker   = (*shopify.Connector)(nil)
)

var now = time.Date(2026, 4, 2, 6, 0, 0, 0, time.UTC)

// shop answers questions by the name of their operation; what is not scripted is refused.
type shop struct {
	t       testing.TB
	url     string
	mu      sync.Mutex
	asked   []string
	answers map[string]func(n int, vars map[string]any, w http.ResponseWriter)
	counts  map[string]int
	file    func(w http.ResponseWriter)
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.HasPrefix(r.URL.Path, "/storage/") {
		s.file(w)
		return
	}
	if r.Header.Get("X-Shopify-Access-Token") != "shpat_right" {
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"errors":"[API] Invalid API key or access token (unrecognized login or wrong password)"}`)
		return
	}
	var q struct {
		Query     string
		Variables map[string]any
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.URL.Path != "/admin/api/2026-01/graphql.json" {
		s.t.Errorf("%s: %v", r.URL.Path, err)
	}
	name := operation(q.Query)
	s.asked = append(s.asked, name)
	s.counts[name]++
	answer, ok := s.answers[name]
	if !ok {
		fmt.Fprintf(w, `{"errors":[{"message":"Field '%s' doesn't exist on type 'QueryRoot'","extensions":{"code":"undefinedField"}}]}`, name)
		return
	}
	answer(s.counts[name], q.Variables, w)
}

func operation(query string) string {
	fields := strings.FieldsFunc(query, func(r rune) bool { return strings.ContainsRune(" ({", r) })
	if len(fields) > 1 && (fields[0] == "query" || fields[0] == "mutation") {
		return fields[1]
	}
	return fields[0]
}

func start(t testing.TB, change func(*shopify.Config)) (*shop, *shopify.Connector) {
	t.Helper()
	s := &shop{t: t, counts: map[string]int{}, answers: map[string]func(int, map[string]any, http.ResponseWriter){}}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	cfg := shopify.Config{
		BaseURL: srv.URL, Token: "shpat_right", PollMin: time.Millisecond, PollMax: 5 * time.Millisecond,
		HTTP: rest.Config{Attempts: 2, WaitMin: time.Millisecond, Timeout: 5 * time.Second},
	}
	if change != nil {
		change(&cfg)
	}
	c, err := shopify.New(cfg, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return s, c
}

func example(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../testdata/connectors/shopify/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// say answers with a text that never changes.
func say(text string) func(int, map[string]any, http.ResponseWriter) {
	return func(_ int, _ map[string]any, w http.ResponseWriter) { io.WriteString(w, text) }
}

const (
	started = `{"data":{"bulkOperationRunQuery":{"bulkOperation":{"id":"gid://shopify/BulkOperation/1","status":"CREATED"},"userErrors":[]}}}`
	busy    = `{"data":{"bulkOperationRunQuery":{"bulkOperation":null,"userErrors":[{"field":null,"message":"A bulk query operation for this app and shop is already in progress: gid://shopify/BulkOperation/9.","code":"OPERATION_IN_PROGRESS"}]}}}`
	none    = `{"data":{"currentBulkOperation":null}}`
)

// bulkState is an answer about the operation. field is bulkOperation or currentBulkOperation.
func bulkState(field string, set map[string]any) string {
	op := map[string]any{
		"id": "gid://shopify/BulkOperation/1", "status": "COMPLETED", "errorCode": nil, "createdAt": "2026-04-02T06:00:01Z",
		"objectCount": "0", "fileSize": nil, "url": nil, "partialDataUrl": nil, "query": "",
	}
	for k, v := range set {
		op[k] = v
	}
	raw, _ := json.Marshal(map[string]any{"data": map[string]any{field: op}})
	return string(raw)
}

// serveFile lets the shop finish its operation with a file.
func (s *shop) serveFile(body string, set map[string]any) {
	all := map[string]any{
		"objectCount": fmt.Sprint(strings.Count(body, "\n")), "fileSize": fmt.Sprint(len(body)), "url": s.url + "/storage/1?Signature=abc",
	}
	for k, v := range set {
		all[k] = v
	}
	s.answers["NewestBulkOperation"] = say(none)
	s.answers["OldestOrder"] = say(`{"data":{"orders":{"nodes":[]}}}`)
	s.answers["RunBulk"] = say(started)
	s.answers["BulkOperation"] = say(bulkState("bulkOperation", all))
	s.file = func(w http.ResponseWriter) { io.WriteString(w, body) }
}

func orders(cursor string) waybill.Request {
	return waybill.Request{Feed: "orders", Resource: "orders", Cursor: cursor, Now: now}
}

func openOrders(t testing.TB, c *shopify.Connector, cursor string) (string, error) {
	t.Helper()
	items, err := c.List(context.Background(), orders(cursor))
	if err != nil {
		return "", err
	}
	if len(items) != 1 {
		t.Fatalf("%v", items)
	}
	f, err := c.Open(context.Background(), items[0])
	if err != nil {
		return "", err
	}
	defer f.Close()
	body, err := io.ReadAll(f)
	return string(body), err
}

func TestThrottledIsAskedAgain(t *testing.T) {
	t.Parallel()
	s, c := start(t, nil)
	s.serveFile("", map[string]any{"url": nil})
	// The published answer lacks 86 of 752 points at 50 a second; here they come back at 5,000 a second.
	throttled := strings.ReplaceAll(example(t, "throttled.json"), `"restoreRate": 50.0`, `"restoreRate": 5000.0`)
	for _, name := range []string{"NewestBulkOperation", "RunBulk", "BulkOperation"} {
		then := s.answers[name]
		s.answers[name] = func(n int, vars map[string]any, w http.ResponseWriter) {
			if n == 1 {
				io.WriteString(w, throttled)
				return
			}
			then(n, vars, w)
		}
	}
	began := time.Now()
	if _, err := openOrders(t, c, ""); err != nil || len(s.asked) != 9 { // what the token may read is asked once
		t.Errorf("%v, %v", s.asked, err)
	}
	if took := time.Since(began); took < 3*17*time.Millisecond {
		t.Errorf("waited only %s for 3 × 86 points", took)
	}
	s.answers["NewestBulkOperation"] = say(throttled)
	if _, err := openOrders(t, c, ""); !errors.Is(err, waybill.ErrTemporary) {
		t.Errorf("throttled for good: %v", err)
	}
}

func TestWrongToken(t *testing.T) {
	t.Parallel()
	_, c := start(t, func(cfg *shopify.Config) { cfg.Token = "shpat_wrong" })
	if _, err := openOrders(t, c, ""); !errors.Is(err, waybill.ErrAuth) || strings.Contains(err.Error(), "shpat_wrong") {
		t.Errorf("error %v", err)
	}
	if f := c.Check(t.Context()); len(f) != 1 || f[0].OK || f[0].Remedy == "" {
		t.Errorf("doctor: %+v", f)
	}
}

func TestCheckScopes(t *testing.T) {
	t.Parallel()
	s, c := start(t, nil)
	s.answers["shop"] = say(`{"data":{"shop":{"name":"Aster & Vale"}}}`)
	scopes := func(handles ...string) waybill.Finding {
		raw, _ := json.Marshal(handles)
		list := strings.NewReplacer(`["`, `[{"handle":"`, `","`, `"},{"handle":"`, `"]`, `"}]`).Replace(string(raw))
		s.answers["currentAppInstallation"] = say(`{"data":{"currentAppInstallation":{"accessScopes":` + list + `}}}`)
		return c.Check(t.Context())[1]
	}
	if f := scopes("read_orders", "write_returns", "read_products", "read_inventory", "read_all_orders"); !f.OK {
		t.Errorf("%+v", f)
	}
	if f := scopes("read_orders", "read_products"); f.OK || !strings.Contains(f.Detail, "read_returns, read_inventory") {
		t.Errorf("%+v", f)
	}
}

// TestTermsOnlyWhereTheTokenMayReadThem asks for payment terms if the token has their scope, and does without where the shop does not say.
func TestTermsOnlyWhereTheTokenMayReadThem(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]bool{
		`{"data":{"currentAppInstallation":{"accessScopes":[{"handle":"read_orders"},{"handle":"read_payment_terms"}]}}}`:  true,
		`{"data":{"currentAppInstallation":{"accessScopes":[{"handle":"read_orders"},{"handle":"write_payment_terms"}]}}}`: true,
		`{"data":{"currentAppInstallation":{"accessScopes":[{"handle":"read_orders"}]}}}`:                                  false,
		`{"errors":[{"message":"Field 'currentAppInstallation' doesn't exist on type 'QueryRoot'"}]}`:                      false,
	} {
		s, c := start(t, nil)
		s.serveFile("", map[string]any{"url": nil})
		s.answers["currentAppInstallation"] = say(said)
		then, query := s.answers["RunBulk"], ""
		s.answers["RunBulk"] = func(n int, vars map[string]any, w http.ResponseWriter) {
			query, _ = vars["query"].(string)
			then(n, vars, w)
		}
		if _, err := openOrders(t, c, ""); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(query, "paymentTerms { paymentTermsType }"); got != want || !strings.Contains(query, "updated_at:<") {
			t.Errorf("%s: asked for terms %t\n%s", said, got, query)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	const base = "https://aster-vale.myshopify.com"
	for name, bad := range map[string]shopify.Config{
		"no token":    {BaseURL: base},
		"no shop":     {Token: "t"},
		"old version": {BaseURL: base, Token: "t", APIVersion: "2025-10"},
		"no version":  {BaseURL: base, Token: "t", APIVersion: "latest"},
		"page size":   {BaseURL: base, Token: "t", Settings: shopify.Settings{PageSize: 251}},
		"since":       {BaseURL: base, Token: "t", Settings: shopify.Settings{Since: "last year"}},
	} {
		if _, err := shopify.New(bad, time.Now); err == nil {
			t.Errorf("%s passed", name)
		}
	}
	_, c := start(t, nil)
	if _, err := c.Open(t.Context(), waybill.Item{Name: "products/x"}); !errors.Is(err, waybill.ErrNotFound) {
		t.Errorf("unknown item: %v", err)
	}
	if _, err := c.List(t.Context(), waybill.Request{Resource: "products"}); err == nil {
		t.Error("unknown resource passed")
	}
}
