package world

import "slices"

// Spoilt is what a carrier's system sends in place of an answer about a number, whenever it is asked.
type Spoilt string

// The ways of spoiling an answer. NotSpoilt is an answer as it should be.
const (
	NotSpoilt   Spoilt = ""
	SpoiltPage  Spoilt = "page"  // a page for people, with status 200
	SpoiltCut   Spoilt = "cut"   // the beginning of an answer
	SpoiltEmpty Spoilt = "empty" // no byte, with status 200
	SpoiltError Spoilt = "error" // an error object, with status 200
)

// oddRoles are parcels of which the carrier's system tells in an odd way. What became of them can be known all the same, but for those about
// which it never tells anything.
func oddRoles() []role {
	early := wish{window: morning(), workday: true}
	unheard := wish{window: morning(), workday: true, carrier: knows(DeliveredUnheardOf)}
	return []role{
		{"scan_delivered_unheard_of", "marts.fct_shipments delivered by the coarse code, the fine one in unmapped_codes", .003, 9, false, unheard, (*sim).deliverUnheardOf},
		{"number_had_before", "marts.fct_shipments without the scans of the parcel that had its number before", .003, 9, false, early, (*sim).reuseNumber},
		{"scan_without_time", "marts.fct_tracking_events one without a time, the parcel's others as ever", .003, 9, false, early, (*sim).loseTime},
		{"answer_spoilt", "marts.fct_breaks R05 never_scanned of a parcel about which the carrier never answers", .003, 4, false, early, (*sim).spoilAnswer},
	}
}

// deliverUnheardOf tells of the delivery by a fine code that no list has.
func (s *sim) deliverUnheardOf(rng stream, o *order) {
	p := s.quietly(rng, o)
	p.events[len(p.events)-1].what = DeliveredUnheardOf
}

// reuseNumber gives the parcel a number that another had most of a year ago, of which the carrier still tells.
func (s *sim) reuseNumber(rng stream, o *order) {
	p := s.quietly(rng, o)
	then := p.events[0].at - instant(rng.between(200, 330))*24*hour
	for i, e := range []Event{LabelCreated, Accepted, AtHub, OutForDelivery, Delivered} {
		at := then + instant(i)*9*hour
		p.before = append(p.before, scan{at: at, shown: at, what: e, country: o.site.Country, locality: hub(o.site.Country)})
	}
}

// loseTime tells of one scan without saying when it was.
func (s *sim) loseTime(rng stream, o *order) {
	p := s.quietly(rng, o)
	i := slices.IndexFunc(p.events, func(e scan) bool { return e.what == AtHub })
	p.events[i].timeless = true
}

// spoilAnswer lets the carrier's system fail of the number for ever.
func (s *sim) spoilAnswer(rng stream, o *order) {
	p := s.quietly(rng, o)
	p.spoilt = pick(rng, []Spoilt{SpoiltPage, SpoiltCut, SpoiltEmpty, SpoiltError})
}
