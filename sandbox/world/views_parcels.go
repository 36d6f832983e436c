package world

import (
	"slices"
	"time"
)

func (s *sim) parcelAt(carrier, tracking string, at instant) (Parcel, bool) {
	p, ok := s.parcels[carrier+":"+tracking]
	if !ok {
		return Parcel{}, false
	}
	events := append(p.known(at), p.before...)
	if len(events) == 0 || p.spoilt != NotSpoilt {
		return Parcel{}, false
	}
	o := p.o
	out := Parcel{Carrier: carrier, Number: tracking, Service: o.service, From: o.site.Country, To: o.to.country, Zip: o.to.zip}
	if p.back {
		out.Back, out.From, out.To, out.Zip = true, o.to.country, o.site.Country, ""
	}
	if !p.muddled {
		slices.SortStableFunc(events, func(a, b scan) int { return int(b.at - a.at) })
	}
	for _, e := range events {
		sc := Scan{
			At: e.at.time(), Zone: s.zoneOf(e.country), Event: e.what, Code: p.carrier.Codes[e.what], Country: e.country, Locality: e.locality, Form: e.form,
		}
		if e.timeless {
			sc.At = time.Time{}
		}
		out.Scans = append(out.Scans, sc)
		if e.twice {
			out.Scans = append(out.Scans, sc)
		}
	}
	return out, true
}

// known are the scans that the carrier shows at a moment.
func (p *parcel) known(at instant) []scan {
	var out []scan
	if p.spoilt != NotSpoilt {
		return nil
	}
	for _, e := range p.events {
		if e.at <= at && e.shown <= at {
			out = append(out, e)
		}
	}
	return out
}

// country is a place's as the carrier's scans tell it.
func (c *Carrier) country(of string) string {
	if c.Placed {
		return of
	}
	return ""
}
