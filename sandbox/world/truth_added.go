package world

// promisedParcel are the days of what is in a parcel: of the order, unless all of it was added later.
func (s *places) promisedParcel(k *knownOrder, p *knownParcel) (ship, arrive date) {
	if !p.isAdded() || k.released == 0 {
		return k.shipBy, k.deliverBy
	}
	for _, q := range p.lines {
		left, there := s.addedDays(k.o, k.site, k.o.lines[q.line].added)
		if ship == 0 || left < ship {
			ship = left
		}
		if arrive == 0 || there < arrive {
			arrive = there
		}
	}
	return ship, arrive
}

// firstLines is how many lines that have to be sent were ordered at first.
func (k *knownOrder) firstLines() int {
	n := 0
	for i := range k.o.lines {
		if k.counts(i) && k.o.lines[i].added == 0 {
			n++
		}
	}
	return n
}

// promisedLine are the days of one line: of the order, or its own if it was added later.
func (s *places) promisedLine(k *knownOrder, l *line) (ship, arrive date) {
	if l.added == 0 || k.released == 0 {
		return k.shipBy, k.deliverBy
	}
	return s.addedDays(k.o, k.site, l.added)
}

// restOfAdded is what was added to an order later, in the order of the columns of fct_orders. All lines come.
func (k *knownOrder) restOfAdded() []string {
	return []string{
		itoa(max(0, k.added.live())), itoa(k.added.despatched), itoa(k.added.delivered), k.addedShipBy.text(), k.addedDeliverBy.text(), flag(false),
	}
}
