package woocommerce_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/sandbox/woocommerce"
)

var at = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func shop() []woocommerce.Order {
	order := func(id int64, status string, created, modified time.Time) woocommerce.Order {
		return woocommerce.Order{ID: id, Status: status, Currency: "EUR", Created: created, Modified: modified, Total: "29.35"}
	}
	all := []woocommerce.Order{
		order(3, "processing", at, at), order(1, "completed", at.Add(-time.Hour), at), order(2, "awaiting-pickup", at.Add(time.Hour), at.Add(time.Second)),
		order(4, "trash", at, at), order(5, "checkout-draft", at, at),
	}
	all[1].Lines = []woocommerce.Line{{ID: 11, Name: "Oak stool", SKU: "OAK", ProductID: 7, Quantity: 3, Subtotal: "25", Total: "25", TotalTax: "2.5"}}
	all[1].ShippingLines = []woocommerce.ShippingLine{{ID: 12, MethodID: "flat_rate", MethodTitle: "Flat rate", Total: "4.35"}}
	all[1].Meta = []woocommerce.Meta{{ID: 1, Key: "_stripe_intent_id", Value: "pi_1"}}
	all[1].Refunds = []woocommerce.Refund{
		{ID: 21, Created: at, Amount: "8.33", Reason: "wobbles", Paid: true, Meta: []woocommerce.Meta{{ID: 2, Key: "_stripe_refund_id", Value: "re_1"}}, Lines: []woocommerce.RefundLine{{ID: 22, Of: 11, Quantity: 1, Total: "8.333", TotalTax: "0.83"}}},
		{ID: 23, Created: at, Amount: "4.35", Shipping: []woocommerce.RefundLine{{ID: 24, Of: 12, Total: "4.35"}}},
	}
	return all
}

// ask gives the answer to a path with the shop's key.
func ask(t *testing.T, path string) (*http.Response, []map[string]any) {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s := woocommerce.New(woocommerce.Options{
		Key: "ck_1", Secret: "cs_1", Zone: zone, At: func() time.Time { return at }, Now: func() time.Time { return at },
		Orders: func(now time.Time) []woocommerce.Order {
			if !now.Equal(at) {
				t.Errorf("asked as of %s", now)
			}
			return shop()
		},
	})
	srv := httptest.NewServer(s)
	defer srv.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(path, "consumer_key") {
		req.SetBasicAuth("ck_1", "cs_1")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var entries []map[string]any
	if resp.StatusCode == http.StatusOK {
		err = json.Unmarshal(body, &entries)
	} else {
		entries = []map[string]any{{}}
		err = json.Unmarshal(body, &entries[0])
	}
	if err != nil {
		t.Fatalf("%s: %v in %s", path, err, body)
	}
	return resp, entries
}

func ids(entries []map[string]any) string {
	var all []string
	for _, e := range entries {
		all = append(all, fmt.Sprint(e["id"]))
	}
	return strings.Join(all, " ")
}

// TestListings: which orders a question gets, in which order. The site's clocks are two hours before GMT.
func TestListings(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":                                  "2 3 1", // newest first, without trash and drafts
		"?status=trash":                     "4",
		"?status=any":                       "2 3 1",
		"?status=completed,awaiting-pickup": "2 1",
		"?status=checkout-draft":            "5",
		"?orderby=id&order=asc":             "1 2 3",
		"?orderby=modified&order=asc":       "1 3 2", // the id decides within a second
		"?orderby=modified":                 "2 3 1",
		"?per_page=2&page=2":                "1",
		"?per_page=2&page=3":                "",
		"?dates_are_gmt=true&modified_after=2026-07-01T12:00:00":  "2", // exclusive
		"?dates_are_gmt=true&modified_after=2026-07-01T11:59:59":  "2 3 1",
		"?dates_are_gmt=true&modified_before=2026-07-01T12:00:01": "3 1",
		"?modified_after=2026-07-01T14:00:00":                     "2", // the site's time
		"?dates_are_gmt=true&modified_after=2026-07-01T10:00:00Z": "2", // an offset makes it the site's time, also for GMT
		"?dates_are_gmt=true&after=2026-07-01T11:30:00":           "2 3",
		"?unheard_of=1": "2 3 1",
	} {
		resp, got := ask(t, "/wp-json/wc/v3/orders"+query)
		if resp.StatusCode != http.StatusOK || ids(got) != want {
			t.Errorf("%s: %d %q, want %q", query, resp.StatusCode, ids(got), want)
		}
	}
}

