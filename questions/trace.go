package questions

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"
)

// traceOrders finds the orders that a reference means: an order's name or id, a tracking number, a return, a refund, a PSP reference.
//
//go:embed trace_orders.sql
var traceOrders string

// traceTimeline is everything that is known of one order, in order of time.
//
//go:embed trace_timeline.sql
var traceTimeline string

// Step is one step of an order's life and the line that says so.
type Step struct {
	At     time.Time `json:"at"`
	System string    `json:"system"`
	What   string    `json:"what"`
	Detail string    `json:"detail"`
	File   string    `json:"file"`
	Line   int64     `json:"line"`
}

// Order is an order with all that is known of it.
type Order struct {
	ID     string   `json:"order_id"`
	Name   string   `json:"order_name"`
	Brand  string   `json:"brand"`
	Status string   `json:"status"`
	Steps  []Step   `json:"steps"`
	Gaps   []string `json:"gaps"`
}

// ErrNoOrder says that the reference is known in no system.
var ErrNoOrder = errors.New("is no order, parcel, return, refund or payment that the marts know")

// Trace shows the orders that a reference means, each through every system; ErrNoOrder where it means none. A '#' before a name is left out.
func (m *Marts) Trace(ctx context.Context, ref string) ([]Order, error) {
	orders, err := m.findOrders(ctx, strings.TrimPrefix(strings.TrimSpace(ref), "#"))
	if err != nil {
		return nil, err
	}
	if len(orders) == 0 {
		return nil, fmt.Errorf("%s %w; `waybill files list` shows what was received", ref, ErrNoOrder)
	}
	for i := range orders {
		if err := m.trace(ctx, &orders[i]); err != nil {
			return nil, err
		}
	}
	return orders, nil
}

func (m *Marts) findOrders(ctx context.Context, ref string) ([]Order, error) {
	rows, err := m.QueryContext(ctx, traceOrders, ref)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", ref, err)
	}
	defer rows.Close()
	var orders []Order
	for rows.Next() {
		var o Order
		if err := rows.Scan(&o.ID, &o.Name, &o.Brand, &o.Status); err != nil {
			return nil, fmt.Errorf("look up %s: %w", ref, err)
		}
		orders = append(orders, o)
	}
	return orders, rows.Err()
}

// trace fills in the timeline and the open breaks.
func (m *Marts) trace(ctx context.Context, o *Order) error {
	rows, err := m.QueryContext(ctx, traceTimeline, o.ID)
	if err != nil {
		return fmt.Errorf("trace %s: %w", o.ID, err)
	}
	defer rows.Close()
	for rows.Next() {
		var t Step
		if err := rows.Scan(&t.At, &t.System, &t.What, &t.Detail, &t.File, &t.Line); err != nil {
			return fmt.Errorf("trace %s: %w", o.ID, err)
		}
		if t.System == "break" {
			o.Gaps = append(o.Gaps, t.What+": "+t.Detail)
			continue
		}
		o.Steps = append(o.Steps, t)
	}
	return rows.Err()
}
