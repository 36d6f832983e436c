// Package world is a small deterministic group of web shops with its warehouses, carrier and PSP. It lives through a
// few weeks of orders, plants problems, and then answers two kinds of question as of any instant: what each partner's
// system would show (orders, parcels, report bytes, file bytes), and what really happened (the truth, by
// docs/meanings.md). Both come from the same event history. It knows no protocol, no warehouse model and no SQL.
package world

import (
	"fmt"
	"time"
	_ "time/tzdata" // sites are in London and Amsterdam whatever the machine has installed
)

// Options sizes a world.
type Options struct {
	Seed         uint64
	Days         int       // simulated local days, at least 10; 0 means 21
	OrdersPerDay int       // of all shops together, at least 10; 0 means 60
	Defects      float64   // density of planted problems: 1 is the default density, 0 plants nothing
	End          time.Time // the last simulated local day (Europe/London); zero means 2026-04-08
}

// Shop is one brand: its web shop, its warehouse and its account with the PSP.
type Shop struct {
	Name                 string // aster-vale
	Brand                string // Aster & Vale
	Prefix               string // AV
	Currency             string // the shop's own currency
	Site, Source         string // NG1, northgate
	MerchantAccount      string // AsterValeUK
	SettlementCurrencies []string
}

// Planted is one problem that the world planted.
type Planted struct {
	Kind    string // for example "parcel_lost_by_rule"
	Subject string // order_id, shipment_id, file path, …
	Shows   string // the truth table (and check) where it must show
}

// World is a finished history. It is read-only after New and safe for use by several goroutines.
type World struct {
}

// New simulates a world.
func New(o Options) (*World, error) {
	if o.Days < 10 && o.Days != 0 {
		return nil, fmt.Errorf("simulate world: %d days, need at least 10", o.Days)
	}
	return &World{}, nil
}

// Start is an instant before anything happened.
func (w *World) Start() time.Time { return time.Time{} }

// AsOf is the last checkpoint: 07:00 Europe/London on the morning after the last day.
func (w *World) AsOf() time.Time { return time.Time{} }

// Checkpoints are the instants at which to pull so that everything planted can be seen, earliest first.
func (w *World) Checkpoints() []time.Time { return nil }

// Shops lists the brands.
func (w *World) Shops() []Shop { return nil }

// ShopOrders are the orders of a shop as it knows them at an instant, oldest first.
func (w *World) ShopOrders(shop string, at time.Time) []ShopOrder { return nil }

// Parcel is what the carrier knows of a tracking number at an instant.
func (w *World) Parcel(tracking string, at time.Time) (CarrierParcel, bool) {
	return CarrierParcel{}, false
}

// Reports are the PSP's settlement reports of a merchant account that are available at an instant, oldest first.
func (w *World) Reports(account string, at time.Time) []Report { return nil }

// Files are the newest versions of every file on a partner's server ("northgate" or "veldhoven") at an instant.
func (w *World) Files(partner string, at time.Time) []File { return nil }

// Truth is what really happened, as of an instant.
func (w *World) Truth(at time.Time) []TruthTable { return nil }

// Planted lists the problems planted.
func (w *World) Planted() []Planted { return nil }
