package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// salesOfPayout are paid out together: with each its charge and its refund, so a payout itemises ten entries and its own.
const salesOfPayout = 5

// stripeOf serves the account (docs.stripe.com/api) that the sales of WooCommerce were paid through: its balance transactions and payouts, with some among them whose
// amount is a word, and what each payout itemises, which may be poisoned.
type stripeOf struct {
	sales    int
	spoilt   int // of balance transactions and of payouts, besides
	poisoned func(payout int) int
}

// payouts is how many there are.
func (o stripeOf) payouts() int { return o.sales / salesOfPayout }

func (o stripeOf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch payout := q.Get("payout"); {
	case payout != "":
		n, err := strconv.Atoi(strings.TrimPrefix(payout, "po_"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		pour(w, o.poisoned(n), stripeList(o.entriesOf(n, byID), false))
	case strings.HasSuffix(r.URL.Path, "/payouts"):
		o.page(w, o.payouts(), strings.TrimPrefix(q.Get("starting_after"), "po_"), func(n int) []string { return o.beside(n, o.payout(n)) })
	case strings.HasSuffix(r.URL.Path, "/balance_transactions"):
		// A page ends with a payout's own entry.
		o.page(w, o.payouts(), strings.TrimSuffix(strings.TrimPrefix(q.Get("starting_after"), "txn_"), "p"), func(n int) []string { return o.beside(n, o.entriesOf(n, expanded)...) })
	default:
		io.WriteString(w, stripeList(nil, false))
	}
}

// beside puts a spoilt row before those of some payouts.
func (o stripeOf) beside(n int, rows ...string) []string {
	if every := o.payouts() / o.spoilt; n%every != every/2 || n/every >= o.spoilt {
		return rows
	}
	last := rows[len(rows)-1]
	i := requiredNumber.FindStringSubmatchIndex(last)
	id := strings.Index(last, `"id":"`) + len(`"id":"`)
	return append([]string{last[:id] + "spoilt_" + last[id:i[2]] + `"many"` + last[i[3]:]}, rows...)
}

// page writes some of n things, newest first, after the one that a cursor names.
func (stripeOf) page(w http.ResponseWriter, n int, after string, rows func(int) []string) {
	if after != "" {
		n, _ = strconv.Atoi(after)
	}
	var all []string
	for len(all) < 89 && n > 0 {
		n--
		all = append(all, rows(n)...)
	}
	io.WriteString(w, stripeList(all, n > 0))
}

func stripeList(rows []string, more bool) string {
	return fmt.Sprintf(`{"object":"list","url":"/v1/rows","has_more":%t,"data":[%s]}`, more, strings.Join(rows, ","))
}

// fee is what Stripe keeps of a charge.
func (stripeOf) fee(s sale) int64 { return s.total() / 50 }

// made is when a payout was made: two days after the last of its sales.
func (stripeOf) made(n int) time.Time {
	return sale(n*salesOfPayout + salesOfPayout).placed().Add(48 * time.Hour)
}

func (o stripeOf) amount(n int) int64 {
	var sum int64
	for s := sale(n * salesOfPayout); s < sale((n+1)*salesOfPayout); s++ {
		sum += s.total() - o.fee(s) - s.price()
	}
	return sum
}

func (o stripeOf) payout(n int) string {
	return fmt.Sprintf(`{"id":"po_%d","object":"payout","amount":%d,"arrival_date":%d,"automatic":true,"balance_transaction":"txn_%dp","created":%d,"currency":"gbp","description":"STRIPE PAYOUT","destination":"ba_1",`+
		`"failure_balance_transaction":null,"failure_code":null,"livemode":true,"metadata":{},"method":"standard","original_payout":null,"reconciliation_status":"completed","reversed_by":null,"source_type":"card",`+
		`"statement_descriptor":null,"status":"paid","type":"bank_account"}`, n, o.amount(n), o.made(n).Truncate(24*time.Hour).Unix(), n, o.made(n).Unix())
}

// byID and expanded are how an entry has its source: only lists that are asked for it have the object itself.
func byID(id, _ string) string { return strconv.Quote(id) }

func expanded(_, object string) string { return object }

// entriesOf are the balance transactions of a payout, its own last.
func (o stripeOf) entriesOf(n int, source func(id, object string) string) []string {
	var all []string
	add := func(id, kind, of, object string, amount, fee int64, at time.Time) {
		all = append(all, fmt.Sprintf(`{"id":%q,"object":"balance_transaction","amount":%d,"available_on":%d,"balance_type":"payments","created":%d,"currency":"gbp","description":null,"exchange_rate":null,`+
			`"fee":%d,"fee_details":[],"net":%d,"reporting_category":%q,"source":%s,"status":"available","type":%q}`, id, amount, at.Unix(), at.Unix(), fee, amount-fee, kind, source(of, object), kind))
	}
	for s := sale(n * salesOfPayout); s < sale((n+1)*salesOfPayout); s++ {
		number := wooOrder(s)
		charge, refund := fmt.Sprintf("ch_%d", number), fmt.Sprintf("re_%d", number)
		add(fmt.Sprintf("txn_%dc", number), "charge", charge, fmt.Sprintf(`{"id":%q,"object":"charge","amount":%d,"created":%d,"currency":"gbp","metadata":{"order_id":"%d"},"payment_intent":"pi_%d",`+
			`"payment_method_details":{"type":"card","card":{"brand":"visa","network":"visa"}},"status":"succeeded"}`, charge, s.total(), s.placed().Unix(), number, number), s.total(), o.fee(s), s.placed())
		add(fmt.Sprintf("txn_%dr", number), "refund", refund, fmt.Sprintf(`{"id":%q,"object":"refund","amount":%d,"charge":%q,"created":%d,"currency":"gbp","metadata":{},"payment_intent":"pi_%d","reason":null,"status":"succeeded"}`,
			refund, s.price(), charge, s.refunded().Unix(), number), -s.price(), 0, s.refunded())
	}
	add(fmt.Sprintf("txn_%dp", n), "payout", fmt.Sprintf("po_%d", n), o.payout(n), -o.amount(n), 0, o.made(n))
	return all
}
