package lake_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/uuid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/lake"
)

var despatch = waybill.TableName{Namespace: "raw", Name: "wms_despatch"}

// spec has every column type of the lake and two partition columns.
func spec() lake.TableSpec {
	return lake.TableSpec{
		Columns: []waybill.Column{
			{Name: "ref", Type: "VARCHAR", Doc: "the despatch"},
			{Name: "qty", Type: "INTEGER"},
			{Name: "line", Type: "BIGINT"},
			{Name: "amount", Type: "DECIMAL(18,2)"},
			{Name: "weight", Type: "DOUBLE"},
			{Name: "gift", Type: "BOOLEAN"},
			{Name: "at", Type: "TIMESTAMPTZ"},
			{Name: "local_at", Type: "TIMESTAMP"},
			{Name: "brand", Type: "VARCHAR"},
			{Name: "day", Type: "DATE"},
			{Name: "_load_id", Type: "VARCHAR"},
		},
		PartitionBy: []string{"brand", "day"},
		Doc:         "one row per despatched line",
	}
}

// someRows selects n rows of a load in the shape of spec, all of one brand and day.
func someRows(load string, n int, brand, day string) string {
	b := "NULL::VARCHAR"
	if brand != "" {
		b = "'" + strings.ReplaceAll(brand, "'", "''") + "'"
	}
	return fmt.Sprintf(`SELECT '%[1]s-' || i AS ref, i::INTEGER AS qty, i AS line, (i * 1.25)::DECIMAL(18,2) AS amount, i / 3.0 AS weight, i %% 2 = 0 AS gift,
		TIMESTAMPTZ '2026-03-01 08:00:00+00' + to_seconds(i) AS at, TIMESTAMP '2026-03-01 08:00:00' + to_seconds(i) AS local_at,
		%[3]s AS brand, DATE '%[4]s' AS day, '%[1]s' AS _load_id FROM range(%[2]d) t(i)`, load, n, b, day)
}

