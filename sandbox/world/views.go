package world

import (
	"time"
)

// The views are what a partner's system knows at an instant. The servers in package sandbox put them on the wire in
// the partner's own protocol; they add no facts. Money is a decimal string in major units ("31.45").

// Money is an amount in a currency.
type Money struct{ Amount, Currency string }

// ShopOrder is an order as its web shop knows it.
type ShopOrder struct {
	ID                             int64
	Name                           string // "#AV1001"
	Test                           bool
	CreatedAt, UpdatedAt           time.Time
	CancelledAt, ClosedAt          time.Time // zero when not
	CancelReason                   string    // CUSTOMER, INVENTORY, FRAUD, OTHER, …
	FinancialStatus                string    // PAID, PENDING, PARTIALLY_REFUNDED, REFUNDED, VOIDED
	FulfillmentStatus              string    // FULFILLED, PARTIALLY_FULFILLED, UNFULFILLED
	Email, CustomerName            string
	ShipCountry, ShipZip, ShipCity string
	ShippingTitle, ShippingCode    string // "Standard delivery", "standard" | "express"
	Subtotal, Discount, Tax        Money
	Shipping, Total, CurrentTotal  Money
	Lines                          []ShopLine
	Transactions                   []ShopTransaction
	Fulfilments                    []ShopFulfilment
	Refunds                        []ShopRefund
	Returns                        []ShopReturn
	Tags                           []string
}

// ShopLine is a line item.
type ShopLine struct {
	ID                        int64
	SKU, Title                string
	Quantity, CurrentQuantity int
	RequiresShipping          bool
	UnitPrice, Discount, Tax  Money // Discount and Tax are of the whole line
	UnitCost                  Money // of the variant's inventory item
	VariantID                 int64
}

// ShopTransaction is a payment movement as the shop knows it.
type ShopTransaction struct {
	ID, ParentID      int64
	Kind, Status      string // SALE, CAPTURE, AUTHORIZATION, REFUND, VOID; SUCCESS, FAILURE, PENDING
	Gateway           string // "adyen"
	PaymentID         string // the PSP's merchant reference
	AuthorizationCode string // the PSP's own reference of this movement
	Amount            Money
	ProcessedAt       time.Time
}

// ShopFulfilment is what the shop was told of a despatch.
type ShopFulfilment struct {
	ID                      int64
	Name, Status            string // "#AV1001-F1"; SUCCESS, CANCELLED
	CreatedAt, UpdatedAt    time.Time
	TrackingNumber, Company string
	Lines                   []ShopQuantity
}

// ShopQuantity is so many units of a line.
type ShopQuantity struct {
	LineID   int64
	Quantity int
}

// ShopRefund is a refund in the shop. ReturnID is 0 when it belongs to no return.
type ShopRefund struct {
	ID, ReturnID  int64
	CreatedAt     time.Time
	Note          string
	Total         Money
	Lines         []ShopRefundLine
	Transactions  []ShopTransaction
	ShippingTotal Money // refunded shipping, zero amount when none
}

// ShopRefundLine is one refunded line.
type ShopRefundLine struct {
	ID, LineID    int64
	Quantity      int
	RestockType   string // RETURN, CANCEL, NO_RESTOCK
	Subtotal, Tax Money
}

// ShopReturn is an announced return.
type ShopReturn struct {
	ID                            int64
	Name, Status                  string // "#AV1001-R1"; REQUESTED, OPEN, CLOSED, DECLINED, CANCELED
	CreatedAt, ApprovedAt, Closed time.Time
	Lines                         []ShopReturnLine
	TrackingNumber, Carrier       string // of the reverse delivery; empty when no label was made
}

// ShopReturnLine is one line of an announced return.
type ShopReturnLine struct {
	ID, LineID   int64
	Quantity     int
	Reason, Note string // UNWANTED, SIZE_TOO_SMALL, …
}

// CarrierParcel is a parcel as DHL knows it.
type CarrierParcel struct {
	TrackingNumber, Service string // "ecommerce"
	OriginCountry           string
	DestCountry, DestZip    string
	Product                 string
	Events                  []CarrierEvent // newest first, as DHL sends them
	EstimatedDelivery       time.Time      // zero when none
}

// CarrierEvent is one checkpoint. LocalTime is without zone; Offset is empty ("naive") or "Z" or "+01:00".
type CarrierEvent struct {
	LocalTime   string // 2026-03-30T07:53:47
	Offset      string
	StatusCode  string // pre-transit, transit, delivered, failure, unknown
	Status      string // DHL eCommerce's number: "598"
	Description string
	Locality    string
	Country     string
	Instant     time.Time // the true instant; not sent
}

// Report is one report file of the PSP.
type Report struct {
	MerchantAccount string
	Name            string // settlement_detail_report_batch_380.csv
	Body            []byte
	AvailableAt     time.Time
}

// File is one version of a file on a partner's server.
type File struct {
	Path       string // relative to the partner's root: out/despatch/DESP_20260330_117.csv
	Body       []byte
	ModifiedAt time.Time
}

// TruthTable is a table of what really happened, every value as text: instants 2026-04-01T12:00:00Z, dates
// 2026-04-01, amounts with two places, true/false, empty for null.
type TruthTable struct {
	Mart    string // marts.fct_orders, or ops.files
	Key     []string
	Columns []string // key columns included
	Rows    [][]string
}
