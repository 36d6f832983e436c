package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// Status is what became of a received file.
type Status string

// What can become of a file.
const (
	Received   Status = "received"   // the bytes are kept; nothing is loaded yet
	Loaded     Status = "loaded"     // its rows are in the lake
	Held       Status = "held"       // something is wrong with the file as a whole; nothing of it is in the lake
	Duplicate  Status = "duplicate"  // the same bytes came before under another name
	Superseded Status = "superseded" // a later version of the file took its place
)

// File is one version of a partner's file, or one kept batch of API answers. Its identity is (source, feed, name,
// version); sha256 says which bytes.
type File struct {
	bun.BaseModel `bun:"table:waybill_files" json:"-"`

	Source       string    `bun:",pk" json:"source"`
	Feed         string    `bun:",pk" json:"feed"`
	Name         string    `bun:",pk" json:"name"`
	Version      int64     `bun:",pk" json:"version"`
	ID           string    `bun:"file_id,notnull" json:"file"` // what _file_id says in every raw row
	SHA256       string    `bun:"sha256,notnull" json:"sha256"`
	Identity     string    `bun:",notnull" json:"identity"` // files with one identity are versions of one another
	Size         int64     `bun:",notnull" json:"size_bytes"`
	ModifiedAt   time.Time `bun:",nullzero" json:"modified_at,omitzero"` // the partner's time
	ReceivedAt   time.Time `bun:",notnull" json:"received_at"`           // by the wall clock, when these bytes were asked for
	KeptPath     string    `bun:",notnull" json:"kept_path"`
	Status       Status    `bun:",notnull" json:"status"`
	LoadID       string    `bun:",notnull" json:"load_id,omitempty"` // of the newest loading, which its rejects bear, and its rows where it tells of one document
	Loading      int64     `bun:",notnull" json:"loading"`           // how often it was loaded: each loading has an id of its own
	Contract     string    `bun:",notnull" json:"contract"`          // hash of the contract of the newest loading
	Records      int64     `bun:",notnull" json:"records"`
	Loaded       int64     `bun:",notnull" json:"loaded"`
	Rejected     int64     `bun:",notnull" json:"rejected"`
	Elsewhere    int64     `bun:",notnull" json:"elsewhere"`        // records of documents that count from another file
	Rule         string    `bun:",notnull" json:"rule,omitempty"`   // why it is held
	Detail       string    `bun:",notnull" json:"detail,omitempty"` // in words, with line and column where there are any
	Notes        string    `bun:",notnull" json:"notes,omitempty"`  // warnings: drift, trailer by policy warn, repeated headers
	Sequence     int64     `bun:",nullzero" json:"sequence,omitempty"`
	SupersededBy string    `bun:",notnull" json:"superseded_by,omitempty"` // id of the file that took its place
	DuplicateOf  string    `bun:",notnull" json:"duplicate_of,omitempty"`  // name of the file with the same bytes
	Cursor       string    `bun:",notnull" json:"cursor,omitempty"`
}

// FilesOf returns every known file of a feed, oldest version first.
func (l *Ledger) FilesOf(ctx context.Context, source, feed string) ([]File, error) {
	var files []File
	err := l.db.NewSelect().Model(&files).Where("source = ? AND feed = ?", source, feed).
		Order("received_at", "name", "version").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("read ledger of %s/%s: %w", source, feed, err)
	}
	return files, nil
}

// Filter narrows Files; empty fields do not narrow.
type Filter struct {
	Source, Feed, Name string
	IDPrefix           string // of the file's id or of its sha256
	Status             Status
}

