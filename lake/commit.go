package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/fourmarketing/waybill"
)

// Commit is one change of a table: everything in it becomes visible together, once, or not at all.
type Commit struct {
	Table      waybill.TableName
	LoadID     string               // names this change for ever; a second commit with the same one does nothing
	CursorKey  string               // with Cursor: sets the property waybill.cursor.<CursorKey>
	Cursor     string               // where the feed goes on after this load
	Add        []waybill.StagedFile // Parquet files with the table's field ids; not to be changed until they are deleted
	Retract    []string             // load ids whose rows leave the table
	Remove     []string             // addresses of data files that leave the table, as Scan gave them
	Properties map[string]string    // set in the same commit
	Key        []string             // Replace only: columns that identify a row, for other engines; no key where one has a null
	Rewrite    Rewrite              // needed when a retracted load lies in a compacted file
}

// Committed is the outcome of a commit.
type Committed struct {
	SnapshotID int64 // the table's snapshot that has the change; 0 for a table without rows so far
	AlreadyIn  bool  // the load id was in the table before: nothing was done
}

// Rewrite writes one Parquet file out of others, keeping the rows for which the condition holds. DuckDB's COPY does it:
// read_parquet with the columns mapped by field id, so that files of an older schema fit, to a zstd file with FIELD_IDS.
type Rewrite func(ctx context.Context, job RewriteJob) (rows int64, err error)

// RewriteJob is what a Rewrite has to do.
type RewriteJob struct {
	Sources  []string // local Parquet files of one partition
	Columns  []Field  // the table's columns, all of which the new file gets, in this order
	FieldIDs string   // text of the FIELD_IDS clause for them
	Where    string   // SQL condition, empty for all rows
	Dest     string   // local path of the new file
}

const (
	loadProperty   = "waybill.load."   // + load id: when it was committed
	cursorProperty = "waybill.cursor." // + cursor key

	// versionProperty names the newest change of the table's rows. Compaction writes the same rows anew and leaves it.
	versionProperty = "waybill.version"
	summaryLoad     = "waybill.load-id"
	summaryKind     = "waybill.kind"
	kindLoad        = "load"
	kindReplace     = "replace"
	kindCompaction  = "compaction"

	commitAttempts = 100
	doubtMost      = 10 // commits whose answer was lost that are tried again: should one land late, the swap lets one of them in
	transfers      = 8  // objects moved at the same time
)

// Append adds files and takes out what Retract and Remove name.
func (l *Lake) Append(ctx context.Context, c Commit) (Committed, error) {
	if len(c.Key) > 0 {
		return Committed{}, fmt.Errorf("append to %s: a key is set where every row is given, by Replace", c.Table)
	}
	return l.commit(ctx, &change{Commit: c, lake: l, kind: kindLoad})
}

// Replace takes out every file of the table and adds the given ones: a full refresh. Retract and Remove are not used.
func (l *Lake) Replace(ctx context.Context, c Commit) (Committed, error) {
	if len(c.Retract) > 0 || len(c.Remove) > 0 {
		return Committed{}, fmt.Errorf("replace %s: retractions have no place where everything is replaced", c.Table)
	}
	return l.commit(ctx, &change{Commit: c, lake: l, kind: kindReplace})
}

// change is a commit on its way: what it has uploaded outlives a lost race.
type change struct {
	Commit
	lake     *Lake
	kind     string
	staged   bool
	add      []iceberg.DataFile
	keys     []string                      // objects put for this change
	rewrites map[string][]iceberg.DataFile // compacted file to what remains of it
	unsure   bool                          // a commit may have landed although it returned an error
	doubts   int                           // how often that was asked, and it had not
}

func (l *Lake) commit(ctx context.Context, c *change) (Committed, error) {
	if err := checkCommit(c.Commit); err != nil {
		return Committed{}, err
	}
	err := l.mayWrite(ctx)
	if err != nil {
		return Committed{}, fmt.Errorf("commit load %s to %s: %w", c.LoadID, c.Table, err)
	}
	for attempt := range commitAttempts {
		var done *Committed
		if done, err = c.attempt(ctx); done != nil {
			if done.AlreadyIn && !c.unsure {
				c.discard(ctx)
			}
			return *done, nil
		}
		if !errors.Is(err, table.ErrCommitFailed) {
			break
		}
		if perr := pause(ctx, attempt); perr != nil {
			err = perr
			break
		}
	}
	if !c.unsure {
		c.discard(ctx)
	}
	if errors.Is(err, table.ErrCommitFailed) {
		err = fmt.Errorf("%w: other commits came first %d times: %w", waybill.ErrTemporary, commitAttempts, err)
	}
	return Committed{}, fmt.Errorf("commit load %s to %s: %w", c.LoadID, c.Table, temporary(err))
}

func checkCommit(c Commit) error {
	if err := checkName(c.Table); err != nil {
		return err
	}
	for _, id := range append([]string{c.LoadID}, c.Retract...) {
		if !isLoadID(id) {
			return fmt.Errorf("commit to %s: load id %q is not made of up to 128 letters, digits, '.', '_', '-'", c.Table, id)
		}
	}
	if slices.Contains(c.Retract, c.LoadID) {
		return fmt.Errorf("commit to %s: load %s cannot retract itself", c.Table, c.LoadID)
	}
	return nil
}

// pause waits a little longer after each lost race, at random so that racers part.
func pause(ctx context.Context, attempt int) error {
	limit := min(int64(500*time.Millisecond), int64(4*time.Millisecond)<<min(attempt, 10))
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(rand.Int64N(limit))): //nolint:gosec // spreading racers needs no secrecy
		return nil
	}
}

