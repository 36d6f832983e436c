package world

import (
	"slices"
	"strings"
	"time"
)

// newest is the version of a file that lies on the server at a moment, nil before the first.
func (ff *feedFile) newest(at instant) *version {
	for _, v := range slices.Backward(ff.versions) {
		if v.at <= at {
			return v
		}
	}
	return nil
}

// files lists a site's server: every file with its newest bytes, Veldhoven's markers, and an upload of Northgate's that
// broke off and was never renamed.
func (s *sim) files(source string, at instant) []File {
	var out []File
	for _, f := range s.feeds {
		if f.site.source != source {
			continue
		}
		for _, ff := range f.files {
			v := ff.newest(at)
			if v == nil {
				continue
			}
			out = append(out, File{Path: ff.path, Body: v.body(), ModifiedAt: v.at.time()})
			if source == "veldhoven" {
				out = append(out, File{Path: ff.path + ".ok", Body: []byte{}, ModifiedAt: v.at.time()})
			}
		}
	}
	if ff := s.leftOver(source); ff != nil && ff.run <= at && s.o.Defects > 0 {
		body := ff.versions[0].body()
		out = append(out, File{Path: ff.path + ".tmp", Body: body[:len(body)*2/3], ModifiedAt: ff.run.time()})
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func (s *sim) leftOver(source string) *feedFile {
	if source != "northgate" {
		return nil
	}
	return s.feedOf(s.sites[0], feedDespatch).files[2]
}

func (s *sim) parcelAt(tracking string, at instant) (CarrierParcel, bool) {
	p, ok := s.parcels[tracking]
	if !ok {
		return CarrierParcel{}, false
	}
	o := p.o
	out := CarrierParcel{
		TrackingNumber: tracking, Service: "ecommerce", OriginCountry: o.brand.site.country, DestCountry: o.to.country,
		DestZip: o.to.zip, Product: map[string]string{"standard": "DHL Parcel UK 48", "express": "DHL Parcel UK 24"}[o.service],
	}
	if p.back {
		out.OriginCountry, out.DestCountry, out.DestZip, out.Product = o.to.country, o.brand.site.country, "", "DHL Parcel Returns"
	}
	events := p.known(at)
	if len(events) == 0 {
		return CarrierParcel{}, false
	}
	if !p.muddled {
		slices.SortStableFunc(events, func(a, b scan) int { return int(b.at - a.at) })
	}
	for _, e := range events {
		ev := s.carrierEvent(e)
		out.Events = append(out.Events, ev)
		if e.twice {
			out.Events = append(out.Events, ev)
		}
	}
	return out, true
}

// known are the scans that the carrier shows at a moment.
func (p *parcel) known(at instant) []scan {
	var out []scan
	for _, e := range p.events {
		if e.at <= at && e.shown <= at {
			out = append(out, e)
		}
	}
	return out
}

func (s *sim) carrierEvent(e scan) CarrierEvent {
	z := s.zoneOf(e.country)
	t := codeOf(e.code)
	ev := CarrierEvent{Status: e.code, StatusCode: t.phase, Description: t.text, Locality: e.locality, Country: e.country, Instant: e.at.time()}
	switch e.form {
	case 0:
		ev.LocalTime = e.at.in(z, "2006-01-02T15:04:05")
	case 1:
		ev.LocalTime, ev.Offset = e.at.in(z, "2006-01-02T15:04:05"), e.at.in(z, "-07:00")
	default:
		ev.LocalTime, ev.Offset = e.at.in(time.UTC, "2006-01-02T15:04:05"), "Z"
	}
	return ev
}

// code is what an event number of the carrier means.
type code struct {
	phase  string // the five words of the unified interface
	text   string
	status string // canonical
	rank   int
}

// codeOf knows DHL eCommerce's numbers as far as the world uses them (from DHL's own list).
func codeOf(number string) code {
	switch number {
	case "500":
		return code{"pre-transit", "Shipment data received", "label_created", 10}
	case "510":
		return code{"transit", "Your parcel has been collected", "accepted", 20}
	case "520":
		return code{"transit", "Arrived at hub", "in_transit", 30}
	case "530":
		return code{"transit", "Departed from hub", "in_transit", 30}
	case "540":
		return code{"transit", "Your parcel is at the delivery depot", "in_transit", 30}
	case "592":
		return code{"transit", "Delayed, we expect to deliver the next working day", "exception_delay", 40}
	case "625":
		return code{"transit", "Address incomplete", "exception_address", 40}
	case "598":
		return code{"transit", "Out for delivery", "out_for_delivery", 50}
	case "550":
		return code{"transit", "Delivery attempted, card left", "attempted", 55}
	case "610":
		return code{"transit", "Refused on delivery", "attempted", 55}
	case "522":
		return code{"transit", "Ready for collection", "available_for_pickup", 60}
	case "600":
		return code{"delivered", "Your parcel is delivered", "delivered", 70}
	case "606":
		return code{"delivered", "Delivered to a neighbour", "delivered", 70}
	case "607":
		return code{"delivered", "Left in your safe place", "delivered", 70}
	case "620":
		return code{"failure", "Parcel damaged", "exception_damaged", 75}
	case "602":
		return code{"transit", "Returning to sender", "return_to_sender", 80}
	case "860":
		return code{"transit", "Returned to sender", "returned", 85}
	case "690":
		return code{"failure", "Parcel reported missing", "lost", 90}
	}
	return code{"unknown", "Event " + number, "unknown", 0}
}
