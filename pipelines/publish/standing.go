package publish

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// What a schema of Waybill's bears: a table that names the release, its lake and its tables, and a comment. The schema of a former release has
// another comment, so that no published schema is ever dropped for its name.
const (
	releaseTable = "waybill_release"
	mark         = "Waybill marts, release "
	formerMark   = "Waybill marts of a former release"
)

// standing is a schema as it stands before a release takes its place.
type standing struct {
	oid     uint32   // 0: there is no such schema
	comment string   // on the schema
	tables  []string // that Waybill made and that are there, waybill_release among them; none: the schema is empty, or not Waybill's
	others  []string // what would go with the schema and is not Waybill's, as Postgres describes it
	views   []*view  // of other schemas over the tables
	shown   released // by the tables
}

// view is somebody's view over marts, in a schema of its own.
type view struct {
	oid         uint32
	name, owner string   // as SQL writes them
	may         bool     // the connection has the rights to replace it
	definition  string   // create or replace view …, read before the swap
	changes     []string // columns of marts that it reads and that the new release lacks or has with another type
}

// checkName refuses schemas that cannot be Waybill's alone. Postgres cuts names after 63 bytes, which would make one name of two.
func (p *Postgres) checkName(rel ledger.Release) error {
	const longest = 63
	switch former := fmt.Sprintf("%s_was_%d_9", p.schema, rel.ID); {
	case p.schema == "public" || p.schema == "information_schema" || strings.HasPrefix(p.schema, "pg_"):
		return fmt.Errorf("schema %s is not Waybill's alone and is never replaced: set publish.postgres.schema to one that is, such as marts", p.schema)
	case len(former) > longest:
		return fmt.Errorf("schema %s: its name is %d bytes too long for that of the former release, %s: set publish.postgres.schema to a shorter one",
			p.schema, len(former)-longest, former)
	}
	return nil
}

// replaceable looks at the schema that the release is to replace, and refuses if that would take away what Waybill did not make.
func (p *Postgres) replaceable(ctx context.Context, tx pgx.Tx) (standing, error) {
	s, err := look(ctx, tx, p.schema, mark)
	if err != nil || s.oid == 0 {
		return s, err
	}
	if err := p.mayRename(ctx, tx, s.oid); err != nil {
		return s, err
	}
	if len(s.others) == 0 {
		return s, errors.Join(p.ownsShown(ctx, s), mayReplace(ctx, tx, s.views))
	}
	return s, fmt.Errorf("publishing replaces schema %s whole and would drop what Waybill did not make: %s. Move it to another schema or drop it (a materialized view can read a view over the mart instead), or set publish.postgres.schema to another name, then run again",
		p.schema, firstOf(s.others))
}

// mayMakeSchemas refuses a database in which the connection cannot: each release is filled in a schema of its own.
func mayMakeSchemas(ctx context.Context, tx pgx.Tx) error {
	var database, me string
	var may, readOnly bool
	err := tx.QueryRow(ctx, `select quote_ident(current_database()), quote_ident(current_user), has_database_privilege(current_database(), 'create'),
		current_setting('transaction_read_only')::boolean`).Scan(&database, &me, &may, &readOnly)
	if err != nil {
		return fmt.Errorf("ask for rights: %w", err)
	}
	if readOnly {
		return fmt.Errorf("database %s is open to %s for reading only (a standby server, or default_transaction_read_only): name the server that takes writes in publish.postgres.url, then run again", database, me)
	}
	if !may {
		return fmt.Errorf("%[1]s may make no schema in database %[2]s, and each release is filled in one: let an administrator allow it (grant create on database %[2]s to %[1]s), then run again", me, database)
	}
	return nil
}

