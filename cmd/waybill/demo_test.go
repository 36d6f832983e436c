package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	waybillsql "github.com/fourmarketing/waybill/sql"
	"github.com/fourmarketing/waybill/transforms/models"
)

// demoReport is what `demo --json` says.
type demoReport struct {
	Equal    bool         `json:"equal"`
	AsOf     time.Time    `json:"as_of"`
	Compared []comparison `json:"compared"`
}

func (r demoReport) check(t *testing.T) {
	t.Helper()
	for _, c := range r.Compared {
		if c.differs() {
			t.Errorf("%s: %d missing, %d invented, %d different\n  %s", c.Mart, c.OnlyTruth, c.OnlyMart, c.Different, strings.Join(c.Examples, "\n  "))
		}
	}
	if !r.Equal {
		t.Error("the demo does not say equal")
	}
	if len(r.Compared) < 28 {
		t.Errorf("only %d tables were compared with the truth", len(r.Compared))
	}
}

// TestDemo compares the marts of several worlds with what happened in them, cell by cell. One world is another at every run.
func TestDemo(t *testing.T) {
	t.Parallel()
	chance := uint64(time.Now().UnixNano() % 1_000_000)
	for _, w := range []struct {
		seed    uint64
		defects float64
	}{{1, 1}, {2, 1}, {3, 1}, {11, 1}, {chance, 1}, {5, 0}} {
		t.Run(fmt.Sprintf("seed=%d,defects=%g", w.seed, w.defects), func(t *testing.T) {
			t.Parallel()
			p := &office{T: t, dir: t.TempDir()}
			o := waybillWith(t, nil, "demo", "--seed", fmt.Sprint(w.seed), "--days", "12", "--orders-per-day", "25",
				"--defects", fmt.Sprint(w.defects), "--dir", p.dir, "--json")
			if o.code != exitDone {
				t.Errorf("exit %d: %s", o.code, o.err)
			}
			var r demoReport
			if err := json.Unmarshal([]byte(o.out), &r); err != nil {
				t.Fatalf("%v\n%s", err, o)
			}
			r.check(t)
			if w.seed == chance { // one world is enough: it reads every raw table for every pair
				everyPairStands(t, p, r.AsOf)
			}
		})
	}
}

// TestWithoutNews runs again when nothing came: the same instant changes no table at all, a later one only marts that read the clock.
func TestWithoutNews(t *testing.T) {
	t.Parallel()
	box := startWorld(t, small(4))
	p := join(t, box)
	at := box.World().AsOf()
	advance(t, box, at)
	p.must(exitDone, "run", "--as-of", stamp(at))
	before := p.snapshots()

	if o := p.must(exitDone, "run", "--as-of", stamp(at)); !strings.Contains(o.out, "no news") {
		t.Errorf("the second run found news:\n%s", o)
	}
	for name, id := range p.snapshots() {
		if before[name] != id {
			t.Errorf("%s changed without news", name)
		}
	}
	// The shops and the carrier are asked about every new instant, and each answer is a file; partners that send files have none.
	later := stamp(at.Add(48 * time.Hour))
	var r runReport
	p.report(exitDone, &r, "run", "--as-of", later, "--source", "northgate", "--source", "veldhoven", "--source", "adyen")
	changed := 0
	readers := clockReaders(t)
	for name, id := range p.snapshots() {
		if before[name] == id {
			continue
		}
		changed++
		if !readers[name] {
			t.Errorf("%s changed though nothing came and it reads no clock", name)
		}
	}
	if changed == 0 {
		t.Error("two days later no mart has changed, not even orders_at_risk")
	}
}

func clockReaders(t *testing.T) map[string]bool {
	t.Helper()
	project, err := models.Read(waybillsql.Files)
	if err != nil {
		t.Fatal(err)
	}
	readers := map[string]bool{}
	for _, m := range project.Models() {
		for _, leaf := range project.Leaves(m) {
			if leaf == (waybill.TableName{Namespace: "ops", Name: "clock"}) {
				readers[m.Name.String()] = true
			}
		}
	}
	return readers
}

// TestRefusedDemoTouchesNothing asks for a world that is too small: the folder of the last demo stays.
func TestRefusedDemoTouchesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kept := filepath.Join(dir, demoMarker)
	if err := os.WriteFile(kept, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o := waybillWith(t, nil, "demo", "--days", "8", "--dir", dir)
	if o.code != exitUsage {
		t.Errorf("exit %d, want %d", o.code, exitUsage)
	}
	says(t, o.err, "8 days", "at least 10", "--days")
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
}
