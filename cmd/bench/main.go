// Command bench measures what Waybill promises of speed and memory, each beside a limit or a peer from the same run, so that the
// ratio holds on a noisy machine. `make bench` runs it; -only picks one. It makes its data in a temporary folder and takes a few
// minutes and some 15 GB of disk.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
)

// bench is one round of measurements.
type bench struct {
	dir     string // of everything it makes
	waybill string // the binary
	rows    int    // of the load
	big     int    // rows of the memory file
	files   int    // known files of the run without news
	rounds  int
	results []result
}

// result is one line of the report.
type result struct {
	what, measured, beside, ratio, limit string
	ok                                   bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	b := &bench{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&b.waybill, "waybill", filepath.Join("bin", "waybill"), "the binary to measure")
	flags.IntVar(&b.rows, "rows", 5_000_000, "rows of the file that is loaded")
	flags.IntVar(&b.big, "big-rows", 50_000_000, "rows of the file whose peak memory is measured (about 5 GB)")
	flags.IntVar(&b.files, "files", 10_000, "known files of the run without news")
	flags.IntVar(&b.rounds, "rounds", 3, "rounds of each comparison; the median counts")
	only := flags.String("only", "", "load, memory, known, help, trace or sftp")
	tmp := flags.String("dir", "", "folder for the data (default: a temporary one)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var err error
	if b.waybill, err = filepath.Abs(b.waybill); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp(*tmp, "waybill-bench-*"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"help", b.help}, {"sftp", b.sftp}, {"load", b.load}, {"known", b.known}, {"trace", b.trace}, {"memory", b.memory},
	}
	var problems []error
	for _, s := range steps {
		if *only != "" && *only != s.name {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring %s …\n", s.name)
		if err := s.do(ctx); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	return errors.Join(append(problems, b.report())...)
}

// report prints the table and fails when a limit is missed.
func (b *bench) report() error {
	t := table.NewWriter()
	t.SetOutputMirror(os.Stdout)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"what", "measured", "beside", "ratio", "limit", ""})
	var missed []string
	for _, r := range b.results {
		verdict := "ok"
		if !r.ok {
			verdict = "MISSED"
			missed = append(missed, r.what)
		}
		t.AppendRow(table.Row{r.what, r.measured, r.beside, r.ratio, r.limit, verdict})
	}
	t.Render()
	if len(missed) > 0 {
		return fmt.Errorf("limits missed: %s", strings.Join(missed, "; "))
	}
	return nil
}

// spent is what one finished command took.
type spent struct {
	wall   time.Duration
	cpu    time.Duration
	memory int64 // peak resident bytes
}

// command runs a program to its end and measures it from outside.
func (b *bench) command(ctx context.Context, name string, args ...string) (spent, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = b.dir
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	err := cmd.Run()
	s := spent{wall: time.Since(start)}
	if err != nil {
		return s, fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, out.String())
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.memory = usage.Maxrss * 1024
	}
	return s, nil
}

// median of an odd or even number of durations.
func median(all []time.Duration) time.Duration {
	sorted := append([]time.Duration{}, all...)
	for i := range sorted {
		for j := i; j > 0 && sorted[j] < sorted[j-1]; j-- {
			sorted[j], sorted[j-1] = sorted[j-1], sorted[j]
		}
	}
	return sorted[len(sorted)/2]
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func megabytes(n int64) string { return fmt.Sprintf("%d MB", n>>20) }
