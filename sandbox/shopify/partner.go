package shopify

import (
	"context"
	"time"

	"github.com/fourmarketing/waybill/sandbox/servers"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// System is what the web shop of a brand runs on to be served by this package.
const System = "shopify"

// The faults that a shop offers.
const (
	FaultThrottle = "throttle"  // answers the next calls with "Throttled"
	FaultHoldBulk = "hold bulk" // keeps bulk operations RUNNING for so many looks at them
	FaultFailBulk = "fail bulk" // makes the next bulk operations end FAILED, with partial data
)

// Skills are what a shop of this system can express.
func Skills() world.ShopSkills {
	return world.ShopSkills{Returns: true, Restocks: true, Cancels: true, Tests: true, Overpays: true, Unnamed: true, Hours: true, Costs: true, Remains: true, Edits: true, Gifts: true, Duties: true, Takes: true}
}

// Words are the system's own.
func Words() world.ShopWords {
	return world.ShopWords{State: func(o world.ShopOrder) string { return word(o.FinancialStatus) }, Word: word, Refs: refs}
}

func refs(o world.ShopOrder) (payments, movements []string) {
	for _, t := range o.Transactions {
		payments = append(payments, t.PaymentID)
		if t.Kind != "refund" {
			movements = append(movements, t.AuthorizationCode)
		}
	}
	return payments, movements
}

// Start serves every web shop that runs on the system.
func Start(_ context.Context, s servers.Stage) (*servers.Partner, error) {
	p := &servers.Partner{}
	for _, b := range s.World.Group().Brands {
		if b.System != System {
			continue
		}
		token := "shpat_" + servers.NewSecret()
		shop, err := New(Options{
			Name: b.Shop, Currency: b.Currency, Token: token, At: s.At, Now: s.Now,
			Orders: func(at time.Time) []world.ShopOrder { return s.World.ShopOrders(b.Shop, at) },
		})
		if err != nil {
			return p, err
		}
		p.AtClose(func() error { shop.Close(); return nil })
		s.Faults.Offer(b.Shop, FaultThrottle, shop.Throttle)
		s.Faults.Offer(b.Shop, FaultHoldBulk, shop.HoldBulk)
		s.Faults.Offer(b.Shop, FaultFailBulk, shop.FailBulk)
		url, err := s.ServeHTTP(p, System+"/"+b.Shop, shop)
		if err != nil {
			return p, err
		}
		p.Connections = append(p.Connections, servers.Connection{
			Source: b.Shop, Kind: "shopify", Settings: map[string]any{"base_url": url, "poll_min": "20ms", "poll_max": "200ms"},
			Secrets: map[string]string{"token": token}, Other: map[string]string{"url": url},
		})
	}
	return p, nil
}
