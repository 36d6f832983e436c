package main

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fourmarketing/waybill/sandbox/world"
)

// poisoner stands before an API and poisons the answers about every third thing that is asked about, each kind of poison in its turn.
type poisoner struct {
	next   http.Handler
	thing  func(r *http.Request, body []byte) string // empty for a call that is about no thing
	mu     sync.Mutex
	things []string // in the order in which they were first asked about
}

func (p *poisoner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	kind := -1
	if thing := p.thing(r, body); thing != "" {
		kind = p.kindOf(thing)
	}
	if kind < 0 {
		p.next.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	p.next.ServeHTTP(answer, r)
	poisons[kind].write(w, answer.Body.Bytes())
}

// kindOf is how a thing is poisoned, -1 where it is not.
func (p *poisoner) kindOf(thing string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := slices.Index(p.things, thing)
	if n < 0 {
		n = len(p.things)
		p.things = append(p.things, thing)
	}
	if n%3 != 1 {
		return -1
	}
	return n / 3 % len(poisons)
}

// poisoned are the outcomes of the things that were, each under the name that the queue has for it.
func (p *poisoner) poisoned(prefix string) map[string]string {
	out := map[string]string{}
	for _, thing := range p.things {
		if kind := p.kindOf(thing); kind >= 0 {
			out[prefix+thing] = poisons[kind].outcome
		}
	}
	return out
}

// before puts a poisoner before a source's API.
func before(p *office, base string, thing func(r *http.Request, body []byte) string) *poisoner {
	p.Helper()
	target, err := url.Parse(base)
	if err != nil {
		p.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: target.Scheme, Host: target.Host})
	poison := &poisoner{next: proxy, thing: thing}
	srv := httptest.NewServer(poison)
	p.Cleanup(srv.Close)
	p.edit("waybill.yaml", base, srv.URL+target.Path)
	return poison
}

var refundsOf = regexp.MustCompile(`/orders/(\d+)/refunds$`)

// TestPoisonedShops poisons every third answer of two shops about an order and of a payment provider about a payout: all that the others tell is in
// the marts as without poison, and each poisoned one stands in the queue by its name.
func TestPoisonedShops(t *testing.T) {
	t.Parallel()
	box := startWorld(t, world.Options{Seed: 21, Days: 12, OrdersPerDay: 20, Defects: 3})
	calm, p := join(t, box), join(t, box)
	at := box.World().AsOf()
	advance(t, box, at)
	for _, kind := range []string{"shopify", "woocommerce", "stripe"} {
		p.edit("waybill.yaml", "kind: "+kind+"\n", "kind: "+kind+"\n    http: {attempts: 2, wait_min: 1ms, wait_max: 2ms}\n")
	}
	base := func(source string) string { return box.To(source).Settings["base_url"].(string) }
	shopify := before(p, base("aster-vale"), func(_ *http.Request, body []byte) string {
		var q struct {
			Query     string
			Variables struct{ ID string }
		}
		if json.Unmarshal(body, &q) != nil || !strings.Contains(q.Query, "OrderDetails") {
			return ""
		}
		return strings.TrimPrefix(q.Variables.ID, "gid://shopify/Order/")
	})
	woo := before(p, base("oxbow-lark"), func(r *http.Request, _ []byte) string {
		if m := refundsOf.FindStringSubmatch(r.URL.Path); m != nil {
			return m[1]
		}
		return ""
	})
	stripe := before(p, base("stripe"), func(r *http.Request, _ []byte) string { return r.URL.Query().Get("payout") })

	calm.must(exitDone, "run", "--as-of", stamp(at))
	o := p.must(exitDone, "run", "--as-of", stamp(at))
	says(t, o.out, "aster-vale/order_details", "stripe/payout_transactions", "questions got no answer and are asked again later")
	want := shopify.poisoned("aster-vale:")
	orders := slices.Collect(maps.Keys(want))
	maps.Copy(want, woo.poisoned("oxbow-lark:"))
	for order := range woo.poisoned("oxbow-lark:") {
		orders = append(orders, order)
	}
	payouts := slices.Collect(maps.Keys(stripe.poisoned("")))
	maps.Copy(want, stripe.poisoned(""))
	if len(shopify.things) < 30 || len(woo.things) < 3 || len(stripe.things) < 3 {
		t.Fatalf("asked about %d orders, %d orders and %d payouts", len(shopify.things), len(woo.things), len(stripe.things))
	}
	got := map[string]string{}
	var queue []struct{ Ask, Outcome string }
	p.report(exitDone, &queue, "query", "select ask, outcome from marts.unanswered_questions where subject <> 'parcel'")
	for _, q := range queue {
		got[q.Ask] = q.Outcome
	}
	if !maps.Equal(got, want) {
		t.Errorf("without an answer: %v\nwant %v", got, want)
	}
	for _, query := range []string{
		"select refund_id, state, kind, return_id, web_amount from marts.fct_refunds where order_id not in (" + listed(orders) + ") or order_id is null order by all",
		"select row_key, net_amount from marts.fct_ledger_entries where settlement_ref not in (" + listed(append(payouts, "unsettled")) + ") order by all",
	} {
		if a, b := calm.must(exitDone, "query", query, "--json").out, p.must(exitDone, "query", query, "--json").out; a != b || len(a) < 100 {
			t.Errorf("%s: without poison\n%s\nwith it\n%s", query, a, b)
		}
	}
}

func listed(names []string) string { return "'" + strings.Join(names, "', '") + "'" }
