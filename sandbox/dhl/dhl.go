// Package dhl is the carrier DHL eCommerce UK: its numbers and event codes, and its tracking API.
package dhl

import (
	"context"
	"fmt"
	"time"

	"github.com/fourmarketing/waybill/sandbox/servers"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// Source is the carrier's name in the group.
const Source = "dhl"

// SpendQuota is the fault that uses up the allowance until midnight GMT of the world's clock.
const SpendQuota = "spend quota"

// Carrier describes DHL to the world. Most of its times come without an offset. Claims have to reach it 28 days after
// sending for a loss and 14 for damage (send.dhlparcel.co.uk/resources/damaged-parcel).
func Carrier() world.Carrier {
	codes, types, texts := map[world.Event]string{}, map[world.Event]string{}, map[world.Event]string{}
	for e, c := range list() {
		codes[e], types[e], texts[e] = c.number, c.phase, c.text
	}
	return world.Carrier{
		Source: Source, Title: "DHL eCommerce", Abroad: true, Returns: true, Number: number, Codes: codes, Types: types, Texts: texts, Placed: true, Forms: [3]int{86, 8, 6},
		ClaimLost: 28, ClaimDamaged: 14, ClaimPapers: 21, ClaimAfter: 1,
	}
}

func number(use world.NumberUse, n int) string {
	switch use {
	case world.NumberBack:
		return fmt.Sprintf("JJD01%013d", 4_410_000_000_000+int64(n)*6133)
	case world.NumberNowhere:
		return fmt.Sprintf("JJD00%d", 2_990_000_000_000+int64(n))
	case world.NumberOut:
	}
	return fmt.Sprintf("JJD00%013d", 2_230_000_000_000+int64(n)*7919)
}

// code is an event number of DHL eCommerce with the word of the unified interface and the text.
type code struct{ number, phase, text string }

// list has DHL eCommerce's numbers as far as the world uses them (from DHL's own list), and two that no list has.
func list() map[world.Event]code {
	return map[world.Event]code{
		world.LabelCreated:     {"500", "pre-transit", "Shipment data received"},
		world.Accepted:         {"510", "transit", "Your parcel has been collected"},
		world.AtHub:            {"520", "transit", "Arrived at hub"},
		world.LeftHub:          {"530", "transit", "Departed from hub"},
		world.AtDepot:          {"540", "transit", "Your parcel is at the delivery depot"},
		world.Missorted:        {"546", "transit", "Missorted, sent on to the right depot"},
		world.Delayed:          {"592", "transit", "Delayed, we expect to deliver the next working day"},
		world.AddressQuery:     {"625", "transit", "Address incomplete"},
		world.OutForDelivery:   {"598", "transit", "Out for delivery"},
		world.Attempted:        {"550", "transit", "Delivery attempted, card left"},
		world.Refused:          {"610", "transit", "Refused on delivery"},
		world.ReadyToCollect:   {"522", "transit", "Ready for collection"},
		world.Delivered:        {"600", "delivered", "Your parcel is delivered"},
		world.DeliveredNextTo:  {"606", "delivered", "Delivered to a neighbour"},
		world.DeliveredSafe:    {"607", "delivered", "Left in your safe place"},
		world.InCustoms:        {"501", "transit", "Held in customs"},
		world.Weather:          {"6993", "transit", "Held up by severe weather"},
		world.Destroyed:        {"636", "failure", "Parcel disposed of"},
		world.Damaged:          {"620", "failure", "Parcel damaged"},
		world.GoingBack:        {"602", "transit", "Returning to sender"},
		world.Returned:         {"860", "transit", "Returned to sender"},
		world.Missing:          {"690", "failure", "Parcel reported missing"},
		world.Unmapped:         {"777", "unknown", "Event 777"},
		world.UnmappedAfterAll: {"999X", "unknown", "Event 999X"},
		// A number that DHL's list has not, beside the word that it always sends.
		world.DeliveredUnheardOf: {"6991", "delivered", "Event 6991"},
	}
}

// Parcel is a parcel as the API tells of it.
type Parcel struct {
	TrackingNumber, Service string // "ecommerce"
	OriginCountry           string
	DestCountry, DestZip    string
	Product                 string
	Events                  []Event // newest first, as DHL sends them
}

// Event is one checkpoint. LocalTime is without zone; Offset is empty ("naive") or "Z" or "+01:00".
type Event struct {
	LocalTime   string // 2026-03-30T07:53:47
	Offset      string
	StatusCode  string // pre-transit, transit, delivered, failure, unknown
	Status      string // DHL eCommerce's number: "598"
	Description string
	Locality    string
	Country     string
}

// ParcelAt is what DHL tells of a number at an instant; false as long as it knows nothing of it.
func ParcelAt(w *world.World, number string, at time.Time) (Parcel, bool) {
	p, ok := w.Parcel(Source, number, at)
	if !ok {
		return Parcel{}, false
	}
	out := Parcel{
		TrackingNumber: number, Service: "ecommerce", OriginCountry: p.From, DestCountry: p.To, DestZip: p.Zip,
		Product: map[string]string{"standard": "DHL Parcel UK 48", "express": "DHL Parcel UK 24"}[p.Service],
	}
	if p.Back {
		out.Product = "DHL Parcel Returns"
	}
	codes := list()
	for _, sc := range p.Scans {
		c := codes[sc.Event]
		e := Event{Status: c.number, StatusCode: c.phase, Description: c.text, Locality: sc.Locality, Country: sc.Country}
		const local = "2006-01-02T15:04:05"
		switch {
		case sc.At.IsZero():
		case sc.Form == world.NaiveTime:
			e.LocalTime = sc.At.In(sc.Zone).Format(local)
		case sc.Form == world.OffsetTime:
			e.LocalTime, e.Offset = sc.At.In(sc.Zone).Format(local), sc.At.In(sc.Zone).Format("-07:00")
		case sc.Form == world.UTCTime:
			e.LocalTime, e.Offset = sc.At.UTC().Format(local), "Z"
		}
		out.Events = append(out.Events, e)
	}
	return out, true
}

// Start serves the tracking API.
func Start(_ context.Context, s servers.Stage) (*servers.Partner, error) {
	p := &servers.Partner{}
	h := &api{key: servers.NewSecret(), limits: s.Calls, at: s.At, now: s.Now, parcel: func(number string, at time.Time) (Parcel, bool) {
		return ParcelAt(s.World, number, at)
	}, spoilt: func(number string) world.Spoilt { return s.World.SpoiltAnswer(Source, number) }}
	s.Faults.Offer(Source, SpendQuota, func(int) { h.spend() })
	url, err := s.ServeHTTP(p, Source, h)
	p.Connections = append(p.Connections, servers.Connection{
		Source: Source, Kind: "dhl", Secrets: map[string]string{"api_key": h.key}, Other: map[string]string{"url": url},
		// A little below what is allowed: a client's second is not the server's.
		Settings: map[string]any{"base_url": url, "daily_quota": s.Calls.PerDay, "calls_per_second": max(1, s.Calls.PerSecond*9/10)},
	})
	return p, err
}
