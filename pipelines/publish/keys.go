package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"

	"github.com/fourmarketing/waybill/transforms/models"
)

// describe carries keys and comments over, so that BI tools show what a column means and how tables are joined.
func (p *Postgres) describe(ctx context.Context, tx pgx.Tx, marts []Mart, log *zap.Logger) error {
	for _, m := range marts {
		for _, s := range p.described(m) {
			if _, err := tx.Exec(ctx, s); err != nil {
				return fmt.Errorf("describe %s: %w", m.Model.Name, err)
			}
		}
	}
	for _, m := range marts { // when all have the keys that these refer to
		for _, c := range references(m.Model, marts) {
			if err := p.refer(ctx, tx, m.Model, c, log); err != nil {
				return fmt.Errorf("describe %s: %w", m.Model.Name, err)
			}
		}
	}
	return nil
}

// described are the statements for what concerns one mart alone.
func (p *Postgres) described(m Mart) []string {
	table := pgx.Identifier{p.shadow(), m.Model.Name.Name}.Sanitize()
	statements := []string{fmt.Sprintf("comment on table %s is %s", table, literal(tableComment(m.Model)))}
	if key := m.Model.Head.Key; len(key) > 0 {
		statements = append(statements, fmt.Sprintf("alter table %s add primary key (%s)", table, idents(key)))
	}
	for _, c := range m.Model.Head.Columns {
		if c.Description != "" {
			statements = append(statements, fmt.Sprintf("comment on column %s.%s is %s", table, ident(c.Name), literal(c.Description)))
		}
	}
	return statements
}

// references are the relationships of a mart that become foreign keys: to the whole key of a mart of the same area, because areas may come to
// show different releases, and held by a check that would have kept the release back.
func references(m *models.Model, marts []Mart) []models.HeadCheck {
	var found []models.HeadCheck
	for _, c := range m.Head.Checks {
		if c.Kind != models.CheckRelationship || c.Severity == models.SeverityWarn {
			continue
		}
		to := slices.IndexFunc(marts, func(other Mart) bool { return other.Model.Name == c.To })
		if to >= 0 && marts[to].Model.Area == m.Area && sameSet(marts[to].Model.Head.Key, c.Fields) {
			found = append(found, c)
		}
	}
	return found
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// refer makes one foreign key. Where Postgres refuses it (a release that was let through in spite of its checks, columns of types that cannot
// be compared) the release goes without, and the log says so: a key describes a release and never holds it.
func (p *Postgres) refer(ctx context.Context, tx pgx.Tx, m *models.Model, c models.HeadCheck, log *zap.Logger) error {
	statement := fmt.Sprintf("alter table %s add foreign key (%s) references %s (%s)",
		pgx.Identifier{p.shadow(), m.Name.Name}.Sanitize(), idents(c.Columns), pgx.Identifier{p.shadow(), c.To.Name}.Sanitize(), idents(c.Fields))
	err := pgx.BeginFunc(ctx, tx, func(step pgx.Tx) error {
		_, err := step.Exec(ctx, statement)
		return err
	})
	var refused *pgconn.PgError
	if errors.As(err, &refused) && ctx.Err() == nil {
		log.Warn("published without a foreign key, which the data or the types do not allow", zap.String("target", p.Name()),
			zap.Stringer("mart", m.Name), zap.Strings("columns", c.Columns), zap.Stringer("to", c.To), zap.Error(err))
		return nil
	}
	return err
}

func idents(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = ident(n)
	}
	return strings.Join(quoted, ", ")
}
