package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines/build"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/pull"
	"github.com/fourmarketing/waybill/pipelines/run"
	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/transforms/models"
)

func newRun(l *commandLine) *cobra.Command {
	var sources []string
	var full, failIfLate bool
	c := &cobra.Command{
		Use:   "run [MODEL…]",
		Short: "Pull, load, build, check and publish what is new",
		Long: `Pull what is new from every partner (or those of --source), load it, rebuild the marts that differ from their inputs,
check them, publish them together, and look after the tables that changed. Running again without news changes nothing.

MODEL… choose marts: fct_orders, +fct_orders, tag:finance, area:claims.
Exit codes: 0 done · 1 failed (a partner or a load) · 3 areas are held by a check or a broken model (single held units leave it at 0) · 4 with --fail-if-late: a partner is late`,
		Example: `  waybill run
  waybill run --source northgate
  waybill run --source northgate/despatch --json
  waybill run --fail-if-late || page-somebody`,
		RunE: func(c *cobra.Command, args []string) error {
			asOf, err := l.now()
			if err != nil {
				return err
			}
			d := l.newDisplay()
			p, err := l.open(c.Context(), d.watch)
			if err != nil {
				return err
			}
			defer p.Close()
			if err := l.notBefore(c.Context(), p, asOf); err != nil {
				return err
			}
			if err := modelsNotSources(p.Config, args); err != nil {
				return err
			}
			res, err := p.Runner.Run(c.Context(), run.Options{
				Select: sources, Trigger: "command", Build: build.Options{Select: args, AsOf: asOf, Full: full},
			})
			d.stop()
			if err := errors.Join(l.printRun(res), err); err != nil || !failIfLate {
				return err
			}
			return l.sayLate(c.Context(), p.Config)
		},
	}
	c.Flags().BoolVar(&failIfLate, "fail-if-late", false, "afterwards name the feeds that marts.feed_health calls late, and exit 4 if there are any")
	c.Flags().StringSliceVar(&sources, "source", nil, "only this pipeline, source or source/feed (repeatable)")
	c.Flags().BoolVar(&full, "full-refresh", false, "rebuild marts even when nothing they read has changed")
	return c
}

// notBefore refuses a run as of an instant that is earlier than what readers see: it would date what partners send today back, and marts go back.
func (l *commandLine) notBefore(ctx context.Context, p *project.Project, asOf time.Time) error {
	rel, earlier, err := p.Builder.Before(ctx, asOf)
	if err != nil || !earlier || l.asOf == "" {
		return err
	}
	return fmt.Errorf("%w: release %d is as of %s, and a run goes on from there; next: waybill build --as-of %s, which shows the marts as of then in a file of their own",
		errUsage, rel.ID, display1(rel.AsOf), asOf.Format(time.RFC3339))
}

// modelsNotSources refuses a source where a model is wanted: run and plan choose feeds by --source.
func modelsNotSources(cfg *project.Config, words []string) error {
	for _, w := range words {
		source, _, _ := strings.Cut(w, "/")
		if _, ok := cfg.Connections[source]; ok {
			return fmt.Errorf("%w: %s is a source, and models are chosen here; write --source %[2]s to pull from it alone", errUsage, w)
		}
	}
	return nil
}

// runReport is a run as --json prints it.
type runReport struct {
	RunID     string       `json:"run_id"`
	AsOf      time.Time    `json:"as_of"`
	Seconds   float64      `json:"seconds"`
	Changed   bool         `json:"changed"`
	Feeds     []feedReport `json:"feeds"`
	Marts     []martReport `json:"marts_built"`
	MartsSame int          `json:"marts_unchanged"`
	Failed    []checkRow   `json:"failed_checks"`
	Release   int64        `json:"release_id"`
	Published []string     `json:"published"`
	Aside     string       `json:"aside,omitempty"` // file of marts as of an earlier instant, which no reader sees

	HeldUnits []ledger.HeldUnit `json:"held_units"`
	HeldAreas []ledger.Area     `json:"held_areas"`
}

type feedReport struct {
	Source   string        `json:"source"`
	Feed     string        `json:"feed"`
	Known    int           `json:"known_files"`
	Touched  int           `json:"touched_files"`  // the bytes are those of before
	Outdated int           `json:"outdated_files"` // judged under another contract than today's
	Files    []ledger.File `json:"files"`
	Waiting  []string      `json:"waiting"`
	Error    string        `json:"error,omitempty"`
}

