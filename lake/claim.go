package lake

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/fourmarketing/waybill"
)

// Claim makes this catalog the root's, whatever stood there: adopt and rebuild do it, after a person has said so. A root that is a copy becomes a lake of
// its own. Until Filled is called nobody but this process changes the lake, since its tables do not hold yet what they should; filling says what
// of them: a table, or Everything.
func (l *Lake) Claim(ctx context.Context, filling string) error {
	was, err := l.Standing(ctx)
	if err != nil {
		return err
	}
	if err := l.mayClaim(was, filling); err != nil {
		return err
	}
	root, state, err := l.readIdentity(ctx)
	if err != nil {
		return err
	}
	b := book{
		Name: catalogName, ID: cmp.Or(root.ID, was.CatalogID), Epoch: max(root.Epoch, was.CatalogEpoch), Raising: uuid.NewString(), Filling: filling,
	}
	if b.ID == "" || was.IsCopy {
		b.ID, root.MadeAt = uuid.NewString(), l.now().UTC()
	}
	if err := l.writeBook(ctx, b); err != nil {
		return err
	}
	if _, _, err := l.finishRaise(ctx, b, root, state); err != nil {
		if errors.Is(err, errChanged) {
			err = fmt.Errorf("%w: another process has just changed the lake's identity: %w", waybill.ErrTemporary, err)
		}
		return err
	}
	l.filling.Store(true)
	return nil
}

// mayClaim refuses to take a catalog from another lake, and to fill one table where more than that is wrong.
func (l *Lake) mayClaim(s Standing, filling string) error {
	others := s.CatalogID != "" && s.ID != "" && s.ID != s.CatalogID && s.Filling == ""
	switch {
	case others, (s.IsCopy || len(s.Elsewhere) > 0) && !l.catalogInside && (s.CatalogID != "" || len(s.Elsewhere) > 0):
		return fmt.Errorf("%w: the catalog is that of another root, which would lose it; set lake.catalog to one of its own for %s (an empty one will do), then `waybill rebuild`", ErrReadOnly, l.Root())
	case filling != Everything && s.Problem != "" && s.Filling != filling:
		return fmt.Errorf("%w: %s", ErrReadOnly, s.Problem)
	}
	return nil
}

// Filled says that the tables hold what they should.
func (l *Lake) Filled(ctx context.Context) error {
	_, err := l.catalog.bun.NewUpdate().Model((*book)(nil)).Set("filling = ''").Where("name = ?", catalogName).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note that the tables are filled: %w", temporary(err))
	}
	l.filling.Store(false)
	return l.Raise(ctx)
}
