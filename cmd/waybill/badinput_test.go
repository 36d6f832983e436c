package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/pipelines/ledger"
)

const goodLine = "AV1001,07/04/2026 10:15,2,JD014600003828"

// TestHeldFiles shows what a person reads of a file that cannot be loaded as it is: rule, place and remedy; and that the others are loaded.
func TestHeldFiles(t *testing.T) {
	t.Parallel()
	p := depot(t)
	files := map[string]string{
		"DESP_good.csv":     despatch(goodLine, "HR1002,07/04/2026 11:00,1,"),
		"DESP_encoding.csv": "Order,Despatch date,No of items,Tracking number\nAV1001,07/04/2026 10:15,2,Caf\xe9\nTRL,1\n",
		"DESP_torn.csv":     "Order,Despatch date,No of items,Tracking number\n" + goodLine + "\nAV1002,07/04/20",
		"DESP_trailer.csv":  "Order,Despatch date,No of items,Tracking number\n" + goodLine + "\nTRL,7\n",
		"DESP_renamed.csv":  strings.Replace(despatch(goodLine), "No of items", "No. of items", 1),
		"DESP_american.csv": despatch("AV1001,04/07/2026 10:15,1,", "AV1002,04/13/2026 10:15,1,", "AV1003,04/03/2026 10:15,1,", "AV1004,04/05/2026 10:15,1,"),
		"DESP_empty.csv":    "",
		"STAT_swapped.csv":  despatch(goodLine),
	}
	for name, text := range files {
		p.write("in/"+name, text)
	}
	o := p.pull(exitDone)
	for name, want := range map[string][]string{
		"DESP_encoding.csv": {"encoding", "line 2", "offset 77"},
		"DESP_torn.csv":     {"truncated"},
		"DESP_trailer.csv":  {"trailer", "7", "1"},
		"DESP_renamed.csv":  {"missing_column", "No of items", "No. of items"},
		"DESP_american.csv": {"spreadsheet_dates", "despatched_at", "month-first"},
		"DESP_empty.csv":    {"empty"},
		"STAT_swapped.csv":  {"missing_column", "Status"},
	} {
		f := p.file(name)
		if f.Status != ledger.Held || f.Loaded != 0 {
			t.Errorf("%s is %s with %d rows, want held", name, f.Status, f.Loaded)
		}
		says(t, f.Rule+": "+f.Detail, want...)
		says(t, o.out, name, "waybill files why "+f.ID)
		why := p.must(exitDone, "files", "why", name)
		says(t, why.out, want[0], "waybill rejects replay --file "+f.ID[:8])
		shown := p.must(exitDone, "files", "show", f.ID)
		if shown.out != files[name] {
			t.Errorf("%s: the kept bytes are not those received: %q", name, shown.out)
		}
	}
	if n := p.ask("select count(*) from marts.fct_despatch"); n != "2" {
		t.Errorf("%s lines in the mart, want the 2 of the good file", n)
	}
}

// TestRejectedLines shows single lines that are refused, with their place and text, while the rest of the file is loaded.
func TestRejectedLines(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch(goodLine, "AV1002,31/02/2026 10:15,1,JD014600003829", "AV1003,07/04/2026 10:15,1,5.06047E+12",
		"AV1004,07/04/2026 10:15,1,JD014600003830", "AV1005,07/04/2026 10:15,1,JD014600003831"))
	p.pull(exitDone)
	var rows []map[string]any
	p.report(exitDone, &rows, "rejects", "show")
	if len(rows) != 2 {
		t.Fatalf("%d rejects, want 2: %v", len(rows), rows)
	}
	for i, want := range []struct {
		line     float64
		column   string
		rule     string
		original string
	}{
		{3, "despatched_at", "format", "AV1002,31/02/2026 10:15,1,JD014600003829"},
		{4, "tracking_no", "spreadsheet_id", "AV1003,07/04/2026 10:15,1,5.06047E+12"},
	} {
		r := rows[i]
		if r["line"] != want.line || r["column"] != want.column || r["rule"] != want.rule || r["original"] != want.original {
			t.Errorf("reject %d is %v, want %v", i, r, want)
		}
	}
	if f := p.file("DESP_1.csv"); f.Records != 5 || f.Loaded != 3 || f.Rejected != 2 {
		t.Errorf("%d records = %d loaded + %d rejected, want 5 = 3 + 2", f.Records, f.Loaded, f.Rejected)
	}
}

