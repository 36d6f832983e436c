package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/project"
)

// damage is a damaged object, whose it is, and what to type.
type damage struct {
	lake.Damage
	Of   []string `json:"of,omitempty"` // files, for kept bytes
	Next string   `json:"next"`
}

func newVerify(l *commandLine) *cobra.Command {
	var table string
	c := &cobra.Command{
		Use:   "verify",
		Short: "Read every byte of the lake and say what is damaged or missing; changes nothing",
		Long: `Read what the tables stand on at all snapshots that they have: metadata, manifests, every page of every Parquet file (with a library that did
not write it), rows and sizes against the manifests, bytes against the hash in their name; then all kept bytes against their SHA-256, and the journal.
Says of each damaged object what it belongs to and what to do. Exit codes: 0 all is as it was written · 1 something is not`,
		Example: "  waybill verify\n  waybill verify --table raw.wms_despatch --json",
		Args:    noWords,
		RunE: func(c *cobra.Command, _ []string) error {
			var names []waybill.TableName
			if table != "" {
				name, err := parseTable(table)
				if err != nil {
					return err
				}
				names = append(names, name)
			}
			return l.verify(c.Context(), names)
		},
	}
	c.Flags().StringVar(&table, "table", "", "only this table, such as raw.wms_despatch")
	return c
}

func (l *commandLine) verify(ctx context.Context, names []waybill.TableName) error {
	d := l.newDisplay()
	p, err := l.open(ctx, d.watch)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := known(ctx, p, names); err != nil {
		return err
	}
	found, err := p.Lake.Verify(ctx, names, func(what string, done, total int) {
		d.watch(pipelines.Event{Stage: pipelines.Stage(what), Done: done, Total: total})
	})
	d.stop()
	if err != nil {
		return err
	}
	damaged, err := explain(ctx, p, found.Damaged)
	if err != nil {
		return err
	}
	if l.json {
		err = printJSON(l.stdout, struct {
			lake.Verified
			Damaged []damage `json:"damaged"`
		}{found, damaged})
		if err != nil {
			return err
		}
	} else {
		for _, x := range damaged {
			of := x.Table + strings.Join(x.Of, ", ")
			if of != "" {
				of = " of " + of
			}
			fmt.Fprintf(l.stdout, "damaged: %s%s: %s: %s\n     next: %s\n", x.Kind, visible(of), x.Object, visible(x.Detail), visible(x.Next))
		}
		fmt.Fprintf(l.stdout, "%s read: %s with %s rows, %s, %s, %s of the journal; %d damaged or missing\n", plural(found.Tables, "table"), plural(found.Data, "data file"), count(found.Rows),
			plural(found.Meta, "metadata file"), plural(found.Kept, "kept object"), plural(found.Journal, "object"), len(damaged))
	}
	if len(damaged) > 0 {
		return fmt.Errorf("%s damaged or missing", plural(len(damaged), "object"))
	}
	return nil
}

// known refuses tables that the lake has not.
func known(ctx context.Context, p *project.Project, names []waybill.TableName) error {
	all, err := p.Lake.Tables(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !slices.Contains(all, name) {
			return fmt.Errorf("%w: the lake has no table %s; `waybill state tables` shows what there is", errUsage, name)
		}
	}
	return nil
}

// explain says whose the damaged objects are and what mends them.
func explain(ctx context.Context, p *project.Project, all []lake.Damage) ([]damage, error) {
	files, err := p.Ledger.Files(ctx, ledger.Filter{})
	if err != nil {
		return nil, err
	}
	out := make([]damage, len(all))
	for i, d := range all {
		out[i].Damage = d
		switch d.Kind {
		case lake.KindKept:
			out[i].Next = "restore the object from a copy of the root; no file of the ledger needs it"
			for _, f := range files {
				if f.KeptPath == d.Object {
					out[i].Of = append(out[i].Of, fmt.Sprintf("%s/%s %s", f.Source, f.Feed, f.Name))
					out[i].Next = "waybill files refetch " + f.ID[:8]
				}
			}
		case lake.KindJournal:
			out[i].Next = "waybill rebuild --journal"
		default:
			out[i].Next = "waybill rebuild --table " + d.Table
		}
	}
	return out, nil
}
