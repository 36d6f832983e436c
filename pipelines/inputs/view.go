package inputs

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines/parquet"
	"github.com/fourmarketing/waybill/transforms/models"
)

// View is one consistent reading of the inputs: raw tables at the snapshots of one moment, state tables written out once.
type View struct {
	lake     *lake.Lake
	dir      string // of the state tables' files
	state    map[waybill.TableName]stateFile
	shapes   map[waybill.TableName][]waybill.Column
	scans    map[waybill.TableName]lake.Scan
	versions map[waybill.TableName]string
	local    []*lake.LocalFiles // what may not leave the cache while the view is read
	received receipts
}

// receipts says how a view shows when something was received, which is wall time. A run asks about an instant that had passed when it began, and what it
// received since is known to it: for the run that was received then. Only a view as of an instant before the newest release's shows what was received
// later as later, so that the marts of then do not know it.
type receipts struct {
	asOf  time.Time
	aside bool
}

func (r receipts) of(t time.Time) time.Time {
	if !r.aside && t.After(r.asOf) {
		return r.asOf
	}
	return t
}

// seen is a select of a raw table as the view shows it.
func (r receipts) seen(text string, columns []waybill.Column) string {
	if r.aside || !slices.ContainsFunc(columns, func(c waybill.Column) bool { return c.Name == receivedAt }) {
		return text
	}
	return fmt.Sprintf("select * replace (least(%[1]s, timestamptz '%[2]s') as %[1]s) from (%[3]s)", receivedAt, r.asOf.UTC().Format("2006-01-02 15:04:05.999999Z07:00"), text)
}

// receivedAt is the lineage column of raw tables that says when the row's file was received.
const receivedAt = "_received_at"

// close lets the cache evict the view's files.
func (v *View) close() {
	for _, f := range v.local {
		f.Close()
	}
}

// quietTries is how often a reading is begun anew because a file came in or changed its state meanwhile.
const quietTries = 5

// newView fixes what is read. dir holds its files and is the caller's to remove. Ledger and raw tables are read one after the other, so it reads
// again if the ledger changed meanwhile: else rows of a file that another run loads could be seen without it.
func (i *Inputs) newView(ctx context.Context, asOf time.Time, dir string) (*View, error) {
	for try := 1; ; try++ {
		before, err := i.state.ledger.FilesMark(ctx)
		if err != nil {
			return nil, err
		}
		v, err := i.fix(ctx, asOf, dir)
		if err != nil {
			return nil, err
		}
		after, err := i.state.ledger.FilesMark(ctx)
		if err != nil || after == before || try == quietTries {
			return v, err
		}
	}
}

func (i *Inputs) fix(ctx context.Context, asOf time.Time, dir string) (*View, error) {
	newest, _, err := i.state.ledger.NewestRelease(ctx)
	if err != nil {
		return nil, err
	}
	v := &View{
		lake: i.lake, dir: dir, shapes: i.shapes, scans: map[waybill.TableName]lake.Scan{}, versions: map[waybill.TableName]string{},
		received: receipts{asOf: asOf, aside: asOf.Before(newest.AsOf)},
	}
	if v.state, err = i.state.write(ctx, v.received, newest, dir); err != nil {
		return nil, err
	}
	for name := range v.shapes {
		if f, ok := v.state[name]; ok {
			v.versions[name] = f.version
			continue
		}
		if !i.inLake(name) {
			continue
		}
		scan, err := i.lake.Scan(ctx, name, 0)
		if err != nil {
			return nil, fmt.Errorf("plan %s: %w", name, err)
		}
		v.scans[name] = scan
		v.versions[name] = scan.Version // not the snapshot: a compaction is no news
	}
	v.versions[rawRows] = v.rawRowsVersion()
	return v, nil
}

// Versions says of each input in which state it is read; models.Project.Fingerprint takes them.
func (v *View) Versions() map[waybill.TableName]string { return v.versions }

// Relation gives the select that reads an input or an already built mart (models.Relations).
func (v *View) Relation(ctx context.Context, name waybill.TableName) (string, error) {
	if f, ok := v.state[name]; ok {
		return stateSelect(f.path, v.shapes[name]), nil
	}
	if name == rawRows {
		return v.rawRowsSelect(ctx)
	}
	scan, ok := v.scans[name]
	if columns, declared := v.shapes[name]; declared && !ok { // nobody sends anything of it
		return emptySelect(columns), nil
	}
	if !ok { // a mart that was built before
		var err error
		if scan, err = v.lake.Scan(ctx, name, 0); err != nil {
			return "", fmt.Errorf("plan %s: %w", name, err)
		}
	}
	text, files, err := parquet.SelectScan(ctx, v.lake, scan)
	if err != nil {
		return "", err
	}
	v.local = append(v.local, files)
	return v.received.seen(text, v.shapes[name]), nil
}

// At gives the select that reads a mart as it was at a snapshot.
func (v *View) At(ctx context.Context, name waybill.TableName, snapshot int64) (string, error) {
	scan, err := v.lake.Scan(ctx, name, snapshot)
	if err != nil {
		return "", fmt.Errorf("plan %s at %d: %w", name, snapshot, err)
	}
	text, files, err := parquet.SelectScan(ctx, v.lake, scan)
	if err != nil {
		return "", err
	}
	v.local = append(v.local, files)
	return text, nil
}

// Session gives work a session of the SQL engine over the view.
func (v *View) Session(ctx context.Context, db *sql.DB, project *models.Project, work func(*models.Session) error) error {
	s, err := models.NewSession(ctx, db, project, v)
	if err != nil {
		return err
	}
	defer s.Close()
	return work(s)
}
