package shopify

import (
	"context"

	"github.com/graph-gophers/graphql-go"
)

type refund struct {
	object
	LegacyResourceID unsigned
	CreatedAt        *dateTime
	UpdatedAt        dateTime
	Note             *string
	TotalRefundedSet moneyBag
	Order            *order
	Return           *shopReturn
	lines            []*refundLine
	shipping         []*refundShippingLine
	adjustments      []*orderAdjustment
	transactions     []*orderTransaction
	Duties           *[]refundDuty
}

// refundDuty is of an import duty.
type refundDuty struct{ AmountSet moneyBag }

type refundLine struct {
	ID                       *graphql.ID
	LineItem                 *lineItem
	Quantity                 int32
	RestockType              string
	Restocked                bool
	SubtotalSet, TotalTaxSet moneyBag
}

func (l *refundLine) gid() string { return string(*l.ID) }

type refundShippingLine struct {
	object
	ShippingLine                    shippingLine
	SubtotalAmountSet, TaxAmountSet moneyBag
}

type orderAdjustment struct {
	object
	Reason                  *string
	AmountSet, TaxAmountSet moneyBag
}

func (r *refund) RefundLineItems(ctx context.Context, a pageArgs) (*connection[*refundLine], error) {
	return nested(ctx, r.lines, a)
}

func (r *refund) RefundShippingLines(ctx context.Context, a pageArgs) (*connection[*refundShippingLine], error) {
	return nested(ctx, r.shipping, a)
}

func (r *refund) OrderAdjustments(ctx context.Context, a pageArgs) (*connection[*orderAdjustment], error) {
	return nested(ctx, r.adjustments, a)
}

func (r *refund) Transactions(ctx context.Context, a pageArgs) (*connection[*orderTransaction], error) {
	return nested(ctx, r.transactions, a)
}

type shopReturn struct {
	object
	Name, Status                string
	CreatedAt                   dateTime
	RequestApprovedAt, ClosedAt *dateTime
	TotalQuantity               int32
	Order                       *order
	lines                       []*returnLineType
	refunds                     []*refund
	reverse                     []*reverseFulfilmentOrder
}

func (r *shopReturn) ReturnLineItems(ctx context.Context, a pageArgs) (*connection[*returnLineType], error) {
	return nested(ctx, r.lines, a)
}

func (r *shopReturn) Refunds(ctx context.Context, a pageArgs) (*connection[*refund], error) {
	return nested(ctx, r.refunds, a)
}

func (r *shopReturn) ReverseFulfillmentOrders(ctx context.Context, a pageArgs) (*connection[*reverseFulfilmentOrder], error) {
	return nested(ctx, r.reverse, a)
}

// returnLineType is the interface ReturnLineItemType; the simulated shops have only verified lines.
type returnLineType struct{ returnLine }

func (t *returnLineType) ToReturnLineItem() (*returnLine, bool) { return &t.returnLine, true }

type returnLine struct {
	object
	Quantity, RefundableQuantity, RefundedQuantity int32
	ReturnReason, ReturnReasonNote                 string
	CustomerNote                                   *string
	FulfillmentLineItem                            *fulfilmentLine
}

type reverseFulfilmentOrder struct {
	object
	Status     string
	Order      *order
	deliveries []*reverseDelivery
}

func (r *reverseFulfilmentOrder) ReverseDeliveries(ctx context.Context, a pageArgs) (*connection[*reverseDelivery], error) {
	return nested(ctx, r.deliveries, a)
}

type reverseDelivery struct {
	object
	Deliverable *deliverable
}

// deliverable is the union ReverseDeliveryDeliverable, which has one member.
type deliverable struct{ shipping *shippingDeliverable }

func (d *deliverable) ToReverseDeliveryShippingDeliverable() (*shippingDeliverable, bool) {
	return d.shipping, d.shipping != nil
}

type shippingDeliverable struct{ Tracking *reverseTracking }

type reverseTracking struct {
	Number, CarrierName *string
	URL                 *link
}
