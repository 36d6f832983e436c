package pull

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
)

// intake brings received files into the lake and the ledger.
type intake struct {
	lake    *lake.Lake
	ledger  *ledger.Ledger
	rewrite lake.Rewrite
	typist
	pipelines.Reporter
}

// typist has the records of a file typed and staged.
type typist struct {
	loader  *load.Loader
	inputs  *inputs.Inputs
	scratch pipelines.Scratch
	salt    waybill.Secret
}

// taker takes the files of one feed: each is received, then entered (taker.each).
type taker struct {
	intake
	pipelines.Task
	conn  waybill.Connector
	asOf  time.Time
	files []ledger.File // everything known of the feed, oldest first
}

func (i intake) taker(t pipelines.Task, conn waybill.Connector, asOf time.Time, files []ledger.File) *taker {
	return &taker{intake: i, Task: t, conn: conn, asOf: asOf, files: files}
}

// receive fetches one item: its bytes are kept while they are typed.
func (t *taker) receive(ctx context.Context, it waybill.Item) arrival {
	f := t.sighted(it)
	a := arrival{item: it}
	if a.err = t.identify(&f); a.err != nil {
		return a
	}
	if a.stage, a.err = t.scratch.Folder("load-*"); a.err != nil {
		return a
	}
	var kept lake.Kept
	kept, a.typed, a.err = t.keepAndLoad(ctx, it, f, &a)
	f.SHA256, f.Size, f.KeptPath = kept.SHA256, kept.Size, kept.Path
	f.Notes = ofAnswers(a.notes)
	a.file = f
	t.setAside(&a)
	return a
}

// sighted is an item as a file of the ledger, before a byte of it is there.
func (t *taker) sighted(it waybill.Item) ledger.File {
	f := ledger.File{
		Source: t.Source, Feed: t.Feed.Name, Name: it.Name, Identity: identity(t.Feed, it.Name), Size: it.Size,
		ModifiedAt: it.ModifiedAt.UTC(), ReceivedAt: t.asOf.UTC(), Status: ledger.Received,
		Sequence: sequence(t.Feed, it.Name), Cursor: it.Cursor,
	}
	f.ID = pipelines.Digest(f.Source, f.Feed, f.Name, fmt.Sprint(f.Size), f.ModifiedAt.Format(time.RFC3339Nano))
	return f
}

// enter commits what was received. Nothing of it is committed before the kept copy is whole and the bytes are known to be new.
func (t *taker) enter(ctx context.Context, a arrival) (ledger.File, error) {
	defer a.discard()
	f := a.file
	switch {
	case a.err != nil:
		return f, a.err
	case f.Rule == ruleGone:
		return f, nil
	case f.Status == ledger.Held:
		return t.holdUnread(ctx, f)
	case t.place(&f, a.typed) == alreadyDone:
		return f, nil
	case f.Status == ledger.Duplicate:
		return t.duplicate(ctx, f)
	}
	if err := t.ledger.Put(ctx, f); err != nil { // from here on a crash is known to have got this far
		return f, err
	}
	return t.decide(ctx, f, a.typed)
}

// duplicate adds no rows; where the file is a new version, it retracts those of the versions before it.
func (t *taker) duplicate(ctx context.Context, f ledger.File) (ledger.File, error) {
	older := t.older(f)
	if len(older) > 0 {
		retracting := f
		if err := t.identify(&retracting); err != nil {
			return f, err
		}
		if err := t.commit(ctx, retracting, load.Result{}, older); err != nil {
			return f, err
		}
	}
	for i := range older {
		older[i].Status, older[i].SupersededBy = ledger.Superseded, f.ID
		t.remember(older[i])
	}
	t.remember(f)
	return f, t.ledger.Put(ctx, append(older, f)...)
}

// identify gives the file the load id that this contract's rows of it carry.
func (t *taker) identify(f *ledger.File) error {
	hash, err := contractHash(t.Feed)
	f.LoadID = pipelines.Digest(f.ID, hash)
	return err
}

