package world

import "fmt"

// visit is an order's way through the warehouse.
type visit struct{ allocated, picked, packed, left instant }

// receive lets the order reach the warehouse, as it does within 20 minutes.
func (s *sim) receive(rng stream, o *order) {
	s.tell(o, o.released+rng.minutes(2, 18), "received")
}

func (s *sim) tell(o *order, at instant, what string) {
	o.statuses = append(o.statuses, status{at: at, what: what})
}

// shipBy is the site day by which an order should leave its warehouse.
func (s *sim) shipBy(o *order) date { d, _ := s.due(o, o.site, o.released); return d }

// due is the day by which an order that could go from a moment on should leave if a site ships it, and by which rule of the site.
func (s *places) due(o *order, st *site, released instant) (date, string) {
	from := released
	if p := s.promised(o, st, o.placed); p != nil && p.FromOrder && released != 0 {
		from = o.placed
	}
	return st.dueFrom(o.chosen(), from)
}

// deliverBy is the destination day that the brand promised.
func (s *sim) deliverBy(o *order) date { d, _ := s.arrival(o, o.site, o.released); return d }

// arrival is the destination day promised for an order, and by which promise; none where nothing is promised.
func (s *places) arrival(o *order, st *site, released instant) (date, string) {
	left, _ := s.due(o, st, released)
	p := s.promised(o, st, o.placed)
	if left == 0 || p == nil {
		return 0, ""
	}
	return o.cal.add(left, p.Days), p.ID
}

// addedDays are the days for what was added to an order at a moment.
func (s *places) addedDays(o *order, st *site, at instant) (ship, arrive date) {
	ship, _ = st.dueFrom(o.chosen(), at)
	if p := s.promised(o, st, at); p != nil {
		arrive = o.cal.add(ship, p.Days)
	}
	return ship, arrive
}

// chosen is the service that the shop's order tells of.
func (o *order) chosen() string {
	if o.oddDelivery {
		return "unknown"
	}
	return o.service
}

// process walks the order through the warehouse on a day; nothing is told yet.
func (s *sim) process(rng stream, o *order, d date) visit {
	z := o.site.zone
	begin := max(d.at(z, 7*60+40)+rng.minutes(0, 90), o.released+20*minute)
	v := visit{allocated: begin + rng.minutes(1, 6)}
	slack := int((d.at(z, 15*60) - v.allocated) / minute / 2)
	v.picked = v.allocated + rng.minutes(18, max(60, slack))
	v.packed = v.picked + rng.minutes(6, 25)
	v.left = v.packed + rng.minutes(5, 20)
	return v
}

// pickAndPack tells the warehouse's steps until the order is packed.
func (s *sim) pickAndPack(rng stream, o *order, v visit) {
	s.tell(o, v.allocated, "allocated")
	s.tell(o, v.picked-rng.minutes(4, 15), "picking")
	s.tell(o, v.picked, "picked")
	s.tell(o, v.packed, "packed")
}

// all is every unit that was ordered at first, has to be sent and was not edited away.
func (o *order) all() []quantity {
	var out []quantity
	for i := range o.lines {
		l := &o.lines[i]
		if n := l.qty - l.edited(forever); n > 0 && !l.digital && l.added == 0 {
			out = append(out, quantity{i, n})
		}
	}
	return out
}

// send despatches units in a new parcel at a moment and returns it.
func (s *sim) send(o *order, at instant, what []quantity) *parcel {
	p := s.newParcel(o)
	s.despatchRows(o, at, what, p.tracking)
	return p
}

func (s *sim) despatchRows(o *order, at instant, what []quantity, tracking string) {
	s.despatchNo++
	ref := fmt.Sprintf(o.site.Despatches, s.despatchNo)
	for _, q := range what {
		o.despatches = append(o.despatches, despatch{
			at: at, ref: ref, parcelRef: fmt.Sprintf("P%s-%d", ref, len(o.parcels)),
			tracking: tracking, line: q.line, ordered: q.qty, qty: q.qty,
		})
	}
}

func (s *sim) newParcel(o *order) *parcel {
	p := &parcel{o: o, carrier: o.carrier, tracking: s.number(o.carrier, NumberOut)}
	o.parcels = append(o.parcels, p)
	s.parcels[p.key()] = p
	return p
}

// number is a new tracking number of a carrier.
func (s *sim) number(c *Carrier, use NumberUse) string {
	s.parcelNo++
	return c.Number(use, s.parcelNo)
}

// key is the shipment's key in the truth.
func (p *parcel) key() string { return p.carrier.Source + ":" + p.tracking }

// fulfil tells the shop of a despatch.
func (s *sim) fulfil(o *order, at instant, tracking string, what []quantity) {
	s.factNo++
	if tracking == "" && !o.brand.Can.Unnamed {
		return
	}
	var some []quantity
	for _, q := range what {
		if q.qty > 0 {
			some = append(some, q)
		}
	}
	o.fulfilments = append(o.fulfilments, fulfilment{id: 4_800_000_000_000 + int64(s.factNo), at: at, tracking: tracking, lines: some})
}

// ship is the ordinary despatch of the whole order in one parcel on a day. It returns the parcel and when it was packed.
func (s *sim) ship(rng stream, o *order, d date) (*parcel, visit) {
	v := s.process(rng, o, d)
	s.pickAndPack(rng, o, v)
	s.tell(o, v.left, "despatched")
	p := s.send(o, v.left, o.all())
	s.fulfil(o, v.left+rng.minutes(3, 25), p.tracking, o.all())
	return p, v
}

// ordinary is an order without anything planted on it.
func (s *sim) ordinary(rng stream, o *order) {
	s.receive(rng, o)
	p, v := s.ship(rng, o, s.shipBy(o))
	delivered := s.carry(rng, p, v)
	if rng.chance(0.17) && o.brand.Can.Returns {
		s.sendBack(rng, o, delivered)
	}
}
