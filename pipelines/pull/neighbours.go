package pull

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/parquet"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// neighboursAsked is how many of the feed's newest files tell what its dates are like.
const neighboursAsked = 20

// mergedAsked is how many bytes of merged files are read for it, in which rows of many loads lie.
const mergedAsked = 64 << 20

// neighbours tell what the dates of the feed's files before this one were, from the rows that count now.
func (t *taker) neighbours(f ledger.File) typing.Neighbours {
	return func(ctx context.Context, table waybill.TableName, column string) (typing.Reach, error) {
		var reach typing.Reach
		ids, loads := t.before(f)
		if len(ids) == 0 {
			return reach, nil
		}
		scan, err := t.lake.Scan(ctx, table, 0)
		if err != nil {
			return reach, err
		}
		var merged int64
		scan.Files = slices.DeleteFunc(scan.Files, func(d lake.DataFile) bool {
			if d.Compacted {
				merged += d.Bytes
				return merged > mergedAsked
			}
			return !slices.Contains(loads, d.LoadID)
		})
		from, files, err := parquet.SelectScan(ctx, t.lake, scan)
		if err != nil {
			return reach, err
		}
		defer files.Close()
		var least, most sql.NullInt64
		query := fmt.Sprintf(`select count(distinct _file_id), min(lag), max(lag) from
			(select _file_id, date_diff('day', cast(%[1]s as date), cast(_received_at as date)) as lag from (%[2]s) where %[1]s is not null and _file_id in (select unnest(%[3]s)))`,
			duck.Ident(column), from, duck.List(ids))
		if err := t.duck.QueryRowContext(ctx, query).Scan(&reach.Files, &least, &most); err != nil {
			return reach, fmt.Errorf("read the dates of %s: %w", table, err)
		}
		reach.Least, reach.Most = int(least.Int64), int(most.Int64)
		return reach, nil
	}
}

// before are the ids and loads of the feed's newest files that were loaded when its turn began, but for versions of this one.
func (t *taker) before(f ledger.File) (ids, loads []string) {
	for _, old := range slices.Backward(t.loaded) {
		if old.Identity != f.Identity && len(ids) < neighboursAsked {
			ids, loads = append(ids, old.ID), append(loads, old.LoadID)
		}
	}
	return ids, loads
}

// loadedOf are the files whose rows are in the lake.
func loadedOf(files []ledger.File) []ledger.File {
	return slices.DeleteFunc(slices.Clone(files), func(f ledger.File) bool { return f.Status != ledger.Loaded })
}
