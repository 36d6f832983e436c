package world

import (
	"math"
	"slices"
	"strings"
)

// tally counts by group, and collects minutes for medians.
type tally struct {
	groups map[string][]string
	counts map[string]map[string]int64
	spans  map[string]map[string][]int64
}

func newTally() *tally {
	return &tally{groups: map[string][]string{}, counts: map[string]map[string]int64{}, spans: map[string]map[string][]int64{}}
}

func (c *tally) add(group []string, what string, n int64) {
	key := strings.Join(group, "|")
	if c.counts[key] == nil {
		c.groups[key], c.counts[key] = group, map[string]int64{}
	}
	c.counts[key][what] += n
}

// span notes how long something took, in minutes, for a group that something else counts.
func (c *tally) span(group []string, what string, from, to instant) {
	key := strings.Join(group, "|")
	if c.spans[key] == nil {
		c.spans[key] = map[string][]int64{}
	}
	c.spans[key][what] = append(c.spans[key][what], int64(to-from)/int64(minute))
}

// percentile is the smallest span that so much of all are not above, in hours.
func (c *tally) percentile(key, what string, part float64) string {
	all := slices.Sorted(slices.Values(c.spans[key][what]))
	if len(all) == 0 {
		return ""
	}
	return hundredths(all[max(0, int(math.Ceil(part*float64(len(all))-1e-9))-1)])
}

// fulfilmentDaily counts what came in, went out and stayed behind on each day.
func (w *witness) fulfilmentDaily() TruthTable {
	counted := strings.Fields(`orders_in orders_shipped backlog backlog_late ship_due ship_open shipped_on_time delivery_due delivery_open delivered_on_time otif parcels_despatched
		parcels_accepted parcels_delivered parcels_due parcels_delivered_on_time parcels_attempted_on_time first_attempts first_attempts_delivered`)
	t := table("marts.fulfilment_daily", "day_on brand site carrier service", strings.Join(counted, "_count ")+`_count
		click_to_ship_p50_hours click_to_ship_p90_hours transit_p50_hours transit_p90_hours is_matured`)
	c := newTally()
	for _, k := range w.orders {
		if k.real() {
			w.countOrder(c, k)
			w.countParcels(c, k)
		}
	}
	for key, group := range c.groups {
		row := slices.Clone(group)
		for _, what := range counted {
			row = append(row, itoa(c.counts[key][what]))
		}
		row = append(row, c.percentile(key, "click", 0.5), c.percentile(key, "click", 0.9), c.percentile(key, "transit", 0.5), c.percentile(key, "transit", 0.9),
			flag(c.counts[key]["undue"] == 0))
		t.add(row...)
	}
	return t
}

// carriedBy is who carries an order: the carrier of its parcels, before there is one that is not known.
func (k *knownOrder) carriedBy() string {
	if len(k.parcels) == 0 {
		return "unknown"
	}
	return k.o.carrier.Source
}

func (w *witness) countOrder(c *tally, k *knownOrder) {
	if k.released == 0 || k.state == "nothing_to_ship" {
		return
	}
	on := func(d date) []string {
		return []string{d.text(), k.o.brand.Name, k.site.Code, k.carriedBy(), k.o.chosen()}
	}
	in, left := dateOf(k.released, k.site.zone), date(0)
	c.add(on(in), "orders_in", 1)
	if at := k.waitedUntil(); at != 0 {
		left = dateOf(at, k.site.zone)
		if k.state != "cancelled" {
			c.add(on(left), "orders_shipped", 1)
		}
	}
	for d := in; d <= k.siteDay && (left == 0 || d < left); d++ {
		c.add(on(d), "backlog", 1)
		if d > k.shipBy {
			c.add(on(d), "backlog_late", 1)
		}
	}
	w.countPromises(c, k, on)
	if k.firstAccepted != 0 {
		c.span(on(dateOf(k.firstAccepted, k.site.zone)), "click", k.o.placed, k.firstAccepted)
	}
}

// countPromises counts both promises on their days, whether or not these have passed. What we cancelled had something to arrive and nothing to leave.
func (w *witness) countPromises(c *tally, k *knownOrder, on func(date) []string) {
	out := w.promises(k)
	put := func(day, today date, due, open string, done map[string]string) {
		if day == 0 { // nothing is promised
			return
		}
		c.add(on(day), due, 1)
		if today <= day {
			c.add(on(day), "undue", 1)
		}
		if done[""] == "" && today <= day {
			c.add(on(day), open, 1)
		}
		for what, how := range done {
			if what != "" && how == "true" {
				c.add(on(day), what, 1)
			}
		}
	}
	if k.total.live() > 0 {
		put(k.shipBy, k.siteDay, "ship_due", "ship_open", map[string]string{"": out.shipped, "shipped_on_time": out.shipped})
	}
	if k.total.live() > 0 || k.total.failed > 0 {
		known := out.delivered
		if k.total.live() == 0 {
			known = "never"
		}
		put(k.deliverBy, k.destDay, "delivery_due", "delivery_open", map[string]string{"": known, "delivered_on_time": out.delivered, "otif": out.otif})
	}
}

