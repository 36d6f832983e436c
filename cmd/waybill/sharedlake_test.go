package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/questions"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// TestDemoSharedLake runs the demo on S3 with a Postgres catalog and publishes to Postgres too. Then another reader of Iceberg and a
// Postgres client must find what Waybill itself reads.
func TestDemoSharedLake(t *testing.T) {
	t.Parallel()
	s3, dsn := testservers.StartS3(t), testservers.StartPostgres(t)
	p := &office{T: t, dir: t.TempDir(), env: []string{
		"WAYBILL_S3_ENDPOINT=" + s3.Endpoint, "AWS_ACCESS_KEY_ID=" + s3.AccessKey.Reveal(), "AWS_SECRET_ACCESS_KEY=" + s3.SecretKey.Reveal(),
	}}
	o := waybillWith(t, p.env, "demo", "--seed", "12", "--days", "10", "--orders-per-day", "10", "--dir", p.dir,
		"--lake", "s3://"+s3.Bucket+"/group/ops", "--catalog", dsn, "--publish-postgres", dsn, "--json")
	var r demoReport
	if err := json.Unmarshal([]byte(o.out), &r); err != nil || o.code != exitDone {
		t.Fatalf("exit %d, %v\n%s", o.code, err, o)
	}
	r.check(t)
	for name, secret := range map[string]string{"${env:WAYBILL_S3_ENDPOINT}": s3.Endpoint, "${env:AWS_ACCESS_KEY_ID}": s3.AccessKey.Reveal(), "${env:AWS_SECRET_ACCESS_KEY}": s3.SecretKey.Reveal()} {
		p.edit("waybill.yaml", name, secret) // so that this process can open it as well
	}
	t.Run("no raw row is lost", func(t *testing.T) { noRowIsLost(t, p) })
	t.Run("postgres", func(t *testing.T) { publishedToPostgres(t, p, dsn, r.AsOf) })
	t.Run("pyiceberg", func(t *testing.T) { readByPyiceberg(t, p, s3, dsn) })
	otherEngines(t, p, sharedLake{s3: s3, dsn: dsn, root: "s3://" + s3.Bucket + "/group/ops"}, r.AsOf)
}

// noRowIsLost holds that each raw row of every partner is told by a fact or left out under a name.
func noRowIsLost(t *testing.T, p *office) {
	var checks []struct {
		Check   string `json:"check"`
		Failing int    `json:"failing"`
		SQL     string `json:"sql"`
	}
	p.report(exitDone, &checks, "check")
	tables := 0
	for _, c := range checks {
		if !strings.HasPrefix(c.Check, "rows_of ") {
			continue
		}
		tables++
		if c.Failing > 0 {
			t.Errorf("%s: %d lost; they are\n%s", c.Check, c.Failing, c.SQL)
		}
	}
	if tables < 20 {
		t.Errorf("only %d tables are held against the facts", tables)
	}
}

func readByPyiceberg(t *testing.T, p *office, s3 testservers.S3, dsn string) {
	out := t.TempDir()
	brands := []string{"Hart / Rowe", "Aster & Vale", "Nørre Studio", "Pell Mill", "no such brand"}
	seen := pythonReads(t, map[string]any{
		"out": out, "namespaces": []string{"raw", "marts"}, "brands": brands,
		"catalog": map[string]string{
			"uri": strings.Replace(dsn, "postgres://", "postgresql+psycopg2://", 1), "init_catalog_tables": "false", "warehouse": "s3://" + s3.Bucket + "/group/ops",
			"s3.endpoint": s3.Endpoint, "s3.region": s3.Region, "s3.access-key-id": s3.AccessKey.Reveal(), "s3.secret-access-key": s3.SecretKey.Reveal(),
		},
	})
	db := openDuck(t)
	rows, filtered := 0, 0
	for name, ours := range p.relations() {
		if strings.HasPrefix(name, "ops.") {
			continue
		}
		table, ok := seen[name]
		if !ok {
			t.Errorf("pyiceberg sees no %s", name)
			continue
		}
		if ours == "" {
			if table.Rows != 0 {
				t.Errorf("%s: pyiceberg sees %d rows, Waybill none", name, table.Rows)
			}
			continue
		}
		theirs := fmt.Sprintf("select * from read_parquet(%s)", duck.Literal(filepath.Join(out, name+".parquet")))
		rows += sameRelation(t, db, name, [2]string{ours, theirs}, nil)
		if slices.Contains(table.Partitions, "brand") {
			filtered++
			for brand, got := range table.ByBrand {
				q := fmt.Sprintf("select count(*) from (%s) where brand is not distinct from nullif(?, 'null')", ours)
				var want int
				if err := db.QueryRowContext(t.Context(), q, brand).Scan(&want); err != nil {
					t.Fatal(err)
				}
				if got != want {
					t.Errorf("%s: pyiceberg finds %d rows where brand = %s, Waybill %d", name, got, brand, want)
				}
			}
		}
		carriesLoads(t, name, table)
	}
	carryKeys(t, p, seen)
	t.Logf("pyiceberg: %d tables, %d rows, %d partitioned by brand", len(seen), rows, filtered)
	if rows == 0 || filtered == 0 {
		t.Error("nothing was compared")
	}
}

// carriesLoads wants the load that made the newest snapshot in its summary, unless it was a compaction, and all loads in the properties.
func carriesLoads(t *testing.T, name string, table seenByPython) {
	t.Helper()
	id := table.Summary["waybill.load-id"]
	if id == "" {
		t.Errorf("%s: the snapshot's summary names no load: %v", name, table.Summary)
		return
	}
	for key := range table.Properties {
		if key == "waybill.load."+id {
			return
		}
	}
	t.Errorf("%s: load %s is not among the properties %v", name, id, table.Properties)
}

