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
	source, country, service string
	shop                     string
	window                   [2]int // minutes after midnight, site time
	workday                  bool
	minQty, minLines         int
	mainland                 bool // no Scottish or Northern Irish address
	currency                 string
}

// slot is an order to be created: where, when and for which role.
type slot struct {
	brand  *brand
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
	for d := s.start; d <= s.end; d++ {
		n := int(float64(s.o.OrdersPerDay)*(0.85+0.3*rng.Float64())+0.5) - load[d]
		for range n {
			b := s.brands[weighted(rng, 36, 28, 16, 20)]
			slots = append(slots, slot{brand: b, day: d, placed: s.ordinaryTime(rng, d)})
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
	b := s.brandFor(rng, r.want)
	var fit []date
	for d := s.start; d <= s.end; d++ {
		if r.want.workday && !b.site.cal.working(d) {
			continue
		}
		if int(s.nextShip(b.site, d, r.want))+r.need <= int(s.end) {
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
	return slot{brand: b, day: d, placed: d.at(b.site.zone, rng.between(w[0], w[1])) + instant(rng.IntN(60)), role: r}, true
}

// nextShip is the latest day on which an order of day d may have to leave.
func (s *sim) nextShip(st *site, d date, w wish) date {
	if st.cal.working(d) && w.window[1] != 0 && w.window[1] < st.cutOff {
		return d
	}
	return st.cal.add(d, 1)
}

func (s *sim) brandFor(rng stream, w wish) *brand {
	var fit []*brand
	for _, b := range s.brands {
		if (w.source == "" || b.Source == w.source) && (w.shop == "" || b.Name == w.shop) {
			fit = append(fit, b)
		}
	}
	return pick(rng, fit)
}
