package pull

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/parquet"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// Nameless is a feed that files are known of and that no definition names: it was renamed, its connection was, or it is gone. Left like this, a renamed
// feed's files are taken for new ones and count twice.
type Nameless struct {
	ledger.KnownFeed
	Near string `json:"nearest,omitempty"` // a feed of the definitions that it may be now
}

// String says it in a line, with what to type.
func (n Nameless) String() string {
	to := n.Near
	if to == "" {
		to = "SOURCE/FEED"
	}
	return fmt.Sprintf("%s/%s: %d known files of a feed that no definition names; was it renamed? next: waybill files move %s/%s %s", n.Source, n.Feed, n.Files, n.Source, n.Feed, to)
}

// NamelessOf finds the feeds of a ledger that no definition names.
func NamelessOf(ctx context.Context, book *ledger.Ledger, defs []pipelines.Pipeline) ([]Nameless, error) {
	known, err := book.KnownFeeds(ctx)
	if err != nil {
		return nil, err
	}
	all, err := pipelines.Pick(defs, nil)
	if err != nil {
		return nil, err
	}
	var out []Nameless
	for _, k := range known {
		if slices.ContainsFunc(all, func(t pipelines.Task) bool { return t.Source == k.Source && t.Feed.Name == k.Feed }) {
			continue
		}
		out = append(out, Nameless{k, nearest(k, all, known)})
	}
	return out, nil
}

// nearest is the feed that one may be now: the one with the same name, or the only one of the same source that has no files; else the nearest name.
func nearest(k ledger.KnownFeed, all []pipelines.Task, known []ledger.KnownFeed) string {
	var alike, fresh, of, names []string
	for _, t := range all {
		names = append(names, t.String())
		has := slices.ContainsFunc(known, func(o ledger.KnownFeed) bool { return o.Source == t.Source && o.Feed == t.Feed.Name })
		if t.Feed.Name == k.Feed {
			alike = append(alike, t.String())
			if !has {
				fresh = append(fresh, t.String())
			}
		} else if t.Source == k.Source && !has {
			of = append(of, t.String())
		}
	}
	for _, found := range [][]string{fresh, alike, of} {
		if len(found) == 1 {
			return found[0]
		}
	}
	return pipelines.Nearest(k.Source+"/"+k.Feed, names)
}

// Nameless are the feeds that files are known of and that no definition names.
func (p *Puller) Nameless(ctx context.Context) ([]Nameless, error) {
	return NamelessOf(ctx, p.ledger, p.pipelines)
}

// ErrMove says that a feed cannot be moved as is asked; the error's text says why.
var ErrMove = errors.New("cannot be moved")

// Move makes the documents of a feed that was renamed those of its new name, and loads again what bears the former one, from the kept bytes: no partner
// is asked, kept bytes stay where they are. It can be done again after a kill: it goes on. It returns the files that moved now, and those loaded again.
func (p *Puller) Move(ctx context.Context, from, to ledger.FeedName) (moved int, reloaded []ledger.File, err error) {
	t, err := pipelines.TaskOf(p.pipelines, to.Source, to.Feed)
	if err != nil {
		return 0, nil, err
	}
	if old, err := pipelines.TaskOf(p.pipelines, from.Source, from.Feed); err == nil {
		return 0, nil, fmt.Errorf("%s %w: %s still pulls it; rename it there first", from, ErrMove, old.Pipeline.Origin)
	}
	if err := p.inputs.Ensure(ctx); err != nil {
		return 0, nil, err
	}
	err = p.leases.During(ctx, "feed:"+from.String(), func(ctx context.Context) error {
		return p.leases.During(ctx, "feed:"+to.String(), func(ctx context.Context) error {
			if err := p.sameTables(ctx, from, t); err != nil {
				return err
			}
			return p.intake.taker(t, nil, nil).inScope(ctx, func(ctx context.Context) error {
				var err error
				moved, err = p.ledger.Move(ctx, ledger.Moving{From: from, To: to, Scope: scope(t)})
				return err
			})
		})
	})
	if err != nil {
		return 0, nil, err
	}
	files, err := p.Outdated(ctx, []string{to.String()})
	if err != nil {
		return moved, nil, err
	}
	for _, f := range files {
		after, err := p.Replay(ctx, f)
		if err != nil {
			return moved, reloaded, fmt.Errorf("load %s under its new name: %w", f.Name, err)
		}
		reloaded = append(reloaded, after)
	}
	return moved, reloaded, nil
}

// sameTables refuses to move a feed whose rows lie in tables that the new one does not fill: they would stay there.
func (p *Puller) sameTables(ctx context.Context, from ledger.FeedName, t pipelines.Task) error {
	files, err := p.ledger.FilesOf(ctx, from.Source, from.Feed)
	if err != nil || len(files) == 0 {
		return err
	}
	ids := make([]string, len(files))
	for i, f := range files {
		ids[i] = f.ID
	}
	names, err := p.intake.lake.Tables(ctx)
	if err != nil {
		return err
	}
	own := t.Feed.TableNames()
	var others []string
	for _, name := range names {
		if name.Namespace != "raw" || slices.Contains(own, name) {
			continue
		}
		n, err := p.rowsOf(ctx, name, ids)
		if err != nil {
			return err
		}
		if n > 0 {
			others = append(others, name.String())
		}
	}
	if len(others) > 0 {
		return fmt.Errorf("%s %w to %s: it has rows in %s, which %s does not fill", from, ErrMove, t, strings.Join(others, ", "), t)
	}
	return nil
}

// rowsOf counts the rows of files in a table.
func (p *Puller) rowsOf(ctx context.Context, name waybill.TableName, ids []string) (int64, error) {
	scan, err := p.intake.lake.Scan(ctx, name, 0)
	if err != nil {
		return 0, err
	}
	text, local, err := parquet.SelectScan(ctx, p.intake.lake, scan)
	if err != nil {
		return 0, err
	}
	defer local.Close()
	var n int64
	err = p.intake.duck.QueryRowContext(ctx, "select count(*) from ("+text+") where list_contains("+duck.List(ids)+", _file_id)").Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("look at %s: %w", name, err)
	}
	return n, nil
}
