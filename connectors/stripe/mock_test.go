package stripe_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/stripe"
	"github.com/fourmarketing/waybill/internal/testservers"
)

// TestContractOfStripeMock asks Stripe's own mock, which knows each parameter and the version from Stripe's API definition and
// refuses all others, for every resource.
func TestContractOfStripeMock(t *testing.T) {
	t.Parallel()
	url := testservers.StartStripeMock(t)
	c := connect(t, url, func(cfg *stripe.Config) { cfg.APIKey = "sk_test_123" })
	for _, f := range c.Check(t.Context()) {
		if !f.OK {
			t.Errorf("doctor: %+v", f)
		}
	}
	for _, r := range []waybill.Request{request("balance_transactions"), request("payouts"), request("disputes"), request("payout_transactions", "po_1")} {
		got, err := one(t, c, r)
		if err != nil || len(got) != 1 || len(ids(t, got)) == 0 {
			t.Errorf("%s: %d lines, %v", r.Resource, len(got), err)
			continue
		}
		// Expanded is the source of balance_transactions, and of nothing else.
		var page struct{ Data []struct{ Source any } }
		if err := json.Unmarshal([]byte(*got[0].Body), &page); err != nil {
			t.Fatal(err)
		}
		if kind := fmt.Sprintf("%T", page.Data[0].Source); (kind == "map[string]interface {}") != (r.Resource == "balance_transactions") {
			t.Errorf("%s: source is %s", r.Resource, kind)
		}
	}
	other := connect(t, url, func(cfg *stripe.Config) { cfg.APIKey, cfg.Version = "sk_test_123", "2019-12-03" })
	if f := other.Check(t.Context()); f[0].OK || !strings.Contains(f[0].Remedy, "2019-12-03") {
		t.Errorf("a version the definition is not of: %+v", f[0])
	}
	nobody := connect(t, url, func(cfg *stripe.Config) { cfg.APIKey = "nothing like a key" })
	if f := nobody.Check(t.Context()); len(f) != 1 || f[0].OK {
		t.Errorf("a key that is none: %+v", f)
	}
}
