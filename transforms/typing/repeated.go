package typing

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// EntryNumber stands in a header name of a repeated column for the number of its entry: XC{n} Code.
const EntryNumber = "{n}"

// Repeats says whether a record of CSV gives a row for each of its entries, see Column.Repeated.
func (t Table) Repeats() bool {
	return slices.ContainsFunc(t.Columns, func(col Column) bool { return col.Repeated })
}

// Numbered says whether the entries of a record have numbers in the names of the header.
func (t Table) Numbered() bool {
	return slices.ContainsFunc(t.Columns, func(col Column) bool {
		return slices.ContainsFunc(col.From, func(name string) bool { return strings.Contains(name, EntryNumber) })
	})
}

// AtOnce says whether the records of a part are typed at once, because one of them gives several rows and is rejected with all of them.
func (c Contract) AtOnce() bool { return c.Format.Type != CSV || c.Tables[0].Repeats() }

// typeEntries types records of CSV of which each has several entries.
func (t *Typer) typeEntries(ctx context.Context, p Part, target func(Table) string, out *Typed) error {
	table := t.Contract.Tables[0]
	fields := []string{"l as _line"}
	for i := range t.Contract.Reads(t.Layout) {
		fields = append(fields, fmt.Sprintf("f%d", i))
	}
	records := fmt.Sprintf("select %s from \"%s\"", strings.Join(fields, ", "), t.view)
	if err := t.take(ctx, p, records, out); err != nil {
		return err
	}
	rel, err := relate(table, t.Contract.entriesSource(t.Layout), manner{null: t.Contract.Format.Null, traits: allTraits, origin: t.Origin, line: "_line"})
	if err != nil {
		return err
	}
	if err := t.exec(ctx, fmt.Sprintf("create or replace temp table typed0 as select *, %s as rule from (%s)", rel.broken(), rel.values)); err != nil {
		return err
	}
	first := map[recordPart]Reject{}
	if err := t.brokenRows(ctx, 0, rel, first); err != nil {
		return err
	}
	if err := t.keepRejects(ctx, first, out); err != nil {
		return err
	}
	return t.copyTables(ctx, []relation{rel}, target, out)
}

// entriesSource selects a row for each entry of the table records in which some repeated column has a text, and one with _entry 0 for a record without any.
func (c Contract) entriesSource(layout Layout) string {
	fields := c.Reads(layout)
	var entries, some []string
	selected := []string{"_line", fmt.Sprintf("cast(%d as bigint) as _part", wholeRecord), "coalesce(entry.n, 0) as _entry"}
	for i, col := range c.Tables[0].Columns {
		if !col.Repeated {
			selected = append(selected, fmt.Sprintf("%s as c%d", textOf(fields, layout.Index[i]), i))
			continue
		}
		selected = append(selected, fmt.Sprintf("entry.c%[1]d as c%[1]d", i))
		some = append(some, fmt.Sprintf("trim(coalesce(x.c%d, '')) <> ''", i))
	}
	for n, places := range layout.Entries {
		members := []string{fmt.Sprintf("n: %d", n+1)}
		for i, col := range c.Tables[0].Columns {
			if col.Repeated {
				members = append(members, fmt.Sprintf("c%d: %s", i, textOf(fields, places[i])))
			}
		}
		entries = append(entries, "{"+strings.Join(members, ", ")+"}")
	}
	list := fmt.Sprintf("list_filter([%s], lambda x: %s)", strings.Join(entries, ", "), strings.Join(some, " or "))
	return fmt.Sprintf("select %s from (select *, unnest(case when len(entries) = 0 then [null] else entries end) as entry from (select *, %s as entries from records))",
		strings.Join(selected, ", "), list)
}

func (c Contract) validateRepeated(col Column, at string, p *problems) {
	numbered := slices.ContainsFunc(col.From, func(name string) bool { return strings.Contains(name, EntryNumber) })
	switch {
	case !col.Repeated && numbered:
		p.say(at+".from", "%s stands for the numbers of entries; say repeated: true beside it", EntryNumber)
	case !col.Repeated:
	case c.Format.Type != CSV || !c.Format.Header:
		p.say(at+".repeated", "is for csv with a header; of json and xml say each")
	case c.Trailer.SumOf != "":
		p.say("trailer.sum_of", "goes with no repeated columns: a record has several rows")
	}
}
