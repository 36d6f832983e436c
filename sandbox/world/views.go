package world

import "time"

// The views are what a partner's system knows at an instant. The partners' packages put them on the wire in each
// partner's own words and protocol; they add no facts. Money is a decimal string in major units ("31.45").

// Money is an amount in a currency.
type Money struct{ Amount, Currency string }

// ShopOrder is an order as its web shop knows it. Words are the group's own; a shop system has its own for them.
type ShopOrder struct {
	ID                             int64
	Name                           string // AV1001
	Test                           bool
	CreatedAt, UpdatedAt           time.Time
	CancelledAt, ClosedAt          time.Time // zero when not
	DeletedAt                      time.Time // when it was thrown away, of a shop that keeps what it throws away
	CancelReason                   string    // customer, fraud, inventory, other
	FinancialStatus                string    // paid, pending, authorised, voided, partially_refunded, refunded; draft while nobody has ordered it
	Terms                          string    // under which the goods go before their money: invoice, door
	FulfillmentStatus              string    // fulfilled, partially_fulfilled, unfulfilled, on_hold
	Email, CustomerName            string
	ShipCountry, ShipZip, ShipCity string
	ShippingTitle, ShippingCode    string // Standard delivery, standard | express, or a word of the shop alone
	Subtotal, Discount, Tax        Money
	Shipping, Total, CurrentTotal  Money
	PresentmentCurrency            string // that the customer paid in; amounts are in the shop's own
	Lines                          []ShopLine
	Transactions                   []ShopTransaction
	Fulfilments                    []ShopFulfilment
	Refunds                        []ShopRefund
	Returns                        []ShopReturn
	Additions                      []ShopAddition
	Edited                         bool
	Tags                           []string
}

// ShopAddition is a line that was added to an order that was there already.
type ShopAddition struct {
	At       time.Time
	By       string // edit, exchange
	LineID   int64
	Quantity int
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
	Kind, Status      string // sale, capture, authorisation, void, refund; success, pending
	Gateway           string // source of the PSP; test for a test order, gift_card, store_credit, elsewhere for a provider of no account, or door for cash
	PaymentID         string // the PSP's merchant reference
	AuthorizationCode string // the PSP's own reference of this movement
	Amount, Presented Money  // in the shop's currency, and in the customer's
	ProcessedAt       time.Time
}

// ShopFulfilment is what the shop was told of a despatch.
type ShopFulfilment struct {
	ID                      int64
	Name, Status            string // AV1001-F1; success
	CreatedAt, UpdatedAt    time.Time
	TrackingNumber, Company string // Company is the carrier's title
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
	DutyTotal     Money // refunded import duties, zero amount when none
}

// ShopRefundLine is one refunded line.
type ShopRefundLine struct {
	ID, LineID    int64
	Quantity      int
	RestockType   string // return, cancel, no_restock
	Restocked     bool   // the shop counts the units among its stock again
	Subtotal, Tax Money
}

// ShopReturn is an announced return.
type ShopReturn struct {
	ID                            int64
	Name, Status                  string // AV1001-R1; requested, open, closed, declined
	CreatedAt, ApprovedAt, Closed time.Time
	Lines                         []ShopReturnLine
	TrackingNumber, Carrier       string // of the reverse delivery; empty when no label was made
}

// ShopReturnLine is one line of an announced return.
type ShopReturnLine struct {
	ID, LineID   int64
	Quantity     int
	Reason, Note string // unwanted, size_too_small, …
}

// Parcel is a parcel as its carrier knows it.
type Parcel struct {
	Carrier, Number string
	Service         string // standard | express
	Back            bool   // a return, from the customer to the warehouse
	From, To        string // countries
	Zip             string // of the customer it goes to
	Scans           []Scan // as the carrier lists them: newest first, in no order for a few, a repeated scan twice
}

// Scan is one event of a parcel.
type Scan struct {
	At                time.Time      // zero where the carrier does not say when
	Zone              *time.Location // of the place
	Event             Event
	Code              string // what the carrier calls the event
	Country, Locality string
	Form              Form
}

// Form is how the time of a scan is written.
type Form int

// The ways of writing a scan's time.
const (
	NaiveTime  Form = iota // local, without offset
	OffsetTime             // local, with its offset
	UTCTime                // in UTC, with Z
)

// Batch is a closed part of an account's balance. The movements that touch the balance sum to 0 in each currency.
type Batch struct {
	No          int
	AvailableAt time.Time
	Movements   []Movement
}