func TestPagingHeaders(t *testing.T) {
	t.Parallel()
	resp, _ := ask(t, "/wp-json/wc/v3/orders?per_page=1&page=2")
	links := strings.Join(resp.Header.Values("Link"), " ")
	if resp.Header.Get("X-WP-Total") != "3" || resp.Header.Get("X-WP-TotalPages") != "3" || !strings.Contains(links, `page=1&per_page=1>; rel="prev"`) || !strings.Contains(links, `page=3&per_page=1>; rel="next"`) {
		t.Errorf("%v", resp.Header)
	}
	if resp.Header.Get("Date") != "Wed, 01 Jul 2026 12:00:00 GMT" {
		t.Errorf("date %s", resp.Header.Get("Date"))
	}
}

// TestShapes: members as WooCommerce names and writes them.
func TestShapes(t *testing.T) {
	t.Parallel()
	_, got := ask(t, "/wp-json/wc/v3/orders?orderby=id&order=asc&per_page=1&dp=4")
	o := got[0]
	for name, want := range map[string]any{
		"number": "1", "total": "29.3500", "date_created": "2026-07-01T13:00:00", "date_created_gmt": "2026-07-01T11:00:00", "date_paid_gmt": nil, "status": "completed",
		"discount_total": "0.0000",
	} {
		if o[name] != want {
			t.Errorf("%s is %v, want %v", name, o[name], want)
		}
	}
	if got := fmt.Sprint(o["refunds"]); got != "[map[id:21 reason:wobbles total:-8.3300] map[id:23 reason: total:-4.3500]]" {
		t.Errorf("refunds %s", got)
	}
	if got := fmt.Sprint(o["meta_data"]); got != "[map[id:1 key:_stripe_intent_id value:pi_1]]" {
		t.Errorf("meta_data %s", got)
	}
	_, refunds := ask(t, "/wp-json/wc/v3/orders/1/refunds?orderby=id&order=asc")
	if ids(refunds) != "21 23" || refunds[0]["amount"] != "8.33" || refunds[0]["refunded_payment"] != true {
		t.Fatalf("refunds %v", refunds)
	}
	line := refunds[0]["line_items"].([]any)[0].(map[string]any)
	for name, want := range map[string]any{"quantity": -1.0, "total": "-8.33", "total_tax": "-0.83", "sku": "OAK", "product_id": 7.0} {
		if line[name] != want {
			t.Errorf("line's %s is %v, want %v", name, line[name], want)
		}
	}
	if meta := line["meta_data"].([]any)[0].(map[string]any); meta["key"] != "_refunded_item_id" || meta["value"] != "11" {
		t.Errorf("line's meta %v", meta)
	}
	if shipping := refunds[1]["shipping_lines"].([]any)[0].(map[string]any); shipping["total"] != "-4.35" || shipping["method_id"] != "flat_rate" {
		t.Errorf("shipping %v", shipping)
	}
	if resp, none := ask(t, "/wp-json/wc/v3/orders/99/refunds"); resp.StatusCode != http.StatusOK || len(none) != 0 || resp.Header.Get("X-WP-TotalPages") != "0" {
		t.Errorf("an unknown order's refunds: %d %v", resp.StatusCode, none)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/wp-json/wc/v3/orders?consumer_key=ck_2&consumer_secret=cs_1": "401 woocommerce_rest_cannot_view",
		"/wp-json/wc/v3/orders?consumer_key=ck_1&consumer_secret=cs_2": "401 woocommerce_rest_authentication_error",
		"/wp-json/wc/v3/products":                                      "404 rest_no_route",
		"/wp-json/wc/v3/orders/OL-1/refunds":                           "404 rest_no_route",
		"/wp-json/wc/v3/orders?per_page=101":                           "400 rest_invalid_param",
		"/wp-json/wc/v3/orders?page=0":                                 "400 rest_invalid_param",
		"/wp-json/wc/v3/orders?orderby=date_modified":                  "400 rest_invalid_param",
		"/wp-json/wc/v3/orders?modified_after=yesterday":               "400 rest_invalid_param",
		"/wp-json/wc/v3/orders?status=shipped":                         "400 rest_invalid_param",
	} {
		resp, got := ask(t, path)
		if have := fmt.Sprintf("%d %v", resp.StatusCode, got[0]["code"]); have != want {
			t.Errorf("%s: %s, want %s", path, have, want)
		}
	}
	if resp, got := ask(t, "/wp-json/wc/v3/orders?consumer_key=ck_1&consumer_secret=cs_1"); resp.StatusCode != http.StatusOK || !slices.ContainsFunc(got, func(o map[string]any) bool { return o["id"] == 1.0 }) {
		t.Errorf("key in the query: %d %v", resp.StatusCode, got)
	}
}
