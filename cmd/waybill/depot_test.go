package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// depotPipeline is a partner whose files lie in a folder: a despatch report with a trailer and a status report without.
const depotPipeline = `pipeline: depot
sources: [depot]
schedule: {cron: "@every 2s"}
feeds:
  - feed: despatch
    file: {match: ["DESP_*.csv"]}
    format: {type: csv, delimiter: ",", encoding: utf-8, header: true}
    trailer: {match: '^TRL', count_field: 1, policy: hold}
    supersede: {mode: file}
    limits: {max_rejected: 50%}
    on_drift: {new_column: warn, missing_column: hold}
    tables:
      raw.depot_despatch:
        columns:
          order_ref: {from: ["Order"], type: text, required: true, regex: '^[A-Z]{2}\d+$'}
          despatched_at: {from: ["Despatch date"], type: timestamp, formats: ["%d/%m/%Y %H:%M"], zone: Europe/London, required: true}
          qty: {from: ["No of items"], type: integer, required: true, min: 0}
          tracking_no: {from: ["Tracking number"], type: text, reference: true}
  - feed: order_status
    file: {match: ["STAT_*.csv"]}
    format: {type: csv, delimiter: ",", encoding: utf-8, header: true}
    supersede: {mode: file}
    on_drift: {new_column: warn, missing_column: hold}
    tables:
      raw.depot_status:
        columns:
          order_ref: {from: ["Order"], type: text, required: true}
          status: {from: ["Status"], type: text, required: true}
          status_at: {from: ["Status date"], type: timestamp, formats: ["%d/%m/%Y %H:%M"], zone: Europe/London, required: true}
`

// depotSQL lies over the built-in models: the depot as a partner, one mart over its despatches and a check that holds it.
var depotSQL = map[string]string{
	"partners/depot/stg_depot__despatch.sql": `/*
description: Despatched lines as the depot reports them.
grain: one row per line of a file
owner: operations
*/
select order_ref, despatched_at, qty, tracking_no, _file_id, _line from raw.depot_despatch
`,
	"marts/fulfilment/fct_despatch.sql": `/*
description: What left the depot.
grain: one row per despatched line
key: [_file_id, _line]
owner: operations
columns:
  order_ref: the order
  despatched_at: when it left (UTC)
  qty: units
  tracking_no: the parcel
  _file_id: the depot's file
  _line: its line
*/
select order_ref, despatched_at, qty, tracking_no, _file_id, _line from staging.stg_depot__despatch
`,
	"checks/qty_is_plausible.sql": `/*
description: Nobody sends more than a hundred of a thing in one parcel.
grain: one row per line
key: [_file_id, _line]
owner: operations
severity: error
*/
select order_ref, qty, _file_id, _line from marts.fct_despatch where qty > 100
`,
}

// depotNow is the instant that the depot's runs ask about.
var depotNow = time.Date(2026, 4, 8, 6, 0, 0, 0, time.UTC)

// depot is a small project of its own whose partner is a folder.
func depot(t *testing.T) *office {
	t.Helper()
	p := &office{T: t, dir: t.TempDir()}
	p.write("waybill.yaml", `name: depot
lake: {root: lake}
memory: 256MB
pii_salt: not a secret
pipelines: pipelines
sql: sql
publish: {duckdb: {path: marts.duckdb}}
connections:
  depot: {kind: folder, root: "`+filepath.Join(p.dir, "in")+`"}
`)
	p.write("pipelines/depot.yaml", depotPipeline)
	for name, text := range depotSQL {
		p.write("sql/"+name, text)
	}
	if err := os.MkdirAll(filepath.Join(p.dir, "in"), 0o755); err != nil {
		t.Fatal(err)
	}
	return p
}

// write writes one of the project's files.
func (p *office) write(name, text string) {
	p.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
}

// pull runs the depot's project.
func (p *office) pull(code int) outcome {
	p.Helper()
	return p.must(code, "run", "--as-of", stamp(depotNow))
}

// despatch is a despatch report of lines, with header and trailer.
func despatch(lines ...string) string {
	return "Order,Despatch date,No of items,Tracking number\n" + strings.Join(lines, "\n") + "\n" + "TRL," + count(len(lines)) + "\n"
}

// file finds what became of a file by its name.
func (p *office) file(name string) ledger.File {
	p.Helper()
	var files []ledger.File
	p.report(exitDone, &files, "files", "list", "--name", name)
	if len(files) == 0 {
		p.Fatalf("the ledger knows no %s", name)
	}
	return files[len(files)-1]
}

// says fails the test unless the text has every one of the words.
func says(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("does not say %q:\n%s", w, text)
		}
	}
}
