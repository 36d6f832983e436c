package stripe

import (
	"encoding/json"
	"time"
)

// The objects as the API writes them. Members that are null where there is nothing are pointers.

type balanceTransactionObject struct {
	ID                string       `json:"id"`
	Object            string       `json:"object"`
	Amount            int64        `json:"amount"`
	AvailableOn       int64        `json:"available_on"`
	BalanceType       string       `json:"balance_type"`
	Created           int64        `json:"created"`
	Currency          string       `json:"currency"`
	Description       *string      `json:"description"`
	ExchangeRate      *json.Number `json:"exchange_rate"`
	Fee               int64        `json:"fee"`
	FeeDetails        []feeObject  `json:"fee_details"`
	Net               int64        `json:"net"`
	ReportingCategory string       `json:"reporting_category"`
	Source            any          `json:"source"` // an id, an object when expanded, or null
	Status            string       `json:"status"`
	Type              string       `json:"type"`
}

type feeObject struct {
	Amount      int64   `json:"amount"`
	Application *string `json:"application"`
	Currency    string  `json:"currency"`
	Description *string `json:"description"`
	Type        string  `json:"type"`
}

type address struct {
	City       *string `json:"city"`
	Country    *string `json:"country"`
	Line1      *string `json:"line1"`
	Line2      *string `json:"line2"`
	PostalCode *string `json:"postal_code"`
	State      *string `json:"state"`
}

type billingDetails struct {
	Address address `json:"address"`
	Email   *string `json:"email"`
	Name    *string `json:"name"`
	Phone   *string `json:"phone"`
	TaxID   *string `json:"tax_id"`
}

type wallet struct {
	Type string `json:"type"`
}

type cardObject struct {
	Brand   string  `json:"brand"`
	Country string  `json:"country"`
	Funding string  `json:"funding"`
	Last4   string  `json:"last4"`
	Network string  `json:"network"`
	Wallet  *wallet `json:"wallet"`
}

type chargeObject struct {
	ID                   string            `json:"id"`
	Object               string            `json:"object"`
	Amount               int64             `json:"amount"`
	AmountCaptured       int64             `json:"amount_captured"`
	BalanceTransaction   string            `json:"balance_transaction"`
	BillingDetails       billingDetails    `json:"billing_details"`
	Captured             bool              `json:"captured"`
	Created              int64             `json:"created"`
	Currency             string            `json:"currency"`
	Customer             *string           `json:"customer"`
	Description          *string           `json:"description"`
	Livemode             bool              `json:"livemode"`
	Metadata             map[string]string `json:"metadata"`
	Paid                 bool              `json:"paid"`
	PaymentIntent        *string           `json:"payment_intent"`
	PaymentMethodDetails map[string]any    `json:"payment_method_details"`
	ReceiptEmail         *string           `json:"receipt_email"`
	ReceiptURL           string            `json:"receipt_url"`
	Status               string            `json:"status"`
}

type refundObject struct {
	ID                 string            `json:"id"`
	Object             string            `json:"object"`
	Amount             int64             `json:"amount"`
	BalanceTransaction string            `json:"balance_transaction"`
	Charge             string            `json:"charge"`
	Created            int64             `json:"created"`
	Currency           string            `json:"currency"`
	DestinationDetails map[string]any    `json:"destination_details"`
	Metadata           map[string]string `json:"metadata"`
	PaymentIntent      *string           `json:"payment_intent"`
	Reason             *string           `json:"reason"`
	Status             string            `json:"status"`
}

type traceObject struct {
	Status string  `json:"status"`
	Value  *string `json:"value"`
}

type payoutObject struct {
	ID                        string            `json:"id"`
	Object                    string            `json:"object"`
	Amount                    int64             `json:"amount"`
	ArrivalDate               int64             `json:"arrival_date"`
	Automatic                 bool              `json:"automatic"`
	BalanceTransaction        *string           `json:"balance_transaction"`
	Created                   int64             `json:"created"`
	Currency                  string            `json:"currency"`
	Description               string            `json:"description"`
	FailureBalanceTransaction *string           `json:"failure_balance_transaction"`
	FailureCode               *string           `json:"failure_code"`
	Livemode                  bool              `json:"livemode"`
	Metadata                  map[string]string `json:"metadata"`
	Method                    string            `json:"method"`
	OriginalPayout            *string           `json:"original_payout"`
	ReconciliationStatus      string            `json:"reconciliation_status"`
	ReversedBy                *string           `json:"reversed_by"`
	SourceType                string            `json:"source_type"`
	StatementDescriptor       *string           `json:"statement_descriptor"`
	Status                    string            `json:"status"`
	TraceID                   *traceObject      `json:"trace_id"`
	Type                      string            `json:"type"`
}

