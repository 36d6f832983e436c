package publish_test

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // registers the database/sql driver "sqlite"

	"github.com/fourmarketing/waybill/pipelines/publish"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// file is what a path holds as DuckDB, opened as somebody else would open it.
func (d *desk) file(path string, statements ...string) *sql.DB {
	d.Helper()
	db, err := sql.Open("duckdb", path)
	if err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { _ = db.Close() })
	for _, s := range statements {
		if _, err := db.ExecContext(d.Context(), s); err != nil {
			d.Fatalf("%s: %v", s, err)
		}
	}
	return db
}

func (d *desk) edit(path string, statements ...string) {
	d.Helper()
	if err := d.file(path, statements...).Close(); err != nil {
		d.Fatal(err)
	}
}

// wantInFile opens the file anew: another DuckDB of this process would be shared with whoever has the path open already.
func (d *desk) wantInFile(path, query, want string) {
	d.Helper()
	db := duck.Open(duck.Config{Threads: 1})
	db.SetMaxOpenConns(1)
	var got string
	for _, s := range []string{fmt.Sprintf("attach %s as marts (read_only)", duck.Literal(path)), "use marts"} {
		if _, err := db.ExecContext(d.Context(), s); err != nil {
			d.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.QueryRowContext(d.Context(), "select ("+query+")::varchar").Scan(&got); err != nil || got != want {
		d.Errorf("%s: %q, want %q, %v", query, got, want, err)
	}
	if err := db.Close(); err != nil {
		d.Fatal(err)
	}
}

// TestRefusesFiles publishes to paths at which something stands that is not Waybill's: it has to stay, byte for byte.
func TestRefusesFiles(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		made func(d *desk, path string)
		word string
	}{
		{"a text", func(d *desk, path string) { d.write(path, "a,b\n1,2\n") }, "not published by Waybill"},
		{"a text that nobody may read", func(d *desk, path string) {
			d.write(path, "a,b\n1,2\n")
			if err := os.Chmod(path, 0); err != nil {
				d.Fatal(err)
			}
		}, "not published by Waybill"},
		{"nothing in it", func(d *desk, path string) { d.write(path, "") }, "not published by Waybill"},
		{"a database", func(d *desk, path string) { d.edit(path, "create table notes as select 1 as a") }, "no ops.release"},
		{"an empty database", func(d *desk, path string) { d.edit(path, "create table notes (a int)", "drop table notes") }, "no ops.release"},
		{"a SQLite database", func(d *desk, path string) {
			db, err := sql.Open("sqlite", path)
			if err != nil {
				d.Fatal(err)
			}
			if _, err := db.ExecContext(d.Context(), "create table notes (a int)"); err != nil || db.Close() != nil {
				d.Fatal(err)
			}
		}, "not published by Waybill"},
		{"a release without rows", func(d *desk, path string) {
			d.edit(path, "create schema ops", "create table ops.release (release_id bigint, released_at timestamptz)")
		}, "no ops.release"},
		{"a journal alone", func(d *desk, path string) { d.write(path+".wal", "of somebody's") }, "move it away"},
		{"a link to nothing", func(d *desk, path string) {
			if err := os.Symlink(filepath.Join(filepath.Dir(path), "elsewhere"), path); err != nil {
				d.Fatal(err)
			}
		}, "a link to a file that is not there"},
		{"a folder", func(d *desk, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				d.Fatal(err)
			}
		}, "is no file"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			path := filepath.Join(t.TempDir(), "marts.duckdb")
			c.made(d, path)
			before, _ := os.ReadFile(path)
			d.mustRefuse(publish.NewDuckDB(d.engine, path, d.origin()), marts(1), c.word, path)
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Errorf("it had %d bytes and has %d", len(before), len(after))
			}
			if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
				t.Errorf("left behind: %v, %v", entries, err)
			}
		})
	}
}

// TestRefusesStrangersInFiles publishes over a file of marts in which somebody keeps things.
func TestRefusesStrangersInFiles(t *testing.T) {
	t.Parallel()
	for made, named := range map[string]string{
		"create table notes as select 1 as a":                            "table main.notes",
		"create table ops.notes as select 1 as a":                        "table ops.notes",
		"create schema finance":                                          "schema finance",
		"create view paid as select * from fct_orders":                   "view main.paid",
		"create macro vat(x) as x * 1.2":                                 "macro main.vat",
		"create sequence numbers":                                        "sequence main.numbers",
		"create type mood as enum ('good')":                              "type main.mood",
		"create index by_status on fct_orders (status)":                  "index main.by_status",
		"create schema finance; create table finance.fct_orders (a int)": "table finance.fct_orders",
		"create table marts.targets as select 1 as a":                    "table marts.targets",
		"create or replace view marts.dim_sites as select 1 as a":        "view marts.dim_sites",
		"alter table fct_orders add column note text":                    "column fct_orders.note",
	} {
		t.Run(named, func(t *testing.T) {
			d := newDesk(t)
			path := filepath.Join(t.TempDir(), "waybill.duckdb")
			d.mustPublish(publish.NewDuckDB(d.engine, path, d.origin()), marts(1)...)
			d.edit(path, made)
			d.mustRefuse(publish.NewDuckDB(d.engine, path, d.origin()), marts(2), named, "attach")
			d.wantInFile(path, "select release_id from ops.release", "1")
		})
	}
}

