package models_test

import (
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/models"
)

// TestFilled holds, of selects of every form over two raw tables, which of them have to have rows.
func TestFilled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, sql string
		want      string // with none, with a alone, with b alone, with both
	}{
		{"table", "select x from raw.a", "no yes no yes"},
		{"inner join", "select a.x from raw.a as a inner join raw.b as b on b.x = a.x", "no no no yes"},
		{"cross join", "select a.x from raw.a as a cross join raw.b as b", "no no no yes"},
		{"left join", "select a.x from raw.a as a left join raw.b as b on b.x = a.x", "no yes no yes"},
		{"right join", "select b.x from raw.a as a right join raw.b as b on b.x = a.x", "no no yes yes"},
		{"full join", "select coalesce(a.x, b.x) as x from raw.a as a full outer join raw.b as b on b.x = a.x", "no yes yes yes"},
		{"union", "select x from raw.a union all select x from raw.b", "no yes yes yes"},
		{"three in a union", "select x from raw.a union all select x from raw.b union all select x from raw.a", "no yes yes yes"},
		{"except", "select x from raw.a except select x from raw.b", "no yes no yes"},
		{"intersect", "select x from raw.a intersect select x from raw.b", "no no no yes"},
		{"in a condition", "select x from raw.a where x in (select x from raw.b)", "no yes no yes"},
		{"subquery", "select x from (select x from raw.a) as q", "no yes no yes"},
		{"groups", "select x, count(*) as n from raw.a group by x", "no yes no yes"},
		{"total", "select count(*) as x from raw.a", "yes yes yes yes"},
		{"window", "select x, count(*) over () as n from raw.a", "no yes no yes"},
		{"chain", "with q as (select x from raw.a), r as (select q.x from q inner join raw.b as b on b.x = q.x) select x from r", "no no no yes"},
		{"part of a state table", "select l.x from ops.links as l inner join raw.a as a on a.x = l.x where l.role = 'shop'", "no yes no yes"},
		{"another part of it", "select l.x from ops.links as l inner join raw.a as a on a.x = l.x where l.role = 'warehouse'", "no no no no"},
		{"either part", "select l.x from ops.links as l where l.role = 'warehouse' or l.role = 'shop'", "yes yes yes yes"},
	} {
		p := read(t, files("partners/any/stg_any__x.sql", "/*\ndescription: x.\ngrain: one row per x\nkey: [x]\nowner: data\n*/\n"+c.sql+"\n"))
		var got []string
		for _, sent := range []string{"", "a", "b", "ab"} {
			filled := p.Filled(func(table waybill.TableName) bool {
				return (table.Namespace == "raw" && strings.Contains(sent, table.Name)) || table.Name == "links" || table == models.PartOf(waybill.TableName{Namespace: "ops", Name: "links"}, "shop")
			}, nil)
			word := "no"
			if filled[waybill.TableName{Namespace: "staging", Name: "stg_any__x"}] {
				word = "yes"
			}
			got = append(got, word)
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: with none, a, b, both: %s, want %s", c.name, text, c.want)
		}
	}
}

// A table of answers has rows only where there is something to ask for.
func TestFilledByAnswers(t *testing.T) {
	t.Parallel()
	head := "/*\ndescription: x.\ngrain: one row per x\nkey: [x]\nowner: data\n*/\n"
	p := read(t, files(
		"partners/van/stg_van__scans.sql", head+"select x from raw.scans\n",
		"partners/van/worklists/scans.sql", head+"select 'van' as source, x as ask from intermediate.int_numbers\n",
		"partners/depot/stg_depot__despatches.sql", head+"select x from raw.despatches\n",
		"intermediate/int_numbers.sql", head+"with int_numbers as (select x from staging.stg_depot__despatches)\nselect * from int_numbers\n",
	))
	scans := waybill.TableName{Namespace: "staging", Name: "stg_van__scans"}
	asked := map[waybill.TableName][]string{{Namespace: "raw", Name: "scans"}: {"scans"}}
	for sent, want := range map[string]bool{"scans": false, "despatches": false, "scans despatches": true} {
		filled := p.Filled(func(table waybill.TableName) bool { return strings.Contains(sent, table.Name) }, asked)
		if filled[scans] != want {
			t.Errorf("sent %s: scans have rows: %v, want %v", sent, filled[scans], want)
		}
	}
}
