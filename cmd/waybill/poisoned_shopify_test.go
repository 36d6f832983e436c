package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// shopifyShops are the shops of the starter; each has every fourth sale.
var shopifyShops = []string{"aster-vale", "hart-rowe", "norre-studio", "pell-mill"}

// shopifyOf serves the Admin APIs of shops (shopify.dev/docs/api/admin-graphql/2026-01) below /<shop>: a bulk operation with every order, and the details of each, which
// may be poisoned.
type shopifyOf struct {
	sales    int
	poisoned func(sale int) int
}

// shopifyOrder is the number that Shopify gives an order.
func shopifyOrder(s sale) int { return 5_000_000_000 + int(s) }

func (o shopifyOf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	shop, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if path == "bulk.jsonl" {
		text, _ := o.export(shop)
		io.WriteString(w, text)
		return
	}
	var q struct {
		Query     string
		Variables struct{ ID string }
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	const operation = `{"id":"gid://shopify/BulkOperation/1","status":"CREATED"}`
	switch {
	case strings.Contains(q.Query, "OrderDetails"):
		var number int
		if _, err := fmt.Sscanf(q.Variables.ID, "gid://shopify/Order/%d", &number); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s := sale(number - shopifyOrder(0))
		pour(w, o.poisoned(int(s)), o.answer(`{"order":`+o.details(s)+`}`))
	case strings.Contains(q.Query, "currentBulkOperation"):
		io.WriteString(w, o.answer(`{"currentBulkOperation":null}`))
	case strings.Contains(q.Query, "bulkOperationRunQuery"):
		io.WriteString(w, o.answer(`{"bulkOperationRunQuery":{"bulkOperation":`+operation+`,"userErrors":[]}}`))
	case strings.Contains(q.Query, "bulkOperation(id: $id)"):
		text, objects := o.export(shop)
		io.WriteString(w, o.answer(fmt.Sprintf(`{"bulkOperation":{"id":"gid://shopify/BulkOperation/1","status":"COMPLETED","errorCode":null,"createdAt":"2026-03-27T07:00:00Z",`+
			`"completedAt":"2026-03-27T07:00:01Z","objectCount":"%d","fileSize":"%d","url":"http://%s/%s/bulk.jsonl","partialDataUrl":null,"query":""}}`, objects, len(text), r.Host, shop)))
	case strings.Contains(q.Query, "OldestOrder"):
		io.WriteString(w, o.answer(fmt.Sprintf(`{"orders":{"nodes":[{"updatedAt":%q}]}}`, stamp(sale(0).refunded()))))
	default:
		io.WriteString(w, o.answer(`{"shop":{"name":"Shop"}}`))
	}
}

func (shopifyOf) answer(data string) string {
	return `{"data":` + data + `,"extensions":{"cost":{"requestedQueryCost":52,"actualQueryCost":12,"throttleStatus":{"maximumAvailable":20000,"currentlyAvailable":19948,"restoreRate":1000}}}}`
}

// export is what the bulk operation writes: a line for each order and line of one, and how many there are.
func (o shopifyOf) export(shop string) (text string, objects int) {
	var b strings.Builder
	for s := range sale(o.sales) {
		if shopifyShops[int(s)%len(shopifyShops)] != shop {
			continue
		}
		order := shopifyOrder(s)
		fmt.Fprintf(&b, `{"id":"gid://shopify/Order/%d","name":"#%d","test":false,"createdAt":%q,"updatedAt":%q,"cancelledAt":null,"closedAt":null,"displayFinancialStatus":"PARTIALLY_REFUNDED",`+
			`"displayFulfillmentStatus":"UNFULFILLED","currencyCode":"GBP","presentmentCurrencyCode":"GBP","email":null,"edited":false,"currentSubtotalLineItemsQuantity":2,"totalPriceSet":%s,`+
			`"currentTotalPriceSet":%s,"shippingAddress":{"countryCodeV2":"GB","zip":"N1 1AA"},"shippingLine":{"title":"Standard","code":"standard"},`+
			`"transactions":[{"id":"gid://shopify/OrderTransaction/%d1","kind":"SALE","status":"SUCCESS","gateway":"shopify_payments","processedAt":%q,"parentTransaction":null,"amountSet":%s}],`+
			`"fulfillments":[],"refunds":[{"id":"gid://shopify/Refund/%d","createdAt":%q,"totalRefundedSet":%s}]}`+"\n",
			order, order, stamp(s.placed()), stamp(s.refunded()), o.money(s.total()), o.money(s.total()-s.price()), order, stamp(s.placed()), o.money(s.total()), order, stamp(s.refunded()), o.money(s.price()))
		fmt.Fprintf(&b, `{"id":"gid://shopify/LineItem/%d","sku":"A","name":"Mug","quantity":3,"currentQuantity":2,"requiresShipping":true,"originalUnitPriceSet":%s,"discountedTotalSet":%s,"__parentId":"gid://shopify/Order/%d"}`+"\n",
			order, o.money(s.price()), o.money(s.total()), order)
		objects += 2
	}
	return b.String(), objects
}

func (o shopifyOf) details(s sale) string {
	const none = `{"nodes":[],"pageInfo":{"hasNextPage":false,"endCursor":null}}`
	order := shopifyOrder(s)
	return fmt.Sprintf(`{"id":"gid://shopify/Order/%d","name":"#%d","updatedAt":%q,"fulfillments":[],"refunds":[{"id":"gid://shopify/Refund/%d","createdAt":%q,"note":null,"totalRefundedSet":%s,"return":null,`+
		`"refundLineItems":{"nodes":[{"id":"gid://shopify/RefundLineItem/%d","quantity":1,"restockType":"RETURN","lineItem":{"id":"gid://shopify/LineItem/%d","sku":"A"},"subtotalSet":%s,"totalTaxSet":%s}],`+
		`"pageInfo":{"hasNextPage":false,"endCursor":null}},"transactions":{"nodes":[{"id":"gid://shopify/OrderTransaction/%d2","kind":"REFUND","status":"SUCCESS","gateway":"shopify_payments","processedAt":%q,`+
		`"parentTransaction":{"id":"gid://shopify/OrderTransaction/%d1"},"amountSet":%s}],"pageInfo":{"hasNextPage":false,"endCursor":null}},"refundShippingLines":%s,"orderAdjustments":%s,"duties":[]}],"agreements":%s,"returns":%s}`,
		order, order, stamp(s.refunded()), order, stamp(s.refunded()), o.money(s.price()), order, order, o.money(s.price()), o.money(0), order, stamp(s.refunded()), order, o.money(s.price()), none, none, none, none)
}

// money is in the shop's currency and in the customer's, which is the same.
func (shopifyOf) money(pence int64) string {
	of := fmt.Sprintf(`{"amount":%q,"currencyCode":"GBP"}`, pounds(pence))
	return fmt.Sprintf(`{"shopMoney":%s,"presentmentMoney":%s}`, of, of)
}
