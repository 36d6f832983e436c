package changes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// State is what became of a row of a list between two releases. One row is in one state, the first that fits.
type State string

// The states, in the order in which they are worth reading.
const (
	StateNew     State = "new"     // on the list now, and not before
	StateWorse   State = "worse"   // what says how bad it is moved to the bad, else more money waits, in the same currency
	StateBetter  State = "better"  // the reverse
	StateChanged State = "changed" // something else of it moved
	StateGone    State = "gone"    // on the list before, and not now
	StateAgeing  State = "ageing"  // only the clock moved
	StateSame    State = "same"    // nothing did
)

// States are all of them, in the order in which they are worth reading.
func States() []State {
	return []State{StateNew, StateWorse, StateBetter, StateChanged, StateGone, StateAgeing, StateSame}
}

// side is a list as one release shows it.
type side struct {
	release int64
	from    string // select that reads it
	columns []lake.Field
	absent  []string // of the columns, what that release has not got
}

func (s side) has(column string) bool {
	return !slices.Contains(s.absent, column) && slices.ContainsFunc(s.columns, func(f lake.Field) bool { return f.Name == column })
}

// comparison is a list as two releases show it.
type comparison struct {
	of       *models.Model
	was, now side
	brand    string // whose rows; empty for all
}

// brandColumn is the column of marts with the brand.
const brandColumn = "brand"

// both tells whether both releases have a column.
func (c comparison) both(column string) bool { return c.was.has(column) && c.now.has(column) }

// problem says why the two cannot be compared; empty if they can.
func (c comparison) problem() string {
	for _, column := range append(slices.Clone(c.of.Head.Key), c.of.Head.List.WhereReads...) {
		for _, s := range []side{c.was, c.now} {
			if !s.has(column) {
				return fmt.Sprintf("release %d has no column %s, by which rows are told; it is compared from the first release on that has", s.release, column)
			}
		}
	}
	if c.brand != "" && !c.both(brandColumn) {
		return "its rows are of no brand; without --brand they are compared"
	}
	return ""
}

// notes says what is left out of the comparison.
func (c comparison) notes() []string {
	var out []string
	for _, s := range []side{c.was, c.now} {
		var lacking []string
		for _, d := range c.of.Head.Columns {
			if !internal(d.Name) && !s.has(d.Name) {
				lacking = append(lacking, d.Name)
			}
		}
		if len(lacking) > 0 {
			out = append(out, fmt.Sprintf("release %d has no %s, which is left out", s.release, strings.Join(lacking, ", ")))
		}
	}
	return out
}

// internal tells that a column says where a row comes from or when it was built, and nothing of what it is about.
func internal(column string) bool { return strings.HasPrefix(column, "_") }

// compared are the columns that are compared, in the order of the head.
func (c comparison) compared() []waybill.Column {
	var out []waybill.Column
	for _, d := range c.of.Head.Columns {
		for _, f := range c.now.columns {
			if f.Name == d.Name && !internal(d.Name) && c.both(d.Name) {
				out = append(out, f.Column)
			}
		}
	}
	return out
}

// Names beside the columns of a list; none of those has a blank.
const (
	nth    = `"nth of its key"`
	listed = `"is listed"`
)

