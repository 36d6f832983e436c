package pull

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/pipelines/subject"
)

// intake brings received files into the lake and the ledger.
type intake struct {
	lake     *lake.Lake
	ledger   *ledger.Ledger
	leases   *ledger.Leases
	duck     *sql.DB // reads what was typed
	rewrite  lake.Rewrite
	received func() time.Time
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
	files []ledger.File // everything known of the feed, oldest first
	gate  *load.Eraser  // masks people who are to be forgotten; nil while there are none
	marks *subject.Marks
	scope string        // within which a document is one
	loads []ledger.Load // what is known of the documents there, in the order of their arrival
	// loaded are those of the files that were loaded when its turn began.
	loaded []ledger.File

	typedBefore time.Time // when rows were typed that are made again as they were; zero: they are new

	listed *ledger.Sighting // how the partner's listing showed what is being entered; nil: it comes from kept bytes
}

func (i intake) taker(t pipelines.Task, conn waybill.Connector, files []ledger.File) *taker {
	return &taker{intake: i, Task: t, conn: conn, files: files, loaded: loadedOf(files)}
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
	kept, a.typed, a.err = t.keepAndLoad(ctx, it, f, &a) // of a file with somebody who is forgotten, the hash and the size of what was received
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
		ModifiedAt: it.ModifiedAt.UTC(), ReceivedAt: t.arrivedAt(), Status: ledger.Received,
		Sequence: sequence(t.Feed, it.Name), Cursor: it.Cursor,
	}
	f.Version = 1
	if newest := t.newest(f.Name); newest != nil {
		f.Version = newest.Version
		if newest.KeptPath != "" { // else it could not be read before, and these are that version's first bytes
			f.Version++
		}
	}
	// The version, too: a file that is put back as it was has size and time of before.
	f.ID = pipelines.Digest(f.Source, f.Feed, f.Name, fmt.Sprint(f.Version), fmt.Sprint(f.Size), f.ModifiedAt.Format(time.RFC3339Nano))
	return f
}

// arrivedAt is now by the wall clock, to the microsecond that databases keep of it.
func (t *taker) arrivedAt() time.Time { return t.received().UTC().Truncate(time.Microsecond) }

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
	}
	if err := t.learn(ctx, a.forgotten); err != nil {
		return f, err
	}
	t.listed = &ledger.Sighting{
		Source: t.Source, Feed: t.Feed.Name, Name: f.Name, Size: a.item.Size, ModifiedAt: a.item.ModifiedAt, FirstSeenAt: f.ReceivedAt, Fetched: true,
	}
	defer func() { t.listed = nil }()
	if newest := t.newest(f.Name); newest != nil && newest.KeptPath != "" && newest.SHA256 == f.SHA256 {
		// The listing showed another time or size, the bytes are the same.
		return *newest, t.ledger.Enter(ctx, ledger.Entry{Seen: []ledger.Sighting{*t.listed}})
	}
	return t.settle(ctx, f, a.typed, a.stage)
}

// loadedAt is when the rows that are typed now say that they were.
func (t *taker) loadedAt() time.Time {
	if t.typedBefore.IsZero() {
		return t.arrivedAt()
	}
	return t.typedBefore
}

// identify begins another loading of the file, under today's contract. Its id is its own: a load that left the tables may come back under another id only.
func (t *taker) identify(f *ledger.File) error {
	var err error
	f.Contract, err = contractHash(t.Feed)
	f.Identity = identity(t.Feed, f.Name)
	f.Loading++
	f.LoadID = loadID(*f)
	return err
}

func loadID(f ledger.File) string { return pipelines.Digest(f.ID, f.Contract, fmt.Sprint(f.Loading)) }

// keepAndLoad reads the body once: into the kept copy and, side by side, through the loader. What the body has to say to people is noted.
func (t *taker) keepAndLoad(ctx context.Context, it waybill.Item, f ledger.File, a *arrival) (lake.Kept, load.Result, error) {
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	body, err := t.conn.Open(reading, it)
	if err != nil {
		return lake.Kept{}, load.Result{}, &unopenedError{err}
	}
	masked := t.mask(body, a.stage)
	forked := newFork(masked, f.Size)
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
	a.forgotten = masked.note(&k.kept, &res)
	return k.kept, res, errors.Join(loadErr, drainErr)
}

func (t *taker) load(ctx context.Context, r io.Reader, f ledger.File, stage string) (load.Result, error) {
	ids, err := t.inputs.FieldIDs(ctx)
	if err != nil {
		return load.Result{}, err
	}
	return t.loader.Load(ctx, load.Input{
		Bytes: r, Contract: t.Feed.Contract, Source: f.Source, Feed: f.Feed, Name: f.Name, File: f.ID, LoadID: f.LoadID,
		ReceivedAt: f.ReceivedAt, LoadedAt: t.loadedAt(), PIISalt: t.salt, StageDir: stage, Previous: t.history(f),
		Neighbours: t.neighbours(f), FieldIDs: ids,
	})
}

// history is what the feed's newest loaded file had, for limits against the feed itself; only files that come in turn have it.
func (t *taker) history(f ledger.File) load.History {
	if t.underway() > 1 {
		return load.History{}
	}
	before := t.files
	if i := slices.IndexFunc(t.files, func(old ledger.File) bool { return old.ID == f.ID }); i >= 0 { // one that is loaded again is measured as it was at first
		before = t.files[:i]
	}
	for i := len(before) - 1; i >= 0; i-- {
		if old := before[i]; old.Status == ledger.Loaded && old.Identity != f.Identity {
			return load.History{Rows: old.Loaded, Name: old.Name}
		}
	}
	return load.History{}
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
