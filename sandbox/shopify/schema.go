package shopify

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/graph-gophers/graphql-go"
)

//go:embed admin.graphql
var sdl string

// root resolves the fields at the top of queries and mutations.
type root struct{ shop *Shop }

type shopInfo struct {
	object
	Name, CurrencyCode string
}

type idArg struct{ ID graphql.ID }

type ordersArgs struct {
	First, Last   *int32
	After, Before *string
	Reverse       bool
	SortKey       string
	Query         *string
}

func (a ordersArgs) page() pageArgs {
	return pageArgs{First: a.First, Last: a.Last, After: a.After, Before: a.Before}
}

func (r *root) Shop(ctx context.Context) shopInfo {
	info := shopInfo{object{gid("Shop", 1)}, r.shop.options.Name, r.shop.options.Currency}
	see(ctx, "QueryRoot", "shop", pageArgs{})
	return info
}

func (r *root) Orders(ctx context.Context, a ordersArgs) (*connection[*order], error) {
	if see(ctx, "QueryRoot", "orders", a.page()) {
		return &connection[*order]{Edges: []edge[*order]{}}, nil
	}
	book, err := r.shop.book(ctx)
	if err != nil {
		return nil, err
	}
	query := ""
	if a.Query != nil {
		query = *a.Query
	}
	by := sorting{key: a.SortKey, descending: a.Reverse}
	all, err := found(book.orders, query, by)
	if err != nil {
		return nil, err
	}
	if run := bulkOf(ctx); run != nil {
		from := min(run.done, len(all.items))
		to := min(from+maxPage, len(all.items))
		run.done, run.more = to, to < len(all.items)
		return all.between(from, to), nil
	}
	return all.page(a.page())
}

func (r *root) Order(ctx context.Context, a idArg) (*order, error) {
	return lookUp[*order](ctx, r.shop, "order", a.ID)
}

func (r *root) Return(ctx context.Context, a idArg) (*shopReturn, error) {
	return lookUp[*shopReturn](ctx, r.shop, "return", a.ID)
}

func (r *root) Refund(ctx context.Context, a idArg) (*refund, error) {
	return lookUp[*refund](ctx, r.shop, "refund", a.ID)
}

func (r *root) Fulfillment(ctx context.Context, a idArg) (*fulfilment, error) {
	return lookUp[*fulfilment](ctx, r.shop, "fulfillment", a.ID)
}

// lookUp finds an object of one kind; an id that names nothing gives null, as with Shopify.
func lookUp[T any](ctx context.Context, shop *Shop, field string, id graphql.ID) (T, error) {
	var none T
	if see(ctx, "QueryRoot", field, pageArgs{}) {
		return none, nil
	}
	if err := checkID(id); err != nil {
		return none, err
	}
	book, err := shop.book(ctx)
	if err != nil {
		return none, err
	}
	v, ok := book.nodes[id].(T)
	if !ok {
		return none, nil
	}
	return v, nil
}

func checkID(id graphql.ID) error {
	if !strings.HasPrefix(string(id), "gid://shopify/") {
		return fmt.Errorf("invalid global id %q", id)
	}
	return nil
}

func (r *root) Node(ctx context.Context, a idArg) (*node, error) {
	if see(ctx, "QueryRoot", "node", pageArgs{}) {
		return nil, nil
	}
	return r.node(ctx, a.ID)
}

func (r *root) node(ctx context.Context, id graphql.ID) (*node, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	if op := r.shop.bulk.find(id); op != nil {
		return &node{op.view(ctx)}, nil
	}
	book, err := r.shop.book(ctx)
	if err != nil {
		return nil, err
	}
	if v, ok := book.nodes[id]; ok {
		return &node{v}, nil
	}
	return nil, nil
}