// attempt tries once against the table as it is now. It returns a result, or why there is none: table.ErrCommitFailed
// means that somebody else's commit came between.
func (c *change) attempt(ctx context.Context) (*Committed, error) {
	l := c.lake
	t, err := l.catalog.load(ctx, c.Table)
	if err != nil {
		return nil, err
	}
	in, err := l.hasLoad(ctx, t, c.LoadID)
	if err != nil {
		return nil, err
	}
	if in {
		return &Committed{SnapshotID: snapshotID(t), AlreadyIn: true}, nil
	}
	if err := c.stage(ctx, t); err != nil {
		return nil, err
	}
	old, rest, err := c.outgoing(ctx, t)
	if err != nil {
		return nil, err
	}
	tx := t.NewTransaction()
	if err := tx.AssertRefSnapshotID(table.MainBranch); err != nil {
		return nil, err
	}
	add := append(slices.Clone(c.add), rest...)
	if err := tx.ReplaceDataFilesWithDataFiles(ctx, old, add, c.summary(), table.WithoutAutoNameMapping(), table.WithoutDuplicateCheck()); err != nil {
		return nil, err
	}
	if c.kind == kindReplace {
		err = setKey(tx, t, c.Key, add)
	} else {
		err = checkRequired(t, add)
	}
	if err != nil {
		return nil, err
	}
	if err := tx.SetProperties(c.properties()); err != nil {
		return nil, err
	}
	return c.send(ctx, tx)
}

// send hands the transaction to the catalog. After an error that is no clean conflict it asks the table whether the
// load is in, because the answer may have been lost behind a commit that landed.
func (c *change) send(ctx context.Context, tx *table.Transaction) (*Committed, error) {
	after, err := tx.Commit(ctx)
	if err == nil {
		return &Committed{SnapshotID: snapshotID(after)}, nil
	}
	if errors.Is(err, table.ErrCommitFailed) {
		return nil, err
	}
	c.unsure = true
	now, lerr := c.lake.catalog.load(context.WithoutCancel(ctx), c.Table)
	if lerr != nil {
		return nil, errors.Join(err, lerr)
	}
	if _, ok := now.Properties()[loadProperty+c.LoadID]; ok {
		return &Committed{SnapshotID: snapshotID(now)}, nil
	}
	if c.doubts++; c.doubts <= doubtMost && errors.Is(temporary(err), waybill.ErrTemporary) {
		return nil, fmt.Errorf("%w: its answer was lost, and it is not in: %w", table.ErrCommitFailed, err)
	}
	return nil, err
}

func (c *change) summary() iceberg.Properties {
	return iceberg.Properties{summaryLoad: c.LoadID, summaryKind: c.kind}
}

func (c *change) properties() iceberg.Properties {
	p := iceberg.Properties{}
	maps.Copy(p, c.Properties)
	if c.CursorKey != "" {
		p[cursorProperty+c.CursorKey] = c.Cursor
	}
	p[versionProperty] = c.LoadID
	p[loadProperty+c.LoadID] = c.lake.now().UTC().Format(time.RFC3339Nano)
	return p
}

// outgoing tells which files leave the table as it is now, and the files that keep their remaining rows.
func (c *change) outgoing(ctx context.Context, t *table.Table) (old, rest []iceberg.DataFile, err error) {
	if c.kind == kindLoad && len(c.Retract) == 0 && len(c.Remove) == 0 {
		return nil, nil, nil
	}
	files, err := dataFiles(ctx, t, 0)
	if err != nil {
		return nil, nil, err
	}
	removed := 0
	for _, df := range files {
		load, compacted := loadOfPath(df.FilePath())
		switch {
		case c.kind == kindReplace, slices.Contains(c.Retract, load):
			old = append(old, df)
		case slices.Contains(c.Remove, df.FilePath()):
			old = append(old, df)
			removed++
		case compacted && len(c.Retract) > 0:
			left, changed, err := c.without(ctx, t, df)
			if err != nil {
				return nil, nil, err
			}
			if changed {
				old, rest = append(old, df), append(rest, left...)
			}
		}
	}
	if removed != len(c.Remove) {
		return nil, nil, fmt.Errorf("%d of %d files to remove are not in the table; scan it again", len(c.Remove)-removed, len(c.Remove))
	}
	return old, rest, nil
}

// without is what remains of a compacted file when the retracted loads are gone. The work is kept for the next attempt.
func (c *change) without(ctx context.Context, t *table.Table, df iceberg.DataFile) (left []iceberg.DataFile, changed bool, err error) {
	if left, ok := c.rewrites[df.FilePath()]; ok {
		return left, true, nil
	}
	loads, err := c.lake.loadsOf(ctx, df.FilePath())
	if err != nil {
		return nil, false, err
	}
	stay := slices.DeleteFunc(slices.Clone(loads), func(id string) bool { return slices.Contains(c.Retract, id) })
	if len(stay) == len(loads) {
		return nil, false, nil
	}
	if c.Rewrite == nil {
		return nil, false, fmt.Errorf("a retracted load lies in the compacted file %s, and no Rewrite was given", df.FilePath())
	}
	m := merge{lake: c.lake, table: t, name: c.Table, rewrite: c.Rewrite, put: func(key string) { c.keys = append(c.keys, key) }}
	left, err = m.run(ctx, []iceberg.DataFile{df}, stay, notLoads(c.Retract))
	if err != nil {
		return nil, false, err
	}
	if c.rewrites == nil {
		c.rewrites = map[string][]iceberg.DataFile{}
	}
	c.rewrites[df.FilePath()] = left
	return left, true, nil
}

// discard removes what was uploaded for a change that did not happen. What it misses the orphan sweep finds.
func (c *change) discard(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	for _, key := range c.keys {
		if err := c.lake.objects.remove(ctx, key); err != nil {
			return
		}
	}
}
