package publish_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/publish"
)

// strangers are things that people put into a published schema, or let depend on it. Each has to be named and to be there afterwards.
var strangers = []struct{ made, named, there string }{
	{"create table marts.notes (note text)", "table marts.notes", "to_regclass('marts.notes')"},
	{"create view marts.open_orders as select 1 as one", "view marts.open_orders", "to_regclass('marts.open_orders')"},
	{"create view marts.paid as select order_id from marts.fct_orders", "view marts.paid", "to_regclass('marts.paid')"},
	{"create materialized view marts.m as select order_id from marts.fct_orders", "materialized view marts.m", "to_regclass('marts.m')"},
	{"create sequence marts.numbers", "sequence marts.numbers", "to_regclass('marts.numbers')"},
	{"create function marts.vat() returns int language sql as 'select 20'", "function marts.vat()", "to_regproc('marts.vat')"},
	{"create type marts.mood as enum ('good')", "type marts.mood", "to_regtype('marts.mood')"},
	{"create domain marts.pence as int", "type marts.pence", "to_regtype('marts.pence')"},
	{"create type marts.pair as (a int, b int)", "type marts.pair", "to_regtype('marts.pair')"},
	{"create text search configuration marts.search (copy = simple)", "text search configuration marts.search", "(select 'marts.search'::regconfig)"},
	{"create index by_status on marts.fct_orders (status)", "index marts.by_status", "to_regclass('marts.by_status')"},
	{"create statistics marts.of_status on status, total from marts.fct_orders", "statistics object marts.of_status", "(select stxname from pg_statistic_ext where stxname = 'of_status')"},
	{"alter table marts.fct_orders add constraint positive check (total >= 0)", "constraint positive on table marts.fct_orders", "(select conname from pg_constraint where conname = 'positive')"},
	{"create function f() returns trigger language plpgsql as 'begin return new; end'; create trigger watch before update on marts.fct_orders for each row execute function f()", "trigger watch on table marts.fct_orders", "(select tgname from pg_trigger where tgname = 'watch')"},
	{"create policy own_brand on marts.fct_orders using (true)", "policy own_brand on table marts.fct_orders", "(select polname from pg_policy)"},
	{"alter table marts.fct_orders enable row level security", "row level security of table marts.fct_orders", "(select nullif(relrowsecurity, false) from pg_class where oid = 'marts.fct_orders'::regclass)"},
	{"create rule keep as on delete to marts.fct_orders do instead nothing", "rule keep on table marts.fct_orders", "(select rulename from pg_rules where rulename = 'keep')"},
	{"create publication feed for table marts.fct_orders", "publication feed", "(select pubname from pg_publication_tables)"},
	{"create schema finance; create materialized view finance.m as select status from marts.fct_orders", "materialized view finance.m", "(select relname from pg_class where relkind = 'm')"},
	{"create schema finance; create table finance.notes (order_id text references marts.fct_orders)", "on table finance.notes", "(select conname from pg_constraint where contype = 'f')"},
	{"create schema finance; create table finance.more () inherits (marts.fct_orders)", "table finance.more", "to_regclass('finance.more')"},
	{"create schema finance; create table finance.log (was marts.fct_orders)", "table finance.log", "(select attname from pg_attribute where attrelid = 'finance.log'::regclass and attnum > 0 and not attisdropped)"},
	{"create schema finance; create function finance.open() returns bigint begin atomic select count(*) from marts.fct_orders; end", "function finance.open()", "to_regproc('finance.open')"},
	{"create schema finance; create function finance.of(marts.fct_orders) returns text language sql as 'select 1'", "function finance.of(marts.fct_orders)", "to_regproc('finance.of')"},
	{"create schema finance; create view finance.v as select 1 as a; create rule r as on insert to finance.v do instead insert into marts.dim_sites values ('x')", "rule r on view finance.v", "(select rulename from pg_rules where rulename = 'r')"},
	{"alter table marts.fct_orders add column note text", "column marts.fct_orders.note", "(select attname from pg_attribute where attname = 'note')"},
	{"alter table marts.waybill_release add column note text", "column marts.waybill_release.note", "(select attname from pg_attribute where attname = 'note')"},
	{"create table was as table marts.fct_orders; drop table marts.fct_orders; create table marts.fct_orders as table was; comment on table marts.fct_orders is 'A mart. Grain: one row per fct_orders'", "table marts.fct_orders", "to_regclass('marts.fct_orders')"},
	{"alter table marts.fct_orders add foreign key (status) references marts.dim_sites not valid", "constraint fct_orders_status_fkey on table marts.fct_orders", "(select conname from pg_constraint where contype = 'f')"},
	{"alter table marts.fct_orders alter column status set default 'x'", "default value for column status of table marts.fct_orders", "(select 1 from pg_attrdef)"},
	{"create schema finance; create view finance.whole as select o from marts.fct_orders as o", "finance.whole", "to_regclass('finance.whole')"},
}