func (r *root) Nodes(ctx context.Context, a struct{ IDs []graphql.ID }) ([]*node, error) {
	if see(ctx, "QueryRoot", "nodes", pageArgs{}) {
		return nil, nil
	}
	out := make([]*node, len(a.IDs))
	for i, id := range a.IDs {
		n, err := r.node(ctx, id)
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

func (r *root) BulkOperation(ctx context.Context, a idArg) (*bulkOperation, error) {
	if see(ctx, "QueryRoot", "bulkOperation", pageArgs{}) {
		return nil, nil
	}
	if err := checkID(a.ID); err != nil {
		return nil, err
	}
	if op := r.shop.bulk.find(a.ID); op != nil {
		return op.view(ctx), nil
	}
	return nil, nil
}

// appInstallation is the app whose token asks, which may read all that the simulated shops tell.
type appInstallation struct {
	object
	AccessScopes []accessScope
}

type accessScope struct{ Handle, Description string }

func (r *root) CurrentAppInstallation(ctx context.Context) *appInstallation {
	see(ctx, "QueryRoot", "currentAppInstallation", pageArgs{})
	out := &appInstallation{object: object{gid("AppInstallation", 1)}}
	for _, handle := range []string{"read_all_orders", "read_orders", "read_returns", "read_products", "read_inventory", "read_payment_terms"} {
		out.AccessScopes = append(out.AccessScopes, accessScope{handle, "Read"})
	}
	return out
}

func (r *root) CurrentBulkOperation(ctx context.Context, a struct{ Type string }) *bulkOperation {
	if see(ctx, "QueryRoot", "currentBulkOperation", pageArgs{}) || a.Type != "QUERY" {
		return nil
	}
	if op := r.shop.bulk.newest(); op != nil {
		return op.view(ctx)
	}
	return nil
}

// node is any object that has an id.
type node struct{ of any }

func as[T any](n *node) (T, bool) {
	v, ok := n.of.(T)
	return v, ok
}

// ID answers the one field that every Node has.
func (n *node) ID() graphql.ID {
	if v, ok := n.of.(interface{ gid() string }); ok {
		return graphql.ID(v.gid())
	}
	return ""
}

func (n *node) ToShop() (*shopInfo, bool)                         { return as[*shopInfo](n) }
func (n *node) ToAppInstallation() (*appInstallation, bool)       { return as[*appInstallation](n) }
func (n *node) ToPaymentTerms() (*paymentTerms, bool)             { return as[*paymentTerms](n) }
func (n *node) ToOrder() (*order, bool)                           { return as[*order](n) }
func (n *node) ToLineItem() (*lineItem, bool)                     { return as[*lineItem](n) }
func (n *node) ToProductVariant() (*productVariant, bool)         { return as[*productVariant](n) }
func (n *node) ToInventoryItem() (*inventoryItem, bool)           { return as[*inventoryItem](n) }
func (n *node) ToOrderTransaction() (*orderTransaction, bool)     { return as[*orderTransaction](n) }
func (n *node) ToFulfillment() (*fulfilment, bool)                { return as[*fulfilment](n) }
func (n *node) ToFulfillmentLineItem() (*fulfilmentLine, bool)    { return as[*fulfilmentLine](n) }
func (n *node) ToRefund() (*refund, bool)                         { return as[*refund](n) }
func (n *node) ToRefundShippingLine() (*refundShippingLine, bool) { return as[*refundShippingLine](n) }
func (n *node) ToOrderAdjustment() (*orderAdjustment, bool)       { return as[*orderAdjustment](n) }
func (n *node) ToReturn() (*shopReturn, bool)                     { return as[*shopReturn](n) }
func (n *node) ToReturnLineItem() (*returnLine, bool)             { return as[*returnLine](n) }
func (n *node) ToReverseFulfillmentOrder() (*reverseFulfilmentOrder, bool) {
	return as[*reverseFulfilmentOrder](n)
}
func (n *node) ToReverseDelivery() (*reverseDelivery, bool) { return as[*reverseDelivery](n) }
func (n *node) ToBulkOperation() (*bulkOperation, bool)     { return as[*bulkOperation](n) }

// index lists an order and what hangs on it by id.
func index(nodes map[graphql.ID]any, o *order) {
	nodes[o.ID] = o
	for _, l := range o.lines {
		nodes[l.ID] = l
	}
	for _, t := range o.transactions {
		nodes[t.ID] = t
	}
	for _, f := range o.fulfilments {
		nodes[f.ID] = f
	}
	for _, r := range o.refunds {
		nodes[r.ID] = r
	}
	for _, r := range slices.Backward(o.returns) {
		nodes[r.ID] = r
		for _, rev := range r.reverse {
			nodes[rev.ID] = rev
		}
	}
}
