// Package inputs is what models read and no model builds: the raw tables, whose shapes come from the contracts, and the state tables ops.*,
// which say what the ledger and the project's settings say. It makes missing raw tables and gives one consistent reading of them all.
package inputs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"sort"
	"sync"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
)

// Parts are what inputs are made of.
type Parts struct {
	Lake      *lake.Lake
	Ledger    *ledger.Ledger
	Pipelines []pipelines.Pipeline
	Group     pipelines.Group
	Declared  map[waybill.TableName][]waybill.Column // columns of raw tables that several contracts fill, whatever each of them has
	Scratch   pipelines.Scratch
}

// Inputs are the tables that models read and no model builds.
type Inputs struct {
	lake    *lake.Lake
	state   state
	scratch pipelines.Scratch
	shapes  map[waybill.TableName][]waybill.Column // of all of them
	written map[waybill.TableName]bool             // raw tables that a contract fills; others that are declared are empty
	mu      sync.Mutex
	tables  map[waybill.TableName]lake.Table // the raw ones and ops.rejects, once they are made
	unfit   map[waybill.TableName]error      // those that cannot take a contract's types: nothing is loaded into them
}

// New checks that the pipelines' contracts fit together.
func New(p Parts) (*Inputs, error) {
	shapes, err := Shapes(p.Pipelines, p.Declared)
	if err != nil {
		return nil, err
	}
	s := state{ledger: p.Ledger, pipelines: p.Pipelines, group: p.Group}
	return &Inputs{lake: p.Lake, state: s, scratch: p.Scratch, shapes: shapes, written: pipelines.Written(p.Pipelines)}, nil
}

// Shapes are the shapes of every table that models read and no model builds, also for model tests.
func Shapes(all []pipelines.Pipeline, declared map[waybill.TableName][]waybill.Column) (map[waybill.TableName][]waybill.Column, error) {
	shapes, err := pipelines.RawColumns(all, declared)
	if err != nil {
		return nil, err
	}
	for name, cols := range opsColumns() {
		shapes[waybill.TableName{Namespace: "ops", Name: name}] = cols
	}
	shapes[load.RejectsTable] = load.RejectsColumns()
	return shapes, nil
}

// Read gives work one consistent reading of the raw and state tables.
func (i *Inputs) Read(ctx context.Context, asOf time.Time, work func(*View) error) error {
	dir, err := i.scratch.Folder("read-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := i.Ensure(ctx); err != nil {
		return err
	}
	v, err := i.newView(ctx, asOf, dir)
	if err != nil {
		return err
	}
	defer v.close()
	return work(v)
}

// Ensure makes every raw table that a contract names, so that models can read a table before its first file.
func (i *Inputs) Ensure(ctx context.Context) error {
	if err := i.scratch.Make(); err != nil {
		return err
	}
	_, err := i.FieldIDs(ctx)
	return err
}

// inLake tells whether an input is a table of the lake: a raw table that a contract fills, or the rejects.
func (i *Inputs) inLake(name waybill.TableName) bool {
	return i.written[name] || name == load.RejectsTable
}

// FieldIDs makes the raw tables and ops.rejects where they are missing and returns how a load asks for their field ids, which do not change
// while a process lives.
func (i *Inputs) FieldIDs(ctx context.Context) (func(waybill.TableName) map[string]int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.tables == nil {
		made, unfit := map[waybill.TableName]lake.Table{}, map[waybill.TableName]error{}
		for name, columns := range i.shapes {
			if !i.inLake(name) {
				continue
			}
			t, err := i.lake.Ensure(ctx, name, lake.TableSpec{Columns: columns})
			switch {
			case errors.Is(err, lake.ErrType):
				unfit[name] = err
			case err != nil:
				return nil, fmt.Errorf("prepare %s: %w", name, err)
			default:
				made[name] = t
			}
		}
		i.tables, i.unfit = made, unfit
	}
	tables := maps.Clone(i.tables)
	return func(name waybill.TableName) map[string]int {
		ids := map[string]int{}
		for _, f := range tables[name].Columns {
			ids[f.Name] = f.ID
		}
		return ids
	}, nil
}

// Fit says why a contract's tables cannot take what it types, nil if they can. The feeds of other tables have nothing to do with it.
func (i *Inputs) Fit(ctx context.Context, names ...waybill.TableName) error {
	if _, err := i.FieldIDs(ctx); err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	var problems []error
	for _, name := range names {
		problems = append(problems, i.unfit[name])
	}
	return errors.Join(problems...)
}

// Tables are the names of all inputs, sorted: raw tables, those that are declared and nobody fills among them, and state tables.
func (i *Inputs) Tables() []waybill.TableName {
	out := make([]waybill.TableName, 0, len(i.shapes))
	for name := range i.shapes {
		out = append(out, name)
	}
	sort.Slice(out, func(a, b int) bool { return out[a].String() < out[b].String() })
	return out
}
