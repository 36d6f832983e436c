package lake_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
)

func TestEnsureOnlyAdds(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, cfg lake.Config) {
		l, db := open(t, cfg), duck(t)
		if _, err := l.Table(t.Context(), despatch); !errors.Is(err, waybill.ErrNotFound) {
			t.Errorf("a table that is not there: %v", err)
		}
		first := ensure(t, l, despatch, spec())
		append1(t, l, lake.Commit{Table: despatch, LoadID: "a", Add: write(t, db, first, someRows("a", 10, "aster", "2026-03-01"))})

		wider := spec()
		wider.Columns[1].Type = "BIGINT"
		wider.Columns[3].Type = "DECIMAL(20,2)"
		wider.Columns = append(wider.Columns, waybill.Column{Name: "carrier", Type: "VARCHAR", Doc: "who drives"})
		wider.Properties = map[string]string{"ops.owner": "logistics"}
		second := ensure(t, l, despatch, wider)
		for i, f := range first.Columns {
			if second.Columns[i].ID != f.ID || second.Columns[i].Name != f.Name {
				t.Errorf("column %s moved from id %d to %+v", f.Name, f.ID, second.Columns[i])
			}
		}
		last := second.Columns[len(second.Columns)-1]
		if second.Columns[1].Type != "BIGINT" || second.Columns[3].Type != "DECIMAL(20,2)" || last.Name != "carrier" || last.Doc != "who drives" {
			t.Errorf("columns after widening: %+v", second.Columns)
		}
		if second.Properties["ops.owner"] != "logistics" || second.Properties["comment"] != wider.Doc {
			t.Errorf("properties: %v", second.Properties)
		}
		// Old and new files together, mapped by field id.
		append1(t, l, lake.Commit{Table: despatch, LoadID: "b", Add: write(t, db, second,
			"SELECT * REPLACE (qty::BIGINT + 5000000000 AS qty, amount::DECIMAL(20,2) AS amount), 'dhl' AS carrier FROM ("+someRows("b", 5, "aster", "2026-03-01")+")")})
		got := ask(t, l, db, scanNow(t, l, despatch), "SELECT count(*) || ' ' || count(carrier) || ' ' || sum(qty) || ' ' || sum(amount) FROM t")
		if want := "15 5 25000000055 68.75"; got != want {
			t.Errorf("old and new rows: %s, want %s", got, want)
		}
		fewer := spec()
		fewer.Columns = fewer.Columns[8:]
		if third := ensure(t, l, despatch, fewer); len(third.Columns) != len(second.Columns) {
			t.Errorf("%d columns after asking for fewer, want %d", len(third.Columns), len(second.Columns))
		}
		names, err := l.Tables(t.Context())
		if err != nil || !slices.Equal(names, []waybill.TableName{despatch}) {
			t.Errorf("tables: %v, %v", names, err)
		}
		if err := l.Drop(t.Context(), despatch); err != nil {
			t.Fatal(err)
		}
		if n := countObjects(t, l, cfg, ".parquet"); n != 0 {
			t.Errorf("%d files left after drop", n)
		}
	})
}

func TestEnsureRefuses(t *testing.T) {
	t.Parallel()
	l := open(t, localConfig(t))
	ensure(t, l, despatch, spec())
	for name, c := range map[string]struct {
		change func(*lake.TableSpec)
		says   []string
	}{
		"another type":          {func(s *lake.TableSpec) { s.Columns[0].Type = "BIGINT" }, []string{"ref", "VARCHAR", "BIGINT"}},
		"another scale":         {func(s *lake.TableSpec) { s.Columns[3].Type = "DECIMAL(14,4)" }, []string{"amount", "DECIMAL(18,2)", "DECIMAL(14,4)"}},
		"a narrower type":       {func(s *lake.TableSpec) { s.Columns[2].Type = "INTEGER" }, []string{"line", "BIGINT", "INTEGER"}},
		"another partition":     {func(s *lake.TableSpec) { s.PartitionBy = []string{"day"} }, []string{"brand, day"}},
		"a type we do not have": {func(s *lake.TableSpec) { s.Columns[0].Type = "HUGEINT" }, []string{"HUGEINT"}},
		"a twin by case":        {func(s *lake.TableSpec) { s.Columns[0].Name = "REF" }, []string{"REF", "ref"}},
		"a column twice":        {func(s *lake.TableSpec) { s.Columns[1].Name = "ref" }, []string{"ref"}},
		"money as partition":    {func(s *lake.TableSpec) { s.PartitionBy = []string{"amount"} }, []string{"amount"}},
	} {
		s := spec()
		c.change(&s)
		_, err := l.Ensure(t.Context(), despatch, s)
		for _, word := range c.says {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%s: error %v does not name %s", name, err, word)
			}
		}
	}
}

