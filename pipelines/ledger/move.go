package ledger

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"
)

// Moved is in the place of a file's contract after its feed was renamed: it is to be loaded again, since its rows still bear the former name.
const Moved = "moved"

// FeedName names a feed of a source.
type FeedName struct {
	Source string `json:"source"`
	Feed   string `json:"feed"`
}

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

// Moving is that a feed was renamed: what is known of the former one is the new one's.
type Moving struct {
	From  FeedName `json:"from"`
	To    FeedName `json:"to"`
	Scope string   `json:"scope"` // within which a document of the new one is one
}

// Move gives the files, loads and sightings of a feed another feed's name, all or nothing, after it has noted so in the journal. Files that both know by one
// name are versions of one another, the former feed's before. What has rows, or rejects, that bear the former name is marked to be loaded again, and
// so is what met a file of its name. It returns how many files moved.
func (l *Ledger) Move(ctx context.Context, m Moving) (int, error) {
	moved, err := l.move(ctx, m)
	if err != nil {
		return 0, fmt.Errorf("move %s to %s: %w", m.From, m.To, err)
	}
	return moved, nil
}

func (l *Ledger) move(ctx context.Context, m Moving) (int, error) {
	former, err := l.FilesOf(ctx, m.From.Source, m.From.Feed)
	if err != nil || len(former) == 0 {
		return 0, err
	}
	number, err := next(ctx, l.db)
	if err != nil {
		return 0, err
	}
	if err := l.note(ctx, Noted{Number: number, Moved: &m}); err != nil {
		return 0, err
	}
	return len(former), l.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		var was known
		for _, n := range []FeedName{m.From, m.To} {
			if err := was.take(ctx, tx, n); err != nil {
				return err
			}
		}
		is := m.apply(was)
		if err := insert(ctx, tx, is.files); err != nil {
			return err
		}
		if err := insert(ctx, tx, is.loads); err != nil {
			return err
		}
		return insert(ctx, tx, is.seen)
	})
}

// known is what is known of feeds.
type known struct {
	files []File
	loads []Load
	seen  []Sighting
}

// take reads what is known of a feed, and removes it: it is written anew.
func (k *known) take(ctx context.Context, tx bun.Tx, n FeedName) error {
	var files []File
	var loads []Load
	var seen []Sighting
	for _, rows := range []any{&files, &loads, &seen} {
		if err := tx.NewSelect().Model(rows).Where("source = ? AND feed = ?", n.Source, n.Feed).Scan(ctx); err != nil {
			return err
		}
		if _, err := tx.NewDelete().Model(rows).Where("source = ? AND feed = ?", n.Source, n.Feed).Exec(ctx); err != nil {
			return err
		}
	}
	k.files, k.loads, k.seen = append(k.files, files...), append(k.loads, loads...), append(k.seen, seen...)
	return nil
}

// apply gives what is known of both feeds the new one's name. It depends on nothing else, so that a ledger that is made again comes to the same.
func (m Moving) apply(was known) known {
	isFormer := func(source, feed string) bool { return m.From == FeedName{source, feed} }
	last, met := map[string]int64{}, map[string]bool{}
	for _, f := range was.files {
		if isFormer(f.Source, f.Feed) {
			last[f.Name] = max(last[f.Name], f.Version)
		}
	}
	for _, f := range was.files {
		met[f.Name] = met[f.Name] || (!isFormer(f.Source, f.Feed) && last[f.Name] > 0)
	}
	var is known
	for _, f := range was.files {
		again := met[f.Name]
		if isFormer(f.Source, f.Feed) {
			f.Source, f.Feed = m.To.Source, m.To.Feed
			again = again || f.Rejected > 0 || (f.Status == Loaded && m.From.Source != m.To.Source)
		} else {
			f.Version += last[f.Name]
		}
		if again && f.KeptPath != "" {
			f.Contract = Moved
		}
		is.files = append(is.files, f)
	}
	for _, l := range was.loads {
		if isFormer(l.Source, l.Feed) {
			l.Source, l.Feed, l.Scope = m.To.Source, m.To.Feed, m.Scope
		} else {
			l.Version += last[l.Name]
		}
		is.loads = append(is.loads, l)
	}
	var own []Sighting
	for _, s := range was.seen {
		if isFormer(s.Source, s.Feed) {
			s.Source, s.Feed = m.To.Source, m.To.Feed
			is.seen = append(is.seen, s)
		} else {
			own = append(own, s)
		}
	}
	is.seen = latest(append(is.seen, own...)) // what was last seen under the new name is newer
	return is
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

// move does to an account what a move did to the ledger.
func (s *account) move(m Moving) {
	ours := func(source, feed string) bool {
		return m.From == FeedName{source, feed} || m.To == FeedName{source, feed}
	}
	var was known
	for key, f := range s.files {
		if ours(f.Source, f.Feed) {
			was.files = append(was.files, f)
			delete(s.files, key)
		}
	}
	for key, load := range s.loads {
		if ours(load.Source, load.Feed) {
			was.loads = append(was.loads, load)
			delete(s.loads, key)
			delete(s.byFile[load.File], key)
		}
	}
	for key, seen := range s.seen {
		if ours(seen.Source, seen.Feed) {
			was.seen = append(was.seen, seen)
			delete(s.seen, key)
		}
	}
	is := m.apply(was)
	s.apply(Noted{Files: is.files, Loads: is.loads, Seen: is.seen})
}
