package shopify

import (
	"context"
	"fmt"

	"github.com/fourmarketing/waybill/sandbox/world"
)

// agreement is the interface SalesAgreement: what shop and customer agreed on at an instant
// (https://shopify.dev/docs/api/admin-graphql/2026-01/interfaces/SalesAgreement).
type agreement struct {
	object
	HappenedAt dateTime
	Reason     string
	sales      []*sale
}

func (a *agreement) Sales(ctx context.Context, p pageArgs) (*connection[*sale], error) {
	return nested(ctx, a.sales, p)
}

func (a *agreement) as(kind string) (*agreement, bool) { return a, a.is() == kind }

// is the type that the gid names.
func (a *agreement) is() string {
	switch a.Reason {
	case "ORDER_EDIT":
		return "OrderEditAgreement"
	case "RETURN":
		return "ReturnAgreement"
	}
	return "OrderAgreement"
}

func (a *agreement) ToOrderAgreement() (*agreement, bool)     { return a.as("OrderAgreement") }
func (a *agreement) ToOrderEditAgreement() (*agreement, bool) { return a.as("OrderEditAgreement") }
func (a *agreement) ToReturnAgreement() (*agreement, bool)    { return a.as("ReturnAgreement") }

// sale is the interface Sale; the simulated shops tell those of products alone.
type sale struct{ productSale }

type productSale struct {
	object
	ActionType, LineType string
	Quantity             *int32
	LineItem             *lineItem
}

func (s *sale) ToProductSale() (*productSale, bool) { return &s.productSale, true }

// agreements are the order as it was placed, and one for each line that was added later.
func (c *converter) agreements() error {
	later := map[int64]bool{}
	for _, a := range c.src.Additions {
		later[a.LineID] = true
	}
	first := &agreement{object: object{gid("OrderAgreement", c.src.ID)}, HappenedAt: instant(c.src.CreatedAt), Reason: "ORDER"}
	for _, l := range c.src.Lines {
		if !later[l.ID] {
			first.sales = append(first.sales, c.sold(l.ID, l.Quantity))
		}
	}
	c.out.agreements = []*agreement{first}
	for _, a := range c.src.Additions {
		if _, err := c.line(a.LineID); err != nil {
			return fmt.Errorf("agreement: %w", err)
		}
		c.out.agreements = append(c.out.agreements, c.agreed(a))
	}
	return nil
}

func (c *converter) agreed(a world.ShopAddition) *agreement {
	out := &agreement{HappenedAt: instant(a.At), Reason: map[string]string{"edit": "ORDER_EDIT", "exchange": "RETURN"}[a.By]}
	out.ID = gid(out.is(), a.LineID)
	out.sales = []*sale{c.sold(a.LineID, a.Quantity)}
	return out
}

func (c *converter) sold(line int64, quantity int) *sale {
	n := int32(quantity)
	return &sale{productSale{
		object: object{gid("Sale", line)}, ActionType: "ORDER", LineType: "PRODUCT", Quantity: &n, LineItem: c.lines[line],
	}}
}

func (o *order) Agreements(ctx context.Context, a pageArgs) (*connection[*agreement], error) {
	return nested(ctx, o.agreements, a)
}
