package pull

import (
	"context"
	"fmt"

	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/load"
)

// A feed that loads many files in a row would make its tables' metadata grow with each commit, and each commit slower. Every so many files
// the oldest snapshots of its raw tables are dropped; loads only add files, so nothing that anybody reads goes with them.
const (
	trimEvery   = 40
	trimRetain  = 30
	trimLoadIDs = 60
)

func (i intake) trim(ctx context.Context, t pipelines.Task) error {
	for _, name := range append(t.Feed.TableNames(), load.RejectsTable) {
		if _, err := i.lake.Maintain(ctx, name, lake.Policy{RetainSnapshots: trimRetain, KeepLoads: trimLoadIDs}, nil); err != nil {
			return fmt.Errorf("trim the history of %s: %w", name, err)
		}
	}
	return nil
}
