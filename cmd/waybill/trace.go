package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/questions"
)

func newTrace(l *commandLine) *cobra.Command {
	return &cobra.Command{
		Use:   "trace REF",
		Short: "Show one order, parcel, return, refund or payment through every system, on a timeline",
		Example: `  waybill trace AV1001                 an order's name
  waybill trace aster-vale:5000000001  its id
  waybill trace 00340434292135100186   a tracking number
  waybill trace 7429098024927090       a PSP reference`,
		Args: oneArg("one reference"),
		RunE: func(c *cobra.Command, args []string) error {
			db, err := l.openMarts()
			if err != nil {
				return err
			}
			defer db.Close()
			orders, err := db.Trace(c.Context(), args[0])
			if err != nil {
				return err
			}
			return l.printTrace(orders)
		},
	}
}

func (l *commandLine) printTrace(orders []questions.Order) error {
	if l.json {
		return printJSON(l.stdout, orders)
	}
	for _, o := range orders {
		fmt.Fprintf(l.stdout, "%s  %s  %s  (%s)\n", o.Name, o.Brand, o.Status, o.ID)
		rows := make([][]string, len(o.Steps))
		for i, t := range o.Steps {
			rows[i] = []string{t.At.UTC().Format("2006-01-02 15:04:05Z"), t.System, t.What, t.Detail, t.File[:min(8, len(t.File))] + ":" + fmt.Sprint(t.Line)}
		}
		grid(l.stdout, []string{"at", "system", "what", "", "file:line"}, rows)
		for _, g := range o.Gaps {
			fmt.Fprintln(l.stdout, "gap:", g)
		}
		fmt.Fprintf(l.stdout, "%s, %s; a line's file: waybill files why FILE\n", plural(len(o.Steps), "step"), plural(len(o.Gaps), "gap"))
	}
	return nil
}