func TestRacersEnsureOneTable(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, cfg lake.Config) {
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				l, err := lake.Open(t.Context(), cfg)
				if err != nil {
					t.Errorf("racer %d: %v", i, err)
					return
				}
				defer func() { _ = l.Close() }()
				s := spec()
				s.Columns = append(s.Columns, waybill.Column{Name: fmt.Sprintf("extra%d", i), Type: "VARCHAR"})
				if _, err := l.Ensure(t.Context(), despatch, s); err != nil {
					t.Errorf("racer %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		tab, err := open(t, cfg).Table(t.Context(), despatch)
		if err != nil || len(tab.Columns) != len(spec().Columns)+6 {
			t.Errorf("%d columns, %v; want those of all racers", len(tab.Columns), err)
		}
	})
}

func TestPartitionValuesAreTheData(t *testing.T) {
	t.Parallel()
	onEveryStore(t, func(t *testing.T, cfg lake.Config) {
		l, db := open(t, cfg), duck(t)
		tab := ensure(t, l, despatch, spec())
		brands := []string{"Agent Provocateur", "a/b", "Käthe & Söhne*", "100%25", "o'neill", "", " x "}
		var queries []string
		for i, b := range brands {
			queries = append(queries, strings.Replace(someRows("l", i+1, "B", "2026-03-01"), "'B'", literal(b), 1))
		}
		queries = append(queries, someRows("l", 20, "", "2026-03-01"), strings.Replace(someRows("l", 30, "", "2026-03-01"), "DATE '2026-03-01'", "NULL::DATE", 1))
		add := write(t, db, tab, strings.Join(queries, " UNION ALL "))
		append1(t, l, lake.Commit{Table: despatch, LoadID: "l", Add: add})

		check := func(when string) {
			scan := scanNow(t, l, despatch)
			seen := map[string]int64{}
			for _, f := range scan.Files {
				one := scan
				one.Files = []lake.DataFile{f}
				brand, day := "NULL", "NULL"
				if b, ok := f.Partition["brand"].(string); ok {
					brand = literal(b)
				}
				if d, ok := f.Partition["day"].(time.Time); ok {
					day = literal(d)
				}
				got := ask(t, l, db, one, "SELECT count(*) FROM t WHERE brand IS NOT DISTINCT FROM "+brand+" AND day IS NOT DISTINCT FROM "+day)
				if got != fmt.Sprint(f.Rows) {
					t.Errorf("%s: partition (%s, %s) has %s of its file's %d rows", when, brand, day, got, f.Rows)
				}
				seen[brand+" "+day] += f.Rows
			}
			for i, b := range brands {
				if n := seen[literal(b)+" DATE '2026-03-01'"]; n != int64(i+1) {
					t.Errorf("%s: brand %q has %d rows, want %d", when, b, n, i+1)
				}
			}
			if seen["NULL DATE '2026-03-01'"] != 20 || seen["NULL NULL"] != 30 {
				t.Errorf("%s: null partitions: %v", when, seen)
			}
		}
		check("as loaded")
		append1(t, l, lake.Commit{Table: despatch, LoadID: "m", Add: write(t, db, tab, strings.ReplaceAll(strings.Join(queries, " UNION ALL "), "'l'", "'m'"))})
		append1(t, l, lake.Commit{Table: despatch, LoadID: "n", Retract: []string{"m"}})
		append1(t, l, lake.Commit{Table: despatch, LoadID: "o", Add: write(t, db, tab, strings.Join(queries, " UNION ALL "))})
		if _, err := l.Maintain(t.Context(), despatch, lake.Policy{SmallFileBytes: 1 << 20}, rewriter(db)); err != nil {
			t.Fatal(err)
		}
		append1(t, l, lake.Commit{Table: despatch, LoadID: "p", Retract: []string{"none"}})
		if n := len(scanNow(t, l, despatch).Files); n != len(queries) {
			t.Errorf("%d files after compaction, want one for each of %d partitions", n, len(queries))
		}
	})
}

