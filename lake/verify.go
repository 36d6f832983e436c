package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/apache/iceberg-go"
	icebergio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"
	"github.com/parquet-go/parquet-go"

	"github.com/fourmarketing/waybill"
)

// Damage is an object at the root that is not as it was written, or not there.
type Damage struct {
	Object string `json:"object"`          // its address
	Kind   string `json:"kind"`            // data, metadata, kept, journal
	Table  string `json:"table,omitempty"` // that it belongs to
	Detail string `json:"detail"`
}

// Kinds of objects.
const (
	KindData     = "data"
	KindMetadata = "metadata"
	KindKept     = "kept"
	KindJournal  = "journal"
)

// Verified is what a verification looked at.
type Verified struct {
	Tables  int      `json:"tables"`
	Data    int      `json:"data_files"`
	Rows    int64    `json:"rows"`
	Meta    int      `json:"metadata_files"`
	Kept    int      `json:"kept_objects"`
	Journal int      `json:"journal_entries"`
	Damaged []Damage `json:"damaged"`
}

// Verify reads what tables stand on, at every snapshot that they have, with a library that wrote none of it: metadata, manifests, load lists, every page
// of every data file, compared with the rows and bytes that the manifest counts and with the hash in its name. Without names it is every table, and
// all kept bytes (against their SHA-256) and the journal too. watch is told of each object.
func (l *Lake) Verify(ctx context.Context, tables []waybill.TableName, watch func(what string, done, total int)) (Verified, error) {
	v := &verification{lake: l, watch: watch}
	all := len(tables) == 0
	if all {
		var err error
		if tables, err = l.Tables(ctx); err != nil {
			return v.Verified, err
		}
	}
	for i, name := range tables {
		watch("tables", i, len(tables))
		if err := v.table(ctx, name); err != nil {
			return v.Verified, err
		}
		v.Tables++
	}
	watch("tables", len(tables), len(tables))
	if !all {
		return v.Verified, nil
	}
	if err := v.kept(ctx); err != nil {
		return v.Verified, err
	}
	return v.Verified, v.journal(ctx)
}

type verification struct {
	Verified
	lake  *Lake
	watch func(what string, done, total int)
}

// found notes what is wrong with an object. What only could not be looked at (a store that gives no answer) is no damage but an error.
func (v *verification) found(ctx context.Context, d Damage, err error) error {
	if err == nil {
		return nil
	}
	if err = temporary(err); ctx.Err() != nil || errors.Is(err, waybill.ErrAuth) || (errors.Is(err, waybill.ErrTemporary) && !errors.Is(err, io.ErrUnexpectedEOF)) {
		return fmt.Errorf("verify %s: %w", d.Object, err)
	}
	d.Detail = err.Error()
	v.Damaged = append(v.Damaged, d)
	return nil
}

func (v *verification) table(ctx context.Context, name waybill.TableName) error {
	t, err := v.lake.catalog.load(ctx, name)
	v.Meta++
	if err != nil {
		return v.found(ctx, Damage{Object: name.String(), Kind: KindMetadata, Table: name.String()}, err)
	}
	files := map[string]iceberg.DataFile{}
	if err := v.manifests(ctx, t, name, files); err != nil {
		return err
	}
	for _, address := range sortedKeys(files) {
		v.Data++
		rows, err := v.lake.readParquet(ctx, address, files[address])
		v.Rows += rows
		if err := v.found(ctx, Damage{Object: address, Kind: KindData, Table: name.String()}, err); err != nil {
			return err
		}
	}
	return v.lists(ctx, t, name, files)
}

