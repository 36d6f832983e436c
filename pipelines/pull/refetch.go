package pull

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// Refetch asks the partner once more for a file whose kept bytes are damaged, and puts the same bytes in their place. Others are refused: they are another
// version, which a run brings.
func (p *Puller) Refetch(ctx context.Context, f ledger.File, asOf time.Time) error {
	t, err := pipelines.TaskOf(p.pipelines, f.Source, f.Feed)
	if err != nil {
		return err
	}
	tk := p.intake.taker(t, nil, nil)
	if f.KeptPath == "" || !tk.isOfFiles() {
		return fmt.Errorf("%s: it is no file that lies at the partner's: answers cannot be given again; restore %s from a copy of the root", f.Name, f.KeptPath)
	}
	conn, err := p.open(ctx, t.Source)
	if err != nil {
		return err
	}
	return errors.Join(p.refetch(ctx, conn, t, f, asOf), conn.Close())
}

func (p *Puller) refetch(ctx context.Context, conn waybill.Connector, t pipelines.Task, f ledger.File, asOf time.Time) error {
	req, err := p.lister.request(ctx, t, asOf, nil)
	if err != nil {
		return err
	}
	items, err := conn.List(ctx, req)
	if err != nil {
		return fmt.Errorf("list %s: %w", t, err)
	}
	for _, it := range items {
		if it.Name != f.Name {
			continue
		}
		body, err := conn.Open(ctx, it)
		if err != nil {
			return fmt.Errorf("open %s: %w", f.Name, err)
		}
		return errors.Join(p.intake.lake.Mend(ctx, f.KeptPath, body), body.Close())
	}
	return fmt.Errorf("%s: %w: the partner does not offer it any more; restore %s from a copy of the root", f.Name, waybill.ErrNotFound, f.KeptPath)
}
