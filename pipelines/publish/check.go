package publish

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// nothingPublished goes with refusals, whose own words say what to do.
const nothingPublished = "as the message says; until then nothing is published there"

// Check tells, for the doctor, whether a release could be shown in the file: what is there may be replaced, and its folder takes a new file.
func (d *DuckDB) Check(ctx context.Context) []waybill.Finding {
	f := waybill.Finding{Subject: "publish " + d.path}
	old, err := d.replaceable(ctx)
	if err == nil {
		err = takesFiles(old.path)
	}
	switch {
	case err != nil:
		f.Detail, f.Remedy = err.Error(), nothingPublished
	case !old.there:
		f.OK, f.Detail = true, "is not there yet; its folder takes files"
	default:
		f.OK, f.Detail = true, fmt.Sprintf("is Waybill's and shows release %d; its folder takes files", old.shown.ID)
	}
	if err == nil && namedMarts(d.path) {
		note := waybill.Finding{Subject: f.Subject, OK: true, Note: true, Remedy: "name it otherwise in publish.duckdb.path, such as waybill.duckdb, and the marts are marts.fct_orders in every copy too"}
		note.Detail = "a copy under another name has the marts as fct_orders only, because DuckDB names what it opens after the file"
		return []waybill.Finding{f, note}
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
	conn, err := p.connect(ctx)
	if err != nil {
		return []waybill.Finding{bad("connect", err, toConnect(err))}
	}
	defer conn.Close(context.WithoutCancel(ctx))
	findings := []waybill.Finding{{
		Subject: subject + ": connect", OK: true, Detail: fmt.Sprintf("%s lets %s into database %s", conn.Config().Host, conn.Config().User, conn.Config().Database),
	}}
	for _, check := range []func(context.Context, *pgx.Conn) (waybill.Finding, error){p.schemasMade, p.encoding, p.owner, p.readersThere} {
		f, err := check(ctx, conn)
		if err != nil {
			f = bad("look", err, "let the user of publish.postgres.url read the catalog of its database")
		}
		f.Subject = subject + ": " + f.Subject
		findings = append(findings, f)
	}
	return findings
}

func (p *Postgres) schemasMade(ctx context.Context, conn *pgx.Conn) (waybill.Finding, error) {
	f := waybill.Finding{Subject: "schemas", OK: true, Detail: "may be made"}
	err := p.looking(ctx, conn, func(tx pgx.Tx) error {
		if err := mayMakeSchemas(ctx, tx); err != nil {
			f.OK, f.Detail, f.Remedy = false, err.Error(), nothingPublished
		}
		return nil
	})
	return f, err
}

// encoding notes a database whose texts cannot have every character: one such text would keep a release from it.
func (p *Postgres) encoding(ctx context.Context, conn *pgx.Conn) (waybill.Finding, error) {
	f := waybill.Finding{Subject: "texts", OK: true, Detail: "may have every character"}
	var encoding string
	if err := conn.QueryRow(ctx, "select current_setting('server_encoding')").Scan(&encoding); err != nil {
		return f, err
	}
	if encoding != "UTF8" {
		f.Note, f.Detail = true, fmt.Sprintf("database %s keeps them in %s, and a release with a character that this lacks is not published", conn.Config().Database, encoding)
		f.Remedy = "name a database that was made with encoding UTF8 in publish.postgres.url"
	}
	return f, nil
}

// owner wants the schema to be Waybill's: everything in it is replaced at the next release.
func (p *Postgres) owner(ctx context.Context, conn *pgx.Conn) (waybill.Finding, error) {
	f := waybill.Finding{Subject: "schema " + p.schema}
	err := p.looking(ctx, conn, func(tx pgx.Tx) error {
		var old standing
		err := p.checkName(ledger.Release{})
		if err == nil {
			old, err = p.replaceable(ctx, tx)
		}
		switch {
		case err != nil:
			f.Detail, f.Remedy = err.Error(), nothingPublished
		case old.oid == 0:
			f.OK, f.Detail = true, "is not there yet; the first release makes it"
		case len(old.tables) == 0:
			f.OK, f.Detail = true, "is empty; the first release takes its place"
		default:
			f.OK, f.Detail = true, fmt.Sprintf("is Waybill's and shows release %d", old.shown.ID)
		}
		return nil
	})
	return f, err
}

func (p *Postgres) readersThere(ctx context.Context, conn *pgx.Conn) (waybill.Finding, error) {
	f := waybill.Finding{Subject: "readers", OK: true, Detail: "none is named; grant rights yourself, which releases keep, or name a role in publish.postgres.readers"}
	if p.readers == "" {
		return f, nil
	}
	err := p.looking(ctx, conn, func(tx pgx.Tx) error {
		f.Detail = "role " + p.readers + " is there"
		if err := p.needReaders(ctx, tx); err != nil {
			f.OK, f.Detail, f.Remedy = false, err.Error(), nothingPublished
		}
		return nil
	})
	return f, err
}

// looking runs what publishing does before it changes anything, as it does it, and leaves no trace.
func (p *Postgres) looking(ctx context.Context, conn *pgx.Conn, look func(tx pgx.Tx) error) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) // only looked at
	if _, err := tx.Exec(ctx, "set local search_path = ''"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	return look(tx)
}
