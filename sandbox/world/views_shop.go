package world

import "time"

// money is an amount of the customer's currency in the shop's own.
func (o *order) money(minor int64) Money {
	return Money{Amount: amount(o.inShop(minor)), Currency: o.brand.Currency}
}

// rest is the gift card's part of an amount in the shop's own currency: what the rest of it leaves, so that the two rounded parts add up to the whole.
func (o *order) rest(whole, gift int64) Money {
	return Money{Amount: amount(o.inShop(whole) - o.inShop(whole-gift)), Currency: o.brand.Currency}
}

// presented is an amount as the customer sees it.
func (o *order) presented(minor int64) Money {
	return Money{Amount: amount(minor), Currency: o.currency}
}

// shopOrder is the order as its shop knows it at a moment.
func (o *order) shopOrder(at instant) ShopOrder {
	code := o.service
	if o.oddDelivery {
		code = "evening"
	}
	v := ShopOrder{
		ID: o.id, Name: o.name, Test: o.test, CreatedAt: o.placed.time(), FinancialStatus: "pending", FulfillmentStatus: "unfulfilled",
		Email: o.email(), CustomerName: o.first + " " + o.last, ShipCountry: o.to.country, ShipZip: o.to.zip, ShipCity: o.to.city,
		PresentmentCurrency: o.currency,
		ShippingTitle:       map[string]string{"standard": "Standard delivery", "express": "Express delivery", "evening": "evening"}[code], ShippingCode: code,
		Subtotal: o.money(o.subtotal()), Shipping: o.money(o.shipping), Total: o.money(o.total()), Tax: o.money(o.vat(o.total())),
	}
	w := shopView{o: o, at: at, updated: o.placed, cancelledUnits: make([]int, len(o.lines))}
	w.payments(&v)
	w.refunds(&v)
	w.fulfilments(&v)
	w.returns(&v)
	w.lines(&v)
	if o.draft {
		v.FinancialStatus, v.Transactions = "draft", nil
	}
	if o.cancelled != 0 && w.see(o.cancelled) {
		v.CancelledAt, v.CancelReason = o.cancelled.time(), o.cancelReason
	}
	if o.deleted != 0 && w.see(o.deleted) {
		v.DeletedAt = o.deleted.time()
	}
	v.UpdatedAt = w.updated.time()
	return v
}

// shopView gathers what is known of an order, and when it last changed.
type shopView struct {
	o              *order
	at, updated    instant
	refunded       int64
	cancelledUnits []int
}

// see says whether a fact is known yet; if so the order changed then.
func (w *shopView) see(at instant) bool {
	if at > w.at {
		return false
	}
	w.updated = max(w.updated, at)
	return true
}

func (w *shopView) lines(v *ShopOrder) {
	o := w.o
	var discount int64
	for i := range o.lines {
		l := &o.lines[i]
		if l.added != 0 {
			if !w.see(l.added) {
				continue
			}
			v.Additions = append(v.Additions, ShopAddition{At: l.added.time(), By: string(l.by), LineID: l.id, Quantity: l.qty})
			v.Edited = v.Edited || l.by == byEdit
		}
		for _, e := range l.edits {
			v.Edited = w.see(e.at) || v.Edited
		}
		discount += l.discount
		v.Lines = append(v.Lines, ShopLine{
			ID: l.id, SKU: l.item.sku, Title: l.item.name, Quantity: l.qty, CurrentQuantity: l.qty - l.edited(w.at) - w.cancelledUnits[i],
			RequiresShipping: !l.digital, UnitPrice: o.money(l.price), Discount: o.money(l.discount), Tax: o.money(o.vat(l.net())),
			UnitCost: Money{amount(l.item.cost), o.brand.Currency}, VariantID: l.item.variant,
		})
	}
	v.Discount = o.money(discount)
	v.CurrentTotal = o.money(max(0, o.wanted(w.at)-w.refunded))
}