// keepAndLoad reads the body once: into the kept copy and, side by side, through the loader. What the body has to say to people is noted.
func (t *taker) keepAndLoad(ctx context.Context, it waybill.Item, f ledger.File, a *arrival) (lake.Kept, load.Result, error) {
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	body, err := t.conn.Open(reading, it)
	if err != nil {
		return lake.Kept{}, load.Result{}, &unopenedError{err}
	}
	forked := newFork(body, f.Size)
	toKeep, toLoad := forked.branches[0], forked.branches[1]
	go forked.run(reading)
	type keeping struct {
		kept lake.Kept
		err  error
	}
	done := make(chan keeping, 1)
	go func() {
		kept, err := t.lake.Keep(ctx, lake.KeepAs{Source: f.Source, Feed: f.Feed, Day: f.ReceivedAt}, toKeep)
		if err != nil {
			stop(err)
		}
		done <- keeping{kept, err}
	}()
	res, loadErr := t.load(ctx, toLoad, f, a.stage)
	_, drainErr := io.Copy(io.Discard, toLoad) // a file that is held early is still kept whole
	k := <-done
	if k.err != nil {
		return k.kept, res, fmt.Errorf("keep: %w", k.err)
	}
	if n, ok := body.(waybill.Noter); ok {
		a.notes = n.Notes()
	}
	return k.kept, res, errors.Join(loadErr, drainErr)
}

func (t *taker) load(ctx context.Context, r io.Reader, f ledger.File, stage string) (load.Result, error) {
	ids, err := t.inputs.FieldIDs(ctx)
	if err != nil {
		return load.Result{}, err
	}
	return t.loader.Load(ctx, load.Input{
		Bytes: r, Contract: t.Feed.Contract, Source: f.Source, Feed: f.Feed, Name: f.Name, File: f.ID, LoadID: f.LoadID,
		ReceivedAt: f.ReceivedAt, LoadedAt: t.asOf.UTC(), PIISalt: t.salt, StageDir: stage, Previous: t.history(f),
		FieldIDs: ids,
	})
}

// history is what the feed's newest loaded file had, for limits against the feed itself; only files that come in turn have it.
func (t *taker) history(f ledger.File) load.History {
	if t.underway() > 1 {
		return load.History{}
	}
	for i := len(t.files) - 1; i >= 0; i-- {
		if old := t.files[i]; old.Status == ledger.Loaded && old.Identity != f.Identity {
			return load.History{Rows: old.Loaded, Name: old.Name}
		}
	}
	return load.History{}
}

type placed int

const (
	isNew placed = iota
	alreadyDone
)

// place compares the received bytes with what is known: a new version of a name, the same bytes under another name, or a file that an
// interrupted run had received already. Files without records are alike by nature and no duplicates.
func (t *taker) place(f *ledger.File, res load.Result) placed {
	newest := t.newest(f.Name)
	if newest != nil && newest.KeptPath == "" { // it could not be read before: these are that version's first bytes
		f.Version = newest.Version
		newest = nil
	} else {
		f.Version = 1
	}
	if newest != nil && newest.SHA256 == f.SHA256 {
		f.Version = newest.Version
		if newest.Status != ledger.Received {
			*f = *newest
			return alreadyDone
		}
		return isNew
	}
	if newest != nil {
		f.Version = newest.Version + 1
	}
	for _, old := range t.files {
		// A new version may have the bytes of an earlier one of its own again, but not count beside another file that has them.
		counts := old.Status != ledger.Received && (newest == nil || (old.Name != f.Name && old.Status == ledger.Loaded))
		if res.Records > 0 && old.SHA256 == f.SHA256 && counts {
			f.Status, f.DuplicateOf, f.LoadID, f.Records = ledger.Duplicate, old.Name, "", res.Records
			return isNew
		}
	}
	return isNew
}

