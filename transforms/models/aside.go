package models

import (
	"fmt"
	"strings"

	"github.com/fourmarketing/waybill"
)

// The days that calendars have (int_calendar_days). What happened on none of them has no working day, no promise and no day's figures: a
// placeholder such as 0001-01-01 or 9999-12-31, or a mistyped year. Instants keep a day's distance, for the zones of both ends.
const (
	firstDay, lastDay         = "2015-01-01", "2035-12-31"
	firstInstant, lastInstant = "2015-01-02 00:00:00+00", "2035-12-31 00:00:00+00"
)

// Why a row or a value is set aside.
const (
	asideDate     = "date outside the calendar"
	asideFuture   = "date in the future"
	asideCurrency = "unknown currency"
)

// fault is one thing that may be wrong with a row that a partner tells: it costs the row its place among the facts, or only the column its value.
type fault struct {
	column, why string
	when        string // condition over the staging model's columns and known.as_of; true where it is wrong, never null
	isRow       bool   // the whole row is set aside
	isCut       bool   // the row is cut for its time anyway, and only to be told of
}

// faults are what may be wrong with the rows of a model that conforms to the fact, in the order of its columns.
func (f *Fact) faults(m *Model) []fault {
	given := m.gives()
	known := ""
	if f.At != "" && given[f.At] {
		known = fmt.Sprintf(" and coalesce(%s <= known.as_of, true)", f.At) // of what happened later nothing is known, not even that it is wrong
	}
	var out []fault
	for _, c := range f.Columns {
		if !given[c.Name] {
			continue
		}
		add := func(why, when string, isRow bool) {
			out = append(out, fault{column: c.Name, why: why, when: when, isRow: isRow})
		}
		isRow := c.Required || c.Name == f.At
		switch c.Type {
		case "TIMESTAMPTZ":
			add(asideDate, fmt.Sprintf("coalesce(%[1]s < timestamptz '%[2]s' or %[1]s >= timestamptz '%[3]s', false)", c.Name, firstInstant, lastInstant), isRow)
		case "DATE":
			add(asideDate, fmt.Sprintf("coalesce(%[1]s < date '%[2]s' or %[1]s > date '%[3]s', false)", c.Name, firstDay, lastDay), isRow)
		}
		if c.Name == f.At {
			late := fmt.Sprintf("coalesce(%[1]s < timestamptz '%[2]s' and %[1]s > greatest(known.as_of, _received_at) + interval '1 day', false)", c.Name, lastInstant)
			out = append(out, fault{column: c.Name, why: asideFuture, when: late, isRow: true, isCut: true})
		}
		switch {
		case c.isCurrency() && c.Required:
			add(asideCurrency, fmt.Sprintf("coalesce(%s, '') not in (select currency from %s)%s", c.Name, currencies, known), true)
		case c.isCurrency():
			add(asideCurrency, fmt.Sprintf("coalesce(%[1]s not in (select currency from %[2]s), false)%[3]s", c.Name, currencies, known), !c.Optional)
		}
	}
	return out
}

// isCurrency says whether the column is what amounts are in. It goes by the name, so that none can be forgotten.
func (c FactColumn) isCurrency() bool {
	return c.Type == "VARCHAR" && (c.Name == "currency" || strings.HasSuffix(c.Name, currencyEnd))
}

// hasCurrency says whether any of the fact's columns is one.
func (f *Fact) hasCurrency() bool {
	for _, c := range f.Columns {
		if c.isCurrency() {
			return true
		}
	}
	return false
}

const currencyEnd = "_currency"

// currencies are the codes that money may be in.
var currencies = waybill.TableName{Namespace: Seeds, Name: "currencies"}

// gives are the columns that a staging model has.
func (m *Model) gives() map[string]bool {
	given := map[string]bool{}
	for _, c := range m.facts.output {
		given[c.name] = true
	}
	return given
}

// placed is the condition under which a row of the model is a fact, empty where nothing can be wrong with it; without tells of a column when
// its value is left out.
func placed(faults []fault, worth AtStake) (rows string, without map[string]string) {
	var bad []string
	without = map[string]string{}
	for _, x := range faults {
		switch {
		case x.isCut:
		case x.isRow:
			bad = append(bad, x.when)
		default:
			without[x.column] = x.when
			switch of, ok := strings.CutSuffix(x.column, currencyEnd); { // an amount is nothing without its currency
			case x.column == worth.Currency:
				without[worth.Amount] = x.when
			case ok:
				without[of+"_amount"] = x.when
			}
		}
	}
	if len(bad) == 0 {
		return "", without
	}
	return "not (" + strings.Join(bad, "\n    or ") + ")", without
}