func (w *shopView) payments(v *ShopOrder) {
	o := w.o
	if o.test {
		v.FinancialStatus = "paid"
		v.Transactions = append(v.Transactions, ShopTransaction{
			ID: o.txn(0), Kind: "sale", Status: "success", Gateway: "test",
			PaymentID: o.payRef, AuthorizationCode: "53433", Amount: o.money(o.total()), Presented: o.presented(o.total()), ProcessedAt: o.placed.time(),
		})
		return
	}
	if o.tender == free {
		v.FinancialStatus = "paid"
		return
	}
	if o.agreed != 0 {
		v.Terms = string(o.tender)
	}
	pay := ShopTransaction{
		ID: o.txn(0), Kind: "sale", Status: "success", Gateway: o.gateway(), PaymentID: o.payRef,
		AuthorizationCode: o.captureRef, Amount: o.money(o.captured()), Presented: o.presented(o.captured()), ProcessedAt: o.paid.time(),
	}
	switch {
	case o.agreed != 0 && o.paid == 0:
		return
	case o.authorised == 0 && o.paid == 0:
		pay.Status, pay.Kind, pay.ProcessedAt, pay.AuthorizationCode = "pending", "authorisation", o.placed.time(), o.pspRef
		v.Transactions = append(v.Transactions, pay)
		return
	case o.authorised != 0:
		w.authorised(v)
		pay.ID, pay.ParentID, pay.Kind = o.txn(1), o.txn(0), "capture"
	}
	if o.paid != 0 && w.see(o.paid) {
		v.FinancialStatus = "paid"
		v.Transactions = append(v.Transactions, pay)
		if o.gift > 0 {
			v.Transactions = append(v.Transactions, ShopTransaction{
				ID: o.txn(9), Kind: "sale", Status: "success", Gateway: giftCard, Amount: o.rest(o.total(), o.gift), Presented: o.presented(o.gift), ProcessedAt: o.paid.time(),
			})
		}
	}
}

// authorised adds the authorisation, and that it was given up.
func (w *shopView) authorised(v *ShopOrder) {
	o := w.o
	first := ShopTransaction{
		ID: o.txn(0), Kind: "authorisation", Status: "success", Gateway: o.gateway(), PaymentID: o.payRef, AuthorizationCode: o.pspRef,
		Amount: o.money(o.total() - o.gift), Presented: o.presented(o.total() - o.gift), ProcessedAt: o.authorised.time(),
	}
	if o.late && !w.see(o.authorised) {
		return
	}
	v.Transactions = append(v.Transactions, first)
	if o.late {
		v.FinancialStatus = "authorised"
	}
	if o.voided != 0 && w.see(o.voided) {
		first.ID, first.ParentID, first.Kind, first.ProcessedAt = o.txn(7), o.txn(0), "void", o.voided.time()
		v.Transactions, v.FinancialStatus = append(v.Transactions, first), "voided"
	}
}

// giftCard is how the views name what no provider moves.
const giftCard = "gift_card"

// card names what a refund's part that no provider moved went onto.
func (r *refund) card() string {
	if r.credit {
		return "store_credit"
	}
	return giftCard
}

// gateway names who moved the order's money.
func (o *order) gateway() string {
	if o.tender == elsewhere || o.tender == door {
		return string(o.tender)
	}
	return o.brand.psp.Source
}

// txn is the id of the order's n-th transaction; 0 and 1 are the payment, refunds follow.
func (o *order) txn(n int) int64 { return 6_000_000_000_000 + o.id*10 + int64(n) }

