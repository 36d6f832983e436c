package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/changes"
	"github.com/fourmarketing/waybill/project"
)

// changesFlags are what `waybill changes` takes.
type changesFlags struct {
	question changes.Question
	zone     string
	all      bool
	rows     int
}

func newChanges(l *commandLine) *cobra.Command {
	f := changesFlags{zone: pipelines.BusinessZone, rows: 5}
	c := &cobra.Command{
		Use:   "changes",
		Short: "What is new, gone, worse or better on the lists since an earlier release, with money",
		Long: `Compare the lists (orders at risk, open returns, breaks, claims, disputes, late feeds and so on) as two releases showed them. Each row is in one state:

  new      it is on the list now and was not
  worse    how bad it is moved to the bad, else more money waits for it
  better   the reverse
  changed  something else of it moved, such as the stage in which it is stuck, or the currency
  gone     it was on the list and is not any more
  ageing   only the clock moved: counted, and listed with --all
  same     nothing moved: counted

So what was there before, and what is new, less what is gone, and what became worse or better, comes to what is there now, in each currency by itself. (4 ?) says that of four of the rows nobody knows the amount.

--since and --until take: yesterday (the last release of an earlier day), 24h, 7d or 2w (before --until), a date (its last release), an instant with its
zone, or release:12. They go by what releases are as of. Releases of the last 7 days are kept, and of the 35 days before the newest the last one of each.`,
		Example: `  waybill changes                              since yesterday
  waybill changes --since 7d --brand "Aster & Vale"
  waybill changes --since 2026-04-01 --until 2026-04-03
  waybill changes --since release:12 --list fct_breaks --list orders_at_risk
  waybill changes --list returns_open --all    every row, also those that only grew older
  waybill changes --json                       everything, for programs`,
		Args: noWords,
		RunE: func(c *cobra.Command, _ []string) error {
			err := l.changes(c.Context(), f)
			if errors.Is(err, changes.ErrQuestion) {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			return err
		},
	}
	c.Flags().StringVar(&f.question.Since, "since", "yesterday", "the earlier release")
	c.Flags().StringVar(&f.question.Until, "until", "", "the later release (default: the newest)")
	c.Flags().StringSliceVar(&f.question.Lists, "list", nil, "a list, by the name of its mart (repeatable; default: all)")
	c.Flags().StringVar(&f.question.Brand, "brand", "", "rows of one brand")
	c.Flags().StringVar(&f.zone, "zone", f.zone, "where days begin")
	c.Flags().IntVar(&f.rows, "rows", f.rows, "how many rows of each list and state are shown")
	c.Flags().BoolVar(&f.all, "all", false, "show every row, also those that are ageing")
	return c
}

func (l *commandLine) changes(ctx context.Context, f changesFlags) error {
	if l.asOf != "" {
		return fmt.Errorf("%w: what changed lies between two releases; next: waybill changes --until %s", errUsage, l.asOf)
	}
	if f.rows < 1 {
		return fmt.Errorf("%w: --rows %d: at least one; --list names the lists to be shown", errUsage, f.rows)
	}
	var err error
	if f.question.Zone, err = time.LoadLocation(f.zone); err != nil || f.zone == "" || f.zone == "Local" {
		return fmt.Errorf("%w: --zone %q is no zone such as Europe/London", errUsage, f.zone)
	}
	p, err := l.open(ctx, nil)
	if err != nil {
		return err
	}
	defer p.Close()
	if f.question.Brand, err = brandOf(p, f.question.Brand); err != nil {
		return err
	}
	return p.Changes.Ask(ctx, f.question, func(a *changes.Answer) error {
		if l.json {
			return l.printChangesJSON(ctx, a, f)
		}
		return l.printChanges(ctx, a, f)
	})
}

// brandOf is a brand as the configuration writes it; the error names the nearest.
func brandOf(p *project.Project, named string) (string, error) {
	var known []string
	for _, b := range p.Config.Brands {
		if strings.EqualFold(b.Brand, named) {
			return b.Brand, nil
		}
		known = append(known, b.Brand)
	}
	if named == "" {
		return "", nil
	}
	near := pipelines.Nearest(named, known)
	for _, b := range known {
		if strings.Contains(strings.ToLower(b), strings.ToLower(named)) {
			near = b
		}
	}
	if near != "" {
		near = fmt.Sprintf(", did you mean %q?", near)
	}
	return "", fmt.Errorf("%w: no brand is called %q%s; waybill.yaml has %s", errUsage, named, near, strings.Join(known, ", "))
}

// wanted are the rows that are to be shown.
func (f changesFlags) wanted() changes.Wanted {
	w := changes.Wanted{Most: f.rows}
	for _, s := range changes.States() {
		if s != changes.StateSame && (s != changes.StateAgeing || f.all) {
			w.States = append(w.States, s)
		}
	}
	if f.all {
		w.Most = 0
	}
	return w
}

// byState is how many rows of an answer are in each state.
func byState(lists []changes.Listed) map[changes.State]int64 {
	sum := map[changes.State]int64{}
	for _, l := range lists {
		for _, c := range l.Counts {
			sum[c.State] += c.Rows()
		}
	}
	return sum
}

// part is a part of a list in one currency: R04 not_fulfilled_in_web in GBP.
type part struct {
	name, currency string
	counts         []changes.Count
}

// news tells whether anything but time moved.
func (p part) news() bool {
	return slices.ContainsFunc(p.counts, func(c changes.Count) bool { return c.State != changes.StateAgeing && c.State != changes.StateSame })
}

// partsOf are the parts of a list in which something moved, and the rest of each currency as one, unless all are wanted.
func (f changesFlags) partsOf(l changes.Listed) []part {
	var parts []part
	for _, c := range l.Counts {
		parts = put(parts, part{partName(c), c.Currency, []changes.Count{c}})
	}
	if f.all || len(l.DividedBy) == 0 {
		return parts
	}
	var moved, still []part
	for _, p := range parts {
		if p.news() {
			moved = append(moved, p)
		} else {
			still = put(still, part{"where only time moved", p.currency, p.counts})
		}
	}
	return append(moved, still...)
}

// put adds counts to the part of their name and currency.
func put(parts []part, p part) []part {
	i := slices.IndexFunc(parts, func(o part) bool { return o.name == p.name && o.currency == p.currency })
	if i < 0 {
		return append(parts, p)
	}
	parts[i].counts = append(parts[i].counts, p.counts...)
	return parts
}

// partName is what a count is by: R04 not_fulfilled_in_web.
func partName(c changes.Count) string {
	var names []string
	for _, v := range c.By {
		if v != nil {
			names = append(names, *v)
		}
	}
	return strings.Join(names, " ")
}
