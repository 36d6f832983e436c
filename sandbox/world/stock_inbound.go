package world

import "fmt"

// purchase is a line of a purchase order.
type purchase struct {
	no, supplier string
	item         *item
	states       []purchaseState
}

// purchaseState is what a purchase order was from a moment on.
type purchaseState struct {
	of     *purchase
	at     instant
	units  int
	on     date
	status string // open, cancelled
	ff     *feedFile
}

// delivery is what a supplier brought of an item.
type delivery struct {
	ref, supplier string
	of            *purchase // nil where none explains it
	item          *item
	units         int
	arrived       instant
	deliveryState
	files []*feedFile
}

// deliveryState is how far a delivery has got.
type deliveryState struct {
	counted, bookedAt, shut instant
	booked                  int
}

// asOf is how far a delivery had got at a moment.
func (d *delivery) asOf(at instant) deliveryState {
	st := d.deliveryState
	if st.counted >= at {
		st.counted = 0
	}
	if st.bookedAt == 0 || st.bookedAt >= at {
		st.bookedAt, st.booked = 0, 0
	}
	if st.shut >= at {
		st.shut = 0
	}
	return st
}

// tell puts a delivery into the run after it was counted, and again into the one after it was put into stock.
func (d *delivery) tell(f *feed) {
	for _, at := range []instant{d.counted, d.bookedAt} {
		if ff := f.fileFor(at); at != 0 && ff != nil && (len(d.files) == 0 || d.files[0] != ff) {
			ff.came, d.files = append(ff.came, d), append(d.files, ff)
		}
	}
}

// tell puts every state of a purchase order into the run after it.
func (p *purchase) tell(f *feed) {
	for i := range p.states {
		if ff := f.fileFor(p.states[i].at); ff != nil {
			p.states[i].ff = ff
			ff.due = append(ff.due, p.states[i])
		}
	}
}

// order is a purchase of units to come on a day, made on an earlier one.
func (d *depot) order(it *item, units int, on, made date) *purchase {
	p := &purchase{no: fmt.Sprintf("PO%s%05d", d.st.Code, len(d.purchases)+1), supplier: pick(d.rng, suppliers()), item: it}
	p.states = append(p.states, purchaseState{of: p, at: made.at(d.st.zone, d.rng.between(10*60, 17*60)), units: units, on: on, status: "open"})
	d.purchases = append(d.purchases, p)
	return p
}

func suppliers() []string {
	return []string{"Alder Textiles", "Brae Knitwear", "Fonte & Filhos", "Coppice Makers", "Müller Strick"}
}

// deliver brings units of a purchase in the morning of a day; they are counted and in stock by noon, and no more is expected.
func (d *depot) deliver(p *purchase, day date, units int) *delivery {
	arrived := day.at(d.st.zone, d.rng.between(6*60+30, 7*60+30)) + instant(d.rng.IntN(60))
	x := &delivery{ref: fmt.Sprintf("GR%s%05d", d.st.Code, len(d.deliveries)+1), supplier: p.supplier, of: p, item: p.item, units: units, arrived: arrived}
	x.counted = arrived + d.rng.minutes(15, 60)
	x.bookedAt = x.counted + d.rng.minutes(20, 200)
	x.shut, x.booked = x.bookedAt, units
	d.deliveries = append(d.deliveries, x)
	d.move(move{at: x.bookedAt, item: p.item, what: "receipt", units: units})
	return x
}

// buyAhead makes purchases that are still to come at the end; one is put off, another cancelled.
func (d *depot) buyAhead() {
	for i := range 3 {
		made := d.end - date(d.rng.between(3, 5))
		p := d.order(d.common(), d.rng.between(4, 20)*10, d.st.cal.add(d.end, d.rng.between(2, 5)), made)
		again := p.states[0]
		again.at += 22 * hour
		switch i {
		case 1:
			again.on = d.st.cal.add(again.on, 2)
		case 2:
			again.status = "cancelled"
		default:
			continue
		}
		p.states = append(p.states, again)
	}
}

// bringRare lets what is sold out come: fewer than were bought, and all of them leave. More is to come after the end for most of it that somebody waits for.
func (d *depot) bringRare() {
	for _, it := range d.items {
		if !d.rare[it] {
			continue
		}
		first, sent := instant(0), 0
		for _, m := range d.moves {
			if m.item == it && m.what == "despatch" {
				first, sent = earliest(first, m.at), sent-m.units
			}
		}
		if sent > 0 {
			day := dateOf(first, d.st.zone)
			p := d.order(it, sent+20, day, max(d.start, day-3))
			if x := d.deliver(p, day, sent); d.st.Inbound && x.shut+48*hour <= d.asOf {
				d.plant("receipt_short", d.document(p), "marts.fct_breaks R21 received_short")
			}
		}
		if d.wanted(it) && d.rng.chance(0.7) {
			d.order(it, 40, d.st.cal.add(d.end, d.rng.between(1, 4)), d.end-3)
		}
	}
}

// document is how a break names a purchase order's line.
func (d *depot) document(p *purchase) string { return d.st.Source + ":" + p.no + ":" + p.item.sku }

// wanted says whether an order has an item that never left.
func (d *depot) wanted(it *item) bool {
	for _, o := range d.orders {
		if o.site == d.st && o.lines[0].item == it && len(o.despatches) == 0 {
			return true
		}
	}
	return false
}
