package stripe_test

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

	"github.com/fourmarketing/waybill/sandbox/stripe"
)

var noon = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

// start serves an account with n charges, one a minute up to noon, of which payout po_1 settled the oldest two.
func start(t *testing.T, n int) (*stripe.Account, string) {
	t.Helper()
	transactions := func(at time.Time) []stripe.BalanceTransaction {
		var all []stripe.BalanceTransaction
		for i := range n {
			created := noon.Add(time.Duration(i-n) * time.Minute)
			if created.After(at) {
				continue
			}
			bt := stripe.BalanceTransaction{
				ID: fmt.Sprintf("txn_%03d", i), Type: "charge", ReportingCategory: "charge", Currency: "gbp", Amount: 1000, Fee: 30,
				ExchangeRate: "1.10645", Created: created, AvailableOn: created.Add(24 * time.Hour),
				FeeDetails: []stripe.Fee{{Type: "stripe_fee", Amount: 30, Currency: "gbp"}},
				Source: stripe.Source{Charge: &stripe.Charge{
					ID: fmt.Sprintf("ch_%03d", i), PaymentIntent: "pi_1", Method: "card", Metadata: map[string]string{"order_id": "AV1"},
					Card: &stripe.Card{Brand: "visa", Country: "GB", Funding: "debit"},
				}},
			}
			if i < 2 {
				bt.Payout = "po_1"
			}
			all = append(all, bt)
		}
		return all
	}
	a := stripe.New(stripe.Options{
		Key: "sk_test_of_the_account", At: func() time.Time { return noon }, Now: func() time.Time { return noon }, BalanceTransactions: transactions,
		Payouts: func(time.Time) []stripe.Payout {
			return []stripe.Payout{
				{ID: "po_1", Automatic: true, Method: "standard", Created: noon, ReconciliationStatus: "completed"},
				{ID: "po_hand", Method: "standard", Created: noon},
			}
		},
		Disputes: func(time.Time) []stripe.Dispute {
			return []stripe.Dispute{
				{ID: "dp_1", Created: noon, NoResponse: true, BalanceTransactions: []string{"txn_000"}},
				{ID: "dp_2", Created: noon.Add(-time.Hour), DueBy: noon.Add(time.Hour)},
				{ID: "dp_3", Created: noon.Add(-2 * time.Hour)},
			}
		},
		PerSecond: 50,
	})
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	return a, srv.URL
}

type page struct {
	status int
	More   bool `json:"has_more"`
	Data   []map[string]any
	Error  struct{ Code, Param, Message string }
}

func (p page) ids() string {
	var all []string
	for _, d := range p.Data {
		all = append(all, d["id"].(string))
	}
	return strings.Join(all, " ")
}

func get(t *testing.T, url, key, version string) page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Stripe-Version", version)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	p := page{status: res.StatusCode}
	if err != nil || json.Unmarshal(text, &p) != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return p
}

const key = "sk_test_of_the_account"

func TestPages(t *testing.T) {
	t.Parallel()
	_, url := start(t, 7)
	url += "/v1/balance_transactions?limit=3"
	for _, c := range []struct {
		query, want string
		more        bool
	}{
		{"", "txn_006 txn_005 txn_004", true},
		{"&starting_after=txn_004", "txn_003 txn_002 txn_001", true},
		{"&starting_after=txn_001", "txn_000", false},
		{"&starting_after=txn_000", "", false},
		{fmt.Sprintf("&created[gte]=%d&created[lt]=%d", noon.Add(-7*time.Minute).Unix(), noon.Add(-4*time.Minute).Unix()), "txn_002 txn_001 txn_000", false},
		{fmt.Sprintf("&created[gt]=%d&created[lte]=%d", noon.Add(-7*time.Minute).Unix(), noon.Add(-4*time.Minute).Unix()), "txn_003 txn_002 txn_001", false},
		{"&payout=po_1", "txn_001 txn_000", false},
		{"&source=ch_003", "txn_003", false},
	} {
		if p := get(t, url+c.query, key, stripe.Version); p.status != http.StatusOK || p.ids() != c.want || p.More != c.more {
			t.Errorf("%s: %+v", c.query, p)
		}
	}
}

func TestObjects(t *testing.T) {
	t.Parallel()
	_, url := start(t, 1)
	plain := get(t, url+"/v1/balance_transactions", key, "").Data[0]
	full := get(t, url+"/v1/balance_transactions?expand[]=data.source", key, "").Data[0]
	if plain["source"] != "ch_000" || plain["status"] != "pending" || plain["net"] != 970.0 || plain["exchange_rate"] != 1.10645 {
		t.Errorf("plain: %v", plain)
	}
	if s, ok := full["source"].(map[string]any); !ok || s["object"] != "charge" || s["payment_intent"] != "pi_1" {
		t.Errorf("expanded: %v", full)
	}
	var due []any
	for _, d := range get(t, url+"/v1/disputes", key, "").Data {
		due = append(due, d["evidence_details"].(map[string]any)["due_by"])
	}
	if !slices.Equal(due, []any{0.0, float64(noon.Add(time.Hour).Unix()), nil}) {
		t.Errorf("due by %v", due)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	account, url := start(t, 3)
	for _, c := range []struct {
		path, key, version string
		status             int
		message            string
	}{
		{"/v1/payouts", "sk_test_of_nobody_at_all", stripe.Version, 401, "sk_test_************_all"},
		{"/v1/payouts", key, "2019-01-01", 400, "version"},
		{"/v1/charges", key, "", 404, "Unrecognized"},
		{"/v1/payouts?colour=red", key, "", 400, "unknown parameter"},
		{"/v1/payouts?limit=101", key, "", 400, "Invalid integer"},
		{"/v1/payouts?created[gte]=today", key, "", 400, "Invalid integer"},
		{"/v1/payouts?expand[]=data.source", key, "", 400, "expanded"},
		{"/v1/payouts?starting_after=po_9", key, "", 400, "No such"},
		{"/v1/balance_transactions?payout=po_9", key, "", 400, "No such payout"},
		{"/v1/balance_transactions?payout=po_hand", key, "", 400, "automatic transfers"},
	} {
		if p := get(t, url+c.path, c.key, c.version); p.status != c.status || !strings.Contains(p.Error.Message, c.message) {
			t.Errorf("%s: %d %q", c.path, p.status, p.Error.Message)
		}
	}
	account.Throttle(1)
	if p := get(t, url+"/v1/payouts", key, ""); p.status != 429 || p.Error.Code != "rate_limit" {
		t.Errorf("throttled: %+v", p)
	}
	allowed := 0
	for range 60 {
		if get(t, url+"/v1/payouts", key, "").status == http.StatusOK {
			allowed++
		}
	}
	if allowed >= 50 {
		t.Errorf("%d calls in a second, more than the rate", allowed)
	}
}
