package pull

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
)

// Rebuild says what to make again from the lake's journal and kept bytes.
type Rebuild struct {
	Table waybill.TableName // only this one; without a name: catalog, ledger and every raw table
	Keep  bool              // tables that are whole stay, and get what they lack and lose what does not count
	AsOf  time.Time         // of loads that come under another contract than before
}

// Rebuilt is what a rebuild came to.
type Rebuilt struct {
	Files    int           // that the ledger knows now
	Tables   int           // that were made anew
	Loaded   int           // files whose rows were put in
	Outdated []ledger.File // of them, those that today's contract types otherwise than before
	Unnamed  []string      // kept objects of which the journal does not say what they were, and that are not loaded for it
	Named    int           // such objects that could be loaded all the same
	Problems []error       // files that could not be loaded, entries of the journal that could not be read
	Moved    int           // objects that went to the trash
}

// Rebuild makes catalog, ledger and raw tables again, equal to what they were. Marts are for a build afterwards. Until it has ended nobody else changes
// the lake; where it is cut off it is begun again. No file of before is changed, and none goes to the trash before all is there.
func (p *Puller) Rebuild(ctx context.Context, o Rebuild) (Rebuilt, error) {
	var out Rebuilt
	tasks, err := pipelines.Pick(p.pipelines, nil)
	if err != nil {
		return out, err
	}
	busy := []string{"rebuild", "build"}
	for _, t := range tasks {
		busy = append(busy, "feed:"+t.String())
	}
	err = ledger.Together(ctx, p.leases.During, busy, func(ctx context.Context) error {
		began := p.lister.now()
		filling := lake.Everything
		if o.Table.Name != "" {
			filling = o.Table.String()
		}
		if err := p.dropWhatRootLacks(ctx); err != nil {
			return err
		}
		if err := p.intake.lake.Claim(ctx, filling); err != nil {
			return err
		}
		r := rebuilding{Puller: p, Rebuild: o, out: &out}
		if err := r.run(ctx); err != nil {
			return err
		}
		if err := p.intake.lake.Filled(ctx); err != nil {
			return err
		}
		var err error
		out.Moved, err = p.intake.lake.TrashStrays(ctx, began)
		return err
	})
	return out, err
}

// dropWhatRootLacks empties a ledger that is ahead of the root, since the bytes are not there of what only it knows: the partners are asked again.
func (p *Puller) dropWhatRootLacks(ctx context.Context) error {
	s, err := p.intake.lake.Standing(ctx)
	if err != nil || s.ID == "" || s.ID != s.CatalogID || s.Epoch >= s.CatalogEpoch {
		return err
	}
	return p.ledger.Empty(ctx)
}

type rebuilding struct {
	*Puller
	Rebuild
	out      *Rebuilt
	loadedAt map[string]time.Time
	loads    map[string][]ledger.Load   // those that count and have rows, by file
	fresh    map[waybill.TableName]bool // tables that were made anew: they lack everything
	counting map[string]bool            // ids of loads, and of loadings, of which something is to be in the tables
}

func (r *rebuilding) run(ctx context.Context) error {
	if err := r.restore(ctx); err != nil {
		return err
	}
	if err := r.unlist(ctx); err != nil {
		return err
	}
	if err := r.inputs.Ensure(ctx); err != nil {
		return err
	}
	if err := r.leave(ctx); err != nil {
		return err
	}
	waves, err := r.tasks(nil)
	if err != nil {
		return err
	}
	for _, wave := range waves {
		for _, t := range wave {
			if err := r.feed(ctx, t); err != nil {
				return fmt.Errorf("rebuild %s: %w", t, err)
			}
		}
	}
	return r.orphaned(ctx)
}