// statement makes a table of all rows that are on the list in either release: state, what tells the row, money of before and now, what moved.
// Rows whose keys are equal are paired in the order of what they say, so that each is in one pair, whatever a key has.
func (c comparison) statement(table string) string {
	key, columns := c.of.Head.Key, c.compared()
	others, clock := c.clocked()
	equal := []string{"w." + nth + " = n." + nth}
	for _, k := range key {
		equal = append(equal, fmt.Sprintf("w.%[1]s is not distinct from n.%[1]s", duck.Ident(k)))
	}
	either := func(column string) string {
		i := slices.IndexFunc(columns, func(d waybill.Column) bool { return d.Name == column })
		if i < 0 {
			return "cast(null as varchar)"
		}
		return asText(fmt.Sprintf("(case when n.%[2]s is null then w.%[1]s else n.%[1]s end)", duck.Ident(column), listed), columns[i].Type)
	}
	var by []string
	for _, column := range c.of.Head.List.By {
		by = append(by, either(column))
	}
	q := []string{
		c.state() + " as state", "to_json(" + list(by) + `) as "by"`, c.values(key, either) + ` as "key"`, either(brandColumn) + " as brand",
		"coalesce(w." + listed + ", false) as is_was", "coalesce(n." + listed + ", false) as is_now", c.money("w", "was"), c.money("n", "now"),
		c.badness() + " as badness", c.moved(others) + " as moved", c.moved(clock) + " as clock_moved", c.values(c.of.Head.List.Show, either) + " as about",
	}
	return fmt.Sprintf(`create table %s as
with was as (%s),
now as (%s),
paired as (
    select %s
    from was as w full outer join now as n on %s
)
select * from paired where is_was or is_now`, table, c.rows(c.was, columns), c.rows(c.now, columns), strings.Join(q, ",\n        "), strings.Join(equal, " and "))
}

// rows is one side's rows, with which of a key's rows each is, and whether it is on the list.
func (c comparison) rows(s side, columns []waybill.Column) string {
	var names, key []string
	for _, d := range columns {
		names = append(names, duck.Ident(d.Name))
	}
	for _, k := range c.of.Head.Key {
		key = append(key, duck.Ident(k))
	}
	on := "true"
	if w := c.of.Head.List.Where; w != "" {
		on = "coalesce((" + w + "), false)"
	}
	if c.brand != "" {
		on += " and coalesce(" + duck.Ident(brandColumn) + " = " + duck.Literal(c.brand) + ", false)"
	}
	all := strings.Join(names, ", ")
	return fmt.Sprintf("select %s, row_number() over (partition by %s order by %s) as %s, %s as %s from (%s)", all, strings.Join(key, ", "), all, nth, on, listed, s.from)
}

// state is the SQL of a pair's state.
func (c comparison) state() string {
	l := c.of.Head.List
	when := []string{
		fmt.Sprintf("when not coalesce(w.%s, false) then '%s'", listed, StateNew),
		fmt.Sprintf("when not coalesce(n.%s, false) then '%s'", listed, StateGone),
	}
	step := func(condition, was, now string) {
		when = append(when, fmt.Sprintf("when %s%s > %s then '%s'", condition, now, was, StateWorse), fmt.Sprintf("when %s%s < %s then '%s'", condition, now, was, StateBetter))
	}
	for _, g := range l.Worse {
		if c.both(g.Column) {
			step("", rank("w", g), rank("n", g))
		}
	}
	if l.Amount != "" && c.both(l.Amount) && c.both(l.Currency) {
		a, in := duck.Ident(l.Amount), duck.Ident(l.Currency)
		step(fmt.Sprintf("w.%[1]s is not distinct from n.%[1]s and ", in), "abs(w."+a+")", "abs(n."+a+")")
	}
	others, clock := c.clocked()
	return fmt.Sprintf("case %s %s %s else '%s' end", strings.Join(when, " "), differing(others, StateChanged), differing(clock, StateAgeing), StateSame)
}

// differing is the branch of a state in which one of the columns differs.
func differing(columns []waybill.Column, s State) string {
	var conditions []string
	for _, d := range columns {
		conditions = append(conditions, fmt.Sprintf("w.%[1]s is distinct from n.%[1]s", duck.Ident(d.Name)))
	}
	if len(conditions) == 0 {
		return ""
	}
	return fmt.Sprintf("when %s then '%s'", strings.Join(conditions, " or "), s)
}

// clocked tells the columns that only the clock moves from the others.
func (c comparison) clocked() (others, clock []waybill.Column) {
	for _, d := range c.compared() {
		if slices.Contains(c.of.Head.List.Clock, d.Name) {
			clock = append(clock, d)
		} else {
			others = append(others, d)
		}
	}
	return others, clock
}