// asideTable is the generated table of rows and values that are set aside.
var asideTable = waybill.TableName{Namespace: Canonical, Name: "set_aside"}

// aside is the select of what is set aside of a fact, a row for each fault; empty where nothing can be.
func (f *Fact) aside() string {
	var selects []string
	for _, m := range f.From {
		faults := f.faults(m)
		if len(faults) == 0 {
			continue
		}
		conditions, cases := make([]string, len(faults)), make([]string, len(faults))
		for i, x := range faults {
			conditions[i] = x.when
			cases[i] = fmt.Sprintf("case when %s then {'column_name': '%s', 'why': '%s', 'value': cast(%s as varchar), 'is_row': %t} end",
				x.when, x.column, x.why, x.column, x.isRow)
		}
		given := m.gives()
		orNull := func(column, as string) string {
			if column == "" || !given[column] {
				return "cast(null as " + as + ")"
			}
			return "cast(" + column + " as " + as + ")"
		}
		selects = append(selects, fmt.Sprintf(`select
    '%s' as partner,
    _source as source,
    '%s' as fact,
    '%s' as document_kind,
    %s as document,
    %s as amount,
    %s as currency,
    unnest(list_filter([
        %s
    ], lambda x: x is not null)) as fault,
    _file_id,
    _line,
    _received_at
from %s
cross join known
where %s`, strings.ReplaceAll(m.Area, "'", "''"), f.Name.Name, f.document(), orNull(f.document(), "varchar"), orNull(f.AtStake.Amount, "decimal(18, 4)"),
			orNull(f.AtStake.Currency, "varchar"), strings.Join(cases, ",\n        "), m.Name, strings.Join(conditions, "\n    or ")))
	}
	return strings.Join(selects, "\nunion all\n")
}

// document is the column that tells what a row is about: what holds it together with others, else its own key.
func (f *Fact) document() string {
	switch {
	case len(f.Holds) > 0:
		return f.Holds[0]
	case len(f.Key) > 1:
		return f.Key[1]
	}
	return ""
}

// setAside is the select over all facts.
func setAside(facts []*Fact) string {
	var selects []string
	for _, f := range facts {
		if text := f.aside(); text != "" {
			selects = append(selects, text)
		}
	}
	if len(selects) == 0 {
		return "select" + strings.Join(emptyAside, ",") + "\nwhere false"
	}
	return knownUntil + "select\n    * exclude (fault),\n    fault.column_name,\n    fault.why,\n    fault.value,\n    fault.is_row\nfrom (\n" +
		strings.Join(selects, "\nunion all\n") + "\n)"
}

// emptyAside are the columns of a project of which nobody tells anything.
var emptyAside = []string{
	" cast(null as varchar) as partner", " cast(null as varchar) as source", " cast(null as varchar) as fact",
	" cast(null as varchar) as document_kind", " cast(null as varchar) as document", " cast(null as decimal(18, 4)) as amount",
	" cast(null as varchar) as currency", " cast(null as varchar) as _file_id", " cast(null as bigint) as _line",
	" cast(null as timestamptz) as _received_at", " cast(null as varchar) as column_name", " cast(null as varchar) as why",
	" cast(null as varchar) as value", " cast(null as boolean) as is_row",
}

// asideModel is the model of what is set aside over these facts; its select and what it reads follow from who conforms to them.
func asideModel(facts []*Fact) *Model {
	m := &Model{
		Name: asideTable, Path: facts[0].Path, file: Canonical, line: 1,
		Head: Head{
			Description: "Rows that are no facts, and values that a fact is without, since they cannot be placed in time or money.",
			Grain:       "one row per fault of a row", Severity: SeverityError,
		},
	}
	m.setAside(facts)
	return m
}

// setAside gives the model the select over these facts.
func (m *Model) setAside(facts []*Fact) {
	m.SQL = setAside(facts)
	reads := map[waybill.TableName]bool{}
	for _, f := range facts {
		for _, from := range f.From {
			reads[from.Name], reads[clock] = true, true
			reads[currencies] = reads[currencies] || f.hasCurrency()
		}
	}
	m.Deps = nil
	for name, does := range reads {
		if does {
			m.Deps = append(m.Deps, name)
		}
	}
	sortNames(m.Deps)
}