// TestRefusesStrangers publishes over schemas that hold what Waybill did not make: it has to be named, and everything to stay as it was.
func TestRefusesStrangers(t *testing.T) {
	t.Parallel()
	cluster := testservers.StartPostgres(t)
	for i, stranger := range strangers {
		t.Run(stranger.named, func(t *testing.T) {
			d := newDatabase(t, cluster, fmt.Sprintf("stranger%d", i))
			d.mustPublish(d.postgres(""), marts(1)...)
			user := d.connect("")
			user.run(stranger.made)
			d.mustRefuse(d.postgres(""), marts(2), stranger.named, "run again")
			if user.text(stranger.there) == "<none>" {
				t.Error("it is gone")
			}
			user.want("select release_id from marts.waybill_release", "1")
			user.want("select count(*) from pg_namespace where nspname like 'marts%'", "1")
		})
	}
}

// TestRefusesSchemas tries schemas that are not Waybill's at all.
func TestRefusesSchemas(t *testing.T) {
	t.Parallel()
	cluster := testservers.StartPostgres(t)
	cases := []struct{ name, schema, made, named, there string }{
		{"a user's table", "marts", "create schema marts; create table marts.notes as select 1 as a", "table marts.notes", "select a from marts.notes"},
		{"a user's waybill_release", "marts", "create schema marts; create table marts.waybill_release as select 7 as release_id", "table marts.waybill_release", "select release_id from marts.waybill_release"},
		{"a mark without a release", "marts", "create schema marts; comment on schema marts is 'Waybill marts, release 1.'; create table marts.fct_orders as select 1 as a", "table marts.fct_orders", "select a from marts.fct_orders"},
		{"a release that names no such table", "marts", "create schema marts; comment on schema marts is 'Waybill marts, release 1.'; create table marts.waybill_release as select array['fct_orders'] as tables; create table marts.dim_sites as select 1 as a", "table marts.dim_sites", "select a from marts.dim_sites"},
		{"public", "public", "create table notes as select 1 as a", "schema public", "select a from public.notes"},
		{"empty public", "public", "create schema other", "schema public", "select nspname from pg_namespace where nspname = 'public'"},
		{"the catalog", "pg_catalog", "create schema other", "schema pg_catalog", "select 1"},
		{"the shadow's name", "marts", "create schema marts_next; create table marts_next.notes as select 1 as a", "alter schema \"marts_next\" rename", "select a from marts_next.notes"},
		{"the shadow's name, empty", "marts", "create schema marts_next", "alter schema \"marts_next\" rename", "select nspname from pg_namespace where nspname = 'marts_next'"},
		{"a long name", strings.Repeat("m", 60), "create schema " + strings.Repeat("m", 60), "too long", "select nspname from pg_namespace where nspname = '" + strings.Repeat("m", 60) + "'"},
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDatabase(t, cluster, fmt.Sprintf("refuse%d", i))
			user := d.connect("")
			user.run(c.made)
			before := user.text(c.there)
			target := publish.NewPostgres(d.engine, waybill.Secret(d.dsn), c.schema, "", d.origin())
			d.mustRefuse(target, marts(1), c.named, c.schema)
			user.want(c.there, before)
		})
	}
	t.Run("another role's, empty", func(t *testing.T) {
		d := newDatabase(t, cluster, "roles")
		user := d.connect("")
		user.run("create role dba; create role loader login password 'loader'; grant create on database roles to loader; create schema marts authorization dba; grant all on schema marts to loader")
		target := publish.NewPostgres(d.engine, waybill.Secret(d.as("loader")), "marts", "", d.origin())
		d.mustRefuse(target, marts(1), "belongs to dba", `alter schema "marts" owner to loader`, "run again")
		user.run("alter schema marts owner to loader")
		d.mustPublish(target, marts(2)...)
		user.run("revoke create on database roles from loader")
		d.mustRefuse(target, marts(3), "grant create on database roles to loader", "run again")
	})
	t.Run("only for reading", func(t *testing.T) {
		d := newDatabase(t, cluster, "standby")
		d.connect("").run("alter database standby set default_transaction_read_only = on")
		d.mustRefuse(d.postgres(""), marts(1), "for reading only", "publish.postgres.url")
	})
	t.Run("a release of which no table is named, and another comment", func(t *testing.T) {
		d := newDatabase(t, cluster, "unmarked")
		d.mustPublish(d.postgres(""), marts(1)...)
		user := d.connect("")
		user.run("alter table marts.waybill_release drop column made; comment on schema marts is 'Ours.'")
		d.mustRefuse(d.postgres(""), marts(2), "table marts.fct_orders", "table marts.waybill_release")
		user.run("comment on schema marts is 'Waybill marts, release 1.'")
		d.mustPublish(d.postgres(""), marts(3)...)
		user.want("select release_id from marts.waybill_release", "3")
	})
}

