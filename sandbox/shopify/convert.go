package shopify

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/fourmarketing/waybill/sandbox/world"
)

// converter turns one of the world's orders into the objects of the Admin schema.
type converter struct {
	src   world.ShopOrder
	out   *order
	lines map[int64]*lineItem
	trans map[int64]*orderTransaction
}

func convert(o world.ShopOrder) (*order, error) {
	c := converter{src: o, out: &order{}, lines: map[int64]*lineItem{}, trans: map[int64]*orderTransaction{}}
	c.order()
	for _, step := range []func() error{c.lineItems, c.agreements, c.transactions, c.fulfilments, c.returns, c.refunds} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("convert order %d: %w", o.ID, err)
		}
	}
	return c.out, nil
}

func (c *converter) order() {
	o, src := c.out, c.src
	o.ID, o.number, o.created, o.updated = gid("Order", src.ID), src.ID, src.CreatedAt, src.UpdatedAt
	o.LegacyResourceID = unsigned(strconv.FormatInt(src.ID, 10))
	o.Name, o.Test, o.TaxesIncluded = number(src.Name), src.Test, true
	o.CreatedAt, o.UpdatedAt, o.ProcessedAt = instant(src.CreatedAt), instant(src.UpdatedAt), instant(src.CreatedAt)
	o.CancelledAt, o.ClosedAt, o.Closed = instantOrNull(src.CancelledAt), instantOrNull(src.ClosedAt), !src.ClosedAt.IsZero()
	o.CancelReason, o.DisplayFinancialStatus = textOrNull(word(src.CancelReason)), textOrNull(word(src.FinancialStatus))
	o.DisplayFulfillmentStatus, o.Email = word(src.FulfillmentStatus), textOrNull(src.Email)
	o.CurrencyCode, o.PresentmentCurrencyCode = src.Total.Currency, src.PresentmentCurrency
	o.Edited = src.Edited
	if src.Terms != "" {
		days := int32(30)
		o.PaymentTerms = &paymentTerms{object{gid("PaymentTerms", src.ID)}, "Net 30", "NET", &days, false}
	}
	o.Tags = append([]string{}, src.Tags...)
	o.TotalPriceSet, o.CurrentTotalPriceSet = bag(src.Total), bag(src.CurrentTotal)
	subtotal, discount, tax := bag(src.Subtotal), bag(src.Discount), bag(src.Tax)
	o.SubtotalPriceSet, o.TotalDiscountsSet, o.TotalTaxSet = &subtotal, &discount, &tax
	o.TotalShippingPriceSet = bag(src.Shipping)
	o.ShippingAddress = &mailingAddress{
		textOrNull(src.CustomerName), textOrNull(src.ShipZip), textOrNull(src.ShipCity), textOrNull(src.ShipCountry),
	}
	o.ShippingLine = &shippingLine{src.ShippingTitle, textOrNull(src.ShippingCode), bag(src.Shipping)}
}

func (c *converter) lineItems() error {
	for _, l := range c.src.Lines {
		price, err := cents(l.UnitPrice.Amount)
		if err != nil {
			return err
		}
		discount, err := cents(l.Discount.Amount)
		if err != nil {
			return err
		}
		total := price * int64(l.Quantity)
		currency, sku := l.UnitPrice.Currency, textOrNull(l.SKU)
		item := &lineItem{
			object: object{gid("LineItem", l.ID)}, Sku: sku, Name: l.Title, Title: l.Title,
			Quantity: int32(l.Quantity), CurrentQuantity: int32(l.CurrentQuantity), RequiresShipping: l.RequiresShipping,
			OriginalUnitPriceSet: bag(l.UnitPrice), OriginalTotalSet: bag(world.Money{Amount: amount(total), Currency: currency}),
			TotalDiscountSet:   bag(l.Discount),
			DiscountedTotalSet: bag(world.Money{Amount: amount(total - discount), Currency: currency}),
			tax:                []taxLine{{"VAT", bag(l.Tax)}},
		}
		if l.VariantID != 0 {
			stock := &inventoryItem{object: object{gid("InventoryItem", l.VariantID)}, Sku: sku}
			if l.UnitCost.Amount != "" {
				stock.UnitCost = &moneyV2{decimal(l.UnitCost.Amount), l.UnitCost.Currency}
			}
			item.Variant = &productVariant{object{gid("ProductVariant", l.VariantID)}, sku, stock}
		}
		c.out.CurrentSubtotalLineItemsQuantity += item.CurrentQuantity
		c.lines[l.ID] = item
		c.out.lines = append(c.out.lines, item)
	}
	return nil
}

