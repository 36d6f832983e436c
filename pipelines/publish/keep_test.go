package publish_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/pipelines/publish"
)

// TestKeepsViewsAndGrants publishes two releases over marts that others read, write views upon and have been given rights to.
func TestKeepsViewsAndGrants(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, testservers.StartPostgres(t), "people")
	owner := d.connect("")
	owner.run("create role readers nologin")
	d.mustPublish(d.postgres("readers"), marts(1)...)
	owner.run(`create role alice login password 'alice'; create role bob login password 'bob'; create role "Carol C" login password 'Carol C'; create role eve login password 'eve';
		create schema "Finance" authorization alice; grant usage on schema "Finance" to public;
		grant usage on schema marts to alice with grant option; grant usage on schema marts to public;
		grant select on marts.fct_orders to alice with grant option; grant select on marts.waybill_release, marts.dim_sites to alice;
		grant select (site), update (zone) on marts.dim_sites to bob; grant select, trigger on marts.dim_sites to "Carol C";
		alter default privileges in schema marts grant select on tables to "Carol C"`)
	alice := d.connect("alice")
	alice.run(`create view "Finance"."Open orders" with (security_barrier = true) as select order_id as "Order", total, status as mark from marts.fct_orders where status = 'paid';
		alter view "Finance"."Open orders" rename column mark to "Mark"; alter view "Finance"."Open orders" alter column "Mark" set default 'y';
		comment on view "Finance"."Open orders" is 'Hers.'; grant select on "Finance"."Open orders" to bob;
		create view "Finance".sums as select sum(total) as total from "Finance"."Open orders";
		create materialized view "Finance".kept as select total from "Finance".sums;
		create view "Finance".grouped as select order_id, status, count(*) as n from marts.fct_orders group by order_id;
		create recursive view "Finance".deep (n) as select 1 union all select n + 1 from deep, marts.dim_sites where n < 3;
		create view "Finance".star as select * from marts.fct_orders;
		create view "Finance".release as select release_id, count(*) as orders from marts.waybill_release, marts.fct_orders group by 1`)
	about := `select string_agg(concat_ws(' ', relname, relowner::regrole, relacl::text, reloptions::text, obj_description(oid, 'pg_class'), (select string_agg(attname, ',' order by attnum) from pg_attribute where attrelid = c.oid),
		(select string_agg(pg_get_expr(adbin, adrelid), ',') from pg_attrdef where adrelid = c.oid)), E'\n' order by relname) from pg_class as c where relnamespace = '"Finance"'::regnamespace`
	before := owner.text(about)
	reader := d.connect("alice")
	for release := int64(2); release <= 3; release++ {
		reader.run("begin; declare c cursor for select r.release_id from marts.fct_orders as o, marts.waybill_release as r; fetch 1 from c")
		d.mustPublish(d.postgres("readers"), append(marts(int(release)), mart("dim_new", "select 1::integer as a", "a"))...)
		rest, err := reader.conn.Query(t.Context(), "fetch all from c")
		if err != nil {
			t.Fatal(err)
		}
		seen, err := pgx.CollectRows(rest, pgx.RowTo[int64])
		if err != nil || len(seen) != 999 || slices.ContainsFunc(seen, func(id int64) bool { return id != release-1 }) {
			t.Errorf("the open reader got %d rows, not the other 999 of release %d, %v", len(seen), release-1, err)
		}
		reader.run("commit")

		alice.want(`select total from "Finance".sums`, fmt.Sprintf("%d.00", release*1000))
		alice.want(`select max(total) from "Finance".star`, fmt.Sprintf("%d.00", release))
		alice.want(`select sum(n) from "Finance".grouped`, "1000") // by the key alone, so it hangs on the key as well
		alice.want(`select max(n) from "Finance".deep`, "3")
		alice.want(`select concat(release_id, ' ', orders) from "Finance".release`, fmt.Sprintf("%d 1000", release))
		alice.run(`refresh materialized view "Finance".kept`)
		alice.want(`select total from "Finance".kept`, fmt.Sprintf("%d.00", release*1000))
		owner.want(about, before)
		d.connect("bob").want(`select max(total) from "Finance"."Open orders"`, fmt.Sprintf("%d.00", release))
		d.keepsGrants(owner)
	}
	d.mustPublish(d.postgres("readers"), marts(4)...)
	owner.want("select string_agg(nspname, ' ') from pg_namespace where nspname like 'marts%'", "marts")
}

