package build

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/transforms/models"
)

// releases says which snapshots of the marts belong together.
type releases struct {
	lake   *lake.Lake
	ledger *ledger.Ledger
	models *models.Project
}

// withhold records why nothing was released.
func (r releases) withhold(ctx context.Context, o Options, res *Result) error {
	var text string
	for _, c := range res.Failed {
		text += fmt.Sprintf("%s: %s: %d rows\n", c.Model, c.Check, c.Failing)
	}
	var err error
	res.Release, err = r.ledger.AddRelease(ctx, ledger.Release{AsOf: o.AsOf.UTC(), Status: ledger.Withheld, Failures: text})
	return errors.Join(ErrWithheld, err)
}

// add names the snapshots of all marts that exist now, in one row, unless the last release names the same.
func (r releases) add(ctx context.Context, o Options, res *Result) error {
	tables := map[string]string{}
	for _, m := range r.models.Models() {
		if m.Name.Namespace != models.Marts {
			continue
		}
		t, err := r.lake.Table(ctx, m.Name)
		if errors.Is(err, waybill.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look at %s: %w", m.Name, err)
		}
		tables[m.Name.String()] = strconv.FormatInt(t.Snapshot, 10)
	}
	last, ok, err := r.ledger.LatestRelease(ctx, ledger.Released)
	if err != nil {
		return err
	}
	if ok && sameTables(last.Tables, tables) {
		res.Release = last
		return nil
	}
	rel := ledger.Release{AsOf: o.AsOf.UTC(), Status: ledger.Released, Tables: tables, By: o.ReleasedBy, Why: o.Why}
	for _, c := range res.Failed {
		rel.Failures += fmt.Sprintf("%s: %s: %d rows\n", c.Model, c.Check, c.Failing)
	}
	res.Release, err = r.ledger.AddRelease(ctx, rel)
	return err
}

func sameTables(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}
