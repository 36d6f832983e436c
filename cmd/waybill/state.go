package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

func newState(l *commandLine) *cobra.Command {
	c := &cobra.Command{
		Use:   "state",
		Args:  cobra.ArbitraryArgs,
		RunE:  oneOf,
		Short: "Control state: runs, releases, tables, maintenance",
		Example: `  waybill state runs
  waybill state release
  waybill state held
  waybill state tables
  waybill state maintain`,
	}
	c.AddCommand(newStateRuns(l), newStateRelease(l), newStateHeld(l), newStateTables(l), newStateMaintain(l))
	return c
}

func newStateRuns(l *commandLine) *cobra.Command {
	limit := 20
	c := &cobra.Command{
		Use: "runs", Short: "Run history, newest first", Example: "  waybill state runs --limit 5", Args: noWords,
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := l.open(c.Context(), nil)
			if err != nil {
				return err
			}
			defer p.Close()
			runs, err := p.Ledger.Runs(c.Context(), "", limit)
			if err != nil {
				return err
			}
			if l.json {
				return printJSON(l.stdout, runs)
			}
			rows := make([][]string, len(runs))
			for i, r := range runs {
				length := ""
				if !r.EndedAt.IsZero() {
					length = took(r.EndedAt.Sub(r.StartedAt))
				}
				rows[i] = []string{r.StartedAt.UTC().Format(time.DateTime), r.Trigger, r.Status, length, r.Summary, shortened(r.Error)}
			}
			grid(l.stdout, []string{"started", "by", "status", "took", "", ""}, rows)
			fmt.Fprintln(l.stdout, plural(len(runs), "run"))
			return nil
		},
	}
	c.Flags().IntVar(&limit, "limit", limit, "how many")
	return c
}

// shortened is the first line of a run's error, as much of it as fits beside the rest; --json has all of it.
func shortened(text string) string {
	const most = 80
	first, _, more := strings.Cut(text, "\n")
	if runes := []rune(first); len(runes) > most {
		first, more = string(runes[:most]), true
	}
	if more {
		first += " …"
	}
	return first
}

func newStateRelease(l *commandLine) *cobra.Command {
	return &cobra.Command{
		Use: "release", Short: "What readers see now: of when each area is, what is held, and which release each target shows", Example: "  waybill state release --json", Args: noWords,
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := l.open(c.Context(), nil)
			if err != nil {
				return err
			}
			defer p.Close()
			shown, ok, err := p.Ledger.LatestRelease(c.Context(), ledger.Released)
			if err != nil {
				return err
			}
			newest, _, err := p.Ledger.NewestRelease(c.Context()) // a withheld one, where nothing could be shown
			if err != nil {
				return err
			}
			targets, err := p.Publisher.Shown(c.Context())
			if err != nil {
				return err
			}
			if l.json {
				return printJSON(l.stdout, map[string]any{
					"released": shown, "held_areas": heldAreas(newest), "held_units": newest.Held, "is_held": newest.AnyArea(), "targets": targets,
				})
			}
			if !ok {
				fmt.Fprintln(l.stdout, "nothing is released yet; next: waybill run")
			} else {
				fmt.Fprintf(l.stdout, "release %d of %s, as of %s: %s\n", shown.ID, display1(shown.At), display1(shown.AsOf), plural(len(shown.Tables), "mart"))
				printAreas(l.stdout, shown)
				printTargets(l.stdout, targets, shown.ID)
			}
			printHeld(l.stdout, newest, mostShown)
			return nil
		},
	}
}

func newStateTables(l *commandLine) *cobra.Command {
	return &cobra.Command{
		Use: "tables", Short: "Tables of the lake: snapshot, files, rows, bytes", Example: "  waybill state tables", Args: noWords,
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := l.open(c.Context(), nil)
			if err != nil {
				return err
			}
			defer p.Close()
			names, err := p.Lake.Tables(c.Context())
			if err != nil {
				return err
			}
			rows := make([][]string, 0, len(names))
			for _, name := range names {
				scan, err := p.Lake.Scan(c.Context(), name, 0)
				if err != nil {
					return err
				}
				var n, bytes int64
				for _, f := range scan.Files {
					n, bytes = n+f.Rows, bytes+f.Bytes
				}
				rows = append(rows, []string{name.String(), fmt.Sprint(scan.Snapshot), count(len(scan.Files)), count(n), count(bytes)})
			}
			if l.json {
				return printJSON(l.stdout, rows)
			}
			grid(l.stdout, []string{"table", "snapshot", "files", "rows", "bytes"}, rows)
			fmt.Fprintln(l.stdout, plural(len(rows), "table"))
			return nil
		},
	}
}

func newStateMaintain(l *commandLine) *cobra.Command {
	return &cobra.Command{
		Use: "maintain", Short: "Merge small files, expire old snapshots, remove orphans (a run does it for the tables it changes)",
		Example: "  waybill state maintain", Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			d := l.newDisplay()
			p, err := l.open(c.Context(), d.watch)
			if err != nil {
				return err
			}
			defer p.Close()
			var names []waybill.TableName
			for _, arg := range args {
				name, err := parseTable(arg)
				if err != nil {
					return err
				}
				names = append(names, name)
			}
			reports, err := p.Maintainer.Maintain(c.Context(), names...)
			d.stop()
			if err != nil {
				return err
			}
			var compacted, written, expired, orphans int
			for _, r := range reports {
				compacted, written = compacted+r.FilesCompacted, written+r.FilesWritten
				expired, orphans = expired+r.SnapshotsExpired, orphans+r.OrphansRemoved
			}
			if l.json {
				return printJSON(l.stdout, map[string]int{"files_compacted": compacted, "files_written": written, "snapshots_expired": expired, "orphans_removed": orphans})
			}
			fmt.Fprintf(l.stdout, "%s: %s merged into %d, %s expired, %s removed\n", plural(len(reports), "table"), plural(compacted, "file"), written,
				plural(expired, "snapshot"), plural(orphans, "orphan"))
			return nil
		},
	}
}
