package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/fourmarketing/waybill"
)

// Identity says which lake a root is, and how far it has come. It lies at the root as lake.json; the catalog has id and epoch too (waybill_lake). Whoever
// opens a root with a catalog that does not fit it may read, and change nothing: see Standing.
type Identity struct {
	ID     string    `json:"id"`
	Epoch  int64     `json:"epoch"`   // raised in both by each process that begins to change the lake, and by each release
	Raise  string    `json:"raise"`   // names the last raising, so that one that was cut off is told from another catalog's
	Root   string    `json:"root"`    // where the lake lay when it was made or adopted: a copy lies elsewhere
	MadeAt time.Time `json:"made_at"` // wall clock
}

const identityKey = "lake.json"

// book is the catalog's side of the identity: one row.
type book struct {
	bun.BaseModel `bun:"table:waybill_lake"`

	Name    string `bun:",pk"` // always catalogName
	ID      string `bun:",notnull"`
	Epoch   int64  `bun:",notnull"`
	Raising string `bun:",notnull"` // a raising that is under way: first it stands here, then at the root, then the epoch here is the root's
	Filling string `bun:",notnull"` // what a rebuild has begun to fill and not finished: a table, or everything; empty: nothing
}

// Everything is what a rebuild of the whole lake fills.
const Everything = "everything"

// readIdentity reads what lies at the root, and the state for a swap; without an id when nothing does.
func (l *Lake) readIdentity(ctx context.Context) (Identity, string, error) {
	var id Identity
	body, state, err := l.objects.get(ctx, identityKey)
	if errors.Is(err, waybill.ErrNotFound) {
		return id, "", nil
	}
	if err != nil {
		return id, "", fmt.Errorf("read %s: %w", l.objects.uri(identityKey), err)
	}
	if err := json.Unmarshal(body, &id); err != nil || id.ID == "" {
		return id, "", fmt.Errorf("read %s: it is damaged (%w); restore it, or remove it and run `waybill rebuild`", l.objects.uri(identityKey), errors.Join(err, errNoID))
	}
	return id, state, nil
}

var errNoID = errors.New("it should be JSON with an id")

func (l *Lake) writeIdentity(ctx context.Context, id Identity, state string) error {
	body, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", identityKey, err)
	}
	if err := l.objects.swap(ctx, identityKey, append(body, '\n'), state); err != nil {
		return fmt.Errorf("write %s: %w", l.objects.uri(identityKey), err)
	}
	return nil
}

// readBook reads the catalog's row, which has no id while there is none.
func (l *Lake) readBook(ctx context.Context) (book, error) {
	var err error
	for range 3 { // processes that start together make the same table: the loser finds it on the next try
		if _, err = l.catalog.bun.NewCreateTable().Model((*book)(nil)).IfNotExists().Exec(ctx); err == nil {
			break
		}
	}
	b := book{Name: catalogName}
	if err == nil {
		err = l.catalog.bun.NewSelect().Model(&b).WherePK().Scan(ctx)
	}
	if err != nil && !isNoRows(err) {
		return b, fmt.Errorf("read which lake the catalog is of: %w", temporary(err))
	}
	return b, nil
}

// writeBook writes the row, new or changed.
func (l *Lake) writeBook(ctx context.Context, b book) error {
	_, err := l.catalog.bun.NewInsert().Model(&b).On("CONFLICT (name) DO UPDATE").
		Set("id = EXCLUDED.id, epoch = EXCLUDED.epoch, raising = EXCLUDED.raising, filling = EXCLUDED.filling").Exec(ctx)
	if err != nil {
		return fmt.Errorf("write which lake the catalog is of: %w", temporary(err))
	}
	return nil
}

// place is where the root is, in one spelling.
func (l *Lake) place() string {
	if !l.objects.local() {
		return l.objects.base
	}
	if real, err := filepath.EvalSymlinks(l.objects.dir); err == nil {
		return real
	}
	return l.objects.dir
}

// Raise raises the epoch in catalog and root. A kill between the two leaves the raising's name in the catalog's row: whoever comes next sees by it
// whether the root has it already.
func (l *Lake) Raise(ctx context.Context) error {
	for attempt := range commitAttempts {
		at, err := l.Standing(ctx)
		if err == nil {
			err = l.refused(at)
		}
		if err != nil {
			return err
		}
		token := uuid.NewString()
		res, err := l.catalog.bun.NewUpdate().Model((*book)(nil)).Set("raising = ?", token).
			Where("name = ? AND id = ? AND epoch = ? AND raising = ''", catalogName, at.ID, at.Epoch).Exec(ctx)
		if err != nil {
			return fmt.Errorf("raise the lake's epoch: %w", temporary(err))
		}
		if n, err := res.RowsAffected(); err != nil || n == 1 {
			_, err := l.Standing(ctx) // which ends it
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
	return fmt.Errorf("raise the lake's epoch: %w: others came first", waybill.ErrTemporary)
}

// finishRaise ends a raising that stands in the catalog's row, this process's or one that was cut off: it is written at the root unless it was, and
// then the epoch is in both.
func (l *Lake) finishRaise(ctx context.Context, b book, root Identity, state string) (book, Identity, error) {
	if root.Raise != b.Raising {
		raised := Identity{ID: b.ID, Epoch: b.Epoch + 1, Raise: b.Raising, Root: l.place(), MadeAt: root.MadeAt}
		if raised.MadeAt.IsZero() {
			raised.MadeAt = l.now().UTC()
		}
		if err := l.writeIdentity(ctx, raised, state); err != nil {
			return b, root, err
		}
		root = raised
	}
	_, err := l.catalog.bun.NewUpdate().Model((*book)(nil)).Set("epoch = ?, raising = ''", root.Epoch).
		Where("name = ? AND raising = ?", catalogName, b.Raising).Exec(ctx)
	if err != nil {
		return b, root, fmt.Errorf("raise the lake's epoch: %w", temporary(err))
	}
	b.Epoch, b.Raising = root.Epoch, ""
	return b, root, nil
}
