package woocommerce

import "time"

// Order is an order as a shop knows it. Amounts are decimal texts with a point, positive, of the order's currency.
type Order struct {
	ID        int64
	Number    string // what the customer sees; empty means the id
	Status    string // without wc-: pending, processing, on-hold, completed, cancelled, refunded, failed, trash, or a plugin's
	Currency  string
	Via       string // created_via: checkout, store-api, admin, rest-api
	Created   time.Time
	Modified  time.Time
	Paid      time.Time // zero when it was not paid
	Completed time.Time // zero when it is not completed

	Total, TotalTax       string
	Discount, DiscountTax string
	ShippingTotal         string
	ShippingTax, CartTax  string
	PricesIncludeTax      bool

	CustomerID         int64
	Billing, Shipping  Address
	PaymentMethod      string // stripe, ppcp-gateway, bacs
	PaymentMethodTitle string
	TransactionID      string // the PSP's reference of the payment

	Meta          []Meta
	Lines         []Line
	ShippingLines []ShippingLine
	Fees          []Fee
	Refunds       []Refund
}

// Address is a billing or shipping address; shipping addresses have no email.
type Address struct {
	FirstName, LastName, Company, Address1, Address2, City, State, Postcode, Country, Email, Phone string
}

// Meta is what a plugin keeps with an order, refund or line. Value is anything that becomes JSON.
type Meta struct {
	ID    int64
	Key   string
	Value any
}

// Line is a product line: amounts of all its units, without tax.
type Line struct {
	ID, ProductID, VariationID int64
	Name, SKU                  string
	Quantity                   int
	Subtotal, SubtotalTax      string // before discounts
	Total, TotalTax            string
	Meta                       []Meta
}

// ShippingLine is a way of shipping and its price.
type ShippingLine struct {
	ID              int64
	MethodID        string // flat_rate, free_shipping, a plugin's
	MethodTitle     string
	Total, TotalTax string
}

// Fee is an amount beside products and shipping.
type Fee struct {
	ID              int64
	Name            string
	Total, TotalTax string
}

// Refund is money given back for an order. Its lines and shipping are positive here and go out negative, as WooCommerce keeps them.
type Refund struct {
	ID       int64
	Created  time.Time
	Amount   string
	Reason   string
	By       int64 // the user who made it
	Paid     bool  // refunded_payment: through the gateway
	Meta     []Meta
	Lines    []RefundLine
	Shipping []RefundLine
}

// RefundLine is what was refunded of one line of the order, which it names.
type RefundLine struct {
	ID, Of          int64
	Quantity        int // 0 for shipping
	Total, TotalTax string
}
