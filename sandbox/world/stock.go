package world

import (
	"cmp"
	"slices"
)

// stockRow is a SKU's stock in a snapshot. What is kept apart is among what is on hand.
type stockRow struct {
	item                          *item
	onHand, allocated, quarantine int
}

// move is a change of what a site has of an item.
type move struct {
	at     instant
	no     int // the site's own number, in order of time
	item   *item
	what   string // receipt, despatch, return, adjustment, transfer, write_off, or a word of which nobody has heard
	units  int    // with its sign; 0 of goods that only lie elsewhere now
	within int    // how many lie elsewhere now
	apart  int    // what it changes of the units kept apart
	reason string
	o      *order
	untold bool // no file ever tells of it
	ff     *feedFile
}

// depot is a site's stock over the whole of its life.
type depot struct {
	*sim
	st         *site
	rng        stream
	items      []*item
	rare       map[*item]bool
	begin      map[*item]stockRow
	moves      []*move
	purchases  []*purchase
	deliveries []*delivery
	counts     []*feedFile
	cut        int // the count of which a file has only its first page; 0 for none
}

// keepStock lets every site's stock come and go, and tells of it: despatches and returns as they happened, what was bought to make up for
// them, corrections, and what goes wrong with all that.
func (s *sim) keepStock() {
	for _, st := range s.sites {
		d := s.newDepot(st)
		s.depots = append(s.depots, d)
		d.followOrders()
		d.correct()
		d.replenish()
		d.buyAhead()
		d.bringRare()
		if s.o.Defects > 0 && st.Inbound {
			d.plantInbound()
		}
		d.number()
		d.report()
	}
}

func (s *sim) depotOf(st *site) *depot {
	for _, d := range s.depots {
		if d.st == st {
			return d
		}
	}
	return nil
}

func (s *sim) newDepot(st *site) *depot {
	d := &depot{sim: s, st: st, rng: newStream(s.o.Seed, "stock "+st.Code, 0), rare: map[*item]bool{}, begin: map[*item]stockRow{}}
	for _, b := range s.brands {
		if !slices.Contains(b.sites, st) {
			continue
		}
		for _, it := range b.items {
			apart := weighted(d.rng, 80, 12, 8)
			d.begin[it] = stockRow{item: it, onHand: d.rng.between(26, 190) + apart, quarantine: apart}
		}
		for _, it := range b.rare {
			d.rare[it], d.begin[it] = true, stockRow{item: it}
		}
		d.items = append(append(d.items, b.items...), b.rare...)
	}
	return d
}

func (d *depot) move(m move) { d.moves = append(d.moves, &m) }

// followOrders takes off what left for orders and puts back what came back: goods that are not as good as new are kept apart.
func (d *depot) followOrders() {
	for _, o := range d.orders {
		for i := range o.despatches {
			if x := &o.despatches[i]; o.sender(x) == d.st && x.qty > 0 {
				d.move(move{at: x.at, item: o.lines[x.line].item, what: "despatch", units: -x.qty, o: o})
			}
		}
		for i := range o.receipts {
			rc := &o.receipts[i]
			if o.site != d.st || rc.grade == "X" || rc.grade == "M" {
				continue
			}
			apart := 0
			if rc.grade == "C" || rc.grade == "D" {
				apart = rc.qty
			}
			d.move(move{at: rc.processed, item: o.lines[rc.line].item, what: "return", units: rc.qty, apart: apart, o: o})
		}
	}
}

// correct is what the warehouse finds by itself: a unit more or less than written, goods put elsewhere, and now and then what was kept apart is written off.
func (d *depot) correct() {
	gone := map[*item]int{} // of what was kept apart at the beginning
	for day := d.start; day <= d.end; day++ {
		if !d.st.cal.working(day) {
			continue
		}
		at := func() instant { return day.at(d.st.zone, d.rng.between(9*60, 17*60)) + instant(d.rng.IntN(60)) }
		d.move(move{at: at(), item: d.common(), what: "transfer", within: d.rng.between(1, 12), reason: "Replenish pick face"})
		if d.rng.chance(0.4) {
			d.move(move{at: at(), item: d.common(), what: "adjustment", units: pick(d.rng, []int{-2, -1, 1}), reason: "Stock check"})
		}
		if it := d.common(); d.begin[it].quarantine > gone[it] {
			n := d.begin[it].quarantine - gone[it]
			gone[it] += n
			d.move(move{at: at(), item: it, what: "write_off", units: -n, apart: -n, reason: "Wet damaged"})
		}
	}
}

