package models_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/models"
)

// readOver reads the parcels with an overlay.
func readOver(over fstest.MapFS) (*models.Project, error) {
	return models.Read(parcels(), models.Layer{Dir: "ops/sql", Files: over})
}

// tram is a partner that an overlay adds.
const tram = `/*
description: Scans as the tram sends them.
grain: one row per scan
key: [tracking_no, occurred_at]
owner: data
conforms_to: scans
*/
with stg_tram__scans as (
    select code as tracking_no, seen_at as occurred_at, 'accepted' as status, _source, _file_id, _line, _received_at from raw.tram_scans
)

select * from stg_tram__scans
`

func TestOverlayAddsAndReplaces(t *testing.T) {
	t.Parallel()
	p, err := readOver(files(
		"partners/tram/stg_tram__scans.sql", tram,
		"partners/lorry/codes.csv", "list,code,meaning\nscans,D,lost\nscans,L,lost\n",
		"marts/mine/fct_parcels.sql", "/*\ndescription: d\nkey: [tracking_no]\n*/\nselect tracking_no, 'lost' as latest_status, occurred_at as delivered_at from canonical.scans",
		"marts/mine/fct_trams.sql", "/*\ndescription: d\n*/\nselect * from marts.fct_parcels",
		"checks/lost_are_not_delivered.sql", "/*\ndescription: never\nseverity: warn\n*/\nselect 1 as x where false",
		"macros/mine.sql", "create or replace macro twice(x) as 2 * x;",
	))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := p.Conforming("scans"); fmt.Sprint(got) != "[ferry lorry tram]" {
		t.Errorf("partners of scans: %v", got)
	}
	parcels := p.Model(table("marts.fct_parcels"))
	if parcels.Area != "mine" || parcels.Path != "ops/sql/marts/mine/fct_parcels.sql" || parcels.Mark != models.Replaced {
		t.Errorf("fct_parcels is %+v", parcels)
	}
	if c := p.Model(table("checks.lost_are_not_delivered")); c.Head.Severity != models.SeverityWarn {
		t.Errorf("the check was not replaced: %+v", c.Head)
	}
	if got := names(p.Readers(table("intermediate.int_scans"))); got != "" {
		t.Errorf("the mart that was replaced still reads: %s", got)
	}
	var changes []string
	for _, c := range p.Changes() {
		changes = append(changes, fmt.Sprintf("%s %s %s (%s:%d over %s)", c.Mark, c.Kind, c.Name, c.Path, c.Line, c.Replaces))
	}
	want := strings.TrimSpace(`
added macros macros/mine.sql (ops/sql/macros/mine.sql:1 over )
added model staging.stg_tram__scans (ops/sql/partners/tram/stg_tram__scans.sql:1 over )
replaced model marts.fct_parcels (ops/sql/marts/mine/fct_parcels.sql:1 over marts/parcels/fct_parcels.sql:1)
added model marts.fct_trams (ops/sql/marts/mine/fct_trams.sql:1 over )
replaced check checks.lost_are_not_delivered (ops/sql/checks/lost_are_not_delivered.sql:1 over checks/lost_are_not_delivered.sql:1)
replaced code lorry scans D (ops/sql/partners/lorry/codes.csv:2 over partners/lorry/codes.csv:3)
added code lorry scans L (ops/sql/partners/lorry/codes.csv:3 over )`)
	if got := strings.Join(changes, "\n"); got != want {
		t.Errorf("changes\n%s\nwant\n%s", got, want)
	}
	if got := codes(t, p); got != "A=accepted D=lost L=lost" {
		t.Errorf("codes %s", got)
	}
}

