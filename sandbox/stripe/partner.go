package stripe

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/fourmarketing/waybill/sandbox/servers"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// Provider is the PSP's name in the group.
const Provider = "stripe"

// FaultThrottle is the fault that refuses the next calls with 429.
const FaultThrottle = "throttle"

// PSP describes Stripe to the world: automatic payouts that name the transactions they pay, 1.5 % and 20p of a charge
// (stripe.com/gb/pricing, cards of the United Kingdom), no fee for a refund and none given back, 20.00 for a dispute.
func PSP() world.PSP {
	return world.PSP{
		Source: Provider, Itemises: true, Dispute: 2000,
		Ref: func(kind string, r *rand.Rand) string {
			prefix := map[string]string{"payment": "ch_3", "refund": "re_3", "dispute": "dp_1", "payout": "po_1"}[kind]
			if prefix == "" {
				return "" // a capture is the charge
			}
			return prefix + letters(r)
		},
		Words: map[string]string{"capture": "charge", "refund": "refund", "chargeback": "dispute", "payout": "payout"},
		Price: func(b world.Booking) world.Fees {
			if b.Kind != "capture" {
				return world.Fees{}
			}
			return world.Fees{Commission: (b.Gross*15+500)/1000 + 20}
		},
		Own:   func(world.OwnRow) string { return "" },
		Shows: shows, Disputes: &world.DisputeTerms{Days: 20, State: "needs_response", Reason: "fraudulent"},
	}
}

// shows is what a transaction has of its payment: the intent, and of a charge how it was paid; of others the kind of their source.
func shows(kind string, p *world.Payment) world.Shown {
	if p == nil {
		return world.Shown{Method: kind}
	}
	out := world.Shown{MerchantRef: id("pi", p.Ref), Method: kind}
	switch c := charge(world.Movement{Payment: p}, ""); {
	case kind == "chargeback" && c.Card == nil:
		out.Method = "dispute"
	case kind != "capture" && kind != "chargeback":
	case c.Card != nil:
		out.Method, out.Variant = c.Method, c.Card.Brand
	default:
		out.Method = c.Method
	}
	return out
}

// letters are the part of an id that says nothing.
func letters(r *rand.Rand) string {
	const of = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, 23)
	for i := range b {
		b[i] = of[r.IntN(len(of))]
	}
	return string(b)
}

// Start serves every account of the group with Stripe.
func Start(_ context.Context, s servers.Stage) (*servers.Partner, error) {
	p := &servers.Partner{}
	for _, b := range s.World.Group().Brands {
		if b.Account.PSP != Provider {
			continue
		}
		l := ledger{s.World, b.Account.Name}
		key := "rk_live_" + servers.NewSecret()
		account := New(Options{
			Key: key, At: s.At, Now: s.Now, PerSecond: s.Calls.PerSecond,
			BalanceTransactions: l.transactions, Payouts: l.payouts, Disputes: l.disputes,
		})
		s.Faults.Offer(b.Account.Name, FaultThrottle, account.Throttle)
		url, err := s.ServeHTTP(p, b.Account.Name, account)
		if err != nil {
			return p, err
		}
		p.Connections = append(p.Connections, servers.Connection{
			Source: b.Account.Name, Kind: "stripe", Secrets: map[string]string{"api_key": key}, Other: map[string]string{"url": url},
			Settings: map[string]any{"base_url": url},
		})
	}
	return p, nil
}

// ledger is an account in the world, told in Stripe's objects.
type ledger struct {
	world *world.World
	name  string
}

// id makes an id of another kind from one, so that both belong together.
func id(prefix, of string) string {
	_, rest, _ := strings.Cut(of, "_")
	return prefix + "_" + rest
}

func (l ledger) transactions(at time.Time) []BalanceTransaction {
	var out []BalanceTransaction
	for _, m := range l.world.Movements(l.name, at) {
		out = append(out, transaction(m))
	}
	return out
}