type evidenceDetails struct {
	DueBy               *int64         `json:"due_by"`
	EnhancedEligibility map[string]any `json:"enhanced_eligibility"`
	HasEvidence         bool           `json:"has_evidence"`
	PastDue             bool           `json:"past_due"`
	SubmissionCount     int            `json:"submission_count"`
}

type disputeObject struct {
	ID                       string                     `json:"id"`
	Object                   string                     `json:"object"`
	Amount                   int64                      `json:"amount"`
	BalanceTransactions      []balanceTransactionObject `json:"balance_transactions"`
	Charge                   string                     `json:"charge"`
	Created                  int64                      `json:"created"`
	Currency                 string                     `json:"currency"`
	EnhancedEligibilityTypes []string                   `json:"enhanced_eligibility_types"`
	Evidence                 map[string]*string         `json:"evidence"`
	EvidenceDetails          evidenceDetails            `json:"evidence_details"`
	IsChargeRefundable       bool                       `json:"is_charge_refundable"`
	Livemode                 bool                       `json:"livemode"`
	Metadata                 map[string]string          `json:"metadata"`
	PaymentIntent            *string                    `json:"payment_intent"`
	PaymentMethodDetails     map[string]any             `json:"payment_method_details,omitempty"`
	Reason                   string                     `json:"reason"`
	Status                   string                     `json:"status"`
}

// book is what the account holds as of an instant.
type book struct {
	at           time.Time
	transactions []BalanceTransaction
	payouts      []Payout
	disputes     []Dispute
}

func (b book) transaction(id string) (BalanceTransaction, bool) {
	for _, t := range b.transactions {
		if t.ID == id {
			return t, true
		}
	}
	return BalanceTransaction{}, false
}

func (b book) payout(id string) (Payout, bool) {
	for _, p := range b.payouts {
		if p.ID == id {
			return p, true
		}
	}
	return Payout{}, false
}

func (b book) dispute(id string) (Dispute, bool) {
	for _, d := range b.disputes {
		if d.ID == id {
			return d, true
		}
	}
	return Dispute{}, false
}

// plainTransaction has its source as an id.
func (b book) plainTransaction(t BalanceTransaction) balanceTransactionObject {
	out := balanceTransactionObject{
		ID: t.ID, Object: "balance_transaction", Amount: t.Amount, AvailableOn: t.AvailableOn.Unix(), BalanceType: "payments",
		Created: t.Created.Unix(), Currency: t.Currency, Description: orNull(t.Description), Fee: t.Fee, FeeDetails: []feeObject{},
		Net: t.Amount - t.Fee, ReportingCategory: t.ReportingCategory, Status: "pending", Type: t.Type,
	}
	if !t.AvailableOn.After(b.at) {
		out.Status = "available"
	}
	if t.ExchangeRate != "" {
		rate := json.Number(t.ExchangeRate)
		out.ExchangeRate = &rate
	}
	for _, f := range t.FeeDetails {
		out.FeeDetails = append(out.FeeDetails, feeObject{Amount: f.Amount, Currency: f.Currency, Description: orNull(f.Description), Type: f.Type})
	}
	if id := t.Source.id(); id != "" {
		out.Source = id
	}
	return out
}

// id is that of what the transaction is about, empty for none.
func (s Source) id() string {
	switch {
	case s.Charge != nil:
		return s.Charge.ID
	case s.Refund != nil:
		return s.Refund.ID
	case s.Dispute != "":
		return s.Dispute
	}
	return s.Payout
}

// fullTransaction has its source as an object.
func (b book) fullTransaction(t BalanceTransaction) balanceTransactionObject {
	out := b.plainTransaction(t)
	switch s := t.Source; {
	case s.Charge != nil:
		out.Source = chargeOf(*s.Charge, t.ID)
	case s.Refund != nil:
		out.Source = refundOf(*s.Refund, t.ID)
	case s.Dispute != "":
		if d, ok := b.dispute(s.Dispute); ok {
			out.Source = b.disputeOf(d)
		}
	case s.Payout != "":
		if p, ok := b.payout(s.Payout); ok {
			out.Source = payoutOf(p)
		}
	}
	return out
}

