package world

// Terms are what the group has agreed on with its customers and carriers. Of each list the first that fits counts, so what is for a case stands
// before what is for all.
type Terms struct {
	Promises []Promise
	Lanes    []Lane
}

// Term is what every agreement has: the name that people call it by, and the days on which it holds; empty means from ever, or until further notice.
type Term struct {
	ID, From, Until string // 2026-04-01; Until is the first day on which it does not hold
}

// To is where something goes; empty fields mean any.
type To struct{ Country, Nation, Region string }

// Promise is what a customer is told when he orders.
type Promise struct {
	Term
	Brand, Service, Site string // empty: any
	To                   To
	FromOrder            bool   // it counts from the order, not from the payment
	Days                 int    // working days there, from leaving to arriving
	Between              [2]int // minutes of that day; 0 where no time is said
}

// Lane is what a carrier takes from a warehouse to a place.
type Lane struct {
	Term
	Carrier, Service, Site string
	To                     To
	Days                   int // working days there
}

// CutOff is until when a site takes what has to leave on the same day.
type CutOff struct {
	Term
	Service string // empty: any
	At      [7]int // minutes after midnight from Monday on; 0: nothing leaves that day
}

// holds says whether an agreement holds on a day.
func (t Term) holds(d date) bool {
	day := d.text()
	return (t.From == "" || day >= t.From) && (t.Until == "" || day < t.Until)
}

// takes says whether a place is one that is meant.
func (t To) takes(o *order, nation string) bool {
	return fits(t.Country, o.to.country) && fits(t.Nation, nation) && fits(t.Region, o.to.region)
}

func fits(wanted, is string) bool { return wanted == "" || wanted == is }

// promised is what a customer was told who asked for something at a moment; nil for a delivery that nobody knows.
func (s *places) promised(o *order, st *site, at instant) *Promise {
	if o.oddDelivery {
		return nil
	}
	for i := range s.terms.Promises {
		p := &s.terms.Promises[i]
		if p.holds(dateOf(at, st.zone)) && fits(p.Brand, o.brand.Name) && fits(p.Service, o.service) && fits(p.Site, st.Code) && p.To.takes(o, s.cals.nameOf(o.cal)) {
			return p
		}
	}
	return nil
}

// lane is what the carrier has agreed to for a parcel of the order that leaves a site and is taken at a moment; nil if it has not.
func (s *places) lane(o *order, from *site, taken date) *Lane {
	for i := range s.terms.Lanes {
		l := &s.terms.Lanes[i]
		if l.holds(taken) && l.Carrier == o.carrier.Source && fits(l.Service, o.service) && fits(l.Site, from.Code) && l.To.takes(o, s.cals.nameOf(o.cal)) {
			return l
		}
	}
	return nil
}

// usual is how many working days an order's parcel takes, where nothing is agreed as well.
func (s *sim) usual(o *order) int {
	if l := s.lane(o, o.site, dateOf(o.placed, o.site.zone)); l != nil {
		return l.Days
	}
	return 2
}

// cutOff is the site's rule for a service on a day.
func (st *site) cutOff(service string, d date) *CutOff {
	for i := range st.CutOffs {
		if c := &st.CutOffs[i]; c.holds(d) && fits(c.Service, service) {
			return c
		}
	}
	return nil
}

// closes is the minute of a day until which something leaves on it, 0 if nothing does.
func (st *site) closes(c *CutOff, d date) int {
	if st.cal.off[d] {
		return 0
	}
	return c.At[(int(d.utc().Weekday())+6)%7]
}

// dueFrom is the day by which what may leave from a moment on should leave the site, and by which rule.
func (st *site) dueFrom(service string, at instant) (date, string) {
	if at == 0 {
		return 0, ""
	}
	d := dateOf(at, st.zone)
	c := st.cutOff(service, d)
	if minuteOfDay(at, st.zone) < st.closes(c, d) {
		return d, c.ID
	}
	for d++; st.closes(c, d) == 0; d++ {
	}
	return d, c.ID
}

// soonest is the earliest minute at which the site closes on a day, of any service; 0 if nothing leaves.
func (st *site) soonest(d date) int {
	first := 0
	for i := range st.CutOffs {
		if c := &st.CutOffs[i]; c.holds(d) {
			if at := st.closes(c, d); first == 0 || at < first {
				first = at
			}
		}
	}
	return first
}