func publishedToPostgres(t *testing.T, p *office, dsn string, asOf time.Time) {
	pg := connect(t, dsn)
	cfg, err := project.Read(p.config(), os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	marts, err := openMarts(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range p.marts() {
		ours, theirs := duckLines(t, marts, "select * from marts."+name), postgresLines(t, pg, "select * from marts."+name)
		if !slices.Equal(ours, theirs) {
			t.Errorf("%s differs: %d rows in DuckDB, %d in Postgres%s", name, len(ours), len(theirs), firstDifference(ours, theirs))
		}
	}
	if err := marts.Close(); err != nil {
		t.Fatal(err)
	}
	var comments, columns int
	var table string
	err = pg.QueryRow(t.Context(), `select count(col_description(a.attrelid, a.attnum)), count(*), obj_description('marts.fct_orders'::regclass)
		from pg_attribute as a where a.attrelid = 'marts.fct_orders'::regclass and a.attnum > 0`).Scan(&comments, &columns, &table)
	if err != nil || comments < columns/2 || !strings.Contains(table, "Grain: one row per") {
		t.Errorf("comments on %d of %d columns, the table's is %q, %v", comments, columns, table, err)
	}
	readersOnlyRead(t, p, dsn, asOf)
}

// readersOnlyRead lets a BI user read, refuses its writes, and publishes anew while it is in the middle of a result.
func readersOnlyRead(t *testing.T, p *office, dsn string, asOf time.Time) {
	pg := connect(t, dsn)
	if _, err := pg.Exec(t.Context(), "create role bi login password 'bi'; grant usage on schema marts to bi; grant select on all tables in schema marts to bi"); err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	address.User = url.UserPassword("bi", "bi")
	bi := connect(t, address.String())
	for _, write := range []string{"delete from marts.fct_orders", "insert into marts.waybill_release values (1)", "create table marts.x (a int)", "drop table marts.fct_orders", "truncate marts.fct_orders"} {
		if _, err := bi.Exec(t.Context(), write); err == nil {
			t.Errorf("a reader could: %s", write)
		}
	}
	tx, err := bi.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release := func(q interface {
		QueryRow(context.Context, string, ...any) pgx.Row
	},
	) (id int64) {
		if err := q.QueryRow(t.Context(), "select release_id from marts.waybill_release").Scan(&id); err != nil {
			t.Error(err)
		}
		return id
	}
	before := release(tx)
	var orders int
	if err := tx.QueryRow(t.Context(), "select count(*) from marts.fct_orders").Scan(&orders); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "declare reading cursor for select r.release_id from marts.fct_orders, marts.waybill_release as r; fetch 1 from reading"); err != nil {
		t.Fatal(err)
	}
	p.must(exitDone, "build", "--as-of", stamp(asOf.Add(72*time.Hour)))
	if after := release(connect(t, dsn)); after <= before {
		t.Fatalf("release %d after %d: nothing new was published while a reader was open", after, before)
	}
	rest, err := tx.Query(t.Context(), "fetch all from reading")
	if err != nil {
		t.Fatal(err)
	}
	releases, err := pgx.CollectRows(rest, pgx.RowTo[int64])
	if err != nil || len(releases) != orders-1 || slices.ContainsFunc(releases, func(id int64) bool { return id != before }) {
		t.Errorf("the open reader got %d of the old release's remaining %d rows, %v", len(releases), orders-1, err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	p.must(exitDone, "build", "--as-of", stamp(asOf.Add(96*time.Hour)))
	var former int
	if err := pg.QueryRow(t.Context(), "select count(*) from pg_namespace where nspname like 'marts%'").Scan(&former); err != nil || former != 1 {
		t.Errorf("%d schemas of marts are left, want only the present one, %v", former, err)
	}
}

// marts are the names of the published marts.
func (p *office) marts() []string {
	p.Helper()
	var names []string
	for name := range p.snapshots() {
		if mart, ok := strings.CutPrefix(name, "marts."); ok {
			names = append(names, mart)
		}
	}
	return names
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// duckLines and postgresLines write every row as one line of exact text, in order.
func duckLines(t *testing.T, marts *questions.Marts, query string) []string {
	t.Helper()
	answer, err := marts.Ask(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	return lines(answer.Rows)
}

func postgresLines(t *testing.T, conn *pgx.Conn, query string) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) ([]any, error) { return r.Values() })
	if err != nil {
		t.Fatal(err)
	}
	return lines(all)
}

func lines(all [][]any) []string {
	text := make([]string, len(all))
	for i, row := range all {
		var b strings.Builder
		for _, v := range row {
			switch v := v.(type) {
			case questions.Day:
				b.WriteString(v.UTC().Format(time.RFC3339Nano)) // as the driver of Postgres gives it
			case time.Time:
				b.WriteString(v.UTC().Format(time.RFC3339Nano))
			case duckdb.Decimal:
				b.WriteString(shortest(exact(v)))
			case pgtype.Numeric:
				number, err := v.Value()
				if err != nil {
					number = err
				}
				b.WriteString(shortest(fmt.Sprint(number)))
			case nil:
				b.WriteString("<none>")
			default:
				fmt.Fprint(&b, v)
			}
			b.WriteByte('|')
		}
		text[i] = b.String()
	}
	slices.Sort(text)
	return text
}

// shortest takes the zeros at the end of a fraction away: Postgres' client does not tell 0 from 0.00.
func shortest(number string) string {
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return number
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "\n  " + a[i] + "\n  " + b[i]
		}
	}
	return ""
}
