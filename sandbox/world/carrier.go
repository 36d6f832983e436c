package world

import "slices"

// scanned adds a carrier event told in a country; what the carrier has no code for, it does not tell.
func (p *parcel) scanned(at instant, what Event, country, locality string) {
	if !p.carrier.can(what) {
		return
	}
	p.events = append(p.events, scan{at: at, shown: at, what: what, country: country, locality: locality})
}

// journey is the frame of an outbound parcel: when it was handed over, and the zones.
type journey struct {
	p        *parcel
	rng      stream
	accepted instant
	day      date // destination day of the hand-over
}

func hub(country string) string {
	if country == "NL" {
		return "Utrecht Hub"
	}
	return "Coventry Hub"
}

// hand lets the carrier take the parcel on the evening of a site day.
func (s *sim) hand(rng stream, p *parcel, packed instant, d date) journey {
	o := p.o
	st := o.site
	from := st.Country
	p.scanned(packed+rng.minutes(1, 4), LabelCreated, from, "")
	at := d.at(st.zone, 18*60+10) + rng.minutes(0, 80)
	p.scanned(at, Accepted, from, st.Town)
	p.scanned(at+rng.minutes(100, 190), AtHub, from, hub(from))
	p.scanned(at+rng.minutes(195, 240), LeftHub, from, hub(from))
	return journey{p, rng, at, dateOf(at, s.zoneOf(o.to.country))}
}

// there is a moment on a destination day, between two minutes of it.
func (s *sim) there(j journey, d date, from, to int) instant {
	return d.at(s.zoneOf(j.p.o.to.country), from) + j.rng.minutes(0, to-from)
}

// moves gives a parcel a scan on every working day strictly between two days.
func (s *sim) moves(j journey, after, before date, what Event) {
	c := j.p.o.to.country
	for d := j.p.o.cal.add(after, 1); d < before; d = j.p.o.cal.add(d, 1) {
		j.p.scanned(s.there(j, d, 16*60, 20*60), what, c, hub(c))
	}
}

// outForDelivery is the morning of a delivery day.
func (s *sim) outForDelivery(j journey, d date) {
	c := j.p.o.to
	j.p.scanned(s.there(j, d, 5*60, 6*60+40), AtDepot, c.country, c.city+" Depot")
	j.p.scanned(s.there(j, d, 7*60+5, 8*60+40), OutForDelivery, c.country, c.city+" Depot")
}

// deliver hands the parcel to somebody on a day and says when.
func (s *sim) deliver(j journey, d date) instant {
	at := s.there(j, d, 9*60+5, 17*60+20)
	c := j.p.o.to
	j.p.scanned(at, []Event{Delivered, DeliveredNextTo, DeliveredSafe}[weighted(j.rng, 75, 12, 13)], c.country, c.city)
	return at
}

// carry is an ordinary parcel: handed over on the day it was packed, delivered within the carrier's commitment.
func (s *sim) carry(rng stream, p *parcel, v visit) instant {
	o := p.o
	j := s.hand(rng, p, v.packed, dateOf(v.left, o.site.zone))
	days := s.usual(o)
	if o.service == "standard" && o.to.country == o.site.Country && rng.chance(0.5) {
		days--
	}
	d := o.cal.add(j.day, days)
	s.moves(j, j.day, d, AtHub)
	if days < s.usual(o) && rng.chance(0.16) {
		s.outForDelivery(j, d)
		p.scanned(s.there(j, d, 10*60, 16*60), Attempted, o.to.country, o.to.city)
		if rng.chance(0.4) {
			p.scanned(s.there(j, d, 17*60+30, 19*60), ReadyToCollect, o.to.country, o.to.city+" ParcelShop")
			return s.deliver(j, o.cal.add(d, 1))
		}
		d = o.cal.add(d, 1)
	}
	s.outForDelivery(j, d)
	return s.deliver(j, d)
}

// decorate draws how each event's time is written.
func (s *sim) decorate(p *parcel) {
	rng := newStream(s.o.Seed, "scan form "+p.tracking, 0)
	for i := range p.events {
		p.events[i].form = Form(weighted(rng, p.carrier.Forms[:]...))
	}
}

// slow are the scans of a parcel that takes too long, repeated as they are common.
func (c *Carrier) slow() []Event {
	var out []Event
	for _, e := range []Event{Delayed, Delayed, AddressQuery, AtHub} {
		if c.can(e) {
			out = append(out, e)
		}
	}
	if !c.can(Delayed) && c.can(Missorted) {
		out = append(out, Missorted)
	}
	return out
}

// carried says whether some carrier of a site can do what a role needs.
func (s *sim) carried(st *site, w wish) bool {
	for _, c := range st.Carriers {
		if w.carrier == nil || w.carrier(s.carrier(c.Of)) {
			return true
		}
	}
	return false
}

// knows asks for a carrier that has codes for events.
func knows(events ...Event) func(*Carrier) bool {
	return func(c *Carrier) bool {
		return !slices.ContainsFunc(events, func(e Event) bool { return !c.can(e) })
	}
}

// lacks asks for a carrier that has no code for an event.
func lacks(e Event) func(*Carrier) bool { return func(c *Carrier) bool { return !c.can(e) } }

// carrierFor draws who carries an order's parcels: of the warehouse's carriers those that go there and know the events
// of the order's role.
func (s *sim) carrierFor(o *order, w wish) *Carrier {
	var fit []*Carrier
	var weights []int
	for _, share := range o.site.Carriers {
		c := s.carrier(share.Of)
		if (c.Abroad || o.to.country == o.site.Country) && (w.carrier == nil || w.carrier(c)) {
			fit, weights = append(fit, c), append(weights, share.Weight)
		}
	}
	switch len(fit) {
	case 0:
		return s.carrier(o.site.Carriers[0].Of)
	case 1:
		return fit[0]
	}
	return fit[weighted(newStream(s.o.Seed, "carrier", o.no), weights...)]
}