func (c *converter) line(id int64) (*lineItem, error) {
	if l, ok := c.lines[id]; ok {
		return l, nil
	}
	return nil, fmt.Errorf("find line %d: the order has no such line", id)
}

func (c *converter) transactions() error {
	for _, t := range c.src.Transactions {
		c.out.transactions = append(c.out.transactions, c.transaction(t))
	}
	return nil
}

// transaction gives each movement one object, so that a refund and its order show the same one.
func (c *converter) transaction(t world.ShopTransaction) *orderTransaction {
	if known, ok := c.trans[t.ID]; ok {
		return known
	}
	out := &orderTransaction{
		object: object{gid("OrderTransaction", t.ID)}, Kind: word(t.Kind), Status: word(t.Status), Gateway: textOrNull(gateway(t.Gateway)),
		PaymentID: textOrNull(t.PaymentID), AuthorizationCode: textOrNull(t.AuthorizationCode), Test: c.src.Test,
		CreatedAt: instant(t.ProcessedAt), ProcessedAt: instantOrNull(t.ProcessedAt),
		ParentTransaction: c.trans[t.ParentID], AmountSet: moneyBag{bag(t.Amount).ShopMoney, bag(t.Presented).PresentmentMoney},
	}
	c.trans[t.ID] = out
	return out
}

func (c *converter) fulfilments() error {
	for _, f := range c.src.Fulfilments {
		out := &fulfilment{
			object: object{gid("Fulfillment", f.ID)}, Name: number(f.Name), Status: word(f.Status), Order: c.out,
			CreatedAt: instant(f.CreatedAt), UpdatedAt: instant(f.UpdatedAt),
		}
		if f.TrackingNumber != "" {
			out.tracking = []trackingInfo{{Number: textOrNull(f.TrackingNumber), Company: textOrNull(f.Company)}}
		}
		for i, q := range f.Lines {
			l, err := c.line(q.LineID)
			if err != nil {
				return fmt.Errorf("fulfilment %d: %w", f.ID, err)
			}
			n := int32(q.Quantity)
			out.TotalQuantity += n
			out.lines = append(out.lines, &fulfilmentLine{object{gid("FulfillmentLineItem", f.ID*100+int64(i))}, &n, l})
		}
		c.out.fulfilments = append(c.out.fulfilments, out)
	}
	return nil
}

// fulfilmentLine finds what a return line gives back. A return that the shop took without knowing of a despatch gets a
// line of its own: the schema wants one.
func (c *converter) fulfilmentLine(r world.ShopReturnLine) (*fulfilmentLine, error) {
	l, err := c.line(r.LineID)
	if err != nil {
		return nil, err
	}
	for _, f := range c.out.fulfilments {
		for _, fl := range f.lines {
			if fl.LineItem == l && f.Status == "SUCCESS" {
				return fl, nil
			}
		}
	}
	n := int32(r.Quantity)
	return &fulfilmentLine{object{gid("FulfillmentLineItem", r.ID)}, &n, l}, nil
}

func (c *converter) returns() error {
	for _, r := range c.src.Returns {
		out := &shopReturn{
			object: object{gid("Return", r.ID)}, Name: number(r.Name), Status: word(r.Status), Order: c.out,
			CreatedAt: instant(r.CreatedAt), RequestApprovedAt: instantOrNull(r.ApprovedAt), ClosedAt: instantOrNull(r.Closed),
		}
		for _, l := range r.Lines {
			fl, err := c.fulfilmentLine(l)
			if err != nil {
				return fmt.Errorf("return %d: %w", r.ID, err)
			}
			n := int32(l.Quantity)
			out.TotalQuantity += n
			out.lines = append(out.lines, &returnLineType{returnLine{
				object: object{gid("ReturnLineItem", l.ID)}, Quantity: n, RefundableQuantity: n,
				ReturnReason: word(l.Reason), ReturnReasonNote: l.Note, FulfillmentLineItem: fl,
			}})
		}
		out.reverse = []*reverseFulfilmentOrder{c.reverse(r)}
		c.out.returns = append(c.out.returns, out)
	}
	return nil
}

func (c *converter) reverse(r world.ShopReturn) *reverseFulfilmentOrder {
	out := &reverseFulfilmentOrder{object: object{gid("ReverseFulfillmentOrder", r.ID)}, Status: "OPEN", Order: c.out}
	switch word(r.Status) {
	case "CLOSED":
		out.Status = "CLOSED"
	case "CANCELED", "DECLINED":
		out.Status = "CANCELED"
	}
	if r.TrackingNumber != "" {
		label := &shippingDeliverable{&reverseTracking{Number: &r.TrackingNumber, CarrierName: textOrNull(r.Carrier)}}
		out.deliveries = []*reverseDelivery{{object{gid("ReverseDelivery", r.ID)}, &deliverable{label}}}
	}
	return out
}

