package woocommerce_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/woocommerce"
)

// asked is the order that a question is about.
func asked(r *http.Request) string {
	return strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/blog/wp-json/wc/v3/orders/"), "/refunds")
}

// TestRefunds: one line per order with the exact answer; a 404 of WooCommerce's own is an answer.
func TestRefunds(t *testing.T) {
	t.Parallel()
	s, c := start(t, func(_ int, r *http.Request, w http.ResponseWriter) {
		switch asked(r) {
		case "723":
			list(w, published("order_refunds.json"), 2, 1)
		case "9":
			w.WriteHeader(http.StatusNotFound)
			w.Write(published("term_invalid.json"))
		default:
			nothing(w)
		}
	})
	log, err := pull(t.Context(), c, refunds("723", " 727", "723", "", "9"))
	if err != nil {
		t.Fatal(err)
	}
	got := parse(t, log)
	if !slices.Equal(asks(got), []string{"723", "727", "9"}) || got[0].body != string(published("order_refunds.json")) || got[1].body != "[]" || got[2].Status != 404 {
		t.Errorf("%+v", got)
	}
	if want := "/blog/wp-json/wc/v3/orders/723/refunds?dp=4&order=asc&orderby=id&page=1&per_page=100"; s.asked[0] != want {
		t.Errorf("asked %s, want %s", s.asked[0], want)
	}
}

// TestRefundsInPages: an order with more refunds than a page holds is kept with all its pages or not at all.
func TestRefundsInPages(t *testing.T) {
	t.Parallel()
	pages := func(broken string) func(int, *http.Request, http.ResponseWriter) {
		return func(_ int, r *http.Request, w http.ResponseWriter) {
			if asked(r)+" "+r.URL.Query().Get("page") == broken {
				io.WriteString(w, "<html>")
				return
			}
			list(w, fmt.Appendf(nil, `[{"id":%s}]`, r.URL.Query().Get("page")), 3, 3)
		}
	}
	small := func(cfg *woocommerce.Config) { cfg.PerPage = 1 }
	_, c := start(t, pages(""), small)
	log, err := pull(t.Context(), c, refunds("1", "2"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range parse(t, log) {
		got = append(got, x.Request.Ask+x.body)
	}
	if want := []string{`1[{"id":1}]`, `1[{"id":2}]`, `1[{"id":3}]`, `2[{"id":1}]`, `2[{"id":2}]`, `2[{"id":3}]`}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	_, c = start(t, pages("1 3"), small)
	log, err = pull(t.Context(), c, refunds("1", "2"))
	got = nil
	for _, x := range parse(t, log) {
		got = append(got, x.Request.Ask+" "+x.Problem)
	}
	if want := []string{"1 200 text/html that is no JSON as asked for", "2 ", "2 ", "2 "}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestRefundsThatFail: an order that is not answered has a line that says so and stops no other. Only a shop that answers nothing at all, or
// refuses everything, ends the batch.
func TestRefundsThatFail(t *testing.T) {
	t.Parallel()
	broken := func(orders ...string) func(int, *http.Request, http.ResponseWriter) {
		return func(_ int, r *http.Request, w http.ResponseWriter) {
			if slices.Contains(orders, asked(r)) || slices.Contains(orders, "all") {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			nothing(w)
		}
	}
	for _, c := range []struct {
		name        string
		answer      func(int, *http.Request, http.ResponseWriter)
		work        []string
		want        []string
		kind        error
		text        string
		mostToAsked int
	}{
		{"one of many", broken("2"), []string{"1", "2", "3"}, []string{"1", "2: 500 Internal Server Error", "3"}, nil, "", 4},
		{"three in a row", broken("2", "3", "4"), []string{"1", "2", "3", "4", "5"}, []string{"1", "2: 500 Internal Server Error", "3: 500 Internal Server Error", "4: 500 Internal Server Error", "5"}, nil, "", 9},
		{"all", broken("all"), []string{"1", "2", "3", "4"}, nil, waybill.ErrTemporary, "3: GET", 8},
		{"no number", broken(), []string{"1/../2", "3"}, []string{`1/../2: "1/../2" is not an order's id, which is a number`, "3"}, nil, "", 1},
		{"no number at all", broken(), []string{"OL-5"}, []string{`OL-5: "OL-5" is not an order's id, which is a number`}, nil, "", 0},
		{"API gone", func(_ int, _ *http.Request, w http.ResponseWriter) {
			w.WriteHeader(http.StatusNotFound)
			w.Write(published("no_route.json"))
		}, []string{"1", "2", "3"}, nil, nil, "permalinks", 1},
		{"firewall", func(_ int, _ *http.Request, w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) }, []string{"1", "2"}, nil, waybill.ErrAuth, "firewall", 1},
	} {
		s, conn := start(t, c.answer)
		log, err := pull(t.Context(), conn, refunds(c.work...))
		var got []string
		for _, x := range parse(t, log) {
			got = append(got, strings.TrimSuffix(x.Request.Ask+": "+x.Problem, ": "))
		}
		if !slices.Equal(got, c.want) || len(s.asked) > c.mostToAsked {
			t.Errorf("%s: kept %q with %d calls, want %q", c.name, got, len(s.asked), c.want)
		}
		if (c.text == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), c.text)) || (c.kind != nil && !errors.Is(err, c.kind)) || errors.Is(err, waybill.ErrNotFound) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestRefundBatches: work is listed in batches that name themselves by what they ask.
func TestRefundBatches(t *testing.T) {
	t.Parallel()
	_, c := start(t, nil)
	r := refunds("1", "2", "3", "1")
	r.Settings = map[string]any{"batch_size": 2, "calls_today": 9}
	items, err := c.List(t.Context(), r)
	if err != nil || len(items) != 2 || !slices.Equal(items[0].Request.Work, []string{"1", "2"}) || !slices.Equal(items[1].Request.Work, []string{"3"}) {
		t.Fatalf("%+v, %v", items, err)
	}
	if items[0].Name == items[1].Name || !strings.HasPrefix(items[0].Name, "order_refunds/20170323T060000Z-") {
		t.Errorf("names %s, %s", items[0].Name, items[1].Name)
	}
	if none, err := c.List(t.Context(), refunds()); err != nil || len(none) != 0 {
		t.Errorf("%+v, %v", none, err)
	}
}
