package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTry shows a file as a run would type it, by the feed that its name means, and leaves no lake behind.
func TestTry(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("DESP_9.csv", despatch("AV1001,27/03/2026 10:00,2,JJD1", "AV1002,no day,3,JJD2", "AV1003,27/03/2026 11:00,4,"))
	file := filepath.Join(p.dir, "DESP_9.csv")
	var r tryReport
	p.report(exitDone, &r, "try", file)
	if r.Source != "depot" || r.Feed != "despatch" || r.Records != 3 || r.Loaded != 2 || r.Rejected != 1 || len(r.Tables) != 1 || r.Tables[0].Rows != 2 {
		t.Fatalf("%+v", r)
	}
	if got := r.Tables[0].Head[0]; got[0] != "AV1001" || got[1] != "2026-03-27 10:00:00Z" || got[2] != "2" {
		t.Errorf("the first row is %v", got)
	}
	if got := r.Rejects.Head; len(got) != 1 || got[0][0] != "3" || got[0][1] != "despatched_at" || got[0][2] != "format" {
		t.Errorf("rejected are %v", got)
	}
	if c := r.Control; c == nil || c.SaysCount != 3 || c.HasCount != 3 {
		t.Errorf("control %+v", r.Control)
	}
	if len(r.Documents) != 1 || r.Documents[0].Document != "DESP_9.csv" || r.Documents[0].Rows != 2 {
		t.Errorf("documents %+v", r.Documents)
	}
	says(t, p.must(exitDone, "try", file).out, "3 records, 2 loaded, 1 rejected", "raw.depot_despatch: 2 rows", "AV1001", "no day", "nothing was loaded")

	p.write("torn/DESP_10.csv", strings.Replace(despatch("AV1001,27/03/2026 10:00,2,JJD1", "AV1002,no day,3,"), "TRL,2", "TRL,9", 1))
	o := p.must(exitFailed, "try", filepath.Join(p.dir, "torn/DESP_10.csv"))
	says(t, o.out, "held: trailer", "AV1001", "no day")
	says(t, o.err, "hold this file")

	p.write("desp_11.CSV", despatch(goodLine))
	says(t, p.must(exitUsage, "try", filepath.Join(p.dir, "desp_11.CSV")).err, "no feed takes", "DESP_*.csv", "--feed")
	p.report(exitDone, &r, "try", filepath.Join(p.dir, "desp_11.CSV"), "--feed", "depot/despatch")
	if r.Loaded != 1 {
		t.Errorf("by --feed: %+v", r)
	}
	p.must(exitUsage, "try", file, "--feed", "depot/despach")
	says(t, p.must(exitUsage, "try", file, "--feed", "despatch").err, `--feed "despatch" has to say source/feed`)
	p.must(exitFailed, "try", file+".none", "--feed", "depot/despatch")
	says(t, p.must(exitFailed, "try", filepath.Join(p.dir, "none.csv")).err, "none.csv: no such file")
	says(t, p.must(exitUsage, "try", p.dir).err, "is a folder")
	if _, err := os.Stat(filepath.Join(p.dir, "lake")); !os.IsNotExist(err) {
		t.Errorf("there is a lake: %v", err)
	}
}

// TestRejectsOfAHeldFile: what is wrong with the rows of a held file is shown as that of others, though it is in no table.
func TestRejectsOfAHeldFile(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch("AV1001,27/03/2026 10:00,2,JJD1", "AV1002,27/03/2026 10:00,-1,"))
	p.write("in/DESP_2.csv", despatch("AV1003,no day,2,JJD1", "AV1004,27/03/2026 10:00,few,", "AV1005,no day,1,"))
	p.pull(exitDone)
	if f := p.file("DESP_2.csv"); f.Status != "held" || f.Rule != "max_rejected" {
		t.Fatalf("%+v", f)
	}
	var rows []map[string]any
	p.report(exitDone, &rows, "rejects", "show")
	got := map[string]int{}
	for _, r := range rows {
		got[r["name"].(string)+" "+r["file_status"].(string)]++
	}
	if got["DESP_1.csv loaded"] != 1 || got["DESP_2.csv held"] != 3 || len(got) != 2 {
		t.Errorf("shown are %v", got)
	}
	p.report(exitDone, &rows, "rejects", "list", "--file", p.file("DESP_2.csv").ID[:8])
	if len(rows) != 2 || rows[0]["rejected"] != 2.0 || rows[0]["column"] != "despatched_at" {
		t.Errorf("counted are %v", rows)
	}
	held := p.ask("select count(*) from ops.rejects")
	if held != "1" {
		t.Errorf("ops.rejects has %s rows, want that of the loaded file alone", held)
	}
}
