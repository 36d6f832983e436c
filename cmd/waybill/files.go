package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill/pipelines/ledger"
)

func newFiles(s *session) *cobra.Command {
	c := &cobra.Command{
		Use:   "files",
		Args:  cobra.ArbitraryArgs,
		RunE:  oneOf,
		Short: "The file ledger: what came, when, and what became of it",
		Example: `  waybill files list --source northgate --status held
  waybill files why 3f2a9c            what happened to this file
  waybill files show 3f2a9c           its exact bytes, as received
  waybill files reload 3f2a9c         load it again from the kept bytes`,
	}
	c.AddCommand(newFilesList(s), newFilesWhy(s), newFilesShow(s), newFilesReload(s))
	return c
}

func newFilesList(s *session) *cobra.Command {
	var f ledger.Filter
	var status string
	c := &cobra.Command{
		Use:     "list",
		Short:   "List received files",
		Example: "  waybill files list --status held\n  waybill files list --source veldhoven --feed despatch --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f.Status = ledger.Status(status)
			if status != "" && !slices.Contains(statuses(), status) {
				return fmt.Errorf("%w: --status %q is none of %s", errUsage, status, strings.Join(statuses(), ", "))
			}
			a, err := s.open(c.Context(), nil)
			if err != nil {
				return err
			}
			defer a.Close()
			files, err := a.ledger.Files(c.Context(), f)
			if err != nil {
				return err
			}
			if s.json {
				return printJSON(s.stdout, files)
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
			grid(s.stdout, []string{"file", "feed", "name", "v", "status", "records", "rejected", "received", "rule"}, rows)
			fmt.Fprintf(s.stdout, "%s: %d loaded, %d held, %d duplicate, %d superseded\n", plural(len(files), "file"),
				byStatus[ledger.Loaded], byStatus[ledger.Held], byStatus[ledger.Duplicate], byStatus[ledger.Superseded])
			return nil
		},
	}
	c.Flags().StringVar(&f.Source, "source", "", "only this source")
	c.Flags().StringVar(&f.Feed, "feed", "", "only this feed")
	c.Flags().StringVar(&f.Name, "name", "", "only this name")
	c.Flags().StringVar(&status, "status", "", "only received, loaded, held, duplicate or superseded")
	return c
}

func statuses() []string {
	return []string{string(ledger.Received), string(ledger.Loaded), string(ledger.Held), string(ledger.Duplicate), string(ledger.Superseded)}
}

// errNoFile: no file of that id or name.
var errNoFile = errors.New("no file has an id or sha256 that starts so, or such a name")

// one finds a file by the start of its id or sha256, or by its name with or without the folder; of several versions the newest.
func (a *app) one(c *cobra.Command, ref string) (ledger.File, error) {
	files, err := a.ledger.Files(c.Context(), ledger.Filter{IDPrefix: ref})
	if err != nil {
		return ledger.File{}, err
	}
	if len(files) == 0 {
		all, err := a.ledger.Files(c.Context(), ledger.Filter{})
		if err != nil {
			return ledger.File{}, err
		}
		for _, f := range all {
			if f.Name == ref || path.Base(f.Name) == ref {
				files = append(files, f)
			}
		}
	}
	if len(files) == 0 {
		return ledger.File{}, fmt.Errorf("%s: %w; `waybill files list` shows them", ref, errNoFile)
	}
	newest := files[len(files)-1]
	for _, f := range files {
		if f.Source != newest.Source || f.Feed != newest.Feed || f.Name != newest.Name {
			return ledger.File{}, fmt.Errorf("%w: %d files fit %q; type more of the id, which `waybill files list` shows", errUsage, len(files), ref)
		}
	}
	return newest, nil
}

// onFile opens the project and finds the file that a command's argument means.
func (s *session) onFile(do func(*cobra.Command, *app, ledger.File) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		a, err := s.open(c.Context(), nil)
		if err != nil {
			return err
		}
		defer a.Close()
		f, err := a.one(c, args[0])
		if err != nil {
			return err
		}
		return do(c, a, f)
	}
}