// restore makes the ledger again from the journal; for one table the ledger is taken as it is.
func (r *rebuilding) restore(ctx context.Context) error {
	var notes []ledger.Noted
	for e, err := range r.intake.lake.Journal(ctx) {
		if err != nil && e.Name == "" {
			return err
		}
		var n ledger.Noted
		ok := false
		if err == nil {
			n, ok, err = ledger.ReadNoted(e.Name, e.Body)
		}
		if err != nil {
			r.out.Problems = append(r.out.Problems, err)
		}
		if ok {
			notes = append(notes, n)
		}
	}
	var err error
	if r.Table.Name == "" {
		var restored ledger.Restored
		restored, err = r.ledger.Restore(ctx, notes)
		r.out.Files, r.loadedAt = restored.Files, restored.LoadedAt
	} else {
		r.loadedAt = ledger.LoadedAt(notes)
	}
	if err != nil {
		return err
	}
	return r.readCounting(ctx)
}

func (r *rebuilding) readCounting(ctx context.Context) error {
	all, err := r.ledger.Loads(ctx)
	if err != nil {
		return err
	}
	r.loads, r.counting = map[string][]ledger.Load{}, map[string]bool{}
	for _, l := range all {
		if l.Counts && l.LoadID != "" {
			r.loads[l.File] = append(r.loads[l.File], l)
			r.counting[l.LoadID], r.counting[l.Base] = true, true
		}
	}
	return nil
}

// unlist takes out of the catalog what is to be made anew: the one table, everything, or what is not whole.
func (r *rebuilding) unlist(ctx context.Context) error {
	names, err := r.intake.lake.Tables(ctx)
	if err != nil {
		return err
	}
	r.fresh = map[waybill.TableName]bool{}
	for _, name := range r.inputs.Tables() { // those that are not there yet
		r.fresh[name] = !slices.Contains(names, name)
	}
	for _, name := range names {
		anew := r.Table.Name == "" || r.Table == name
		if anew && r.Keep {
			whole, err := r.intake.lake.IsWhole(ctx, name)
			if err != nil {
				return err
			}
			if anew = !whole; whole {
				if _, err := r.intake.lake.DropLost(ctx, name); err != nil {
					return err
				}
			}
		}
		if !anew {
			continue
		}
		if err := r.intake.lake.Unlist(ctx, name); err != nil {
			return err
		}
		r.fresh[name] = true
		r.out.Tables++
	}
	return nil
}

// rawTables are the tables that files are loaded into.
func (r *rebuilding) rawTables(ctx context.Context) ([]waybill.TableName, error) {
	names, err := r.intake.lake.Tables(ctx)
	return slices.DeleteFunc(names, func(n waybill.TableName) bool { return n.Namespace != "raw" && n != load.RejectsTable }), err
}

