package lake

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"

	"github.com/fourmarketing/waybill"
)

// A table knows its loads by properties. A property for every load there ever was would make each commit slower, so
// maintenance moves the oldest into lists: immutable objects below <table>/loads/, named by properties of their own.
// A list is never dropped, only merged into another, so a retry can always tell.
const (
	listProperty  = "waybill.loads." // + a random id: key of a list
	keptLoads     = 500              // newest loads that stay properties, unless the policy says otherwise
	mergeLists    = 20               // lists that become one
	compactPrefix = "compact-"
)

func isLoadID(id string) bool {
	return pathName.MatchString(id) && !strings.HasPrefix(id, compactPrefix)
}

// loadOfPath reads off an address which load wrote a data file; a compacted one has the rows of several.
func loadOfPath(address string) (load string, compacted bool) {
	dir := path.Base(path.Dir(address))
	if strings.HasPrefix(dir, compactPrefix) {
		return "", true
	}
	return dir, false
}

// hasLoad asks whether a load was ever committed to the table.
func (l *Lake) hasLoad(ctx context.Context, t *table.Table, id string) (bool, error) {
	if _, ok := t.Properties()[loadProperty+id]; ok {
		return true, nil
	}
	for k, key := range t.Properties() {
		if !strings.HasPrefix(k, listProperty) {
			continue
		}
		ids, err := l.list(ctx, key)
		if err != nil {
			return false, err
		}
		if _, ok := slices.BinarySearch(ids, id); ok {
			return true, nil
		}
	}
	return false, nil
}

// HasLoad asks whether a load was ever committed to a table, retracted since or not.
func (l *Lake) HasLoad(ctx context.Context, name waybill.TableName, id string) (bool, error) {
	t, err := l.catalog.load(ctx, name)
	if err != nil {
		return false, err
	}
	return l.hasLoad(ctx, t, id)
}

// loadsOf names the loads whose rows are in a compacted file.
func (l *Lake) loadsOf(ctx context.Context, address string) ([]string, error) {
	key, ok := l.objects.key(address)
	if !ok {
		return nil, fmt.Errorf("file %s is not of this lake", address)
	}
	return l.list(ctx, compactList(key))
}

// compactList is the key of the load list that belongs to a compacted file's key.
func compactList(key string) string {
	dir := path.Dir(key)
	return path.Join(path.Dir(path.Dir(dir)), "loads", path.Base(dir)+".zst")
}

// list reads a sorted load list, once per process.
func (l *Lake) list(ctx context.Context, key string) ([]string, error) {
	l.mu.Lock()
	ids, ok := l.lists[key]
	l.mu.Unlock()
	if ok {
		return ids, nil
	}
	body, _, err := l.objects.open(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("open load list %s: %w", key, err)
	}
	ids, err = readList(body)
	if err = errors.Join(err, body.Close()); err != nil {
		return nil, fmt.Errorf("read load list %s: %w", key, temporary(err))
	}
	l.mu.Lock()
	l.lists[key] = ids
	l.mu.Unlock()
	return ids, nil
}

func readList(r io.Reader) ([]string, error) {
	dec, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	var ids []string
	lines := bufio.NewScanner(dec)
	for lines.Scan() {
		ids = append(ids, lines.Text())
	}
	return ids, lines.Err()
}

// putList writes a load list: one id a line, sorted.
func (l *Lake) putList(ctx context.Context, key string, ids []string) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	tmp, err := l.temp("loads-*.zst")
	if err != nil {
		return fmt.Errorf("write load list: %w", temporary(err))
	}
	text := ""
	if len(ids) > 0 {
		text = strings.Join(ids, "\n") + "\n"
	}
	packed := &frames{w: tmp}
	_, err = io.WriteString(packed, text)
	err = errors.Join(err, packed.Close(), tmp.Close())
	if err == nil {
		err = l.objects.put(ctx, key, tmp.Name())
	}
	if err = errors.Join(err, os.Remove(tmp.Name())); err != nil {
		return fmt.Errorf("put load list %s: %w", key, temporary(err))
	}
	return nil
}

// archiveLoads moves the oldest load properties into a list when there are twice as many as should stay.
func (l *Lake) archiveLoads(ctx context.Context, name waybill.TableName, keep int) (int, error) {
	if keep <= 0 {
		keep = keptLoads
	}
	for attempt := range commitAttempts {
		t, err := l.catalog.load(ctx, name)
		if err != nil {
			return 0, err
		}
		gone, ids, err := l.archivable(ctx, t, keep)
		if err != nil || len(gone) == 0 {
			return 0, err
		}
		root, err := l.keyOf(t)
		if err != nil {
			return 0, err
		}
		id := uuid.NewString()
		key := path.Join(root, "loads", id+".zst")
		if err := l.putList(ctx, key, ids); err != nil {
			return 0, err
		}
		tx := t.NewTransaction()
		err = errors.Join(tx.SetProperties(iceberg.Properties{listProperty + id: key}), tx.RemoveProperties(gone))
		if err == nil {
			_, err = tx.Commit(ctx)
		}
		if err == nil {
			return len(gone), nil
		}
		if !errors.Is(err, table.ErrCommitFailed) {
			return 0, fmt.Errorf("archive the loads of %s: %w", name, temporary(err))
		}
		if err := pause(ctx, attempt); err != nil {
			return 0, err
		}
	}
	return 0, fmt.Errorf("archive the loads of %s: %w: other commits came first", name, waybill.ErrTemporary)
}

// archivable picks the properties that can go and the load ids that they stand for.
func (l *Lake) archivable(ctx context.Context, t *table.Table, keep int) (gone, ids []string, err error) {
	type stamp struct{ id, at string }
	var loads []stamp
	lists := map[string]string{}
	for k, v := range t.Properties() {
		if id, ok := strings.CutPrefix(k, loadProperty); ok {
			loads = append(loads, stamp{id, v})
		}
		if strings.HasPrefix(k, listProperty) {
			lists[k] = v
		}
	}
	if len(loads) < 2*keep {
		return nil, nil, nil
	}
	slices.SortFunc(loads, func(a, b stamp) int { return strings.Compare(a.at, b.at) })
	for _, s := range loads[:len(loads)-keep] {
		gone, ids = append(gone, loadProperty+s.id), append(ids, s.id)
	}
	if len(lists) < mergeLists {
		return gone, ids, nil
	}
	for k, key := range lists {
		more, err := l.list(ctx, key)
		if err != nil {
			return nil, nil, err
		}
		gone, ids = append(gone, k), append(ids, more...)
	}
	return gone, ids, nil
}

// notLoads is the SQL condition that keeps the rows of all other loads. Load ids need no quoting beyond the quotes.
func notLoads(ids []string) string {
	return `("_load_id" IS NULL OR "_load_id" NOT IN ('` + strings.Join(ids, `', '`) + `'))`
}
