package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// Check asks for the newest row of each list, as the feeds would.
func (c *Connector) Check(ctx context.Context) []waybill.Finding {
	kind := ""
	if key := c.cfg.APIKey.Reveal(); strings.Contains(key, "_test_") {
		kind = "; it is a key of a sandbox or of test mode, which sees no real money"
	}
	var all []waybill.Finding
	for _, resource := range []string{balanceTransactions, payouts, disputes} {
		f := waybill.Finding{Subject: "stripe " + c.cfg.BaseURL + ": " + resource, OK: true, Detail: "the key may read them" + kind}
		a, err := c.ask(ctx, pathOf(resource), queryOf(resource, url.Values{"limit": {"1"}}), nil)
		if err == nil {
			_, _, err = endOf(a)
		}
		if err != nil {
			f.OK, f.Detail, f.Remedy = false, err.Error(), c.remedy(err)
		}
		all = append(all, f)
		if status(err) == http.StatusUnauthorized {
			return all // the others would be refused alike
		}
	}
	return all
}

func (c *Connector) remedy(err error) string {
	switch {
	case status(err) == http.StatusForbidden:
		return "in the Dashboard under Developers, API keys, give the restricted key the permission that Stripe names (read of balance transaction sources, payouts and disputes)"
	case errors.Is(err, waybill.ErrAuth):
		return "in the Dashboard under Developers, API keys, reveal or roll the key of the account and put it into api_key"
	case status(err) == http.StatusBadRequest:
		return fmt.Sprintf("check that Stripe serves version %s (docs.stripe.com/changelog); without the setting it is %s", c.cfg.Version, defaultVersion)
	}
	return "check base_url, and that this machine may reach it over HTTPS"
}

// status is that of a refusal, 0 when there was none.
func status(err error) int {
	var refused *rest.Error
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}