func (c *converter) refunds() error {
	var refunded int64
	for _, r := range c.src.Refunds {
		total, err := cents(r.Total.Amount)
		if err != nil {
			return fmt.Errorf("refund %d: %w", r.ID, err)
		}
		refunded += total
		out := &refund{
			object: object{gid("Refund", r.ID)}, LegacyResourceID: unsigned(strconv.FormatInt(r.ID, 10)),
			CreatedAt: instantOrNull(r.CreatedAt), UpdatedAt: instant(r.CreatedAt), Note: textOrNull(r.Note),
			TotalRefundedSet: bag(r.Total), Order: c.out,
		}
		for _, t := range r.Transactions {
			out.transactions = append(out.transactions, c.transaction(t))
		}
		if err := c.refundLines(r, out, total); err != nil {
			return fmt.Errorf("refund %d: %w", r.ID, err)
		}
		for _, ret := range c.out.returns {
			if r.ReturnID != 0 && ret.ID == gid("Return", r.ReturnID) {
				out.Return = ret
				ret.refunds = append(ret.refunds, out)
			}
		}
		c.out.refunds = append(c.out.refunds, out)
	}
	c.out.TotalRefundedSet = bag(world.Money{Amount: amount(refunded), Currency: c.src.Total.Currency})
	return nil
}

// refundLines adds the lines, the refunded shipping, and, as Shopify does, an adjustment for whatever the amount paid
// back differs from them by: what the lines are worth minus what was paid.
func (c *converter) refundLines(r world.ShopRefund, out *refund, total int64) error {
	zero := world.Money{Amount: "0.00", Currency: r.Total.Currency}
	var worth int64
	for _, l := range r.Lines {
		item, err := c.line(l.LineID)
		if err != nil {
			return err
		}
		value, err := cents(l.Subtotal.Amount)
		if err != nil {
			return err
		}
		worth += value
		id := gid("RefundLineItem", l.ID)
		out.lines = append(out.lines, &refundLine{
			ID: &id, LineItem: item, Quantity: int32(l.Quantity), RestockType: word(l.RestockType),
			Restocked: l.Restocked, SubtotalSet: bag(l.Subtotal), TotalTaxSet: bag(l.Tax),
		})
	}
	shipping, err := cents(r.ShippingTotal.Amount)
	if err != nil {
		return err
	}
	if shipping != 0 {
		worth += shipping
		out.shipping = []*refundShippingLine{{
			object{gid("RefundShippingLine", r.ID)}, *c.out.ShippingLine, bag(r.ShippingTotal), bag(zero),
		}}
	}
	duties, err := cents(r.DutyTotal.Amount)
	if err != nil {
		return err
	}
	if duties != 0 {
		worth += duties
		out.Duties = &[]refundDuty{{bag(r.DutyTotal)}}
	}
	if worth != total {
		reason := "REFUND_DISCREPANCY"
		diff := bag(world.Money{Amount: amount(worth - total), Currency: r.Total.Currency})
		out.adjustments = []*orderAdjustment{{object{gid("OrderAdjustment", r.ID)}, &reason, diff, bag(zero)}}
	}
	return nil
}

// word is Shopify's word for one of the group's: its enumerations are in capitals.
func word(s string) string {
	switch s {
	case "authorisation":
		return "AUTHORIZATION"
	case "authorised":
		return "AUTHORIZED"
	}
	return strings.ToUpper(s)
}

// gateway is the name of a payment gateway; test orders are paid through Shopify's bogus one, and what goes elsewhere goes to PayPal.
func gateway(s string) string {
	switch s {
	case "test":
		return "bogus"
	case "elsewhere":
		return "paypal"
	case "store_credit":
		return "shopify_store_credit"
	}
	return s
}

// number is the name that Shopify shows for an order, a fulfilment or a return: with its mark.
func number(name string) string { return "#" + strings.TrimPrefix(name, "#") }

// cents reads a decimal with at most two places; empty is nothing.
func cents(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	whole, part, _ := strings.Cut(s, ".")
	if len(part) > 2 {
		return 0, fmt.Errorf("read amount %q: more than two decimal places", s)
	}
	v, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read amount %q: %w", s, err)
	}
	return v, nil
}

func amount(v int64) string {
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	return fmt.Sprintf("%s%d.%02d", sign, v/100, v%100)
}
