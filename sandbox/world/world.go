// Package world is a small deterministic group of web shops with its warehouses, carrier and PSP. It lives through a
// few weeks of orders, plants problems, and then answers two kinds of question as of any instant: what each partner's
// system would show (orders, parcels, rows of reports, movements of money), and what really happened (the truth, by
// docs/meanings.md). Both come from the same event history. It knows no partner by name, no format, no protocol, no
// warehouse model and no SQL: the group that it simulates is data that the caller gives.
package world

import (
	"fmt"
	"time"
	_ "time/tzdata" // sites are in London and Amsterdam whatever the machine has installed
)

// Options sizes a world.
type Options struct {
	Group        Group
	Seed         uint64
	Days         int       // simulated local days, at least 10; 0 means 21
	OrdersPerDay int       // of all shops together, at least 10; 0 means 60
	Defects      float64   // density of planted problems: 1 is the default density, 0 plants nothing
	End          time.Time // the last simulated local day (Europe/London); zero means 2026-04-08
}

// Planted is one problem that the world planted.
type Planted struct {
	Kind    string // for example "parcel_lost_by_rule"
	Subject string // order_id, file path, account:batch, …
	Shows   string // the truth table (and check) where it must show
}

// World is a finished history. It is read-only after New and safe for use by several goroutines.
type World struct{ s *sim }

// Check refuses sizes below ten days or ten orders a day, and a negative density.
func (o Options) Check() error {
	o.fill()
	switch {
	case o.Days < 10:
		return fmt.Errorf("simulate world: %d days, need at least 10", o.Days)
	case o.OrdersPerDay < 10:
		return fmt.Errorf("simulate world: %d orders a day, need at least 10", o.OrdersPerDay)
	case o.Defects < 0:
		return fmt.Errorf("simulate world: defects %g, need 0 or more", o.Defects)
	}
	return nil
}

// New simulates a world, of sizes that Check lets through.
func New(o Options) (*World, error) {
	o.fill()
	if err := o.Check(); err != nil {
		return nil, err
	}
	s, err := newSim(o)
	if err != nil {
		return nil, fmt.Errorf("simulate world: %w", err)
	}
	s.live()
	return &World{s}, nil
}

// Start is the beginning of the first day in London: nothing has happened yet.
func (w *World) Start() time.Time { return w.s.start.at(w.s.london, 0).time() }

// AsOf is the last checkpoint: 07:00 Europe/London on the morning after the last day.
func (w *World) AsOf() time.Time { return w.s.asOf.time() }

// Checkpoints are the instants at which to pull so that everything planted can be seen, earliest first; the last is AsOf.
func (w *World) Checkpoints() []time.Time {
	var out []time.Time
	for _, c := range w.s.checkpoints {
		out = append(out, c.time())
	}
	return out
}

// Group is what the world was made from.
func (w *World) Group() Group { return w.s.o.Group }

// ShopOrders are the orders of a shop as it knows them at an instant, oldest first, test orders among them.
func (w *World) ShopOrders(shop string, at time.Time) []ShopOrder {
	now := instantOf(at)
	var out []ShopOrder
	for _, o := range w.s.orders {
		if o.brand.Shop == shop && !o.phantom && o.placed <= now {
			out = append(out, o.shopOrder(now))
		}
	}
	return out
}

// Parcel is what a carrier knows of a tracking number at an instant; false as long as it knows nothing of it.
func (w *World) Parcel(carrier, tracking string, at time.Time) (Parcel, bool) {
	return w.s.parcelAt(carrier, tracking, instantOf(at))
}

// SpoiltAnswer is what a carrier's system sends in place of an answer about a number.
func (w *World) SpoiltAnswer(carrier, tracking string) Spoilt {
	if p, ok := w.s.parcels[carrier+":"+tracking]; ok {
		return p.spoilt
	}
	return NotSpoilt
}

// Batches are the settled batches of an account that its PSP has published at an instant, oldest first.
func (w *World) Batches(account string, at time.Time) []Batch {
	return w.s.batchesAt(account, instantOf(at))
}

// Movements are the bookings on an account whose payouts name what they pay, at an instant, oldest first.
func (w *World) Movements(account string, at time.Time) []Movement {
	return w.s.movementsAt(account, instantOf(at))
}

// Payouts are the payouts of such an account at an instant, oldest first.
func (w *World) Payouts(account string, at time.Time) []Payout {
	return w.s.payoutsAt(account, instantOf(at))
}

// Files are the newest versions of every report of a warehouse, by its source, at an instant, by path.
func (w *World) Files(source string, at time.Time) []File { return w.s.files(source, instantOf(at)) }

// Truth is what really happened, as far as it had been told by an instant.
func (w *World) Truth(at time.Time) []TruthTable { return w.s.truth(instantOf(at)) }

// Planted lists the problems planted.
func (w *World) Planted() []Planted { return append([]Planted(nil), w.s.planted...) }
