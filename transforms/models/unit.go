package models

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// Unit says what a row is held with: the first of Of whose columns all have a value names it. A mart's row of which none has is a unit of its own,
// named by the mart's key; another row without one belongs to no unit. The name of a unit is a text like order_id=aster-vale:5000000001 and is the
// same in every mart, so that what hangs together is held together.
type Unit struct {
	Of       [][]string
	None     bool              // said to be none: rows of several units, or of nobody's
	Through  waybill.TableName // of a fact: the table that tells the unit's columns by the columns By, which both have
	By       []string
	declared bool
}

// AtStake names the columns with the money that waits while a row is held or set aside.
type AtStake struct{ Amount, Currency string }

// noUnit is how a head says that rows have no unit.
const noUnit = "none"

// unit reads a column, a list of alternatives, each a column or a list of columns that count together, or a table that tells the columns.
func (r *yamlReader) unit(n ast.Node) Unit {
	u := Unit{declared: true}
	switch v := n.(type) {
	case *ast.SequenceNode:
		u.Of = r.alternatives(v)
	case *ast.MappingNode, *ast.MappingValueNode:
		for _, e := range r.object(n, []string{"of", "through", "by"}) {
			switch e.key {
			case "of":
				if seq, ok := e.value.(*ast.SequenceNode); ok {
					u.Of = r.alternatives(seq)
				} else {
					u.Of = [][]string{{r.text(e.value)}}
				}
			case "through":
				u.Through = parseName(r.text(e.value))
			case "by":
				u.By = r.list(e.value)
			}
		}
		if len(u.Of) == 0 || u.Through.Name == "" || len(u.By) == 0 {
			r.fail(n, "a unit through another table needs of, through and by: {of: order_id, through: intermediate.…, by: […]}")
		}
	default:
		name := r.text(n)
		u.None = name == noUnit
		if !u.None {
			u.Of = [][]string{{name}}
		}
	}
	return u
}

func (r *yamlReader) alternatives(seq *ast.SequenceNode) [][]string {
	var out [][]string
	for _, v := range seq.Values {
		out = append(out, r.list(v))
	}
	return out
}

func (r *yamlReader) atStake(n ast.Node) *AtStake {
	a := &AtStake{}
	for _, e := range r.object(n, []string{"amount", "currency"}) {
		if e.key == "amount" {
			a.Amount = r.text(e.value)
		} else {
			a.Currency = r.text(e.value)
		}
	}
	if a.Amount == "" || a.Currency == "" {
		r.fail(n, "at_stake needs amount and currency, both columns")
	}
	return a
}

// columns are all columns that tell the unit.
func (u Unit) columns() []string {
	var out []string
	for _, of := range u.Of {
		out = append(out, of...)
	}
	return out
}

// tells tells whether the columns are enough to name a unit.
func (u Unit) tells(columns []string) bool {
	for _, c := range u.columns() {
		if !contains(columns, c) {
			return false
		}
	}
	return len(u.Of) > 0
}

// name is the SQL expression of a unit's name over a row called alias; the value's columns may be called otherwise there. It is null where a
// column has no value.
func unitName(alias string, columns, values []string) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		separator := ""
		if i > 0 {
			separator = ", "
		}
		parts[i] = fmt.Sprintf("%s || cast(%s.%s as varchar)", duck.Literal(separator+c+"="), alias, duck.Ident(values[i]))
	}
	return strings.Join(parts, " || ")
}

// expression is the SQL of a row's unit, null where the row belongs to none.
func (u Unit) expression(alias string) string {
	var names []string
	for _, of := range u.Of {
		names = append(names, unitName(alias, of, of))
	}
	if len(names) == 0 {
		return "cast(null as varchar)"
	}
	return "coalesce(" + strings.Join(names, ", ") + ", null)"
}

// holdable tells whether the rows of a mart can be held one unit at a time.
func (m *Model) holdable() bool { return m.Name.Namespace == Marts && len(m.Head.Unit.Of) > 0 }

// unit is the SQL of the unit of a model's row: of a mart's row without another one its key.
func (m *Model) unit(alias string) string {
	expression := m.Head.Unit.expression(alias)
	if !m.holdable() || len(m.Head.Key) == 0 {
		return expression
	}
	return "coalesce(" + expression + ", " + unitName(alias, m.Head.Key, m.Head.Key) + ")"
}