// TestRefusesAnotherLakes publishes where another project does: a schema and a file that show its release are its, as is what it has not dropped yet.
func TestRefusesAnotherLakes(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, testservers.StartPostgres(t), "lakes")
	theirs := *d
	theirs.lake, theirs.began, theirs.book = "s3://other/lake", d.began.Add(time.Minute), map[int64]time.Time{}
	user, path := d.connect(""), filepath.Join(t.TempDir(), "waybill.duckdb")
	d.mustPublish(d.postgres(""), marts(1)...)
	d.mustPublish(publish.NewDuckDB(d.engine, path, d.origin()), marts(1)...)
	theirs.release = 10
	theirs.mustRefuse(theirs.postgres(""), marts(3), "schema marts shows release 1 of lake s3://bucket/lake", "s3://other/lake", "publish.postgres.schema", "run again")
	theirs.mustRefuse(publish.NewDuckDB(d.engine, path, theirs.origin()), marts(3), "shows release 2 of lake s3://bucket/lake", "s3://other/lake", "publish.duckdb.path", "run again")
	user.want("select release_id from marts.waybill_release", "1")
	d.wantInFile(path, "select release_id from ops.release", "2")
	theirs.release = 0 // a release of the same number is not the same
	theirs.lake = d.lake
	theirs.mustRefuse(theirs.postgres(""), marts(3), "does not know", "another project")
	copied := *d // a copy of the lake knows its releases
	copied.lake = "/copy/of/lake"
	copied.mustRefuse(copied.postgres(""), marts(3), "of lake s3://bucket/lake", "/copy/of/lake")
	copied.mustRefuse(publish.NewDuckDB(d.engine, path, copied.origin()), marts(3), "of lake s3://bucket/lake", "/copy/of/lake")
	theirs.lake = "s3://other/lake"

	beside := publish.NewPostgres(d.engine, waybill.Secret(d.dsn), "marts_was", "", theirs.origin())
	theirs.mustPublish(beside, marts(1)...)
	reader := d.connect("")
	reader.run("begin; select * from marts_was.dim_sites")
	theirs.mustPublish(beside, marts(1)...)
	reader.run("commit")
	d.mustPublish(d.postgres(""), marts(4)...)
	user.want("select string_agg(nspname, ' ' order by nspname) from pg_namespace where nspname like 'marts%'", fmt.Sprintf("marts marts_was marts_was_was_%d", theirs.release))
}

