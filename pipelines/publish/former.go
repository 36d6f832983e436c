package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// moveAway gives the statements that take the old schema out of the way: renamed under the mark of a former release, because readers
// may have its tables open; an empty one is dropped.
func (p *Postgres) moveAway(ctx context.Context, tx pgx.Tx, old standing, rel ledger.Release) ([]string, error) {
	switch {
	case old.oid == 0:
		return nil, nil
	case len(old.tables) == 0:
		return []string{"drop schema " + ident(p.schema)}, nil
	}
	names, err := p.formers(ctx, tx)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s_was_%d", p.schema, rel.ID)
	for n := 2; slices.Contains(names, name); n++ { // the same release was published before, and a reader has what it replaced open
		name = fmt.Sprintf("%s_was_%d_%d", p.schema, rel.ID, n)
	}
	return []string{
		fmt.Sprintf("alter schema %s rename to %s", ident(p.schema), ident(name)),
		fmt.Sprintf("comment on schema %s is %s", ident(name), literal(fmt.Sprintf("%s; release %d took its place. Dropped when nobody reads it.", formerMark, rel.ID))),
	}, nil
}

// formers are the schemas that have a name like a former release's, whosever they are.
func (p *Postgres) formers(ctx context.Context, tx pgx.Tx) ([]string, error) {
	names, err := texts(ctx, tx, "select nspname from pg_namespace where starts_with(nspname, $1) order by 1", p.schema+"_was_")
	if err != nil {
		return nil, fmt.Errorf("look for former schemas: %w", err)
	}
	return names, nil
}

// dropFormer removes the schemas that were swapped out. One that a reader has open stays until the next release, as does one on which
// somebody has come to rely. The new release is shown by now, so that nothing here is a failure of it.
func (p *Postgres) dropFormer(ctx context.Context, conn *pgx.Conn, log *zap.Logger) {
	var names []string
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
		names, err = p.formers(ctx, tx)
		return err
	})
	if err != nil {
		log.Warn("former releases stay", zap.String("target", p.Name()), zap.Error(err))
	}
	for _, name := range names {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return p.dropMarked(ctx, tx, name) })
		switch {
		case errors.Is(err, errNotFormer):
			log.Info("a schema is named like a former release and is none of this lake's, so it is left alone", zap.String("schema", name))
		case isCode(err, lockNotAvailable):
			log.Info("a former release is being read and stays until the next one", zap.String("schema", name))
		case err != nil:
			log.Warn("a former release stays", zap.String("schema", name), zap.Error(err))
		}
	}
}

// errNotFormer says that a schema has no mark of a former release, or shows one of another lake.
var errNotFormer = errors.New("no former release of this lake")

// dropMarked drops one former schema: its tables by name and then the schema, both without cascade, so that what somebody put there or
// let depend on it in the meantime is never dropped with it.
func (p *Postgres) dropMarked(ctx context.Context, tx pgx.Tx, name string) error {
	if _, err := tx.Exec(ctx, "set local search_path = ''; set local lock_timeout = '2s'"); err != nil {
		return err
	}
	old, err := look(ctx, tx, name, formerMark)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(old.comment, formerMark) {
		return errNotFormer
	}
	ours, err := p.origin.Released(ctx, old.shown.ID, old.shown.At)
	if err != nil {
		return fmt.Errorf("look up release %d: %w", old.shown.ID, err)
	}
	if len(old.tables) > 0 && !ours {
		return errNotFormer
	}
	others := old.others
	for _, v := range old.views {
		others = append(others, "view "+v.name)
	}
	if len(others) > 0 {
		return fmt.Errorf("dropping it would take along what Waybill did not make: %s; move or drop that, or let it read the schema that is published", firstOf(others))
	}
	for i, table := range old.tables {
		old.tables[i] = pgx.Identifier{name, table}.Sanitize()
	}
	if len(old.tables) > 0 {
		if _, err := tx.Exec(ctx, "drop table "+strings.Join(old.tables, ", ")); err != nil {
			return fmt.Errorf("drop its tables: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, "drop schema "+ident(name)); err != nil {
		return fmt.Errorf("drop it: %w", err)
	}
	return nil
}