// duck is an in-memory DuckDB.
func duck(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatalf("open DuckDB: %v", err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// write stages the rows of a query, one file for each partition, as the runner does.
func write(t testing.TB, db *sql.DB, tab lake.Table, query string) []waybill.StagedFile {
	t.Helper()
	dir := t.TempDir()
	cols := "1"
	if len(tab.PartitionBy) > 0 {
		cols = strings.Join(tab.PartitionBy, ", ")
	}
	rows, err := db.QueryContext(t.Context(), "SELECT DISTINCT "+cols+" FROM ("+query+")")
	if err != nil {
		t.Fatalf("find the partitions: %v", err)
	}
	defer func() { _ = rows.Close() }()
	var out []waybill.StagedFile
	for rows.Next() {
		vals, ptrs := make([]any, max(1, len(tab.PartitionBy))), make([]any, max(1, len(tab.PartitionBy)))
		for i := range vals {
			ptrs[i] = &vals[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			t.Fatal(err)
		}
		where, part := "true", map[string]any{}
		for i, c := range tab.PartitionBy {
			where += fmt.Sprintf(" AND %s IS NOT DISTINCT FROM %s", c, literal(vals[i]))
			part[c] = vals[i]
		}
		name := filepath.Join(dir, uuid.NewString()+".parquet")
		n := copyTo(t, db, "SELECT * FROM ("+query+") WHERE "+where, name, idsOf(t, db, tab, query))
		out = append(out, waybill.StagedFile{Path: name, Rows: n, Partition: part})
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func literal(v any) string {
	switch x := v.(type) {
	case nil:
		return "NULL"
	case time.Time:
		return "DATE '" + x.Format(time.DateOnly) + "'"
	case string:
		return "'" + strings.ReplaceAll(x, "'", "''") + "'"
	}
	return fmt.Sprint(v)
}

// idsOf is the FIELD_IDS text for the columns that a query has.
func idsOf(t testing.TB, db *sql.DB, tab lake.Table, query string) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM ("+query+") LIMIT 0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err := errors.Join(err, rows.Err()); err != nil {
		t.Fatal(err)
	}
	return tab.FieldIDs(names...)
}

func copyTo(t testing.TB, db *sql.DB, query, name, ids string) int64 {
	t.Helper()
	n, err := copyFile(t.Context(), db, query, name, ids)
	if err != nil {
		t.Fatalf("COPY: %v", err)
	}
	return n
}

func copyFile(ctx context.Context, db *sql.DB, query, name, ids string) (int64, error) {
	if ids != "" {
		ids = ", FIELD_IDS " + ids
	}
	res, err := db.ExecContext(ctx, fmt.Sprintf("COPY (%s) TO '%s' (FORMAT parquet, COMPRESSION zstd%s)", query, name, ids))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// source is read_parquet over local files with the columns mapped by field id.
func source(paths []string, cols []lake.Field) string {
	if len(paths) == 0 {
		var none []string
		for _, c := range cols {
			none = append(none, fmt.Sprintf("NULL::%s AS %q", c.Type, c.Name))
		}
		return "(SELECT " + strings.Join(none, ", ") + " WHERE false)"
	}
	var quoted, schema []string
	for _, p := range paths {
		quoted = append(quoted, "'"+p+"'")
	}
	for _, c := range cols {
		schema = append(schema, fmt.Sprintf("%d: {name: '%s', type: '%s', default_value: NULL}", c.ID, c.Name, c.Type))
	}
	return "read_parquet([" + strings.Join(quoted, ", ") + "], schema=MAP {" + strings.Join(schema, ", ") + "})"
}

// rewriter is the Rewrite that production injects, over DuckDB.
func rewriter(db *sql.DB) lake.Rewrite {
	return func(ctx context.Context, job lake.RewriteJob) (int64, error) {
		q := "SELECT * FROM " + source(job.Sources, job.Columns)
		if job.Where != "" {
			q += " WHERE " + job.Where
		}
		return copyFile(ctx, db, q, job.Dest, job.FieldIDs)
	}
}

// ask runs an aggregate over a table at a snapshot, read through its plan: FROM t.
func ask(t testing.TB, l *lake.Lake, db *sql.DB, scan lake.Scan, query string) string {
	t.Helper()
	files, err := l.Local(t.Context(), scan.Files)
	if err != nil {
		t.Fatalf("bring %s to local disk: %v", scan.Table, err)
	}
	defer files.Close()
	var out sql.NullString
	q := "WITH t AS (FROM " + source(files.Paths, scan.Columns) + ") SELECT (" + query + ")::VARCHAR"
	if err := db.QueryRowContext(t.Context(), q).Scan(&out); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return out.String
}

func scanNow(t testing.TB, l *lake.Lake, name waybill.TableName) lake.Scan {
	t.Helper()
	s, err := l.Scan(t.Context(), name, 0)
	if err != nil {
		t.Fatalf("scan %s: %v", name, err)
	}
	return s
}

// perLoad is the table's content as "load:rows:sum of amounts" by load.
func perLoad(t testing.TB, l *lake.Lake, db *sql.DB, name waybill.TableName) string {
	t.Helper()
	return ask(t, l, db, scanNow(t, l, name),
		"SELECT coalesce(string_agg(s, ' ' ORDER BY s), '') FROM (SELECT _load_id || ':' || count(*) || ':' || coalesce(sum(amount), 0) AS s FROM t GROUP BY _load_id)")
}

// append1 commits one load and ends the test if that fails.
func append1(t testing.TB, l *lake.Lake, c lake.Commit) lake.Committed {
	t.Helper()
	done, err := l.Append(t.Context(), c)
	if err != nil {
		t.Fatalf("commit load %s: %v", c.LoadID, err)
	}
	return done
}

func ensure(t testing.TB, l *lake.Lake, name waybill.TableName, s lake.TableSpec) lake.Table {
	t.Helper()
	tab, err := l.Ensure(t.Context(), name, s)
	if err != nil {
		t.Fatalf("ensure %s: %v", name, err)
	}
	return tab
}

func open(t testing.TB, cfg lake.Config) *lake.Lake {
	t.Helper()
	l, err := lake.Open(t.Context(), cfg)
	if err != nil {
		t.Fatalf("open lake: %v", err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func localConfig(t testing.TB) lake.Config {
	t.Helper()
	return lake.Config{Root: filepath.Join(t.TempDir(), "a lake"), Now: time.Now}
}

func s3Config(t testing.TB, s testservers.S3) lake.Config {
	t.Helper()
	dir := t.TempDir()
	return lake.Config{
		Root: "s3://" + s.Bucket + "/" + uuid.NewString(), Catalog: "sqlite:" + filepath.Join(dir, "catalog.db"), CacheDir: filepath.Join(dir, "cache"),
		Now: time.Now, S3: lake.S3{Endpoint: s.Endpoint, Region: s.Region, AccessKey: s.AccessKey, SecretKey: s.SecretKey},
	}
}

// newDatabase makes a database of its own in a cluster, because every catalog is named alike.
func newDatabase(t testing.TB, dsn string) string {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	name := "c" + strings.ReplaceAll(uuid.NewString(), "-", "")
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create database: %v", err)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// onEveryStore runs a test on a folder with SQLite, on S3 with SQLite and on S3 with Postgres.
func onEveryStore(t *testing.T, test func(t *testing.T, cfg lake.Config)) {
	t.Helper()
	t.Run("folder, sqlite", func(t *testing.T) { test(t, localConfig(t)) })
	t.Run("s3, sqlite", func(t *testing.T) { test(t, s3Config(t, testservers.StartS3(t))) })
	t.Run("s3, postgres", func(t *testing.T) {
		cfg := s3Config(t, testservers.StartS3(t))
		cfg.Catalog = newDatabase(t, testservers.StartPostgres(t))
		test(t, cfg)
	})
}
