package pull

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// Replay loads a file again from its kept bytes, under today's contract, without asking the partner.
func (p *Puller) Replay(ctx context.Context, f ledger.File) (ledger.File, error) {
	if f.KeptPath == "" {
		return f, fmt.Errorf("%s: no byte of it was received, so there is nothing to load again; next: waybill files why %s", f.Name, f.ID)
	}
	t, err := pipelines.TaskOf(p.pipelines, f.Source, f.Feed)
	if err == nil {
		err = p.intake.lake.Writable(ctx)
	}
	if err != nil {
		return f, err
	}
	err = p.leases.During(ctx, "feed:"+t.String(), func(ctx context.Context) error {
		files, err := p.ledger.FilesOf(ctx, f.Source, f.Feed)
		if err != nil {
			return err
		}
		for _, known := range files { // another run may have gone on with it since it was looked up
			if known.ID == f.ID {
				f = known
			}
		}
		if err := errors.Join(p.inputs.Ensure(ctx), p.inputs.Fit(ctx, t.Feed.TableNames()...)); err != nil {
			return err
		}
		tk := p.intake.taker(t, nil, files)
		if err := tk.readLoads(ctx); err != nil {
			return err
		}
		contract, err := contractHash(t.Feed)
		if err != nil || (f.Contract == contract && f.Status != ledger.Held && f.Status != ledger.Received) {
			return err
		}
		f, err = tk.again(ctx, f)
		return err
	})
	return f, err
}

// Outdated are the files of the selected feeds that were judged under another contract than today's, and those that an interrupted loading left behind:
// Replay loads them again. Those that do not count are among them, since under today's contract they may. They come in the order of their arrival, over
// all feeds, because documents that are one over several feeds are judged by it.
func (p *Puller) Outdated(ctx context.Context, selectors []string) ([]ledger.File, error) {
	tasks, err := pipelines.Pick(p.pipelines, selectors)
	if err != nil {
		return nil, err
	}
	var out []ledger.File
	for _, t := range tasks {
		files, err := p.ledger.FilesOf(ctx, t.Source, t.Feed.Name)
		if err != nil {
			return nil, err
		}
		of, err := outdated(t.Feed, files)
		if err != nil {
			return nil, err
		}
		out = append(out, of...)
		for _, f := range files {
			if f.Status == ledger.Received && f.KeptPath != "" {
				out = append(out, f)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b ledger.File) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	return out, nil
}

func outdated(f pipelines.Feed, files []ledger.File) ([]ledger.File, error) {
	contract, err := contractHash(f)
	if err != nil {
		return nil, err
	}
	var out []ledger.File
	for _, file := range files {
		if file.KeptPath != "" && file.Contract != contract && file.Status != ledger.Received {
			out = append(out, file)
		}
	}
	return out, nil
}

// again loads a file once more from its kept bytes, under today's contract.
func (t *taker) again(ctx context.Context, f ledger.File) (ledger.File, error) {
	if t.scope == "" {
		if err := t.readLoads(ctx); err != nil {
			return f, err
		}
	}
	if err := t.identify(&f); err != nil {
		return f, err
	}
	return t.fromKept(ctx, f)
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
	return t.settle(ctx, f, res, stage)
}

// finish loads what an interrupted run had received but not finished, so that worklists see all of it and nobody is asked twice.
func (t *taker) finish(ctx context.Context) ([]ledger.File, error) {
	var finished []ledger.File
	for _, f := range append([]ledger.File{}, t.files...) {
		if f.Status != ledger.Received {
			continue
		}
		contract, err := contractHash(t.Feed)
		if err == nil && f.Contract != contract { // what it began under another contract is not what it goes on with
			err = t.identify(&f)
		}
		if err == nil {
			f, err = t.fromKept(ctx, f)
		}
		if err != nil {
			return finished, fmt.Errorf("finish interrupted load of %s: %w", f.Name, err)
		}
		finished = append(finished, f)
	}
	return finished, nil
}
