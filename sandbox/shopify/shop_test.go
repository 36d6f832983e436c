package shopify_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/sandbox/shopify"
	"github.com/fourmarketing/waybill/sandbox/world"
)

var noon = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

// aBook is orders with two lines, a fulfilment, a return with a label and a refund each.
func aBook(n int) []world.ShopOrder {
	gbp := func(s string) world.Money { return world.Money{Amount: s, Currency: "GBP"} }
	var out []world.ShopOrder
	for i := range int64(n) {
		id := 5_000_000_001 + i
		created := noon.Add(-time.Duration(n-int(i)) * time.Minute)
		line := func(k int64) world.ShopLine {
			return world.ShopLine{
				ID: id*10 + k, SKU: fmt.Sprintf("AV-%d/%d", i, k), Title: "Linen dress", Quantity: 2, CurrentQuantity: 2,
				UnitPrice: gbp("31.45"), Discount: gbp("1.00"), Tax: gbp("10.32"), UnitCost: gbp("12.00"), VariantID: 70 + k,
			}
		}
		paid := world.ShopTransaction{ID: id * 7, Kind: "SALE", Status: "SUCCESS", Gateway: "adyen", PaymentID: fmt.Sprintf("AV-%d-1", id), AuthorizationCode: "8815000000000001", Amount: gbp("123.80"), ProcessedAt: created}
		back := world.ShopTransaction{ID: id*7 + 1, ParentID: paid.ID, Kind: "REFUND", Status: "SUCCESS", Gateway: "adyen", Amount: gbp("30.00"), ProcessedAt: created}
		out = append(out, world.ShopOrder{
			ID: id, Name: fmt.Sprintf("#AV%d", 1001+i), CreatedAt: created, UpdatedAt: created, FinancialStatus: "PARTIALLY_REFUNDED", FulfillmentStatus: "FULFILLED",
			Email: "a@example.org", ShipCountry: "GB", ShipZip: "BS1 4DJ", ShipCity: "Bristol", ShippingTitle: "Standard delivery", ShippingCode: "standard",
			Subtotal: gbp("123.80"), Discount: gbp("2.00"), Tax: gbp("20.64"), Shipping: gbp("0.00"), Total: gbp("123.80"), CurrentTotal: gbp("93.80"),
			Lines: []world.ShopLine{line(1), line(2)}, Transactions: []world.ShopTransaction{paid, back},
			Fulfilments: []world.ShopFulfilment{{ID: id * 3, Name: "#F1", Status: "SUCCESS", CreatedAt: created, UpdatedAt: created, TrackingNumber: "JD0", Company: "DHL", Lines: []world.ShopQuantity{{LineID: id*10 + 1, Quantity: 2}}}},
			Returns:     []world.ShopReturn{{ID: id * 5, Name: "#R1", Status: "OPEN", CreatedAt: created, TrackingNumber: "JR1", Carrier: "DHL", Lines: []world.ShopReturnLine{{ID: id * 6, LineID: id*10 + 1, Quantity: 1, Reason: "STYLE"}}}},
			Refunds:     []world.ShopRefund{{ID: id * 4, ReturnID: id * 5, CreatedAt: created, Total: gbp("30.00"), Transactions: []world.ShopTransaction{back}, Lines: []world.ShopRefundLine{{ID: id * 8, LineID: id*10 + 1, Quantity: 1, RestockType: "RETURN", Subtotal: gbp("30.95"), Tax: gbp("5.16")}}}},
		})
	}
	return out
}

type client struct {
	t    *testing.T
	url  string
	shop *shopify.Shop
}

func serve(t *testing.T, o shopify.Options) client {
	t.Helper()
	o.Name, o.Currency, o.Token, o.At = "aster-vale", "GBP", "shpat_test", func() time.Time { return noon }
	if o.Now == nil {
		o.Now = time.Now
	}
	shop, err := shopify.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(shop.Close)
	srv := httptest.NewServer(shop)
	t.Cleanup(srv.Close)
	return client{t, srv.URL, shop}
}