// rank is how bad a side's row is: null for a word that the head does not rank, so that it decides nothing.
func rank(of string, g models.Grade) string {
	column := of + "." + duck.Ident(g.Column)
	if len(g.Words) == 0 {
		return column
	}
	var b strings.Builder
	fmt.Fprintf(&b, "case when %s is null then 0", column)
	for i, w := range g.Words {
		fmt.Fprintf(&b, " when cast(%s as varchar) = %s then %d", column, duck.Literal(w), i+1)
	}
	return b.String() + " end"
}

// badness is how bad a row is by the first column that says so, of now, or of before where it is gone; null where nothing says it. It is for the order in
// which rows are read.
func (c comparison) badness() string {
	for _, g := range c.of.Head.List.Worse {
		if c.both(g.Column) && len(g.Words) > 0 {
			return fmt.Sprintf("case when n.%s then %s else %s end", listed, rank("n", g), rank("w", g))
		}
	}
	return "cast(null as integer)"
}

// money is a side's amount and currency, of rows that are on the list there.
func (c comparison) money(of, name string) string {
	amount, currency := "cast(null as decimal(38, 4))", "cast(null as varchar)"
	if l := c.of.Head.List; l.Amount != "" && c.both(l.Amount) && c.both(l.Currency) {
		amount = fmt.Sprintf("cast(case when %s.%s then %[1]s.%[3]s end as decimal(38, 4))", of, listed, duck.Ident(l.Amount))
		currency = fmt.Sprintf("case when %s.%s then %[1]s.%[3]s end", of, listed, duck.Ident(l.Currency))
	}
	return fmt.Sprintf("%[2]s as %[1]s_amount, %[3]s as %[1]s_currency", name, amount, currency)
}

// moved is a JSON list of those columns that differ, each with its value of before and now; null where one release has no such row.
func (c comparison) moved(columns []waybill.Column) string {
	var items []string
	for _, d := range columns {
		if !slices.Contains(c.of.Head.Key, d.Name) {
			items = append(items, fmt.Sprintf("case when w.%[1]s is distinct from n.%[1]s then {'column': %[2]s, 'was': %[3]s, 'now': %[4]s} end", duck.Ident(d.Name),
				duck.Literal(d.Name), asText("w."+duck.Ident(d.Name), d.Type), asText("n."+duck.Ident(d.Name), d.Type)))
		}
	}
	if len(items) == 0 {
		return "cast(null as json)"
	}
	return fmt.Sprintf("case when w.%[1]s is not null and n.%[1]s is not null then to_json(list_filter(%[2]s, lambda x : x is not null)) end", listed, list(items))
}

// values is a JSON list of columns with their values.
func (c comparison) values(columns []string, either func(string) string) string {
	var items []string
	for _, column := range columns {
		if c.both(column) {
			items = append(items, fmt.Sprintf("{'column': %s, 'value': %s}", duck.Literal(column), either(column)))
		}
	}
	return "to_json(" + list(items) + ")"
}

func list(items []string) string { return "[" + strings.Join(items, ", ") + "]" }

// asText writes a value as people read it: instants in UTC, amounts with two places or those that they have.
func asText(column string, t waybill.Type) string {
	switch {
	case t == "TIMESTAMPTZ":
		return fmt.Sprintf("strftime(%s at time zone 'UTC', '%%Y-%%m-%%d %%H:%%M:%%SZ')", column)
	case strings.HasPrefix(string(t), "DECIMAL"):
		return amountText(column)
	default:
		return fmt.Sprintf("cast(%s as varchar)", column)
	}
}

// amountText writes an amount with two places, more where there are more (9.996 KWD).
func amountText(amount string) string {
	return "regexp_replace(cast(" + amount + ` as varchar), '(\.\d\d(?:\d?[1-9])?)0*$', '\1')`
}
