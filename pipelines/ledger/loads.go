package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// Load is a document as one version of a file tells it: what is judged (pipelines/judge), and what of it lies in the tables. Most files have one.
type Load struct {
	bun.BaseModel `bun:"table:waybill_loads" json:"-"`

	Source   string `bun:",pk" json:"source"`
	Feed     string `bun:",pk" json:"feed"`
	Name     string `bun:",pk" json:"name"`
	Version  int64  `bun:",pk" json:"version"`
	Document string `bun:",pk" json:"document"`

	Scope   string `bun:",notnull" json:"scope"` // within which the document is one: a feed of a source, or all feeds of a pipeline that fill a table
	File    string `bun:",notnull" json:"file"`  // the file's id
	Arrival int64  `bun:",notnull" json:"arrival"`
	Newest  string `bun:",notnull" json:"newest_by,omitempty"`
	Content string `bun:",notnull" json:"content"`      // hash of what it tells
	Rows    int64  `bun:",notnull" json:"rows"`         // of all the contract's tables
	IsHeld  bool   `bun:",notnull" json:"is_held"`      // its file is, under today's contract: it is no candidate
	Counts  bool   `bun:",notnull" json:"counts"`       // it is the one of its document that counts
	Winner  string `bun:",notnull" json:"counts_in"`    // id of the file that counts in its place
	Same    bool   `bun:",notnull" json:"is_duplicate"` // which tells the same
	LoadID  string `bun:",notnull" json:"load_id"`      // of its rows in the tables; empty: none are there
	Base    string `bun:",notnull" json:"loading"`      // of the loading that they are of, which the file's rejects bear
	Pending string `bun:",notnull" json:"pending"`      // of those that take their place; empty: none do
}

// LoadsOf returns the loads of a scope in the order of their arrival.
func (l *Ledger) LoadsOf(ctx context.Context, scope string) ([]Load, error) {
	var loads []Load
	if err := l.db.NewSelect().Model(&loads).Where("scope = ?", scope).Order("arrival", "document").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read the loads of %s: %w", scope, err)
	}
	return loads, nil
}

// LoadsElsewhere returns the loads of a file's version in other scopes than one: what it told when its feed's documents were named otherwise.
func (l *Ledger) LoadsElsewhere(ctx context.Context, f File, scope string) ([]Load, error) {
	var loads []Load
	err := l.db.NewSelect().Model(&loads).Where("source = ? and feed = ? and name = ? and version = ? and scope <> ?", f.Source, f.Feed, f.Name, f.Version, scope).Order("document").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the loads of %s: %w", f.Name, err)
	}
	return loads, nil
}

// Loads returns all loads.
func (l *Ledger) Loads(ctx context.Context) ([]Load, error) {
	var loads []Load
	if err := l.db.NewSelect().Model(&loads).Order("source", "feed", "arrival", "document").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read loads: %w", err)
	}
	return loads, nil
}

// Entry is what is known of files at one moment, written together.
type Entry struct {
	Files  []File
	Loads  []Load
	Forget []Load     // of which nothing lies in the tables any more, and which their files tell no more
	Seen   []Sighting // of files that were fetched

	Settled  string // id of the file that it is about, of which it has all loads; empty: of none
	LoadID   string // of that file's loading
	LoadedAt time.Time

	noted bool // in the journal
}

// Enter writes files and their loads, new or changed, all or nothing, after it has noted them in the journal.
func (l *Ledger) Enter(ctx context.Context, e Entry) error {
	if !e.noted {
		number, err := next(ctx, l.db)
		if err == nil {
			e, err = l.Note(ctx, number, e)
		}
		if err != nil {
			return fmt.Errorf("write ledger: %w", err)
		}
	}
	err := l.write(ctx, func(ctx context.Context, tx bun.Tx) error { return enter(ctx, tx, e) })
	if err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	return nil
}

func enter(ctx context.Context, tx bun.Tx, e Entry) error {
	if err := put(ctx, tx, e.Files); err != nil {
		return err
	}
	for _, gone := range e.Forget {
		if _, err := tx.NewDelete().Model(&gone).WherePK().Exec(ctx); err != nil {
			return err
		}
	}
	const batch = 200
	for start := 0; start < len(e.Loads); start += batch {
		part := e.Loads[start:min(start+batch, len(e.Loads))]
		_, err := tx.NewInsert().Model(&part).On("CONFLICT (source, feed, name, version, document) DO UPDATE").
			Set("scope = EXCLUDED.scope, file = EXCLUDED.file, arrival = EXCLUDED.arrival, newest = EXCLUDED.newest, content = EXCLUDED.content").
			Set("rows = EXCLUDED.rows, is_held = EXCLUDED.is_held, counts = EXCLUDED.counts, winner = EXCLUDED.winner, same = EXCLUDED.same").
			Set("load_id = EXCLUDED.load_id, base = EXCLUDED.base, pending = EXCLUDED.pending").Exec(ctx)
		if err != nil {
			return err
		}
	}
	return see(ctx, tx, e.Seen)
}