func (w *shopView) refunds(v *ShopOrder) {
	o := w.o
	parent := o.txn(0)
	if o.twoStep || o.late {
		parent = o.txn(1)
	}
	for i := range o.refunds {
		r := &o.refunds[i]
		if !w.see(r.at) {
			continue
		}
		w.refunded += r.amount
		var moved []ShopTransaction
		if r.amount > r.gift {
			moved = append(moved, ShopTransaction{
				ID: o.txn(i + 2), ParentID: parent, Kind: "refund", Status: "success", Gateway: o.gateway(), PaymentID: r.payRef,
				AuthorizationCode: r.authCode, Amount: o.money(r.amount - r.gift), Presented: o.presented(r.amount - r.gift), ProcessedAt: r.at.time(),
			})
		}
		if r.gift > 0 {
			moved = append(moved, ShopTransaction{
				ID: o.txn(8), ParentID: o.txn(9), Kind: "refund", Status: "success", Gateway: r.card(), Amount: o.rest(r.amount, r.gift), Presented: o.presented(r.gift), ProcessedAt: r.at.time(),
			})
		}
		sr := ShopRefund{
			ID: r.id, CreatedAt: r.at.time(), Note: r.note, Total: o.money(r.amount), Transactions: moved, ShippingTotal: o.money(r.shipping), DutyTotal: o.money(r.duties),
		}
		if r.ret > 0 {
			sr.ReturnID = o.returns[r.ret-1].id
		}
		for j, l := range r.lines {
			sr.Lines = append(sr.Lines, ShopRefundLine{
				ID: r.id*10 + int64(j), LineID: o.lines[l.line].id, Quantity: l.qty, RestockType: string(l.restock), Restocked: o.shelved(r, l),
				Subtotal: o.money(l.amount), Tax: o.money(o.vat(l.amount)),
			})
			w.cancelledUnits[l.line] = min(o.lines[l.line].qty, w.cancelledUnits[l.line]+l.qty)
		}
		v.Refunds = append(v.Refunds, sr)
		v.Transactions = append(v.Transactions, moved...)
	}
	switch {
	case w.refunded >= o.wanted(forever) && w.refunded > 0:
		v.FinancialStatus = "refunded"
	case w.refunded > 0:
		v.FinancialStatus = "partially_refunded"
	}
}

func (w *shopView) fulfilments(v *ShopOrder) {
	o := w.o
	units, last := 0, time.Time{}
	for i := range o.fulfilments {
		f := &o.fulfilments[i]
		if !w.see(f.at) {
			continue
		}
		sf := ShopFulfilment{
			ID: f.id, Name: o.name + "-F" + itoa(i+1), Status: "success", CreatedAt: f.at.time(), UpdatedAt: f.at.time(),
			TrackingNumber: f.tracking, Company: o.carrier.Title,
		}
		for _, q := range f.lines {
			units += q.qty
			sf.Lines = append(sf.Lines, ShopQuantity{LineID: o.lines[q.line].id, Quantity: q.qty})
		}
		last = sf.CreatedAt
		v.Fulfilments = append(v.Fulfilments, sf)
	}
	switch {
	case units >= o.units(w.at):
		v.FulfillmentStatus, v.ClosedAt = "fulfilled", last
	case units > 0:
		v.FulfillmentStatus = "partially_fulfilled"
	}
	if o.held.from != 0 && w.see(o.held.from) && !w.see(o.held.to) {
		v.FulfillmentStatus = "on_hold"
	}
}

func (w *shopView) returns(v *ShopOrder) {
	for i := range w.o.returns {
		r := &w.o.returns[i]
		if !w.see(r.at) {
			continue
		}
		sr := ShopReturn{ID: r.id, Name: r.name, Status: "requested", CreatedAt: r.at.time()}
		if r.declined && w.see(r.at+30*minute) {
			sr.Status = "declined"
		}
		if r.approved != 0 && w.see(r.approved) {
			sr.Status, sr.ApprovedAt = "open", r.approved.time()
			if r.parcel != nil {
				sr.TrackingNumber, sr.Carrier = r.parcel.tracking, r.parcel.carrier.Title
			}
		}
		if r.closed != 0 && w.see(r.closed) {
			sr.Status, sr.Closed = "closed", r.closed.time()
		}
		for _, l := range r.lines {
			sr.Lines = append(sr.Lines, ShopReturnLine{ID: l.id, LineID: w.o.lines[l.line].id, Quantity: l.qty, Reason: l.reason, Note: l.note})
		}
		v.Returns = append(v.Returns, sr)
	}
}