// common is an item that is always there.
func (d *depot) common() *item {
	for {
		if it := pick(d.rng, d.items); !d.rare[it] {
			return it
		}
	}
}

// changes are an item's moves by site day.
func (d *depot) changes(it *item) map[date]int {
	out := map[date]int{}
	for _, m := range d.moves {
		if m.item == it {
			out[dateOf(m.at, d.st.zone)] += m.units
		}
	}
	return out
}

// replenish buys what would run low, so that it comes on the morning of that day.
func (d *depot) replenish() {
	for _, it := range d.items {
		if d.rare[it] {
			continue
		}
		level, by := d.begin[it].onHand, d.changes(it)
		for day := d.start; day <= d.end; day++ {
			level += by[day]
			if level < 25 && d.st.cal.working(day) {
				n := 250 + max(0, -level)
				d.deliver(d.order(it, n, day, max(d.start, day-date(d.rng.between(2, 5)))), day, n)
				level += n
			}
		}
	}
}

// number puts the moves into their order and gives them the site's numbers.
func (d *depot) number() {
	slices.SortStableFunc(d.moves, func(a, b *move) int { return cmp.Compare(a.at, b.at) })
	for i, m := range d.moves {
		m.no = 160_001 + i
	}
}

// report puts everything into the runs that tell of it, and counts the stock of every day.
func (d *depot) report() {
	if d.st.Inbound {
		moved, came, due := d.feedOf(d.st, FeedMovements), d.feedOf(d.st, FeedGoodsIn), d.feedOf(d.st, FeedExpected)
		for _, m := range d.moves {
			if ff := moved.fileFor(m.at); ff != nil && !m.untold {
				ff.moves, m.ff = append(ff.moves, m), ff
			}
		}
		for _, x := range d.deliveries {
			x.tell(came)
		}
		for _, p := range d.purchases {
			p.tell(due)
		}
	}
	d.counts = d.feedOf(d.st, FeedStock).files
	level := map[*item]stockRow{}
	for it, b := range d.begin {
		level[it] = b
	}
	next := 0
	for i, ff := range d.counts {
		for ; next < len(d.moves) && d.moves[next].at < ff.run; next++ {
			m := d.moves[next]
			l := level[m.item]
			l.onHand += m.units
			l.quarantine += m.apart
			level[m.item] = l
		}
		for _, it := range d.items {
			l := level[it]
			l.allocated = min(max(0, l.onHand-l.quarantine), d.rng.between(0, 6))
			if l.onHand != 0 || !d.st.Sparse {
				ff.stock = append(ff.stock, l)
			}
		}
		if d.cut == i && i > 0 {
			ff.stock = ff.stock[:len(ff.stock)*7/10]
		}
	}
}

// viewInbound shows a report's moves, deliveries and purchase orders.
func (ff *feedFile) viewInbound(out *File) {
	for _, m := range ff.moves {
		v := StockMove{At: m.at.time(), No: m.no, Article: m.item.view(), What: m.what, Units: m.units, Reason: m.reason}
		if m.within != 0 {
			v.Units, v.Within = m.within, true
		}
		if m.o != nil {
			v.OrderRef = ff.feed.site.ref(m.o)
		}
		out.Moves = append(out.Moves, v)
	}
	for _, d := range ff.came {
		st := d.asOf(ff.run)
		v := Delivery{
			Ref: d.ref, Supplier: d.supplier, Article: d.item.view(), Units: d.units, Booked: st.booked,
			ArrivedAt: d.arrived.time(), CountedAt: st.counted.time(), BookedAt: st.bookedAt.time(), Shut: st.shut.time(),
		}
		if d.of != nil {
			v.PurchaseOrder = d.of.no
		}
		out.Deliveries = append(out.Deliveries, v)
	}
	for _, p := range ff.due {
		out.Expected = append(out.Expected, Expected{
			PurchaseOrder: p.of.no, Supplier: p.of.supplier, Line: 1, Units: p.units, Article: p.of.item.view(), On: p.on.utc(), Status: p.status, StatedAt: p.at.time(),
		})
	}
}
