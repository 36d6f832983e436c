package woocommerce

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fourmarketing/waybill/sandbox/servers"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// System is what the web shop of a brand runs on to be served by this package.
const System = "woocommerce"

// Skills are what a shop of this system can express: no announced returns, no word on what became of refunded goods, no
// moment of a cancellation, no costs, no refunds beyond the payment, no gift cards, and of a despatch a number and a day. It keeps baskets
// among its orders, and what was thrown away.
func Skills() world.ShopSkills { return world.ShopSkills{Drafts: true, Bins: true, Doors: true} }

// Words are the system's own: it has a state of the order and none of its money.
func Words() world.ShopWords {
	return world.ShopWords{State: statusOf, Word: func(s string) string { return s }, Refs: refs}
}

// refs are the payment intent and the charge, of an order that is paid.
func refs(v world.ShopOrder) (payments, movements []string) {
	o := orderOf(v, time.UTC)
	for _, m := range o.Meta {
		if m.Key == "_stripe_intent_id" {
			payments = append(payments, m.Value.(string))
		}
	}
	if o.TransactionID != "" { // of whichever gateway
		movements = append(movements, o.TransactionID)
	}
	return payments, movements
}

// Start serves every web shop that runs on the system.
func Start(_ context.Context, s servers.Stage) (*servers.Partner, error) {
	p := &servers.Partner{}
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		return p, fmt.Errorf("load the shop's zone: %w", err)
	}
	for _, b := range s.World.Group().Brands {
		if b.System != System {
			continue
		}
		key, secret := "ck_"+servers.NewSecret(), "cs_"+servers.NewSecret()
		shop := New(Options{
			Key: key, Secret: secret, At: s.At, Now: s.Now, Zone: london, Address: "https://" + b.Shop + ".example",
			Orders: func(at time.Time) []Order { return Orders(s.World, b.Shop, at, london) },
		})
		url, err := s.ServeHTTP(p, System+"/"+b.Shop, shop)
		if err != nil {
			return p, err
		}
		p.Connections = append(p.Connections, servers.Connection{
			Source: b.Shop, Kind: "woocommerce", Settings: map[string]any{"base_url": url},
			Secrets: map[string]string{"consumer_key": key, "consumer_secret": secret}, Other: map[string]string{"url": url},
		})
	}
	return p, nil
}

// Orders are a shop's orders at an instant. zone is the shop's, in which a parcel has the day of its despatch.
func Orders(w *world.World, shop string, at time.Time, zone *time.Location) []Order {
	var out []Order
	for _, o := range w.ShopOrders(shop, at) {
		out = append(out, orderOf(o, zone))
	}
	return out
}

func orderOf(v world.ShopOrder, zone *time.Location) Order {
	first, last, _ := strings.Cut(v.CustomerName, " ")
	to := Address{FirstName: first, LastName: last, City: v.ShipCity, Postcode: v.ShipZip, Country: v.ShipCountry}
	o := Order{
		ID: v.ID, Number: v.Name, Status: statusOf(v), Currency: v.Total.Currency, Via: "checkout", Created: v.CreatedAt, Modified: v.UpdatedAt,
		Completed: v.ClosedAt, Total: v.Total.Amount, TotalTax: v.Tax.Amount, PricesIncludeTax: true, Shipping: to, Billing: to,
		PaymentMethod: "stripe", PaymentMethodTitle: "Credit / Debit Card",
	}
	o.Billing.Email = v.Email
	discount, discountTax := int64(0), int64(0)
	for _, l := range v.Lines {
		full := cents(l.UnitPrice.Amount) * int64(l.Quantity)
		less, tax, fullTax := cents(l.Discount.Amount), cents(l.Tax.Amount), vat(full, v.ShipCountry)
		discount, discountTax = discount+less-(fullTax-tax), discountTax+fullTax-tax
		o.Lines = append(o.Lines, Line{
			ID: l.ID, ProductID: l.VariantID / 100, VariationID: l.VariantID, Name: l.Title, SKU: l.SKU, Quantity: l.Quantity,
			Subtotal: amount(full - fullTax), SubtotalTax: amount(fullTax), Total: amount(full - less - tax), TotalTax: amount(tax),
		})
	}
	o.Discount, o.DiscountTax = amount(discount), amount(discountTax)
	shipping := cents(v.Shipping.Amount)
	o.ShippingTax = amount(vat(shipping, v.ShipCountry))
	o.ShippingTotal = amount(shipping - vat(shipping, v.ShipCountry))
	o.CartTax = amount(cents(v.Tax.Amount) - vat(shipping, v.ShipCountry))
	o.ShippingLines = []ShippingLine{{ID: shippingLineID(v), MethodID: "flat_rate", MethodTitle: v.ShippingTitle, Total: o.ShippingTotal, TotalTax: o.ShippingTax}}
	o.paid(v)
	o.shipped(v, zone)
	o.refunded(v)
	return o
}

