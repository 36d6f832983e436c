package shopify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
	"github.com/fourmarketing/waybill/connectors/shopify"
)

func TestPointsAreWaitedForBeforeTheyLack(t *testing.T) {
	t.Parallel()
	s, c := start(t, nil)
	s.answers["OrderDetails"] = func(_ int, vars map[string]any, w http.ResponseWriter) {
		fmt.Fprintf(w, `{"data":{"order":{"id":%q,"updatedAt":"2026-04-01T09:00:00Z"}},"extensions":{"cost":{"requestedQueryCost":100,"throttleStatus":{"currentlyAvailable":0,"restoreRate":2000}}}}`, vars["id"])
	}
	began := time.Now()
	if got, err := openDetails(t, c, "1", "2", "3"); err != nil || len(got) != 3 {
		t.Fatalf("%v, %v", got, err)
	}
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Errorf("asked three times in %s without points", took)
	}
}

func openDetails(t testing.TB, c *shopify.Connector, work ...string) ([]rest.Exchange, error) {
	t.Helper()
	items, err := c.List(context.Background(), waybill.Request{Feed: "order_details", Resource: "order_details", Now: now, Work: work, Settings: map[string]any{"calls_today": int64(3)}})
	if err != nil || len(items) != 1 || !strings.HasPrefix(items[0].Name, "order_details/20260402T060000Z-") {
		t.Fatalf("%v, %v", items, err)
	}
	return connectortest.Exchanges(t, c, items[0])
}

func TestConnectionsAreFollowedToTheirEnd(t *testing.T) {
	t.Parallel()
	s, c := start(t, nil)
	// A refund with 300 lines: 25 at first, 250 when asked again, then pages of 25.
	s.answers["OrderDetails"] = func(_ int, vars map[string]any, w http.ResponseWriter) {
		fmt.Fprintf(w, `{"data":{"order":{"id":%q,"updatedAt":"2026-04-01T09:00:00Z","refunds":[{"id":"gid://shopify/Refund/9","refundLineItems":{"nodes":[],"pageInfo":{"hasNextPage":true,"endCursor":"c%v"}}}],
			"returns":{"nodes":[{"id":"gid://shopify/Return/3","reverseFulfillmentOrders":{"nodes":[],"pageInfo":{"hasNextPage":true,"endCursor":"r1"}}}],"pageInfo":{"hasNextPage":false,"endCursor":null}}}}}`,
			vars["id"], vars["first"])
	}
	s.answers["NextPage"] = func(_ int, vars map[string]any, w http.ResponseWriter) {
		next := map[string]string{"c250": "c275", "c275": ""}[vars["after"].(string)]
		name := "refundLineItems"
		if vars["id"] != "gid://shopify/Refund/9" {
			name = "reverseFulfillmentOrders"
		}
		fmt.Fprintf(w, `{"data":{"node":{"id":%q,%q:{"nodes":[],"pageInfo":{"hasNextPage":%t,"endCursor":%q}}}}}`, vars["id"], name, next != "", next)
	}
	got, err := openDetails(t, c, "gid://shopify/Order/77")
	if err != nil {
		t.Fatal(err)
	}
	var asks []string
	for _, x := range got {
		asks = append(asks, x.Request.Ask)
	}
	want := []string{
		"gid://shopify/Order/77", "gid://shopify/Order/77",
		"gid://shopify/Order/77 gid://shopify/Refund/9 refundLineItems",
		"gid://shopify/Order/77 gid://shopify/Return/3 reverseFulfillmentOrders",
		"gid://shopify/Order/77 gid://shopify/Refund/9 refundLineItems",
	}
	if !slices.Equal(asks, want) {
		t.Errorf("asked %q", asks)
	}
}

