package publish

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/fourmarketing/waybill"
)

// Check tells, for the doctor, whether a release could be shown in the file: its folder takes a new file beside the old.
func (d *DuckDB) Check(context.Context) []waybill.Finding {
	f := waybill.Finding{Subject: "publish " + d.path, OK: true, Detail: "its folder takes files"}
	dir := filepath.Dir(d.path)
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		probe := d.path + ".probe"
		err = errors.Join(os.WriteFile(probe, []byte("probe"), 0o600), os.Remove(probe))
	}
	if info, statErr := os.Stat(d.path); err == nil && statErr == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", d.path)
	}
	if err != nil {
		f.OK, f.Detail, f.Remedy = false, err.Error(), "let the user who runs waybill write there, or name another file in publish.duckdb.path"
	}
	return []waybill.Finding{f}
}

// Check tells, for the doctor, whether a release could be shown in the schema: the server answers, schemas may be made, the readers' role is
// there, and the schema has nothing that Waybill did not publish.
func (p *Postgres) Check(ctx context.Context) []waybill.Finding {
	subject := "publish " + p.Name()
	bad := func(what string, err error, remedy string) waybill.Finding {
		return waybill.Finding{Subject: subject + ": " + what, Detail: err.Error(), Remedy: remedy}
	}
	conn, err := pgx.Connect(ctx, p.url.Reveal())
	if err != nil {
		return []waybill.Finding{bad("connect", err, "check host, port, user and password of publish.postgres.url, and that the server takes connections from here")}
	}
	defer conn.Close(context.WithoutCancel(ctx))
	findings := []waybill.Finding{{Subject: subject + ": connect", OK: true, Detail: fmt.Sprintf("%s answers as %s", conn.Config().Host, conn.Config().User)}}
	for _, check := range []func(context.Context, *pgx.Conn) (waybill.Finding, error){p.mayMakeSchemas, p.owner, p.readersThere} {
		f, err := check(ctx, conn)
		if err != nil {
			f = bad("look", err, "let the user of publish.postgres.url read the catalog of its database")
		}
		f.Subject = subject + ": " + f.Subject
		findings = append(findings, f)
	}
	return findings
}

func (p *Postgres) mayMakeSchemas(ctx context.Context, conn *pgx.Conn) (waybill.Finding, error) {
	f := waybill.Finding{Subject: "schemas", Detail: "may be made"}
	var database string
	if err := conn.QueryRow(ctx, "select current_database(), has_database_privilege(current_database(), 'create')").Scan(&database, &f.OK); err != nil {
		return f, err
	}
	if !f.OK {
		f.Detail = fmt.Sprintf("%s may make none in %s", conn.Config().User, database)
		f.Remedy = fmt.Sprintf("grant create on database %s to %s", ident(database), ident(conn.Config().User))
	}
	return f, nil
}

// strange are the relations of a schema that Waybill did not publish: a mart's comment tells its grain, and waybill_release names the release.
const strange = `select c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where n.nspname = $1 and c.relkind in ('r', 'v', 'm', 'f', 'p', 'S')
	and not (c.relkind = 'r' and (c.relname = 'waybill_release' or coalesce(obj_description(c.oid, 'pg_class'), '') like '%Grain: one row per %'))
order by c.relname`

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func strangers(ctx context.Context, q querier, schema string) ([]string, error) {
	rows, err := q.Query(ctx, strange, schema)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// refuseStrangers keeps a schema that holds somebody else's tables from being replaced.
func refuseStrangers(ctx context.Context, q querier, schema string) error {
	names, err := strangers(ctx, q, schema)
	if err != nil {
		return fmt.Errorf("look into schema %s: %w", schema, err)
	}
	if len(names) > 0 {
		return fmt.Errorf("schema %s holds what Waybill did not publish (%s), and is replaced whole at each release; move it elsewhere or name another schema in publish.postgres.schema", schema, strings.Join(names, ", "))
	}
	return nil
}

// owner wants the schema to be Waybill's: everything in it is replaced at the next release.
func (p *Postgres) owner(ctx context.Context, conn *pgx.Conn) (waybill.Finding, error) {
	f := waybill.Finding{Subject: "schema " + p.schema, OK: true, Detail: "is Waybill's"}
	var there, mine bool
	err := conn.QueryRow(ctx, `select exists (select 1 from pg_namespace where nspname = $1),
		exists (select 1 from pg_namespace where nspname = $1 and pg_has_role(nspowner, 'usage'))`, p.schema).Scan(&there, &mine)
	if err != nil {
		return f, err
	}
	if !there {
		f.Detail = "is not there yet"
		return f, nil
	}
	names, err := strangers(ctx, conn, p.schema)
	switch {
	case err != nil:
		return f, err
	case len(names) > 0:
		f.OK, f.Detail = false, "holds what Waybill did not publish: "+strings.Join(names, ", ")
		f.Remedy = "name a schema of Waybill's own in publish.postgres.schema, or move these elsewhere: the schema is replaced whole at each release"
	case !mine:
		f.OK, f.Detail = false, fmt.Sprintf("belongs to another role than %s, who could not replace it", conn.Config().User)
		f.Remedy = fmt.Sprintf("alter schema %s owner to %s, or name another schema", ident(p.schema), ident(conn.Config().User))
	}
	return f, nil
}

func (p *Postgres) readersThere(ctx context.Context, conn *pgx.Conn) (waybill.Finding, error) {
	f := waybill.Finding{Subject: "readers", OK: true, Detail: "none is named; grant rights yourself, or name a role"}
	if p.readers == "" {
		return f, nil
	}
	var mayMake bool
	err := conn.QueryRow(ctx, `select exists (select 1 from pg_roles where rolname = $1),
		(select rolcreaterole or rolsuper from pg_roles where rolname = current_user)`, p.readers).Scan(&f.OK, &mayMake)
	if err != nil {
		return f, err
	}
	f.Detail = "role " + p.readers + " is there"
	if !f.OK {
		f.Detail = "there is no role " + p.readers
		f.Remedy = fmt.Sprintf("create role %s nologin, and grant it to those who read; or correct publish.postgres.readers", ident(p.readers))
	}
	return f, nil
}