func transaction(m world.Movement) BalanceTransaction {
	currency := strings.ToLower(m.Currency)
	t := BalanceTransaction{
		ID: transactionOf(m), Currency: currency, Amount: m.Net, Created: m.At, AvailableOn: m.AvailableAt, Payout: m.Payout,
		Type: PSP().Words[m.Kind], ReportingCategory: PSP().Words[m.Kind],
	}
	if m.HasGross {
		t.Amount, t.Fee = m.Gross, m.Gross-m.Net
	}
	if t.Fee != 0 {
		t.FeeDetails = []Fee{{Type: "stripe_fee", Amount: t.Fee, Currency: currency, Description: "Stripe processing fees"}}
	}
	switch m.Kind {
	case "capture":
		t.Source.Charge = charge(m, currency)
	case "refund":
		t.Source.Refund = &Refund{
			ID: m.Ref, Charge: m.Payment.Ref, PaymentIntent: id("pi", m.Payment.Ref), Amount: -m.Gross, Currency: currency, Created: m.At,
			Reason: "requested_by_customer", Status: "succeeded",
		}
	case "chargeback":
		t.Type, t.Source.Dispute = "adjustment", m.Ref
		t.FeeDetails[0].Description = "Dispute fee"
	case "payout":
		t.Description, t.Source.Payout = "STRIPE PAYOUT", m.Ref
	}
	return t
}

// transactionOf is the id of a movement's balance transaction.
func transactionOf(m world.Movement) string { return id("txn", m.Ref) }

func charge(m world.Movement, currency string) *Charge {
	p := m.Payment
	out := &Charge{
		ID: p.Ref, PaymentIntent: id("pi", p.Ref), Amount: m.Gross, Currency: currency, Created: m.At, Description: "Order " + p.OrderName,
		Metadata: map[string]string{"order_id": p.OrderName}, Name: p.Customer, Email: p.Email, Country: p.Country, Method: p.Method,
	}
	if brand := map[string]string{"visa": "visa", "mc": "mastercard", "amex": "amex"}[p.Method]; brand != "" {
		out.Method = "card"
		out.Card = &Card{Brand: brand, Country: p.Country, Funding: []string{"debit", "credit"}[p.OrderID%2], Last4: "4242"}
	}
	return out
}

// payouts are on their way until the next day.
func (l ledger) payouts(at time.Time) []Payout {
	var out []Payout
	for _, p := range l.world.Payouts(l.name, at) {
		arrival := p.MadeAt.Truncate(24 * time.Hour).Add(24 * time.Hour)
		x := Payout{
			ID: p.Ref, Amount: p.Amount, Currency: strings.ToLower(p.Currency), Created: p.MadeAt, ArrivalDate: arrival, Automatic: true,
			Method: "standard", Status: "in_transit", ReconciliationStatus: "in_progress", BalanceTransaction: id("txn", p.Ref),
		}
		if !at.Before(arrival) {
			x.Status = "paid"
		}
		if p.Itemised {
			x.ReconciliationStatus = "completed"
		}
		out = append(out, x)
	}
	return out
}

// answerIn is how long a shop has to answer a dispute.
const answerIn = 20 * 24 * time.Hour

func (l ledger) disputes(at time.Time) []Dispute {
	var out []Dispute
	for _, m := range l.world.Movements(l.name, at) {
		if m.Kind != "chargeback" {
			continue
		}
		due := m.At.Truncate(24 * time.Hour).Add(answerIn + 24*time.Hour - time.Second)
		out = append(out, Dispute{
			ID: m.Ref, Charge: m.Payment.Ref, PaymentIntent: id("pi", m.Payment.Ref), Amount: -m.Gross, Currency: strings.ToLower(m.Currency),
			Created: m.At, Reason: "fraudulent", Status: "needs_response", DueBy: due, CaseType: "chargeback",
			BalanceTransactions: []string{transactionOf(m)}, Metadata: map[string]string{},
		})
		if c := charge(m, "").Card; c != nil {
			d := &out[len(out)-1]
			d.Brand, d.NetworkReasonCode = c.Brand, map[string]string{"visa": "10.4", "mastercard": "4837", "amex": "F29"}[c.Brand]
		}
	}
	return out
}