// paid says how the order was paid: by Stripe's plugin, by PayPal's, or, when it came to nothing, at once and by nobody's.
func (o *Order) paid(v world.ShopOrder) {
	if len(v.Transactions) == 0 && v.FinancialStatus == "paid" {
		o.Paid, o.PaymentMethod, o.PaymentMethodTitle = v.CreatedAt, "", ""
	}
	if v.Terms == door {
		o.PaymentMethod, o.PaymentMethodTitle = "cod", "Cash on delivery"
	}
	for _, t := range v.Transactions {
		if t.Kind != "sale" || t.Status != "success" {
			continue
		}
		if t.Gateway == door {
			o.Paid = t.ProcessedAt
			continue
		}
		_, rest, _ := strings.Cut(t.AuthorizationCode, "_")
		if o.Paid, o.TransactionID = t.ProcessedAt, t.AuthorizationCode; t.Gateway == elsewhere {
			o.PaymentMethod, o.PaymentMethodTitle, o.TransactionID = "ppcp-gateway", "PayPal", strings.ToUpper(rest)
			continue
		}
		o.Meta = append(o.Meta, Meta{v.ID*10 + 1, "_stripe_intent_id", "pi_" + rest})
	}
}

// elsewhere is the world's word for a provider with whom the group has no account, door for cash that the carrier takes.
const (
	elsewhere = "elsewhere"
	door      = "door"
)

func shippingLineID(v world.ShopOrder) int64 { return v.ID*10 + 9 }

func statusOf(v world.ShopOrder) string {
	switch {
	case !v.DeletedAt.IsZero():
		return "trash"
	case v.FinancialStatus == "draft":
		return "checkout-draft"
	case v.FinancialStatus == "pending" && v.Terms == "":
		return "pending"
	case v.FinancialStatus == "refunded":
		return "refunded"
	case v.FulfillmentStatus == "on_hold":
		return "on-hold"
	case v.FulfillmentStatus == "fulfilled":
		return "completed"
	}
	return "processing"
}

// shipped writes what the plugin Shipment Tracking keeps with an order: number, carrier, and the day as its beginning in UTC.
func (o *Order) shipped(v world.ShopOrder, zone *time.Location) {
	var items []map[string]any
	for _, f := range v.Fulfilments {
		year, month, day := f.CreatedAt.In(zone).Date()
		sum := sha256.Sum256([]byte(f.TrackingNumber))
		items = append(items, map[string]any{
			"tracking_provider": strings.ReplaceAll(strings.ToLower(f.Company), " ", "-"), "custom_tracking_provider": "", "custom_tracking_link": "",
			"tracking_number": f.TrackingNumber, "tracking_id": hex.EncodeToString(sum[:16]),
			"date_shipped": strconv.FormatInt(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix(), 10),
		})
	}
	if len(items) > 0 {
		o.Meta = append(o.Meta, Meta{v.ID*10 + 2, "_wc_shipment_tracking_items", items})
	}
}

// refunded adds the refunds. Stripe's plugin keeps its reference with each of them, and the newest with the order.
func (o *Order) refunded(v world.ShopOrder) {
	for _, r := range v.Refunds {
		out := Refund{ID: r.ID, Created: r.CreatedAt, Amount: r.Total.Amount, Reason: r.Note, By: 1, Paid: true}
		for _, t := range r.Transactions {
			if t.Gateway == elsewhere {
				continue
			}
			out.Meta = append(out.Meta, Meta{r.ID*10 + 1, "_stripe_refund_id", t.AuthorizationCode})
		}
		for _, l := range r.Lines {
			gross, tax := cents(l.Subtotal.Amount), cents(l.Tax.Amount)
			out.Lines = append(out.Lines, RefundLine{ID: l.ID, Of: l.LineID, Quantity: l.Quantity, Total: amount(gross - tax), TotalTax: amount(tax)})
		}
		if shipping := cents(r.ShippingTotal.Amount); shipping > 0 {
			tax := vat(shipping, v.ShipCountry)
			out.Shipping = []RefundLine{{ID: r.ID*10 + 9, Of: shippingLineID(v), Total: amount(shipping - tax), TotalTax: amount(tax)}}
		}
		o.Refunds = append(o.Refunds, out)
	}
	if n := len(o.Refunds); n > 0 && len(o.Refunds[n-1].Meta) > 0 {
		o.Meta = append(o.Meta, Meta{v.ID*10 + 3, "_stripe_refund_id", o.Refunds[n-1].Meta[0].Value})
	}
}

// vat is the tax within a gross amount at the destination's rate.
func vat(gross int64, country string) int64 {
	if country == "NL" {
		return gross * 21 / 121
	}
	return gross * 20 / 120
}

// cents reads one of the world's amounts, which have two places.
func cents(s string) int64 {
	n, err := strconv.ParseInt(strings.Replace(s, ".", "", 1), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func amount(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}
