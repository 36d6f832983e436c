// Package stripe is one account of the sandbox behind Stripe's API (docs.stripe.com/api): the lists of balance transactions,
// payouts and disputes with their paging, windows of creation, expanded sources and refusals. What the account holds is given
// to it as of an instant; it knows no simulated world, no shop and nothing of Waybill.
package stripe

import "time"

// Version is the API version served; a call that asks for another is refused.
const Version = "2026-08-26.dahlia"

// Amounts are whole minor units of their currency, whose code is in lower case: 1099 gbp is 10.99 pounds, 1099 jpy 1099 yen.
// Times are served as seconds since 1970; a zero time is null.

// BalanceTransaction is one movement on the account's balance.
type BalanceTransaction struct {
	ID                string
	Type              string // charge, refund, adjustment, payout, stripe_fee, …
	ReportingCategory string // charge, refund, dispute, dispute_reversal, fee, payout, …
	Currency          string // of the balance
	Amount            int64  // gross, signed: positive to the account
	Fee               int64  // positive when charged; what is left is Amount - Fee
	FeeDetails        []Fee
	ExchangeRate      string // decimal text; empty when nothing was converted
	Description       string
	Created           time.Time
	AvailableOn       time.Time // from then on its status is available, before pending
	Payout            string    // the automatic payout that settled it; of a payout's own movement that payout
	Source            Source
}

// Fee is a part of a transaction's fee.
type Fee struct {
	Type        string // stripe_fee, tax, payment_method_passthrough_fee, …
	Amount      int64
	Currency    string
	Description string
}

// Source is what a transaction is about: one of these, or none of them for fees of the account.
type Source struct {
	Charge  *Charge
	Refund  *Refund
	Dispute string // its id
	Payout  string // its id
}

// Charge is a payment as the customer made it, in the currency of the shop's prices.
type Charge struct {
	ID            string
	PaymentIntent string
	Amount        int64
	Currency      string
	Created       time.Time
	Description   string
	Metadata      map[string]string // what the shop wrote to it: order_id, …
	Method        string            // card, klarna, paypal, …
	Card          *Card             // of Method card
	Name, Email   string            // of the customer: personal data, which the API shows whenever a source is expanded
	Country       string            // of the billing address
}

// Card is what the API tells of a card.
type Card struct {
	Brand   string // visa, mastercard, amex, …
	Country string // of the issuer
	Funding string // credit, debit, prepaid, unknown
	Last4   string
	Wallet  string // apple_pay, google_pay; empty for none
}

// Refund is money given back for a charge.
type Refund struct {
	ID            string
	Charge        string
	PaymentIntent string
	Amount        int64
	Currency      string
	Created       time.Time
	Reason        string // requested_by_customer, duplicate, fraudulent; empty for none
	Status        string // pending, requires_action, succeeded, failed, canceled
	Reference     string // the acquirer reference number, empty until there is one
	Metadata      map[string]string
}

// Payout is money sent to the bank, or taken from it where the amount is negative.
type Payout struct {
	ID                        string
	Amount                    int64
	Currency                  string
	Created                   time.Time
	ArrivalDate               time.Time // midnight UTC of the day
	Automatic                 bool
	Method                    string // standard, instant
	Status                    string // pending, in_transit, paid, canceled, failed
	ReconciliationStatus      string // completed, in_progress, not_applicable
	BalanceTransaction        string
	FailureBalanceTransaction string
	FailureCode               string
	OriginalPayout            string
	ReversedBy                string
	StatementDescriptor       string
	TraceID                   string // the bank's reference, empty while there is none
}

// Dispute is a customer's complaint at the bank.
type Dispute struct {
	ID                  string
	Charge              string
	PaymentIntent       string
	Amount              int64
	Currency            string
	Created             time.Time
	Reason              string // fraudulent, product_not_received, …
	Status              string // needs_response, under_review, won, lost, warning_needs_response, …
	DueBy               time.Time
	NoResponse          bool // the bank takes no answer: due_by is 0
	HasEvidence         bool
	PastDue             bool
	SubmissionCount     int
	Refundable          bool
	Brand               string // of the card; empty where it was paid in another way
	CaseType            string // chargeback, inquiry, compliance, …
	NetworkReasonCode   string
	BalanceTransactions []string // ids: of the withdrawal, then of the reinstatement
	Metadata            map[string]string
}
