package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/questions"
	"github.com/fourmarketing/waybill/transforms/models"
)

func newTrace(l *commandLine) *cobra.Command {
	return &cobra.Command{
		Use:   "trace REF",
		Short: "Show one order, parcel, return, refund or payment through every system, on a timeline",
		Long: `Find what bears a reference, in any case, with or without number sign: an order's name, number or id, what a warehouse calls it, a tracking
number (outbound or return), a despatch note, an RMA, a return's or refund's id, a payment provider's reference of a payment or a
movement, our reference of a payment, a dispute. The published marts are asked first; what they do not have is looked for in the facts,
which takes longer. What has no known order is shown by itself. Where several things bear the reference, they are listed.`,
		Example: `  waybill trace AV1001                 an order's name
  waybill trace 1001                   its number, of whatever brand
  waybill trace aster-vale:5000000001  its id
  waybill trace 00340434292135100186   a tracking number
  waybill trace DN0000003              a despatch note
  waybill trace AV1001-R1              a return, as warehouses call it
  waybill trace 7429098024927090       a PSP reference`,
		Args: oneArg("one reference"),
		RunE: func(c *cobra.Command, args []string) error {
			if questions.Normal(args[0]) == "" {
				return fmt.Errorf("%w: %q is no reference", errUsage, args[0])
			}
			if l.asOf != "" {
				return fmt.Errorf("%w: a trace shows what is known now; next: waybill query --as-of %s, which asks the marts as they were", errUsage, l.asOf)
			}
			found, err := l.trace(c.Context(), args[0])
			if err != nil {
				return err
			}
			return l.printTrace(args[0], found)
		},
	}
}

// trace asks the published marts, and the facts in the lake for what those do not know.
func (l *commandLine) trace(ctx context.Context, ref string) ([]questions.Traced, error) {
	cfg, err := l.readConfig()
	if err != nil {
		return nil, err
	}
	db, err := openMarts(cfg)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	found, err := db.Trace(ctx, ref)
	if !errors.Is(err, questions.ErrNoOrder) {
		return found, err
	}
	p, err := l.openConfig(ctx, cfg, nil)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	tables, err := models.Reads(ctx, questions.TraceFacts)
	if err != nil {
		return nil, err
	}
	err = l.askLake(ctx, p, tables, func(q questions.Querier) error {
		found, err = db.TraceIn(ctx, q, questions.TraceFacts, ref)
		return err
	})
	if errors.Is(err, questions.ErrNoOrder) {
		return nil, fmt.Errorf("%s %w that a mart or a fact has; `waybill files list` shows what was received", ref, questions.ErrNoOrder)
	}
	return found, err
}

func (l *commandLine) printTrace(ref string, found []questions.Traced) error {
	if l.json {
		return printJSON(l.stdout, found)
	}
	if len(found) > 1 {
		return l.printSeveral(ref, found)
	}
	o := found[0]
	head := []string{o.Kind, o.Ref, "no order is known"}
	if o.ID != "" {
		head = []string{o.Name, o.Brand, o.Goods, o.Money, "(" + o.ID + ")"}
	}
	fmt.Fprintln(l.stdout, visible(strings.Join(slices.DeleteFunc(head, func(s string) bool { return s == "" }), "  ")))
	if !slices.Contains(o.Found, "order") {
		fmt.Fprintln(l.stdout, "found as", strings.Join(o.Found, ", "))
	}
	rows := make([][]string, len(o.Steps))
	for i, t := range o.Steps {
		rows[i] = []string{stepTime(t), t.System, t.What, t.Detail, t.File[:min(8, len(t.File))] + ":" + fmt.Sprint(t.Line)}
	}
	grid(l.stdout, []string{"at", "system", "what", "", "file:line"}, rows)
	for _, g := range o.Gaps {
		fmt.Fprintln(l.stdout, "gap:", visible(g))
	}
	fmt.Fprintf(l.stdout, "%s, %s; a line's file: waybill files why FILE\n", plural(len(o.Steps), "step"), plural(len(o.Gaps), "gap"))
	return nil
}

func stepTime(t questions.Step) string {
	if t.At.IsZero() {
		return "no time"
	}
	return t.At.UTC().Format("2006-01-02 15:04:05Z")
}

// printSeveral lists what bears the reference, with a reference that means one of it alone.
func (l *commandLine) printSeveral(ref string, found []questions.Traced) error {
	rows := make([][]string, len(found))
	for i, o := range found {
		rows[i] = []string{o.Kind, o.Ref, o.Name, o.Brand, o.Goods, o.Money, strings.Join(o.Found, ", "), fmt.Sprint(len(o.Steps))}
	}
	grid(l.stdout, []string{"", "reference", "order", "brand", "goods", "money", "found as", "steps"}, rows)
	fmt.Fprintf(l.stdout, "%s %q; one of them: waybill trace REFERENCE; all in full: --json\n", plural(len(found), "thing")+" bear", ref)
	return nil
}
