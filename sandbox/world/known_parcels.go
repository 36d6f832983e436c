package world

import "slices"

// parcelState is what meanings.md derives from the events of a parcel.
type parcelState struct {
	events, timeless     []knownScan
	accepted, attempted  instant
	delivered, firstHurt instant // delivered: whatever came after
	cameBack             bool    // after it was delivered
	attempts             int
	status               string
	lost                 bool
	lostHow              string
	lostOn, commitment   date
	lane                 string // the agreement that the commitment is of
	lastPhysical         instant
	damaged              bool
	labelled             instant
	latest               knownScan // that the status is of
	unmapped             int
}

type knownScan struct {
	at                instant
	what              Event
	code              string // the carrier's
	status            string
	rank              int
	country, locality string
	form              Form
}

// isUnmapped tells whether no list has the carrier's code, whatever else says what is meant.
func (e knownScan) isUnmapped() bool {
	return e.rank == 0 || e.what == DeliveredUnheardOf || e.what == Weather
}

// state reads the events of a parcel that left a site in order of time. p may be nil: a number that the carrier does not know. signed is when the
// carrier's driver signed for it, 0 where nobody says so.
func (s *sim) state(p *parcel, o *order, from *site, at, signed instant) *parcelState {
	st := &parcelState{status: "no_scan"}
	if p == nil {
		return st
	}
	for _, e := range p.known(at) {
		status, rank := e.what.meaning()
		known := knownScan{e.at, e.what, p.carrier.Codes[e.what], status, rank, e.country, e.locality, e.form}
		if e.timeless {
			known.at = 0
			st.timeless = append(st.timeless, known)
			continue
		}
		st.events = append(st.events, known)
	}
	slices.SortStableFunc(st.events, func(a, b knownScan) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return a.rank - b.rank
	})
	st.read()
	s.judge(st, o, from, at, signed)
	return st
}

func (st *parcelState) read() {
	physical := false
	var lastTry instant
	for _, e := range st.events {
		if e.isUnmapped() {
			st.unmapped++
		}
		if e.rank >= 20 {
			physical = true
			st.accepted = earliest(st.accepted, e.at)
			st.lastPhysical = max(st.lastPhysical, e.at)
		}
		if e.rank >= 20 || !physical {
			st.status, st.latest = e.status, e
		}
		switch e.status {
		case "label_created":
			st.labelled = earliest(st.labelled, e.at)
		case "attempted":
			st.attempted = earliest(st.attempted, e.at)
			if e.at != lastTry {
				st.attempts++
			}
			lastTry = e.at
		case "available_for_pickup":
			st.attempted = earliest(st.attempted, e.at)
		case "delivered":
			st.attempted, st.delivered = earliest(st.attempted, e.at), earliest(st.delivered, e.at)
		case "exception_damaged", "destroyed":
			st.damaged = true
			st.firstHurt = earliest(st.firstHurt, e.at)
		}
	}
	for _, e := range st.events {
		if st.delivered != 0 && e.at > st.delivered && (e.status == "returned" || e.status == "return_to_sender") {
			st.cameBack = true
		}
	}
	if st.delivered != 0 {
		st.attempts++
	}
}

// judge derives the carrier's commitment and whether the parcel counts as lost.
func (s *sim) judge(st *parcelState, o *order, from *site, at, signed instant) {
	taken, heard := earliest(st.accepted, signed), max(st.lastPhysical, signed)
	if taken == 0 {
		return
	}
	z := s.zoneOf(o.to.country)
	began, handed := dateOf(taken, z), from.handed(st.accepted, signed)
	if handed < dateOf(taken, from.zone) {
		began = handed
	}
	lane := s.lane(o, from, handed)
	if lane != nil {
		st.commitment, st.lane = o.cal.add(began, lane.Days), lane.ID
	}
	for _, e := range st.events {
		if e.status == "lost" {
			st.lost, st.lostHow, st.lostOn = true, "carrier", dateOf(e.at, z)
			return
		}
	}
	on := max(o.cal.add(st.commitment, 1), o.cal.add(dateOf(heard, z), 3))
	if lane == nil || dateOf(at, s.london) < on {
		return
	}
	switch st.status {
	case "in_transit", "out_for_delivery", "attempted", "exception_delay", "accepted", "unknown":
		st.lost, st.lostHow, st.lostOn, st.status = true, "rule", on, "lost"
	case "label_created", "no_scan":
		st.lost, st.lostHow, st.lostOn, st.status = true, "manifest", on, "lost"
	}
	if st.accepted == 0 && st.lost {
		st.lostHow = "manifest"
	}
}

// handed is the site's day on which a carrier got a parcel: when its driver signed, else by the first scan, which may be of a night after the van had come.
func (st *site) handed(scanned, signed instant) date {
	switch {
	case signed != 0:
		return dateOf(earliest(scanned, signed), st.zone)
	case scanned == 0:
		return 0
	}
	d := dateOf(scanned, st.zone)
	van := st.Collects[(int((d-1).utc().Weekday())+6)%7]
	if minuteOfDay(scanned, st.zone)+24*60 < van[1] {
		return d - 1
	}
	return d
}
