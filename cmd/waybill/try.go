package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/pipelines/pull"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// errHeld: a file that was tried would be held.
var errHeld = errors.New("a run would hold this file as a whole")

// trying is what `waybill try` takes.
type trying struct {
	feed, definition string
	rows             int
}

func newTry(l *commandLine) *cobra.Command {
	t := trying{rows: 5}
	c := &cobra.Command{
		Use:   "try FILE",
		Short: "Show how a local file would be typed by a feed; loads nothing",
		Long: `Type a file as a run would: its first rows, every record that breaks the contract with line and rule, control totals, the documents that it tells of,
and why it would be held. The feed is the one whose file.match takes the file's name, or that of --feed. --pipeline tries a definition that is no part
of the project yet, such as one that waybill infer wrote. Lake, ledger and partners are not touched.
Exit codes: 0 it would be loaded · 1 it would be held`,
		Example: `  waybill try DESP_20260330_117.csv
  waybill try answers.ndjson --feed dhl/tracking
  waybill infer stock.csv > pipelines/stock.yaml && waybill try stock.csv --pipeline pipelines/stock.yaml`,
		Args: oneArg("one file of this machine"),
		RunE: func(c *cobra.Command, args []string) error { return l.try(c.Context(), args[0], t) },
	}
	c.Flags().StringVar(&t.feed, "feed", "", "source/feed to try it by")
	c.Flags().StringVar(&t.definition, "pipeline", "", "definition to try it by, in place of the project's")
	c.Flags().IntVar(&t.rows, "rows", t.rows, "how many rows of each table, and rejects, to show")
	return c
}

func (l *commandLine) try(ctx context.Context, file string, t trying) error {
	if info, err := os.Stat(file); err != nil {
		return fmt.Errorf("try: %w", err)
	} else if info.IsDir() {
		return fmt.Errorf("%w: %s is a folder; try takes one file of it", errUsage, visible(file))
	}
	defs, settings, err := l.definitions(t.definition)
	if err != nil {
		return err
	}
	task, err := feedFor(defs, file, t)
	if err != nil {
		return err
	}
	body, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("try: %w", err)
	}
	defer body.Close()
	info, err := body.Stat()
	if err != nil {
		return fmt.Errorf("try: %w", err)
	}
	dir, err := os.MkdirTemp("", "waybill-try-*")
	if err != nil {
		return fmt.Errorf("try: %w", err)
	}
	defer os.RemoveAll(dir)
	db := duck.Open(duck.Config{MemoryLimit: settings.memory, TempDir: dir})
	defer db.Close()
	look := pull.Previewer{Loader: load.New(db), Duck: db, Salt: settings.salt, Now: time.Now}
	seen, err := look.Feed(ctx, task, ledger.File{Name: filepath.Base(file), Version: 1, Size: info.Size(), ModifiedAt: info.ModTime()}, body, dir)
	if err != nil {
		return err
	}
	report, err := reportTry(ctx, db, task, seen, t.rows)
	report.File = file
	if err != nil {
		return err
	}
	if l.json {
		err = printJSON(l.stdout, report)
	} else {
		l.printTry(report)
	}
	if err == nil && seen.Hold != nil {
		err = fmt.Errorf("%w: %s", errHeld, visible(seen.Hold.String()))
	}
	return err
}

// trySettings are those that typing takes.
type trySettings struct {
	memory string
	salt   waybill.Secret
}

// definitions are the project's, or the one of a file. Without a project personal values are hashed with a salt of the moment.
func (l *commandLine) definitions(file string) ([]pipelines.Pipeline, trySettings, error) {
	s := trySettings{memory: "1GB", salt: waybill.Secret(uuid.NewString())}
	cfg, err := l.readConfig()
	if err == nil {
		s.memory = cfg.Memory
		if cfg.PIISalt != "" {
			s.salt = cfg.PIISalt
		}
	}
	switch {
	case file == "" && err != nil:
		return nil, s, err
	case file == "":
		defs, err := cfg.ReadPipelines()
		return defs, s, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, s, fmt.Errorf("read definition: %w", err)
	}
	p, err := pipelines.Decode(file, text)
	if len(p.Sources) == 0 {
		p.Sources = []string{p.Name}
	}
	return []pipelines.Pipeline{p}, s, err
}

// feedFor is the feed by which a file is tried.
func feedFor(defs []pipelines.Pipeline, file string, t trying) (pipelines.Task, error) {
	if t.feed != "" {
		source, feed, both := strings.Cut(t.feed, "/")
		if !both {
			return pipelines.Task{}, fmt.Errorf("%w: --feed %q has to say source/feed, such as northgate/despatch (waybill plan lists them)", errUsage, t.feed)
		}
		return pipelines.TaskOf(defs, source, feed)
	}
	all, err := pipelines.Pick(defs, nil)
	if err != nil {
		return pipelines.Task{}, err
	}
	found := pull.FeedsOf(defs, filepath.ToSlash(file))
	if len(found) == 0 && t.definition != "" && len(all) == 1 {
		found = all // which is meant
	}
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = f.String()
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		near := ""
		if glob := pull.NearestPattern(all, filepath.ToSlash(file)); glob != "" {
			near = "; the nearest pattern is " + glob
		}
		return pipelines.Task{}, fmt.Errorf("%w: no feed takes a file named %s%s; --feed source/feed tries it by one (waybill plan lists them)", errUsage, visible(filepath.Base(file)), near)
	}
	return pipelines.Task{}, fmt.Errorf("%w: %s take a file of that name; choose one with --feed", errUsage, strings.Join(names, ", "))
}
