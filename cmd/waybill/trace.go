package main

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// traceOrders finds the orders that a reference means: an order's name or id, a tracking number, a return, a refund, a PSP reference.
//
//go:embed trace_orders.sql
var traceOrders string

// traceTimeline is everything that is known of one order, in order of time.
//
//go:embed trace_timeline.sql
var traceTimeline string

// traced is one step of an order's life and the line that says so.
type traced struct {
	At     time.Time `json:"at"`
	System string    `json:"system"`
	What   string    `json:"what"`
	Detail string    `json:"detail"`
	File   string    `json:"file"`
	Line   int64     `json:"line"`
}

// order is the head of a trace.
type tracedOrder struct {
	ID     string   `json:"order_id"`
	Name   string   `json:"order_name"`
	Brand  string   `json:"brand"`
	Status string   `json:"status"`
	Steps  []traced `json:"steps"`
	Gaps   []string `json:"gaps"`
}

// errNoOrder: the reference is known in no system.
var errNoOrder = errors.New("is no order, parcel, return, refund or payment that the marts know")

func newTrace(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "trace REF",
		Short: "Show one order, parcel, return, refund or payment through every system, on a timeline",
		Example: `  waybill trace AV1001                 an order's name
  waybill trace aster-vale:5000000001  its id
  waybill trace 00340434292135100186   a tracking number
  waybill trace 7429098024927090       a PSP reference`,
		Args: oneArg("one reference"),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := readConfig(s.configPath)
			if err != nil {
				return err
			}
			db, err := openMarts(cfg)
			if err != nil {
				return err
			}
			defer db.Close()
			orders, err := findOrders(c.Context(), db, strings.TrimPrefix(strings.TrimSpace(args[0]), "#"))
			if err != nil {
				return err
			}
			if len(orders) == 0 {
				return fmt.Errorf("%s %w; `waybill files list` shows what was received", args[0], errNoOrder)
			}
			for i := range orders {
				if err := orders[i].read(c.Context(), db); err != nil {
					return err
				}
			}
			return s.printTrace(orders)
		},
	}
}

func findOrders(ctx context.Context, db *sql.DB, ref string) ([]tracedOrder, error) {
	rows, err := db.QueryContext(ctx, traceOrders, ref)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", ref, err)
	}
	defer rows.Close()
	var orders []tracedOrder
	for rows.Next() {
		var o tracedOrder
		if err := rows.Scan(&o.ID, &o.Name, &o.Brand, &o.Status); err != nil {
			return nil, fmt.Errorf("look up %s: %w", ref, err)
		}
		orders = append(orders, o)
	}
	return orders, rows.Err()
}

// read fills in the timeline and the open breaks.
func (o *tracedOrder) read(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, traceTimeline, o.ID)
	if err != nil {
		return fmt.Errorf("trace %s: %w", o.ID, err)
	}
	defer rows.Close()
	for rows.Next() {
		var t traced
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

func (s *session) printTrace(orders []tracedOrder) error {
	if s.json {
		return printJSON(s.stdout, orders)
	}
	for _, o := range orders {
		fmt.Fprintf(s.stdout, "%s  %s  %s  (%s)\n", o.Name, o.Brand, o.Status, o.ID)
		rows := make([][]string, len(o.Steps))
		for i, t := range o.Steps {
			rows[i] = []string{t.At.UTC().Format("2006-01-02 15:04:05Z"), t.System, t.What, t.Detail, t.File[:min(8, len(t.File))] + ":" + fmt.Sprint(t.Line)}
		}
		grid(s.stdout, []string{"at", "system", "what", "", "file:line"}, rows)
		for _, g := range o.Gaps {
			fmt.Fprintln(s.stdout, "gap:", g)
		}
		fmt.Fprintf(s.stdout, "%s, %s; a line's file: waybill files why FILE\n", plural(len(o.Steps), "step"), plural(len(o.Gaps), "gap"))
	}
	return nil
}
