package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/questions"
)

func newFiles(l *commandLine) *cobra.Command {
	c := &cobra.Command{
		Use:   "files",
		Args:  cobra.ArbitraryArgs,
		RunE:  oneOf,
		Short: "The file ledger: what came, when, and what became of it",
		Example: `  waybill files list --source northgate --status held
  waybill files why 3f2a9c            what happened to this file
  waybill files show 3f2a9c           its exact bytes, as received
  waybill files reload 3f2a9c         load it again from the kept bytes
  waybill files move dhl dhl-uk       after a connection or feed was renamed`,
	}
	c.AddCommand(newFilesList(l), newFilesWhy(l), newFilesShow(l), newFilesReload(l), newFilesRefetch(l), newFilesMove(l))
	return c
}

func newFilesList(l *commandLine) *cobra.Command {
	var f ledger.Filter
	var status, name string
	c := &cobra.Command{
		Use:     "list",
		Short:   "List received files",
		Example: "  waybill files list --status held\n  waybill files list --source veldhoven --feed despatch --json",
		Args:    noWords,
		RunE: func(c *cobra.Command, _ []string) error {
			f.Status = ledger.Status(status)
			if status != "" && !slices.Contains(statuses(), status) {
				return fmt.Errorf("%w: --status %q is none of %s", errUsage, status, strings.Join(statuses(), ", "))
			}
			p, err := l.open(c.Context(), nil)
			if err != nil {
				return err
			}
			defer p.Close()
			if err := narrow(c.Context(), p, &f.Source, &f.Feed); err != nil {
				return err
			}
			files, err := p.Ledger.Files(c.Context(), f)
			if err != nil {
				return err
			}
			if name != "" {
				files = slices.DeleteFunc(files, func(file ledger.File) bool { return file.Name != name && path.Base(file.Name) != name })
			}
			if l.json {
				return printJSON(l.stdout, files)
			}
			rows := make([][]string, len(files))
			byStatus := map[ledger.Status]int{}
			for i, file := range files {
				byStatus[file.Status]++
				rows[i] = []string{
					file.ID[:8], file.Source + "/" + file.Feed, file.Name, fmt.Sprint(file.Version), string(file.Status), count(file.Records),
					blank(file.Rejected), file.ReceivedAt.UTC().Format("2006-01-02 15:04"), file.Rule,
				}
			}
			grid(l.stdout, []string{"file", "feed", "name", "v", "status", "records", "rejected", "received", "rule"}, rows)
			fmt.Fprintf(l.stdout, "%s: %d loaded, %d held, %d duplicate, %d superseded\n", plural(len(files), "file"),
				byStatus[ledger.Loaded], byStatus[ledger.Held], byStatus[ledger.Duplicate], byStatus[ledger.Superseded])
			return nil
		},
	}
	c.Flags().StringVar(&f.Source, "source", "", "only this source, or source/feed")
	c.Flags().StringVar(&f.Feed, "feed", "", "only this feed")
	c.Flags().StringVar(&name, "name", "", "only this name, with or without its folder")
	c.Flags().StringVar(&status, "status", "", "only received, loaded, held, duplicate or superseded")
	return c
}

func statuses() []string {
	return []string{string(ledger.Received), string(ledger.Loaded), string(ledger.Held), string(ledger.Duplicate), string(ledger.Superseded)}
}

// oneFile finds the file that a reference means.
func oneFile(ctx context.Context, p *project.Project, ref string) (ledger.File, error) {
	f, err := questions.FindFile(ctx, p.Ledger, ref)
	if several := new(questions.AmbiguousError); errors.As(err, &several) {
		err = fmt.Errorf("%w: %w", errUsage, err)
	}
	return f, err
}

// onFile opens the project and finds the file that a command's argument means.
func (l *commandLine) onFile(do func(*cobra.Command, *project.Project, ledger.File) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		p, err := l.open(c.Context(), nil)
		if err != nil {
			return err
		}
		defer p.Close()
		f, err := oneFile(c.Context(), p, args[0])
		if err != nil {
			return err
		}
		return do(c, p, f)
	}
}

func newFilesWhy(l *commandLine) *cobra.Command {
	return &cobra.Command{
		Use:     "why FILE",
		Short:   "Say what happened to a file and what to do next",
		Example: "  waybill files why DESP_20260330_117.csv",
		Args:    oneArg("one file: the start of its id, or its name"),
		RunE: l.onFile(func(_ *cobra.Command, _ *project.Project, f ledger.File) error {
			if l.json {
				return printJSON(l.stdout, f)
			}
			fmt.Fprintf(l.stdout, "%s/%s %s (version %d, %s bytes, sha256 %s)\n", f.Source, f.Feed, visible(f.Name), f.Version, count(f.Size), f.SHA256[:min(12, len(f.SHA256))])
			theirs := "unknown"
			if !f.ModifiedAt.IsZero() {
				theirs = display1(f.ModifiedAt)
			}
			fmt.Fprintf(l.stdout, "received %s, partner's time %s\n", display1(f.ReceivedAt), theirs)
			fate := questions.Why(f)
			if f.Status == ledger.Loaded {
				fate.What += fmt.Sprintf(": %s, %s rejected", plural(f.Loaded, "row"), count(f.Rejected))
			}
			fmt.Fprintln(l.stdout, visible(fate.What))
			if fate.Next != "" {
				fmt.Fprintln(l.stdout, "next:", visible(fate.Next))
			}
			if f.Notes != "" {
				fmt.Fprintln(l.stdout, "noted:", f.Notes)
			}
			return nil
		}),
	}
}

