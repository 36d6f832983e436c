package typing

import (
	"context"
	"fmt"
)

// typeJSON types records that may give rows to several tables. A record, or a part of one that stands apart
// (Format.Parts), is rejected whole: if one of its rows breaks a rule, none of its rows in any table is loaded, but those that tell of the reject
// (Column.TellsReject).
func (t *Typer) typeJSON(ctx context.Context, p Part, target func(Table) string, out *Typed) error {
	if err := t.take(ctx, p, t.Contract.jsonRecords(t.view), out); err != nil {
		return err
	}
	first := map[recordPart]Reject{}
	if err := t.notJSON(ctx, first); err != nil {
		return err
	}
	var rels []relation
	for i, table := range t.Contract.Tables {
		source, err := t.Contract.jsonSource(table, "select * from records where e0 is not null")
		if err != nil {
			return fmt.Errorf("type %s: %w", table.Name, err)
		}
		rel, err := relate(table, source, manner{null: t.Contract.Format.Null, traits: allTraits, origin: t.Origin, line: t.Contract.lineOutput(), answers: t.Contract.Format.Type == Exchange})
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
	if err := t.keepRejects(ctx, first, out); err != nil {
		return err
	}
	return t.copyTables(ctx, rels, target, out)
}

// take puts the records of a part into a table, and counts them as loaded until they are rejected.
func (t *Typer) take(ctx context.Context, p Part, records string, out *Typed) error {
	if err := t.scan(ctx, p.Records, func() error { return t.exec(ctx, "create or replace temp table records as "+records) }); err != nil {
		return err
	}
	if err := t.conn.QueryRowContext(ctx, "select count(*) from records").Scan(&out.Loaded); err != nil {
		return fmt.Errorf("count records: %w", err)
	}
	return nil
}
