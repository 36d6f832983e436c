package world

// knownOrder is what had been told of an order by a moment, with the quantities that meanings.md derives from it.
type knownOrder struct {
	o                                    *order
	site                                 *site // of the earliest fact that a file told, else the brand's first
	at                                   instant
	status                               map[string]instant // earliest of each word
	latest                               string             // the newest status event
	latestAt                             instant
	lineLeft                             []moments // by line, of rows with units
	sent                                 [][]sentUnits
	anyStatus                            bool
	units                                []lineUnits
	total, added                         lineUnits // of lines ordered at first, and of those added later
	addedShipBy, addedDeliverBy          date
	firstLeft, lastLeft                  instant // of rows with units
	handedWhole                          date    // the site's day on which carriers had got all that is wanted of it
	firstAccepted                        instant
	firstDelivered, lastDelivered        instant
	parcels                              []*knownParcel
	paid, cancelled, deleted             instant
	released                             instant // when it could go, as far as anybody was told
	isHeld                               bool    // by the shop
	money                                string
	leftWhole, arrivedWhole              instant // all that is wanted of it
	arrivedWholeOn                       date
	shipBy, deliverBy, wmsShipBy         date
	promiseRule, cutOffRule              string
	state                                string
	siteDay, destDay                     date // of the moment asked about
	anyRow                               bool
	firstNoNumber, newestRow, oldestFact instant
	newest                               map[string]instant // newest despatch by the source that told of it
	teller                               *site              // of the earliest fact that a file told
}

// lineUnits are the quantities of a line or of a whole order.
type lineUnits struct {
	ordered, cancelled, short, despatched, delivered int
	// of what is wanted: how much left, arrived, and arrived by the promise; extra is what nobody wanted
	left, arrived, inTime, extra int
	handed, unnumbered           int // of those that left: a carrier has them, or nobody can say so as they have no number
	handedWhole                  date
	leftWhole, arrivedWhole      instant
	failed                       int // cancelled for a cause that is held against the shop
}

func (u lineUnits) live() int { return max(0, u.ordered-u.cancelled) }

// sentUnits are units of a line that left at a moment, in a parcel if the warehouse named one.
type sentUnits struct {
	at instant
	n  int
	in *knownParcel
}

func (u lineUnits) open() int { return max(0, u.ordered-u.cancelled-u.despatched) }

// moments are the first and the last time of something.
type moments struct{ first, last instant }

func (m *moments) add(at instant) { m.first, m.last = earliest(m.first, at), max(m.last, at) }

// knownParcel is an outbound tracking number that a despatch named.
type knownParcel struct {
	*parcelState
	tracking string
	o        *order
	from     *site
	left     instant
	ref      string // of its earliest despatch
	paper    manifest
	handed   date // the site's day on which the carrier got it
	lines    []quantity
}

// know gathers an order as of a moment. Phantoms and test orders are gathered too; tables leave them out.
func (s *sim) know(o *order, at instant) *knownOrder {
	k := &knownOrder{
		o: o, at: at, status: map[string]instant{}, newest: map[string]instant{}, units: make([]lineUnits, len(o.lines)), lineLeft: make([]moments, len(o.lines)),
		sent: make([][]sentUnits, len(o.lines)), money: o.moneyStatus(at),
		destDay: dateOf(at, s.zoneOf(o.to.country)),
	}
	if o.cancelled != 0 && o.cancelled <= at {
		k.cancelled = o.cancelled
	}
	if o.deleted != 0 && o.deleted <= at {
		k.deleted = o.deleted
	}
	k.readStatuses()
	s.readDespatches(k)
	k.site = o.brand.first()
	if k.teller != nil {
		k.site = k.teller
	}
	k.siteDay = dateOf(at, k.site.zone)
	if o.paid != 0 && o.paid <= at {
		k.paid = o.paid
	}
	if k.released, k.isHeld = s.couldGo(k); k.released != 0 {
		k.shipBy, k.cutOffRule = s.due(o, k.site, k.released)
		k.deliverBy, k.promiseRule = s.arrival(o, k.site, k.released)
	}
	k.wmsShipBy, _ = k.site.dueFrom(o.chosen(), k.status["received"])
	k.count(s)
	k.state = k.word()
	return k
}

