package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// lockNotAvailable is the SQLSTATE of a lock that was not got within lock_timeout (PostgreSQL, appendix "Error Codes").
const lockNotAvailable = "55P03"

func isCode(err error, code string) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == code
}

// needReaders wants the role that may read the marts to be there. It is never made: a mistyped name would be a role that nobody has.
func (p *Postgres) needReaders(ctx context.Context, tx pgx.Tx) error {
	if p.readers == "" {
		return nil
	}
	roles, err := texts(ctx, tx, "select rolname from pg_roles where not starts_with(rolname, 'pg_') order by 1")
	if err != nil {
		return fmt.Errorf("look up role %s: %w", p.readers, err)
	}
	if slices.Contains(roles, p.readers) {
		return nil
	}
	meant := ""
	if nearest := pipelines.Nearest(p.readers, roles); nearest != "" {
		meant = fmt.Sprintf(" (did you mean %s?)", nearest)
	}
	return fmt.Errorf("there is no role %s%s in the database: correct publish.postgres.readers, or let an administrator make the role (create role %s nologin) and grant it to those who read; then run again",
		p.readers, meant, ident(p.readers))
}

// keepComments says of the new tables, columns and keys what others said of the old ones: every comment that is not as publishing left it.
func keepComments(ctx context.Context, tx pgx.Tx, old standing, schema string) error {
	if old.shown.Made == nil {
		return nil
	}
	return execAll(ctx, tx, "carry over comments", `
		with made as (select $3::jsonb -> 'tables' as tables),
		was as (
			select c.oid, c.relname, new.oid as new from pg_class as c
			join pg_class as new on new.relname = c.relname and new.relkind = 'r' and new.relnamespace = (select oid from pg_namespace where nspname = $2)
			where c.relnamespace = $1 and c.relname = any ($4)
		)
		select format('comment on table %I.%I is %L', $2::text, relname, d.description)
		from made, was join pg_description as d on d.classoid = 'pg_class'::regclass and d.objoid = was.oid and d.objsubid = 0
		where d.description is distinct from tables #>> array[relname, 'comment']
		union all
		select format('comment on column %I.%I.%I is %L', $2::text, relname, a.attname, d.description)
		from made, was join pg_description as d on d.classoid = 'pg_class'::regclass and d.objoid = was.oid
		join pg_attribute as a on a.attrelid = was.oid and a.attnum = d.objsubid
		join pg_attribute as b on b.attrelid = was.new and b.attname = a.attname
		where d.description is distinct from tables #>> array[relname, 'columns', a.attname]
		union all
		select format('comment on constraint %I on %I.%I is %L', k.conname, $2::text, relname, d.description)
		from was join pg_constraint as k on k.conrelid = was.oid
		join pg_description as d on d.classoid = 'pg_constraint'::regclass and d.objoid = k.oid
		join pg_constraint as l on l.conrelid = was.new and l.conname = k.conname`, old.oid, schema, old.shown.Made, old.tables)
}

// keepDefaultPrivileges gives the shadow schema the default privileges of the old one, so that its new tables get them.
func keepDefaultPrivileges(ctx context.Context, tx pgx.Tx, old standing, shadow string) error {
	return execAll(ctx, tx, "carry over default privileges", `
		select format('alter default privileges for role %s in schema %I grant %s on %s to %s%s', d.defaclrole::regrole, $2::text, a.privilege_type,
			case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' else 'types' end,
			case a.grantee when 0 then 'public' else a.grantee::regrole::text end, case when a.is_grantable then ' with grant option' end)
		from pg_default_acl as d, aclexplode(d.defaclacl) as a
		where d.defaclnamespace = $1`, old.oid, shadow)
}

