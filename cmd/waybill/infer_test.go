package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// TestInferEveryFeedOfTheWorld: of a file of each feed that the demo's world has, a definition is inferred by which the file is loaded, outside of any
// project.
func TestInferEveryFeedOfTheWorld(t *testing.T) {
	t.Parallel()
	box := startWorld(t, small(4))
	advance(t, box, box.World().AsOf())
	p := join(t, box)
	p.must(exitDone, "run", "--as-of", stamp(box.World().AsOf()))
	var files []ledger.File
	p.report(exitDone, &files, "files", "list", "--status", "loaded")
	newest := map[string]ledger.File{}
	for _, f := range files {
		if f.Records > 0 {
			newest[f.Source+"/"+f.Feed] = f
		}
	}
	if len(newest) < 10 {
		t.Fatalf("only %d feeds have files", len(newest))
	}
	alone := &office{T: t, dir: t.TempDir()} // a folder without a waybill.yaml
	for feed, f := range newest {
		name := filepath.Base(f.Name)
		alone.write(name, p.must(exitDone, "files", "show", f.ID).out)
		file, definition := filepath.Join(alone.dir, name), filepath.Join(alone.dir, "inferred.yaml")
		text := alone.must(exitDone, "infer", file).out
		if err := os.WriteFile(definition, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var r tryReport
		o := alone.run("try", file, "--pipeline", definition, "--json")
		if o.code != exitDone {
			t.Errorf("%s: %s is not taken by what was inferred from it: %s\n%s", feed, f.Name, o, text)
			continue
		}
		alone.report(exitDone, &r, "try", file, "--pipeline", definition, "--rows", "1000")
		for _, reject := range r.Rejects.Head { // a record without any value is none of a column's
			if reject[1] != "" {
				t.Errorf("%s: %v breaks\n%s", feed, reject, text)
			}
		}
		if r.Loaded == 0 || r.Loaded < r.Rejected {
			t.Errorf("%s: %d loaded, %d rejected by\n%s", feed, r.Loaded, r.Rejected, text)
		}
	}
}

// TestInfer shows what is guessed of a file and that it says why.
func TestInfer(t *testing.T) {
	t.Parallel()
	p := &office{T: t, dir: t.TempDir()}
	p.write("Stock 2026-03-30_17.csv", strings.Join([]string{
		"Order No;Booked;Counted at;Units;Price;Weight;Customer name;E-Mail", "00123;03/04/2026;2026-03-30 06:00:00;3;1.234,50;n/a;Ann;a@b.example",
		"00124;05/06/2026;2026-03-30 06:00:01;12;7,25;2.5;Bo;b@b.example", "TRL;2", "",
	}, "\n"))
	text := p.must(exitDone, "infer", filepath.Join(p.dir, "Stock 2026-03-30_17.csv")).out
	for _, line := range []string{
		`match: ["Stock *.csv"]`, `delimiter: ";" # guess:`, `header: true # guess:`, `trailer: {match: "^TRL", count_field: 1, policy: hold} # guess:`, `"null": ["n/a"] # guess:`,
		`order_no: {from: ["Order No"], type: "text", reference: true} # guess: by its name a reference`,
		`booked: {from: ["Booked"], type: "date", formats: ["%d/%m/%Y"]} # guess: day first is taken for granted`,
		`counted_at: {from: ["Counted at"], type: "timestamp", formats: ["%Y-%m-%d %H:%M:%S"], zone: "UTC"} # guess: such dates; no value says its offset`,
		`units: {from: ["Units"], type: "integer"} # guess:`, `price: {from: ["Price"], type: "decimal(18,4)", decimal_mark: ",", group_mark: "."} # guess:`,
		`weight: {from: ["Weight"], type: "decimal(18,4)", decimal_mark: "."} # guess:`, `customer_name: {from: ["Customer name"], type: "text", pii: "drop"} # guess:`,
		`e_mail: {from: ["E-Mail"], type: "text", pii: "hash"} # guess:`, `no two rows of this file have the same order_no`,
	} {
		says(t, text, line)
	}
	p.write("torn.json", "{")
	says(t, p.must(exitFailed, "infer", filepath.Join(p.dir, "torn.json")).err, "is no example")
}
