package world

import "fmt"

// create draws the order of a slot: who buys what, where it goes, what it costs.
func (s *sim) create(sl slot, no int) *order {
	rng := newStream(s.o.Seed, "order", no)
	b := sl.brand
	s.count[b]++
	n := s.count[b]
	o := &order{
		brand: b, site: sl.site, no: no, id: b.FirstID + int64(n), name: b.Prefix + itoa(b.FirstNo+n-1), placed: sl.placed,
		currency: b.Currency, service: "standard", first: pick(rng, firstNames()), last: pick(rng, lastNames()),
	}
	var w wish
	if sl.role != nil {
		o.kind, w = sl.role.kind, sl.role.want
	}
	o.to = s.address(rng, o, w)
	o.cal = s.cals.destination(o.to.country, o.to.zip)
	if w.service == "express" || (w.service == "" && rng.chance(0.2)) {
		o.service = "express"
	}
	if b.Can.Pounds && (w.foreign || (o.to.country == "GB" && rng.chance(0.8))) {
		o.currency = "GBP"
	}
	o.carrier = s.carrierFor(o, w)
	s.fill(rng, o, w)
	s.pay(rng, o)
	return o
}

func (s *sim) address(rng stream, o *order, w wish) place {
	country := w.country
	if country == "" && w.mainland {
		country = o.site.Country
	}
	if country == "" {
		abroad := rng.chance(o.brand.Abroad)
		country = map[bool]string{false: o.site.Country, true: "GB"}[abroad]
		if abroad && o.site.Country == "GB" {
			country = "NL"
		}
	}
	switch {
	case country == "NL":
		return pick(rng, townsNL())
	case !w.mainland && rng.chance(0.14):
		return pick(rng, townsElsewhereGB())
	}
	return pick(rng, townsGB())
}

// fill draws the lines; a SKU is on one line of an order only.
func (s *sim) fill(rng stream, o *order, w wish) {
	want := max(w.minLines, 1+weighted(rng, 60, 26, 10, 4))
	seen := map[string]bool{}
	for len(o.lines) < want {
		it := pick(rng, o.brand.items)
		if seen[it.sku] {
			continue
		}
		seen[it.sku] = true
		l := line{id: 14_000_000_000_000 + o.id*10 + int64(len(o.lines)), item: it, qty: 1 + weighted(rng, 88, 9, 3), price: it.price}
		if len(o.lines) == 0 {
			l.qty = max(l.qty, w.minQty)
		}
		if o.currency != o.brand.Currency {
			l.price = it.price * 87 / 100 / 50 * 50
		}
		o.lines = append(o.lines, l)
	}
	if rng.chance(0.18) {
		for i := range o.lines {
			o.lines[i].discount = o.lines[i].price * int64(o.lines[i].qty) / 10
		}
	}
	switch {
	case o.service == "express":
		o.shipping = 695
	case o.subtotal() < 7500:
		o.shipping = 395
	}
}

// pay draws the payment. Its references are the ones that shop and PSP share.
func (s *sim) pay(rng stream, o *order) {
	o.payRef = fmt.Sprintf("%s-%d-1", o.brand.Prefix, o.id)
	o.pspRef, o.captureRef = o.brand.psp.Ref("payment", rng.Rand), o.brand.psp.Ref("capture", rng.Rand)
	if o.captureRef == "" {
		o.captureRef = o.pspRef
	}
	o.twoStep = o.brand.TwoStep
	o.method = pick(rng, []string{"visa", "visa", "mc", "mc", "amex", "paypal"})
	if o.to.country == "NL" && o.currency == "EUR" {
		o.method = pick(rng, []string{"ideal", "ideal", "ideal", "mc", "visa"})
	}
	o.payNow(rng)
	if o.brand.PaidWhenSent {
		o.payWhenSent()
	}
}

// email is made from the name, so that nobody's real address is used.
func (o *order) email() string {
	return fmt.Sprintf("customer%d@example.com", o.id)
}