// codes are the lorry's codes as a session reads them.
func codes(t *testing.T, p *models.Project) string {
	t.Helper()
	s := session(t, p, relations{"raw.lorry_scans": "select 1 as x"})
	rows, err := s.Query(t.Context(), &models.Worklist{
		SQL: "select string_agg(code || '=' || meaning, ' ' order by code) from seeds.codes where partner = 'lorry'", Deps: []waybill.TableName{table("seeds.codes")},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out string
	for rows.Next() {
		if err := rows.Scan(&out); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// A partner of an overlay's own has lists of its own, which no built-in model reads.
func TestOverlayListsOfItsOwn(t *testing.T) {
	t.Parallel()
	model := strings.NewReplacer("'accepted' as status", "c.meaning as status", "from raw.tram_scans",
		"from raw.tram_scans\n    left join seeds.codes as c on c.partner = 'tram' and c.list = 'bells' and c.code = bell").Replace(tram)
	if _, err := readOver(files("partners/tram/stg_tram__scans.sql", model, "partners/tram/codes.csv", "list,code,meaning\nbells,1,accepted\nstops,1,asked\n",
		"partners/tram/worklists/stops.sql", "/*\ndescription: d\n*/\nselect 'tram' as source, code as ask from seeds.codes as c where c.partner = 'tram' and c.list = 'stops'\n")); err != nil {
		t.Error(err)
	}
}

func TestOverlaySeeds(t *testing.T) {
	t.Parallel()
	base := with(parcels(), "seeds/rates.csv", "currency,rate\nGBP,1\n",
		"seeds/seeds.yaml", "rates:\n  description: d\n  key: [currency]\n  columns: {currency: VARCHAR, rate: \"decimal(18,6)\"}\n")
	over := func(pairs ...string) (*models.Project, error) {
		return models.Read(base, models.Layer{Dir: "mine", Files: files(pairs...)})
	}
	p, err := over("seeds/rates.csv", "rate,currency\n2,GBP\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.Seeds() {
		if s.Name.Name == "rates" && (s.Mark != models.Replaced || s.Columns[0].Type != "DECIMAL(18,6)" || fmt.Sprint(s.Key) != "[currency]") {
			t.Errorf("the seed is %+v", s)
		}
	}
	for name, c := range map[string]struct {
		pairs []string
		want  string
	}{
		"lacks a column":   {[]string{"seeds/rates.csv", "currency\nGBP\n"}, "mine/seeds/rates.csv:1: column rate is missing, which seeds/rates.csv has"},
		"has one more":     {[]string{"seeds/rates.csv", "currency,rate,since\n"}, "mine/seeds/rates.csv:1: column since is not in seeds/rates.csv; describe the seed in mine/seeds/seeds.yaml"},
		"is not described": {[]string{"seeds/tolls.csv", "a\n"}, "mine/seeds/tolls.csv:1: the seed is not described in mine/seeds/seeds.yaml"},
		"has no CSV":       {[]string{"seeds/seeds.yaml", "rates: {columns: {}}\n"}, "mine/seeds/seeds.yaml:1: no file seeds/rates.csv beside it"},
	} {
		if _, err := over(c.pairs...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if _, err := over("seeds/rates.csv", "currency,pence\n", "seeds/seeds.yaml", "rates:\n  columns: {currency: VARCHAR, pence: BIGINT}\n"); err != nil {
		t.Errorf("a seed with a description of its own: %v", err)
	}
}

func TestOverlayMistakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pairs []string
		want  string
	}{
		"SQL":              {[]string{"marts/x/m.sql", "/*\ndescription: d\n*/\nselect 1\nfrm x"}, "ops/sql/marts/x/m.sql:5: "},
		"table":            {[]string{"marts/x/m.sql", "/*\ndescription: d\n*/\nselect 1 from marts.fct_parcel"}, "ops/sql/marts/x/m.sql:4: unknown table marts.fct_parcel (did you mean marts.fct_parcels?)"},
		"head":             {[]string{"marts/x/m.sql", "/*\ndescription: d\nowners: x\n*/\nselect 1"}, "ops/sql/marts/x/m.sql:3: unknown key owners"},
		"two of a name":    {[]string{"marts/x/m.sql", "/*\ndescription: d\n*/\nselect 1", "marts/y/m.sql", "/*\ndescription: d\n*/\nselect 1"}, "ops/sql/marts/y/m.sql:1: a second model named m, the first is ops/sql/marts/x/m.sql"},
		"other schema":     {[]string{"intermediate/fct_parcels.sql", "/*\ndescription: d\n*/\nselect 1"}, "a second model named fct_parcels, the first is marts/parcels/fct_parcels.sql"},
		"fact":             {[]string{"canonical/mine.yaml", "scans:\n  description: d\n  columns: {x: {type: VARCHAR, description: d}}\n"}, "ops/sql/canonical/mine.yaml:1: canonical.scans is declared in canonical/carriers.yaml:2 and cannot be replaced"},
		"conforms":         {[]string{"partners/tram/stg_tram__scans.sql", strings.Replace(tram, "as status", "as state", 1)}, "ops/sql/partners/tram/stg_tram__scans.sql:9: column state is none of canonical.scans"},
		"conforms no more": {[]string{"partners/ferry/stg_ferry__scans.sql", strings.NewReplacer("conforms_to: scans\n", "", "tram", "ferry").Replace(tram)}, "ops/sql/partners/ferry/stg_ferry__scans.sql:1: takes the place of partners/ferry/stg_ferry__scans.sql, which conforms to scans"},
		"codes":            {[]string{"partners/lorry/codes.csv", "list,code,meaning\nscans,A,lost\nscans,A,accepted\n"}, "ops/sql/partners/lorry/codes.csv:3: matches what line 2 of ops/sql/partners/lorry/codes.csv matches"},
		"list of codes":    {[]string{"partners/lorry/codes.csv", "list,code,meaning\nscan,A,lost\n"}, "ops/sql/partners/lorry/codes.csv:2: no model reads a list scan (did you mean scans?)"},
		"staging":          {[]string{"staging/stg_tram__scans.sql", tram}, "ops/sql/staging/stg_tram__scans.sql:1: nothing reads this file: staging models lie in partners/<partner>/"},
		"folder":           {[]string{"mart/x/m.sql", "/*\ndescription: d\n*/\nselect 1"}, "nothing reads this file: the folders are canonical, checks, intermediate, macros, marts, partners, seeds (did you mean marts?)"},
		"yml":              {[]string{"seeds/seeds.yml", ""}, "ops/sql/seeds/seeds.yml:1: nothing reads this file: YAML files end in .yaml"},
	} {
		if _, err := readOver(files(c.pairs...)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", name, err, c.want)
		}
	}
	dropped := "/*\ndescription: d\n*/\nwith m as (select * from canonical.scans) select tracking_no as parcel, status, occurred_at as delivered_at from m"
	if _, err := readOver(files("marts/x/fct_parcels.sql", dropped)); err == nil ||
		!strings.Contains(err.Error(), "ops/sql/marts/x/fct_parcels.sql:4: marts.fct_parcels takes the place of marts/parcels/fct_parcels.sql and gives no column latest_status, which checks/lost_are_not_delivered.sql:5 reads") {
		t.Errorf("a column that is read is gone: %v", err)
	}
	if _, err := readOver(files("partners/tram/cases/stg_tram__scans/one/want.csv", "a\n", ".git/x.sql", "", "README.md", "")); err != nil {
		t.Errorf("cases and what is no SQL are nobody's business here: %v", err)
	}
}
