package typing

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/fourmarketing/waybill"
)

// recordPart is what is rejected at once: a record, or one of its parts, counted from 1.
type recordPart struct{ line, part int64 }

// wholeRecord stands in the place of a part's number.
const wholeRecord = 0

// inParts tells whether a table's rows are of the parts that stand apart in a record.
func (f Format) inParts(t Table) bool {
	return len(f.Parts) > 0 && len(t.Each) >= len(f.Parts) && slices.Equal(t.Each[:len(f.Parts)], f.Parts)
}

// copyTables writes the rows of the records and parts that were not rejected.
func (t *Typer) copyTables(ctx context.Context, rels []relation, target func(Table) string, out *Typed) error {
	for i, rel := range rels {
		query := fmt.Sprintf("select %s from typed%d", rel.rows, i)
		switch tells := rel.table.tellsReject(); {
		case t.rejected == 0:
		case tells >= 0:
			query = fmt.Sprintf(`select %s from (select t.* replace (coalesce(t.v%[3]d, r.told) as v%[3]d) from typed%[2]d as t left join rejected as r on r._line = t._line and r._part = %[5]d)
				where rule is null or rule not in (%[4]s)`, rel.rows, i, tells, rel.ofRequired(), wholeRecord)
		default:
			query += fmt.Sprintf(" as t where not exists (select 1 from rejected as r where r._line = t._line and r._part in (%d, t._part))", wholeRecord)
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

// brokenRows finds the rules that a table's rows break, and keeps of each record or part the first in contract order.
func (t *Typer) brokenRows(ctx context.Context, table int, rel relation, first map[recordPart]Reject) error {
	rows, err := t.conn.QueryContext(ctx, fmt.Sprintf("select _line, _part, rule, %s as detail, %s as swapped from typed%d where rule is not null", rel.detail(), rel.swapped(), table))
	if err != nil {
		return fmt.Errorf("find rejects of %s: %w", rel.table.Name, err)
	}
	defer rows.Close()
	for rows.Next() {
		r := Reject{Table: table}
		var at recordPart
		var rule int
		var detail sql.NullString
		var swapped int64
		if err := rows.Scan(&r.Line, &at.part, &rule, &detail, &swapped); err != nil {
			return fmt.Errorf("find rejects of %s: %w", rel.table.Name, err)
		}
		at.line = r.Line
		r.Column, r.Rule, r.Detail = rel.checks[rule].Column, rel.checks[rule].Rule, detail.String
		t.swapped[columnAt{table, r.Column}] += swapped
		if have, ok := first[at]; !ok || (have.Table == r.Table && have.Column > r.Column) {
			first[at] = r
		}
	}
	return rows.Err()
}

// notJSON rejects the records that are no JSON.
func (t *Typer) notJSON(ctx context.Context, first map[recordPart]Reject) error {
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
		first[recordPart{r.Line, wholeRecord}] = r
	}
	return rows.Err()
}

// keepRejects tells of the rejects, counts them, and puts them where the tables' selects can leave them out. Of a part of a record that is rejected
// itself nothing more is told.
func (t *Typer) keepRejects(ctx context.Context, first map[recordPart]Reject, out *Typed) error {
	maps.DeleteFunc(first, func(at recordPart, _ Reject) bool {
		_, whole := first[recordPart{at.line, wholeRecord}]
		return whole && at.part != wholeRecord
	})
	if len(first) == 0 {
		return nil
	}
	if err := t.exec(ctx, "create or replace temp table rejected (_line bigint, _part bigint, told varchar)"); err != nil {
		return err
	}
	insert, err := t.conn.PrepareContext(ctx, "insert into rejected values (?, ?, ?)")
	if err != nil {
		return fmt.Errorf("note rejects: %w", err)
	}
	defer insert.Close()
	inOrder := slices.SortedFunc(maps.Keys(first), func(a, b recordPart) int { return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.part, b.part)) })
	for _, at := range inOrder {
		if _, err := insert.ExecContext(ctx, at.line, at.part, t.Contract.told(first[at])); err != nil {
			return fmt.Errorf("note rejects: %w", err)
		}
		if at.part == wholeRecord {
			out.Loaded--
		} else {
			out.Apart++
		}
	}
	if out.Apart > 0 {
		if err := t.readParts(ctx, first); err != nil {
			return err
		}
	}
	for _, at := range inOrder {
		t.rejected++
		if err := t.Reject(first[at]); err != nil {
			return err
		}
	}
	return nil
}

// readParts gives the rejects of parts their texts.
func (t *Typer) readParts(ctx context.Context, first map[recordPart]Reject) error {
	source, err := t.Contract.jsonSource(Table{Each: t.Contract.Format.Parts, Columns: []Column{{Path: Paths{"$"}}}},
		"select * from records where _line in (select _line from rejected)")
	if err != nil {
		return fmt.Errorf("find the parts that are rejected: %w", err)
	}
	rows, err := t.conn.QueryContext(ctx, "select _line, _part, coalesce(s.c0, 'null') from ("+source+") as s semi join rejected using (_line, _part)")
	if err != nil {
		return fmt.Errorf("find the parts that are rejected: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var at recordPart
		var text string
		if err := rows.Scan(&at.line, &at.part, &text); err != nil {
			return fmt.Errorf("find the parts that are rejected: %w", err)
		}
		r := first[at]
		r.Part = text
		first[at] = r
	}
	return rows.Err()
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
		if c.Column == wholeRow {
			continue
		}
		if col := r.table.Columns[c.Column]; col.Required || col.Present {
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
