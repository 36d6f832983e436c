package woocommerce

import (
	"cmp"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

type order struct {
	ID                 int64          `json:"id"`
	ParentID           int64          `json:"parent_id"`
	Status             string         `json:"status"`
	Currency           string         `json:"currency"`
	Version            string         `json:"version"`
	PricesIncludeTax   bool           `json:"prices_include_tax"`
	DateCreated        *string        `json:"date_created"`
	DateModified       *string        `json:"date_modified"`
	DiscountTotal      string         `json:"discount_total"`
	DiscountTax        string         `json:"discount_tax"`
	ShippingTotal      string         `json:"shipping_total"`
	ShippingTax        string         `json:"shipping_tax"`
	CartTax            string         `json:"cart_tax"`
	Total              string         `json:"total"`
	TotalTax           string         `json:"total_tax"`
	CustomerID         int64          `json:"customer_id"`
	OrderKey           string         `json:"order_key"`
	Billing            address        `json:"billing"`
	Shipping           address        `json:"shipping"`
	PaymentMethod      string         `json:"payment_method"`
	PaymentMethodTitle string         `json:"payment_method_title"`
	TransactionID      string         `json:"transaction_id"`
	CustomerIPAddress  string         `json:"customer_ip_address"`
	CustomerUserAgent  string         `json:"customer_user_agent"`
	CreatedVia         string         `json:"created_via"`
	CustomerNote       string         `json:"customer_note"`
	DateCompleted      *string        `json:"date_completed"`
	DatePaid           *string        `json:"date_paid"`
	CartHash           string         `json:"cart_hash"`
	Number             string         `json:"number"`
	MetaData           []meta         `json:"meta_data"`
	LineItems          []lineItem     `json:"line_items"`
	TaxLines           []struct{}     `json:"tax_lines"`
	ShippingLines      []shippingLine `json:"shipping_lines"`
	FeeLines           []feeLine      `json:"fee_lines"`
	CouponLines        []struct{}     `json:"coupon_lines"`
	Refunds            []refundTotal  `json:"refunds"`
	DateCreatedGMT     *string        `json:"date_created_gmt"`
	DateModifiedGMT    *string        `json:"date_modified_gmt"`
	DateCompletedGMT   *string        `json:"date_completed_gmt"`
	DatePaidGMT        *string        `json:"date_paid_gmt"`
	Links              links          `json:"_links"`
}

type address struct {
	FirstName string  `json:"first_name"`
	LastName  string  `json:"last_name"`
	Company   string  `json:"company"`
	Address1  string  `json:"address_1"`
	Address2  string  `json:"address_2"`
	City      string  `json:"city"`
	State     string  `json:"state"`
	Postcode  string  `json:"postcode"`
	Country   string  `json:"country"`
	Email     *string `json:"email,omitempty"`
	Phone     string  `json:"phone"`
}

type meta struct {
	ID    int64  `json:"id"`
	Key   string `json:"key"`
	Value any    `json:"value"`
}

type lineItem struct {
	ID          int64      `json:"id"`
	Name        string     `json:"name"`
	ProductID   int64      `json:"product_id"`
	VariationID int64      `json:"variation_id"`
	Quantity    int        `json:"quantity"`
	TaxClass    string     `json:"tax_class"`
	Subtotal    string     `json:"subtotal"`
	SubtotalTax string     `json:"subtotal_tax"`
	Total       string     `json:"total"`
	TotalTax    string     `json:"total_tax"`
	Taxes       []struct{} `json:"taxes"`
	MetaData    []meta     `json:"meta_data"`
	SKU         string     `json:"sku"`
	Price       float64    `json:"price"` // a quotient that PHP reckons in floating point
}

type shippingLine struct {
	ID          int64      `json:"id"`
	MethodTitle string     `json:"method_title"`
	MethodID    string     `json:"method_id"`
	Total       string     `json:"total"`
	TotalTax    string     `json:"total_tax"`
	Taxes       []struct{} `json:"taxes"`
	MetaData    []meta     `json:"meta_data"`
}

type feeLine struct {
	ID       int64      `json:"id"`
	Name     string     `json:"name"`
	TaxClass string     `json:"tax_class"`
	Total    string     `json:"total"`
	TotalTax string     `json:"total_tax"`
	Taxes    []struct{} `json:"taxes"`
	MetaData []meta     `json:"meta_data"`
}

type refundTotal struct {
	ID     int64  `json:"id"`
	Reason string `json:"reason"`
	Total  string `json:"total"`
}

type refund struct {
	ID              int64          `json:"id"`
	DateCreated     *string        `json:"date_created"`
	DateCreatedGMT  *string        `json:"date_created_gmt"`
	Amount          string         `json:"amount"`
	Reason          string         `json:"reason"`
	RefundedBy      int64          `json:"refunded_by"`
	RefundedPayment bool           `json:"refunded_payment"`
	MetaData        []meta         `json:"meta_data"`
	LineItems       []lineItem     `json:"line_items"`
	ShippingLines   []shippingLine `json:"shipping_lines"`
	TaxLines        []struct{}     `json:"tax_lines"`
	FeeLines        []feeLine      `json:"fee_lines"`
	Links           links          `json:"_links"`
}

type href struct {
	Href string `json:"href"`
}

type links struct {
	Self       []href `json:"self"`
	Collection []href `json:"collection"`
	Up         []href `json:"up,omitempty"`
}

func (s *Shop) order(o Order, dp int) order {
	money := func(text string) string { return decimal(text, dp) }
	a := order{
		ID: o.ID, Number: cmp.Or(o.Number, strconv.FormatInt(o.ID, 10)), Status: o.Status, Currency: o.Currency, CreatedVia: o.Via, Version: "10.3.6",
		DateCreated: s.local(o.Created), DateCreatedGMT: gmt(o.Created), DateModified: s.local(o.Modified), DateModifiedGMT: gmt(o.Modified),
		DatePaid: s.local(o.Paid), DatePaidGMT: gmt(o.Paid), DateCompleted: s.local(o.Completed), DateCompletedGMT: gmt(o.Completed),
		Total: money(o.Total), TotalTax: money(o.TotalTax), DiscountTotal: money(o.Discount), DiscountTax: money(o.DiscountTax),
		ShippingTotal: money(o.ShippingTotal), ShippingTax: money(o.ShippingTax), CartTax: money(o.CartTax), PricesIncludeTax: o.PricesIncludeTax,
		CustomerID: o.CustomerID, Billing: addressOf(o.Billing), Shipping: addressOf(o.Shipping), OrderKey: fmt.Sprintf("wc_order_%x", o.ID),
		PaymentMethod: o.PaymentMethod, PaymentMethodTitle: o.PaymentMethodTitle, TransactionID: o.TransactionID,
		MetaData: metas(o.Meta), LineItems: []lineItem{}, TaxLines: []struct{}{}, ShippingLines: []shippingLine{}, FeeLines: []feeLine{},
		CouponLines: []struct{}{}, Refunds: []refundTotal{}, Links: s.links("orders", strconv.FormatInt(o.ID, 10)),
	}
	a.Billing.Email = &o.Billing.Email
	for _, l := range o.Lines {
		a.LineItems = append(a.LineItems, lineItem{
			ID: l.ID, Name: l.Name, ProductID: l.ProductID, VariationID: l.VariationID, Quantity: l.Quantity, SKU: l.SKU, Price: quotient(l.Total, l.Quantity),
			Subtotal: money(l.Subtotal), SubtotalTax: money(l.SubtotalTax), Total: money(l.Total), TotalTax: money(l.TotalTax),
			Taxes: []struct{}{}, MetaData: metas(l.Meta),
		})
	}
	for _, l := range o.ShippingLines {
		a.ShippingLines = append(a.ShippingLines, shippingLine{
			ID: l.ID, MethodID: l.MethodID, MethodTitle: l.MethodTitle, Total: money(l.Total), TotalTax: money(l.TotalTax), Taxes: []struct{}{}, MetaData: []meta{},
		})
	}
	for _, f := range o.Fees {
		a.FeeLines = append(a.FeeLines, feeLine{ID: f.ID, Name: f.Name, Total: money(f.Total), TotalTax: money(f.TotalTax), Taxes: []struct{}{}, MetaData: []meta{}})
	}
	for _, f := range o.Refunds {
		a.Refunds = append(a.Refunds, refundTotal{ID: f.ID, Reason: f.Reason, Total: "-" + money(f.Amount)})
	}
	return a
}

func (s *Shop) refund(of Order, f Refund, dp int) refund {
	negative := func(text string) string { return decimal("-"+cmp.Or(text, "0"), dp) }
	parent := strconv.FormatInt(of.ID, 10)
	a := refund{
		ID: f.ID, DateCreated: s.local(f.Created), DateCreatedGMT: gmt(f.Created), Amount: decimal(f.Amount, dp), Reason: f.Reason,
		RefundedBy: f.By, RefundedPayment: f.Paid, MetaData: metas(f.Meta), LineItems: []lineItem{}, ShippingLines: []shippingLine{},
		TaxLines: []struct{}{}, FeeLines: []feeLine{}, Links: s.links("orders", parent, "refunds", strconv.FormatInt(f.ID, 10)),
	}
	a.Links.Up = s.links("orders", parent).Self
	for _, l := range f.Lines {
		item := lineItem{
			ID: l.ID, Quantity: -l.Quantity, Subtotal: negative(l.Total), SubtotalTax: negative(l.TotalTax), Total: negative(l.Total), TotalTax: negative(l.TotalTax),
			Taxes: []struct{}{}, MetaData: refundedItem(l), Price: quotient(l.Total, l.Quantity),
		}
		for _, original := range of.Lines {
			if original.ID == l.Of {
				item.Name, item.ProductID, item.VariationID, item.SKU = original.Name, original.ProductID, original.VariationID, original.SKU
			}
		}
		a.LineItems = append(a.LineItems, item)
	}
	for _, l := range f.Shipping {
		line := shippingLine{ID: l.ID, Total: negative(l.Total), TotalTax: negative(l.TotalTax), Taxes: []struct{}{}, MetaData: refundedItem(l)}
		for _, original := range of.ShippingLines {
			if original.ID == l.Of {
				line.MethodID, line.MethodTitle = original.MethodID, original.MethodTitle
			}
		}
		a.ShippingLines = append(a.ShippingLines, line)
	}
	return a
}

// refundedItem is how a refund's line names the order's: by a meta entry, as a text.
func refundedItem(l RefundLine) []meta {
	return []meta{{ID: l.ID*10 + 1, Key: "_refunded_item_id", Value: strconv.FormatInt(l.Of, 10)}}
}

func metas(of []Meta) []meta {
	all := []meta{}
	for _, m := range of {
		all = append(all, meta(m))
	}
	return all
}

func addressOf(a Address) address {
	return address{
		FirstName: a.FirstName, LastName: a.LastName, Company: a.Company, Address1: a.Address1, Address2: a.Address2,
		City: a.City, State: a.State, Postcode: a.Postcode, Country: a.Country, Phone: a.Phone,
	}
}

func (s *Shop) links(path ...string) links {
	self := s.options.Address + base + "/" + strings.Join(path, "/")
	return links{Self: []href{{self}}, Collection: []href{{self[:strings.LastIndexByte(self, '/')]}}}
}

// local and gmt are times without an offset, null when there is none.
func (s *Shop) local(t time.Time) *string { return text(t, s.options.Zone) }

func gmt(t time.Time) *string { return text(t, time.UTC) }

func text(t time.Time, zone *time.Location) *string {
	if t.IsZero() {
		return nil
	}
	out := t.In(zone).Format(wall)
	return &out
}

// decimal is wc_format_decimal: rounded to so many places, which are then always there. What is no number is 0.
func decimal(text string, dp int) string {
	n, ok := new(big.Rat).SetString(cmp.Or(text, "0"))
	if !ok {
		n = new(big.Rat)
	}
	return n.FloatString(dp)
}

func quotient(total string, quantity int) float64 {
	t, err := strconv.ParseFloat(cmp.Or(total, "0"), 64)
	if err != nil || quantity == 0 {
		return 0
	}
	return t / float64(quantity)
}