// keepsGrants wants exactly the rights that were given, and nobody else to have any.
func (d *desk) keepsGrants(owner *session) {
	d.Helper()
	owner.want(`select string_agg(concat(grantee, ' ', table_name, ' ', privilege_type, ' ', is_grantable), ', ' order by grantee, table_name, privilege_type) from information_schema.role_table_grants
		where table_schema = 'marts' and grantee not in ('waybill', 'readers')`,
		"Carol C dim_new SELECT NO, Carol C dim_sites SELECT NO, Carol C dim_sites TRIGGER NO, Carol C fct_orders SELECT NO, Carol C waybill_release SELECT NO, alice dim_sites SELECT NO, alice fct_orders SELECT YES, alice waybill_release SELECT NO")
	owner.want(`select string_agg(concat(table_name, '.', column_name, ' ', privilege_type), ', ' order by column_name, privilege_type) from information_schema.role_column_grants
		where table_schema = 'marts' and grantee = 'bob'`, "dim_sites.site SELECT, dim_sites.zone UPDATE")
	owner.want(`select string_agg(concat(case a.grantee when 0 then 'public' else a.grantee::regrole::text end, ' ', a.privilege_type, ' ', a.is_grantable), ', ' order by a.grantee::regrole::text)
		from pg_namespace, aclexplode(nspacl) as a where nspname = 'marts' and a.grantee <> nspowner`, "public USAGE f, alice USAGE t, readers USAGE f")
	owner.want(`select string_agg(table_name, ' ' order by table_name) from information_schema.role_table_grants where table_schema = 'marts' and grantee = 'readers' and privilege_type = 'SELECT'`,
		"dim_new dim_sites fct_orders waybill_release")
}

// TestRefusesViewsThatCannotBeBound names the view, and the columns that it reads and the new release lacks.
func TestRefusesViewsThatCannotBeBound(t *testing.T) {
	t.Parallel()
	cluster := testservers.StartPostgres(t)
	other := func(query string) []publish.Mart { return append(marts(2)[1:], mart("fct_orders", query, "order_id")) }
	cases := []struct {
		name  string
		marts []publish.Mart
		words []string
	}{
		{"a column goes", other("select 'AV1' as order_id, 1::decimal(18,2) as total"), []string{"view finance.v", "fct_orders.status is gone"}},
		{"a type changes", other("select 'AV1' as order_id, 'paid' as status, 1::decimal(18,4) as total"), []string{"view finance.v", "fct_orders.total was numeric(18,2) and is numeric(18,4)"}},
		{"the mart goes", marts(2)[1:], []string{"view finance.v", "fct_orders is gone"}},
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := newDatabase(t, cluster, fmt.Sprintf("bound%d", i))
			d.mustPublish(d.postgres(""), marts(1)...)
			user := d.connect("")
			user.run("create schema finance; create view finance.v as select status, total from marts.fct_orders; create view finance.fine as select site from marts.dim_sites")
			d.mustRefuse(d.postgres(""), c.marts, c.words...)
			user.want("select sum(total) from finance.v", "1000.00")
			user.want("select release_id from marts.waybill_release", "1")
			user.want("select string_agg(nspname, ' ') from pg_namespace where nspname like 'marts%'", "marts")
		})
	}
	t.Run("a type changes that the view casts", func(t *testing.T) {
		d := newDatabase(t, cluster, "casts")
		d.mustPublish(d.postgres(""), marts(1)...)
		user := d.connect("")
		user.run("create schema finance; create view finance.v as select total::float8 as total from marts.fct_orders")
		d.mustPublish(d.postgres(""), other("select 'AV1' as order_id, 7.5::decimal(18,4) as total")...)
		user.want("select total from finance.v", "7.5")
	})
	t.Run("a view of another role", func(t *testing.T) {
		d := newDatabase(t, cluster, "another")
		admin := d.connect("")
		admin.run(`create role "the-loader" login password 'the-loader'; create role ann login password 'ann'; grant create on database another to "the-loader"; create schema ann authorization ann`)
		target := publish.NewPostgres(d.engine, waybill.Secret(d.as("the-loader")), "marts", "", d.origin())
		d.mustPublish(target, marts(1)...)
		d.connect("the-loader").run("grant usage on schema marts to ann; grant select on marts.fct_orders to ann")
		ann := d.connect("ann")
		ann.run("create view ann.v as select total from marts.fct_orders")
		d.mustRefuse(target, marts(2), "view ann.v", `grant ann to "the-loader"`)
		ann.want("select max(total) from ann.v", "1.00")
		admin.run(`grant ann to "the-loader"`)
		d.mustPublish(target, marts(3)...)
		ann.want("select max(total) from ann.v", "3.00")
	})
}