type martReport struct {
	Model string `json:"model"`
	Rows  int64  `json:"rows"`
}

func (l *commandLine) printRun(res run.Result) error {
	if l.json {
		return printJSON(l.stdout, reportRun(res))
	}
	l.printFeeds(res.Feeds)
	printFailedChecks(l.stdout, res.Build.Failed)
	printHeld(l.stdout, res.Build.Release, mostShown)
	if len(res.Feeds)+len(res.Build.Stale)+res.Build.Fresh > 0 { // otherwise it ended before it began, and the error says why
		fmt.Fprintln(l.stdout, runLine(res))
	}
	return nil
}

func reportRun(res run.Result) runReport {
	r := runReport{
		RunID: res.ID, AsOf: res.AsOf, Seconds: res.Took.Seconds(), Changed: res.News(), Failed: checkRows(res.Build.Failed),
		MartsSame: res.Build.Fresh, Release: res.Build.Release.ID, Published: res.Published,
		HeldUnits: res.Build.Release.Held, HeldAreas: heldAreas(res.Build.Release),
	}
	for _, f := range res.Feeds {
		fr := feedReport{Source: f.Source, Feed: f.Feed, Known: f.Known, Touched: f.Touched, Outdated: f.Outdated, Files: f.Files}
		for _, w := range f.Waiting {
			fr.Waiting = append(fr.Waiting, w.String())
		}
		if f.Err != nil {
			fr.Error = f.Err.Error()
		}
		r.Feeds = append(r.Feeds, fr)
	}
	for _, b := range res.Build.Built {
		if slices.Contains(res.Build.Done, b.Model.Name) { // else it was built aside, for checks, or the build failed before it was committed
			r.Marts = append(r.Marts, martReport{Model: b.Model.Name.Name, Rows: b.Rows})
		}
	}
	return r
}

// printFeeds shows one line per feed that had news or trouble, and what a person should look at under it.
func (l *commandLine) printFeeds(feeds []pull.Result) {
	var rows [][]string
	for _, f := range feeds {
		if len(f.Files) == 0 && f.Err == nil && len(f.Waiting) == 0 {
			continue
		}
		var loaded, rejected, held int64
		for _, file := range f.Files {
			switch file.Status {
			case ledger.Loaded:
				loaded, rejected = loaded+file.Loaded, rejected+file.Rejected
			case ledger.Held:
				held++
			}
		}
		state := ""
		if f.Err != nil {
			state = "failed"
			if busy := new(ledger.BusyError); errors.As(f.Err, &busy) {
				state = "busy" // another run pulls it
			}
		}
		rows = append(rows, []string{f.Source + "/" + f.Feed, count(len(f.Files)), count(loaded), blank(rejected), blank(held), blank(len(f.Waiting)), state})
	}
	defer func() {
		for _, f := range feeds {
			if f.Outdated > 0 {
				fmt.Fprintln(l.stdout, sayOutdated(f.Source, f.Feed, f.Outdated))
			}
		}
	}()
	if len(rows) == 0 {
		return
	}
	grid(l.stdout, []string{"feed", "files", "rows", "rejected", "held", "waiting", ""}, rows)
	l.printTrouble(feeds)
}

func (l *commandLine) printTrouble(feeds []pull.Result) {
	for _, f := range feeds {
		for _, file := range f.Files {
			if file.Status == ledger.Held {
				fmt.Fprintf(l.stdout, "held: %s/%s %s: %s\n      next: waybill files why %s\n", f.Source, f.Feed, visible(file.Name), visible(file.Detail), file.ID)
			}
		}
		var told []pull.Waiting
		for _, w := range f.Waiting {
			if w.Told {
				told = append(told, w)
				continue
			}
			fmt.Fprintf(l.stdout, "waiting: %s/%s %s\n", f.Source, f.Feed, visible(fmt.Sprint(w)))
		}
		l.printTold(f, told)
	}
}

