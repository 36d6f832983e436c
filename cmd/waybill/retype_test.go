package main

import (
	"testing"
	"time"

	"github.com/fourmarketing/waybill/pipelines/run"
)

// TestATypeChanges: a column's type changes in its contract. Rows of before are read in the new type at once, a reload gives them exactly, and other feeds
// know nothing of it; a change that the table cannot follow stops its own feed alone, and the error says what to do.
func TestATypeChanges(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch("AV1001,07/04/2026 12:00,02,"))
	p.write("in/STAT_1.csv", "Order,Status,Status date\nAV1001,packed,07/04/2026 11:00\n")
	p.pull(exitDone)
	quantities := func() string {
		return p.ask("select string_agg(qty, ' ' order by order_ref) || ' ' || count(*) from (select cast(qty as varchar) as qty, order_ref from raw.depot_despatch)")
	}
	change := func(from, to, name, line, want string) {
		t.Helper()
		p.edit("pipelines/depot.yaml", "type: "+from+", required: true, min: 0", "type: "+to+", required: true, min: 0")
		p.write("in/"+name, despatch(line))
		p.pull(exitDone)
		if got := quantities(); got != want {
			t.Errorf("%s to %s: the rows have %s, want %s", from, to, got, want)
		}
	}
	change("integer", `"decimal(15,3)"`, "DESP_2.csv", "AV1002,07/04/2026 12:00,2.5,", "2.000 2.500 2")
	change(`"decimal(15,3)"`, `"decimal(18,4)"`, "DESP_3.csv", "AV1003,07/04/2026 12:00,2.2525,", "2.0000 2.5000 2.2525 3")
	p.edit("pipelines/depot.yaml", "required: true, min: 0", "required: true")
	p.edit("sql/checks/qty_is_plausible.sql", "qty > 100", "cast(qty as decimal(18, 4)) > 100")
	p.edit("pipelines/depot.yaml", `type: "decimal(18,4)", required: true`, "type: text, required: true")
	p.write("in/DESP_4.csv", despatch("AV1004,07/04/2026 12:00,007,"))
	p.pull(exitDone)
	if got := quantities(); got != "2.0000 2.5000 2.2525 007 4" {
		t.Errorf("as text, the rows have %s", got)
	}
	p.must(exitDone, "files", "reload", "--outdated")
	if got := quantities(); got != "02 2.5 2.2525 007 4" {
		t.Errorf("loaded again, the rows have %s", got)
	}

	p.edit("pipelines/depot.yaml", `from: ["No of items"], type: text`, `from: ["No of items"], type: integer`)
	p.write("in/DESP_5.csv", despatch("AV1005,07/04/2026 12:00,5,"))
	p.write("in/STAT_2.csv", "Order,Status,Status date\nAV1002,packed,07/04/2026 11:00\n")
	o := p.must(exitFailed, "run", "--as-of", stamp(depotNow.Add(time.Hour)))
	says(t, o.err, "depot/despatch", "raw.depot_despatch", "qty is VARCHAR in the table and INTEGER is asked for", "another name")
	if got := p.ask("select count(*) from raw.depot_status"); got != "2" {
		t.Errorf("the other feed has %s rows, want 2", got)
	}
	if got := quantities(); got != "02 2.5 2.2525 007 4" {
		t.Errorf("the rows that cannot follow are %s", got)
	}
	var plan run.Plan
	p.report(exitDone, &plan, "plan")
	p.edit("pipelines/depot.yaml", "qty: {from:", "units: {from:") // as the error says
	p.edit("sql/partners/depot/stg_depot__despatch.sql", "qty,", "units as qty,")
	p.edit("sql/checks/qty_is_plausible.sql", "cast(qty as decimal(18, 4))", "qty")
	p.must(exitDone, "run", "--as-of", stamp(depotNow.Add(time.Hour)))
	p.must(exitDone, "files", "reload", "--outdated")
	if got := p.ask("select sum(units) from raw.depot_despatch"); got != "14" { // 2.5 and 2.2525 are no integers
		t.Errorf("under another name the sum is %s", got)
	}
}

// TestAnIntegerBecomesText: every file of before and behind the change is read, in the same run as the feeds beside it; loaded again, the noughts are back.
func TestAnIntegerBecomesText(t *testing.T) {
	t.Parallel()
	p := depot(t)
	column := func(kind string) string { return `step: {from: ["Step"], type: ` + kind + `}` }
	p.edit("pipelines/depot.yaml", `status: {from: ["Status"], type: text, required: true}`, `status: {from: ["Status"], type: text, required: true}
          `+column("integer"))
	status := func(name, order, step string) {
		p.write("in/"+name, "Order,Status,Step,Status date\n"+order+",packed,"+step+",07/04/2026 11:00\n")
	}
	reads := func(want string) {
		t.Helper()
		if got := p.ask("select string_agg(cast(step as varchar), ' ' order by order_ref) from raw.depot_status"); got != want {
			t.Errorf("the table has %q, want %q", got, want)
		}
	}
	status("STAT_1.csv", "AV1001", "02")
	p.pull(exitDone)
	reads("2")
	p.edit("pipelines/depot.yaml", column("integer"), column("text"))
	status("STAT_2.csv", "AV1002", "007")
	p.write("in/DESP_1.csv", despatch(goodLine))
	p.pull(exitDone)
	reads("2 007")
	if n := p.ask("select count(*) from marts.fct_despatch"); n != "1" {
		t.Errorf("%s lines in the mart of the feed beside it, want 1", n)
	}
	p.must(exitDone, "files", "reload", "--outdated")
	reads("02 007")
}