// mayRename refuses a schema of another role's.
func (p *Postgres) mayRename(ctx context.Context, tx pgx.Tx, oid uint32) error {
	var owner, me string
	var may bool
	err := tx.QueryRow(ctx, "select nspowner::regrole::text, quote_ident(current_user), pg_has_role(nspowner, 'usage') from pg_namespace where oid = $1", oid).Scan(&owner, &me, &may)
	if err != nil {
		return fmt.Errorf("ask whose schema %s is: %w", p.schema, err)
	}
	if !may {
		return fmt.Errorf("schema %s belongs to %s, and %s may not replace it: let an administrator give it away (alter schema %s owner to %s), or set publish.postgres.schema to another name, then run again",
			p.schema, owner, me, ident(p.schema), me)
	}
	return nil
}

// ownsShown refuses a schema in which another lake's release is shown.
func (p *Postgres) ownsShown(ctx context.Context, s standing) error {
	if len(s.tables) == 0 {
		return nil
	}
	if err := p.origin.owns(ctx, s.shown, "schema "+p.schema); err != nil {
		return fmt.Errorf("%w. Set publish.postgres.schema to a name that no other project has; if the schema is this lake's all the same, drop it by hand (drop schema %s cascade takes the views upon it along); then run again",
			err, ident(p.schema))
	}
	return nil
}

// mayReplace refuses when the connection could not bind a view to the new release.
func mayReplace(ctx context.Context, tx pgx.Tx, views []*view) error {
	for _, v := range views {
		if v.may {
			continue
		}
		var me string
		if err := tx.QueryRow(ctx, "select quote_ident(current_user)").Scan(&me); err != nil {
			return fmt.Errorf("ask for the user: %w", err)
		}
		return fmt.Errorf("view %[1]s reads the marts, belongs to %[2]s, and %[3]s may not bind it to the new release: let %[3]s do so (grant %[2]s to %[3]s; grant create on the view's schema to %[3]s) or drop the view, then run again",
			v.name, v.owner, me)
	}
	return nil
}

// firstOf lists some things, and says how many more there are.
func firstOf(things []string) string {
	const most = 10
	if len(things) <= most {
		return strings.Join(things, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(things[:most], ", "), len(things)-most)
}

// look reads how a schema stands. Tables count as Waybill's only where the schema's comment begins with the mark, or waybill_release says which
// tables were made; that people comment on the schema takes nothing away from it.
func look(ctx context.Context, tx pgx.Tx, schema, mark string) (s standing, err error) {
	err = tx.QueryRow(ctx, "select oid, coalesce(obj_description(oid, 'pg_namespace'), '') from pg_namespace where nspname = $1", schema).Scan(&s.oid, &s.comment)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("look at schema %s: %w", schema, err)
	}
	if err := s.readOwn(ctx, tx, schema); err != nil {
		return s, fmt.Errorf("read which tables of schema %s are of a release: %w", schema, err)
	}
	if s.shown.Made == nil && !strings.HasPrefix(s.comment, mark) {
		s.tables = nil
	}
	rows, err := tx.Query(ctx, takenAlong, s.oid, s.tables, s.shown.Made)
	if err != nil {
		return s, fmt.Errorf("look at schema %s: %w", schema, err)
	}
	defer rows.Close()
	for rows.Next() {
		var what string
		var v view
		if err := rows.Scan(&what, &v.oid, &v.owner, &v.may); err != nil {
			return s, fmt.Errorf("look at schema %s: %w", schema, err)
		}
		if v.oid == 0 {
			s.others = append(s.others, what)
			continue
		}
		v.name = what
		s.views = append(s.views, &v)
	}
	if err := rows.Err(); err != nil {
		return s, fmt.Errorf("look at schema %s: %w", schema, err)
	}
	return s, nil
}