// TestShows asks targets whether they show a release: only one that is there, with that number and instant, is shown.
func TestShows(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, testservers.StartPostgres(t), "shows")
	path := filepath.Join(t.TempDir(), "waybill.duckdb")
	for _, target := range []publish.Target{d.postgres(""), publish.NewDuckDB(d.engine, path, d.origin())} {
		if rel := (ledger.Release{ID: d.release, At: d.book[d.release]}); target.Shows(t.Context(), rel) {
			t.Errorf("%s shows %d before anything was published", target.Name(), rel.ID)
		}
		d.mustPublish(target, marts(1)...)
		rel := ledger.Release{ID: d.release, At: d.book[d.release]}
		if !target.Shows(t.Context(), rel) {
			t.Errorf("%s does not show %d", target.Name(), rel.ID)
		}
		for _, other := range []ledger.Release{{ID: rel.ID + 1, At: rel.At}, {ID: rel.ID, At: rel.At.Add(time.Second)}} {
			if target.Shows(t.Context(), other) {
				t.Errorf("%s shows %d of %s", target.Name(), other.ID, other.At)
			}
		}
	}
	d.connect("").run("drop schema marts cascade")
	d.write(path, "gone")
	for _, target := range []publish.Target{d.postgres(""), publish.NewDuckDB(d.engine, path, d.origin())} {
		if target.Shows(t.Context(), ledger.Release{ID: 1, At: d.book[1]}) || target.Shows(t.Context(), ledger.Release{ID: 2, At: d.book[2]}) {
			t.Errorf("%s shows what is gone", target.Name())
		}
	}
}