// Files returns the files that fit the filter, in the order of source, feed and receipt.
func (l *Ledger) Files(ctx context.Context, f Filter) ([]File, error) {
	var files []File
	q := l.db.NewSelect().Model(&files).Order("source", "feed", "received_at", "name", "version")
	for column, value := range map[string]string{"source": f.Source, "feed": f.Feed, "name": f.Name, "status": string(f.Status)} {
		if value != "" {
			q = q.Where("? = ?", bun.Ident(column), value)
		}
	}
	if f.IDPrefix != "" {
		q = q.Where("(file_id LIKE ? OR sha256 LIKE ?)", f.IDPrefix+"%", f.IDPrefix+"%")
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	return files, nil
}

// FilesMark changes whenever a file comes in or changes its status.
func (l *Ledger) FilesMark(ctx context.Context) (string, error) {
	var counts []struct {
		Status Status
		N      int64
	}
	if err := l.db.NewSelect().Model((*File)(nil)).Column("status").ColumnExpr("count(*) AS n").Group("status").Order("status").Scan(ctx, &counts); err != nil {
		return "", fmt.Errorf("read ledger: %w", err)
	}
	return fmt.Sprint(counts), nil
}

// Put writes files' rows, new or changed. They are not noted in the journal: it is for files of which nothing was received, which every run tries again.
func (l *Ledger) Put(ctx context.Context, files ...File) error {
	if len(files) == 0 {
		return nil
	}
	err := l.write(ctx, func(ctx context.Context, tx bun.Tx) error { return put(ctx, tx, files) })
	if err != nil {
		return fmt.Errorf("write ledger for %s/%s %s: %w", files[0].Source, files[0].Feed, files[0].Name, err)
	}
	return nil
}

func put(ctx context.Context, tx bun.Tx, files []File) error {
	const batch = 200
	for len(files) > batch {
		if err := put(ctx, tx, files[:batch]); err != nil {
			return err
		}
		files = files[batch:]
	}
	if len(files) == 0 {
		return nil
	}
	_, err := tx.NewInsert().Model(&files).
		On("CONFLICT (source, feed, name, version) DO UPDATE").
		Set("sha256 = EXCLUDED.sha256, received_at = EXCLUDED.received_at").
		Set("file_id = EXCLUDED.file_id, identity = EXCLUDED.identity, size = EXCLUDED.size, modified_at = EXCLUDED.modified_at").
		Set("kept_path = EXCLUDED.kept_path, status = EXCLUDED.status, load_id = EXCLUDED.load_id, loading = EXCLUDED.loading").
		Set("contract = EXCLUDED.contract, records = EXCLUDED.records, loaded = EXCLUDED.loaded, rejected = EXCLUDED.rejected, elsewhere = EXCLUDED.elsewhere").
		Set("rule = EXCLUDED.rule, detail = EXCLUDED.detail, notes = EXCLUDED.notes, sequence = EXCLUDED.sequence").
		Set("superseded_by = EXCLUDED.superseded_by, duplicate_of = EXCLUDED.duplicate_of, cursor = EXCLUDED.cursor").
		Exec(ctx)
	return err
}

// Sighting is the newest entry of a partner's listing under one name. Bytes were fetched for it when Fetched is set.
type Sighting struct {
	bun.BaseModel `bun:"table:waybill_sightings" json:"-"`

	Source      string    `bun:",pk"`
	Feed        string    `bun:",pk"`
	Name        string    `bun:",pk"`
	Size        int64     `bun:",notnull"`
	ModifiedAt  time.Time `bun:",nullzero"`
	FirstSeenAt time.Time `bun:",notnull"` // wall clock of the first listing that showed this size and time
	Fetched     bool      `bun:",notnull"`
}

// Same tells whether the listing still shows what was seen, to the microsecond that both databases keep of a time.
func (s Sighting) Same(size int64, modified time.Time) bool {
	return s.Size == size && s.ModifiedAt.Truncate(time.Microsecond).Equal(modified.Truncate(time.Microsecond))
}

// Sightings returns what was last seen of a feed's listing, by name.
func (l *Ledger) Sightings(ctx context.Context, source, feed string) (map[string]Sighting, error) {
	var seen []Sighting
	if err := l.db.NewSelect().Model(&seen).Where("source = ? AND feed = ?", source, feed).Scan(ctx); err != nil {
		return nil, fmt.Errorf("read sightings of %s/%s: %w", source, feed, err)
	}
	byName := make(map[string]Sighting, len(seen))
	for _, s := range seen {
		byName[s.Name] = s
	}
	return byName, nil
}

// See records sightings.
func (l *Ledger) See(ctx context.Context, seen ...Sighting) error {
	return l.write(ctx, func(ctx context.Context, tx bun.Tx) error { return see(ctx, tx, seen) })
}

// see records sightings in batches that keep one statement small.
func see(ctx context.Context, db bun.IDB, seen []Sighting) error {
	const batch = 500
	seen = latest(seen)
	for start := 0; start < len(seen); start += batch {
		part := seen[start:min(start+batch, len(seen))]
		_, err := db.NewInsert().Model(&part).
			On("CONFLICT (source, feed, name) DO UPDATE").
			Set("size = EXCLUDED.size, modified_at = EXCLUDED.modified_at").
			Set("first_seen_at = EXCLUDED.first_seen_at, fetched = EXCLUDED.fetched").
			Exec(ctx)
		if err != nil {
			return fmt.Errorf("record sightings of %s/%s: %w", part[0].Source, part[0].Feed, err)
		}
	}
	return nil
}

// latest drops earlier sightings of a name: one statement may write a row only once.
func latest(seen []Sighting) []Sighting {
	last := make(map[string]int, len(seen))
	for i, s := range seen {
		last[s.Source+"/"+s.Feed+"/"+s.Name] = i
	}
	var out []Sighting
	for i, s := range seen {
		if last[s.Source+"/"+s.Feed+"/"+s.Name] == i {
			out = append(out, s)
		}
	}
	return out
}