// readOwn reads which release the schema shows, and which of its tables Waybill made. A release of before waybill_release named them is known
// by the comments that publishing gives to marts. A table that was made anew in the place of a mart is not Waybill's.
func (s *standing) readOwn(ctx context.Context, tx pgx.Tx, schema string) error {
	var there bool
	if err := tx.QueryRow(ctx, "select exists (select 1 from pg_class where relnamespace = $1 and relname = $2 and relkind = 'r')", s.oid, releaseTable).Scan(&there); err != nil || !there {
		return err
	}
	var err error
	if s.shown, err = readRelease(ctx, tx, schema); err != nil {
		return err
	}
	named := []string{}
	if s.shown.Tables != nil {
		named = *s.shown.Tables
	}
	s.tables, err = texts(ctx, tx, `select c.relname from pg_class as c, pg_database as d
		where d.datname = current_database() and c.relnamespace = $1 and c.relkind = 'r'
			and (c.relname = $2 or c.relname = any ($3) or $4 and obj_description(c.oid, 'pg_class') like '% Grain: one row per %')
			and ($5::jsonb is null or ($5 ->> 'database')::bigint <> d.oid::bigint or ($5 #>> array['tables', c.relname, 'oid'])::bigint = c.oid::bigint)`,
		s.oid, releaseTable, named, s.shown.Tables == nil, s.shown.Made)
	return err
}

// takenAlong asks for what `drop schema … cascade` would take and Waybill did not make, in a schema ($1, its oid) of which some tables
// are Waybill's ($2; $3 is what was noted of them): in the schema, upon the tables, or elsewhere. pg_depend has it all, and is followed through Waybill's own things
// only: the tables with what they consist of (row types, keys, TOAST). Default privileges are carried over where the connection may.
// Views of other schemas come with their oid; those of another session's temporary schema end by themselves, like open readers.
const takenAlong = `
with recursive own as (
    select oid from pg_class where relnamespace = $1 and relkind = 'r' and relname = any ($2)
), taken (classid, objid, own) as (
    select 'pg_namespace'::regclass::oid, $1::oid, true
    union
    select d.classid, d.objid,
        d.deptype = 'i'
        or d.classid = 'pg_class'::regclass and (d.objid in (select oid from own) or exists (
            select 1 from pg_index as i join pg_class as toast on toast.oid = i.indrelid and toast.relkind = 't' where i.indexrelid = d.objid))
        or d.classid = 'pg_constraint'::regclass and exists (
            select 1 from pg_constraint as k join pg_class as c on c.oid = k.conrelid
            where k.oid = d.objid and k.conrelid in (select oid from own) and case when $3::jsonb is null then k.contype in ('p', 'n') else $3 #> array['tables', c.relname, 'keys'] ? k.conname end)
        or d.classid = 'pg_default_acl'::regclass and exists (
            select 1 from pg_default_acl as a where a.oid = d.objid and pg_has_role(a.defaclrole, 'usage'))
    from taken as t
    join pg_depend as d on d.refclassid = t.classid and d.refobjid = t.objid
    where t.own
), others as (
    select classid, objid from taken group by classid, objid having not bool_or(own)
), told as (
    select o.classid, o.objid, v.oid, v.relkind, v.relowner, v.relnamespace,
        v.oid is not null and r.rulename = '_RETURN' as of_view, coalesce(v.relpersistence, c.relpersistence, 'p') as persistence
    from others as o
    left join pg_rewrite as r on o.classid = 'pg_rewrite'::regclass and r.oid = o.objid
    left join pg_class as v on v.oid = r.ev_class
    left join pg_class as c on o.classid = 'pg_class'::regclass and c.oid = o.objid
)
select oid::regclass::text, oid, relowner::regrole::text, pg_has_role(relowner, 'usage') and has_schema_privilege(relnamespace, 'create')
from told where of_view and relkind = 'v' and relnamespace <> $1 and persistence <> 't'
union all
select case when of_view then 'materialized view ' || oid::regclass else pg_describe_object(classid, objid, 0) end, 0, '', false
from told where (not of_view or relkind <> 'v' and relnamespace <> $1) and persistence <> 't'
union all
select 'row level security of table ' || oid::regclass, 0, '', false
from pg_class where oid in (select oid from own) and relrowsecurity
union all
select format('column %s.%I', c.oid::regclass, a.attname), 0, '', false
from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.oid in (select oid from own) and not $3::jsonb #> array['tables', c.relname, 'columns'] ? a.attname
order by 1`
