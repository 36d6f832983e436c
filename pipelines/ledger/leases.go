package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/schema"
)

// ErrLeased says that somebody else holds the lease; the error's text says who and until when.
var ErrLeased = errors.New("leased by another run")

// BusyError is ErrLeased with the holder, for one who can tell whether the holder still lives.
type BusyError struct {
	Name, Holder string
	Since, Until time.Time // Since is zero where nobody wrote it down
}

// Error says who holds what until when.
func (e *BusyError) Error() string {
	since := ""
	if !e.Since.IsZero() {
		since = " since " + e.Since.Format(time.RFC3339)
	}
	return fmt.Sprintf("%s: %s: %s%s until %s", e.Name, ErrLeased, e.Holder, since, e.Until.Format(time.RFC3339))
}

// Unwrap makes it ErrLeased.
func (e *BusyError) Unwrap() error { return ErrLeased }

type lease struct {
	bun.BaseModel `bun:"table:waybill_leases"`

	Name      string    `bun:",pk"`
	Holder    string    `bun:",notnull"`
	Token     int64     `bun:",notnull"`
	ExpiresAt time.Time `bun:",notnull"`
}

// Lease is the right to run one thing, until it expires by the database's clock, which is one for all machines. Token grows with every new holder of
// the name (a fencing token): a holder that slept past its expiry finds its token outdated and must stop, and what it still writes is refused (fenced).
type Lease struct {
	ledger *Ledger
	Name   string
	Holder string
	Token  int64
	term   time.Duration
}

// Acquire takes a free or expired lease for a term; ErrLeased when another holder has it. One statement decides, so that two
// machines cannot both win.
func (l *Ledger) Acquire(ctx context.Context, name, holder string, term time.Duration) (*Lease, error) {
	row := lease{Name: name, Holder: holder, Token: 1}
	res, err := l.db.NewInsert().Model(&row).Value("expires_at", "?", l.in(term)).On("CONFLICT (name) DO UPDATE").
		Set("holder = EXCLUDED.holder, token = lease.token + 1, expires_at = EXCLUDED.expires_at").
		Where("lease.expires_at <= ?", l.in(0)).Exec(ctx)
	if err != nil {
		return nil, fmt.Errorf("acquire lease %s: %w", name, err)
	}
	won, err := res.RowsAffected()
	if err != nil {
		return nil, fmt.Errorf("acquire lease %s: %w", name, err)
	}
	var current lease
	if err := l.db.NewSelect().Model(&current).Where("name = ?", name).Scan(ctx); err != nil {
		return nil, fmt.Errorf("acquire lease %s: %w", name, err)
	}
	if won == 0 || current.Holder != holder { // also when the same process holds it already: its pipelines must not overlap either
		return nil, &BusyError{Name: name, Holder: current.Holder, Since: l.heldSince(ctx, current), Until: current.ExpiresAt}
	}
	if err := l.beginTenure(ctx, current); err != nil {
		return nil, err
	}
	return &Lease{ledger: l, Name: name, Holder: holder, Token: current.Token, term: term}, nil
}

// in is the instant so long from now, by the database's clock, in the form that a lease's expiry has.
func (l *Ledger) in(d time.Duration) schema.QueryAppender {
	if l.db.Dialect().Name() == dialect.PG {
		return bun.SafeQuery("clock_timestamp() + make_interval(secs => ?)", d.Seconds())
	}
	return bun.SafeQuery("strftime('%Y-%m-%d %H:%M:%f+00:00', 'now', ?)", fmt.Sprintf("%+.3f seconds", d.Seconds()))
}

// Renew extends the lease by its term; ErrLeased when it was lost meanwhile.
func (le *Lease) Renew(ctx context.Context) error {
	res, err := le.ledger.db.NewUpdate().Model((*lease)(nil)).
		Set("expires_at = ?", le.ledger.in(le.term)).
		Where("name = ? AND holder = ? AND token = ?", le.Name, le.Holder, le.Token).Exec(ctx)
	if err != nil {
		return fmt.Errorf("renew lease %s: %w", le.Name, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return fmt.Errorf("renew lease %s: %w", le.Name, errors.Join(ErrLeased, err))
	}
	return nil
}

// Release gives the lease back. The row stays, so that the token keeps growing.
func (le *Lease) Release(ctx context.Context) error {
	_, err := le.ledger.db.NewUpdate().Model((*lease)(nil)).Set("expires_at = ?", time.Unix(0, 0).UTC()).
		Where("name = ? AND holder = ? AND token = ?", le.Name, le.Holder, le.Token).Exec(ctx)
	if err != nil {
		return fmt.Errorf("give back lease %s: %w", le.Name, err)
	}
	return nil
}

// Evict ends the lease of a holder that is known to live no more, so that nobody has to wait for its term.
func (l *Ledger) Evict(ctx context.Context, name, holder string) error {
	_, err := l.db.NewUpdate().Model((*lease)(nil)).Set("expires_at = ?", time.Unix(0, 0).UTC()).
		Where("name = ? AND holder = ?", name, holder).Exec(ctx)
	if err != nil {
		return fmt.Errorf("end lease %s of %s: %w", name, holder, err)
	}
	return nil
}
