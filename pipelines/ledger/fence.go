package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
)

// ErrFenced says that a lease under which something was to be written has another holder by now: nothing of it is written.
var ErrFenced = errors.New("another run took the lease over")

// heldKey is the key of the leases under which the work of a context is done.
type heldKey struct{}

// under is the context of work that is done under a lease, besides those of the work around it: whatever it writes to the ledger is fenced by all of
// them.
func under(ctx context.Context, le *Lease) context.Context {
	held := heldIn(ctx)
	return context.WithValue(ctx, heldKey{}, append(held[:len(held):len(held)], le))
}

func heldIn(ctx context.Context) []*Lease {
	held, _ := ctx.Value(heldKey{}).([]*Lease)
	return held
}

// write changes the ledger in one transaction, of which nothing stays if a lease of the context's work was taken over meanwhile. Until the transaction has ended
// nobody can take one over: Postgres keeps the lease's row locked, and SQLite has one writer.
func (l *Ledger) write(ctx context.Context, change func(context.Context, bun.Tx) error) error {
	return l.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		for _, le := range heldIn(ctx) {
			if err := l.fence(ctx, tx, le); err != nil {
				return err
			}
		}
		return change(ctx, tx)
	})
}

func (l *Ledger) fence(ctx context.Context, tx bun.Tx, le *Lease) error {
	var now lease
	q := tx.NewSelect().Model(&now).Where("name = ?", le.Name)
	if l.db.Dialect().Name() == dialect.PG {
		q = q.For("SHARE")
	}
	ok, err := notFound(q.Scan(ctx))
	if err != nil {
		return fmt.Errorf("look at lease %s: %w", le.Name, err)
	}
	if !ok || now.Holder != le.Holder || now.Token != le.Token {
		return fmt.Errorf("%s: %w (%s); nothing was written, next: waybill run", le.Name, ErrFenced, now.Holder)
	}
	return nil
}