// Movement is a booking on an account's balance, in minor units, signed from the merchant's side.
type Movement struct {
	At          time.Time
	Kind        string // as fct_ledger_entries calls it
	Ref         string // the PSP's reference of the movement
	Currency    string
	Gross, Net  int64
	HasGross    bool // false on rows of the account itself
	Fees        Fees
	Payment     *Payment  // nil on rows of the account itself
	AvailableAt time.Time // from when it may be paid out, where payouts name their movements
	Payout      string    // the payout that is known to have paid it
}

// Payout is money sent to the bank.
type Payout struct {
	Ref, Currency string
	Amount        int64
	MadeAt        time.Time
	Itemised      bool // whether the PSP tells yet what it paid
}

// Payment is what a booking belongs to.
type Payment struct {
	Ref             string // the PSP's
	MerchantRef     string // the shop's
	Method          string
	OrderID         int64
	OrderName       string
	Country         string // of the address
	Customer, Email string
}

// File is one version of a report on a warehouse's server.
type File struct {
	Path       string // relative to the server's root
	Feed       string
	Site       string // code
	Zone       *time.Location
	Run        time.Time // when the report ran
	Seq        int       // 0 in feeds without numbers
	ModifiedAt time.Time
	Flaw       Flaw
	LeftOver   bool // an upload of it broke off at Run, and what came of it still lies there
	Rows       []Row
	Stock      []Stock
	Moves      []StockMove
	Deliveries []Delivery
	Expected   []Expected
}

// StockMove is a change of a site's stock.
type StockMove struct {
	At       time.Time
	No       int
	Article  Article
	What     string // receipt, despatch, return, adjustment, transfer, write_off, or a word of which nobody has heard
	Units    int    // with its sign; of a transfer within the site how many went
	Within   bool   // they lie elsewhere in the site now
	Reason   string
	OrderRef string // empty where it is for no order
}

// Delivery is what a supplier brought of an article.
type Delivery struct {
	Ref, PurchaseOrder, Supplier         string // PurchaseOrder is empty where nobody knew it
	Article                              Article
	Units, Booked                        int
	ArrivedAt, CountedAt, BookedAt, Shut time.Time // zero when not yet; Shut: no more of the line is expected
}

// Expected is a line of a purchase order as it was changed last.
type Expected struct {
	PurchaseOrder, Supplier string
	Line, Units             int
	Article                 Article
	On                      time.Time // midnight UTC of the day
	Status                  string    // open, cancelled
	StatedAt                time.Time
}

// Row is one line of a report; one of Status, Despatch, Receipt is set, or Broken.
type Row struct {
	Broken   int // a kind of row that no contract lets through, from 1; only OrderRef, OrderName and Article are told then
	OrderRef string
	Order    ParcelOrder
	Article  Article
	Status   *Status
	Despatch *Despatch
	Receipt  *Receipt
}

// ParcelOrder is what a warehouse knows of an order.
type ParcelOrder struct {
	ID                        int64
	Name                      string
	Service, Country, Carrier string // Carrier by its source
	Email, Customer           string
}

// Article is what was sold.
type Article struct {
	SKU, Name, EAN string
	Grams          int
}

// Status is a step of an order in a warehouse.
type Status struct {
	At           time.Time
	What         string // received, allocated, picking, picked, packed, despatched, on_hold, …
	Code, Reason string
}

// Despatch is so many units of an order's line in a parcel.
type Despatch struct {
	At             time.Time
	Ref, ParcelRef string
	Tracking       string // empty when the warehouse gave none
	Line           int    // from 1
	Ordered, Units int
	Short          string // why fewer than ordered
	Manifest       string // of the carrier, where its driver has signed it
	ClosedAt       time.Time
	CollectedAt    time.Time // when he signed
}

// Receipt is so many units of an order's line that came back.
type Receipt struct {
	ReceivedAt, ProcessedAt time.Time
	Ref, RMA, Tracking      string
	Units                   int
	Grade                   string // A B C D, X not ours, M missing
	Reason, Note            string
}

// Stock is an article's stock when a report ran.
type Stock struct {
	Article                       Article
	OnHand, Allocated, Quarantine int
}

// Untold stands in a truth table for a value that the world does not know, where it knows others of the column.
const Untold = "<untold>"

// TruthTable is a table of what really happened, every value as text: instants 2026-04-01T12:00:00Z, dates
// 2026-04-01, amounts with two places, true/false, empty for null.
type TruthTable struct {
	Mart    string // marts.fct_orders, or ops.files
	Key     []string
	Columns []string // key columns included
	Within  []string // columns of which the truth tells some values only; rows of the mart with others are nobody's business
	Rows    [][]string
}
