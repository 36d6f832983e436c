package shopify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/shopify"
)

func TestWindow(t *testing.T) {
	t.Parallel()
	s, c := start(t, nil)
	s.serveFile("", nil)
	for _, tc := range []struct {
		name, cursor string
		settings     map[string]any
		want         string
	}{
		{"from the cursor less the overlap", "2026-04-01T06:00:00Z", nil, "orders/20260401T055500Z_20260402T060000Z.jsonl"},
		{"own overlap", "2026-04-01T06:00:00Z", map[string]any{"overlap": "1h"}, "orders/20260401T050000Z_20260402T060000Z.jsonl"},
		{"all", "", nil, "orders/00010101T000000Z_20260402T060000Z.jsonl"},
		{"since a date", "", map[string]any{"since": "2026-03-10"}, "orders/20260310T000000Z_20260402T060000Z.jsonl"},
		{"as of before the cursor", "2026-04-03T00:00:00Z", nil, ""},
		{"as of the cursor", "2026-04-02T06:00:00Z", nil, ""},
	} {
		r := orders(tc.cursor)
		r.Settings = tc.settings
		items, err := c.List(t.Context(), r)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		got := ""
		for _, it := range items {
			if got += it.Name; it.Cursor != "2026-04-02T06:00:00Z" {
				t.Errorf("%s: cursor %s", tc.name, it.Cursor)
			}
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	if _, err := c.List(t.Context(), orders("yesterday")); err == nil {
		t.Error("a cursor that is no time passed")
	}
}

// names are the items of a pull in short: from_to.
func names(t *testing.T, c *shopify.Connector, r waybill.Request) string {
	t.Helper()
	items, err := c.List(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, it := range items {
		name := strings.TrimSuffix(strings.TrimPrefix(it.Name, "orders/"), ".jsonl")
		if _, to, _ := strings.Cut(name, "_"); to != strings.NewReplacer("-", "", ":", "").Replace(it.Cursor) {
			t.Errorf("%s has the cursor %s", it.Name, it.Cursor)
		}
		out = append(out, strings.ReplaceAll(strings.ReplaceAll(name, "2026", ""), "T000000Z", ""))
	}
	return strings.Join(out, " ")
}

// TestLongTimesAreCut wants no export of more than a window, none of them overlapping, and together the whole time.
func TestLongTimesAreCut(t *testing.T) {
	t.Parallel()
	s, c := start(t, nil)
	s.serveFile("", nil)
	r := orders("")
	r.Settings = map[string]any{"since": "2026-01-01"}
	if got := names(t, c, r); got != "0101_0201 0201_0304 0304_0402T060000Z" {
		t.Errorf("since January: %s", got)
	}
	r.Settings = map[string]any{"window": "240h"}
	s.answers["OldestOrder"] = say(`{"data":{"orders":{"nodes":[{"updatedAt":"2026-03-12T00:00:00Z"}]}}}`)
	if got := names(t, c, r); got != "00010101_0322 0322_0401 0401_0402T060000Z" {
		t.Errorf("all: %s", got)
	}
}

// TestAnExportThatTookLongIsTakenUp pulls again later than an export that nobody waited for: its span comes first and is not exported twice.
func TestAnExportThatTookLongIsTakenUp(t *testing.T) {
	t.Parallel()
	file := example(t, "bulk.jsonl")
	s, c := start(t, func(cfg *shopify.Config) { cfg.BulkPatience = 30 * time.Millisecond })
	s.serveFile(file, map[string]any{"status": "RUNNING", "url": nil})
	var query string
	s.answers["RunBulk"] = func(_ int, vars map[string]any, w http.ResponseWriter) {
		query = vars["query"].(string)
		io.WriteString(w, started)
	}
	if _, err := openOrders(t, c, "2026-04-01T06:00:00Z"); !errors.Is(err, waybill.ErrTemporary) {
		t.Fatalf("waited for it: %v", err)
	}
	s.serveFile(file, nil)
	s.answers["NewestBulkOperation"] = say(bulkState("currentBulkOperation", map[string]any{
		"query": query, "objectCount": "11", "fileSize": fmt.Sprint(len(file)), "url": s.url + "/storage/1",
	}))
	s.counts["RunBulk"] = 0
	later := orders("2026-04-01T06:00:00Z")
	later.Now = now.Add(3 * time.Hour)
	if got := names(t, c, later); got != "0401T055500Z_0402T060000Z 0402T055500Z_0402T090000Z" {
		t.Fatalf("spans %s", got)
	}
	items, err := c.List(t.Context(), later)
	if err != nil {
		t.Fatal(err)
	}
	f, err := c.Open(t.Context(), items[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if body, err := io.ReadAll(f); err != nil || string(body) != file || s.counts["RunBulk"] != 0 {
		t.Errorf("%d bytes, %d exports begun, %v", len(body), s.counts["RunBulk"], err)
	}
}

func TestBulkGivesTheExactFile(t *testing.T) {
	t.Parallel()
	want := example(t, "bulk.jsonl")
	s, c := start(t, nil)
	s.serveFile(want, nil)
	finished := s.answers["BulkOperation"]
	s.answers["RunBulk"] = func(n int, vars map[string]any, w http.ResponseWriter) {
		query := vars["query"].(string)
		if !strings.Contains(query, `orders(query: "updated_at:>='2026-04-01T05:55:00Z' AND updated_at:<'2026-04-02T06:00:00Z'", sortKey: UPDATED_AT)`) {
			t.Errorf("query %s", query)
		}
		text := started
		if n <= 2 {
			text = busy // its turn comes the third time
		}
		io.WriteString(w, text)
	}
	s.answers["BulkOperation"] = func(n int, vars map[string]any, w http.ResponseWriter) {
		switch {
		case vars["id"] != "gid://shopify/BulkOperation/1":
			t.Errorf("looks at %v", vars["id"])
		case n <= 3:
			io.WriteString(w, bulkState("bulkOperation", map[string]any{"status": "RUNNING", "objectCount": "4"}))
		default:
			finished(n, vars, w)
		}
	}
	got, err := openOrders(t, c, "2026-04-01T06:00:00Z")
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	if s.counts["RunBulk"] != 3 || s.counts["BulkOperation"] != 4 {
		t.Errorf("asked %v", s.asked)
	}
}

func TestEmptyResultIsAnEmptyFile(t *testing.T) {
	t.Parallel()
	s, c := start(t, nil)
	s.serveFile("", map[string]any{"url": nil, "fileSize": nil})
	if got, err := openOrders(t, c, ""); err != nil || got != "" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestBulkTrouble(t *testing.T) {
	t.Parallel()
	file := example(t, "bulk.jsonl")
	cases := map[string]struct {
		set    map[string]any
		change func(s *shop)
		is     error
		says   string
	}{
		"failed": {
			map[string]any{"status": "FAILED", "errorCode": "INTERNAL_SERVER_ERROR", "partialDataUrl": "https://x/p?Signature=secret"},
			nil,
			waybill.ErrTemporary, "partial data",
		},
		"timeout":     {map[string]any{"status": "FAILED", "errorCode": "TIMEOUT"}, nil, waybill.ErrTemporary, "TIMEOUT"},
		"no scope":    {map[string]any{"status": "FAILED", "errorCode": "ACCESS_DENIED"}, nil, waybill.ErrAuth, "read_orders"},
		"cancelled":   {map[string]any{"status": "CANCELED"}, nil, waybill.ErrTemporary, "CANCELED"},
		"expired":     {map[string]any{"status": "EXPIRED"}, nil, waybill.ErrTemporary, "EXPIRED"},
		"fewer rows":  {map[string]any{"objectCount": "12"}, nil, waybill.ErrTemporary, "11 objects arrived of 12"},
		"fewer bytes": {map[string]any{"fileSize": "2000"}, nil, waybill.ErrTemporary, "of 2000"},
		"no address":  {map[string]any{"url": nil}, nil, waybill.ErrTemporary, "no address"},
		"cut": {nil, func(s *shop) {
			s.file = func(w http.ResponseWriter) {
				w.Header().Set("Content-Length", fmt.Sprint(len(file)))
				io.WriteString(w, file[:300])
			}
		}, waybill.ErrTemporary, "300 of"},
		"address no longer good": {nil, func(s *shop) {
			s.file = func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) }
		}, waybill.ErrTemporary, "403"},
		"query refused": {nil, func(s *shop) {
			s.answers["RunBulk"] = say(`{"data":{"bulkOperationRunQuery":{"bulkOperation":null,"userErrors":[{"message":"Bulk queries cannot contain more than 5 connections.","code":"INVALID"}]}}}`)
		}, nil, "INVALID"},
		"operation gone": {nil, func(s *shop) { s.answers["BulkOperation"] = say(`{"data":{"bulkOperation":null}}`) }, waybill.ErrTemporary, "gone"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := start(t, nil)
			s.serveFile(file, tc.set)
			if tc.change != nil {
				tc.change(s)
			}
			_, err := openOrders(t, c, "")
			if err == nil || (tc.is != nil && !errors.Is(err, tc.is)) || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "=abc") || strings.Contains(err.Error(), "secret") {
				t.Errorf("error %v", err)
			}
			if errors.Is(tc.is, waybill.ErrTemporary) && errors.Is(err, waybill.ErrAuth) {
				t.Errorf("error blames the token: %v", err)
			}
		})
	}
}

func TestAFormerOperationIsTakenUp(t *testing.T) {
	t.Parallel()
	file := example(t, "bulk.jsonl")
	s, c := start(t, nil)
	s.serveFile(file, nil)
	var query string
	s.answers["RunBulk"] = func(_ int, vars map[string]any, w http.ResponseWriter) {
		query = vars["query"].(string)
		io.WriteString(w, started)
	}
	if _, err := openOrders(t, c, ""); err != nil {
		t.Fatal(err)
	}
	finished := map[string]any{"query": query, "objectCount": "11", "fileSize": fmt.Sprint(len(file)), "url": s.url + "/storage/1"}
	for name, tc := range map[string]struct {
		set  map[string]any
		runs int
	}{
		"finished":               {nil, 0},
		"running":                {map[string]any{"status": "RUNNING", "url": nil}, 0},
		"of another query":       {map[string]any{"query": "{ products { edges { node { id } } } }"}, 1},
		"begun before the end":   {map[string]any{"createdAt": "2026-04-02T05:59:59Z"}, 1},
		"failed":                 {map[string]any{"status": "FAILED"}, 1},
		"address long forgotten": {map[string]any{"status": "EXPIRED"}, 1},
	} {
		set := map[string]any{}
		for _, m := range []map[string]any{finished, tc.set} {
			for k, v := range m {
				set[k] = v
			}
		}
		s.answers["NewestBulkOperation"] = say(bulkState("currentBulkOperation", set))
		s.counts["RunBulk"] = 0
		if got, err := openOrders(t, c, ""); err != nil || got != file || s.counts["RunBulk"] != tc.runs {
			t.Errorf("%s: %d runs, %d bytes, %v", name, s.counts["RunBulk"], len(got), err)
		}
	}
}

// TestDocumentedAnswer feeds the published example of a finished operation through the poll.
func TestDocumentedAnswer(t *testing.T) {
	t.Parallel()
	s, c := start(t, nil)
	s.serveFile("", nil)
	s.answers["NewestBulkOperation"] = say(example(t, "current_bulk_operation.json"))
	s.answers["BulkOperation"] = func(_ int, _ map[string]any, w http.ResponseWriter) {
		text := strings.ReplaceAll(example(t, "current_bulk_operation.json"), "currentBulkOperation", "bulkOperation")
		io.WriteString(w, strings.Replace(text, `https:\/\/storage.googleapis.com\/shopify\/dyfkl3g72empyyoenvmtidlm9o4g?<params>`, s.url+"/storage/x", 1))
	}
	s.file = func(w http.ResponseWriter) { io.WriteString(w, example(t, "bulk.jsonl")) }
	if _, err := openOrders(t, c, ""); !errors.Is(err, waybill.ErrTemporary) || !strings.Contains(err.Error(), "of 358") {
		t.Errorf("error %v", err)
	}
}

func TestPatience(t *testing.T) {
	t.Parallel()
	s, c := start(t, func(cfg *shopify.Config) { cfg.BulkPatience = 50 * time.Millisecond })
	s.serveFile("", map[string]any{"status": "RUNNING"})
	if _, err := openOrders(t, c, ""); !errors.Is(err, waybill.ErrTemporary) || !strings.Contains(err.Error(), "bulk_patience") {
		t.Errorf("error %v", err)
	}
	items, err := c.List(t.Context(), orders(""))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := c.Open(ctx, items[0]); !errors.Is(err, context.Canceled) || errors.Is(err, waybill.ErrTemporary) {
		t.Errorf("cancelled: %v", err)
	}
}