// printTold is one line about all batches of a feed of which questions have no answer yet.
func (l *commandLine) printTold(f pull.Result, told []pull.Waiting) {
	switch len(told) {
	case 0:
	case 1:
		fmt.Fprintf(l.stdout, "waiting: %s/%s %s\n", f.Source, f.Feed, visible(told[0].String()))
	default:
		last := told[len(told)-1]
		fmt.Fprintf(l.stdout, "waiting: %s/%s %d notes of batches, the last of them %s; all of a batch's: waybill files why %s\n", f.Source, f.Feed, len(told), visible(last.String()), visible(last.Item.Name))
	}
}

// sayOutdated is about files whose rows are of another contract than today's.
func sayOutdated(source, feed string, files int) string {
	return fmt.Sprintf("outdated: %s/%s: %s judged under another contract; next: waybill files reload --outdated --source %s/%s", source, feed, plural(files, "file"), source, feed)
}

func blank[N int | int64](n N) string {
	if n == 0 {
		return ""
	}
	return count(n)
}

// runLine sums up a run.
func runLine(res run.Result) string {
	known := 0
	for _, f := range res.Feeds {
		known += f.Known
	}
	if !res.News() && res.Count(ledger.Held) == 0 && len(res.Build.Stale) == 0 && res.Err() == nil {
		return fmt.Sprintf("no news: %s known%s, %s up to date, nothing changed (%s)", plural(known, "file"), touchedLine(res), plural(res.Build.Fresh, "mart"), took(res.Took)) + heldLine(res.Build.Release)
	}
	loaded, rejected := res.Rows()
	return fmt.Sprintf("%s loaded (%s, %s rejected), %d held, %d duplicate%s; %s (%s)",
		plural(res.Count(ledger.Loaded), "file"), plural(loaded, "row"), count(rejected), res.Count(ledger.Held), res.Count(ledger.Duplicate), touchedLine(res),
		builtLine(res.Build), took(res.Took))
}

// touchedLine says how many files were offered again with the bytes that are known, empty for none.
func touchedLine(res run.Result) string {
	touched := 0
	for _, f := range res.Feeds {
		touched += f.Touched
	}
	if touched == 0 {
		return ""
	}
	return fmt.Sprintf(", %s offered again with the same bytes", plural(touched, "file"))
}

// builtLine says what became of the marts.
func builtLine(b build.Result) string {
	marts := plural(len(b.Stale), "mart")
	switch b.Release.Status {
	case ledger.Released:
		return fmt.Sprintf("%s built, %d unchanged; release %d%s", plural(len(b.Done), "mart"), b.Fresh, b.Release.ID, heldLine(b.Release))
	case ledger.Aside:
		return fmt.Sprintf("%s built aside%s", plural(len(b.Done), "mart"), heldLine(b.Release))
	case ledger.Withheld:
		return fmt.Sprintf("%s held back by checks, %d unchanged; nothing is released", marts, b.Fresh)
	default:
		if len(b.Done) > 0 {
			return fmt.Sprintf("%d of %s built, and not released; %d unchanged", len(b.Done), marts, b.Fresh)
		}
		return fmt.Sprintf("%s not built, %d unchanged", marts, b.Fresh)
	}
}

// heldLine says how much of a release is as it was before, empty for nothing.
func heldLine(r ledger.Release) string {
	text := ""
	if areas := heldAreas(r); len(areas) > 0 {
		text += fmt.Sprintf(", %d of %s held", len(areas), plural(len(r.Areas), "area"))
	}
	if len(r.Held) > 0 {
		text += ", " + plural(len(r.Held), "unit") + " held"
	}
	return text
}

func printFailedChecks(w io.Writer, failed []checkResult) {
	for _, c := range failed {
		said, next := "check failed", "      let it through by name: waybill build --release-by NAME --why REASON\n"
		if c.Severity == models.SeverityWarn {
			said, next = "warning", ""
		}
		what := c.Model.String()
		if c.Check != c.Model.Name { // a check of its own bears its file's name
			what += ": " + c.Check
		}
		fmt.Fprintf(w, "%s: %s: %s\n", said, what, plural(c.Failing, "row"))
		if len(c.Sample) > 0 {
			grid(w, c.Columns, c.Sample)
		}
		fmt.Fprintf(w, "      its SQL, which gives all of them: waybill check %s --json\n%s", c.Model.Name, next)
	}
}
