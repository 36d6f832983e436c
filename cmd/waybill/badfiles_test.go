package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// wide is a despatch report with so many more columns than the contract knows, and one good line.
func wide(columns int) string {
	var header, line strings.Builder
	for i := range columns {
		fmt.Fprintf(&header, ",Extra %d", i)
		fmt.Fprintf(&line, ",%d", i)
	}
	return "Order,Despatch date,No of items,Tracking number" + header.String() + "\nAV1004,07/04/2026 10:15,1,JD014600003830" + line.String() + "\nTRL,1\n"
}

// TestFilesThatCannotBeOpened: a file without permission and one whose name is no UTF-8 are held and said, and the run fails at its end; one of a thousand
// columns is loaded or held; the files before and behind them are loaded and published in the same run. What is mended is loaded by the next run, and what is
// gone waits no more; then runs are well again.
func TestFilesThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_a.csv", despatch(goodLine))
	p.write("in/DESP_caf\xe9.csv", despatch("AV1002,07/04/2026 10:15,1,"))
	connectortest.Forbid(t, filepath.Join(p.dir, "in", "DESP_m.csv"))
	p.write("in/DESP_wide.csv", wide(1000))
	p.write("in/DESP_z.csv", despatch("AV1003,07/04/2026 10:15,4,"))
	o := p.pull(exitFailed)
	says(t, o.err, "depot/despatch: files that could not be received: 2", "waybill files why ")
	says(t, o.out, `DESP_caf\xe9.csv`, "no UTF-8", "DESP_m.csv: unreadable", "waybill files why ")
	for name, rule := range map[string]string{"DESP_m.csv": "unreadable", `DESP_caf\xe9.csv`: "name"} {
		f := p.file(name)
		if f.Status != ledger.Held || f.Rule != rule {
			t.Errorf("%s is %s by rule %q, want held by %s", name, f.Status, f.Rule, rule)
		}
		says(t, p.must(exitDone, "files", "why", f.ID).out, rule, "waybill run --source depot/despatch")
		says(t, p.must(exitFailed, "files", "show", f.ID).err, "no byte of it was received")
	}
	for _, name := range []string{"DESP_a.csv", "DESP_wide.csv", "DESP_z.csv"} {
		if f := p.file(name); f.Status != ledger.Loaded {
			t.Errorf("%s is %s: %s", name, f.Status, f.Detail)
		}
	}
	if n := p.ask("select count(*) from marts.fct_despatch"); n != "3" {
		t.Errorf("%s lines in the mart, want 3", n)
	}
	held := "select count(*) from marts.fct_breaks where check_id = 'R22' and kind = 'held'"
	if n := p.ask(held); n != "2" {
		t.Errorf("%s files are shown as held, want 2", n)
	}
	p.must(exitDone, "rejects", "replay") // there are no bytes of theirs to load again

	p.pull(exitFailed)
	if f := p.file("DESP_m.csv"); f.Status != ledger.Held || f.Version != 1 {
		t.Errorf("tried again it is %s, version %d", f.Status, f.Version)
	}
	for _, name := range []string{"DESP_m.csv", "DESP_caf\xe9.csv"} {
		if err := os.Remove(filepath.Join(p.dir, "in", name)); err != nil {
			t.Fatal(err)
		}
	}
	p.write("in/DESP_m.csv", despatch("AV1005,07/04/2026 10:15,5,"))
	p.pull(exitDone)
	if f := p.file("DESP_m.csv"); f.Status != ledger.Loaded || f.Version != 1 || f.SHA256 == "" {
		t.Errorf("mended it is %s, version %d", f.Status, f.Version)
	}
	if f := p.file(`DESP_caf\xe9.csv`); f.Status != ledger.Superseded {
		t.Errorf("gone it is %s", f.Status)
	}
	if n := p.ask("select sum(qty) from marts.fct_despatch"); n != "12" {
		t.Errorf("%s units, want 12", n)
	}
	if n := p.ask(held); n != "0" {
		t.Errorf("%s files are shown as held, want none", n)
	}
}

// TestServeTellsOfFilesThatCannotBeReceived: a feed with one is not well, and the files beside it are loaded.
func TestServeTellsOfFilesThatCannotBeReceived(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_a.csv", despatch(goodLine))
	p.write("in/DESP_caf\xe9.csv", despatch("AV1002,07/04/2026 10:15,1,"))
	s := serve(t, p)
	health := ""
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end) && !strings.Contains(health, "depot/despatch: failing since "); time.Sleep(300 * time.Millisecond) {
		health = s.get(t, "/healthz")
	}
	says(t, health, "serving, but 1 feed not well", "depot/despatch: failing since 20", "could not be received: 1", "waybill files why ")
	n := ""
	for end := time.Now().Add(60 * time.Second); n != "1" && time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		if o := p.run("query", "select count(*) as n from marts.fct_despatch", "--format", "csv"); o.code == exitDone {
			n = strings.TrimPrefix(strings.TrimSpace(o.out), "n\n")
		}
	}
	if n != "1" {
		t.Errorf("%s lines in the mart, want 1", n)
	}
	if err := s.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
}
