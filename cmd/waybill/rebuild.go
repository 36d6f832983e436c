package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/build"
	"github.com/fourmarketing/waybill/pipelines/pull"
	"github.com/fourmarketing/waybill/project"
)

func newRebuild(l *commandLine) *cobra.Command {
	var table string
	var journal bool
	c := &cobra.Command{
		Use:   "rebuild",
		Short: "Make catalog, ledger and tables again from the lake's journal and kept bytes, asking no partner",
		Long: `Make catalog, ledger and raw tables again from what lies at the root: the journal and the bytes as they were received. Rows and load ids are
what they were; marts are built of them afterwards. Files whose contract changed since are typed by today's, and named. With --table only one table
is made again, which mends damaged or missing files of it. Tables are made beside the old files, which go to the trash at the end, for 72 hours.
Where it is cut off, it is begun again; until it has ended nothing else changes the lake. Exit codes: 0 all is there · 1 something is not, and is named`,
		Example: "  waybill rebuild\n  waybill rebuild --table raw.wms_despatch",
		Args:    noWords,
		RunE: func(c *cobra.Command, _ []string) error {
			var name waybill.TableName
			var err error
			if journal {
				return l.renewJournal(c.Context())
			}
			if table != "" {
				if name, err = parseTable(table); err != nil {
					return err
				}
			}
			return l.rebuild(c.Context(), pull.Rebuild{Table: name})
		},
	}
	c.Flags().StringVar(&table, "table", "", "only this table, such as raw.wms_despatch")
	c.Flags().BoolVar(&journal, "journal", false, "note the whole ledger in the journal, and move what is damaged of the journal to the trash")
	c.MarkFlagsMutuallyExclusive("table", "journal")
	return c
}

// renewJournal makes a damaged journal whole again from the ledger.
func (l *commandLine) renewJournal(ctx context.Context) error {
	p, err := l.open(ctx, nil)
	if err != nil {
		return err
	}
	defer p.Close()
	typed, err := p.Inputs.Typed(ctx)
	if err != nil {
		return err
	}
	if err := p.Ledger.NoteAll(ctx, typed); err != nil {
		return err
	}
	moved, err := p.Lake.TrashJournal(ctx)
	if err != nil {
		return err
	}
	if l.json {
		return printJSON(l.stdout, map[string]int{"objects_in_trash": moved})
	}
	fmt.Fprintf(l.stdout, "the journal has all that the ledger says; %s in trash/ for 72 hours\n", plural(moved, "damaged object"))
	return nil
}

func newAdopt(l *commandLine) *cobra.Command {
	yes := false
	c := &cobra.Command{
		Use:   "adopt",
		Short: "Let this catalog take the root as it is: after an older catalog was put back, or of a copied lake",
		Long: `Say what is not as it should be between root and catalog and what will be so, and with --yes make it so: the root is this catalog's from then on.
What the journal knows and the catalog lacks is brought back from kept bytes; what the catalog has and does not count any more leaves. A copied root
becomes a lake of its own, and its tables are made anew below it. No file is removed. Exit codes: 0 done · 1 failed · 2 --yes is missing`,
		Example: "  waybill adopt          says what would be so\n  waybill adopt --yes",
		Args:    noWords,
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := l.open(c.Context(), nil)
			if err != nil {
				return err
			}
			s, err := p.Lake.Standing(c.Context())
			if err := errors.Join(err, p.Close()); err != nil {
				return err
			}
			if s.Problem == "" {
				fmt.Fprintf(l.stdout, "nothing to adopt: root and catalog are lake %s, epoch %d\n", s.ID, s.Epoch)
				return nil
			}
			fmt.Fprintln(l.stdout, "now:", s.Problem)
			will := fmt.Sprintf("the root is lake %s of this catalog, epoch %d; what the catalog lacks of the journal is loaded from kept bytes", s.ID, max(s.Epoch, s.CatalogEpoch)+1)
			if s.IsCopy {
				will = fmt.Sprintf("the root is a lake of its own with a new id; %s made anew below it; %s is not touched", plural(len(s.Elsewhere), "table"), s.Root)
			}
			fmt.Fprintln(l.stdout, "then:", will)
			if !yes {
				return fmt.Errorf("%w: nothing is changed yet; if that is right: waybill adopt --yes", errUsage)
			}
			return l.rebuild(c.Context(), pull.Rebuild{Keep: true})
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "do it")
	return c
}

