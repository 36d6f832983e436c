package typing

import (
	"context"
	"fmt"
	"sort"

	"github.com/fourmarketing/waybill"
)

// typeJSON types records that may give rows to several tables. A record is rejected whole: if one of its rows breaks a rule, none of its
// rows in any table is loaded.
func (t *Typer) typeJSON(ctx context.Context, ch Chunk, target func(Table) string, out *Typed) error {
	records := "create or replace temp table records as " + jsonRecords(t.view)
	if err := t.scan(ctx, ch, func() error { return t.exec(ctx, records) }); err != nil {
		return err
	}
	var read int64
	if err := t.conn.QueryRowContext(ctx, "select count(*) from records").Scan(&read); err != nil {
		return fmt.Errorf("count records: %w", err)
	}
	if read != ch.Records {
		return fmt.Errorf("read records: %d records became %d; nothing is committed, report this as a defect", ch.Records, read)
	}
	first := map[int64]Reject{}
	if err := t.notJSON(ctx, first); err != nil {
		return err
	}
	var rels []relation
	for i, table := range t.contract.Tables {
		source, err := t.contract.jsonSource(table, "select * from records where e0 is not null")
		if err != nil {
			return fmt.Errorf("type %s: %w", table.Name, err)
		}
		rel, err := relate(table, source, t.manner(allTraits, 0))
		if err != nil {
			return err
		}
		rels = append(rels, rel)
		query := fmt.Sprintf("create or replace temp table typed%d as select *, %s as rule from (%s)", i, rel.broken(), rel.values)
		if err := t.exec(ctx, query); err != nil {
			return err
		}
		rejects, err := t.rejects(ctx, i, rel, fmt.Sprintf("select _line, rule, %s as detail from typed%d where rule is not null", rel.detail(), i))
		if err != nil {
			return err
		}
		earliest(first, rejects)
	}
	if err := t.keepRejects(ctx, first, out); err != nil {
		return err
	}
	for i, rel := range rels {
		query := fmt.Sprintf("select %s from typed%d", rel.rows, i)
		if len(first) > 0 {
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

// earliest keeps of each record the first rule that it broke, in contract order.
func earliest(first map[int64]Reject, rejects []Reject) {
	for _, r := range rejects {
		if have, ok := first[r.Line]; !ok || (have.Table == r.Table && have.Column > r.Column) {
			first[r.Line] = r
		}
	}
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

// keepRejects puts the rejected lines where the tables' selects can leave them out.
func (t *Typer) keepRejects(ctx context.Context, first map[int64]Reject, out *Typed) error {
	if len(first) == 0 {
		return nil
	}
	if err := t.exec(ctx, "create or replace temp table rejected (_line bigint)"); err != nil {
		return err
	}
	for _, r := range first {
		out.Rejects = append(out.Rejects, r)
	}
	sort.Slice(out.Rejects, func(i, j int) bool { return out.Rejects[i].Line < out.Rejects[j].Line })
	insert, err := t.conn.PrepareContext(ctx, "insert into rejected values (?)")
	if err != nil {
		return fmt.Errorf("note rejects: %w", err)
	}
	defer insert.Close()
	for _, r := range out.Rejects {
		if _, err := insert.ExecContext(ctx, r.Line); err != nil {
			return fmt.Errorf("note rejects: %w", err)
		}
	}
	return nil
}

func (t *Typer) exec(ctx context.Context, query string) error {
	if _, err := t.conn.ExecContext(ctx, query); err != nil {
		return fmt.Errorf("type records: %w", err)
	}
	return nil
}
