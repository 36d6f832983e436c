package group_test

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/sandbox/royalmail"
	"github.com/fourmarketing/waybill/sandbox/woocommerce"
	"github.com/fourmarketing/waybill/sandbox/world"
	"github.com/fourmarketing/waybill/sandbox/worldtest"
)

// TestPayoutsPayWhatTheyName: what a payout names comes to it, fees are as priced, and something waits.
func TestPayoutsPayWhatTheyName(t *testing.T) {
	t.Parallel()
	for _, o := range worldtest.Sizes(1) {
		w := worldtest.New(t, o)
		for _, at := range w.Checkpoints() {
			sums, waiting := map[string]int64{}, 0
			for _, m := range w.Movements("stripe", at) {
				if m.Payout == "" {
					waiting++
				}
				if m.Kind == "capture" && m.Gross-m.Net != (m.Gross*15+500)/1000+20 {
					t.Errorf("%s: a charge of %d costs %d", worldtest.Label(o), m.Gross, m.Gross-m.Net)
				}
				if m.Kind == "refund" && m.Gross != m.Net {
					t.Errorf("%s: refund %s costs something", worldtest.Label(o), m.Ref)
				}
				if m.Kind != "payout" {
					sums[m.Payout] += m.Net
				}
			}
			for _, p := range w.Payouts("stripe", at) {
				if p.Itemised && sums[p.Ref] != p.Amount {
					t.Errorf("%s: payout %s of %d names %d", worldtest.Label(o), p.Ref, p.Amount, sums[p.Ref])
				}
			}
			if waiting == 0 && o.OrdersPerDay == 0 { // a small world may sell nothing for a day
				t.Errorf("%s: at %s nothing waits for a payout", worldtest.Label(o), at)
			}
		}
		if len(w.Payouts("stripe", w.AsOf())) < 5 {
			t.Errorf("%s: hardly any payout", worldtest.Label(o))
		}
	}
}

func decimalOf(t *testing.T, texts ...string) *big.Rat {
	t.Helper()
	sum := new(big.Rat)
	for _, s := range texts {
		n, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("%q is no amount", s)
		}
		sum.Add(sum, n)
	}
	return sum
}

// TestShopTellsTheWorldsOrders: WooCommerce splits prices into net and tax; the parts have to come to the world's totals again.
func TestShopTellsTheWorldsOrders(t *testing.T) {
	t.Parallel()
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	w := worldtest.New(t, worldtest.Sizes(1)[0])
	f := worldtest.Gather(t, w.Truth(w.AsOf()))
	refunds, shipped := 0, 0
	for _, o := range woocommerce.Orders(w, "oxbow-lark", w.AsOf(), london) {
		sum := decimalOf(t, o.ShippingTotal, o.ShippingTax)
		before := new(big.Rat)
		for _, l := range o.Lines {
			sum.Add(sum, decimalOf(t, l.Total, l.TotalTax))
			before.Add(before, decimalOf(t, l.Subtotal, l.SubtotalTax))
			before.Sub(before, decimalOf(t, l.Total, l.TotalTax))
		}
		if sum.Cmp(decimalOf(t, o.Total)) != 0 || before.Cmp(decimalOf(t, o.Discount, o.DiscountTax)) != 0 {
			t.Errorf("%s: parts of %s come to %s, discounts to %s", o.Number, o.Total, sum.FloatString(2), before.FloatString(2))
		}
		row := f["marts.fct_orders"]["oxbow-lark:"+itoa(o.ID)]
		if o.Status == "checkout-draft" {
			if row != nil || !o.Paid.IsZero() {
				t.Errorf("%s is a draft, and %v in the truth", o.Number, row)
			}
			continue
		}
		if row["order_name"] != o.Number || row["total_amount"] != o.Total || (row["paid_at"] == "") != o.Paid.IsZero() {
			t.Errorf("%s of %s is %v in the truth", o.Number, o.Total, row)
		}
		free := o.Total == "0.00" && o.PaymentMethod == "" || o.PaymentMethod == "cod"
		if o.PaymentMethod == "stripe" != strings.HasPrefix(o.TransactionID, "ch_") && !o.Paid.IsZero() || free != (o.TransactionID == "") && !o.Paid.IsZero() {
			t.Errorf("%s of %s was paid by %s with %q", o.Number, o.Total, o.PaymentMethod, o.TransactionID)
		}
		for _, r := range o.Refunds {
			refunds++
			if len(r.Lines) == 0 {
				continue
			}
			back := new(big.Rat)
			for _, l := range append(r.Lines, r.Shipping...) {
				back.Add(back, decimalOf(t, l.Total, l.TotalTax))
			}
			if back.Cmp(decimalOf(t, r.Amount)) != 0 {
				t.Errorf("%s: refund of %s has parts of %s", o.Number, r.Amount, back.FloatString(2))
			}
		}
		for _, m := range o.Meta {
			if m.Key == "_wc_shipment_tracking_items" {
				shipped++
			}
		}
	}
	if refunds < 5 || shipped < 50 {
		t.Errorf("only %d refunds and %d orders with a parcel", refunds, shipped)
	}
}

func itoa(n int64) string { return new(big.Int).SetInt64(n).String() }

// TestRoyalMailNumbers: two published examples, and what the world draws from it.
func TestRoyalMailNumbers(t *testing.T) {
	t.Parallel()
	for want, serial := range map[string]int{"RR473124829GB": 47312482, "RR123456785GB": 12345678} {
		if got := royalmail.S10("RR", serial); got != want {
			t.Errorf("%d is %s, want %s", serial, got, want)
		}
	}
	number, seen := royalmail.Carrier().Number, map[string]bool{}
	for n := range 200_000 {
		for _, use := range []world.NumberUse{world.NumberOut, world.NumberNowhere} {
			s := number(use, n)
			if seen[s] || len(s) != 13 {
				t.Fatalf("%s comes twice, or has another length", s)
			}
			seen[s] = true
		}
	}
}

// TestCarriersShareTheParcels: a third of the parcels that Northgate sends within the country are Royal Mail's, none abroad; every
// event is told with an offset and in a code that it has.
func TestCarriersShareTheParcels(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, world.Options{Seed: 5, Days: 21, OrdersPerDay: 120, Defects: 1})
	f := worldtest.Gather(t, w.Truth(w.AsOf()))
	all, mail := 0, 0
	for id, row := range f["marts.fct_shipments"] {
		carrier, number, _ := strings.Cut(id, ":")
		if carrier == royalmail.Source && row["destination_country"] != "GB" {
			t.Errorf("%s goes to %s", id, row["destination_country"])
		}
		if row["site"] == "NG1" && row["destination_country"] == "GB" {
			all++
			if carrier == royalmail.Source {
				mail++
			}
		}
		if carrier != royalmail.Source {
			continue
		}
		piece, _ := royalmail.PieceAt(w, number, w.AsOf())
		for i, e := range piece.Events {
			if e.Code == "" || (i > 0 && e.At.After(piece.Events[i-1].At)) {
				t.Errorf("%s: events %+v", id, piece.Events)
			}
		}
	}
	if share := float64(mail) / float64(all); share < 0.28 || share > 0.39 {
		t.Errorf("Royal Mail has %d of %d parcels", mail, all)
	}
}