func TestTooDearAQuestionFallsBackToPages(t *testing.T) {
	t.Parallel()
	s, c := start(t, nil)
	s.answers["OrderDetails"] = func(n int, vars map[string]any, w http.ResponseWriter) {
		if n == 2 {
			io.WriteString(w, `{"errors":[{"message":"Query cost is 2252, which exceeds the single query max cost limit (1000).","extensions":{"code":"MAX_COST_EXCEEDED"}}]}`)
			return
		}
		fmt.Fprintf(w, `{"data":{"order":{"id":%q,"updatedAt":"2026-04-01T09:00:00Z","fulfillments":[{"id":"gid://shopify/Fulfillment/5","fulfillmentLineItems":{"nodes":[],"pageInfo":{"hasNextPage":true,"endCursor":"c25"}}}]}}}`, vars["id"])
	}
	s.answers["NextPage"] = func(_ int, vars map[string]any, w http.ResponseWriter) {
		if vars["after"] != "c25" {
			t.Errorf("goes on after %v", vars["after"])
		}
		io.WriteString(w, `{"data":{"node":{"id":"gid://shopify/Fulfillment/5","fulfillmentLineItems":{"nodes":[],"pageInfo":{"hasNextPage":false,"endCursor":null}}}}}`)
	}
	if got, err := openDetails(t, c, "77"); err != nil || len(got) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// An order with an error in its answer keeps the answers of the others; nothing of its own is read as an answer.
func TestErrorOfOneOrderLeavesTheOthers(t *testing.T) {
	t.Parallel()
	s, c := start(t, nil)
	s.answers["OrderDetails"] = func(_ int, vars map[string]any, w http.ResponseWriter) {
		if vars["id"] == "gid://shopify/Order/2" {
			fmt.Fprintf(w, `{"data":{"order":{"id":%q,"updatedAt":"2026-04-01T09:00:00Z","refunds":[{"id":"gid://shopify/Refund/9"}]}},"errors":[{"message":"Timeout for Ann","extensions":{"code":"UNDOCUMENTED"}}]}`, vars["id"])
			return
		}
		fmt.Fprintf(w, `{"data":{"order":{"id":%q,"updatedAt":"2026-04-01T09:00:00Z"}}}`, vars["id"])
	}
	got, err := openDetails(t, c, "1", "2", "3")
	if err != nil || len(got) != 3 {
		t.Fatalf("%d lines, %v", len(got), err)
	}
	for i, want := range []string{"", "200 with errors UNDOCUMENTED", ""} {
		if got[i].Problem != want || (got[i].Body == nil) != (want != "") {
			t.Errorf("order %d: %+v", i+1, got[i])
		}
	}
}

func TestDetailsAnswers(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		answer func(n int, w http.ResponseWriter)
		lines  int
		is     error
		says   string // of the line
	}{
		"order deleted":   {text(`{"data":{"order":null}}`), 1, nil, ""},
		"a field's error": {text(`{"data":{"order":null},"errors":[{"message":"boom","extensions":{"code":"SOMETHING"}}]}`), 1, nil, "200 with errors SOMETHING"},
		"no scope":        {text(`{"data":null,"errors":[{"message":"Access denied for order field.","extensions":{"code":"ACCESS_DENIED"}}]}`), 0, waybill.ErrAuth, ""},
		"fault once": {func(n int, w http.ResponseWriter) {
			if n == 1 {
				io.WriteString(w, `{"errors":[{"message":"Internal error","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}`)
				return
			}
			io.WriteString(w, `{"data":{"order":{"id":"gid://shopify/Order/1","updatedAt":"2026-04-01T09:00:00Z"}}}`)
		}, 1, nil, ""},
		"fault for good": {text(example(t, "internal_error.json")), 1, nil, "200 with errors INTERNAL_SERVER_ERROR"},
		"503 for good":   {func(_ int, w http.ResponseWriter) { w.WriteHeader(503) }, 1, nil, "503 Service Unavailable"},
		"429 once": {func(n int, w http.ResponseWriter) {
			if n == 1 {
				w.WriteHeader(429)
				return
			}
			io.WriteString(w, `{"data":{"order":null}}`)
		}, 1, nil, ""},
		"a page":        {text(`<html>Sorry</html>`), 1, nil, "200 text/html that is no JSON as asked for"},
		"cut":           {text(`{"data":{"order":{"id":"gid://sho`), 1, nil, "200 text/plain that is no JSON as asked for"},
		"empty":         {text(``), 1, nil, "200 without a body"},
		"no order":      {text(`{"data":{}}`), 1, nil, "200 without an order"},
		"another order": {text(`{"data":{"order":{"id":"gid://shopify/Order/2","updatedAt":"2026-04-01T09:00:00Z","refunds":[]}}}`), 1, nil, "200 about another order"},
		"no time":       {text(`{"data":{"order":{"id":"gid://shopify/Order/1"}}}`), 1, nil, "200 with an order without updatedAt"},
		"no such time":  {text(`{"data":{"order":{"id":"gid://shopify/Order/1","updatedAt":"yesterday"}}}`), 1, nil, "200 with an order that cannot be read"},
		"a list":        {text(`{"data":[]}`), 1, nil, "200 with an order that cannot be read"},
		"other":         {text(`{"ok":true}`), 1, nil, "200 JSON that is no GraphQL: neither data nor errors"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := start(t, nil)
			s.answers["OrderDetails"] = func(n int, _ map[string]any, w http.ResponseWriter) { tc.answer(n, w) }
			got, err := openDetails(t, c, "1")
			if len(got) != tc.lines || !errors.Is(err, tc.is) || (len(got) == 1 && got[0].Problem != tc.says) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	t.Run("down", func(t *testing.T) {
		t.Parallel()
		s, c := start(t, nil)
		down := func(_ int, _ map[string]any, w http.ResponseWriter) { w.WriteHeader(503) }
		s.answers["OrderDetails"], s.answers["shop"] = down, down
		if _, err := openDetails(t, c, "1", "2"); !errors.Is(err, waybill.ErrTemporary) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("not an order", func(t *testing.T) {
		t.Parallel()
		_, c := start(t, nil)
		got, err := openDetails(t, c, "gid://shopify/Refund/1")
		if err != nil || len(got) != 1 || !strings.Contains(got[0].Problem, "is not an order") {
			t.Errorf("a refund's gid: %+v, %v", got, err)
		}
	})
}

func text(s string) func(int, http.ResponseWriter) {
	return func(_ int, w http.ResponseWriter) { io.WriteString(w, s) }
}