// TestWaitsShortlyForViews publishes while a view over marts is being read: its reader ends soon, or does not end.
func TestWaitsShortlyForViews(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, testservers.StartPostgres(t), "busy")
	d.mustPublish(d.postgres(""), marts(1)...)
	user := d.connect("")
	user.run("create view public.v as select max(total) as total from marts.fct_orders")
	user.run("begin; select * from public.v")
	published, others := make(chan bool), make(chan error, 1)
	other := d.connect("")
	other.run("set statement_timeout = '4s'") // others read on meanwhile, with short delays
	go func() {
		var err error
		for err == nil {
			select {
			case <-published:
				others <- nil
				return
			case <-time.After(20 * time.Millisecond):
				_, err = other.conn.Exec(t.Context(), "select * from public.v")
			}
		}
		others <- err
	}()
	d.mustRefuse(d.postgres(""), marts(2), "view public.v is being read", "pg_locks")
	close(published)
	if err := <-others; err != nil {
		t.Errorf("another reader of the view: %v", err)
	}
	user.want("select total from public.v", "1.00")
	ended := time.AfterFunc(700*time.Millisecond, func() { user.run("commit") })
	defer ended.Stop()
	d.mustPublish(d.postgres(""), marts(3)...)
	d.connect("").want("select total from public.v", "3.00")
}

// meanwhile is a mart that is being read until something has been done; what came of that is told afterwards.
func (d *desk) meanwhile(do func() error) (publish.Mart, <-chan error) {
	d.Helper()
	pipe := filepath.Join(d.TempDir(), "slow.csv")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		d.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		file, err := os.OpenFile(pipe, os.O_WRONLY, 0) // returns when the mart is being read
		if err != nil {
			done <- err
			return
		}
		err = do()
		_, write := file.WriteString("1\n2\n")
		done <- errors.Join(err, write, file.Close())
	}()
	return mart("fct_slow", fmt.Sprintf("select a from read_csv('%s', columns = {'a': 'integer'}, auto_detect = false, header = false)", pipe), "a"), done
}

// TestLooksAgainBeforeTheSwap makes a table in the published schema while a release is being copied.
func TestLooksAgainBeforeTheSwap(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, testservers.StartPostgres(t), "meanwhile")
	d.mustPublish(d.postgres(""), marts(1)...)
	user := d.connect("")
	slow, wrote := d.meanwhile(func() error {
		_, err := user.conn.Exec(t.Context(), "create table marts.notes as select 1 as a")
		return err
	})
	d.mustRefuse(d.postgres(""), []publish.Mart{slow}, "table marts.notes")
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	user.want("select a from marts.notes", "1")
	user.want("select release_id from marts.waybill_release", "1")
}

