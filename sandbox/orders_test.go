package sandbox_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/sandbox/world"
)

const orderInDetail = `query($id: ID!){order(id:$id){
	name test cancelReason displayFinancialStatus displayFulfillmentStatus currencyCode tags shippingAddress{countryCodeV2}
	transactions{kind status authorizationCode parentTransaction{id} amountSet{shopMoney{amount currencyCode}}}
	fulfillments{name status trackingInfo{number company} fulfillmentLineItems(first:50){nodes{quantity lineItem{id}}}}
	refunds{totalRefundedSet{shopMoney{amount}} return{id} refundLineItems(first:50){nodes{quantity restockType subtotalSet{shopMoney{amount}}}}
		refundShippingLines(first:5){nodes{subtotalAmountSet{shopMoney{amount}}}} transactions(first:10){nodes{id}}
		duties{amountSet{shopMoney{amount}}} orderAdjustments(first:5){nodes{reason amountSet{shopMoney{amount}}}}}
	returns(first:10){nodes{name status returnLineItems(first:50){nodes{quantity returnReason ... on ReturnLineItem{fulfillmentLineItem{lineItem{id}}}}}
		reverseFulfillmentOrders(first:5){nodes{status reverseDeliveries(first:5){nodes{deliverable{... on ReverseDeliveryShippingDeliverable{tracking{number carrierName}}}}}}}}}}}`

type money struct{ ShopMoney struct{ Amount string } }

type detailedOrder struct {
	Name         string
	Transactions []struct {
		Kind, AuthorizationCode string
		AmountSet               money
	}
	Fulfillments []struct {
		Name                 string
		TrackingInfo         []struct{ Number string }
		FulfillmentLineItems struct {
			Nodes []struct {
				Quantity int
				LineItem struct{ ID string }
			}
		}
	}
	Refunds []struct {
		TotalRefundedSet money
		Return           *struct{ ID string }
		RefundLineItems  struct {
			Nodes []struct {
				Quantity    int
				SubtotalSet money
			}
		}
		Transactions        struct{ Nodes []any }
		OrderAdjustments    struct{ Nodes []struct{ AmountSet money } }
		Duties              []struct{ AmountSet money }
		RefundShippingLines struct {
			Nodes []struct{ SubtotalAmountSet money }
		}
	}
	Returns struct {
		Nodes []struct {
			Name, Status    string
			ReturnLineItems struct {
				Nodes []struct {
					Quantity            int
					FulfillmentLineItem struct{ LineItem struct{ ID string } }
				}
			}
			ReverseFulfillmentOrders struct {
				Nodes []struct {
					ReverseDeliveries struct {
						Nodes []struct {
							Deliverable struct{ Tracking struct{ Number string } }
						}
					}
				}
			}
		}
	}
}

// summary is what of an order must be the same in the world's view and in the shop's answer.
func (o detailedOrder) summary() string {
	s := o.Name
	for _, t := range o.Transactions {
		s += fmt.Sprintf(" %s %s %s;", t.Kind, t.AuthorizationCode, t.AmountSet.ShopMoney.Amount)
	}
	for _, f := range o.Fulfillments {
		s += " " + f.Name
		for _, i := range f.TrackingInfo {
			s += " " + i.Number
		}
		for _, l := range f.FulfillmentLineItems.Nodes {
			s += fmt.Sprintf(" %d×%s", l.Quantity, l.LineItem.ID)
		}
	}
	for _, r := range o.Refunds {
		s += fmt.Sprintf(" refund %s by %d of return %v:", r.TotalRefundedSet.ShopMoney.Amount, len(r.Transactions.Nodes), r.Return != nil)
		for _, l := range r.RefundLineItems.Nodes {
			s += fmt.Sprintf(" %d=%s", l.Quantity, l.SubtotalSet.ShopMoney.Amount)
		}
	}
	for _, r := range o.Returns.Nodes {
		s += " " + r.Name + " " + r.Status
		for _, l := range r.ReturnLineItems.Nodes {
			s += fmt.Sprintf(" %d×%s", l.Quantity, l.FulfillmentLineItem.LineItem.ID)
		}
		for _, d := range r.ReverseFulfillmentOrders.Nodes[0].ReverseDeliveries.Nodes {
			s += " by " + d.Deliverable.Tracking.Number
		}
	}
	return s
}