func newFilesShow(l *commandLine) *cobra.Command {
	return &cobra.Command{
		Use:     "show FILE",
		Short:   "Print a file's exact bytes, as the partner sent them",
		Example: "  waybill files show 3f2a9c | head",
		Args:    oneArg("one file: the start of its id, or its name"),
		RunE: l.onFile(func(c *cobra.Command, p *project.Project, f ledger.File) error {
			if f.KeptPath == "" {
				return fmt.Errorf("%s: no byte of it was received; next: waybill files why %s", visible(f.Name), f.ID)
			}
			body, err := p.Lake.OpenKept(c.Context(), f.KeptPath)
			if err != nil {
				return err
			}
			defer body.Close()
			_, err = io.Copy(unescaped(l.stdout), body)
			return err
		}),
	}
}

func newFilesReload(l *commandLine) *cobra.Command {
	var outdated bool
	var sources []string
	c := &cobra.Command{
		Use:   "reload [FILE]",
		Short: "Load a file, or all that a changed contract concerns, again from the kept bytes",
		Long: `Load again from the kept bytes, under today's contract, without asking the partner: one file, or with --outdated every file that was
judged under another contract, and what an interrupted loading left behind. What counts of a document is judged anew; a version that another took the place of does not come back by this.`,
		Example: "  waybill files reload 3f2a9c\n  waybill files reload --outdated --source northgate/despatch && waybill build",
		Args: func(_ *cobra.Command, args []string) error {
			if (len(args) == 1) == outdated || len(args) > 1 || (len(sources) > 0 && !outdated) {
				return fmt.Errorf("%w: reload takes one file (the start of its id, or its name), or --outdated, which --source narrows", errUsage)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if !outdated {
				return l.onFile(func(c *cobra.Command, p *project.Project, f ledger.File) error {
					return l.replay(c, p, []ledger.File{f})
				})(c, args)
			}
			p, err := l.open(c.Context(), nil)
			if err != nil {
				return err
			}
			defer p.Close()
			files, err := p.Puller.Outdated(c.Context(), sources)
			if err != nil {
				return err
			}
			return l.replay(c, p, files)
		},
	}
	c.Flags().BoolVar(&outdated, "outdated", false, "every file that was judged under another contract than today's")
	c.Flags().StringSliceVar(&sources, "source", nil, "with --outdated: only this pipeline, source or source/feed (repeatable)")
	return c
}

// replay loads kept files again and says what changed.
func (l *commandLine) replay(c *cobra.Command, p *project.Project, files []ledger.File) error {
	changed := make([]ledger.File, 0, len(files))
	news := false // whether rows came or went
	for _, f := range files {
		after, err := p.Puller.Replay(c.Context(), f)
		if err != nil {
			return fmt.Errorf("replay %s: %w", visible(f.Name), err)
		}
		if after.LoadID != f.LoadID || after.Status != f.Status {
			changed = append(changed, after)
			news = news || f.Status == ledger.Loaded || after.Status == ledger.Loaded
			if !l.json {
				fmt.Fprintf(l.stdout, "%s/%s %s: was %s, %s rejected; is %s, %s rejected\n", f.Source, f.Feed, visible(f.Name),
					f.Status, count(f.Rejected), after.Status, count(after.Rejected))
			}
		}
	}
	if l.json {
		return json.NewEncoder(l.stdout).Encode(changed)
	}
	if len(changed) == 0 {
		said := "nothing to do: what counts is loaded under today's contract"
		if len(files) == 1 && files[0].Status != ledger.Loaded {
			said = "nothing to do: " + questions.Why(files[0]).What
		}
		fmt.Fprintln(l.stdout, visible(said))
		return nil
	}
	if !news {
		next := "waybill files list --status held"
		if len(changed) == 1 {
			next = "waybill files why " + changed[0].ID[:8]
		}
		fmt.Fprintf(l.stdout, "%s tried again, none is loaded; next: %s\n", plural(len(changed), "file"), next)
		return nil
	}
	fmt.Fprintf(l.stdout, "%s loaded again; next: waybill build\n", plural(len(changed), "file"))
	return nil
}
