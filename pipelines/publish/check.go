package publish

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// Check tells, for the doctor, whether a release could be shown in the file: its folder takes a new file beside the old.
func (d *DuckDB) Check(ctx context.Context) []waybill.Finding {
	f := waybill.Finding{Subject: "publish " + d.path, OK: true, Detail: "its folder takes files"}
	dir := filepath.Dir(d.path)
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		probe := d.path + ".probe"
		err = errors.Join(os.WriteFile(probe, []byte("probe"), 0o600), os.Remove(probe))
	}
	if err != nil {
		f.OK, f.Detail, f.Remedy = false, err.Error(), "let the user who runs waybill write there, or name another file in publish.duckdb.path"
		return []waybill.Finding{f}
	}
	if _, err := d.replaceable(ctx); err != nil {
		f.OK, f.Detail, f.Remedy = false, err.Error(), "nothing is published there as long as it is so"
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

// owner wants the schema to be Waybill's: everything in it is replaced at the next release.
func (p *Postgres) owner(ctx context.Context, conn *pgx.Conn) (waybill.Finding, error) {
	f := waybill.Finding{Subject: "schema " + p.schema, OK: true, Detail: "is Waybill's"}
	if err := p.checkName(ledger.Release{}); err != nil {
		f.OK, f.Detail, f.Remedy = false, err.Error(), "name a schema of Waybill's own in publish.postgres.schema"
		return f, nil
	}
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
	if !mine {
		f.OK, f.Detail = false, fmt.Sprintf("belongs to another role than %s, who could not replace it", conn.Config().User)
		f.Remedy = fmt.Sprintf("alter schema %s owner to %s, or name another schema", ident(p.schema), ident(conn.Config().User))
		return f, nil
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return f, fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // only looked at
	if _, err := tx.Exec(ctx, "set local search_path = ''"); err != nil {
		return f, fmt.Errorf("begin: %w", err)
	}
	if _, err := p.replaceable(ctx, tx); err != nil {
		f.OK, f.Detail, f.Remedy = false, err.Error(), "nothing is published there as long as it is so"
	}
	return f, nil
}

func (p *Postgres) readersThere(ctx context.Context, conn *pgx.Conn) (waybill.Finding, error) {
	f := waybill.Finding{Subject: "readers", OK: true, Detail: "none is named; grant rights yourself, or name a role"}
	if p.readers == "" {
		return f, nil
	}
	if err := conn.QueryRow(ctx, "select exists (select 1 from pg_roles where rolname = $1)", p.readers).Scan(&f.OK); err != nil {
		return f, err
	}
	f.Detail = "role " + p.readers + " is there"
	if !f.OK {
		f.Detail = "there is no role " + p.readers
		f.Remedy = fmt.Sprintf("create role %s nologin, and grant it to those who read; or correct publish.postgres.readers", ident(p.readers))
	}
	return f, nil
}
