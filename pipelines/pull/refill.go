package pull

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
)

// refill types a file again as it was typed before, under the ids of its loads, and commits it to tables that lack it. Nothing is judged: what counts is
// known. The taker knows when it was loaded, which its rows say.
func (t *taker) refill(ctx context.Context, f ledger.File, loads []ledger.Load, tables []waybill.TableName) error {
	f.LoadID = loads[0].Base
	body, err := t.lake.OpenKept(ctx, f.KeptPath)
	if err != nil {
		return err
	}
	defer body.Close()
	stage, err := t.scratch.Folder("load-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(stage)
	res, err := t.load(ctx, body, f, stage)
	if err != nil {
		return err
	}
	if res.Hold != nil {
		return fmt.Errorf("it was loaded before and is held now: %s; next: waybill files why %s", res.Hold, f.ID)
	}
	t.scope = scope(t.Task)
	docs, err := t.documentsOf(ctx, f, res, stage)
	if err != nil {
		return err
	}
	if slices.Contains(tables, load.RejectsTable) && len(res.Rejects) > 0 {
		if err := t.put(ctx, lake.Commit{Table: load.RejectsTable, LoadID: f.LoadID, Add: res.Rejects}); err != nil {
			return err
		}
	}
	for _, l := range loads {
		files, err := rowsOf(l, docs)
		if err != nil {
			return err
		}
		for _, name := range t.Feed.TableNames() {
			last := name == t.Feed.TableNames()[len(t.Feed.TableNames())-1]
			if !slices.Contains(tables, name) || (len(files[name]) == 0 && !last) {
				continue
			}
			if err := t.put(ctx, lake.Commit{Table: name, LoadID: l.LoadID, Add: files[name], CursorKey: t.String(), Cursor: f.Cursor}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *taker) put(ctx context.Context, c lake.Commit) error {
	if _, err := t.lake.Append(ctx, c); err != nil {
		return fmt.Errorf("commit to %s: %w", c.Table, err)
	}
	return nil
}

// rowsOf are a load's rows among what a file was found to tell.
func rowsOf(l ledger.Load, docs []told) (map[waybill.TableName][]waybill.StagedFile, error) {
	for _, d := range docs {
		if d.Document == l.Document && d.Pending == l.LoadID {
			return d.files, nil
		}
	}
	if len(docs) == 0 || l.Rows == 0 {
		return nil, nil // a file without rows says that what its name told of before is empty
	}
	return nil, fmt.Errorf("its kept bytes do not tell of %s under load %s any more; next: waybill files reload %s", l.Document, l.LoadID, l.File)
}

// unnamed looks for kept bytes that the ledger does not know: of a journal that is lost in part. What they were called is not known, and by the name it is
// decided what takes whose place; so they are loaded only where names decide nothing. All others are named to people, and a partner that still
// offers them is asked again.
func (r *rebuilding) unnamed(ctx context.Context, t pipelines.Task, files []ledger.File) error {
	kept, err := r.intake.lake.ListKept(ctx, t.Source, t.Feed.Name)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, f := range files {
		known[f.SHA256], known[f.KeptPath] = true, true
	}
	for _, k := range kept {
		if known[k.SHA256] || known[k.Path] {
			continue
		}
		known[k.SHA256] = true
		tk := r.intake.taker(t, nil, files)
		if t.Feed.Supersede.Mode == "file" && !tk.shared() {
			r.out.Unnamed = append(r.out.Unnamed, k.Path)
			continue
		}
		f := ledger.File{
			Source: t.Source, Feed: t.Feed.Name, Name: "unnamed-" + k.SHA256[:16], Version: 1, SHA256: k.SHA256, KeptPath: k.Path, Size: k.Stored,
			ReceivedAt: k.Written.UTC().Truncate(time.Second), Notes: "the journal does not say what it was called; size is that of the kept copy\n",
		}
		f.ID = pipelines.Digest(f.Source, f.Feed, f.Name, f.SHA256)
		if _, err := tk.again(ctx, f); err != nil {
			r.out.Problems = append(r.out.Problems, fmt.Errorf("%s: %s: %w", t, k.Path, err))
			continue
		}
		r.out.Named++
	}
	return nil
}
