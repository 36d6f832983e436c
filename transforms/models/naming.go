package models

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// mostUnits is how many units a check may name. One that finds more has not found bad rows but a bad model, whose other rows are no better.
const mostUnits = 1000

// naming gives the select of the units of a check's failing rows, one row for each in a column unit, null where none can be told.
type naming func(ctx context.Context, s *Session, c check) (string, error)

// name finds the units that a failing check names, and counts its rows of none. Rows of units that are held already do not count: what
// stands of them in the marts is what stood there before.
func (s *Session) name(ctx context.Context, c check, r *CheckResult) error {
	if c.naming == nil {
		r.Unnamed = r.Failing
		return nil
	}
	text, err := c.naming(ctx, s, c)
	if err != nil {
		return err
	}
	left := ""
	if s.held != nil {
		left = " where unit is null or unit not in (select unit from " + heldUnits + ")"
	}
	rows, err := s.conn.QueryContext(ctx, fmt.Sprintf("select unit, count(*) from (%s\n) as named%s group by unit order by unit nulls first limit %d",
		text, left, mostUnits+2))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var unit sql.NullString
		var n int64
		if err := rows.Scan(&unit, &n); err != nil {
			return err
		}
		if unit.Valid {
			r.Units = append(r.Units, Named{Unit: unit.String, Rows: n})
		} else {
			r.Unnamed += n
		}
	}
	if len(r.Units) > mostUnits {
		r.Units, r.Unnamed = nil, r.Failing
	}
	return rows.Err()
}

// unitOf is the SQL of the unit of a row called alias of a model or file, and what has to be joined for it.
func (s *Session) unitOf(ctx context.Context, m *Model, alias string) (expression, join string, err error) {
	u := m.Head.Unit
	if u.Through.Name == "" {
		return m.unit(alias), "", nil
	}
	if err := s.ensure(ctx, u.Through); err != nil {
		return "", "", err
	}
	return u.expression("told"), " left join " + u.Through.String() + " as told on " + equal("told", u.By, alias, u.By), nil
}

// equal compares columns of two rows; null is equal to null.
func equal(one string, columns []string, other string, others []string) string {
	same := make([]string, len(columns))
	for i, c := range columns {
		same[i] = fmt.Sprintf("%s.%s is not distinct from %s.%s", one, duck.Ident(c), other, duck.Ident(others[i]))
	}
	return strings.Join(same, " and ")
}

// namedByColumns is for rows that have the columns of their unit.
func namedByColumns(ctx context.Context, s *Session, c check) (string, error) {
	unit, join, err := s.unitOf(ctx, c.model, "f")
	return "select " + unit + " as unit from (" + c.sql() + "\n) as f" + join, err
}

// namedByKey is for rows that have the key of the model's rows.
func namedByKey(ctx context.Context, s *Session, c check) (string, error) {
	unit, join, err := s.unitOf(ctx, c.model, "t")
	key := c.model.Head.Key
	return "select " + unit + " as unit from " + c.model.Name.String() + " as t inner join (" + c.sql() + "\n) as f on " + equal("t", key, "f", key) + join, err
}

// namedByReference is for rows that refer to a row that is not there. Where what they refer to was there before, it is missed and named; it is no
// fault of theirs if it is held. Else they are named.
func namedByReference(h HeadCheck) naming {
	return func(ctx context.Context, s *Session, c check) (string, error) {
		unit, join, err := s.unitOf(ctx, c.model, "f")
		if err != nil {
			return "", err
		}
		from := " from (" + c.sql() + "\n) as f" + join
		to := s.project.byName[h.To]
		if to == nil || !to.holdable() || len(to.Head.Unit.Of) != 1 || !sameText(to.Head.Unit.Of[0], h.Fields) {
			return "select " + unit + " as unit" + from, nil
		}
		missed := unitName("f", h.Fields, h.Columns)
		if former, err := s.former(ctx, to); err != nil {
			return "", err
		} else if former != "" {
			unit = "case when exists (select 1 from " + former + " as o where " + equal("o", h.Fields, "f", h.Columns) + ") then " + missed + " else " + unit + " end"
		}
		if s.held != nil {
			unit = "case when " + missed + " in (select unit from " + heldUnits + ") then " + missed + " else " + unit + " end"
		}
		return "select " + unit + " as unit" + from, nil
	}
}

// namedBySum is for sums by some columns: by the unit's own, or by others, which the mart's rows then lead to their units. Where it has no such row
// any more, those that were taken out of it do, or those of before.
func namedBySum(h HeadCheck) naming {
	return func(ctx context.Context, s *Session, c check) (string, error) {
		m := c.model
		if m.Head.Unit.tells(h.By) {
			return "select " + m.Head.Unit.expression("f") + " as unit from (" + c.sql() + "\n) as f", nil
		}
		if !m.holdable() {
			return "select cast(null as varchar) as unit from (" + c.sql() + "\n) as f", nil
		}
		list := "select " + strings.Join(idents(distinct(append(append(append([]string(nil), h.By...), m.Head.Unit.columns()...), m.Head.Key...))), ", ") + " from "
		rows := list + m.Name.String()
		if s.Mixed(m) {
			rows += " union all " + list + keptOut(m)
		}
		former, err := s.former(ctx, m)
		if err != nil {
			return "", err
		}
		if former != "" {
			rows += " union all " + list + former + " as o where not exists (select 1 from (" + rows + ") as n where " + equal("n", h.By, "o", h.By) + ")"
		}
		return "select distinct " + listed("f", h.By) + ", case when t.found then " + m.unit("t") + " end as unit from (" + c.sql() + "\n) as f left join (select *, true as found from (" + rows +
			")) as t on " + equal("t", h.By, "f", h.By), nil
	}
}

// listed lists columns of a row under names that are nobody's.
func listed(alias string, columns []string) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = fmt.Sprintf("%s.%s as by_%d", alias, duck.Ident(c), i)
	}
	return strings.Join(out, ", ")
}

func distinct(names []string) []string {
	var out []string
	for _, n := range names {
		if !contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

func sameText(a, b []string) bool { return strings.Join(a, "\x00") == strings.Join(b, "\x00") }

// former is the relation of a mart's rows as they stood before, empty if there are none or they lack a column that tells its units.
func (s *Session) former(ctx context.Context, m *Model) (string, error) {
	if s.Former == nil || m.Name.Namespace != Marts {
		return "", nil
	}
	name := waybill.TableName{Namespace: schemaFormer, Name: m.Name.Name}
	if known, looked := s.formers[m.Name]; looked {
		return known, nil
	}
	text, err := s.Former(ctx, m.Name)
	if err != nil {
		return "", fmt.Errorf("read %s as it was: %w", m.Name, err)
	}
	s.formers[m.Name] = ""
	if text == "" {
		return "", nil
	}
	if err := s.exec(ctx, "create view "+quoted(name)+" as "+text); err != nil {
		return "", fmt.Errorf("read %s as it was: %w", m.Name, err)
	}
	columns, err := s.describe(ctx, quoted(name))
	if err != nil {
		return "", err
	}
	has := make([]string, len(columns))
	for i, c := range columns {
		has[i] = c.name
	}
	for _, c := range append(m.Head.Unit.columns(), m.Head.Key...) {
		if !contains(has, c) {
			s.unlike[m.Name] = fmt.Errorf("its rows of before have no column %s, by which units are told", c)
			return "", nil
		}
	}
	s.formers[m.Name] = quoted(name)
	return quoted(name), nil
}