// execAll runs the statements that a query writes.
func execAll(ctx context.Context, tx pgx.Tx, what, query string, args ...any) error {
	statements, err := texts(ctx, tx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	for _, s := range statements {
		if _, err := tx.Exec(ctx, s); err != nil {
			return fmt.Errorf("%s: %s: %w", what, s, err)
		}
	}
	return nil
}

func texts(ctx context.Context, tx pgx.Tx, query string, args ...any) ([]string, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// readGrants writes the statements that give others the rights over the new schema, its tables and columns that they had over the old
// ones. Rights over what the new release lacks go with it.
func readGrants(ctx context.Context, tx pgx.Tx, old standing, schema, shadow string) ([]string, error) {
	grants, err := texts(ctx, tx, `
		with me as (select oid from pg_roles where rolname = current_user),
		given as (
			select format('%s on schema %I', a.privilege_type, $2::text) as what, a.grantee, a.is_grantable
			from pg_namespace as n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as a
			where n.oid = $1
			union all
			select format('%s on table %I.%I', a.privilege_type, $2::text, c.relname), a.grantee, a.is_grantable
			from pg_class as c
			join pg_class as new on new.relname = c.relname and new.relkind = 'r'
			join pg_namespace as s on s.oid = new.relnamespace and s.nspname = $3, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) as a
			where c.relnamespace = $1 and c.relname = any ($4)
			union all
			select format('%s (%I) on table %I.%I', a.privilege_type, f.attname, $2::text, c.relname), a.grantee, a.is_grantable
			from pg_class as c
			join pg_attribute as f on f.attrelid = c.oid and not f.attisdropped
			join pg_class as new on new.relname = c.relname and new.relkind = 'r'
			join pg_namespace as s on s.oid = new.relnamespace and s.nspname = $3
			join pg_attribute as g on g.attrelid = new.oid and g.attname = f.attname and not g.attisdropped, aclexplode(f.attacl) as a
			where c.relnamespace = $1 and c.relname = any ($4)
		)
		select format('grant %s to %s%s', what, case grantee when 0 then 'public' else grantee::regrole::text end, case when is_grantable then ' with grant option' end)
		from given where grantee <> (select oid from me)`, old.oid, schema, shadow, old.tables)
	if err != nil {
		return nil, fmt.Errorf("read the grants on schema %s: %w", schema, err)
	}
	return grants, nil
}

// lockViews keeps everybody out of the views until the commit, so that none is read or changed while it is bound to new tables. It tries
// for a moment, steps back and tries again: whoever waits behind it waits shortly, and gives up before Postgres looks for deadlocks (after
// one second), in which a reader could be the victim.
func lockViews(ctx context.Context, tx pgx.Tx, views []*view) error {
	const attempts, pause = 5, 500 * time.Millisecond
	for attempt := 1; ; attempt++ {
		busy, err := tryLock(ctx, tx, views)
		if err == nil || busy == nil {
			return err
		}
		if attempt == attempts {
			return fmt.Errorf("view %s is being read and cannot be bound to the new release meanwhile: run again when the reader has ended its transaction (select pid from pg_locks where relation = %s::regclass): %w",
				busy.name, literal(busy.name), err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// tryLock locks all views or none; it returns the one that somebody else has.
func tryLock(ctx context.Context, tx pgx.Tx, views []*view) (*view, error) {
	step, err := tx.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("set savepoint: %w", err)
	}
	defer step.Rollback(context.WithoutCancel(ctx)) // after its commit there is nothing to roll back
	if _, err := step.Exec(ctx, "set local lock_timeout = '500ms'"); err != nil {
		return nil, fmt.Errorf("bound the wait for locks: %w", err)
	}
	for _, v := range views {
		// `lock table` would lock the marts below the view as well. Giving the view to its owner changes nothing.
		_, err := step.Exec(ctx, fmt.Sprintf("alter view %s owner to %s", v.name, v.owner))
		if isCode(err, lockNotAvailable) {
			return v, err
		}
		if err != nil {
			return nil, fmt.Errorf("lock view %s: %w", v.name, err)
		}
	}
	if err := step.Commit(ctx); err != nil {
		return nil, fmt.Errorf("release savepoint: %w", err)
	}
	return nil, nil
}

// readViews reads, while the old tables still bear their names, how the views are defined, and which of the columns that they read the
// shadow schema lacks or has with another type. Replacing a view keeps its owner, grants, comments and triggers, but not its options.
func readViews(ctx context.Context, tx pgx.Tx, old standing, shadow string) error {
	for _, v := range old.views {
		err := tx.QueryRow(ctx, `select format('create or replace view %s%s as %s', $2::text,
				(select ' with (' || string_agg(format('%I = %L', option_name, option_value), ', ') || ')' from pg_options_to_table(c.reloptions)),
				pg_get_viewdef(c.oid)) from pg_class as c where c.oid = $1`, v.oid, v.name).Scan(&v.definition)
		if err != nil {
			return fmt.Errorf("read the definition of view %s: %w", v.name, err)
		}
		v.changes, err = texts(ctx, tx, `
			select distinct case when new.oid is null then c.relname || ' is gone' when g.attnum is null then format('%s.%s is gone', c.relname, f.attname)
				else format('%s.%s was %s and is %s', c.relname, f.attname, format_type(f.atttypid, f.atttypmod), format_type(g.atttypid, g.atttypmod)) end
			from pg_rewrite as r
			join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
			join pg_class as c on c.oid = d.refobjid and c.relnamespace = $2
			left join pg_class as new on new.relname = c.relname and new.relkind = 'r' and new.relnamespace = (select oid from pg_namespace where nspname = $3)
			left join pg_attribute as f on f.attrelid = c.oid and f.attnum = d.refobjsubid and d.refobjsubid > 0
			left join pg_attribute as g on g.attrelid = new.oid and g.attname = f.attname and not g.attisdropped
			where r.ev_class = $1 and (new.oid is null or f.attnum is not null and (f.atttypid, f.atttypmod) is distinct from (g.atttypid, g.atttypmod))
			order by 1`, v.oid, old.oid, shadow)
		if err != nil {
			return fmt.Errorf("compare the columns of view %s: %w", v.name, err)
		}
	}
	return nil
}

// rebind binds the views to the new tables, which bear the old ones' names by now. Views upon these views need nothing.
func rebind(ctx context.Context, tx pgx.Tx, views []*view, rel ledger.Release) error {
	for _, v := range views {
		_, err := tx.Exec(ctx, v.definition)
		if err == nil {
			continue
		}
		changes := "the marts changed under it"
		if len(v.changes) > 0 {
			changes = strings.Join(v.changes, ", ")
		}
		return fmt.Errorf("view %s cannot be bound to release %d: %s. Change or drop the view, then run again: %w", v.name, rel.ID, changes, err)
	}
	return nil
}
