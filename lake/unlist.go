package lake

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/catalog"
	icebergio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"

	"github.com/fourmarketing/waybill"
)

// Unlist takes a table out of the catalog and touches none of its files, wherever they lie: a rebuild makes it anew beside them.
func (l *Lake) Unlist(ctx context.Context, name waybill.TableName) error {
	if err := l.Writable(ctx); err != nil {
		return err
	}
	err := l.catalog.sql.DropTable(l.catalog.reach(ctx), ident(name))
	if err != nil && !errors.Is(err, catalog.ErrNoSuchTable) {
		return fmt.Errorf("take %s out of the catalog: %w", name, temporary(err))
	}
	return nil
}

// IsWhole tells whether a table lies below the root and everything is there that its rows as they are now stand on. It looks at names, not into files.
func (l *Lake) IsWhole(ctx context.Context, name waybill.TableName) (bool, error) {
	t, err := l.catalog.load(ctx, name)
	if err != nil {
		return false, err2nil(err, waybill.ErrNotFound)
	}
	root, err := l.keyOf(t)
	if err != nil {
		return false, err2nil(err, ErrReadOnly)
	}
	files, err := dataFiles(ctx, t, 0)
	if err != nil {
		return false, err2nil(temporary(err), waybill.ErrNotFound)
	}
	there := map[string]bool{}
	for o, err := range l.objects.list(ctx, root) {
		if err != nil {
			return false, err
		}
		there[o.key] = true
	}
	for _, df := range files {
		key, ok := l.objects.key(df.FilePath())
		if _, compacted := loadOfPath(key); !ok || !there[key] || (compacted && !there[compactList(key)]) {
			return false, nil
		}
	}
	for k, list := range t.Properties() {
		if strings.HasPrefix(k, listProperty) && !there[list] {
			return false, nil
		}
	}
	return true, nil
}

// DropLost takes out of a table's history the snapshots of which something is gone: an older catalog still names what expired since, and maintenance
// stops at a snapshot that it cannot read. The rows as they are now stay.
func (l *Lake) DropLost(ctx context.Context, name waybill.TableName) (int, error) {
	t, err := l.catalog.load(ctx, name)
	if err != nil {
		return 0, err
	}
	lost, err := l.lost(ctx, t)
	if err != nil || len(lost) == 0 {
		return 0, err
	}
	head := snapshotID(t)
	update := table.NewRemoveSnapshotsUpdate(lost, true)
	reqs := []table.Requirement{table.AssertTableUUID(t.Metadata().TableUUID()), table.AssertRefSnapshotID(table.MainBranch, &head)}
	if _, _, err := l.catalog.CommitTable(ctx, t.Identifier(), reqs, []table.Update{update}); err != nil {
		return 0, fmt.Errorf("drop %d lost snapshots of %s: %w", len(lost), name, temporary(err))
	}
	return len(lost), nil
}

// lost are the snapshots but the current one of which a manifest or a data file is not there.
func (l *Lake) lost(ctx context.Context, t *table.Table) ([]int64, error) {
	root, err := l.keyOf(t)
	if err != nil {
		return nil, err
	}
	in := present{l: l, there: map[string]bool{}, good: map[string]bool{}}
	for o, err := range l.objects.list(ctx, root) {
		if err != nil {
			return nil, err
		}
		in.there[o.key] = true
	}
	if in.fs, err = t.FS(ctx); err != nil {
		return nil, temporary(err)
	}
	var ids []int64
	for _, s := range t.Metadata().Snapshots() {
		if s.SnapshotID == snapshotID(t) {
			continue
		}
		ok, err := in.whole(s)
		if err != nil {
			return nil, fmt.Errorf("look for snapshot %d: %w", s.SnapshotID, temporary(err))
		}
		if !ok {
			ids = append(ids, s.SnapshotID)
		}
	}
	return ids, nil
}

// present is what lies below a table's folder.
type present struct {
	l     *Lake
	fs    icebergio.IO
	there map[string]bool
	good  map[string]bool // manifests of which all is there
}

func (p present) has(address string) bool {
	key, ok := p.l.objects.key(address)
	return ok && p.there[key]
}

// whole tells whether every file of a snapshot is there.
func (p present) whole(s table.Snapshot) (bool, error) {
	if !p.has(s.ManifestList) {
		return false, nil
	}
	manifests, err := s.Manifests(p.fs)
	if err != nil {
		return false, err
	}
	for _, m := range manifests {
		if p.good[m.FilePath()] {
			continue
		}
		if !p.has(m.FilePath()) {
			return false, nil
		}
		files := map[string]iceberg.DataFile{}
		if err := readManifest(p.fs, m, files); err != nil {
			return false, err
		}
		for address := range files {
			if !p.has(address) {
				return false, nil
			}
		}
		p.good[m.FilePath()] = true
	}
	return true, nil
}

// LoadsIn names the loads whose rows a table has now.
func (l *Lake) LoadsIn(ctx context.Context, name waybill.TableName) ([]string, error) {
	t, err := l.catalog.load(ctx, name)
	if err != nil {
		return nil, err
	}
	files, err := dataFiles(ctx, t, 0)
	if err != nil {
		return nil, fmt.Errorf("scan %s: %w", name, temporary(err))
	}
	ids, err := l.loadsIn(ctx, files)
	if err != nil {
		return nil, fmt.Errorf("scan %s: %w", name, err)
	}
	return slices.Compact(slices.Sorted(slices.Values(ids))), nil
}

// TrashStrays moves to the trash the tables' folders that no table of the catalog lies in and in which nothing was written since an instant: what a
// rebuild took the place of.
func (l *Lake) TrashStrays(ctx context.Context, before time.Time) (int, error) {
	if err := l.Writable(ctx); err != nil {
		return 0, err
	}
	used, err := l.tableFolders(ctx)
	if err != nil {
		return 0, err
	}
	strays := map[string][]string{}
	for o, err := range l.objects.list(ctx, tablesRoot) {
		if err != nil {
			return 0, err
		}
		parts := strings.SplitN(o.key, "/", 4)
		if len(parts) < 4 {
			continue
		}
		folder := path.Join(parts[:3]...)
		if used[folder] {
			continue
		}
		if !o.modified.Before(before) {
			used[folder] = true // somebody is making a table there
			delete(strays, folder)
			continue
		}
		strays[folder] = append(strays[folder], o.key)
	}
	moved := 0
	for _, folder := range sortedKeys(strays) {
		for _, key := range strays[folder] {
			if err := l.trash(ctx, key); err != nil {
				return moved, err
			}
			moved++
		}
	}
	return moved, nil
}

// tableFolders are the folders that tables of the catalog lie in.
func (l *Lake) tableFolders(ctx context.Context) (map[string]bool, error) {
	var locations []string
	err := l.catalog.bun.NewSelect().Table("iceberg_tables").ColumnExpr("coalesce(metadata_location, '')").Where("catalog_name = ?", catalogName).Scan(ctx, &locations)
	if err != nil {
		return nil, fmt.Errorf("look where the tables lie: %w", temporary(err))
	}
	used := map[string]bool{}
	for _, address := range locations {
		if key, ok := l.objects.key(address); ok {
			used[path.Dir(path.Dir(key))] = true
		}
	}
	return used, nil
}
