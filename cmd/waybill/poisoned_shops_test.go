package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// TestPoisonedShops asks shops of two systems about eleven thousand orders each, and a payment provider about two thousand payouts, a hundred of each poisoned in every way
// there is, in the midst of the others and in a run: after one run all that the good ones tell is in the marts, to the penny, and each poisoned one stands in the queue by its
// name. Pages of orders, payouts and entries have a hundred bad ones among them besides: each is a reject, and no neighbour on its page is one.
func TestPoisonedShops(t *testing.T) {
	t.Parallel()
	const ofEach = 100
	sales := 10_000 + ofEach*len(shopPoisons)
	shopify := shopifyOf{sales, sprinkled(sales, ofEach)}
	woo := woocommerceOf{sales, ofEach, sprinkled(sales, ofEach)}
	stripe := stripeOf{sales, ofEach, sprinkled(sales/salesOfPayout, ofEach)}
	p := shopsOffice(t, shopify, woo, stripe)

	o := p.must(exitDone, "run", "--as-of", "2026-03-27T07:00:00Z")
	says(t, o.out, "aster-vale/order_details", "oxbow-lark/order_refunds", "stripe/payout_transactions", "questions got no answer and are asked again later")

	want := map[string]string{}
	refunds, itemised, unsettled := tally{}, tally{}, tally{}
	for s := range sale(sales) {
		shop := shopifyShops[int(s)%len(shopifyShops)]
		isGood := note(want, shopify.poisoned(int(s)), fmt.Sprintf("%s:%d", shop, shopifyOrder(s)))
		refunds.add(map[bool]string{true: "return no_psp", false: "goodwill no_psp"}[isGood], s.price()) // the bulk export has the sum alone
		if note(want, woo.poisoned(int(s)), fmt.Sprintf("oxbow-lark:%d", wooOrder(s))) {
			refunds.add("goodwill matched", s.price())
		} else { // the order lists its refund without its reference
			refunds.add("goodwill missing_in_psp", s.price())
			refunds.add("unknown missing_in_web", s.price())
		}
	}
	for n := range stripe.payouts() {
		of := unsettled
		if note(want, stripe.poisoned(n), fmt.Sprintf("po_%d", n)) {
			of = itemised
		}
		for s := sale(n * salesOfPayout); s < sale((n+1)*salesOfPayout); s++ {
			of.add("capture", s.total()-stripe.fee(s))
			of.add("refund", -s.price())
		}
		of.add("payout", -stripe.amount(n))
	}
	if len(want) != 3*ofEach*len(shopPoisons) {
		t.Fatalf("%d are poisoned, want %d of each kind in each feed", len(want), ofEach)
	}
	p.queued(want)
	var spoilt []string
	for _, feed := range []string{"order_details", "order_refunds", "payout_transactions", "orders", "balance_transactions", "payouts"} {
		spoilt = append(spoilt, fmt.Sprintf("%d of %s", ofEach, feed))
	}
	compareNames(t, "rejects", p.places("select count(distinct original) || ' of ' || feed as place from ops.rejects group by feed"), spoilt)
	refunds.compare(p, "refunds", "select coalesce(kind, 'unknown') || ' ' || state as name, count(*) as n, cast(sum(coalesce(web_amount, psp_amount)) as decimal(18, 2)) as amount from marts.fct_refunds group by all")
	itemised.compare(p, "itemised entries", "select entry_type as name, count(*) as n, cast(sum(net_amount) as decimal(18, 2)) as amount from marts.fct_ledger_entries where settlement_ref <> 'unsettled' group by all")
	unsettled.compare(p, "unsettled entries", "select entry_type as name, count(*) as n, cast(sum(net_amount) as decimal(18, 2)) as amount from marts.fct_ledger_entries where settlement_ref = 'unsettled' group by all")
}

// shopsOffice is a project of the starters of two shop systems and a payment provider, as init writes it.
func shopsOffice(t *testing.T, shopify shopifyOf, woo woocommerceOf, stripe stripeOf) *office {
	t.Helper()
	p := &office{T: t, dir: t.TempDir() + "/ops", env: []string{
		"WAYBILL_PII_SALT=nobody", "ASTER_VALE_TOKEN=t", "HART_ROWE_TOKEN=t", "NORRE_STUDIO_TOKEN=t", "PELL_MILL_TOKEN=t",
		"OXBOW_LARK_KEY=k", "OXBOW_LARK_SECRET=s", "STRIPE_API_KEY=rk_test",
	}}
	if o := waybillWith(t, nil, "init", p.dir, "shopify", "woocommerce", "stripe"); o.code != exitDone {
		t.Fatal(o)
	}
	const fast = "http: {attempts: 2, wait_min: 1ms, wait_max: 2ms, calls_per_second: 100000}"
	shops, shop, account := httptest.NewServer(shopify), httptest.NewServer(woo), httptest.NewServer(stripe)
	for _, srv := range []*httptest.Server{shops, shop, account} {
		t.Cleanup(srv.Close)
	}
	for _, name := range shopifyShops {
		p.edit("waybill.yaml", fmt.Sprintf(`base_url: "https://%s.myshopify.com"`, name), fmt.Sprintf(`poll_min: 10ms, %s, base_url: "%s/%s"`, fast, shops.URL, name))
	}
	p.edit("waybill.yaml", `base_url: "https://oxbow-lark.example"`, fmt.Sprintf(`%s, base_url: %q`, fast, shop.URL))
	p.edit("waybill.yaml", "kind: stripe,", fmt.Sprintf("kind: stripe, %s, base_url: %q,", fast, account.URL))
	return p
}

// note adds a poisoned question to those that have to be queued; true for one that is not poisoned.
func note(want map[string]string, kind int, ask string) bool {
	if kind >= 0 {
		want[ask] = shopPoisons[kind].outcome
	}
	return kind < 0
}

// tally is how many rows of each name there are, and what they come to, in pence.
type tally map[string]struct{ n, pence int64 }

func (a tally) add(name string, pence int64) {
	c := a[name]
	c.n, c.pence = c.n+1, c.pence+pence
	a[name] = c
}

func (a tally) compare(p *office, what, query string) {
	p.Helper()
	var rows []struct {
		Name   string
		N      int64
		Amount json.Number
	}
	p.report(exitDone, &rows, "query", query)
	var got, want []string
	for _, r := range rows {
		got = append(got, fmt.Sprintf("%s: %d rows, %s", r.Name, r.N, r.Amount))
	}
	for name, c := range a {
		want = append(want, fmt.Sprintf("%s: %d rows, %s", name, c.n, pounds(c.pence)))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		p.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