func TestFilesThatWouldLieAreRefused(t *testing.T) {
	t.Parallel()
	l, db := open(t, localConfig(t)), duck(t)
	tab := ensure(t, l, despatch, spec())
	good := someRows("l", 10, "aster", "2026-03-01")
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	part := func(brand any) map[string]any { return map[string]any{"brand": brand, "day": day} }
	stage := func(query, ids string) string {
		name := filepath.Join(t.TempDir(), "f.parquet")
		copyTo(t, db, query, name, ids)
		return name
	}
	ids := tab.FieldIDs()
	swapped := strings.Replace(strings.Replace(ids, "'ref': 1", "'ref': 2", 1), "'qty': 2", "'qty': 1", 1)
	mixed := good + " UNION ALL " + someRows("l", 3, "", "2026-03-01")
	for name, c := range map[string]struct {
		file waybill.StagedFile
		says string
	}{
		"no field ids":         {waybill.StagedFile{Path: stage(good, ""), Rows: 10, Partition: part("aster")}, "field id"},
		"swapped field ids":    {waybill.StagedFile{Path: stage(good, swapped), Rows: 10, Partition: part("aster")}, "field id"},
		"wrong row count":      {waybill.StagedFile{Path: stage(good, ids), Rows: 11, Partition: part("aster")}, "11"},
		"percent-encoded":      {waybill.StagedFile{Path: stage(strings.ReplaceAll(good, "'aster'", "'a b'"), ids), Rows: 10, Partition: part("a%20b")}, "a%20b"},
		"partition left out":   {waybill.StagedFile{Path: stage(good, ids), Rows: 10, Partition: map[string]any{"brand": "aster"}}, "day"},
		"unknown partition":    {waybill.StagedFile{Path: stage(good, ids), Rows: 10, Partition: map[string]any{"brand": "aster", "day": day, "site": 1}}, "site"},
		"null beside a value":  {waybill.StagedFile{Path: stage(mixed, ids), Rows: 13, Partition: part("aster")}, "null"},
		"null for a value":     {waybill.StagedFile{Path: stage(good, ids), Rows: 10, Partition: part(nil)}, "null"},
		"value for null":       {waybill.StagedFile{Path: stage(someRows("l", 10, "", "2026-03-01"), ids), Rows: 10, Partition: part("aster")}, "null"},
		"two values":           {waybill.StagedFile{Path: stage(good+" UNION ALL "+someRows("l", 1, "brine", "2026-03-01"), ids), Rows: 11, Partition: part("aster")}, "several"},
		"money as float":       {waybill.StagedFile{Path: stage("SELECT * REPLACE (amount::DOUBLE AS amount) FROM ("+good+")", ids), Rows: 10, Partition: part("aster")}, "DECIMAL(18,2)"},
		"time without zone":    {waybill.StagedFile{Path: stage("SELECT * REPLACE (\"at\"::TIMESTAMP AS \"at\") FROM ("+good+")", ids), Rows: 10, Partition: part("aster")}, "TIMESTAMPTZ"},
		"a column that is new": {waybill.StagedFile{Path: stage("SELECT *, 1 AS extra FROM ("+good+")", ids), Rows: 10, Partition: part("aster")}, "extra"},
		"no file":              {waybill.StagedFile{Path: filepath.Join(t.TempDir(), "none"), Rows: 10, Partition: part("aster")}, "none"},
	} {
		_, err := l.Append(t.Context(), lake.Commit{Table: despatch, LoadID: "l", Add: []waybill.StagedFile{c.file}})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v does not name %q", name, err, c.says)
		}
	}
	if s := scanNow(t, l, despatch); s.Snapshot != 0 {
		t.Errorf("a refused file is in the table: %+v", s)
	}
	for _, id := range []string{"", "a/b", "..", "compact-1"} {
		if _, err := l.Append(t.Context(), lake.Commit{Table: despatch, LoadID: id}); err == nil {
			t.Errorf("load id %q was accepted", id)
		}
	}
}
