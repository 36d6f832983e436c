package models_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/models"
)

// scanned are the scans that two partners sent: one of the lorry's has a code that nobody has mapped.
func scanned(asOf string) relations {
	return relations{
		"raw.lorry_scans": `select * from (values
			('p1', timestamptz '2026-03-02 08:00:00+00', 'A', 'Leeds', 'Quay 1', 'lorry-uk', 'f1', 1, timestamptz '2026-03-03 00:00:00+00'),
			('p1', timestamptz '2026-03-05 08:00:00+00', 'D', 'York', 'Mill 2', 'lorry-uk', 'f2', 1, timestamptz '2026-03-06 00:00:00+00'),
			('p2', timestamptz '2026-03-05 09:00:00+00', 'Z', 'York', 'Mill 3', 'lorry-uk', 'f2', 2, timestamptz '2026-03-06 00:00:00+00'))
			as t(parcel, "at", code, town, street, _source, _file_id, _line, _received_at)`,
		"raw.ferry_landings": `select 'F1' as number, timestamptz '2026-03-04 10:00:00+00' as landed_at,
			'ferry' as _source, 'f3' as _file_id, 9 as _line, timestamptz '2026-03-04 12:00:00+00' as _received_at`,
		"ops.clock": "select timestamptz '" + asOf + "' as as_of",
	}
}

const allScans = `/*
description: All scans.
*/
select concat_ws(' ', partner, source, tracking_no, coalesce(status, 'none'), coalesce(place, 'nowhere'), _file_id, _line) as said
from canonical.scans
order by all
`

