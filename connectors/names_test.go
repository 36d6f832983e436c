package connectors_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
)

// planted is somebody in a partner's answer.
const planted = "Jocasta Vellacott"

// spoilt are answers with a name wherever a partner might put one.
var spoilt = []struct {
	status     int
	kind, body string
}{
	{400, "application/json", `{"code":"` + planted + `","message":"no order of ` + planted + `","errors":[{"errorCode":"` + planted + `","message":"` + planted + `"}]}`},
	{401, "application/json", `{"error":{"type":"` + planted + `","code":"x y","message":"` + planted + ` may not"}}`},
	{403, "text/plain", planted + " may not"},
	{404, "application/json", `{"title":"` + planted + `","detail":"` + planted + `","httpCode":"` + planted + `"}`},
	{422, "application/problem+json", `{"errors":"` + planted + `"}`},
	{429, "text/html", `<h1>Slow down, ` + planted + `</h1>`},
	{500, planted, planted},
	{200, "text/html", `<html>Dear ` + planted + `</html>`},
	{200, "application/json", `["` + planted + `"]`},
	{200, "application/json", `{"errors":[{"message":"` + planted + `","extensions":{"code":"` + planted + `"}}]}`},
	{200, "application/json", `{"data":{"bulkOperationRunQuery":{"bulkOperation":null,"userErrors":[{"message":"` + planted + `","code":"` + planted + `"}]}}}`},
	{200, "application/json", `{"shipments":[{"id":"` + planted + `","eve`},
	{200, "application/json", `{"httpCode":"` + planted + `","errors":[{"errorCode":"` + planted + `","errorDescription":"` + planted + `"}]}`},
}

// apis are the connectors to systems that answer questions, with what is asked of them.
var apis = map[string]struct {
	settings string
	requests []waybill.Request
}{
	"adyen":      {"{username: u, password: p}", []waybill.Request{{Resource: "settlement_details", Settings: map[string]any{"accounts": []any{"A"}, "first_batch": 1}}}},
	"dhl":        {"{api_key: k}", []waybill.Request{{Resource: "tracking", Work: []string{"JD1", "JD2"}}}},
	"royal_mail": {"{client_id: i, client_secret: s}", []waybill.Request{{Resource: "tracking", Work: []string{"AB000000001GB", "AB000000002GB"}}}},
	"shopify":    {"{token: t}", []waybill.Request{{Resource: "orders"}, {Resource: "order_details", Work: []string{"gid://shopify/Order/1"}}}},
	"stripe": {"{api_key: rk_test_x}", []waybill.Request{
		{Resource: "balance_transactions"}, {Resource: "payouts"}, {Resource: "disputes"}, {Resource: "payout_transactions", Work: []string{"po_1"}},
	}},
	"woocommerce": {"{consumer_key: k, consumer_secret: s}", []waybill.Request{{Resource: "orders"}, {Resource: "order_refunds", Work: []string{"1"}}}},
}

// TestNobodyIsNamed has every partner answer with a name in its errors, and looks for it in what people get to see: errors, findings, notes, and what an exchange log says in
// words of its own.
func TestNobodyIsNamed(t *testing.T) {
	t.Parallel()
	for kind, api := range apis {
		for i, a := range spoilt {
			if kind == "adyen" && a.status == http.StatusOK {
				continue // whatever is there is a report
			}
			t.Run(fmt.Sprintf("%s/%d", kind, i), func(t *testing.T) {
				t.Parallel()
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", a.kind)
					w.WriteHeader(a.status)
					_, _ = io.WriteString(w, a.body) // a client that hangs up has seen enough
				}))
				t.Cleanup(server.Close)
				text := strings.TrimSuffix(api.settings, "}") + ", base_url: '" + server.URL + "', http: {attempts: 1, wait_min: 1ms, wait_max: 2ms}}"
				c, err := build(kind, text)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close() })
				shown := heard(t.Context(), c, api.requests)
				if len(shown) == 0 {
					t.Error("nothing was said: nothing is shown")
				}
				for _, text := range shown {
					if strings.Contains(text, "Jocasta") || strings.Contains(text, "Vellacott") {
						t.Errorf("%d %s: %s", a.status, a.kind, text)
					}
				}
			})
		}
	}
}

// heard is what people hear of a connector.
func heard(ctx context.Context, c waybill.Connector, requests []waybill.Request) []string {
	var all []string
	say := func(err error) {
		if err != nil {
			all = append(all, err.Error())
		}
	}
	if checker, ok := c.(waybill.Checker); ok {
		for _, f := range checker.Check(ctx) {
			all = append(all, f.Subject+f.Detail+f.Remedy)
		}
	}
	for _, r := range requests {
		items, err := c.List(ctx, r)
		say(err)
		for _, it := range items {
			body, err := c.Open(ctx, it)
			if say(err); err != nil {
				continue
			}
			text, err := io.ReadAll(body)
			say(err)
			say(body.Close())
			if n, ok := body.(waybill.Noter); ok {
				all = append(all, n.Notes()...)
			}
			all = append(all, problems(text)...)
		}
	}
	return all
}

// problems are what an exchange log says of questions without an answer.
func problems(log []byte) []string {
	var all []string
	for line := range strings.Lines(string(log)) {
		var x struct{ Problem string }
		if json.Unmarshal([]byte(line), &x) == nil && x.Problem != "" {
			all = append(all, x.Problem)
		}
	}
	return all
}
