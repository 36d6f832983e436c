package royalmail

import (
	"fmt"
	"slices"
	"time"

	"github.com/fourmarketing/waybill/sandbox/world"
)

// Source is the carrier's name in the group.
const Source = "royal_mail"

// Carrier describes Royal Mail to the world: parcels within the United Kingdom, times that always have an offset, no code
// for a parcel that is lost or damaged, and claims within 80 days of posting (royalmail.com, claims of business accounts).
func Carrier() world.Carrier {
	codes := map[world.Event]string{}
	for e, c := range list() {
		codes[e] = c.Code
	}
	return world.Carrier{
		Source: Source, Title: "Royal Mail", Codes: codes, Reasons: map[world.Event]string{world.GoingBack: "consignee_refused"}, Forms: [3]int{0, 1, 0}, ClaimLost: 80, ClaimDamaged: 80, ClaimAfter: 10,
		Number: func(use world.NumberUse, n int) string {
			base := map[world.NumberUse]int{world.NumberOut: 12_000_000, world.NumberBack: 52_000_000, world.NumberNowhere: 92_000_000}[use]
			return S10("RM", base+n*37%7_900_000)
		},
	}
}

// S10 is an item's number by the Universal Postal Union's standard S10: a service indicator, eight digits, a check digit
// and the country.
func S10(indicator string, serial int) string {
	digits, sum := fmt.Sprintf("%08d", serial), 0
	for i, weight := range []int{8, 6, 4, 2, 3, 5, 9, 7} {
		sum += weight * int(digits[i]-'0')
	}
	check := 11 - sum%11
	switch check {
	case 10:
		check = 0
	case 11:
		check = 5
	}
	return fmt.Sprintf("%s%s%dGB", indicator, digits, check)
}

// scan is an event's code and name.
type scan struct{ Code, Name string }

// list has Royal Mail's codes as far as the world uses them, and two that no list has.
func list() map[world.Event]scan {
	return map[world.Event]scan{
		world.LabelCreated:     {"EVAIP", "Sender preparing item"},
		world.Accepted:         {"EVPPA", "Accepted at Post Office"},
		world.AtHub:            {"EVIMC", "Item received at Mail Centre"},
		world.LeftHub:          {"EVIAV", "Item leaving the Mail Centre"},
		world.AtDepot:          {"EVODO", "Arrived at Delivery Office"},
		world.Missorted:        {"EVNMI", "Item mis-sorted"},
		world.OutForDelivery:   {"EVGPD", "Due to be delivered today"},
		world.Attempted:        {"EVKNA", "Delivery attempted - no answer"},
		world.ReadyToCollect:   {"EVNPS", "Available for redelivery or collection"},
		world.Delivered:        {"EVKSP", "Delivered and Signed"},
		world.DeliveredNextTo:  {"EVKDN", "Delivered to a neighbour"},
		world.DeliveredSafe:    {"EVKSF", "Delivered to a safe place"},
		world.GoingBack:        {"EVKRF", "Refused by the addressee"},
		world.Returned:         {"EVRTS", "Returned to sender"},
		world.Unmapped:         {"EVQ7X", "Event EVQ7X"},
		world.UnmappedAfterAll: {"EVQ9X", "Event EVQ9X"},
	}
}

// PieceAt is what Royal Mail tells of a number at an instant; false as long as it knows nothing of it. Its answers are
// always in order, the newest event first.
func PieceAt(w *world.World, number string, at time.Time) (Piece, bool) {
	p, ok := w.Parcel(Source, number, at)
	if !ok {
		return Piece{}, false
	}
	here := Country{"GB", "United Kingdom"}
	out := Piece{
		Number: number, Origin: here, Destination: here,
		Product: Product{ID: "TPL01", Name: "Royal Mail Tracked 48", Description: "Royal Mail Tracked 48"},
	}
	if p.Service == "express" {
		out.Product = Product{ID: "TPN01", Name: "Royal Mail Tracked 24", Description: "Royal Mail Tracked 24"}
	}
	names := list()
	for _, sc := range p.Scans {
		c := names[sc.Event]
		out.Events = append(out.Events, Event{At: sc.At, Code: c.Code, Name: c.Name, Location: sc.Locality})
	}
	slices.SortStableFunc(out.Events, func(a, b Event) int { return b.At.Compare(a.At) })
	return out, true
}
