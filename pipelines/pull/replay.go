package pull

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// Replay loads a file again from its kept bytes, under today's contract, without asking the partner.
func (p *Puller) Replay(ctx context.Context, f ledger.File, asOf time.Time) (ledger.File, error) {
	if f.KeptPath == "" {
		return f, fmt.Errorf("%s: no byte of it was received, so there is nothing to load again; next: waybill files why %s", f.Name, f.ID)
	}
	t, err := pipelines.TaskOf(p.pipelines, f.Source, f.Feed)
	if err != nil {
		return f, err
	}
	err = p.leases.During(ctx, "feed:"+t.String(), func(ctx context.Context) error {
		files, err := p.ledger.FilesOf(ctx, f.Source, f.Feed)
		if err != nil {
			return err
		}
		if err := p.inputs.Ensure(ctx); err != nil {
			return err
		}
		tk := p.intake.taker(t, nil, asOf, files)
		was := f
		if err := tk.identify(&f); err != nil || (f.LoadID == was.LoadID && f.Status == ledger.Loaded) {
			return err
		}
		f, err = tk.fromKept(ctx, f)
		return err
	})
	return f, err
}

// fromKept loads a received file from the lake's own copy of its bytes.
func (t *taker) fromKept(ctx context.Context, f ledger.File) (ledger.File, error) {
	body, err := t.lake.OpenKept(ctx, f.KeptPath)
	if err != nil {
		return f, err
	}
	defer body.Close()
	stage, err := t.scratch.Folder("load-*")
	if err != nil {
		return f, err
	}
	defer os.RemoveAll(stage)
	res, err := t.load(ctx, body, f, stage)
	if err != nil {
		return f, err
	}
	return t.decide(ctx, f, res)
}

// finish loads what an interrupted run had received but not finished, so that worklists see all of it and nobody is asked twice.
func (t *taker) finish(ctx context.Context) ([]ledger.File, error) {
	var finished []ledger.File
	for _, f := range append([]ledger.File{}, t.files...) {
		if f.Status != ledger.Received {
			continue
		}
		f, err := t.fromKept(ctx, f)
		if err != nil {
			return finished, fmt.Errorf("finish interrupted load of %s: %w", f.Name, err)
		}
		finished = append(finished, f)
	}
	return finished, nil
}
