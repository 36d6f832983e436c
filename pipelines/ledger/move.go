package ledger

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
)

// Moved is in the place of a file's contract after its feed was renamed: it is to be loaded again, since its rows still bear the former name.
const Moved = "moved"

// FeedName names a feed of a source.
type FeedName struct{ Source, Feed string }

// String is source/feed.
func (n FeedName) String() string { return n.Source + "/" + n.Feed }

// KnownFeed is a feed that files are known of, whether or not a definition still names it.
type KnownFeed struct {
	Source string `json:"source"`
	Feed   string `json:"feed"`
	Files  int    `json:"files"`
}

// KnownFeeds are the feeds that files are known of.
func (l *Ledger) KnownFeeds(ctx context.Context) ([]KnownFeed, error) {
	var out []KnownFeed
	err := l.db.NewSelect().Model((*File)(nil)).Column("source", "feed").ColumnExpr("count(*) AS files").Group("source", "feed").Order("source", "feed").Scan(ctx, &out)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	return out, nil
}

// Move gives the files, loads and sightings of a feed another feed's name, all or nothing. scope is within what a document of the new one is one. Files
// that both know by one name are versions of one another, the former feed's before. What has rows, or rejects, that bear the former name is marked
// to be loaded again, and so is what met a file of its name. It returns how many files moved.
func (l *Ledger) Move(ctx context.Context, from, to FeedName, scope string) (int, error) {
	moved := 0
	err := l.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		m := move{tx: tx, from: from, to: to, scope: scope, last: map[string]int64{}}
		if err := m.files(ctx); err != nil || m.moved == 0 {
			return err
		}
		moved = m.moved
		if err := m.loads(ctx); err != nil {
			return err
		}
		return m.sightings(ctx)
	})
	if err != nil {
		return 0, fmt.Errorf("move %s to %s: %w", from, to, err)
	}
	return moved, nil
}

// move is one while it is made.
type move struct {
	tx       bun.Tx
	from, to FeedName
	scope    string
	last     map[string]int64 // version of the former feed's newest file of a name
	moved    int
}

func (m *move) of(q *bun.SelectQuery, n FeedName) *bun.SelectQuery {
	return q.Where("source = ? AND feed = ?", n.Source, n.Feed)
}

// clear removes the rows of both feeds, which are written anew.
func (m *move) clear(ctx context.Context, model any) error {
	for _, n := range []FeedName{m.from, m.to} {
		if _, err := m.tx.NewDelete().Model(model).Where("source = ? AND feed = ?", n.Source, n.Feed).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (m *move) files(ctx context.Context) error {
	var former, there []File
	if err := m.of(m.tx.NewSelect().Model(&former), m.from).Scan(ctx); err != nil {
		return err
	}
	if err := m.of(m.tx.NewSelect().Model(&there), m.to).Scan(ctx); err != nil {
		return err
	}
	met := map[string]bool{}
	if m.moved = len(former); m.moved == 0 {
		return nil
	}
	for _, f := range former {
		m.last[f.Name] = max(m.last[f.Name], f.Version)
	}
	for i := range there {
		if f := &there[i]; m.last[f.Name] > 0 {
			met[f.Name] = true
			f.Version += m.last[f.Name]
			again(f)
		}
	}
	for i := range former {
		f := &former[i]
		f.Source, f.Feed = m.to.Source, m.to.Feed
		if met[f.Name] || f.Rejected > 0 || (f.Status == Loaded && m.from.Source != m.to.Source) {
			again(f)
		}
	}
	if err := m.clear(ctx, (*File)(nil)); err != nil {
		return err
	}
	return insert(ctx, m.tx, append(former, there...))
}

// again marks a file to be loaded again, if there is anything to load.
func again(f *File) {
	if f.KeptPath != "" {
		f.Contract = Moved
	}
}

func (m *move) loads(ctx context.Context) error {
	var former, there []Load
	if err := m.of(m.tx.NewSelect().Model(&former), m.from).Scan(ctx); err != nil {
		return err
	}
	if err := m.of(m.tx.NewSelect().Model(&there), m.to).Scan(ctx); err != nil {
		return err
	}
	for i := range former {
		former[i].Source, former[i].Feed, former[i].Scope = m.to.Source, m.to.Feed, m.scope
	}
	for i := range there {
		there[i].Version += m.last[there[i].Name]
	}
	if err := m.clear(ctx, (*Load)(nil)); err != nil {
		return err
	}
	return insert(ctx, m.tx, append(former, there...))
}

func (m *move) sightings(ctx context.Context) error {
	var former, there []Sighting
	if err := m.of(m.tx.NewSelect().Model(&former), m.from).Scan(ctx); err != nil {
		return err
	}
	if err := m.of(m.tx.NewSelect().Model(&there), m.to).Scan(ctx); err != nil {
		return err
	}
	for i := range former {
		former[i].Source, former[i].Feed = m.to.Source, m.to.Feed
	}
	if err := m.clear(ctx, (*Sighting)(nil)); err != nil {
		return err
	}
	return insert(ctx, m.tx, latest(append(former, there...)))
}

// insert writes rows in batches that keep one statement small.
func insert[T any](ctx context.Context, tx bun.Tx, rows []T) error {
	const batch = 200
	for start := 0; start < len(rows); start += batch {
		part := rows[start:min(start+batch, len(rows))]
		if _, err := tx.NewInsert().Model(&part).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}
