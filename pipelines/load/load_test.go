package load_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/typing"
)

const casesDir = "../../testdata/load"

var (
	receivedAt = time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC)
	loadedAt   = time.Date(2026, 4, 1, 6, 0, 5, 0, time.UTC)
)

func openDuck(tb testing.TB) *sql.DB {
	tb.Helper()
	db := duck.Open(duck.Config{MemoryLimit: "1GB", TempDir: tb.TempDir()})
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

func readContract(tb testing.TB, text []byte) typing.Contract {
	tb.Helper()
	var c typing.Contract
	if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
		tb.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		tb.Fatal(err)
	}
	return c
}

func input(tb testing.TB, c typing.Contract, text []byte) load.Input {
	return load.Input{
		Bytes: bytes.NewReader(text), Contract: c, Source: "partner", Feed: "feed", Name: "in.csv", File: "f11e", LoadID: "10ad",
		ReceivedAt: receivedAt, LoadedAt: loadedAt, PIISalt: "salt", StageDir: tb.TempDir(), FieldIDs: fieldIDs(c),
	}
}

// fieldIDs numbers the columns of a contract's tables from 1, as the lake does.
func fieldIDs(c typing.Contract) func(waybill.TableName) map[string]int {
	return func(name waybill.TableName) map[string]int {
		columns := c.Columns(name)
		if name == load.RejectsTable {
			columns = load.RejectsColumns()
		}
		ids := map[string]int{}
		for i, col := range columns {
			ids[col.Name] = i + 1
		}
		return ids
	}
}

// TestCases loads every folder of testdata/load. Its contract is its own, or the one that pipelines/definitions has for the pipeline and
// feed that its file definition names. UPDATE=1 rewrites what is wanted; read the difference before you commit it.
func TestCases(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob(filepath.Join(casesDir, "*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no cases under %s: %v", casesDir, err)
	}
	db := openDuck(t)
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			runCase(t, db, dir, contractOf(t, dir))
		})
	}
}

func contractOf(t *testing.T, dir string) typing.Contract {
	t.Helper()
	if text, err := os.ReadFile(filepath.Join(dir, "contract.yaml")); err == nil {
		return readContract(t, text)
	}
	named, err := os.ReadFile(filepath.Join(dir, "definition"))
	if err != nil {
		t.Fatal(err)
	}
	pipeline, feed, _ := strings.Cut(strings.TrimSpace(string(named)), " ")
	return definition(t, pipeline, feed)
}

func definition(t *testing.T, pipeline, feed string) typing.Contract {
	t.Helper()
	path := filepath.Join("..", "definitions", pipeline+".yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pipelines.Decode(path, text)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Feeds {
		if f.Name == feed {
			return f.Contract
		}
	}
	t.Fatalf("%s has no feed %q", path, feed)
	return typing.Contract{}
}

