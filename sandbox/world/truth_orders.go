package world

// restOfOrder is where an order goes, how long its stages took, and its money, in the order of the columns of fct_orders.
func (w *witness) restOfOrder(k *knownOrder, perfect string) []string {
	o := k.o
	age := ""
	if k.promisesSomething() && k.state != "delivered" {
		age = hours(k.released, w.at)
	}
	var discount, refunded int64
	for i := range o.lines {
		if o.lines[i].added <= w.at {
			discount += o.lines[i].discount
		}
	}
	for i := range o.refunds {
		if o.refunds[i].at <= w.at {
			refunded += o.refunds[i].amount
		}
	}
	left, why, cause := "", "", ""
	if o.brand.Can.Remains {
		left = amount(o.inShop(max(0, o.wanted(w.at)-refunded)))
	}
	if k.cancelled != 0 {
		why, cause = o.brand.Says.Word(o.cancelReason), o.cancelReason
		if cause == "inventory" {
			cause = "stock"
		}
	}
	return []string{
		o.brand.Shop, k.site.Code, o.chosen(), o.to.country, w.cals.nameOf(o.cal), k.latest, k.latestAt.text(), perfect, itoa(k.firstLines()),
		hours(k.released, k.status["received"]), hours(k.status["received"], k.status["picked"]), hours(k.status["picked"], k.firstLeft),
		hours(k.firstLeft, k.firstAccepted), hours(k.firstAccepted, k.lastDelivered), hours(o.placed, k.firstAccepted),
		hours(o.placed, k.lastDelivered), age, left, amount(o.inShop(discount)), amount(o.inShop(o.shipping)), amount(o.inShop(o.vat(o.total()))),
		w.at.text(), o.brand.Says.State(o.shopOrder(w.at)), why, cause,
	}
}

// nameOf is a calendar's name.
func (c calendars) nameOf(cal *calendar) string {
	for _, name := range []string{"GB-EAW", "GB-SCT", "GB-NIR", "NL"} {
		if c.named(name) == cal {
			return name
		}
	}
	return ""
}

// advice is what somebody should do about an order that waits.
func (k *knownOrder) advice() string {
	switch stage := k.stage(); stage {
	case "not_in_wms":
		if k.anyRow || k.latest != "" {
			return "ask the warehouse for its missing status file, it has the order"
		}
		return "send the order to the warehouse again"
	default:
		return map[string]string{
			"added_not_despatched": "have the lines that were added later picked and despatched",
			"held":                 "ask the warehouse why it is on hold and release it", "short": "restock, or cancel the missing units and refund them",
			"not_picked": "have it picked before the cut-off", "not_despatched": "have it packed and despatched before the cut-off",
			"no_scan":    "look for the parcel at the warehouse, it may have missed the collection",
			"in_transit": "follow the parcel, claim it when it is lost",
		}[stage]
	}
}