// TestListsOfFeeds asks for files and rejects of a feed in every form that lists print, and for what there is not: an empty list would read as "nothing came".
func TestListsOfFeeds(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch(goodLine, "AV1002,31/02/2026 10:15,1,JD014600003829", "AV1003,07/04/2026 10:15,1,", "AV1004,07/04/2026 10:15,1,"))
	p.write("in/DESP_2.csv", despatch("AV1005,31/02/2026 10:15,1,"))
	p.pull(exitDone)
	for _, narrowed := range [][]string{{"--source", "depot"}, {"--feed", "despatch"}, {"--feed", "depot/despatch"}, {"--source", "depot/despatch"}, {"--source", "depot", "--feed", "depot/despatch"}} {
		var files, rejects []map[string]any
		p.report(exitDone, &files, append([]string{"files", "list"}, narrowed...)...)
		p.report(exitDone, &rejects, append([]string{"rejects", "show"}, narrowed...)...)
		if len(files) != 2 || len(rejects) != 2 {
			t.Errorf("%v: %d files and %d rejects, want 2 and 2, of the held one too", narrowed, len(files), len(rejects))
		}
	}
	for _, command := range [][]string{{"files", "list"}, {"rejects", "list"}, {"rejects", "show"}, {"rejects", "report"}, {"rejects", "replay"}} {
		says(t, p.must(exitUsage, append(command, "--feed", "depot/despach")...).err, `"depot/despach"`, `"depot/despatch"`)
		says(t, p.must(exitUsage, append(command, "--source", "depo")...).err, `"depo"`, `"depot"`)
		says(t, p.must(exitUsage, append(command, "--source", "other", "--feed", "depot/despatch")...).err, "two feeds")
	}
	for _, verb := range []string{"list", "show", "report", "replay"} {
		says(t, p.must(exitUsage, "rejects", verb, "--file", "nothing").err, "--file nothing: no file has", "files list")
	}
	says(t, p.must(exitDone, "rejects", "show", "--file", "DESP_1.csv").out, "DESP_1.csv")

	held := p.file("DESP_2.csv")
	says(t, p.must(exitDone, "rejects", "list").out, "held", "loaded", "2 rows")
	says(t, p.must(exitDone, "rejects", "replay", "--file", held.ID).out, "none is loaded", "waybill files why "+held.ID[:8])
}

// TestReplay brings held files and rejected rows in after a contract was mended, from the kept bytes: the partner has deleted its files.
func TestReplay(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch(goodLine, "AV1002,2026-04-07 10:15,1,", "AV1003,07/04/2026 12:00,4,"))
	p.write("in/DESP_2.csv", strings.Replace(despatch("AV1004,07/04/2026 12:00,8,"), "No of items", "Items", 1))
	p.pull(exitDone)
	if n := p.ask("select sum(qty) from marts.fct_despatch"); n != "6" {
		t.Fatalf("%s units before the fix, want 6", n)
	}
	if err := os.RemoveAll(filepath.Join(p.dir, "in")); err != nil {
		t.Fatal(err)
	}
	p.edit("pipelines/depot.yaml", `formats: ["%d/%m/%Y %H:%M"], zone: Europe/London, required: true}
          qty: {from: ["No of items"]`, `formats: ["%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M"], zone: Europe/London, required: true}
          qty: {from: ["No of items", "Items"]`)
	says(t, p.must(exitDone, "rejects", "replay", "--as-of", stamp(depotNow)).out, "DESP_1.csv", "DESP_2.csv", "next: waybill build")
	p.must(exitDone, "build", "--as-of", stamp(depotNow))
	if n := p.ask("select sum(qty) from marts.fct_despatch"); n != "15" {
		t.Errorf("%s units after the replay, want 15", n)
	}
	if n := p.ask("select count(*) from marts.fct_despatch"); n != "4" {
		t.Errorf("%s lines after the replay, want 4: the first load's rows have to go", n)
	}
	var rows []map[string]any
	if p.report(exitDone, &rows, "rejects", "show"); len(rows) != 0 {
		t.Errorf("still rejected: %v", rows)
	}
	says(t, p.must(exitDone, "rejects", "replay", "--as-of", stamp(depotNow)).out, "nothing to do")
}

// TestCorrection loads a file that was sent again with fewer rows: what it no longer has is gone from the mart.
func TestCorrection(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch(goodLine, "AV1002,07/04/2026 12:00,5,"))
	p.pull(exitDone)
	p.write("in/DESP_1.csv", despatch("AV1002,07/04/2026 12:00,4,"))
	p.write("in/DESP_1 (1).csv", despatch("AV1002,07/04/2026 12:00,4,"))
	p.pull(exitDone)
	if got := p.ask("select count(*) || ':' || sum(qty) from marts.fct_despatch"); got != "1:4" {
		t.Errorf("after the correction %s, want 1 line of 4 units, once", got)
	}
}

