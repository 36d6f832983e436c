package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun"
	"go.uber.org/zap"
)

// turnMost is the longest wait for a turn: a build or a publication of another run takes less, unless it is stuck.
const turnMost = 3 * time.Hour

// tenure is since when the present holder has a lease, by its own wall clock. It is told to people, and compared with terms of hours.
type tenure struct {
	bun.BaseModel `bun:"table:waybill_tenures"`

	Name  string    `bun:",pk"`
	Token int64     `bun:",notnull"`
	Since time.Time `bun:",notnull"`
}

// beginTenure writes down since when a lease is held that was taken just now.
func (l *Ledger) beginTenure(ctx context.Context, now lease) error {
	t := tenure{Name: now.Name, Token: now.Token, Since: l.now().UTC()}
	if _, err := l.db.NewInsert().Model(&t).On("CONFLICT (name) DO UPDATE").Set("token = EXCLUDED.token, since = EXCLUDED.since").Exec(ctx); err != nil {
		return fmt.Errorf("write down lease %s: %w", now.Name, err)
	}
	return nil
}

// heldSince is zero where a holder of before this was written down, or one that took the lease this instant, has it.
func (l *Ledger) heldSince(ctx context.Context, now lease) time.Time {
	var t tenure
	if err := l.db.NewSelect().Model(&t).Where("name = ? AND token = ?", now.Name, now.Token).Scan(ctx); err != nil {
		return time.Time{}
	}
	return t.Since
}

// others is what is known of other holders.
type others struct {
	witness func(holder string) bool

	mu   sync.Mutex
	seen map[string]time.Time // when a holder was last seen to live
}

// Witness hands in who can tell of another holder that it surely lives.
func (l *Leases) Witness(lives func(holder string) bool) { l.witness = lives }

// Patiently is During for work that is left to another run as long as that lives. Of a holder of whom nobody can tell, the lease is waited for until
// it has ended or was renewed, which takes one term at most: a killed run's leases cost time, and no work is left out because of them.
func (l *Leases) Patiently(ctx context.Context, name string, work func(context.Context) error) error {
	var first *BusyError
	for {
		began := false
		err := l.During(ctx, name, func(ctx context.Context) error { began = true; return work(ctx) })
		var busy *BusyError
		if began || !errors.As(err, &busy) || l.lives(busy, first) {
			return err
		}
		if first == nil || first.Holder != busy.Holder {
			l.log.Info("waiting to see whether another run lives", zap.String("lease", name), zap.String("holder", busy.Holder), zap.Time("until", busy.Until))
			first = busy
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(turnPause):
		}
	}
}

// lives tells that a holder lives: it is this process, somebody vouches for it, it was seen to live within a term, or it has renewed the lease since
// it was first seen.
func (l *Leases) lives(now, first *BusyError) bool {
	if now.Holder == l.holder || (l.witness != nil && l.witness(now.Holder)) {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	renewed := first != nil && first.Holder == now.Holder && now.Until.After(first.Until)
	if renewed {
		if l.seen == nil {
			l.seen = map[string]time.Time{}
		}
		l.seen[now.Holder] = l.ledger.now()
	}
	at, known := l.seen[now.Holder]
	return known && l.ledger.now().Sub(at) < leaseTerm
}