func orders(n int) shopify.Options {
	book := aBook(n)
	return shopify.Options{Orders: func(time.Time) []world.ShopOrder { return book }}
}

type answer struct {
	Data       map[string]json.RawMessage
	Errors     []struct{ Message string }
	Extensions struct {
		Cost struct {
			RequestedQueryCost float64
			ActualQueryCost    *float64
			ThrottleStatus     struct{ MaximumAvailable, CurrentlyAvailable, RestoreRate float64 }
		}
	}
}

func (c client) post(token, query string, variables map[string]any) (int, []byte) {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		c.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url+"/admin/api/2026-01/graphql.json", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Shopify-Access-Token", token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, b
}

func (c client) ask(query string, variables map[string]any) answer {
	c.t.Helper()
	status, b := c.post("shpat_test", query, variables)
	var a answer
	if err := json.Unmarshal(b, &a); err != nil || status != http.StatusOK {
		c.t.Fatalf("status %d, body %s: %v", status, b, err)
	}
	return a
}

func decode[T any](t *testing.T, a answer, field string) T {
	t.Helper()
	var v T
	if len(a.Errors) > 0 {
		t.Fatalf("errors: %v", a.Errors)
	}
	if err := json.Unmarshal(a.Data[field], &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestWrongTokenIsRefused(t *testing.T) {
	t.Parallel()
	c := serve(t, orders(1))
	status, b := c.post("shpat_other", `{shop{name}}`, nil)
	if status != http.StatusUnauthorized || !strings.Contains(string(b), "Invalid API key or access token") {
		t.Errorf("status %d, body %s", status, b)
	}
}

func TestPagesHoldEveryOrderOnce(t *testing.T) {
	t.Parallel()
	c := serve(t, orders(23))
	for _, query := range []string{"orders(first: 5, after: $after, sortKey: UPDATED_AT, reverse: true)", "orders(first: 5, after: $after)"} {
		seen := map[string]int{}
		var after *string
		for more := true; more; {
			a := c.ask("query($after: String){ found: "+query+"{edges{cursor node{id}} pageInfo{hasNextPage endCursor}}}", map[string]any{"after": after})
			p := decode[struct {
				Edges    []struct{ Node struct{ ID string } }
				PageInfo struct {
					HasNextPage bool
					EndCursor   *string
				}
			}](t, a, "found")
			for _, e := range p.Edges {
				seen[e.Node.ID]++
			}
			after, more = p.PageInfo.EndCursor, p.PageInfo.HasNextPage
		}
		if len(seen) != 23 {
			t.Errorf("%s: saw %d orders, want 23", query, len(seen))
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%s: saw %s %d times", query, id, n)
			}
		}
	}
}

func TestOneOrderWithEverything(t *testing.T) {
	t.Parallel()
	c := serve(t, orders(2))
	a := c.ask(`query($id: ID!){order(id:$id){
		fulfillments{name trackingInfo{number company} fulfillmentLineItems(first:10){nodes{quantity lineItem{id sku}}}}
		refunds{note return{id} totalRefundedSet{shopMoney{amount currencyCode}} refundLineItems(first:10){edges{node{quantity restockType subtotalSet{shopMoney{amount}}}}}
			transactions(first:10){nodes{kind parentTransaction{id paymentId}}} orderAdjustments(first:10){nodes{reason amountSet{shopMoney{amount}}}}}
		returns(first:10){nodes{name returnLineItems(first:10){nodes{quantity returnReason ... on ReturnLineItem{fulfillmentLineItem{lineItem{id}}}}}
			reverseFulfillmentOrders(first:5){nodes{reverseDeliveries(first:5){nodes{deliverable{... on ReverseDeliveryShippingDeliverable{tracking{number carrierName}}}}}}}}}}}`,
		map[string]any{"id": "gid://shopify/Order/5000000002"})
	got := decode[any](t, a, "order")
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"number":"JD0"`, `"sku":"AV-1/1"`, `"restockType":"RETURN"`, `"paymentId":"AV-5000000002-1"`,
		`{"amountSet":{"shopMoney":{"amount":"0.95"}},"reason":"REFUND_DISCREPANCY"}`, // 30.95 worth, 30.00 paid
		`"fulfillmentLineItem":{"lineItem":{"id":"gid://shopify/LineItem/50000000021"}}`, `"tracking":{"carrierName":"DHL","number":"JR1"}`,
		`"return":{"id":"gid://shopify/Return/25000000010"}`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	if none := c.ask(`{order(id:"gid://shopify/Order/1"){id}}`, nil); string(none.Data["order"]) != "null" {
		t.Errorf("unknown order: %s, want null", none.Data["order"])
	}
}

const bulkOrders = `{orders(query:"updated_at:>='2026-04-01T00:00:00Z' AND updated_at:<'2026-04-01T13:00:00Z'", sortKey: UPDATED_AT){edges{node{
	id name createdAt totalPriceSet{shopMoney{amount currencyCode}} refunds{id createdAt} transactions{id kind}
	lineItems{edges{node{id sku quantity variant{id inventoryItem{unitCost{amount currencyCode}}}}}}
	returns{edges{node{id name returnLineItems{edges{node{id quantity ... on ReturnLineItem{fulfillmentLineItem{lineItem{id}}}}}}}}}}}}}`

type bulkState struct {
	ID, Status                   string
	URL, PartialDataURL          *string
	ObjectCount, RootObjectCount string
	FileSize                     *string
	ErrorCode                    *string
}

const bulkFields = `id status url partialDataUrl objectCount rootObjectCount fileSize errorCode`

func (c client) run(query string, group bool) bulkState {
	c.t.Helper()
	a := c.ask(`mutation($q: String!, $g: Boolean!){bulkOperationRunQuery(query:$q, groupObjects:$g){bulkOperation{`+bulkFields+`} userErrors{field message code}}}`,
		map[string]any{"q": query, "g": group})
	if got := a.Extensions.Cost.RequestedQueryCost; got != 10 {
		c.t.Errorf("a mutation costs %v, want 10", got)
	}
	p := decode[struct {
		BulkOperation *bulkState
		UserErrors    []struct{ Message, Code string }
	}](c.t, a, "bulkOperationRunQuery")
	if p.BulkOperation == nil {
		c.t.Fatalf("refused: %v", p.UserErrors)
	}
	if p.BulkOperation.Status != "CREATED" {
		c.t.Errorf("new operation is %s, want CREATED", p.BulkOperation.Status)
	}
	for range 500 {
		state := decode[bulkState](c.t, c.ask(`query($id: ID!){bulkOperation(id:$id){`+bulkFields+`}}`, map[string]any{"id": p.BulkOperation.ID}), "bulkOperation")
		if state.Status != "RUNNING" {
			return state
		}
		time.Sleep(5 * time.Millisecond)
	}
	c.t.Fatal("operation did not end")
	return bulkState{}
}

func (c client) download(url string) string {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		c.t.Fatalf("download: status %d, %v", resp.StatusCode, err)
	}
	return string(b)
}

func TestBulkQueryWritesEveryObjectOnALine(t *testing.T) {
	t.Parallel()
	c := serve(t, orders(301)) // more than one page
	for _, group := range []bool{false, true} {
		state := c.run(bulkOrders, group)
		if state.Status != "COMPLETED" || state.URL == nil || state.RootObjectCount != "301" || state.ObjectCount != fmt.Sprint(301*5) {
			t.Fatalf("state %+v", state)
		}
		text := c.download(*state.URL)
		if *state.FileSize != fmt.Sprint(len(text)) {
			t.Errorf("fileSize %s, downloaded %d bytes", *state.FileSize, len(text))
		}
		known, kinds := map[string]bool{}, map[string]int{}
		var previous string
		apart := 0
		for line := range strings.Lines(text) {
			var o struct {
				ID     string `json:"id"`
				Parent string `json:"__parentId"`
				Lines  any    `json:"lineItems"`
			}
			if err := json.Unmarshal([]byte(line), &o); err != nil {
				t.Fatalf("line %q: %v", line, err)
			}
			if o.Lines != nil {
				t.Errorf("connection left in its parent: %s", line)
			}
			if o.Parent != "" && !known[o.Parent] {
				t.Errorf("%s comes before its parent %s", o.ID, o.Parent)
			}
			if strings.Contains(o.ID, "LineItem/") && o.Parent != previous && !strings.Contains(previous, "LineItem/") {
				apart++
			}
			known[o.ID], previous = true, o.ID
			kinds[strings.Split(o.ID, "/")[3]]++
		}
		if kinds["Order"] != 301 || kinds["LineItem"] != 602 || kinds["Return"] != 301 || kinds["ReturnLineItem"] != 301 {
			t.Errorf("kinds %v", kinds)
		}
		if grouped := apart == 0; grouped != group {
			t.Errorf("groupObjects %v: %d children stand apart from their parent", group, apart)
		}
	}
	if !strings.HasPrefix(c.download(*c.run(bulkOrders, false).URL), `{"id":"gid://shopify/Order/5000000001","name":"#AV1001","createdAt":`) {
		t.Error("a line does not keep the order of the query's fields")
	}
}

func TestEmptyBulkResultHasNoURL(t *testing.T) {
	t.Parallel()
	state := serve(t, orders(3)).run(`{orders(query:"updated_at:>='2026-05-01T00:00:00Z'"){edges{node{id}}}}`, false)
	if state.Status != "COMPLETED" || state.URL != nil || state.ObjectCount != "0" {
		t.Errorf("state %+v", state)
	}
}

func TestBulkRestrictions(t *testing.T) {
	t.Parallel()
	c := serve(t, orders(1))
	for query, want := range map[string]string{
		`{orders{edges{node{id fulfillments{id fulfillmentLineItems{edges{node{id}}}}}}}}`:                                                                                                  "Queries that contain a connection field within a list field are not currently supported.",
		`{orders{edges{node{id returns{edges{node{id reverseFulfillmentOrders{edges{node{id reverseDeliveries{edges{node{id}}}}}}}}}}}}}`:                                                   "Bulk queries cannot contain connections with a nesting depth greater than 2.",
		`{orders{edges{node{id lineItems{edges{node{id}}} returns{edges{node{id returnLineItems{edges{node{id}}} reverseFulfillmentOrders{edges{node{id}}} refunds{edges{node{id}}}}}}}}}}`: "Bulk queries cannot contain more than 5 connections.",
		`{orders{edges{node{name lineItems{edges{node{id}}}}}}}`:                                                                                                                            "The parent 'node' field for a nested connection must select the 'id' field without an alias and must be of 'ID' return type. Connection fields without 'id': orders.",
		`{orders{nodes{id}}}`:                    "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: 'orders { edges { node {'. Selecting via 'nodes' is not supported. Invalid connection fields: 'orders'.",
		`{node(id:"gid://shopify/Order/1"){id}}`: "Bulk queries cannot contain a top level `node` field.",
		`{shop{name}}`:                           "Bulk queries must contain at least one connection.",
		`mutation{bulkOperationCancel(id:"x"){userErrors{message}}}`: "Invalid operation type. Only `query` operations are supported.",
		`{orders{edges{node{id`: "Invalid bulk query: ",
	} {
		a := c.ask(`mutation($q: String!){bulkOperationRunQuery(query:$q){bulkOperation{id} userErrors{field message code}}}`, map[string]any{"q": query})
		p := decode[struct {
			BulkOperation *bulkState
			UserErrors    []struct {
				Field         []string
				Message, Code string
			}
		}](t, a, "bulkOperationRunQuery")
		if p.BulkOperation != nil || len(p.UserErrors) == 0 {
			t.Errorf("%s was taken", query)
			continue
		}
		if !strings.HasPrefix(p.UserErrors[0].Message, want) || p.UserErrors[0].Code != "INVALID" || !slices.Equal(p.UserErrors[0].Field, []string{"query"}) {
			t.Errorf("%s: %+v, want %q", query, p.UserErrors, want)
		}
	}
}

func TestBulkFaultsAndLimit(t *testing.T) {
	t.Parallel()
	c := serve(t, orders(10))
	c.shop.FailBulk(1)
	if s := c.run(bulkOrders, true); s.Status != "FAILED" || s.URL != nil || s.PartialDataURL == nil || *s.ErrorCode != "INTERNAL_SERVER_ERROR" {
		t.Errorf("failed operation: %+v", s)
	}
	c.shop.HoldBulk(1_000_000)
	start := `mutation{bulkOperationRunQuery(query:"{orders{edges{node{id}}}}"){bulkOperation{id} userErrors{code}}}`
	for range 6 {
		c.ask(start, nil)
	}
	current := decode[bulkState](t, c.ask(`{currentBulkOperation{id status}}`, nil), "currentBulkOperation")
	if current.Status != "RUNNING" && current.Status != "CREATED" {
		t.Errorf("held operation: %+v", current)
	}
	a := c.ask(`mutation($id: ID!){bulkOperationCancel(id:$id){bulkOperation{status} userErrors{message}}}`, map[string]any{"id": current.ID})
	if got := string(a.Data["bulkOperationCancel"]); !strings.Contains(got, `"CANCEL`) {
		t.Errorf("cancelled: %s", got)
	}
	n := decode[bulkState](t, c.ask(`query($id: ID!){node(id:$id){... on BulkOperation{id status}}}`, map[string]any{"id": current.ID}), "node")
	if n.ID != current.ID {
		t.Errorf("node is %+v", n)
	}
}

func TestThrottleAnswersAndRecovers(t *testing.T) {
	t.Parallel()
	o := orders(250)
	now := noon
	o.Now = func() time.Time { return now }
	o.BucketSize, o.RestoreRate = 100, 50
	c := serve(t, o)
	const heavy = `{orders(first:50){edges{node{id lineItems(first:3){edges{node{id variant{id}}}}}}}}`
	// 50 orders count as 6, 3 lines as 2: 6 × (1 + 2 × (1 + variant)).
	if a := c.ask(heavy, nil); a.Extensions.Cost.RequestedQueryCost != 30 || *a.Extensions.Cost.ActualQueryCost != 30 {
		t.Fatalf("cost %+v", a.Extensions.Cost)
	}
	for len(c.ask(heavy, nil).Errors) == 0 {
	}
	a := c.ask(heavy, nil)
	if a.Errors[0].Message != "Throttled" || a.Data != nil || a.Extensions.Cost.ActualQueryCost != nil {
		t.Fatalf("throttled answer %+v", a)
	}
	status := a.Extensions.Cost.ThrottleStatus
	missing := a.Extensions.Cost.RequestedQueryCost - status.CurrentlyAvailable
	now = now.Add(time.Duration(missing/status.RestoreRate*float64(time.Second)) + time.Millisecond)
	if a := c.ask(heavy, nil); len(a.Errors) > 0 {
		t.Errorf("after the wait that the answer asks for: %v", a.Errors)
	}
	c.shop.Throttle(1)
	now = now.Add(time.Hour)
	if a := c.ask(`{shop{name}}`, nil); len(a.Errors) != 1 {
		t.Error("no throttled answer on demand")
	}
	if a := c.ask(`{shop{name}}`, nil); len(a.Errors) != 0 {
		t.Error("throttled more often than asked")
	}
	if a := c.ask(`{orders(first:250){nodes{id returns(first:250){nodes{returnLineItems(first:250){nodes{id}}}}}}}`, nil); len(a.Errors) != 1 || !strings.Contains(a.Errors[0].Message, "exceeds the single query max cost limit") {
		t.Errorf("too dear a query: %+v", a.Errors)
	}
}