// TestReplacesItsOwn publishes over what is Waybill's: an empty schema, releases, and those of before waybill_release named its tables.
func TestReplacesItsOwn(t *testing.T) {
	t.Parallel()
	cluster := testservers.StartPostgres(t)
	t.Run("empty", func(t *testing.T) {
		d := newDatabase(t, cluster, "empty")
		user := d.connect("")
		user.run("create role analysts; create schema marts; grant usage on schema marts to analysts; alter default privileges in schema marts grant select on tables to analysts")
		d.mustPublish(d.postgres(""), marts(1)...)
		user.want("select has_schema_privilege('analysts', 'marts', 'usage') and has_table_privilege('analysts', 'marts.dim_sites', 'select')", "true")
		user.want("select string_agg(nspname, ' ') from pg_namespace where nspname like 'marts%'", "marts")
	})
	t.Run("tables that go and come", func(t *testing.T) {
		d := newDatabase(t, cluster, "goandcome")
		user := d.connect("")
		d.mustPublish(d.postgres(""), marts(1)...)
		user.want("select tables from marts.waybill_release", "{fct_orders,dim_sites}")
		d.mustPublish(d.postgres(""), marts(2)[:1]...)
		user.want("select tables from marts.waybill_release", "{fct_orders}")
		user.want("select to_regclass('marts.dim_sites')", "<none>")
		d.mustPublish(d.postgres(""), marts(3)...)
		user.want("select site from marts.dim_sites", "ams")
		user.want("select string_agg(nspname, ' ') from pg_namespace where nspname like 'marts%'", "marts")
	})
	t.Run("a release that did not name its tables", func(t *testing.T) {
		d := newDatabase(t, cluster, "unnamed")
		user := d.connect("")
		d.mustPublish(d.postgres(""), marts(1)...)
		user.run("alter table marts.waybill_release drop column tables, drop column lake, drop column made; create table marts.notes as select 1 as a")
		d.mustRefuse(d.postgres(""), marts(2), "make: table marts.notes. ")
		user.run("drop table marts.notes")
		d.mustPublish(d.postgres(""), marts(3)...)
		user.want("select tables from marts.waybill_release", "{fct_orders,dim_sites}")
	})
	t.Run("the database of a lake's catalog", func(t *testing.T) {
		d := newDatabase(t, cluster, "catalog")
		l, err := lake.Open(t.Context(), lake.Config{Root: t.TempDir(), Catalog: d.dsn, CacheDir: t.TempDir(), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		db, dialect := l.CatalogDB()
		book, err := ledger.Open(t.Context(), db, string(dialect), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		rel, err := book.AddRelease(t.Context(), ledger.Release{AsOf: time.Now(), Status: ledger.Released})
		if err != nil {
			t.Fatal(err)
		}
		tables := countTables(t, db)
		d.mustRefuse(publish.NewPostgres(d.engine, waybill.Secret(d.dsn), "public", "", d.origin()), marts(1), "schema public")
		d.mustPublish(d.postgres(""), marts(2)...)
		d.mustPublish(d.postgres(""), marts(3)...)
		if got := countTables(t, db); got != tables || tables < 3 {
			t.Errorf("the catalog had %d tables and has %d", tables, got)
		}
		if back, ok, err := book.LatestRelease(t.Context(), ledger.Released); err != nil || !ok || back.ID != rel.ID {
			t.Errorf("the ledger's release: %v, %v, %v", back, ok, err)
		}
	})
}

func countTables(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), "select count(*) from pg_tables where schemaname = 'public'").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSparesFormerNames publishes beside schemas that are named like a former release's, and over one to which somebody clings.
func TestSparesFormerNames(t *testing.T) {
	t.Parallel()
	cluster := testservers.StartPostgres(t)
	t.Run("a user's, with the name that is needed", func(t *testing.T) {
		d := newDatabase(t, cluster, "needed")
		user := d.connect("")
		user.run("create schema marts_was_2; create table marts_was_2.notes as select 1 as a; create schema marts_was_1")
		d.mustPublish(d.postgres(""), marts(1)...)
		d.mustPublish(d.postgres(""), marts(2)...)
		user.want("select a from marts_was_2.notes", "1")
		user.want("select release_id from marts.waybill_release", "2")
		user.want("select string_agg(nspname, ' ' order by nspname) from pg_namespace where nspname like 'marts%'", "marts marts_was_1 marts_was_2")
	})
	t.Run("another target's", func(t *testing.T) {
		d := newDatabase(t, cluster, "another")
		d.mustPublish(publish.NewPostgres(d.engine, waybill.Secret(d.dsn), "marts_was_eu", "", d.origin()), marts(1)...)
		d.mustPublish(d.postgres(""), marts(2)...)
		d.mustPublish(d.postgres(""), marts(3)...)
		d.connect("").want("select release_id from marts_was_eu.waybill_release", "1")
		if told := d.told(); !strings.Contains(told, "marts_was_eu") {
			t.Errorf("nothing was said of it: %s", told)
		}
	})
	t.Run("one in use", func(t *testing.T) {
		d := newDatabase(t, cluster, "inuse")
		d.mustPublish(d.postgres(""), marts(1)...)
		reader, user := d.connect(""), d.connect("")
		reader.run("begin; declare c cursor for select total from marts.fct_orders; fetch 1 from c")
		d.mustPublish(d.postgres(""), marts(2)...)
		user.run("create table marts_was_2.notes as select 1 as a; create view public.old as select status from marts_was_2.fct_orders")
		user.run("create temporary view mine as select status from marts.fct_orders") // lasts as long as its session, and refuses nothing
		reader.run("commit")
		d.told()
		d.mustPublish(d.postgres(""), marts(3)...)
		told := d.told()
		for _, word := range []string{"table marts_was_2.notes", "view public.old", "warn"} {
			if !strings.Contains(told, word) {
				t.Errorf("the log does not say %q: %s", word, told)
			}
		}
		user.want("select a from marts_was_2.notes", "1")
		user.want("select count(*) from public.old", "1000")
		user.want("select count(*) from mine", "1000")
		user.run("drop view mine; drop view public.old; drop table marts_was_2.notes")
		d.mustPublish(d.postgres(""), marts(4)...)
		user.want("select string_agg(nspname, ' ') from pg_namespace where nspname like 'marts%'", "marts")
	})
}