func (t *taker) remember(f ledger.File) {
	for i, old := range t.files {
		if old.Name == f.Name && old.Version == f.Version {
			t.files[i] = f
			return
		}
	}
	t.files = append(t.files, f)
}

// decide commits what was loaded, or holds the file, and writes down which.
func (t *taker) decide(ctx context.Context, f ledger.File, res load.Result) (ledger.File, error) {
	f.Records, f.Loaded, f.Rejected = res.Records, res.Loaded, res.Rejected
	f.Notes = strings.Trim(strings.TrimSuffix(keptNotes(f.Notes), "\n")+"\n"+res.Notes(), "\n")
	f.Rule, f.Detail = "", ""
	if res.Hold != nil {
		f.Status, f.Rule, f.Detail, f.Loaded = ledger.Held, res.Hold.Rule, res.Hold.String(), 0
		t.Log.Info("file held", zap.String("feed", t.String()), zap.String("file", f.Name), zap.String("rule", f.Rule))
		t.remember(f)
		return f, t.ledger.Put(ctx, f)
	}
	older := t.older(f)
	if err := t.commit(ctx, f, res, older); err != nil {
		return f, err
	}
	f.Status = ledger.Loaded
	for i := range older {
		if older[i].Name != f.Name || older[i].Version != f.Version {
			older[i].Status, older[i].SupersededBy = ledger.Superseded, f.ID
			t.remember(older[i])
		}
	}
	t.remember(f)
	t.Log.Info("file loaded", zap.String("feed", t.String()), zap.String("file", f.Name), zap.Int64("rows", f.Loaded), zap.Int64("rejected", f.Rejected))
	return f, t.ledger.Put(ctx, append(older, f)...)
}

// answersNote begins each note about a batch's answers: loading its bytes again does not tell it.
const answersNote = "answers: "

func ofAnswers(notes []string) string {
	var b strings.Builder
	for _, n := range notes {
		b.WriteString(answersNote + strings.ReplaceAll(n, "\n", " ") + "\n")
	}
	return b.String()
}

// keptNotes are those of notes that a new load leaves as they are.
func keptNotes(notes string) string {
	var b strings.Builder
	for line := range strings.Lines(notes) {
		if strings.HasPrefix(line, answersNote) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// older are the versions whose place the file takes: those of the same document, and an interrupted or earlier load of the same version
// under another load id.
func (t *taker) older(f ledger.File) []ledger.File {
	var older []ledger.File
	for _, old := range t.files {
		same := old.Name == f.Name && old.Version == f.Version
		version := t.Feed.Supersede.Mode == "file" && old.Identity == f.Identity && !same &&
			(old.Status == ledger.Loaded || old.Status == ledger.Held || old.Status == ledger.Received)
		if version || (same && old.LoadID != f.LoadID) {
			older = append(older, old)
		}
	}
	return older
}

// commit registers the staged files: rejects first, then the tables as the contract lists them, each in one commit that carries the load id,
// so that a repetition after a crash finds what is already in.
func (t *taker) commit(ctx context.Context, f ledger.File, res load.Result, older []ledger.File) error {
	retract := make([]string, 0, len(older))
	for _, old := range older {
		if old.LoadID != "" && old.LoadID != f.LoadID {
			retract = append(retract, old.LoadID)
		}
	}
	tables := append([]waybill.TableName{load.RejectsTable}, t.Feed.TableNames()...)
	for i, name := range tables {
		files := res.Files[name]
		if name == load.RejectsTable {
			files = res.Rejects
		}
		if last := i == len(tables)-1; len(files) == 0 && len(retract) == 0 && !last {
			continue // nothing to say; the last table carries the load id and the cursor even without rows
		}
		_, err := t.lake.Append(ctx, lake.Commit{
			Table: name, LoadID: f.LoadID, Add: files, Retract: retract,
			CursorKey: t.String(), Cursor: f.Cursor, Rewrite: t.rewrite,
		})
		if err != nil {
			return fmt.Errorf("commit to %s: %w", name, err)
		}
	}
	return nil
}
