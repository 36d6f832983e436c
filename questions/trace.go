package questions

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

var (
	// traceMarts finds what bears a reference in the published marts: an order's name, number or id, a tracking number, a despatch note, a return, an
	// RMA, a refund, a reference of a payment provider or ours.
	//
	//go:embed trace_marts.sql
	traceMarts string

	// TraceFacts is the same question to the facts, for what no mart has under that reference; TraceFound takes its rows.
	//
	//go:embed trace_facts.sql
	TraceFacts string

	// traceTimeline is everything that is known of one order, in order of time.
	//
	//go:embed trace_timeline.sql
	traceTimeline string
)

// Step is one step of a life and the line that says so.
type Step struct {
	At     time.Time `json:"at"` // zero where nobody could read it
	System string    `json:"system"`
	What   string    `json:"what"`
	Detail string    `json:"detail"`
	File   string    `json:"file"`
	Line   int64     `json:"line"`
}

// Traced is something that a reference means: an order with all that is known of it, or a document whose order nobody knows.
type Traced struct {
	Kind  string   `json:"kind"` // order, parcel, return, refund or payment
	Ref   string   `json:"ref"`  // of the document; of an order its id
	ID    string   `json:"order_id"`
	Name  string   `json:"order_name"`
	Brand string   `json:"brand"`
	Goods string   `json:"goods_status"`
	Money string   `json:"money_status"`
	Found []string `json:"found"` // as what the reference was found: tracking number, RMA of a return's id, …
	Steps []Step   `json:"steps"`
	Gaps  []string `json:"gaps"`
}

// ErrNoOrder says that the reference is known in no system.
var ErrNoOrder = errors.New("is no order, parcel, return, refund or payment")

// bearer is a row that bears the reference.
type bearer struct {
	kind, what, ref, orderID string
	step                     Step
}

// Normal is a reference as it is compared: without blanks and number sign, in upper case.
func Normal(ref string) string {
	return strings.ToUpper(strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(ref), "#")))
}

// Trace shows everything that a reference means, each through every system; ErrNoOrder where the marts know nothing of that name.
func (m *Marts) Trace(ctx context.Context, ref string) ([]Traced, error) {
	return m.TraceIn(ctx, m, traceMarts, ref)
}

// TraceIn finds what bears a reference by a query of another database, and shows the orders among it as the marts have them.
func (m *Marts) TraceIn(ctx context.Context, q Querier, query, ref string) ([]Traced, error) {
	bearers, err := find(ctx, q, query, Normal(ref))
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", ref, err)
	}
	if len(bearers) == 0 {
		return nil, fmt.Errorf("%s %w", ref, ErrNoOrder)
	}
	found := grouped(bearers, Normal(ref))
	for i := range found {
		if found[i].ID == "" {
			continue
		}
		if err := m.fill(ctx, &found[i]); err != nil {
			return nil, fmt.Errorf("trace %s: %w", found[i].ID, err)
		}
	}
	found = slices.DeleteFunc(found, func(t Traced) bool { return len(t.Steps) == 0 }) // a name of an order that the marts leave out
	if len(found) == 0 {
		return nil, fmt.Errorf("%s %w", ref, ErrNoOrder)
	}
	return found, nil
}

func find(ctx context.Context, q Querier, query, ref string) ([]bearer, error) {
	rows, err := q.QueryContext(ctx, query, ref)
	if err != nil {
		return nil, older(err)
	}
	defer rows.Close()
	var out []bearer
	for rows.Next() {
		var b bearer
		var at sql.NullTime
		if err := rows.Scan(&b.kind, &b.what, &b.ref, &b.orderID, &at, &b.step.System, &b.step.What, &b.step.Detail, &b.step.File, &b.step.Line); err != nil {
			return nil, err
		}
		b.step.At = at.Time
		out = append(out, b)
	}
	return out, rows.Err()
}

// older explains a column that is not there: the marts were published before it was.
func older(err error) error {
	var inDuck *duckdb.Error
	if errors.As(err, &inDuck) && (inDuck.Type == duckdb.ErrorTypeBinder || inDuck.Type == duckdb.ErrorTypeCatalog) {
		return fmt.Errorf("the published marts are of an older version; `waybill build` brings them up to date: %w", err)
	}
	return err
}

// grouped puts the rows of an order, or else of a document, together. Rows of an order are only how it was found: the marts know its steps.
func grouped(bearers []bearer, asked string) []Traced {
	place := map[string]int{}
	var out []Traced
	for _, b := range bearers {
		key, ref := "order\x00"+b.orderID, b.orderID
		kind := "order"
		if b.orderID == "" {
			kind, ref = b.kind, b.ref
			key = kind + "\x00" + ref
		}
		i, known := place[key]
		if !known {
			i = len(out)
			place[key] = i
			out = append(out, Traced{Kind: kind, Ref: ref, ID: b.orderID, Found: []string{}, Steps: []Step{}, Gaps: []string{}})
		}
		t := &out[i]
		if b.step.File != "" {
			t.Steps = append(t.Steps, b.step)
		}
		how := b.what
		if Normal(b.ref) != asked {
			how += " of " + b.ref
		}
		if !slices.Contains(t.Found, how) {
			t.Found = append(t.Found, how)
		}
	}
	return out
}

// fill takes an order's head, timeline and open breaks from the marts. One that they have not keeps the rows by which it was found.
func (m *Marts) fill(ctx context.Context, o *Traced) error {
	err := m.QueryRowContext(ctx, "select order_name, coalesce(brand, ''), goods_status, money_status from marts.fct_orders where order_id = $1", o.ID).Scan(&o.Name, &o.Brand, &o.Goods, &o.Money)
	if errors.Is(err, sql.ErrNoRows) {
		o.Goods = "not in the marts"
		return nil
	}
	if err != nil {
		return err
	}
	rows, err := m.QueryContext(ctx, traceTimeline, o.ID)
	if err != nil {
		return older(err)
	}
	defer rows.Close()
	o.Steps = []Step{}
	for rows.Next() {
		var t Step
		if err := rows.Scan(&t.At, &t.System, &t.What, &t.Detail, &t.File, &t.Line); err != nil {
			return err
		}
		if t.System == "break" {
			o.Gaps = append(o.Gaps, t.What+": "+t.Detail)
			continue
		}
		o.Steps = append(o.Steps, t)
	}
	return rows.Err()
}