// TestNeedsReaders names a role that is not there: none is made, the nearest is named, and it is taken once it is there.
func TestNeedsReaders(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, testservers.StartPostgres(t), "readers")
	admin := d.connect("")
	admin.run("create role bi_readers nologin; create role loader login password 'loader'; grant create on database readers to loader")
	for _, role := range []string{"", "loader"} { // with the right to make roles, and without
		target := publish.NewPostgres(d.engine, waybill.Secret(d.as(role)), "marts", "bi_raeders", d.origin())
		d.mustRefuse(target, marts(1), "no role bi_raeders", "did you mean bi_readers?", "publish.postgres.readers", `create role "bi_raeders" nologin`, "run again")
	}
	admin.want("select count(*) from pg_roles where rolname = 'bi_raeders'", "0")
	admin.want("select count(*) from pg_namespace where nspname like 'marts%'", "0")
	d.mustPublish(publish.NewPostgres(d.engine, waybill.Secret(d.as("loader")), "marts", "bi_readers", d.origin()), marts(2)...)
	admin.want("select has_table_privilege('bi_readers', 'marts.fct_orders', 'select')", "true")
}

// TestPublishesAReleaseAgain publishes the same release twice while a reader has what it replaced open.
func TestPublishesAReleaseAgain(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, testservers.StartPostgres(t), "again")
	d.mustPublish(d.postgres(""), marts(1)...)
	reader := d.connect("")
	reader.run("begin; select count(*) from marts.fct_orders")
	for range 2 {
		d.release = 1
		d.mustPublish(d.postgres(""), marts(2)...)
	}
	reader.run("commit")
	reader.want("select max(total) from marts.fct_orders", "2.00")
	d.mustPublish(d.postgres(""), marts(3)...)
	reader.want("select string_agg(nspname, ' ') from pg_namespace where nspname like 'marts%'", "marts")
}

// TestKeepsComments publishes over marts of which others said something: what they said stays, and what Waybill says changes.
func TestKeepsComments(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, testservers.StartPostgres(t), "comments")
	d.mustPublish(d.postgres(""), marts(1)...)
	user := d.connect("")
	user.run(`comment on schema marts is 'The group''s.'; comment on table marts.dim_sites is 'Ours; it''s "the" list.'; comment on column marts.fct_orders.total is 'With VAT.'; comment on table marts.waybill_release is 'Look here.';
		comment on constraint fct_orders_pkey on marts.fct_orders is 'Unique.'; comment on column marts.fct_orders.status is 'Goes with its column.'; comment on column marts.fct_orders.order_id is null`)
	changed := mart("fct_orders", "select 'AV1' as order_id, 1::decimal(18,2) as total", "order_id")
	for range 2 {
		d.mustPublish(d.postgres(""), changed, marts(2)[1])
		user.want("select obj_description('marts.dim_sites'::regclass)", `Ours; it's "the" list.`)
		user.want("select col_description('marts.fct_orders'::regclass, 2)", "With VAT.")
		user.want("select obj_description('marts'::regnamespace)", "The group's.")
		user.want("select obj_description('marts.waybill_release'::regclass)", "Look here.")
		user.want("select obj_description(oid, 'pg_constraint') from pg_constraint where conname = 'fct_orders_pkey'", "Unique.")
		user.want("select obj_description('marts.fct_orders'::regclass)", "A mart. Grain: one row per fct_orders")
		user.want("select col_description('marts.fct_orders'::regclass, 1)", "The key.")
	}
	changed.Model.Head.Description = "Orders."
	changed.Model.Head.Columns[0].Description = "Whose."
	d.mustPublish(d.postgres(""), changed, marts(2)[1])
	user.want("select obj_description('marts.fct_orders'::regclass)", "Orders. Grain: one row per fct_orders")
	user.want("select col_description('marts.fct_orders'::regclass, 1)", "Whose.")
}

// TestRepeatableRead publishes while transactions at REPEATABLE READ have seen one mart: what they come to afterwards is whole and not empty.
func TestRepeatableRead(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, testservers.StartPostgres(t), "snapshots")
	d.mustPublish(d.postgres(""), marts(1)...)
	for _, level := range []string{"repeatable read", "serializable"} {
		reader := d.connect("")
		reader.run("begin isolation level " + level)
		reader.want("select site from marts.dim_sites", "ams")
		d.mustPublish(d.postgres(""), marts(7)...)
		reader.want("select concat(count(*), ' ', max(total)) from marts.fct_orders", "1000 7.00")
		reader.want("select release_id from marts.waybill_release", fmt.Sprint(d.release))
		reader.run("commit")
	}
}