func newFilesWhy(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "why FILE",
		Short:   "Say what happened to a file and what to do next",
		Example: "  waybill files why DESP_20260330_117.csv",
		Args:    oneArg("one file: the start of its id, or its name"),
		RunE: s.onFile(func(_ *cobra.Command, _ *app, f ledger.File) error {
			if s.json {
				return printJSON(s.stdout, f)
			}
			fmt.Fprintf(s.stdout, "%s/%s %s (version %d, %s bytes, sha256 %s)\n", f.Source, f.Feed, f.Name, f.Version, count(f.Size), f.SHA256[:min(12, len(f.SHA256))])
			theirs := "unknown"
			if !f.ModifiedAt.IsZero() {
				theirs = display1(f.ModifiedAt)
			}
			fmt.Fprintf(s.stdout, "received %s, partner's time %s\n", display1(f.ReceivedAt), theirs)
			fmt.Fprintln(s.stdout, story(f))
			if f.Notes != "" {
				fmt.Fprintln(s.stdout, "noted:", f.Notes)
			}
			return nil
		}),
	}
}

// story says in words what became of a file and the next command.
func story(f ledger.File) string {
	switch f.Status {
	case ledger.Loaded:
		text := fmt.Sprintf("loaded: %s, %s rejected", plural(f.Loaded, "row"), count(f.Rejected))
		if f.Rejected > 0 {
			text += "\nnext: waybill rejects list --file " + f.ID[:8]
		}
		return text
	case ledger.Held:
		return fmt.Sprintf("held by rule %s\nnext: ask the partner for a right file, or mend the contract and type: waybill rejects replay --file %s", f.Detail, f.ID[:8])
	case ledger.Duplicate:
		return "the same bytes came before as " + f.DuplicateOf + "; nothing of it was loaded"
	case ledger.Superseded:
		return "a later version took its place: waybill files why " + f.SupersededBy
	default:
		return "received and kept, not loaded: the run was interrupted\nnext: waybill run --source " + f.Source + "/" + f.Feed
	}
}

func newFilesShow(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "show FILE",
		Short:   "Print a file's exact bytes, as the partner sent them",
		Example: "  waybill files show 3f2a9c | head",
		Args:    oneArg("one file: the start of its id, or its name"),
		RunE: s.onFile(func(c *cobra.Command, a *app, f ledger.File) error {
			body, err := a.lake.OpenKept(c.Context(), f.KeptPath)
			if err != nil {
				return err
			}
			defer body.Close()
			_, err = io.Copy(s.stdout, body)
			return err
		}),
	}
}

func newFilesReload(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "reload FILE",
		Short:   "Load a file again from its kept bytes, under today's contract",
		Example: "  waybill files reload 3f2a9c",
		Args:    oneArg("one file: the start of its id, or its name"),
		RunE: s.onFile(func(c *cobra.Command, a *app, f ledger.File) error {
			return s.replay(c, a, []ledger.File{f})
		}),
	}
}

// replay loads kept files again and says what changed.
func (s *session) replay(c *cobra.Command, a *app, files []ledger.File) error {
	asOf, err := s.now()
	if err != nil {
		return err
	}
	changed := make([]ledger.File, 0, len(files))
	for _, f := range files {
		after, err := a.runner.Replay(c.Context(), f, asOf)
		if err != nil {
			return fmt.Errorf("replay %s: %w", f.Name, err)
		}
		if after.LoadID != f.LoadID || after.Status != f.Status {
			changed = append(changed, after)
			if !s.json {
				fmt.Fprintf(s.stdout, "%s/%s %s: was %s, %s rejected; is %s, %s rejected\n", f.Source, f.Feed, f.Name,
					f.Status, count(f.Rejected), after.Status, count(after.Rejected))
			}
		}
	}
	if s.json {
		return json.NewEncoder(s.stdout).Encode(changed)
	}
	if len(changed) == 0 {
		fmt.Fprintln(s.stdout, "nothing to do: every file is loaded under today's contract")
		return nil
	}
	fmt.Fprintf(s.stdout, "%s loaded again; next: waybill build\n", plural(len(changed), "file"))
	return nil
}