// caseInput is the file of a case's folder, received when its file received_at says. Its file neighbours has how many earlier files of the feed there are and
// how many days before their receipt their dates were, at least and at most.
func caseInput(t *testing.T, dir string, c typing.Contract) load.Input {
	t.Helper()
	ins, err := filepath.Glob(filepath.Join(dir, "in*"))
	if err != nil || len(ins) != 1 {
		t.Fatalf("in: %v %v", ins, err)
	}
	text, err := os.ReadFile(ins[0])
	if err != nil {
		t.Fatal(err)
	}
	in := input(t, c, text)
	in.Name = filepath.Base(ins[0])
	if at, err := os.ReadFile(filepath.Join(dir, "received_at")); err == nil {
		if in.ReceivedAt, err = time.Parse(time.RFC3339, strings.TrimSpace(string(at))); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "neighbours")); err == nil {
		var reach typing.Reach
		if _, err := fmt.Sscan(string(text), &reach.Files, &reach.Least, &reach.Most); err != nil {
			t.Fatal(err)
		}
		in.Neighbours = func(context.Context, waybill.TableName, string) (typing.Reach, error) { return reach, nil }
	}
	if last, err := os.ReadFile(filepath.Join(dir, "previous_rows")); err == nil {
		in.Previous.Name = "in-yesterday.csv"
		if _, err := fmt.Sscan(string(last), &in.Previous.Rows); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

func runCase(t *testing.T, db *sql.DB, dir string, c typing.Contract) {
	t.Helper()
	in := caseInput(t, dir, c)
	text, err := io.ReadAll(in.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	in.Bytes = bytes.NewReader(text)
	whole := outcome(t, db, in)
	compare(t, dir, whole)

	in.Bytes, in.StageDir = iotest.OneByteReader(bytes.NewReader(text)), t.TempDir()
	if drops := outcome(t, db, in); !equalMaps(whole, drops) {
		t.Errorf("read byte by byte the file gives another outcome: %v", drops)
	}
}

func equalMaps(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k := range a {
		if a[k] != b[k] {
			return false
		}
	}
	return true
}

// outcome is what a load came to, as texts by the name of the file that has what is wanted.
func outcome(t testing.TB, db *sql.DB, in load.Input) map[string]string {
	t.Helper()
	res, err := load.New(db).Load(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	out["want.summary"] = fmt.Sprintf("records %d, loaded %d, rejected %d, repeated headers %d\n%s", res.Records, res.Loaded, res.Rejected, res.RepeatedHeaders, withEnd(res.Notes()))
	if res.Hold != nil {
		out["want.hold"] = withEnd(res.Hold.String())
		if len(res.Files)+len(res.Rejects) > 0 {
			t.Errorf("held and staged at once: %v %v", res.Files, res.Rejects)
		}
		return out
	}
	if res.Records != res.Loaded+res.Rejected {
		t.Errorf("%d records are not %d loaded + %d rejected", res.Records, res.Loaded, res.Rejected)
	}
	for name, files := range res.Files {
		out["want."+name.String()+".csv"] = dump(t, db, files, "* exclude (_source, _file_id, _load_id, _received_at, _loaded_at)")
	}
	if len(res.Rejects) > 0 {
		out["want.rejects.csv"] = dump(t, db, res.Rejects, `line, column_name as "column", rule, detail, original`)
	}
	return out
}

func withEnd(s string) string {
	if s == "" || strings.HasSuffix(s, "\n") {
		return s
	}
	return s + "\n"
}

// dump reads staged files as CSV, in the order of all columns so that it does not depend on threads.
func dump(t testing.TB, db *sql.DB, files []waybill.StagedFile, columns string) string {
	t.Helper()
	var paths []string
	want := int64(0)
	for _, f := range files {
		paths = append(paths, f.Path)
		want += f.Rows
	}
	rows, err := db.QueryContext(t.Context(), fmt.Sprintf("select cast(columns(*) as varchar) from (select %s from read_parquet(%s))", columns, duck.List(paths)))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines [][]string
	for rows.Next() {
		cells, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		line := make([]string, len(names))
		for i, c := range cells {
			line[i] = c.String
			if !c.Valid {
				line[i] = "∅"
			}
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if int64(len(lines)) != want {
		t.Errorf("%d rows in files that say %d", len(lines), want)
	}
	key := max(slices.Index(names, "_line"), slices.Index(names, "line"))
	sort.SliceStable(lines, func(i, j int) bool {
		a, b := lines[i], lines[j]
		if len(a[key]) != len(b[key]) {
			return len(a[key]) < len(b[key])
		}
		return a[key]+"\x00"+strings.Join(a, "\x00") < b[key]+"\x00"+strings.Join(b, "\x00")
	})
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.WriteAll(append([][]string{names}, lines...)) // a strings.Builder does not fail
	return b.String()
}

// compare holds an outcome against the files of a case.
func compare(t *testing.T, dir string, got map[string]string) {
	t.Helper()
	old, err := filepath.Glob(filepath.Join(dir, "want.*"))
	if err != nil {
		t.Fatal(err)
	}
	update := os.Getenv("UPDATE") == "1"
	for _, path := range old {
		if _, ok := got[filepath.Base(path)]; ok {
			continue
		}
		if !update {
			t.Errorf("%s is wanted and there is none", filepath.Base(path))
		} else if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range got {
		path := filepath.Join(dir, name)
		if update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%s: not wanted, got\n%s", name, text)
		} else if string(want) != text {
			t.Errorf("%s: want\n%s\ngot\n%s", name, want, text)
		}
	}
}
