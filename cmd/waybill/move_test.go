package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/pipelines/run"
)

// sums are what the depot's table has, by source.
func (p *office) sums() string {
	p.Helper()
	return p.ask("select string_agg(s, ' ' order by s) from (select _source || ':' || sum(qty) || '/' || count(*) as s from raw.depot_despatch group by _source)")
}

// TestMoveARenamedConnection: the documents of a connection that was renamed become those of its new name, none twice, whether a run under the new name
// came before or not.
func TestMoveARenamedConnection(t *testing.T) {
	t.Parallel()
	for _, doubled := range []bool{false, true} {
		p := depot(t)
		p.write("in/DESP_1.csv", despatch("AV1001,07/04/2026 12:00,2,", "AV1002,no day,9,", "AV1003,07/04/2026 12:00,3,"))
		p.write("in/DESP_2.csv", despatch("AV1004,07/04/2026 12:00,4,"))
		p.write("in/STAT_1.csv", "Order,Status,Status date\nAV1001,packed,07/04/2026 11:00\n")
		p.pull(exitDone)
		before := p.file("DESP_1.csv")

		p.edit("waybill.yaml", "depot: {kind", "quayside: {kind")
		p.edit("pipelines/depot.yaml", "sources: [depot]", "sources: [quayside]")
		if doubled {
			p.pull(exitDone)
			if got := p.sums(); got != "depot:9/3 quayside:9/3" {
				t.Fatalf("the renamed connection's rows are %s", got)
			}
		}
		says(t, p.must(exitDone, "plan", "--as-of", stamp(depotNow)).out, "nameless depot/despatch: 2 known files", "waybill files move depot/despatch quayside/despatch")
		says(t, p.must(exitDone, "doctor").out, "depot/order_status: 1 known files of a feed that no definition names", "waybill files move")
		p.must(exitUsage, "files", "move", "depot/despatch", "quayside/nothing")
		p.must(exitUsage, "files", "move", "depot", "nowhere")

		says(t, p.must(exitDone, "files", "move", "depot", "quayside").out, "2 files of depot/despatch moved to quayside/despatch", "next: waybill build")
		if got := p.sums(); got != "quayside:9/3" {
			t.Errorf("doubled %v: moved, the rows are %s", doubled, got)
		}
		if got := p.ask("select string_agg(distinct source || '/' || feed, ' ') || ' ' || count(*) from ops.rejects"); got != "quayside/despatch 1" {
			t.Errorf("doubled %v: the rejects are %s", doubled, got)
		}
		if after := p.file("DESP_1.csv"); !doubled && (after.ID != before.ID || after.KeptPath != before.KeptPath || after.Source != "quayside" || after.Status != "loaded") {
			t.Errorf("the file was %+v, is %+v", before, after)
		}
		o := p.pull(exitDone)
		if strings.Contains(o.out, "1 file loaded") || strings.Contains(o.out, "2 files loaded") || p.sums() != "quayside:9/3" {
			t.Errorf("a run loads them again: %s", o)
		}
		says(t, p.must(exitDone, "files", "move", "depot", "quayside").out, "0 files of depot/despatch moved", "no file bears the former name", "0 feeds with files and without a definition") // again: nothing is left to do
		var plan run.Plan
		p.report(exitDone, &plan, "plan", "--as-of", stamp(depotNow))
		if len(plan.Nameless) > 0 || plan.Feeds[0].Outdated > 0 {
			t.Errorf("something is left: %+v", plan)
		}
		if got := p.ask("select sum(qty) from marts.fct_despatch"); got != "9" {
			t.Errorf("doubled %v: the mart has %s units", doubled, got)
		}
		for _, name := range []string{"catalog.db", "catalog.db-wal", "catalog.db-shm"} {
			if err := os.Remove(filepath.Join(p.dir, "lake", name)); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
		}
		p.must(exitDone, "rebuild")
		if got := p.sums(); got != "quayside:9/3" {
			t.Errorf("doubled %v: made again from the journal, the rows are %s", doubled, got)
		}
		p.report(exitDone, &plan, "plan", "--as-of", stamp(depotNow))
		if len(plan.Nameless) > 0 || plan.Feeds[0].Outdated > 0 || plan.Feeds[0].Known != 2 {
			t.Errorf("made again from the journal, something is left: %+v", plan)
		}
	}
}

// TestMoveRefuses what would leave rows behind, and what is no renamed feed.
func TestMoveRefuses(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch(goodLine))
	p.pull(exitDone)
	says(t, p.must(exitUsage, "files", "move", "depot/despatch", "depot/order_status").err, "still pulls it")
	p.edit("pipelines/depot.yaml", "feed: despatch", "feed: sent")
	says(t, p.must(exitDone, "files", "move", "depot/despach", "depot/sent").out, "0 files of depot/despach moved", "no file bears the former name", "nameless depot/despatch: 1 known files", "waybill files move depot/despatch depot/sent")
	says(t, p.must(exitUsage, "files", "move", "depot/despatch", "depot/order_status").err, "raw.depot_despatch", "does not fill")
	says(t, p.must(exitDone, "files", "move", "depot/despatch", "depot/sent").out, "1 file of depot/despatch moved to depot/sent, 0 files loaded again")
	if f := p.file("DESP_1.csv"); f.Feed != "sent" || f.Status != "loaded" {
		t.Errorf("%+v", f)
	}
	p.pull(exitDone)
	if got := p.sums(); got != "depot:2/1" {
		t.Errorf("the rows are %s", got)
	}
}

// TestStrays: files that lie where feeds look and that none takes are noted, with the pattern that one misses by little.
func TestStrays(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch(goodLine))
	p.write("in/desp_2.CSV", despatch(goodLine))
	p.write("in/more/INVOICE.pdf", "x")
	says(t, p.must(exitDone, "plan", "--as-of", stamp(depotNow)).out, "stray depot: no feed takes 2 files, such as desp_2.CSV; the nearest pattern is DESP_*.csv")
	says(t, p.must(exitDone, "doctor").out, "note depot: files: no feed takes 2 files, such as desp_2.CSV")
}