// said builds the fact and returns its rows as texts.
func said(t *testing.T, p *models.Project, r relations) string {
	t.Helper()
	s := session(t, p, r)
	mustBuild(t, s, []*models.Model{p.Model(table("canonical.scans"))})
	w, err := p.Worklist("all_scans")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.Query(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return strings.Join(out, "|")
}

func TestAFactIsWhatItsPartnersSay(t *testing.T) {
	t.Parallel()
	p := read(t, with(parcels(), "partners/ferry/worklists/all_scans.sql", allScans))
	got := said(t, p, scanned("2026-03-31 00:00:00+00"))
	want := "ferry ferry F1 delivered nowhere f3 9|lorry lorry-uk P1 accepted Leeds Quay 1 f1 1|" +
		"lorry lorry-uk P1 delivered York Mill 2 f2 1|lorry lorry-uk P2 none York Mill 3 f2 2"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	by, err := p.Conforming("scans")
	if err != nil || strings.Join(by, " ") != "ferry lorry" {
		t.Error(by, err)
	}
}

func TestAsOfAnEarlierInstantAFactKnowsNothingLater(t *testing.T) {
	t.Parallel()
	p := read(t, with(parcels(), "partners/ferry/worklists/all_scans.sql", allScans))
	got := said(t, p, scanned("2026-03-04 10:00:00+00"))
	if want := "ferry ferry F1 delivered nowhere f3 9|lorry lorry-uk P1 accepted Leeds Quay 1 f1 1"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A fact of partners that are not there has its columns, its types, and no row; what is built on it is empty and knows why.
func TestAPartnerWhoSendsNothingHasNoModels(t *testing.T) {
	t.Parallel()
	p := read(t, with(parcels(), "partners/ferry/worklists/all_scans.sql", allScans))
	written := map[waybill.TableName]bool{table("raw.ferry_landings"): true}
	ferry := p.Active(written)
	if got := said(t, ferry, scanned("2026-03-31 00:00:00+00")); got != "ferry ferry F1 delivered nowhere f3 9" {
		t.Error(got)
	}
	nobody := p.Active(nil)
	s := session(t, nobody, relations{"ops.clock": "select timestamptz '2026-03-31 00:00:00+00' as as_of"})
	mart := nobody.Model(table("marts.fct_parcels"))
	built := mustBuild(t, s, []*models.Model{mart})
	if n := built[len(built)-1].Rows; n != 0 {
		t.Errorf("%d rows out of nothing", n)
	}
	columns, err := s.Columns(t.Context(), nobody.Model(table("canonical.scans")))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(columns[2].Name, columns[3].Name, columns[3].Type, columns[7].Name, columns[7].Type); got != "tracking_nooccurred_atTIMESTAMPTZ_lineBIGINT" {
		t.Error(got)
	}
	if got := nobody.LackingPartners(mart, nil); strings.Join(got, " ") != "scans" {
		t.Error(got)
	}
	if got := ferry.LackingPartners(ferry.Model(table("marts.fct_parcels")), written); len(got) > 0 {
		t.Error(got)
	}
}

func TestModelsThatDoNotConformAreNamed(t *testing.T) {
	t.Parallel()
	const lorry = "partners/ferry/stg_ferry__scans.sql"
	const head = "/*\ndescription: Scans.\ngrain: one row per scan\nkey: [tracking_no]\nowner: data\nconforms_to: scans\n*/\n"
	model := func(items string) string {
		return head + "with stg_ferry__scans as (\nselect " + items + "\nfrom raw.ferry_landings\n)\n\nselect * from stg_ferry__scans"
	}
	const lineage = "_source, _file_id, _line, _received_at"
	for name, c := range map[string]struct{ path, text, want string }{
		"another name": {
			lorry, model("number as trackingno, landed_at as occurred_at, 'delivered' as status,\n" + lineage),
			lorry + ":9: column trackingno is none of canonical.scans (canonical/carriers.yaml:2) (did you mean tracking_no?)",
		},
		"a column missing": {
			lorry, model("number as tracking_no, landed_at as occurred_at,\n" + lineage),
			"column status of canonical.scans (canonical/carriers.yaml:10) is missing; only optional ones may be",
		},
		"no line":          {lorry, model("number as tracking_no, landed_at as occurred_at, 'lost' as status,\n_source, _file_id, _received_at"), "column _line is missing"},
		"an unlisted star": {lorry, model("*"), "its last CTE lists its columns by name"},
		"no such fact": {
			lorry, strings.Replace(model("number as tracking_no"), "conforms_to: scans", "conforms_to: scan", 1),
			"conforms_to scan: no such fact is declared in canonical (did you mean scans?)",
		},
		"a word of nobody": {lorry, model("number as tracking_no, landed_at as occurred_at, 'deliverd' as status,\n" + lineage), "deliverd"},
		"a key without the source": {
			"canonical/more.yaml", "more:\n  description: d\n  grain: one row per x\n  key: [x]\n  columns:\n    x: {type: VARCHAR, description: x}\n",
			"canonical/more.yaml:1: canonical.more: the key begins with source",
		},
		"a key of no column": {
			"canonical/more.yaml", "more:\n  description: d\n  grain: one row per x\n  key: [source, y]\n  columns:\n    x: {type: VARCHAR, description: x}\n",
			"canonical.more: key names column y, which it has not",
		},
		"a type of nobody": {"canonical/more.yaml", "more:\n  description: d\n  grain: one row per x\n  key: [source]\n  columns:\n    x: {type: MONEY, description: x}\n", "canonical/more.yaml:6: "},
		"a list of nobody": {
			"partners/lorry/codes.csv", "list,code,meaning\nscan,A,accepted\n",
			"partners/lorry/stg_lorry__scans.sql:23: takes list scans, which the codes.csv of lorry has not (did you mean scan?)",
		},
		"another's codes": {
			"partners/lorry/stg_lorry__scans.sql", strings.Replace(string(parcels()["partners/lorry/stg_lorry__scans.sql"].Data), "c.partner = 'lorry'", "c.partner = 'lory'", 1),
			"partners/lorry/stg_lorry__scans.sql:23: takes codes of partner lory",
		},
		"two codes alike": {
			"partners/lorry/codes.csv", "list,code,meaning\nscans,A,accepted\nscans,A,lost\n",
			"partners/lorry/codes.csv:3: matches what line 2 of partners/lorry/codes.csv matches",
		},
		"half a pattern":         {"partners/lorry/codes.csv", "list,pattern,meaning\nscans,lost.*,lost\n", "partners/lorry/codes.csv:2: pattern lost.*: it begins with ^ and ends with $"},
		"a code without meaning": {"partners/lorry/codes.csv", "list,code,meaning\nscans,A,\n", "partners/lorry/codes.csv:2: a code needs a list and a meaning"},
		"another header":         {"partners/lorry/codes.csv", "list,code,means\n", "column means is none of a code map's"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			errs := models.CheckStyle(with(parcels(), c.path, c.text))
			if all := errors.Join(errs...); all == nil || !strings.Contains(all.Error(), c.want) {
				t.Errorf("no %q in\n%v", c.want, all)
			}
		})
	}
}

// Types are known once the SQL has run over the raw tables: money is not rounded and instants are not shifted by a cast of the engine's.
func TestTypesThatDoNotFitAreNamed(t *testing.T) {
	t.Parallel()
	fine := parcels()
	text := string(fine["partners/ferry/stg_ferry__scans.sql"].Data)
	for was, is := range map[string]string{
		"landed_at as occurred_at": "cast(landed_at as varchar) as occurred_at",
		"number as tracking_no":    "42 as tracking_no",
	} {
		p := read(t, with(fine, "partners/ferry/stg_ferry__scans.sql", strings.Replace(text, was, is, 1)))
		s := session(t, p, scanned("2026-03-31 00:00:00+00"))
		built, err := s.Build(t.Context(), []*models.Model{p.Model(table("canonical.scans"))}, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := built[len(built)-1].Err
		if got == nil || !strings.Contains(got.Error(), "partners/ferry/stg_ferry__scans.sql:9: column ") || !strings.Contains(got.Error(), "in canonical.scans (canonical/carriers.yaml:2): cast it") {
			t.Errorf("%s: %v", is, got)
		}
	}
}

// A key that comes twice, a word that is none and a value that is missing are findings of the fact, with the partner's line.
func TestFactsAreChecked(t *testing.T) {
	t.Parallel()
	p := read(t, parcels())
	r := scanned("2026-03-31 00:00:00+00")
	r["raw.ferry_landings"] = `select number, timestamptz '2026-03-04 10:00:00+00' as landed_at, 'ferry' as _source, 'f3' as _file_id,
		line as _line, timestamptz '2026-03-04 12:00:00+00' as _received_at from (values ('F1', 1), ('F1', 2), (null, 3)) as t(number, line)`
	s := session(t, p, r)
	fact := p.Model(table("canonical.scans"))
	mustBuild(t, s, []*models.Model{fact})
	results, err := s.Check(t.Context(), []*models.Model{fact})
	if err != nil {
		t.Fatal(err)
	}
	failed := map[string]int64{}
	for _, res := range results {
		if res.Failing > 0 {
			failed[res.Check] = res.Failing
		}
	}
	if len(failed) != 2 {
		t.Errorf("%v in %+v", failed, results)
	}
}

// What only a partner's data tells stands in its folder: its name above the facts is found wherever it is written.
func TestNoPartnerIsNamedAboveTheFacts(t *testing.T) {
	t.Parallel()
	const mart = "marts/parcels/fct_parcels.sql"
	base := string(parcels()[mart].Data)
	for name, c := range map[string]struct{ path, was, is, want string }{
		"a literal":             {mart, "first_at < c.as_of", "s.latest_status <> 'ferry' and s.first_at < c.as_of", "names the partner ferry"},
		"its staging":           {mart, "from intermediate.int_scans", "from staging.stg_lorry__scans", "only a partner's own models read it"},
		"its raw table":         {mart, "from intermediate.int_scans", "from raw.lorry_scans", "only a partner's own models read it"},
		"a comment":             {mart, "with summed as (", "-- the Lorry scans twice\nwith summed as (", mart + ":13: names the partner lorry"},
		"another's, in staging": {"partners/ferry/stg_ferry__more.sql", base, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(base, c.was, c.is, 1)
			if c.want == "" {
				text = "/*\ndescription: d\ngrain: one row per x\nkey: [x]\nowner: data\n*/\nselect tracking_no as x from staging.stg_lorry__scans\n"
				c.want = "staging reads raw tables, seeds, ops and staging of its own partner"
			}
			errs := models.CheckStyle(with(parcels(), c.path, text))
			if all := errors.Join(errs...); all == nil || !strings.Contains(all.Error(), c.want) {
				t.Errorf("no %q in\n%v", c.want, all)
			}
		})
	}
}

func TestColumnsNeedNoQuotes(t *testing.T) {
	t.Parallel()
	const mart = "marts/parcels/fct_parcels.sql"
	text := string(parcels()[mart].Data)
	errs := models.CheckStyle(with(parcels(), mart, strings.ReplaceAll(strings.ReplaceAll(text, "  is_late:", "  user:"), "as is_late", "as user")))
	if all := errors.Join(errs...); all == nil || !strings.Contains(all.Error(), "column user would have to be quoted") {
		t.Error(all)
	}
}