func summaryOf(o world.ShopOrder) string {
	s := "#" + o.Name
	for _, t := range o.Transactions {
		kind := map[string]string{"sale": "SALE", "capture": "CAPTURE", "authorisation": "AUTHORIZATION", "void": "VOID", "refund": "REFUND"}[t.Kind]
		s += fmt.Sprintf(" %s %s %s;", kind, t.AuthorizationCode, t.Amount.Amount)
	}
	for _, f := range o.Fulfilments {
		s += " #" + f.Name
		if f.TrackingNumber != "" {
			s += " " + f.TrackingNumber
		}
		for _, l := range f.Lines {
			s += fmt.Sprintf(" %d×gid://shopify/LineItem/%d", l.Quantity, l.LineID)
		}
	}
	for _, r := range o.Refunds {
		s += fmt.Sprintf(" refund %s by %d of return %v:", r.Total.Amount, len(r.Transactions), r.ReturnID != 0)
		for _, l := range r.Lines {
			s += fmt.Sprintf(" %d=%s", l.Quantity, l.Subtotal.Amount)
		}
	}
	for _, r := range o.Returns {
		s += " #" + r.Name + " " + strings.ToUpper(r.Status)
		for _, l := range r.Lines {
			s += fmt.Sprintf(" %d×gid://shopify/LineItem/%d", l.Quantity, l.LineID)
		}
		if r.TrackingNumber != "" {
			s += " by " + r.TrackingNumber
		}
	}
	return s
}

func pounds(t *testing.T, m money) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(m.ShopMoney.Amount, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestOrderDetailsAreTheWorlds(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	advance(t, s, last(s))
	var orders, refunds, adjusted int
	for _, a := range shopsOf(s) {
		for _, o := range s.World().ShopOrders(a.Source, last(s)) {
			var r struct {
				Data   struct{ Order detailedOrder }
				Errors []struct{ Message string }
			}
			graphQL(t, a, orderInDetail, map[string]any{"id": fmt.Sprintf("gid://shopify/Order/%d", o.ID)}, &r)
			if len(r.Errors) > 0 {
				t.Fatalf("%s: %v", o.Name, r.Errors)
			}
			if got, want := r.Data.Order.summary(), summaryOf(o); got != want {
				t.Errorf("the shop says\n%s\nthe world\n%s", got, want)
			}
			orders++
			for _, refund := range r.Data.Order.Refunds {
				refunds++
				adjusted += len(refund.OrderAdjustments.Nodes)
				// As with Shopify: lines, shipping and duties, less the adjustments, are what was paid back.
				sum := 0.0
				for _, l := range refund.RefundLineItems.Nodes {
					sum += pounds(t, l.SubtotalSet)
				}
				for _, l := range refund.RefundShippingLines.Nodes {
					sum += pounds(t, l.SubtotalAmountSet)
				}
				for _, d := range refund.Duties {
					sum += pounds(t, d.AmountSet)
				}
				for _, a := range refund.OrderAdjustments.Nodes {
					sum -= pounds(t, a.AmountSet)
				}
				if total := pounds(t, refund.TotalRefundedSet); math.Abs(sum-total) > 0.001 {
					t.Errorf("%s: the parts of a refund are %.2f, its total %.2f", o.Name, sum, total)
				}
			}
		}
	}
	t.Logf("%d orders, %d refunds, %d of another amount than their lines", orders, refunds, adjusted)
	if refunds == 0 {
		t.Error("no order was refunded")
	}
}
