package pull

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// Previewer types files for people to look at. It commits nothing and asks no lake, ledger or partner.
type Previewer struct {
	Loader *load.Loader
	Duck   *sql.DB // reads what was typed
	Salt   waybill.Secret
	Now    func() time.Time // when the file would be received
}

// Preview is what a file would come to under a feed's contract.
type Preview struct {
	load.Result           // Files and Rejects lie in the folder that the caller gave
	Ignored     bool      // by its name a run would leave it alone
	Documents   []Told    // of which documents it would tell, if it is not held
	Loaded      time.Time // the instant that its dates were held against
}

// Told is a document of a file.
type Told struct {
	Document string `json:"document"`
	Rows     int64  `json:"rows"`                // of the contract's first table
	NewestBy string `json:"newest_by,omitempty"` // what versions of it follow one another by, before their arrival
}

// Feed types a file by a feed of a source. Typed rows and rejects are left in dir.
func (p Previewer) Feed(ctx context.Context, t pipelines.Task, f ledger.File, body io.Reader, dir string) (Preview, error) {
	if f.ID == "" {
		f.ID, f.LoadID = "preview", "preview"
	}
	if f.ReceivedAt.IsZero() {
		f.ReceivedAt = p.Now()
	}
	out := Preview{Ignored: ignored(t.Feed.File.Ignore, f.Name), Loaded: p.Now().UTC()}
	var err error
	out.Result, err = p.Loader.Load(ctx, load.Input{
		Bytes: body, Contract: t.Feed.Contract, Source: t.Source, Feed: t.Feed.Name, Name: f.Name, File: f.ID, LoadID: f.LoadID,
		ReceivedAt: f.ReceivedAt, LoadedAt: out.Loaded, PIISalt: p.Salt, StageDir: dir, Show: true,
	})
	if err == nil && out.Hold == nil {
		out.Documents, err = p.documents(ctx, t, f, out.Result)
	}
	return out, err
}

// documents are those that a file would tell of; see taker.documentsOf, which parts their rows besides.
func (p Previewer) documents(ctx context.Context, t pipelines.Task, f ledger.File, res load.Result) ([]Told, error) {
	feed, table := t.Feed, t.Feed.Tables[0]
	rows := res.RowsByTable[table.Name]
	newest := newestBy(feed, f.Name, f.ModifiedAt)
	greatest := duck.Literal(newest)
	if by := feed.Supersede.NewestBy; by != "" && feed.IsColumn(by) && rows > 0 {
		greatest = "coalesce(cast(max(" + duck.Ident(by) + ") as varchar), '')"
	}
	name := identity(feed, f.Name)
	if feed.Supersede.Mode != "file" {
		name = f.Name
	}
	if rows == 0 {
		return []Told{{Document: name, NewestBy: newest}}, nil
	}
	document := duck.Literal(name)
	if len(feed.Supersede.Document) > 0 {
		document = documentOfRow(feed.Supersede.Document)
	}
	found, err := p.Duck.QueryContext(ctx, fmt.Sprintf("select %s, count(*), %s from %s group by 1 order by 1", document, greatest, staged(res.Files[table.Name])))
	if err != nil {
		return nil, fmt.Errorf("read the documents of %s: %w", f.Name, err)
	}
	defer found.Close()
	var out []Told
	for found.Next() {
		var d Told
		if err := found.Scan(&d.Document, &d.Rows, &d.NewestBy); err != nil {
			return nil, fmt.Errorf("read the documents of %s: %w", f.Name, err)
		}
		out = append(out, d)
	}
	return out, found.Err()
}

// FeedsOf are the feeds that would take a file of such a name: by their whole patterns, or where none does by the last parts of them, since a file that lies
// here may have lain in a folder there. One feed of several sources is there once for each.
func FeedsOf(all []pipelines.Pipeline, name string) []pipelines.Task {
	tasks, _ := pipelines.Pick(all, nil)
	name = strings.TrimPrefix(path.Clean(strings.ReplaceAll(name, "\\", "/")), "/")
	for _, fits := range []func(glob string) bool{
		func(glob string) bool { return doublestar.MatchUnvalidated(glob, name) },
		func(glob string) bool { return doublestar.MatchUnvalidated("**/"+glob, name) },
		func(glob string) bool { return doublestar.MatchUnvalidated(path.Base(glob), path.Base(name)) },
	} {
		var found []pipelines.Task
		for _, t := range tasks {
			for _, glob := range t.Feed.File.Match {
				if fits(glob) {
					found = append(found, t)
					break
				}
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}

// NearestPattern is the pattern that a name misses by least, empty where none is near.
func NearestPattern(tasks []pipelines.Task, name string) string {
	var globs []string
	for _, t := range tasks {
		globs = append(globs, t.Feed.File.Match...)
	}
	slices.Sort(globs)
	name = path.Base(strings.ReplaceAll(name, "\\", "/"))
	for _, fold := range []func(string) string{strings.ToLower, lettersOf} { // in other capitals; or with other numbers, marks and ending
		for _, glob := range slices.Compact(globs) {
			base := path.Base(glob)
			if doublestar.MatchUnvalidated(fold(base), fold(name)) || nearly(fold(base), fold(name)) {
				return glob
			}
		}
	}
	return ""
}

// nearly tells whether a name begins as a pattern does, up to its first star.
func nearly(glob, name string) bool {
	begin, _, _ := strings.Cut(glob, "*")
	return len(begin) >= 3 && strings.HasPrefix(name, begin)
}

// lettersOf are the letters and stars of a text, without capitals.
func lettersOf(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || r == '*' {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// HeldRejects types held files again from their kept bytes, to show what is wrong with their rows: a held file's rejects are in no table. Their Parquet
// files are left in dir. A file whose feed no definition has any more is left out, and named.
func (p *Puller) HeldRejects(ctx context.Context, files []ledger.File, dir string) (rejects []waybill.StagedFile, without []string, err error) {
	for _, f := range files {
		if f.Status != ledger.Held || f.KeptPath == "" {
			continue
		}
		t, err := pipelines.TaskOf(p.pipelines, f.Source, f.Feed)
		if errors.Is(err, pipelines.ErrSelector) {
			without = append(without, f.Name)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		seen, err := p.preview(ctx, t, f, dir)
		if err != nil {
			return nil, nil, err
		}
		rejects = append(rejects, seen.Rejects...)
	}
	return rejects, without, nil
}

func (p *Puller) preview(ctx context.Context, t pipelines.Task, f ledger.File, dir string) (Preview, error) {
	body, err := p.intake.lake.OpenKept(ctx, f.KeptPath)
	if err != nil {
		return Preview{}, err
	}
	defer body.Close()
	look := Previewer{Loader: p.intake.loader, Duck: p.intake.duck, Salt: p.intake.salt, Now: p.intake.received}
	return look.Feed(ctx, t, f, body, dir)
}
