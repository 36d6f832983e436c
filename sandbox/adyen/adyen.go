// Package adyen is a payment provider that settles in numbered batches and publishes a settlement details report of
// each in its Customer Area.
package adyen

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/fourmarketing/waybill/sandbox/servers"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// Source is the PSP's name in the group.
const Source = "adyen"

// companyAccount is the group's account with the PSP, above its merchant accounts.
const companyAccount = "FourMarketing"

// PSP describes the provider to the world: interchange, scheme fee and markup on cards, one commission on the rest, a
// fee of six minor units for each booking, one row a batch.
func PSP() world.PSP {
	return world.PSP{
		Source: Source, Residual: true, PerBatch: 6, Dispute: 1500, Price: price, Own: ownRef,
		Ref: func(_ string, r *rand.Rand) string { return sixteenDigits(r) },
		Words: map[string]string{
			"capture": "Settled", "refund": "Refunded", "refund_reversal": "RefundedReversed", "chargeback": "Chargeback", "chargeback_reversal": "ChargebackReversed", "fee": "Fee",
			"payout": "MerchantPayout", "topup": "MatchedStatement", "transfer_in": "Balancetransfer", "transfer_out": "Balancetransfer",
			"reserve_hold": "ReserveAdjustment", "reserve_release": "ReserveAdjustment",
		},
		Shows: shows,
	}
}

// shows is what a line of a report has of its payment.
func shows(_ string, p *world.Payment) world.Shown {
	if p == nil {
		return world.Shown{}
	}
	return world.Shown{MerchantRef: p.MerchantRef, Method: p.Method, Variant: variantOf(p)}
}

// sixteenDigits is a PSP reference; it does not start with 0.
func sixteenDigits(r *rand.Rand) string {
	b := make([]byte, 16)
	for i := range b {
		b[i] = byte('0' + r.IntN(10))
	}
	if b[0] == '0' {
		b[0] = '8'
	}
	return string(b)
}

func price(b world.Booking) world.Fees {
	card := b.Method == "visa" || b.Method == "mc"
	switch {
	case b.Kind == "capture" && card:
		return world.Fees{Interchange: permille(b.Gross, 2), Scheme: permille(b.Gross, 1) + 2, Markup: permille(b.Gross, 3) + 5}
	case b.Kind == "capture" && b.Method == "ideal":
		return world.Fees{Commission: 29}
	case b.Kind == "capture":
		return world.Fees{Commission: permille(b.Gross, 24) + 10}
	case b.Kind == "refund" && card:
		return world.Fees{Interchange: -permille(-b.Gross, 2)}
	}
	return world.Fees{}
}

func permille(n, p int64) int64 { return (n*p + 500) / 1000 }

// ownRef is the modification reference of a row of the account itself, as the PSP words them.
func ownRef(r world.OwnRow) string {
	switch r.Kind {
	case "transfer_in":
		return fmt.Sprintf("Balancetransfer from batch %d", r.Batch-1)
	case "transfer_out":
		return fmt.Sprintf("Balancetransfer to batch %d", r.Batch+1)
	case "fee":
		return "Transaction Fees " + r.Day.Format("January   02 2006")
	case "topup":
		return fmt.Sprintf("Top-up by bank transfer, batch %d", r.Batch)
	case "reserve_hold":
		return fmt.Sprintf("Rolling reserve held, batch %d", r.Batch)
	case "reserve_release":
		return fmt.Sprintf("Rolling reserve released, batch %d", r.Batch)
	}
	return fmt.Sprintf("TX%09d%sXT batch %d, %s", 635_094_301+r.Batch*7717+r.Account*31, r.Currency[:1], r.Batch, companyAccount)
}

// Start serves the reports of all accounts.
func Start(_ context.Context, s servers.Stage) (*servers.Partner, error) {
	p := &servers.Partner{}
	user, password, apiKey := "report@Company."+companyAccount, servers.NewSecret(), servers.NewSecret()
	h := &api{user: user, password: password, key: apiKey, at: s.At, reports: func(account string, at time.Time) []Report {
		return Reports(s.World, account, at)
	}}
	url, err := s.ServeHTTP(p, Source, h)
	p.Connections = append(p.Connections, servers.Connection{
		Source: Source, Kind: "adyen", Settings: map[string]any{"base_url": url, "username": user},
		Secrets: map[string]string{"password": password}, Other: map[string]string{"url": url, "user": user, "api_key": apiKey},
	})
	return p, err
}

// Accounts are the merchant accounts of the group with the PSP, in the order of its brands.
func Accounts(w *world.World) []string {
	var out []string
	for _, b := range w.Group().Brands {
		if b.Account.PSP == Source {
			out = append(out, b.Account.Name)
		}
	}
	return out
}