func chargeOf(c Charge, transaction string) chargeObject {
	method := map[string]any{"type": c.Method}
	if c.Card != nil {
		card := cardObject{Brand: c.Card.Brand, Country: c.Card.Country, Funding: c.Card.Funding, Last4: c.Card.Last4, Network: c.Card.Brand}
		if c.Card.Wallet != "" {
			card.Wallet = &wallet{c.Card.Wallet}
		}
		method["card"] = card
	}
	return chargeObject{
		ID: c.ID, Object: "charge", Amount: c.Amount, AmountCaptured: c.Amount, BalanceTransaction: transaction, Captured: true,
		BillingDetails: billingDetails{Address: address{Country: orNull(c.Country)}, Email: orNull(c.Email), Name: orNull(c.Name)},
		Created:        c.Created.Unix(), Currency: c.Currency, Description: orNull(c.Description), Livemode: true, Metadata: orEmpty(c.Metadata),
		Paid: true, PaymentIntent: orNull(c.PaymentIntent), PaymentMethodDetails: method, ReceiptEmail: orNull(c.Email),
		ReceiptURL: "https://pay.stripe.com/receipts/" + c.ID, Status: "succeeded",
	}
}

func refundOf(r Refund, transaction string) refundObject {
	card := map[string]string{"type": "refund", "reference_status": "pending"}
	if r.Reference != "" {
		card["reference"], card["reference_status"], card["reference_type"] = r.Reference, "available", "acquirer_reference_number"
	}
	return refundObject{
		ID: r.ID, Object: "refund", Amount: r.Amount, BalanceTransaction: transaction, Charge: r.Charge, Created: r.Created.Unix(),
		Currency: r.Currency, DestinationDetails: map[string]any{"type": "card", "card": card}, Metadata: orEmpty(r.Metadata),
		PaymentIntent: orNull(r.PaymentIntent), Reason: orNull(r.Reason), Status: r.Status,
	}
}

func payoutOf(p Payout) payoutObject {
	trace := traceObject{Status: "pending"}
	if p.TraceID != "" {
		trace = traceObject{Status: "supported", Value: &p.TraceID}
	}
	return payoutObject{
		ID: p.ID, Object: "payout", Amount: p.Amount, ArrivalDate: p.ArrivalDate.Unix(), Automatic: p.Automatic,
		BalanceTransaction: orNull(p.BalanceTransaction), Created: p.Created.Unix(), Currency: p.Currency, Description: "STRIPE PAYOUT",
		FailureBalanceTransaction: orNull(p.FailureBalanceTransaction), FailureCode: orNull(p.FailureCode), Livemode: true,
		Metadata: map[string]string{}, Method: p.Method, OriginalPayout: orNull(p.OriginalPayout), ReconciliationStatus: p.ReconciliationStatus,
		ReversedBy: orNull(p.ReversedBy), SourceType: "card", StatementDescriptor: orNull(p.StatementDescriptor), Status: p.Status,
		TraceID: &trace, Type: "bank_account",
	}
}

func (b book) disputeOf(d Dispute) disputeObject {
	out := disputeObject{
		ID: d.ID, Object: "dispute", Amount: d.Amount, BalanceTransactions: []balanceTransactionObject{}, Charge: d.Charge,
		Created: d.Created.Unix(), Currency: d.Currency, EnhancedEligibilityTypes: []string{},
		Evidence: map[string]*string{"customer_name": nil, "customer_email_address": nil, "customer_purchase_ip": nil, "billing_address": nil},
		EvidenceDetails: evidenceDetails{
			EnhancedEligibility: map[string]any{}, HasEvidence: d.HasEvidence, PastDue: d.PastDue, SubmissionCount: d.SubmissionCount,
		},
		IsChargeRefundable: d.Refundable, Livemode: true, Metadata: orEmpty(d.Metadata), PaymentIntent: orNull(d.PaymentIntent),
		Reason: d.Reason, Status: d.Status,
	}
	if due := d.DueBy.Unix(); d.NoResponse {
		out.EvidenceDetails.DueBy = new(int64)
	} else if !d.DueBy.IsZero() {
		out.EvidenceDetails.DueBy = &due
	}
	if d.Brand != "" {
		card := map[string]any{"brand": d.Brand, "case_type": d.CaseType, "network": d.Brand, "network_reason_code": orNull(d.NetworkReasonCode)}
		out.PaymentMethodDetails = map[string]any{"type": "card", "card": card}
	}
	for _, id := range d.BalanceTransactions {
		if t, ok := b.transaction(id); ok {
			out.BalanceTransactions = append(out.BalanceTransactions, b.plainTransaction(t))
		}
	}
	return out
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
