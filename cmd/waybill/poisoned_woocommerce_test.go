package main

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// woocommerceOf serves one shop's REST API (woocommerce.github.io/woocommerce-rest-api-docs): pages of all orders, with some among them whose total is a word, and the refunds of each, which may be poisoned.
type woocommerceOf struct {
	sales    int
	spoilt   int // orders besides
	poisoned func(sale int) int
}

// wooOrder is the number that WooCommerce gives an order.
func wooOrder(s sale) int { return 10_000 + int(s) }

var refundsOf = regexp.MustCompile(`/wp-json/wc/v3/orders/(\d+)/refunds$`)

func (o woocommerceOf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m := refundsOf.FindStringSubmatch(r.URL.Path); m != nil {
		number, err := strconv.Atoi(m[1])
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s := sale(number - wooOrder(0))
		o.counts(w, 1, 1)
		pour(w, o.poisoned(int(s)), o.refunds(s))
		return
	}
	q := r.URL.Query()
	page, _ := strconv.Atoi(q.Get("page"))
	size, _ := strconv.Atoi(q.Get("per_page"))
	total := o.sales + o.spoilt
	if q.Get("status") == "trash" || page < 1 || size < 1 {
		total = 0
	}
	var orders []string
	for i := (page - 1) * size; i < min(page*size, total); i++ {
		which, isSpoilt := among(i, o.sales, o.spoilt)
		order := o.order(sale(which))
		if isSpoilt {
			id := fmt.Sprintf(`{"id":%d,`, wooOrder(sale(which)))
			order = strings.Replace(strings.Replace(order, id, fmt.Sprintf(`{"id":9%07d,`, which), 1), `"total":"`, `"total":"many `, 1)
		}
		orders = append(orders, order)
	}
	w.Header().Set("Content-Type", "application/json")
	o.counts(w, total, (total+max(size, 1)-1)/max(size, 1))
	io.WriteString(w, "["+strings.Join(orders, ",")+"]")
}

func (woocommerceOf) counts(w http.ResponseWriter, total, pages int) {
	w.Header().Set("X-WP-Total", strconv.Itoa(total))
	w.Header().Set("X-WP-TotalPages", strconv.Itoa(pages))
}

// wallTime is how WooCommerce writes an instant in GMT.
const wallTime = "2006-01-02T15:04:05"

func (woocommerceOf) order(s sale) string {
	n, placed, refunded := wooOrder(s), s.placed().Format(wallTime), s.refunded().Format(wallTime)
	return fmt.Sprintf(`{"id":%d,"parent_id":0,"status":"processing","currency":"GBP","version":"9.3.3","prices_include_tax":true,"date_created":%q,"date_modified":%q,"discount_total":"0.00","discount_tax":"0.00",`+
		`"shipping_total":"0.00","shipping_tax":"0.00","total":%q,"total_tax":"0.00","payment_method":"stripe","payment_method_title":"Card","transaction_id":"ch_%d","created_via":"checkout","date_completed":null,`+
		`"number":"%d","meta_data":[{"id":1,"key":"_stripe_intent_id","value":"pi_%d"}],"shipping":{"country":"GB","postcode":"N1 1AA"},`+
		`"line_items":[{"id":%d,"name":"Mug","product_id":7,"variation_id":0,"quantity":3,"subtotal":%q,"subtotal_tax":"0.00","total":%q,"total_tax":"0.00","meta_data":[],"sku":"A","price":%s}],`+
		`"shipping_lines":[{"id":%d,"method_title":"Standard","method_id":"flat_rate","total":"0.00","total_tax":"0.00"}],"fee_lines":[],"refunds":[{"id":%d,"reason":"","total":%q}],`+
		`"date_created_gmt":%q,"date_modified_gmt":%q,"date_paid_gmt":%q,"date_completed_gmt":null}`,
		n, placed, refunded, pounds(s.total()), n, n, n, n, pounds(s.total()), pounds(s.total()), pounds(s.price()), n, wooRefund(s), pounds(-s.price()), placed, refunded, placed)
}

// wooRefund is the number of an order's only refund.
func wooRefund(s sale) int { return 500_000 + int(s) }

func (woocommerceOf) refunds(s sale) string {
	at := s.refunded().Format(wallTime)
	return fmt.Sprintf(`[{"id":%d,"date_created":%q,"date_created_gmt":%q,"amount":%q,"reason":"","refunded_by":1,"refunded_payment":true,"meta_data":[{"id":1,"key":"_stripe_refund_id","value":"re_%d"}],`+
		`"line_items":[{"id":%d,"name":"Mug","product_id":7,"variation_id":0,"quantity":-1,"subtotal":%q,"subtotal_tax":"0.00","total":%q,"total_tax":"0.00","meta_data":[{"id":2,"key":"_refunded_item_id","value":"%d"}],"sku":"A","price":%s}],`+
		`"shipping_lines":[],"fee_lines":[]}]`, wooRefund(s), at, at, pounds(s.price()), wooOrder(s), wooRefund(s), pounds(-s.price()), pounds(-s.price()), wooOrder(s), pounds(s.price()))
}
