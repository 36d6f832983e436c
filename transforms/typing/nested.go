package typing

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/fourmarketing/waybill"
)

// typeJSON types records that may give rows to several tables. A record is rejected whole: if one of its rows breaks a rule, none of its
// rows in any table is loaded, but those that tell of the reject (Column.TellsReject).
func (t *Typer) typeJSON(ctx context.Context, p Part, target func(Table) string, out *Typed) error {
	records := "create or replace temp table records as " + jsonRecords(t.view)
	if err := t.scan(ctx, p.Records, func() error { return t.exec(ctx, records) }); err != nil {
		return err
	}
	if err := t.conn.QueryRowContext(ctx, "select count(*) from records").Scan(&out.Loaded); err != nil {
		return fmt.Errorf("count records: %w", err)
	}
	first := map[int64]Reject{}
	if err := t.notJSON(ctx, first); err != nil {
		return err
	}
	var rels []relation
	for i, table := range t.Contract.Tables {
		source, err := t.Contract.jsonSource(table, "select * from records where e0 is not null")
		if err != nil {
			return fmt.Errorf("type %s: %w", table.Name, err)
		}
		rel, err := relate(table, source, manner{null: t.Contract.Format.Null, traits: allTraits, origin: t.Origin, line: t.Contract.lineOutput()})
		if err != nil {
			return err
		}
		rels = append(rels, rel)
		query := fmt.Sprintf("create or replace temp table typed%d as select *, %s as rule from (%s)", i, rel.broken(), rel.values)
		if err := t.exec(ctx, query); err != nil {
			return err
		}
		if err := t.brokenRows(ctx, i, rel, first); err != nil {
			return err
		}
	}
	if err := t.keepRejects(ctx, first); err != nil {
		return err
	}
	out.Loaded -= int64(len(first))
	return t.copyTables(ctx, rels, target, out)
}

// copyTables writes the rows of the records that were not rejected.
func (t *Typer) copyTables(ctx context.Context, rels []relation, target func(Table) string, out *Typed) error {
	for i, rel := range rels {
		query := fmt.Sprintf("select %s from typed%d", rel.rows, i)
		switch tells := rel.table.tellsReject(); {
		case t.rejected == 0:
		case tells >= 0:
			query = fmt.Sprintf(`select %s from (select t.* replace (coalesce(t.v%[3]d, r.told) as v%[3]d) from typed%[2]d as t left join rejected as r on r._line = t._line)
				where rule is null or rule not in (%[4]s)`, rel.rows, i, tells, rel.ofRequired())
		default:
			query += " where _line not in (select _line from rejected)"
		}
		rows, err := t.copy(ctx, rel.table, query, target(rel.table))
		if err != nil {
			return err
		}
		if rows > 0 {
			out.Files[rel.table.Name] = waybill.StagedFile{Path: target(rel.table), Rows: rows}
		}
		if err := t.exec(ctx, fmt.Sprintf("drop table typed%d", i)); err != nil {
			return err
		}
	}
	return nil
}

// brokenRows finds the rules that a table's rows break, and keeps of each record the first in contract order.
func (t *Typer) brokenRows(ctx context.Context, table int, rel relation, first map[int64]Reject) error {
	rows, err := t.conn.QueryContext(ctx, fmt.Sprintf("select _line, rule, %s as detail from typed%d where rule is not null", rel.detail(), table))
	if err != nil {
		return fmt.Errorf("find rejects of %s: %w", rel.table.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		r := Reject{Table: table}
		var rule int
		var detail sql.NullString
		if err := rows.Scan(&r.Line, &rule, &detail); err != nil {
			return fmt.Errorf("find rejects of %s: %w", rel.table.Name, err)
		}
		r.Column, r.Rule, r.Detail = rel.checks[rule].Column, rel.checks[rule].Rule, detail.String
		if have, ok := first[r.Line]; !ok || (have.Table == r.Table && have.Column > r.Column) {
			first[r.Line] = r
		}
	}
	return rows.Err()
}

// notJSON rejects the records that are no JSON.
func (t *Typer) notJSON(ctx context.Context, first map[int64]Reject) error {
	rows, err := t.conn.QueryContext(ctx, "select _line from records where e0 is null")
	if err != nil {
		return fmt.Errorf("find records that are no JSON: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		r := Reject{Table: -1, Column: -1, Rule: "json"}
		if err := rows.Scan(&r.Line); err != nil {
			return fmt.Errorf("find records that are no JSON: %w", err)
		}
		first[r.Line] = r
	}
	return rows.Err()
}

// keepRejects tells of the rejects and puts their lines where the tables' selects can leave them out.
func (t *Typer) keepRejects(ctx context.Context, first map[int64]Reject) error {
	if len(first) == 0 {
		return nil
	}
	if err := t.exec(ctx, "create or replace temp table rejected (_line bigint, told varchar)"); err != nil {
		return err
	}
	insert, err := t.conn.PrepareContext(ctx, "insert into rejected values (?, ?)")
	if err != nil {
		return fmt.Errorf("note rejects: %w", err)
	}
	defer insert.Close()
	for _, line := range slices.Sorted(maps.Keys(first)) {
		if _, err := insert.ExecContext(ctx, line, t.Contract.told(first[line])); err != nil {
			return fmt.Errorf("note rejects: %w", err)
		}
		t.rejected++
		if err := t.Reject(first[line]); err != nil {
			return err
		}
	}
	return nil
}

// told is a reject in the words of a column that tells of it: without the value, which may be anybody's.
func (c Contract) told(r Reject) string {
	if r.Table < 0 || r.Column < 0 {
		return "rejected: " + r.Rule
	}
	table := c.Tables[r.Table]
	return fmt.Sprintf("rejected: %s of %s in %s", r.Rule, table.Columns[r.Column].Name, table.Name)
}

// tellsReject is the column that tells of rejects, -1 in most tables.
func (t Table) tellsReject() int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.TellsReject })
}

// ofRequired are the numbers of the rules without which a row cannot be.
func (r relation) ofRequired() string {
	numbers := []string{"-1"}
	for i, c := range r.checks {
		if r.table.Columns[c.Column].Required {
			numbers = append(numbers, strconv.Itoa(i))
		}
	}
	return strings.Join(numbers, ", ")
}

func (t *Typer) exec(ctx context.Context, query string) error {
	if _, err := t.conn.ExecContext(ctx, query); err != nil {
		return fmt.Errorf("type records: %w", err)
	}
	return nil
}
