package world

import "strings"

// onTimes are the customer's and the carrier's view of a parcel's promise, and whose fault it is where the customer's was not kept.
func (w *witness) onTimes(k *knownOrder, p *knownParcel) (delivered, attempted, cause string) {
	there := w.zoneOf(k.o.to.country)
	shipBy, due := w.promisedParcel(k, p)
	by := func(at instant) string {
		on := date(0)
		if at != 0 {
			on = dateOf(at, there)
		}
		return onTime(on, due, k.destDay)
	}
	delivered, attempted = by(p.delivered), by(p.attempted)
	if delivered == "false" {
		cause = w.fault(k, p, shipBy, due)
	}
	return delivered, attempted, cause
}

// fault follows a late parcel along its way and names the first who left the rest too little time.
func (w *witness) fault(k *knownOrder, p *knownParcel, shipBy, due date) string {
	o, days := k.o, 0
	if promise := w.promised(o, k.site, o.placed); promise != nil {
		days = promise.Days
	}
	if lane := w.lane(o, p.from, p.handed); lane != nil && p.handed != 0 {
		days = lane.Days
	}
	tooLate := func(d date) bool { return d != 0 && o.cal.add(d, days) > due }
	left := dateOf(p.left, p.from.zone)
	if p.handed != 0 {
		left = min(left, p.handed)
	}
	short := k.status["shortage"]
	switch {
	case tooLate(shipBy):
		return "promise"
	case !p.isAdded() && k.wmsShipBy > shipBy && tooLate(k.wmsShipBy):
		return "integration"
	case tooLate(left) && short != 0 && short <= p.left:
		return "stock"
	case tooLate(left):
		return "warehouse"
	case p.handed == 0 || tooLate(p.handed):
		return "collection"
	case p.attempted != 0 && dateOf(p.attempted, w.zoneOf(o.to.country)) <= due:
		return "customer"
	}
	return w.faultUnderway(k, p, due)
}

// faultUnderway is the first thing that a carrier's scans tell of up to the promised day that keeps a parcel from arriving.
func (w *witness) faultUnderway(k *knownOrder, p *knownParcel, due date) string {
	there := w.zoneOf(k.o.to.country)
	for i, e := range p.events {
		if e.rank < 20 || dateOf(e.at, there) > due {
			continue
		}
		why := k.o.carrier.reason(e.what)
		switch {
		case e.what == InCustoms && staysOvernight(p.events[i:], func(at instant) date { return dateOf(at, there) }):
			return "customs"
		case e.what == Weather:
			return "weather"
		case e.what == AddressQuery || strings.HasPrefix(why, "consignee"):
			return "customer"
		case e.what == Delayed || e.what == Missorted || e.what == Damaged || e.what == Missing || e.what == Destroyed:
			return "carrier"
		}
	}
	return "carrier"
}

// staysOvernight says whether nothing else happens to a parcel on the day of the first of some scans.
func staysOvernight(scans []knownScan, day func(instant) date) bool {
	for _, e := range scans[1:] {
		if e.rank >= 20 && e.what != scans[0].what {
			return day(e.at) > day(scans[0].at)
		}
	}
	return true
}