// leave takes out of tables that stayed the rows of loads that do not count.
func (r *rebuilding) leave(ctx context.Context) error {
	names, err := r.rawTables(ctx)
	if err != nil || r.Table.Name != "" {
		return err
	}
	for _, name := range names {
		ids, err := r.intake.lake.LoadsIn(ctx, name)
		if err != nil {
			return err
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return r.counting[id] })
		if len(ids) == 0 {
			continue
		}
		c := lake.Commit{Table: name, LoadID: "leave-" + pipelines.Digest(append(ids, r.lister.now().String())...), Retract: ids, Rewrite: r.intake.rewrite}
		if _, err := r.intake.lake.Append(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// feed puts the rows of a feed's files into the tables that lack them.
func (r *rebuilding) feed(ctx context.Context, t pipelines.Task) error {
	files, err := r.ledger.FilesOf(ctx, t.Source, t.Feed.Name)
	if err != nil {
		return err
	}
	if r.Table.Name != "" && !slices.Contains(append(t.Feed.TableNames(), load.RejectsTable), r.Table) {
		return nil
	}
	done := 0
	for i, f := range files {
		r.Watch(pipelines.Event{Stage: pipelines.StageFetch, Subject: t.String(), Detail: f.Name, Done: i, Total: len(files)})
		if len(r.loads[f.ID]) == 0 {
			continue
		}
		put, err := r.file(ctx, t, f)
		if cut := errors.Is(err, io.ErrUnexpectedEOF); ctx.Err() != nil || (errors.Is(err, waybill.ErrTemporary) && !cut) { // kept bytes that are cut off stay so
			return err
		}
		if err != nil { // one that cannot be read is said, and keeps no other from coming back
			r.Log.Warn("file not rebuilt", zap.String("feed", t.String()), zap.String("file", f.Name), zap.Error(err))
			r.out.Problems = append(r.out.Problems, fmt.Errorf("%s: %s: %w", t, f.Name, err))
		}
		if !put {
			continue
		}
		r.out.Loaded++
		if done++; done%trimEvery == 0 {
			if err := r.intake.trim(ctx, t); err != nil {
				return err
			}
		}
	}
	r.Watch(pipelines.Event{Stage: pipelines.StageFetch, Subject: t.String(), Done: len(files), Total: len(files)})
	if r.Table.Name != "" {
		return nil
	}
	if err := r.unnamed(ctx, t, files); err != nil {
		return err
	}
	return r.finish(ctx, t)
}

// finish loads what had been received and not finished.
func (r *rebuilding) finish(ctx context.Context, t pipelines.Task) error {
	files, err := r.ledger.FilesOf(ctx, t.Source, t.Feed.Name)
	if err != nil {
		return err
	}
	tk := r.intake.taker(t, nil, files)
	if err := tk.readLoads(ctx); err != nil {
		return err
	}
	_, err = tk.finish(ctx)
	return err
}

// file puts one file's rows in, and tells whether there was anything to do.
func (r *rebuilding) file(ctx context.Context, t pipelines.Task, f ledger.File) (bool, error) {
	lacking, err := r.lacking(ctx, t, f)
	if err != nil || len(lacking) == 0 {
		return false, err
	}
	contract, err := contractHash(t.Feed)
	if err != nil {
		return false, err
	}
	if f.Contract != contract {
		tk := r.intake.taker(t, nil, nil)
		f, err = tk.again(ctx, f)
		r.out.Outdated = append(r.out.Outdated, f)
		return true, err
	}
	at, ok := r.loadedAt[r.loads[f.ID][0].Base]
	if !ok {
		at = f.ReceivedAt // of before there were journals, when the two were one
	}
	tk := r.intake.taker(t, nil, nil)
	tk.typedBefore = at.UTC()
	return true, tk.refill(ctx, f, r.loads[f.ID], lacking)
}

// lacking are the tables that have not what a file's loads put there.
func (r *rebuilding) lacking(ctx context.Context, t pipelines.Task, f ledger.File) ([]waybill.TableName, error) {
	names := append([]waybill.TableName{load.RejectsTable}, t.Feed.TableNames()...)
	if r.Table.Name != "" {
		return []waybill.TableName{r.Table}, nil
	}
	if !r.Keep {
		return names, nil
	}
	last := names[len(names)-1] // which bears every load's id
	if r.fresh[last] {
		return names, nil
	}
	for _, l := range r.loads[f.ID] {
		in, err := r.intake.lake.HasLoad(ctx, last, l.LoadID)
		if err != nil || !in {
			return names, err
		}
	}
	return slices.DeleteFunc(names, func(n waybill.TableName) bool { return !r.fresh[n] }), nil
}

// orphaned says of which files nothing can be loaded because nobody describes their feed any more.
func (r *rebuilding) orphaned(ctx context.Context) error {
	files, err := r.ledger.Files(ctx, ledger.Filter{})
	if err != nil {
		return err
	}
	lost := map[string]int{}
	for _, f := range files {
		if _, err := pipelines.TaskOf(r.pipelines, f.Source, f.Feed); err != nil && len(r.loads[f.ID]) > 0 {
			lost[f.Source+"/"+f.Feed]++
		}
	}
	for feed, n := range lost {
		r.out.Problems = append(r.out.Problems, fmt.Errorf("%s: no pipeline has this feed any more, so %d files of it are not loaded; bring its definition back and rebuild again", feed, n))
	}
	return nil
}