// TestWrongSettings shows that what is mistyped is named with its place and the nearest right word.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		file     string
		from, to string
		args     []string
		code     int
		want     []string
	}{
		{"key of the configuration", "waybill.yaml", "memory:", "memry:", []string{"run"}, exitFailed, []string{"waybill.yaml:3:1", `"memry"`, `"memory"`}},
		{"size", "waybill.yaml", "memory: 256MB", "memory: lots", []string{"run"}, exitFailed, []string{"memory", `"lots"`, "512MB"}},
		{"size without a unit", "waybill.yaml", "memory: 256MB", "memory: 256", []string{"run"}, exitFailed, []string{"memory", `"256"`, "512MB"}},
		{"key of a contract", "pipelines/depot.yaml", "trailer:", "trailr:", []string{"run"}, exitFailed, []string{"depot.yaml:8:5", `"trailr"`, `"trailer"`}},
		{"key of a connection", "waybill.yaml", "root: \"", "rooot: \"", []string{"run"}, exitFailed, []string{"waybill.yaml:9:25", `"rooot"`, `"root"`}},
		{"kind of a connection", "waybill.yaml", "kind: folder", "kind: foldr", []string{"run"}, exitFailed, []string{`"foldr"`, `"folder"`}},
		{"source", "waybill.yaml", "name", "name", []string{"run", "--source", "depo"}, exitUsage, []string{`"depo"`, `"depot"`}},
		{"feed", "waybill.yaml", "name", "name", []string{"run", "--source", "depot/despach"}, exitUsage, []string{`"depot/despatch"`}},
		{"model", "waybill.yaml", "name", "name", []string{"run", "fct_despach"}, exitUsage, []string{"fct_despach", "fct_despatch"}},
		{"column in a model", "sql/marts/fulfilment/fct_despatch.sql", "select order_ref, despatched_at", "select order_reff, despatched_at", []string{"build"}, exitWithheld, []string{"fulfilment", "state release"}},
		{"environment", "waybill.yaml", "not a secret", "${env:WAYBILL_TEST_NOT_SET}", []string{"run"}, exitFailed, []string{"waybill.yaml:4:", "WAYBILL_TEST_NOT_SET"}},
		{"secret file", "waybill.yaml", "not a secret", "${file:secrets/none}", []string{"run"}, exitFailed, []string{"waybill.yaml:4:", "secrets/none"}},
		{"instant", "waybill.yaml", "name", "name", []string{"run", "--as-of", "yesterday"}, exitUsage, []string{`"yesterday"`, "2026-04-08"}},
		{"instant without a zone", "waybill.yaml", "name", "name", []string{"run", "--as-of", "2026-04-08 07:00"}, exitUsage, []string{`"2026-04-08 07:00"`, "2026-04-08T07:00:00Z", "+01:00"}},
		{"connection to trust", "waybill.yaml", "name", "name", []string{"doctor", "--trust", "depo"}, exitUsage, []string{`"depo"`, `the nearest is "depot"`}},
		{"connection to look at", "waybill.yaml", "name", "name", []string{"doctor", "depo"}, exitUsage, []string{`"depo"`, `the nearest is "depot"`}},
		{"quote that is not closed", "waybill.yaml", "name: ", "name: \"", []string{"run"}, exitFailed, []string{"waybill.yaml:", "a quote or bracket that is not closed"}},
		{"key without its colon", "pipelines/depot.yaml", "feeds:", "feeds", []string{"run"}, exitFailed, []string{"depot.yaml:", "a key without its colon"}},
		{"command", "waybill.yaml", "name", "name", []string{"rnu"}, exitUsage, []string{"rnu", "run"}},
		{"flag", "waybill.yaml", "name", "name", []string{"run", "--sorce", "x"}, exitUsage, []string{"--sorce", "did you mean --source?", "--help"}},
		{"flag of all commands", "waybill.yaml", "name", "name", []string{"run", "--asof", "2026-04-08"}, exitUsage, []string{"--asof", "did you mean --as-of?"}},
		{"raw table", "waybill.yaml", "name", "name", []string{"query", "select 1 from raw.depot_despach"}, exitUsage, []string{"no pipeline fills raw.depot_despach", "did you mean raw.depot_despatch?", "state tables"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := depot(t)
			p.edit(c.file, c.from, c.to)
			o := p.must(c.code, c.args...)
			says(t, o.err, c.want...)
			if strings.Count(o.err, "\n") > 8 || strings.Contains(o.err, "goroutine") {
				t.Errorf("this is no message for a person:\n%s", o.err)
			}
		})
	}
}