// TestReplacesItsOwnFile publishes over releases, over one of before it named its tables, beside files with names like its own, and
// with a journal left beside the old file.
func TestReplacesItsOwnFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	path := filepath.Join(t.TempDir(), "marts.duckdb")
	target := publish.NewDuckDB(d.engine, path, d.origin())
	d.mustPublish(target, marts(1)...)
	d.wantInFile(path, "select tables from ops.release", "[fct_orders, dim_sites]")
	for _, name := range []string{".next-year", ".next-12.csv", ".next-4711", ".next-4711.wal"} {
		d.write(path+name, "x")
	}
	d.mustPublish(target, marts(2)[:1]...)
	for name, want := range map[string]bool{".next-year": true, ".next-12.csv": true, ".next-4711": false, ".next-4711.wal": false} {
		if exists(t, path+name) != want {
			t.Errorf("marts.duckdb%s is there: %v", name, !want)
		}
	}
	d.edit(path, "alter table ops.release drop column tables", "alter table ops.release drop column lake", "alter table ops.release drop column made", "create table notes as select 1 as a")
	d.mustRefuse(target, marts(3), "make: table main.notes.")
	d.edit(path, "drop table notes")

	reader := d.file(path + "?access_mode=read_only")
	if err := reader.Ping(); err != nil {
		t.Fatal(err)
	}
	d.mustPublish(target, marts(4)...)
	var total string
	if err := reader.QueryRowContext(t.Context(), "select max(total)::varchar from fct_orders").Scan(&total); err != nil || total != "2.00" {
		t.Errorf("the open reader sees %s, %v", total, err)
	}
	d.wantInFile(path, "select max(total) from fct_orders", "4.00")
	if told := d.told(); strings.Contains(told, "warn") {
		t.Error(told)
	}
}

// TestLooksAtTheFileAgain puts a file at the path while the first release is being written beside it.
func TestLooksAtTheFileAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	path := filepath.Join(t.TempDir(), "marts.duckdb")
	slow, wrote := d.meanwhile(func() error { return os.WriteFile(path, []byte("a,b\n"), 0o600) })
	d.mustRefuse(publish.NewDuckDB(d.engine, path, d.origin()), []publish.Mart{slow}, "not published by Waybill")
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "a,b\n" {
		t.Errorf("the file holds %q, %v", data, err)
	}
}

// TestOutlivesAJournal publishes over a file beside which a program that died left what it had not yet written into it.
func TestOutlivesAJournal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	path := filepath.Join(t.TempDir(), "marts.duckdb")
	target := publish.NewDuckDB(d.engine, path, d.origin())
	d.mustPublish(target, marts(1)...)
	died := filepath.Join(t.TempDir(), "died.duckdb")
	d.copy(path, died)
	db := d.file(died, "pragma disable_checkpoint_on_shutdown", "update dim_sites set zone = 'Europe/Berlin'")
	d.copy(died+".wal", path+".wal")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	d.mustPublish(target, marts(2)...)
	d.wantInFile(path, "select zone || ' ' || max(total) from dim_sites, fct_orders group by zone", "Europe/Amsterdam 2.00")
}

// TestRefusesAFileBeingWritten publishes while another program has the file open for writing, when nobody can see what is in it.
func TestRefusesAFileBeingWritten(t *testing.T) {
	const held = "WAYBILL_TEST_HOLDS"
	d := newDesk(t)
	if path := os.Getenv(held); path != "" { // the other program
		d.file(path, "create table notes as select 1 as a")
		fmt.Println("holding")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		return
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "marts.duckdb")
	d.mustPublish(publish.NewDuckDB(d.engine, path, d.origin()), marts(1)...)
	other := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRefusesAFileBeingWritten$")
	other.Env = append(os.Environ(), held+"="+path)
	in, err1 := other.StdinPipe()
	out, err2 := other.StdoutPipe()
	if err := errors.Join(err1, err2, other.Start()); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "holding\n" {
		t.Fatalf("the other program said %q, %v", line, err)
	}
	d.mustRefuse(publish.NewDuckDB(d.engine, path, d.origin()), marts(2), path, "Close what has it open for writing", fmt.Sprint(other.Process.Pid))
	if err := errors.Join(in.Close(), other.Wait()); err != nil {
		t.Fatal(err)
	}
	d.wantInFile(path, "select a from notes", "1")
}

