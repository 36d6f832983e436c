package main

import (
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/sandbox/group"
	"github.com/fourmarketing/waybill/sandbox/world"
	waybillsql "github.com/fourmarketing/waybill/sql"
	"github.com/fourmarketing/waybill/transforms/models"
)

// TestEveryColumnIsCompared wants every column of every mart in the truth, or in testdata/uncompared.csv with the reason why it is not.
func TestEveryColumnIsCompared(t *testing.T) {
	t.Parallel()
	project, err := models.Read(waybillsql.Files)
	if err != nil {
		t.Fatal(err)
	}
	l, err := project.Lineage(t.Context(), caseShapes(t, project))
	if err != nil {
		t.Fatal(err)
	}
	size := small(1)
	size.Group = group.Demo()
	w, err := world.New(size)
	if err != nil {
		t.Fatal(err)
	}
	compared := map[string][]string{}
	for _, table := range w.Truth(w.AsOf()) {
		compared[table.Mart] = table.Columns
	}
	listed := uncompared(t)
	all, told := 0, 0
	for _, m := range project.Models() {
		if m.Name.Namespace != models.Marts {
			continue
		}
		for _, c := range l.Columns(m.Name) {
			all++
			isTold := slices.Contains(compared[m.Name.String()], c)
			names := []string{m.Name.Name + "." + c, m.Name.Name + ".*", "*." + c}
			isListed := slices.ContainsFunc(names, func(n string) bool { return listed[n] != nil })
			for _, n := range names {
				if listed[n] != nil {
					*listed[n]++
				}
			}
			switch {
			case isTold:
				told++
				if isListed {
					t.Errorf("%s.%s is compared and listed as one that is not", m.Name, c)
				}
			case !isListed:
				t.Errorf("%s.%s is not compared: add it to the truth in sandbox/world, or to testdata/uncompared.csv with the reason", m.Name, c)
			}
		}
	}
	for name, used := range listed {
		if *used == 0 {
			t.Errorf("testdata/uncompared.csv: no mart has %s", name)
		}
	}
	t.Logf("%d of %d columns are compared", told, all)
}

// uncompared counts by mart and column, for those of the list that have a reason.
func uncompared(t *testing.T) map[string]*int {
	t.Helper()
	f, err := os.Open("testdata/uncompared.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*int{}
	for i, r := range rows[1:] {
		if strings.TrimSpace(r[2]) == "" {
			t.Errorf("testdata/uncompared.csv:%d: no reason", i+2)
		}
		out[r[0]+"."+r[1]] = new(int)
	}
	return out
}