func (k *knownOrder) readStatuses() {
	var newest instant
	for i := range k.o.statuses {
		st := &k.o.statuses[i]
		if !st.tells(k.at) {
			continue
		}
		k.anyStatus = true
		k.status[st.what] = earliest(k.status[st.what], st.at)
		k.tell(st.at, k.o.site)
		if st.at >= newest {
			newest, k.latest, k.latestAt = st.at, st.what, st.at
		}
	}
}

// ended says whether the order was cancelled or thrown away.
func (k *knownOrder) ended() bool { return k.cancelled != 0 || k.deleted != 0 }

// tell notes a fact of a file, and whose it is if none is earlier.
func (k *knownOrder) tell(at instant, st *site) {
	if k.oldestFact == 0 || at < k.oldestFact {
		k.oldestFact, k.teller = at, st
	}
}

func (s *sim) readDespatches(k *knownOrder) {
	for i := range k.o.despatches {
		d := &k.o.despatches[i]
		if !d.seen(k.at) {
			continue
		}
		k.anyRow = true
		from := k.o.sender(d)
		k.tell(d.at, from)
		k.newestRow = max(k.newestRow, d.at)
		k.newest[from.Source] = max(k.newest[from.Source], d.at)
		if d.qty > 0 {
			k.lineLeft[d.line].add(d.at)
			if k.o.lines[d.line].added == 0 {
				k.firstLeft, k.lastLeft = earliest(k.firstLeft, d.at), max(k.lastLeft, d.at)
			}
		}
		k.units[d.line].despatched += d.qty
		if d.short != "" {
			k.units[d.line].short += d.ordered - d.qty
		}
		if d.tracking == "" {
			if d.qty > 0 {
				k.firstNoNumber = earliest(k.firstNoNumber, d.at)
			}
			k.sent[d.line] = append(k.sent[d.line], sentUnits{d.at, d.qty, nil})
			continue
		}
		p := k.parcel(d.tracking)
		if p == nil {
			paper := d.signed()
			p = &knownParcel{tracking: d.tracking, o: k.o, from: from, paper: paper}
			p.parcelState = s.state(s.parcels[k.o.carrier.Source+":"+d.tracking], k.o, from, k.at, paper.collected)
			p.handed = from.handed(p.accepted, paper.collected)
			k.parcels = append(k.parcels, p)
		}
		if p.left == 0 || d.at < p.left {
			p.left, p.ref = d.at, d.ref
		}
		p.lines = append(p.lines, quantity{d.line, d.qty})
		k.sent[d.line] = append(k.sent[d.line], sentUnits{d.at, d.qty, p})
	}
}

// key is the shipment's key.
func (p *knownParcel) key() string { return p.o.carrier.Source + ":" + p.tracking }

func (k *knownOrder) parcel(tracking string) *knownParcel {
	for _, p := range k.parcels {
		if p.tracking == tracking {
			return p
		}
	}
	return nil
}

// isAdded says whether all of a parcel is of lines that were added later.
func (p *knownParcel) isAdded() bool {
	for _, q := range p.lines {
		if p.o.lines[q.line].added == 0 {
			return false
		}
	}
	return true
}

