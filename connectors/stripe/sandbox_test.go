package stripe_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/stripe"
	sandbox "github.com/fourmarketing/waybill/sandbox/stripe"
)

// account is an account of the sandbox with n charges, one a minute from opened on, each shown some minutes late. The first two hundred
// and fifty were paid out.
type account struct {
	server *sandbox.Account
	url    string
	clock  atomic.Int64 // the world's, unix seconds
}

var opened = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

func (a *account) at() time.Time { return time.Unix(a.clock.Load(), 0).UTC() }

func openAccount(t *testing.T, n int, eachCall time.Duration) *account {
	t.Helper()
	a := &account{}
	a.clock.Store(opened.Unix())
	charges := func(at time.Time) []sandbox.BalanceTransaction {
		var all []sandbox.BalanceTransaction
		for i := range n {
			bt := chargeNo(i)
			if late := time.Duration(i%7) * time.Minute; !bt.Created.Add(late).After(at) {
				all = append(all, bt)
			}
		}
		return all
	}
	a.server = sandbox.New(sandbox.Options{
		Key: testKey, At: a.at, Now: time.Now, PerSecond: 10_000, BalanceTransactions: charges,
		Payouts: func(time.Time) []sandbox.Payout {
			return []sandbox.Payout{
				{ID: "po_auto", Automatic: true, Method: "standard", Status: "paid", ReconciliationStatus: "completed", Created: opened},
				{ID: "po_hand", Method: "instant", Status: "paid", ReconciliationStatus: "not_applicable", Created: opened.Add(time.Hour)},
			}
		},
	})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.server.ServeHTTP(w, r)
		a.clock.Add(int64(eachCall.Seconds())) // the world goes on while pages are turned
	}))
	t.Cleanup(srv.Close)
	a.url = srv.URL
	return a
}

func chargeNo(i int) sandbox.BalanceTransaction {
	created := opened.Add(time.Duration(i) * time.Minute)
	bt := sandbox.BalanceTransaction{
		ID: fmt.Sprintf("txn_%05d", i), Type: "charge", ReportingCategory: "charge", Currency: "gbp", Amount: 1000, Fee: 30,
		Created: created, AvailableOn: created.Add(48 * time.Hour), Source: sandbox.Source{Charge: &sandbox.Charge{ID: fmt.Sprintf("ch_%05d", i)}},
	}
	if i < 250 {
		bt.Payout = "po_auto"
	}
	return bt
}

// TestLosesNothing pulls again and again while the account is in use and transactions become visible late. Every one that was visible long
// enough arrives, each run in a window of its own.
func TestLosesNothing(t *testing.T) {
	t.Parallel()
	const charges = 1000
	a := openAccount(t, charges, 2*time.Minute)
	c := connect(t, a.url, func(cfg *stripe.Config) { cfg.Since = "2026-04-01" })
	seen := map[string]bool{}
	cursor := ""
	for a.at().Before(opened.Add((charges + 300) * time.Minute)) {
		a.clock.Add(int64((3 * time.Hour).Seconds()))
		r := waybill.Request{Feed: "f", Resource: "balance_transactions", Now: a.at(), Cursor: cursor, Settings: map[string]any{"overlap": "10m", "window": "2h"}}
		for _, it := range items(t, c, r) {
			from, to := bounds(t, it)
			lines, err := connectortest.Exchanges(t, c, it)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, id := range ids(t, lines) {
				var n int
				if _, err := fmt.Sscanf(id, "txn_%d", &n); err != nil {
					t.Fatal(err)
				}
				if at := chargeNo(n).Created; at.Before(from) || !at.Before(to) {
					t.Errorf("%s is not of the window %s", id, it.Name)
				}
				if slices.Contains(got, id) {
					t.Errorf("%s is twice in %s", id, it.Name)
				}
				got = append(got, id)
				seen[id] = true
			}
			cursor = it.Cursor
		}
	}
	if len(seen) != charges {
		t.Errorf("%d of %d transactions arrived", len(seen), charges)
	}
}

func TestAgainstSandbox(t *testing.T) {
	t.Parallel()
	a := openAccount(t, 300, 0)
	a.clock.Store(opened.Add(10 * time.Hour).Unix())
	c := connect(t, a.url, func(cfg *stripe.Config) { cfg.Since = "2026-04-01" })
	for _, f := range c.Check(t.Context()) {
		if !f.OK {
			t.Errorf("doctor: %+v", f)
		}
	}
	a.server.Throttle(1)
	r := waybill.Request{Resource: "payout_transactions", Now: a.at(), Work: []string{"po_hand", "po_auto", "po_none"}}
	lines, err := one(t, c, r)
	if err != nil {
		t.Fatal(err)
	}
	status := map[string][]int{}
	var sum int64
	for _, x := range lines {
		status[x.Request.Ask] = append(status[x.Request.Ask], x.Status)
		var page struct{ Data []struct{ Net int64 } }
		if err := json.Unmarshal([]byte(*x.Body), &page); err != nil {
			t.Fatal(err)
		}
		for _, d := range page.Data {
			sum += d.Net
		}
	}
	if !slices.Equal(status["po_auto"], []int{200, 200, 200}) || !slices.Equal(status["po_hand"], []int{400}) || !slices.Equal(status["po_none"], []int{400}) {
		t.Errorf("%v", status)
	}
	if sum != 250*970 {
		t.Errorf("the payout's transactions come to %d, want %d", sum, 250*970)
	}
	r.Resource, r.Work = "payouts", nil
	if lines, err = one(t, c, r); err != nil || !slices.Equal(ids(t, lines), []string{"po_hand", "po_auto"}) {
		t.Errorf("%v, %v", ids(t, lines), err)
	}
}
