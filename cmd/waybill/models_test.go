package main

import (
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
)

// TestQueryTheLake asks for tables that are not published: raw ones, the depot's own staging, built-in facts and state; and changes nothing.
func TestQueryTheLake(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch(goodLine, "HR1002,07/04/2026 11:00,1,"))
	p.pull(exitDone)
	before := p.snapshots()
	for query, want := range map[string]string{
		"select sum(qty) from raw.depot_despatch":                                                                       "3",
		"select max(tracking_no) from staging.stg_depot__despatch":                                                      "JD014600003828",
		"select count(*) from canonical.parcel_scans":                                                                   "0",
		"select name from ops.files":                                                                                    "DESP_1.csv",
		"select meaning from seeds.grades where grade = 'A'":                                                            "as new",
		"select count(*) from marts.fct_despatch as m join raw.depot_despatch as r using (_file_id, _line)":             "2",
		"select count(*) from intermediate.int_orders":                                                                  "0",
		"with raw as (select count(*) as n from staging.stg_depot__despatch) select n from raw":                         "2",
		"select cast(max(_built_at) as varchar) from (select _built_at from marts.feed_health union all select null)":   "2026-04-08 06:00:00+00",
		"select count(*) from (describe canonical.orders) where column_name = 'order_name' and column_type = 'VARCHAR'": "1",
	} {
		if got := p.ask(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	says(t, p.must(exitDone, "query", "--as-of", "2026-04-07T10:00:00Z", "select distinct _built_at from marts.feed_health").out, "2026-04-07 10:00:00Z")
	says(t, p.must(exitDone, "query", "select count(*) from canonical.parcel_scans").err, "building 1 model aside for canonical.parcel_scans")
	for query, want := range map[string]string{
		"select * from canonical.parcel_scan":                                          "did you mean canonical.parcel_scans?",
		"select * from raw.depot_despach":                                              "did you mean raw.depot_despatch?",
		"select * from staging.stg_dhl__events":                                        "staging.stg_dhl__events is left out, since no pipeline fills raw.dhl_events",
		"select * from checks.qty_is_plausible":                                        "is a check and no table; `waybill check qty_is_plausible`",
		"select * from checks.qty_plausible":                                           "did you mean checks.qty_is_plausible?",
		"select qtty from raw.depot_despatch":                                          `"qtty"`,
		"select * from read_text('" + p.config() + "') as f cross join ops.clock":      "Permission Error",
		"delete from raw.depot_despatch":                                               "",
		"copy (select * from raw.depot_despatch) to '" + p.dir + "/out.csv'":           "",
		"select 1 from raw.depot_despatch; drop table marts.fct_despatch":              "",
		"select * from read_csv('" + p.dir + "/in/DESP_1.csv') join ops.clock on true": "Permission Error",
	} {
		o := p.run("query", query)
		if o.code == exitDone {
			t.Errorf("%s went through:\n%s", query, o)
		}
		says(t, o.err, want)
	}
	after := p.snapshots()
	for table, id := range before {
		if after[table] != id {
			t.Errorf("asking changed %s", table)
		}
	}
}

// TestModels lists, prints and traces the models of a project with SQL of its own.
func TestModels(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("sql/marts/fulfilment/dim_carriers.sql", `/*
description: One carrier alone.
key: [carrier]
columns: {carrier: who}
*/
select 'cart' as carrier, cast(null as varchar) as terms
`)
	var rows []modelRow
	p.report(exitDone, &rows, "models")
	found := map[string]modelRow{}
	for _, r := range rows {
		found[r.Name] = r
	}
	for name, want := range map[string]modelRow{
		"staging.stg_depot__despatch": {State: "active", Overlay: "added", Grain: "line of a file"},
		"marts.fct_despatch":          {State: "active", Overlay: "added", Area: "fulfilment", Grain: "despatched line"},
		"marts.dim_carriers":          {State: "active", Overlay: "replaced", Area: "fulfilment"},
		"checks.qty_is_plausible":     {State: "active", Overlay: "added", Grain: "line"},
		"canonical.parcel_scans":      {State: "empty", Area: "carriers", Grain: "scan", Why: "no partner here tells it"},
		"staging.stg_dhl__events":     {State: "left out", Area: "parcel_scans", Grain: "event", Why: "no pipeline fills raw.dhl_events, raw.dhl_shipments"},
		"marts.fct_shipments":         {State: "active", Area: "fulfilment", Grain: "outbound tracking number in the warehouses' despatches"},
	} {
		got := found[name]
		if got.State != want.State || got.Overlay != want.Overlay || got.Area != want.Area || got.Grain != want.Grain || (want.Why != "" && got.Why != want.Why) {
			t.Errorf("%s is %+v, want %+v", name, got, want)
		}
	}
	says(t, p.must(exitDone, "models", "area:fulfilment").out, "marts.fct_despatch", "added", "marts.dim_carriers", "replaced", "2 of your own")
	says(t, p.must(exitUsage, "models", "area:fulfillment").err, "did you mean fulfilment?")

	shown := p.must(exitDone, "models", "show", "dim_carriers")
	says(t, shown.out, "description: One carrier alone.", "select 'cart' as carrier")
	says(t, shown.err, "sql/marts/fulfilment/dim_carriers.sql:1, in the place of marts/fulfilment/dim_carriers.sql")
	if built := p.must(exitDone, "models", "show", "--built-in", "dim_carriers").out; strings.Contains(built, "cart'") || !strings.Contains(built, "description:") {
		t.Errorf("not the built-in one:\n%s", built)
	}
	says(t, p.must(exitDone, "models", "show", "canonical.parcel_scans").out, "grain: one row per scan", "# told by: nobody here", "where false")
	says(t, p.must(exitDone, "models", "show", "seeds.codes").out, "partner,list,code", "dhl,scans,")
	says(t, p.must(exitDone, "models", "show", "dhl_tracking").out, "from")
	says(t, p.must(exitUsage, "models", "show", "fct_despach").err, "did you mean fct_despatch?")

	var lineage lineageRows
	p.report(exitDone, &lineage, "models", "lineage", "fct_despatch.tracking_no")
	if len(lineage.Upstream) != 2 || lineage.Upstream[1].Name != "raw.depot_despatch.tracking_no" || lineage.Upstream[1].Depth != 2 || !lineage.Upstream[1].Unchanged {
		t.Errorf("made of %+v", lineage.Upstream)
	}
	says(t, p.must(exitDone, "models", "lineage", "raw.depot_despatch.qty").out, "goes into\n  =staging.stg_depot__despatch.qty\n    =marts.fct_despatch.qty\n      =checks.qty_is_plausible.qty")
	says(t, p.must(exitDone, "models", "lineage", "fct_despatch").out, "is made of\n   staging.stg_depot__despatch\n     raw.depot_despatch\ngoes into\n   checks.qty_is_plausible")
	says(t, p.must(exitUsage, "models", "lineage", "fct_despatch.quantity").err, "marts.fct_despatch has no column quantity")

	var findings []waybill.Finding
	p.report(exitDone, &findings, "doctor")
	text := ""
	for _, f := range findings {
		text += f.Subject + ": " + f.Detail + "\n"
	}
	says(t, text, "3 added, 1 replaced", "sql: model marts.fct_despatch: added in ", "sql: model marts.dim_carriers: ", "in the place of the built-in marts/fulfilment/dim_carriers.sql:1")
	p.edit("sql/checks/qty_is_plausible.sql", "where qty > 100", "where qty > 100 or order_ref in (select order_ref from canonical.order_statuses where status = 'pakced')")
	says(t, p.must(exitFailed, "doctor").out, "BAD  sql: model checks.qty_is_plausible", "qty_is_plausible.sql:8: 'pakced' is none of canonical.order_statuses.status (did you mean packed?)")
}
