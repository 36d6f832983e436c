package parquet_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines/parquet"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// table is one that is written, changed and read in a lake of its own.
type table struct {
	t    *testing.T
	lake *lake.Lake
	db   *sql.DB
	now  lake.Table
}

var refunds = waybill.TableName{Namespace: "raw", Name: "shop_refunds"}

func (x *table) ensure(amount, units waybill.Type) {
	x.t.Helper()
	var err error
	x.now, err = x.lake.Ensure(x.t.Context(), refunds, lake.TableSpec{Columns: []waybill.Column{
		{Name: "refund", Type: "VARCHAR"}, {Name: "amount", Type: amount}, {Name: "units", Type: units},
	}})
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *table) append(load, rows string) int64 {
	x.t.Helper()
	path := filepath.Join(x.t.TempDir(), load+".parquet")
	q := fmt.Sprintf("copy (%s) to %s (format parquet, field_ids %s)", rows, duck.Literal(path), x.now.FieldIDs())
	if _, err := x.db.ExecContext(x.t.Context(), q); err != nil {
		x.t.Fatal(err)
	}
	got, err := x.lake.Append(x.t.Context(), lake.Commit{Table: refunds, LoadID: load, Add: []waybill.StagedFile{{Path: path, Rows: 1}}})
	if err != nil {
		x.t.Fatal(err)
	}
	return got.SnapshotID
}

func (x *table) rows(at int64) string {
	x.t.Helper()
	scan, err := x.lake.Scan(x.t.Context(), refunds, at)
	if err != nil {
		x.t.Fatal(err)
	}
	text, files, err := parquet.SelectScan(x.t.Context(), x.lake, scan)
	if err != nil {
		x.t.Fatal(err)
	}
	defer files.Close()
	return x.ask("select string_agg(concat_ws(' ', refund, amount, units), ', ' order by refund) from (" + text + ")")
}

func (x *table) ask(query string) string {
	x.t.Helper()
	var out string
	if err := x.db.QueryRowContext(x.t.Context(), query).Scan(&out); err != nil {
		x.t.Fatal(err)
	}
	return out
}

func TestAColumnBecomesOneOfAnotherType(t *testing.T) {
	t.Parallel()
	l, err := lake.Open(t.Context(), lake.Config{Root: t.TempDir(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	db := duck.Open(duck.Config{})
	t.Cleanup(func() { _ = db.Close() })
	x := &table{t: t, lake: l, db: db}

	x.ensure("DECIMAL(18,2)", "INTEGER")
	first := x.append("l1", "select 'r1' as refund, cast(12.34 as decimal(18,2)) as amount, 1::integer as units")
	x.ensure("DECIMAL(18,4)", "INTEGER")
	x.ensure("DECIMAL(18,4)", "INTEGER") // which changes nothing
	x.append("l2", "select 'r2' as refund, cast(9.996 as decimal(18,4)) as amount, 2::integer as units")
	x.ensure("DECIMAL(18,4)", "DECIMAL(18,4)")
	x.ensure("DECIMAL(18,4)", "VARCHAR")
	x.append("l3", "select 'r3' as refund, cast(null as decimal(18,4)) as amount, '2.5'::varchar as units")

	if got, want := x.rows(0), "r1 12.3400 1, r2 9.9960 2, r3 2.5"; got != want {
		t.Errorf("the table has %s, want %s", got, want)
	}
	if got, want := x.rows(first), "r1 12.3400 1"; got != want {
		t.Errorf("its first snapshot has %s, want %s", got, want)
	}
	if len(x.now.Columns) != 3 {
		t.Errorf("it has %d columns, want three: what they were is none of their own", len(x.now.Columns))
	}

	// Every file of before is written anew, however large, and then any engine finds the values under the new field alone.
	rewrite := func(ctx context.Context, job lake.RewriteJob) (int64, error) { return parquet.Rewriter(db)(ctx, job) }
	if _, err := l.Maintain(t.Context(), refunds, lake.Policy{SmallFileBytes: 1, MinSmallFiles: 100, KeepLoads: 10}, rewrite); err != nil {
		t.Fatal(err)
	}
	if got, want := x.rows(0), "r1 12.3400 1, r2 9.9960 2, r3 2.5"; got != want {
		t.Errorf("after maintenance the table has %s, want %s", got, want)
	}
	scan, err := l.Scan(t.Context(), refunds, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range scan.Columns {
		scan.Columns[i].Former = nil // as another engine reads it
	}
	text, files, err := parquet.SelectScan(t.Context(), l, scan)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	if got := x.ask("select count(amount) || ' ' || count(units) from (" + text + ")"); got != "2 3" {
		t.Errorf("other engines find %s amounts and units, want 2 3", got)
	}

	_, err = l.Ensure(t.Context(), refunds, lake.TableSpec{Columns: []waybill.Column{{Name: "units", Type: "INTEGER"}}})
	if err == nil || !strings.Contains(err.Error(), "units is VARCHAR in the table and INTEGER is asked for") {
		t.Errorf("a text that is to become a number gives %v", err)
	}
}
