package shopify

import (
	"context"
	"fmt"
	"time"

	"github.com/graph-gophers/graphql-go"

	"github.com/fourmarketing/waybill/sandbox/world"
)

// dateTime, decimal, link and unsigned are Shopify's own scalars: all of them JSON strings.
type (
	dateTime string
	decimal  string
	link     string
	unsigned string
)

func (dateTime) ImplementsGraphQLType(name string) bool { return name == "DateTime" }
func (decimal) ImplementsGraphQLType(name string) bool  { return name == "Decimal" }
func (link) ImplementsGraphQLType(name string) bool     { return name == "URL" }
func (unsigned) ImplementsGraphQLType(name string) bool { return name == "UnsignedInt64" }

func (d *dateTime) UnmarshalGraphQL(v any) error { return fromText((*string)(d), v) }
func (d *decimal) UnmarshalGraphQL(v any) error  { return fromText((*string)(d), v) }
func (l *link) UnmarshalGraphQL(v any) error     { return fromText((*string)(l), v) }
func (u *unsigned) UnmarshalGraphQL(v any) error { return fromText((*string)(u), v) }

func fromText(to *string, v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("read scalar: want a string, got %T", v)
	}
	*to = s
	return nil
}

func instant(t time.Time) dateTime { return dateTime(t.UTC().Format("2006-01-02T15:04:05Z")) }

func instantOrNull(t time.Time) *dateTime {
	if t.IsZero() {
		return nil
	}
	d := instant(t)
	return &d
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func gid(kind string, id int64) graphql.ID {
	return graphql.ID(fmt.Sprintf("gid://shopify/%s/%d", kind, id))
}

// object is what every Node has.
type object struct{ ID graphql.ID }

func (o object) gid() string { return string(o.ID) }

type moneyV2 struct {
	Amount       decimal
	CurrencyCode string
}

// moneyBag has both sides the same but for movements of money: what else the customer saw in another currency, nobody asks.
type moneyBag struct{ ShopMoney, PresentmentMoney moneyV2 }

func bag(m world.Money) moneyBag {
	v := moneyV2{decimal(m.Amount), m.Currency}
	return moneyBag{v, v}
}

type order struct {
	object
	LegacyResourceID                            unsigned
	Name                                        string
	Test, Closed, TaxesIncluded, Edited         bool
	CurrentSubtotalLineItemsQuantity            int32
	CreatedAt, UpdatedAt, ProcessedAt           dateTime
	CancelledAt, ClosedAt                       *dateTime
	CancelReason, DisplayFinancialStatus, Email *string
	DisplayFulfillmentStatus                    string
	CurrencyCode, PresentmentCurrencyCode       string
	Tags                                        []string
	TotalPriceSet, CurrentTotalPriceSet         moneyBag
	SubtotalPriceSet, TotalDiscountsSet         *moneyBag
	TotalTaxSet                                 *moneyBag
	TotalShippingPriceSet, TotalRefundedSet     moneyBag
	ShippingAddress                             *mailingAddress
	ShippingLine                                *shippingLine
	PaymentTerms                                *paymentTerms
	transactions                                []*orderTransaction
	fulfilments                                 []*fulfilment
	refunds                                     []*refund
	lines                                       []*lineItem
	agreements                                  []*agreement
	returns                                     []*shopReturn
	number                                      int64
	created, updated                            time.Time
}

// paymentTerms are what shop and customer agreed on when the money comes.
type paymentTerms struct {
	object
	PaymentTermsName, PaymentTermsType string
	DueInDays                          *int32
	Overdue                            bool
}

type mailingAddress struct{ Name, Zip, City, CountryCodeV2 *string }

type shippingLine struct {
	Title            string
	Code             *string
	OriginalPriceSet moneyBag
}

type firstArg struct{ First *int32 }

func head[T any](items []T, a firstArg) []T {
	if a.First == nil {
		return items
	}
	return items[:min(len(items), max(0, int(*a.First)))]
}

func (o *order) Transactions(a firstArg) []*orderTransaction { return head(o.transactions, a) }
func (o *order) Fulfillments(a firstArg) []*fulfilment       { return head(o.fulfilments, a) }
func (o *order) Refunds(a firstArg) []*refund                { return head(o.refunds, a) }

func (o *order) LineItems(ctx context.Context, a pageArgs) (*connection[*lineItem], error) {
	return nested(ctx, o.lines, a)
}

func (o *order) Returns(ctx context.Context, a pageArgs) (*connection[*shopReturn], error) {
	return nested(ctx, o.returns, a)
}

type lineItem struct {
	object
	Sku                                    *string
	Name, Title                            string
	Quantity, CurrentQuantity              int32
	RequiresShipping                       bool
	OriginalUnitPriceSet, OriginalTotalSet moneyBag
	TotalDiscountSet, DiscountedTotalSet   moneyBag
	Variant                                *productVariant
	tax                                    []taxLine
}

func (l *lineItem) TaxLines(a firstArg) []taxLine { return head(l.tax, a) }

type taxLine struct {
	Title    string
	PriceSet moneyBag
}

type productVariant struct {
	object
	Sku           *string
	InventoryItem *inventoryItem
}

type inventoryItem struct {
	object
	Sku      *string
	UnitCost *moneyV2
}

type orderTransaction struct {
	object
	Kind, Status                          string
	Gateway, PaymentID, AuthorizationCode *string
	CreatedAt                             dateTime
	ProcessedAt                           *dateTime
	Test                                  bool
	ParentTransaction                     *orderTransaction
	AmountSet                             moneyBag
}

type fulfilment struct {
	object
	Name, Status         string
	CreatedAt, UpdatedAt dateTime
	TotalQuantity        int32
	Order                *order
	tracking             []trackingInfo
	lines                []*fulfilmentLine
}

type trackingInfo struct {
	Number, Company *string
	URL             *link
}

type fulfilmentLine struct {
	object
	Quantity *int32
	LineItem *lineItem
}

func (f *fulfilment) TrackingInfo(a firstArg) []trackingInfo { return head(f.tracking, a) }

func (f *fulfilment) FulfillmentLineItems(ctx context.Context, a pageArgs) (*connection[*fulfilmentLine], error) {
	return nested(ctx, f.lines, a)
}
