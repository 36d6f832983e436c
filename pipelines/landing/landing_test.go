// Package landing_test runs examples that partners have published, and the layouts their files are known to have, through
// the contracts that come with Waybill. Where each file is from stands in the README beside it, under testdata/published
// and testdata/connectors; nothing here comes from the sandbox.
package landing_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/definitions"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/typing"
)

const testdata = "../../testdata/"

// feed is the contract of a definition that comes with Waybill.
func feed(t *testing.T, pipeline, name string) typing.Contract {
	t.Helper()
	text, err := definitions.Files.ReadFile(pipeline + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := pipelines.Decode(pipeline+".yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Feeds {
		if f.Name == name {
			return f.Contract
		}
	}
	t.Fatalf("%s has no feed %s", pipeline, name)
	return typing.Contract{}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testdata, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// landed is what a file came to.
type landed struct {
	load.Result
	t  *testing.T
	db *sql.DB
}

// land loads a file and holds that every record of it is either loaded or rejected.
func land(t *testing.T, c typing.Contract, text []byte) landed {
	t.Helper()
	db := duck.Open(duck.Config{MemoryLimit: "512MB", TempDir: t.TempDir()})
	t.Cleanup(func() { _ = db.Close() })
	at := time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC)
	res, err := load.New(db).Load(t.Context(), load.Input{
		Bytes: bytes.NewReader(text), Contract: c, Source: "partner", Feed: "feed", Name: "published", File: "f11e", LoadID: "10ad",
		ReceivedAt: at, LoadedAt: at, PIISalt: "salt", StageDir: t.TempDir(),
		FieldIDs: fieldIDs(c),
	})
	if err != nil {
		t.Fatal(err)
	}
	if res.Hold == nil && res.Records != res.Loaded+res.Rejected {
		t.Errorf("%d records are not %d loaded + %d rejected", res.Records, res.Loaded, res.Rejected)
	}
	return landed{Result: res, t: t, db: db}
}

// fieldIDs numbers a contract's columns as they stand.
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

// all asserts that the whole file landed.
func (l landed) all(records int64) landed {
	l.t.Helper()
	if l.Hold != nil {
		l.t.Fatalf("held: %v", l.Hold)
	}
	if l.Records != records || l.Loaded != records {
		l.t.Fatalf("%d records, %d loaded, rejected by rule %v, want %d loaded", l.Records, l.Loaded, l.RejectsByRule, records)
	}
	return l
}

// rows asserts the rows of a table, in the order of the file, as "column=value" of the columns named; null is ∅ and an instant
// is UTC.
func (l landed) rows(table string, columns string, want ...string) {
	l.t.Helper()
	name := waybill.TableName{Namespace: "raw", Name: table}
	var paths []string
	for _, f := range l.Files[name] {
		paths = append(paths, f.Path)
	}
	if len(paths) == 0 {
		if len(want) > 0 {
			l.t.Errorf("%s: no rows, want %d", table, len(want))
		}
		return
	}
	names := strings.Fields(columns)
	items := make([]string, len(names))
	for i, n := range names {
		items[i] = fmt.Sprintf("coalesce(cast(%s as varchar), '∅')", duck.Ident(n))
	}
	rows, err := l.db.QueryContext(l.t.Context(), fmt.Sprintf("select concat_ws(' | ', %s) from read_parquet(%s) order by _line",
		strings.Join(items, ", "), duck.List(paths)))
	if err != nil {
		l.t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			l.t.Fatal(err)
		}
		got = append(got, line)
	}
	if err := rows.Err(); err != nil {
		l.t.Fatal(err)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		l.t.Errorf("%s:\n got %s\nwant %s", table, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// exchange keeps answers as an API connector does: the log that connectors/internal/rest describes.
func exchange(t *testing.T, answers ...answer) []byte {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	for _, a := range answers {
		err := enc.Encode(map[string]any{
			"request": map[string]string{"method": "GET", "url": "https://partner.invalid/", "ask": a.ask},
			"status":  a.status, "at": "2026-04-01T06:00:00.250Z", "headers": map[string]string{}, "body": string(a.body),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

type answer struct {
	ask    string
	status int
	body   []byte
}

// sealed puts the trailer of the warehouse's agreement under a report, which the report itself does not have.
func sealed(report []byte, trailer string) []byte {
	return append(slices.Clone(report), []byte(trailer+"\n")...)
}

func newColumns(l landed) []string {
	var out []string
	for _, d := range l.Drift {
		if d.Kind == "new_column" {
			out = append(out, d.Column)
		}
	}
	slices.Sort(out)
	return out
}

func keys(m map[string]int64) []string { return slices.Sorted(maps.Keys(m)) }