// count derives the quantities from rows, parcels, edits and the shop's refunds.
func (k *knownOrder) count(s *sim) {
	for _, p := range k.parcels {
		if !p.isAdded() {
			k.firstAccepted = earliest(k.firstAccepted, p.accepted)
		}
		if p.delivered != 0 {
			if !p.isAdded() {
				k.firstDelivered, k.lastDelivered = earliest(k.firstDelivered, p.delivered), max(k.lastDelivered, p.delivered)
			}
			for _, q := range p.lines {
				k.units[q.line].delivered += q.qty
			}
		}
	}
	for i := range k.units {
		if !k.counts(i) {
			continue
		}
		u := &k.units[i]
		u.ordered = k.o.lines[i].qty
		u.cancelled = k.takenOff(i)
		if k.ended() {
			u.cancelled = max(0, u.ordered-k.gone(i))
		}
		k.fill(s, i)
		sum := &k.total
		if k.o.lines[i].added != 0 {
			sum = &k.added
		}
		sum.ordered += u.ordered
		sum.cancelled += u.cancelled
		sum.short += u.short
		sum.despatched += u.despatched
		sum.delivered += u.delivered
		sum.left += u.left
		sum.arrived += u.arrived
		sum.inTime += u.inTime
		sum.handed += u.handed
		sum.unnumbered += u.unnumbered
		sum.extra += u.extra
		sum.failed += u.failed
	}
	k.whole(s)
	k.promiseAdded(s.addedDays)
}

// addedDays are the days for what was added to an order at a moment.
type addedDays func(o *order, st *site, at instant) (ship, arrive date)

// counts says whether a line is known and has to be sent.
func (k *knownOrder) counts(i int) bool { return !k.o.lines[i].digital && k.o.lines[i].added <= k.at }

// takenOff is how many units of a line nobody waits for any more: edited away, cancelled, or given money for and never sent.
func (k *knownOrder) takenOff(i int) int {
	off, paidFor := k.o.lines[i].edited(k.at), 0
	for j := range k.o.refunds {
		if k.o.refunds[j].at > k.at {
			continue
		}
		for _, l := range k.o.refunds[j].lines {
			switch {
			case l.line == i && l.restock == neverLeft:
				off += l.qty
			case l.line == i && l.restock == kept:
				paidFor += l.qty
			}
		}
	}
	unsent := max(0, k.o.lines[i].qty-off-k.units[i].despatched)
	return off + min(paidFor, unsent)
}

// promiseAdded finds the days of what was added later: of the first line that still waits, else of the last.
func (k *knownOrder) promiseAdded(days addedDays) {
	var shipped, delivered bool // the days found so far are of lines that do not wait
	for i, u := range k.units {
		l := &k.o.lines[i]
		if l.added == 0 || !k.counts(i) || u.live() <= 0 || k.released == 0 {
			continue
		}
		ship, arrive := days(k.o, k.site, l.added)
		k.addedShipBy, shipped = sooner(k.addedShipBy, shipped, ship, u.despatched >= u.live())
		k.addedDeliverBy, delivered = sooner(k.addedDeliverBy, delivered, arrive, u.delivered >= u.live())
	}
}

// sooner prefers the earliest day of what waits to the latest day of what is done.
func sooner(was date, wasDone bool, d date, done bool) (date, bool) {
	switch {
	case was == 0 || wasDone && !done:
		return d, done
	case done && !wasDone:
		return was, false
	case done:
		return max(was, d), true
	}
	return min(was, d), false
}

// word is how it stands with the goods, the first that fits.
func (k *knownOrder) word() string {
	t, live := k.total, k.total.live()
	switch {
	case t.despatched == 0 && (k.ended() || (live == 0 && t.cancelled > 0)):
		return "cancelled"
	case t.ordered == 0 && t.despatched == 0:
		return "nothing_to_ship"
	case live > 0 && t.arrived == live, live == 0 && t.delivered == t.despatched:
		return "delivered"
	case t.despatched > 0 && t.left == live:
		return "despatched"
	case t.despatched > 0:
		return "part_despatched"
	case k.status["received"] != 0:
		return "in_wms"
	case k.released != 0:
		return "releasable"
	case k.isHeld:
		return "on_hold"
	}
	return "not_releasable"
}

// knowAll gathers every order that was placed by a moment, oldest first.
func (s *sim) knowAll(at instant) []*knownOrder {
	out := make([]*knownOrder, 0, len(s.orders))
	for _, o := range s.orders {
		if o.placed <= at {
			out = append(out, s.know(o, at))
		}
	}
	return out
}
