package world

import (
	"slices"
	"strings"
)

// orderKeys is what each partner calls the orders that shops know, test orders among them.
func (w *witness) orderKeys() TruthTable {
	t := table("marts.order_keys", "source order_ref", "key_kind order_id claimants_count provenance")
	claims := map[[3]string]map[string]bool{}
	claim := func(source, ref, kind string, o *order) {
		key := [3]string{source, strings.ToUpper(ref), kind}
		if ref == "" {
			return
		}
		if claims[key] == nil {
			claims[key] = map[string]bool{}
		}
		claims[key][o.orderID()] = true
	}
	for _, k := range w.orders {
		o := k.o
		if o.phantom || o.draft {
			continue
		}
		for _, st := range o.brand.sites {
			kind := "order_name"
			if st.ByNumber {
				kind = "order_no"
			}
			claim(st.Source, st.ref(o), kind, o)
		}
		psp := o.brand.psp.connection(o.brand)
		payments, movements := o.brand.Says.Refs(o.shopOrder(w.at))
		for _, ref := range payments {
			claim(psp, ref, "payment_ref", o)
		}
		for _, ref := range movements {
			claim(psp, ref, "movement_ref", o)
		}
	}
	for key, of := range claims {
		id := ""
		for order := range of {
			id = order
		}
		if len(of) > 1 {
			id = ""
		}
		t.add(key[0], key[1], key[2], id, itoa(len(of)), "exact")
	}
	return t
}

// tieout is a check's count for one brand.
type tieout struct{ left, matched, different, uncompared, leftOnly, rightOnly, breaks int }

// pairs are what the checks lay side by side.
func pairs() map[string]string {
	return map[string]string{
		"R01": "orders of the shop that can go and of the warehouse", "R04": "parcels of the warehouse and fulfilments of the shop",
		"R05": "parcels of the warehouse and of the carrier", "R12": "returns received and refunded",
		"R13": "refunds of the shop and of the payment provider", "PSP R14": "captures of the shop and of the payment provider",
	}
}

func (w *witness) tieouts() TruthTable {
	t := table("marts.recon_tieouts", "check_id brand", "pair left_count matched_count different_count uncompared_count left_only_count right_only_count breaks_count _built_at")
	all := map[[2]string]*tieout{}
	put := func(check string, b *brand, left, right bool, differ string) {
		key := [2]string{check, b.Name}
		if all[key] == nil {
			all[key] = &tieout{}
		}
		x := all[key]
		switch {
		case left && right && differ == "other_currency":
			x.left, x.uncompared = x.left+1, x.uncompared+1
		case left && right && differ != "":
			x.left, x.different = x.left+1, x.different+1
		case left && right:
			x.left, x.matched = x.left+1, x.matched+1
		case left:
			x.left, x.leftOnly = x.left+1, x.leftOnly+1
		case right:
			x.rightOnly++
		}
	}
	captured := map[*order]bool{}
	for _, m := range w.ledger {
		if m.kind == kindCapture {
			captured[m.o] = true
		}
	}
	for _, k := range w.orders {
		if k.real() {
			w.tieOrder(put, k, captured)
		}
	}
	for i := range w.returns {
		if r := &w.returns[i]; r.received != 0 && !r.noOrder {
			put("R12", r.o.brand, true, r.done != 0, "")
		}
	}
	for i := range w.refunds {
		r := &w.refunds[i]
		if r.state == "not_in_scope" {
			continue
		}
		put("R13", r.o.brand, r.index >= 0, r.ref != "", unlike(r.state))
	}
	for _, row := range w.factBreaks().Rows {
		if x := all[[2]string{row[0], row[4]}]; x != nil && (row[0] != "R05" || row[1] == "never_scanned") {
			x.breaks++
		}
	}
	for key, x := range all {
		t.add(key[0], key[1], pairs()[key[0]], itoa(x.left), itoa(x.matched), itoa(x.different), itoa(x.uncompared), itoa(x.leftOnly), itoa(x.rightOnly), itoa(x.breaks), w.at.text())
	}
	return t
}

// unlike is how the two sides of a refund differ, empty where they agree or one of them is not there.
func unlike(state string) string {
	if state == "amount_differs" || state == "other_currency" {
		return state
	}
	return ""
}

func (w *witness) tieOrder(put func(string, *brand, bool, bool, string), k *knownOrder, captured map[*order]bool) {
	o := k.o
	if k.released != 0 && k.state != "cancelled" && k.state != "nothing_to_ship" {
		put("R01", o.brand, true, k.anyStatus || k.total.despatched > 0, "")
	}
	told := map[string]bool{}
	for i := range o.fulfilments {
		if f := &o.fulfilments[i]; f.at <= w.at {
			told[f.tracking] = true
		}
	}
	for _, p := range k.parcels {
		put("R04", o.brand, true, told[p.tracking], "")
		put("R05", o.brand, true, p.accepted != 0, "")
	}
	if charged := k.paid != 0 && o.tender == ""; charged || captured[o] {
		put("PSP R14", o.brand, charged, captured[o], "")
	}
}

// code is one that no list has, with the currency of what hangs on it.
type code struct {
	carrier  *Carrier
	what     Event
	currency string
	timeless bool // the list has it, and the scan says no time
}

// missed is how often a code came, and on parcels of what cost.
type missed struct {
	rows  int
	when  moments
	worth int64
}

// missed counts a parcel's scans without a meaning or without a time; what it cost is at stake once.
func (p *knownParcel) missed(all map[code]*missed) {
	worth := int64(0)
	for _, q := range p.lines {
		worth += p.o.lines[q.line].item.cost * int64(q.qty)
	}
	seen := map[code]bool{}
	for _, e := range slices.Concat(p.events, p.timeless) {
		if !e.isUnmapped() && e.at != 0 {
			continue
		}
		c := code{p.o.carrier, e.what, "", e.at == 0}
		if p.o.brand.Can.Costs {
			c.currency = p.o.brand.Currency
		}
		if all[c] == nil {
			all[c] = &missed{}
		}
		all[c].rows++
		if e.at != 0 {
			all[c].when.add(e.at)
		}
		if !seen[c] {
			all[c].worth += worth
		}
		seen[c] = true
	}
}

// unmappedCodes are the scans whose code no list has, with what their parcels cost, and the deliveries that only a shop knows.
func (w *witness) unmappedCodes() TruthTable {
	t := table("marts.unmapped_codes", "source column_name raw_code currency", "example_text map_in rows_count first_seen_at last_seen_at amount_at_stake _built_at")
	all := map[code]*missed{}
	for _, k := range w.orders {
		if k.real() {
			for _, p := range k.parcels {
				p.missed(all)
			}
		}
	}
	w.oddDeliveries(&t)
	for c, x := range all {
		kind, stake := c.carrier.Types[c.what], ""
		if kind == "" {
			kind = "none"
		}
		if c.currency != "" {
			stake = amount(x.worth)
		}
		column, raw, list := "parcel_scans.status", kind+" / "+c.carrier.Codes[c.what], "scans"
		if c.timeless {
			column, raw, list = "parcel_scans.occurred_at", "country", "times that could not be read"
		}
		t.add(c.carrier.Source, column, raw, c.currency, c.carrier.Texts[c.what], list, itoa(x.rows), x.when.first.text(), x.when.last.text(), stake, w.at.text())
	}
	w.unmappedMoves(&t)
	return t
}