func (d *desk) copy(from, to string) {
	d.Helper()
	data, err := os.ReadFile(from)
	if err != nil || len(data) == 0 {
		d.Fatalf("copy %s: %d bytes, %v", from, len(data), err)
	}
	d.write(to, string(data))
}

func (d *desk) write(path, text string) {
	d.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		d.Fatal(err)
	}
}

// TestCopiedFile copies a published file under other names: marts.<name> is there with nothing else beside it.
func TestCopiedFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	path := filepath.Join(t.TempDir(), "waybill.duckdb")
	odd := mart("fct_Odd name", "select 1 as a", "a")
	d.mustPublish(publish.NewDuckDB(d.engine, path, d.origin()), append(marts(1), odd)...)
	d.mustPublish(publish.NewDuckDB(d.engine, path, d.origin()), append(marts(2), odd)...)
	elsewhere := t.TempDir()
	for _, name := range []string{"waybill.duckdb", "orders of 2026.db", "main.duckdb", "a.b.duckdb"} {
		copied := filepath.Join(elsewhere, name)
		d.copy(path, copied)
		db := d.file(copied + "?access_mode=read_only")
		for query, want := range map[string]string{
			"select max(total)::varchar from marts.fct_orders":                "2.00",
			"select max(total)::varchar from fct_orders":                      "2.00",
			"select a::varchar from marts.\"fct_Odd name\"":                   "1",
			"select site from marts.dim_sites":                                "ams",
			"select count(*)::varchar from duckdb_views() where not internal": "3",
		} {
			var got string
			if err := db.QueryRowContext(t.Context(), query).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %s: %q, want %q, %v", name, query, got, want, err)
			}
		}
	}
	asNamed := filepath.Join(elsewhere, "marts.duckdb") // a file of this name has no schema of it, which would be ambiguous
	d.mustPublish(publish.NewDuckDB(d.engine, asNamed, d.origin()), marts(3)...)
	var total string
	if err := d.file(asNamed+"?access_mode=read_only").QueryRowContext(t.Context(), "select max(total)::varchar from marts.fct_orders").Scan(&total); err != nil || total != "3.00" {
		t.Errorf("marts.duckdb: %q, %v", total, err)
	}
}

// TestKeepsWhatOthersSetOnFiles publishes over a file that is reached by a link, has rights of its own and comments of others.
func TestKeepsWhatOthersSetOnFiles(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	real, link := filepath.Join(t.TempDir(), "real.duckdb"), filepath.Join(t.TempDir(), "waybill.duckdb")
	d.mustPublish(publish.NewDuckDB(d.engine, real, d.origin()), marts(1)...)
	d.edit(real, "comment on column fct_orders.total is 'With VAT.'", "comment on column fct_orders.status is 'Goes.'", "comment on table dim_sites is 'Ours; it''s all.'")
	if err := errors.Join(os.Chmod(real, 0o640), os.Symlink(real, link)); err != nil {
		t.Fatal(err)
	}
	for total := 2; total <= 3; total++ {
		without := mart("fct_orders", fmt.Sprintf("select 'AV1' as order_id, %d::decimal(18,2) as total", total), "order_id")
		d.mustPublish(publish.NewDuckDB(d.engine, link, d.origin()), without, marts(1)[1])
		d.wantInFile(real, "select max(total) from fct_orders", fmt.Sprintf("%d.00", total))
		d.wantInFile(real, "select comment from duckdb_columns() where database_name = 'marts' and schema_name = 'main' and column_name = 'total'", "With VAT.")
		d.wantInFile(real, "select comment from duckdb_tables() where database_name = 'marts' and table_name = 'dim_sites'", "Ours; it's all.")
		d.wantInFile(real, "select comment from duckdb_tables() where database_name = 'marts' and table_name = 'fct_orders'", "A mart. Grain: one row per fct_orders")
	}
	info, err1 := os.Stat(real)
	linked, err2 := os.Lstat(link)
	if err := errors.Join(err1, err2); err != nil || info.Mode() != 0o640 || linked.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the file has rights %s, the link is %s, %v", info.Mode(), linked.Mode(), err)
	}
}