func (w *witness) countParcels(c *tally, k *knownOrder) {
	there := w.zoneOf(k.o.to.country)
	for _, p := range k.parcels {
		on := func(d date) []string {
			return []string{d.text(), k.o.brand.Name, p.from.Code, k.o.carrier.Source, k.o.service}
		}
		c.add(on(dateOf(p.left, p.from.zone)), "parcels_despatched", 1)
		if p.accepted != 0 {
			c.add(on(dateOf(p.accepted, p.from.zone)), "parcels_accepted", 1)
		}
		if p.delivered != 0 {
			c.add(on(dateOf(p.delivered, there)), "parcels_delivered", 1)
			c.span(on(dateOf(p.delivered, there)), "transit", p.accepted, p.delivered)
		}
		if delivered, attempted, _ := w.onTimes(k, p); delivered != "" {
			_, due := w.promisedParcel(k, p)
			c.add(on(due), "parcels_due", 1)
			if delivered == "true" {
				c.add(on(due), "parcels_delivered_on_time", 1)
			}
			if attempted == "true" {
				c.add(on(due), "parcels_attempted_on_time", 1)
			}
		}
		if p.attempted != 0 {
			c.add(on(dateOf(p.attempted, there)), "first_attempts", 1)
			if p.attempted == p.delivered {
				c.add(on(dateOf(p.attempted, there)), "first_attempts_delivered", 1)
			}
		}
	}
}

// returnsDaily counts the steps of returns on each day.
func (w *witness) returnsDaily() TruthTable {
	counted := strings.Fields("requested scanned delivered received unannounced short graded refunded resolved refund_due refund_open refunded_on_time")
	t := table("marts.returns_daily", "day_on brand site currency", strings.Join(counted, "_count ")+`_count units_requested units_received units_resaleable
		refunded_amount received_to_refunded_p50_hours received_to_refunded_p90_hours is_matured`)
	c := newTally()
	for i := range w.returns {
		if r := &w.returns[i]; !r.noOrder {
			w.countReturn(c, r)
		}
	}
	for key, group := range c.groups {
		row := slices.Clone(group)
		for _, what := range append(counted, "units_requested", "units_received", "units_resaleable") {
			row = append(row, itoa(c.counts[key][what]))
		}
		t.add(append(row, amount(c.counts[key]["money"]), c.percentile(key, "back", 0.5), c.percentile(key, "back", 0.9),
			flag(c.counts[key]["refund_open"] == 0))...)
	}
	return t
}

func (w *witness) countReturn(c *tally, r *knownReturn) {
	site := w.siteOf(r)
	count := func(at instant, what string, n int) {
		if at != 0 {
			c.add([]string{dateOf(at, w.london).text(), r.o.brand.Name, site, r.o.brand.Currency}, what, int64(n))
		}
	}
	count(r.requested, "requested", 1)
	count(r.requested, "units_requested", r.unitsRequested)
	if r.state != nil {
		count(r.state.accepted, "scanned", 1)
		count(r.state.delivered, "delivered", 1)
	}
	count(r.received, "received", 1)
	count(r.received, "units_received", r.unitsGot)
	count(r.received, "units_resaleable", r.resaleable)
	if !r.announced {
		count(r.received, "unannounced", 1)
	}
	if r.announced && r.unitsGot < r.unitsRequested {
		count(r.received, "short", 1)
	}
	count(r.graded, "graded", 1)
	count(r.resolved, "resolved", 1)
	w.countLimit(r, count)
	refunded := r.refunded()
	count(refunded, "refunded", 1)
	count(refunded, "money", int(r.sum("refund")+r.sum("credit")))
	if refunded != 0 && r.received != 0 {
		c.span([]string{dateOf(refunded, w.london).text(), r.o.brand.Name, site, r.o.brand.Currency}, "back", r.received, refunded)
	}
}

// countLimit counts a return on the last day for its refund: as due once the day has passed, before that as open while money is owed.
func (w *witness) countLimit(r *knownReturn, count func(at instant, what string, n int)) {
	if r.limits.due == 0 {
		return
	}
	at := r.limits.due.at(w.london, 0)
	count(at, "limit", 1) // a day on which nothing else happens has a row all the same
	switch {
	case dateOf(w.at, w.london) <= r.limits.due:
		if r.done == 0 {
			count(at, "refund_open", 1)
		}
	default:
		count(at, "refund_due", 1)
		if w.inTime(r, r.limits.due) == "true" {
			count(at, "refunded_on_time", 1)
		}
	}
}
