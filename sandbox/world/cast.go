package world

import (
	"cmp"
	"math"
	"slices"
)

// A role is a kind of planted problem that an order plays. rate is its share of all orders at density 1.
type role struct {
	kind  string
	shows string
	rate  float64
	need  int // calendar days that must follow the day of despatch so that the effect can be seen
	first bool
	want  wish
	play  func(*sim, stream, *order)
}

// wish is what an order must be like to play a role; zero values mean "any".
type wish struct {
	from, country, service string // from is the warehouse's country
	window                 [2]int // minutes after midnight, site time
	workday                bool
	eve                    bool // placed on the day before the partners are pulled
	prepaid                bool // of a brand that takes the money before it sends
	minQty, minLines       int
	mainland               bool                // in the warehouse's own country, no Scottish or Northern Irish address
	foreign                bool                // paid in another currency than the shop's own
	shop                   ShopSkills          // that the shop must have
	psp                    func(*PSP) bool     // what the PSP must be like
	carrier                func(*Carrier) bool // and the carrier
	sites                  int                 // that ship the brand, at least
	shorts                 bool                // of a warehouse that says what it was short of
	manifests, unsigned    bool                // of one that has drivers sign, or of one that has not
	rare                   bool                // of a brand that has something sold out
}

// slot is an order to be created: where, when and for which role.
type slot struct {
	brand  *brand
	site   *site
	day    date
	placed instant
	role   *role
}

// cast draws the orders of every day, and gives the roles to some of them.
func (s *sim) cast(roles []role) []slot {
	rng := newStream(s.o.Seed, "cast", 0)
	var slots []slot
	load := map[date]int{}
	total := float64(s.o.Days * s.o.OrdersPerDay)
	for i := range roles {
		r := &roles[i]
		n := rng.times(math.Min(r.rate*s.o.Defects, 0.2) * total)
		if n == 0 && s.o.Defects >= 1 {
			n = 1
		}
		for range n {
			if sl, ok := s.place(rng, r, load); ok {
				load[sl.day]++
				slots = append(slots, sl)
			}
		}
	}
	var shares []int
	for _, b := range s.brands {
		shares = append(shares, b.Share)
	}
	for d := s.start; d <= s.end; d++ {
		n := int(float64(s.o.OrdersPerDay)*(0.85+0.3*rng.Float64())+0.5) - load[d]
		for range n {
			b := s.brands[weighted(rng, shares...)]
			placed := s.ordinaryTime(rng, d)
			slots = append(slots, slot{brand: b, site: b.warehouse(rng), day: d, placed: placed})
		}
	}
	slices.SortStableFunc(slots, func(a, b slot) int { return cmp.Compare(a.placed, b.placed) })
	return slots
}

func weighted(rng stream, weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := rng.IntN(sum)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// ordinaryTime is a moment between 03:15 and 22:40 in London: nobody orders in the hour that clock changes repeat.
func (s *sim) ordinaryTime(rng stream, d date) instant {
	lo, hi := 7*60, 22*60+40
	if rng.chance(0.08) {
		lo, hi = 3*60+15, 7*60
	}
	return d.at(s.london, rng.between(lo, hi-1)) + instant(rng.IntN(60))
}

// place finds a day for a role: one whose despatch leaves time for the effect, preferring days that are not full.
func (s *sim) place(rng stream, r *role, load map[date]int) (slot, bool) {
	b, st := s.brandFor(rng, r.want)
	if b == nil {
		return slot{}, false
	}
	var fit []date
	for d := s.start; d <= s.end; d++ {
		if r.want.workday && !st.cal.working(d) {
			continue
		}
		if r.want.eve && !slices.Contains(s.checkpoints, (d+1).at(s.london, 7*60)) {
			continue
		}
		if int(s.nextShip(st, d, r.want))+r.need <= int(s.end) {
			fit = append(fit, d)
		}
	}
	if len(fit) == 0 {
		return slot{}, false
	}
	d := fit[0]
	if !r.first {
		d = pick(rng, fit)
		for range 8 {
			if other := pick(rng, fit); load[d] >= s.o.OrdersPerDay*2/3 && load[other] < load[d] {
				d = other
			}
		}
	}
	w := r.want.window
	if w == [2]int{} {
		w = [2]int{8 * 60, 20 * 60}
	}
	return slot{brand: b, site: st, day: d, placed: d.at(st.zone, rng.between(w[0], w[1])) + instant(rng.IntN(60)), role: r}, true
}

// nextShip is the latest day on which an order of day d may have to leave.
func (s *sim) nextShip(st *site, d date, w wish) date {
	if w.window[1] != 0 && w.window[1] < st.soonest(d) {
		return d
	}
	return st.cal.add(d, 1)
}

// brandFor draws a brand and a warehouse of it that fit a wish, nil where the group has none.
func (s *sim) brandFor(rng stream, w wish) (*brand, *site) {
	type pair struct {
		b  *brand
		st *site
	}
	var fit []pair
	for _, b := range s.brands {
		if !b.Can.has(w.shop) || (w.prepaid && b.PaidWhenSent) || (w.foreign && !b.Can.Pounds) || len(b.sites) < w.sites || (w.psp != nil && !w.psp(b.psp)) || (w.rare && len(b.rare) == 0) {
			continue
		}
		for _, st := range b.sites {
			if (w.from == "" || st.Country == w.from) && (st.Shorts || !w.shorts) && (st.Manifests || !w.manifests) && (!st.Manifests || !w.unsigned) && s.carried(st, w) {
				fit = append(fit, pair{b, st})
			}
		}
	}
	if len(fit) == 0 {
		return nil, nil
	}
	p := pick(rng, fit)
	return p.b, p.st
}

// has says whether a shop can do all that is asked for.
func (c ShopSkills) has(want ShopSkills) bool {
	return (c.Returns || !want.Returns) && (c.Restocks || !want.Restocks) && (c.Cancels || !want.Cancels) && (c.Tests || !want.Tests) &&
		(c.Overpays || !want.Overpays) && (c.Unnamed || !want.Unnamed) && (c.Edits || !want.Edits) && (c.Gifts || !want.Gifts) &&
		(c.Drafts || !want.Drafts) && (c.Bins || !want.Bins) && (c.Duties || !want.Duties) && (c.Takes || !want.Takes)
}

// warehouse draws who ships an order.
func (b *brand) warehouse(rng stream) *site {
	if len(b.sites) == 1 {
		return b.sites[0]
	}
	var weights []int
	for _, w := range b.Warehouses {
		weights = append(weights, w.Weight)
	}
	return b.sites[weighted(rng, weights...)]
}