// manifests reads what the table's snapshots consist of.
func (v *verification) manifests(ctx context.Context, t *table.Table, name waybill.TableName, files map[string]iceberg.DataFile) error {
	fs, err := t.FS(ctx)
	if err != nil {
		return fmt.Errorf("verify %s: %w", name, err)
	}
	seen := map[string]bool{}
	for _, s := range t.Metadata().Snapshots() {
		v.Meta++
		manifests, err := s.Manifests(fs)
		if err := v.found(ctx, Damage{Object: s.ManifestList, Kind: KindMetadata, Table: name.String()}, err); err != nil {
			return err
		}
		for _, m := range manifests {
			if seen[m.FilePath()] {
				continue
			}
			seen[m.FilePath()] = true
			v.Meta++
			err := readManifest(fs, m, files)
			if err := v.found(ctx, Damage{Object: m.FilePath(), Kind: KindMetadata, Table: name.String()}, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// readManifest adds a manifest's data files to those that are known.
func readManifest(fs icebergio.IO, m iceberg.ManifestFile, files map[string]iceberg.DataFile) error {
	n, announced := int32(0), m.AddedDataFiles()+m.ExistingDataFiles()
	for e, err := range m.Entries(fs, true) {
		if err != nil {
			return err
		}
		files[e.DataFile().FilePath()] = e.DataFile()
		n++
	}
	if n != announced {
		return fmt.Errorf("it has %d entries, %d are announced", n, announced)
	}
	return nil
}

// lists reads the load lists that a table's properties and its compacted files name.
func (v *verification) lists(ctx context.Context, t *table.Table, name waybill.TableName, files map[string]iceberg.DataFile) error {
	keys := map[string]bool{}
	for k, key := range t.Properties() {
		if strings.HasPrefix(k, listProperty) {
			keys[key] = true
		}
	}
	for address := range files {
		key, ok := v.lake.objects.key(address)
		if _, compacted := loadOfPath(address); ok && compacted {
			keys[compactList(key)] = true
		}
	}
	for _, key := range sortedKeys(keys) {
		v.Meta++
		body, _, err := v.lake.objects.open(ctx, key)
		if err == nil {
			_, err = readList(body)
			err = errors.Join(err, body.Close())
		}
		if err := v.found(ctx, Damage{Object: v.lake.objects.uri(key), Kind: KindMetadata, Table: name.String()}, err); err != nil {
			return err
		}
	}
	return nil
}

// readParquet reads every page of a data file.
func (l *Lake) readParquet(ctx context.Context, address string, df iceberg.DataFile) (rows int64, err error) {
	key, ok := l.objects.key(address)
	if !ok {
		return 0, fmt.Errorf("it does not lie below the root %s", l.Root())
	}
	f, done, err := l.fetch(ctx, key)
	if err != nil {
		return 0, err
	}
	defer done()
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if st.Size() != df.FileSizeBytes() {
		return 0, fmt.Errorf("it has %d bytes, the manifest says %d", st.Size(), df.FileSizeBytes())
	}
	if want, ok := hashInName(key); ok {
		if got, err := hashOf(f.Name()); err != nil || got != want {
			return 0, errors.Join(fmt.Errorf("its bytes have the hash %s, written were %s", got, want), err)
		}
	}
	rows, err = readPages(f, st.Size())
	if err == nil && rows != df.Count() {
		err = fmt.Errorf("it has %d rows, the manifest says %d", rows, df.Count())
	}
	return rows, err
}

// fetch gives an object as a local file: a folder's own, a bucket's downloaded past the cache.
func (l *Lake) fetch(ctx context.Context, key string) (*os.File, func(), error) {
	if l.objects.local() {
		f, err := os.Open(l.objects.file(key))
		return f, func() { _ = f.Close() }, err
	}
	body, _, err := l.objects.open(ctx, key)
	if err != nil {
		return nil, nil, err
	}
	f, err := os.CreateTemp(l.tmp, "verify-*")
	if err != nil {
		return nil, nil, errors.Join(err, body.Close())
	}
	done := func() { _ = errors.Join(f.Close(), os.Remove(f.Name())) }
	_, err = io.Copy(f, body)
	if err = errors.Join(err, body.Close()); err != nil {
		done()
		return nil, nil, err
	}
	return f, done, nil
}

// readPages decodes all values of a Parquet file and counts its rows. Damaged bytes may make the library panic, which is damage like any other.
func readPages(r io.ReaderAt, size int64) (rows int64, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it cannot be decoded: %v", p)
		}
	}()
	f, err := parquet.OpenFile(r, size)
	if err != nil {
		return 0, fmt.Errorf("it is no Parquet file: %w", err)
	}
	for _, group := range f.RowGroups() {
		for i, chunk := range group.ColumnChunks() {
			name := path.Join(f.Schema().Columns()[i]...)
			values, err := readChunk(chunk)
			if err == nil && values != group.NumRows() {
				err = fmt.Errorf("%d values for %d rows", values, group.NumRows())
			}
			if err != nil {
				return rows, fmt.Errorf("column %s: %w", name, err)
			}
		}
		rows += group.NumRows()
	}
	return rows, nil
}

func readChunk(chunk parquet.ColumnChunk) (values int64, err error) {
	pages := chunk.Pages()
	defer pages.Close()
	buffer := make([]parquet.Value, 1024)
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return values, err
		}
		for in := page.Values(); ; {
			n, err := in.ReadValues(buffer)
			values += int64(n)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return values, err
			}
		}
		parquet.Release(page)
	}
}

// kept unpacks all kept bytes and compares them with their names.
func (v *verification) kept(ctx context.Context) error {
	var keys []string
	for o, err := range v.lake.objects.list(ctx, keptRoot) {
		if err != nil {
			return fmt.Errorf("verify kept bytes: %w", err)
		}
		if _, ok := keptSum(o.key); ok {
			keys = append(keys, o.key)
		}
	}
	for i, key := range keys {
		v.watch("kept bytes", i, len(keys))
		v.Kept++
		body, err := v.lake.OpenKept(ctx, key)
		if err == nil {
			_, err = io.Copy(io.Discard, body)
			err = errors.Join(err, body.Close())
		}
		if err := v.found(ctx, Damage{Object: key, Kind: KindKept}, err); err != nil {
			return err
		}
	}
	v.watch("kept bytes", len(keys), len(keys))
	return nil
}

func (v *verification) journal(ctx context.Context) error {
	for e, err := range v.lake.Journal(ctx) {
		if err != nil && e.Name == "" {
			return err
		}
		v.Journal++
		if err := v.found(ctx, Damage{Object: path.Join(journalRoot, e.Name), Kind: KindJournal}, err); err != nil {
			return err
		}
	}
	return nil
}