// rebuild rebuilds, builds the marts and shows them, and says what came of it.
func (l *commandLine) rebuild(ctx context.Context, r pull.Rebuild) error {
	asOf, err := l.now()
	if err != nil {
		return err
	}
	d := l.newDisplay()
	p, err := l.open(ctx, d.watch)
	if err != nil {
		return err
	}
	defer p.Close()
	if err := rebuildable(ctx, p, r.Table); err != nil {
		d.stop()
		return err
	}
	r.AsOf = asOf
	out, err := p.Puller.Rebuild(ctx, r)
	if err != nil {
		d.stop()
		return err
	}
	marts, shown := l.showMarts(ctx, p, build.Options{AsOf: asOf})
	d.stop()
	problems := make([]string, len(out.Problems))
	for i, problem := range out.Problems {
		problems[i] = problem.Error()
	}
	if l.json {
		err = printJSON(l.stdout, map[string]any{
			"files": out.Files, "tables": out.Tables, "files_loaded": out.Loaded, "files_outdated": len(out.Outdated), "kept_without_name": out.Unnamed,
			"kept_loaded_without_name": out.Named, "problems": problems, "marts_built": marts, "objects_in_trash": out.Moved,
		})
	} else {
		l.printRebuilt(out, marts)
	}
	if len(problems) > 0 {
		err = errors.Join(err, fmt.Errorf("%s could not be brought back", plural(len(problems), "thing")))
	}
	return errors.Join(err, shown)
}

// rebuildable refuses a table that neither the lake has nor a feed fills: a mistyped name would come to no table, and build the marts.
func rebuildable(ctx context.Context, p *project.Project, name waybill.TableName) error {
	for _, d := range p.Pipelines {
		for _, f := range d.Feeds {
			if slices.Contains(f.TableNames(), name) {
				return nil
			}
		}
	}
	if name == (waybill.TableName{}) {
		return nil
	}
	return known(ctx, p, []waybill.TableName{name})
}

// showMarts builds and publishes what a rebuild changed.
func (l *commandLine) showMarts(ctx context.Context, p *project.Project, o build.Options) (int, error) {
	res, err := p.Builder.Build(ctx, o)
	if err != nil && !errors.Is(err, build.ErrWithheld) {
		return len(res.Done), err
	}
	_, published := p.Publisher.Publish(ctx)
	return len(res.Done), errors.Join(err, published)
}

func (l *commandLine) printRebuilt(out pull.Rebuilt, marts int) {
	const most = 20
	w := l.stdout
	if out.Files > 0 {
		fmt.Fprintf(w, "the ledger has %s\n", plural(out.Files, "file"))
	}
	fmt.Fprintf(w, "%s made anew, rows of %s loaded from kept bytes, %s built\n", plural(out.Tables, "table"), plural(out.Loaded, "file"), plural(marts, "mart"))
	for i, f := range out.Outdated {
		if i == most {
			fmt.Fprintf(w, "… and %s more\n", count(len(out.Outdated)-most))
			break
		}
		fmt.Fprintf(w, "typed by today's contract, which is another than before: %s/%s %s, now %s\n", f.Source, f.Feed, visible(f.Name), f.Status)
	}
	if out.Named > 0 {
		fmt.Fprintf(w, "%s had no entry in the journal: loaded under a name of its own\n", plural(out.Named, "kept object"))
	}
	printSome(w, "kept, and the journal does not say what it was called (not loaded; what the partner still offers comes again): ", out.Unnamed, most)
	var texts []string
	for _, p := range out.Problems {
		texts = append(texts, p.Error())
	}
	printSome(w, "not brought back: ", texts, most)
	if out.Moved > 0 {
		fmt.Fprintf(w, "%s of tables that were made anew lie in trash/ for 72 hours\n", plural(out.Moved, "object"))
	}
}

func printSome(w io.Writer, before string, lines []string, most int) {
	for i, line := range lines {
		if i == most {
			fmt.Fprintf(w, "… and %s more (--json has all)\n", count(len(lines)-most))
			return
		}
		fmt.Fprintln(w, before+visible(line))
	}
}
