package shopify

import (
	"fmt"
	"strings"
)

// Field names are those of https://shopify.dev/docs/api/admin-graphql/2026-01.

const (
	money = `{ shopMoney { amount currencyCode } }`
	// bothMonies is what moved in the shop's currency and in the customer's: a provider's books may be in either.
	bothMonies = `{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }`
)

// ordersBulk is run as a bulk operation. Shopify allows it five connections (here four: orders, lineItems, returns,
// returnLineItems), two levels of them below the first, contents by edges and node, and none inside a list: what
// hangs on refunds and fulfillments is therefore asked for per order, in orderDetails. The second %s is paymentTerms, or nothing.
const ordersBulk = `{
  orders(query: "%s", sortKey: UPDATED_AT) {
    edges { node {
      id name test createdAt updatedAt cancelledAt cancelReason closedAt
      displayFinancialStatus displayFulfillmentStatus currencyCode presentmentCurrencyCode email
      edited currentSubtotalLineItemsQuantity %s
      totalPriceSet ` + money + `
      currentTotalPriceSet ` + money + `
      subtotalPriceSet ` + money + `
      totalDiscountsSet ` + money + `
      totalTaxSet ` + money + `
      totalShippingPriceSet ` + money + `
      shippingAddress { countryCodeV2 zip city }
      shippingLine { title code }
      transactions { id kind status gateway paymentId authorizationCode processedAt parentTransaction { id } amountSet ` + bothMonies + ` }
      fulfillments { id name status createdAt updatedAt trackingInfo { number company url } }
      refunds { id createdAt totalRefundedSet ` + money + ` }
      lineItems { edges { node {
        id sku name quantity currentQuantity requiresShipping
        originalUnitPriceSet ` + money + `
        totalDiscountSet ` + money + `
        discountedTotalSet ` + money + `
        variant { id inventoryItem { unitCost { amount currencyCode } } }
      } } }
      returns { edges { node {
        id name status createdAt requestApprovedAt closedAt
        returnLineItems { edges { node {
          id quantity returnReason returnReasonNote
          ... on ReturnLineItem { fulfillmentLineItem { lineItem { id } } }
        } } }
      } } }
    } }
  }
}`

// paymentTerms are what shop and customer agreed on when the money comes. A token without the scope read_payment_terms would be refused the whole query.
const paymentTerms = `paymentTerms { paymentTermsType }`

// scopes asks what the token may read.
const scopes = `{ currentAppInstallation { accessScopes { handle } } }`

// runBulk starts a bulk query.
const runBulk = `mutation RunBulk($query: String!) {
  bulkOperationRunQuery(query: $query) {
    bulkOperation { id status }
    userErrors { field message code }
  }
}`

const bulkFields = `{ id status errorCode createdAt completedAt objectCount fileSize url partialDataUrl query }`

// bulkByID looks at one bulk operation; bulkNewest at the shop's newest bulk query of this app.
const (
	bulkByID   = `query BulkOperation($id: ID!) { bulkOperation(id: $id) ` + bulkFields + ` }`
	bulkNewest = `query NewestBulkOperation { currentBulkOperation(type: QUERY) ` + bulkFields + ` }`
)

// oldestOrder tells from when on a shop has anything to export.
const oldestOrder = `query OldestOrder { orders(first: 1, sortKey: UPDATED_AT) { nodes { updatedAt } } }`

// salesOfAgreement is a connection of agreements, which cannot be asked for by id. What is beyond its first page stays there: those sales are the
// lines of the order as it was placed, which tell nothing that the lines themselves do not.
const salesOfAgreement = "sales"

const pageInfo = `pageInfo { hasNextPage endCursor }`

// connections are the connections of orderDetails: on which type, under which name, how many at first, with which nodes.
// Those that multiply are kept small so that an order costs far less than the 1,000 points a question may.
var connections = []struct{ on, name, first, nodes string }{
	{"Fulfillment", "fulfillmentLineItems", "$first", `id quantity lineItem { id sku }`},
	{"Refund", "refundLineItems", "$first", `id quantity restockType restocked lineItem { id sku } subtotalSet ` + money + ` totalTaxSet ` + money},
	{"Refund", "transactions", "10", `id kind status gateway paymentId authorizationCode processedAt parentTransaction { id } amountSet ` + bothMonies},
	{"Refund", "refundShippingLines", "5", `id subtotalAmountSet ` + money + ` taxAmountSet ` + money},
	{"Refund", "orderAdjustments", "10", `id reason amountSet ` + money + ` taxAmountSet ` + money},
	{"ReverseFulfillmentOrder", "reverseDeliveries", "3", `id deliverable { ... on ReverseDeliveryShippingDeliverable { tracking { number carrierName url } } }`},
	{"Return", "reverseFulfillmentOrders", "3", `id {ReverseFulfillmentOrder.reverseDeliveries}`},
	{"SalesAgreement", salesOfAgreement, "10", `id actionType lineType quantity ... on ProductSale { lineItem { id } }`},
	{"Order", "agreements", "10", `id happenedAt reason {SalesAgreement.` + salesOfAgreement + `}`},
	{"Order", "returns", "5", `id name status {Return.reverseFulfillmentOrders}`},
}

// growing tells connections that a larger first makes whole.
func growing(on, name string) bool {
	for _, c := range connections {
		if c.on == on && c.name == name {
			return c.first == "$first"
		}
	}
	return false
}

// selection writes a connection with its first page, and what is nested in it. args overrides its size.
func selection(on, name, args string) string {
	for _, c := range connections {
		if c.on != on || c.name != name {
			continue
		}
		nodes := c.nodes
		for _, inner := range connections {
			if key := "{" + inner.on + "." + inner.name + "}"; strings.Contains(nodes, key) {
				nodes = strings.ReplaceAll(nodes, key, selection(inner.on, inner.name, ""))
			}
		}
		if args == "" {
			args = "first: " + c.first
		}
		return fmt.Sprintf("%s(%s) { nodes { %s } %s }", name, args, nodes, pageInfo)
	}
	return ""
}

// orderDetails asks for what a bulk query cannot carry of one order.
func orderDetails() string {
	return `query OrderDetails($id: ID!, $first: Int!) {
  order(id: $id) {
    id name updatedAt
    fulfillments { id name status createdAt updatedAt trackingInfo { number company url } ` + selection("Fulfillment", "fulfillmentLineItems", "") + ` }
    refunds { id createdAt note totalRefundedSet ` + money + ` return { id name }
      ` + selection("Refund", "refundLineItems", "") + `
      ` + selection("Refund", "transactions", "") + `
      ` + selection("Refund", "refundShippingLines", "") + `
      ` + selection("Refund", "orderAdjustments", "") + `
      duties { amountSet ` + money + ` } }
    ` + selection("Order", "agreements", "") + `
    ` + selection("Order", "returns", "") + `
  }
}`
}

// nextPage asks for a further page of one connection of one object.
func nextPage(on, name string) string {
	s := selection(on, name, "first: $first, after: $after")
	if s == "" {
		return ""
	}
	return `query NextPage($id: ID!, $first: Int!, $after: String!) { node(id: $id) { ... on ` + on + ` { id ` + s + ` } } }`
}
