package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/transforms/models"
)

func newModels(l *commandLine) *cobra.Command {
	c := &cobra.Command{
		Use:   "models [SELECTOR…]",
		Short: "List models, print one, or show what a table or a column is made of",
		Long: `List what is built in and what your own sql folder adds or replaces: staging models of partners, facts, intermediate models, marts,
checks. A model is left out where no pipeline fills the raw table that it reads; a fact is empty where no partner tells it.
Selectors are those of build: a name with * in it, +name, name+, tag:, area:, path:.`,
		Example: `  waybill models
  waybill models 'area:parcels' '+fct_shipments'
  waybill models show fct_shipments
  waybill models lineage fct_shipments.delivered_at`,
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := l.readSQL()
			if err != nil {
				return err
			}
			chosen, err := s.all.Select(args, nil)
			if err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			return l.printModels(s.rows(chosen))
		},
	}
	c.AddCommand(newModelsShow(l), newModelsLineage(l))
	return c
}

// writtenSQL is the project's SQL beside its pipelines: no lake is needed to look at it.
type writtenSQL struct {
	config  *project.Config
	all     *models.Project // everything that is built in or overlaid
	active  *models.Project // what the pipelines have a use for
	leftOut map[waybill.TableName][]waybill.TableName
	defs    []pipelines.Pipeline
}

func (l *commandLine) readSQL() (*writtenSQL, error) {
	cfg, err := l.readConfig()
	if err != nil {
		return nil, err
	}
	s := &writtenSQL{config: cfg}
	if s.defs, err = cfg.ReadPipelines(); err != nil {
		return nil, err
	}
	if s.all, err = cfg.ReadModels(); err != nil {
		return nil, err
	}
	written := pipelines.Written(s.defs)
	s.active, s.leftOut = s.all.Active(written), s.all.LeftOut(written)
	return s, nil
}

// modelRow is a model as the list has it.
type modelRow struct {
	Name     string   `json:"name"`
	Schema   string   `json:"schema"`
	Area     string   `json:"area,omitempty"`
	Partners []string `json:"partners"` // whose it is; of a fact who tells it
	Grain    string   `json:"grain,omitempty"`
	State    string   `json:"state"`             // active, empty or left out
	Why      string   `json:"why,omitempty"`     // it is not active
	Overlay  string   `json:"overlay,omitempty"` // added or replaced
	Path     string   `json:"path"`
	Text     string   `json:"description,omitempty"`
}

func (s *writtenSQL) rows(chosen []*models.Model) []modelRow {
	rows := make([]modelRow, 0, len(chosen))
	for _, m := range chosen {
		row := modelRow{
			Name: m.Name.String(), Schema: m.Name.Namespace, Area: m.Area, Partners: []string{}, Grain: strings.TrimPrefix(m.Head.Grain, "one row per "),
			State: "active", Overlay: string(m.Mark), Path: m.Path, Text: m.Head.Description,
		}
		switch m.Name.Namespace {
		case models.Staging:
			row.Area, row.Partners = m.Head.ConformsTo, []string{m.Area}
		case models.Canonical:
			if partners, err := s.active.Conforming(m.Name.Name); err == nil {
				row.Partners = partners
			}
		}
		switch lacking, gone := s.leftOut[m.Name]; {
		case gone:
			row.State, row.Why = "left out", "no pipeline fills "+listOf(lacking)
		default:
			if facts := s.active.LackingPartners(m, pipelines.Written(s.defs)); m.Name.Namespace == models.Canonical && len(facts) > 0 && len(row.Partners) == 0 {
				row.State, row.Why = "empty", "no partner here tells it"
			} else if len(facts) > 0 && m.Name.Namespace != models.Canonical {
				row.Why = "no partner here tells " + strings.Join(facts, ", ")
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func listOf(names []waybill.TableName) string {
	text := make([]string, len(names))
	for i, n := range names {
		text[i] = n.String()
	}
	return strings.Join(text, ", ")
}

func (l *commandLine) printModels(rows []modelRow) error {
	if l.json {
		return printJSON(l.stdout, rows)
	}
	grids := make([][]string, len(rows))
	out, over := 0, 0
	for i, r := range rows {
		state := r.State
		if state == "left out" {
			out++
			state += ": " + r.Why
		}
		if r.Overlay != "" {
			over++
		}
		grids[i] = []string{r.Name, r.Area, strings.Join(r.Partners, " "), r.Grain, state, r.Overlay}
	}
	grid(l.stdout, []string{"model", "area", "partners", "one row per", "", "overlay"}, grids)
	fmt.Fprintf(l.stdout, "%s, %d left out, %d of your own; one of them: waybill models show NAME\n", plural(len(rows), "model"), out, over)
	return nil
}

func newModelsShow(l *commandLine) *cobra.Command {
	var builtIn bool
	c := &cobra.Command{
		Use:   "show NAME",
		Short: "Print a model, fact, seed, worklist or file of macros, built in or your own",
		Long: `Print the file with its head. Of a fact its declaration, the union that is generated from it, and which partners tell it.
--built-in prints what your own file has taken the place of.`,
		Example: `  waybill models show fct_shipments
  waybill models show canonical.parcel_scans
  waybill models show seeds.codes
  waybill models show manual_order_keys > sql/seeds/manual_order_keys.csv
  waybill models show --built-in fct_shipments`,
		Args: oneArg("one name"),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := l.readSQL()
			if err != nil {
				return err
			}
			found, err := s.source(args[0])
			if err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			if builtIn && found.Mark == models.Replaced {
				found = found.Below
			}
			if l.json {
				return printJSON(l.stdout, sourceJSON(found))
			}
			l.printSource(found)
			return nil
		},
	}
	c.Flags().BoolVar(&builtIn, "built-in", false, "what your own file has taken the place of")
	return c
}

// source prefers what is active, so that a fact's union is the one that is built.
func (s *writtenSQL) source(name string) (*models.Source, error) {
	found, err := s.active.Source(name)
	if err != nil {
		return s.all.Source(name)
	}
	return found, nil
}

func (l *commandLine) printSource(s *models.Source) {
	note := ""
	if s.Below != nil {
		note = fmt.Sprintf(", in the place of %s", s.Below.Path)
	} else if s.Mark != "" {
		note = ", of your own"
	}
	fmt.Fprintf(l.stderr, "%s %s: %s:%d%s\n", s.Kind, s.Name, s.Path, s.Line, note) // apart, so that the text can be put into a file
	fmt.Fprint(l.stdout, s.Text)
	if !strings.HasSuffix(s.Text, "\n") {
		fmt.Fprintln(l.stdout)
	}
	if s.Union == "" || s.Kind != "fact" {
		return
	}
	who := "nobody here"
	if len(s.Partners) > 0 {
		who = strings.Join(s.Partners, ", ")
	}
	fmt.Fprintf(l.stdout, "\n# told by: %s\n# the union that is generated:\n\n%s", who, s.Union)
}

func sourceJSON(s *models.Source) map[string]any {
	out := map[string]any{"kind": s.Kind, "name": s.Name, "path": s.Path, "line": s.Line, "text": s.Text}
	if s.Mark != "" {
		out["overlay"] = s.Mark
	}
	if s.Below != nil {
		out["replaces"] = s.Below.Path
	}
	if s.Kind == "fact" {
		out["partners"], out["union"] = s.Partners, s.Union
	}
	return out
}

func newModelsLineage(l *commandLine) *cobra.Command {
	var depth int
	c := &cobra.Command{
		Use:   "lineage NAME[.COLUMN]",
		Short: "Show what a table or a column is made of, up to raw tables, and what is made of it, down to marts and checks",
		Long: `Of a table, the tables that its SQL reads and those that read it. Of a column, every column that its expression names, conditions among them,
through CTEs, unions, stars and subqueries; = stands before one that is taken unchanged. What only joins or filters rows is not shown.
A table or column that is reached on several ways is shown once.`,
		Example: `  waybill models lineage fct_shipments
  waybill models lineage marts.fct_shipments.delivered_at
  waybill models lineage raw.wms_despatch.tracking_no --depth 2 --json`,
		Args: oneArg("one table, or one column after a dot"),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := l.readSQL()
			if err != nil {
				return err
			}
			p := s.active
			table, column, err := p.FindColumn(args[0])
			if err != nil {
				p = s.all // perhaps of a partner that is not here
				table, column, err = p.FindColumn(args[0])
			}
			if err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			found := lineageRows{Name: table.String(), Upstream: tableRows(p.Above(table)), Downstream: tableRows(p.Below(table))}
			if column != "" {
				if found, err = s.columnRows(c, p, models.ColumnName{Table: table, Name: column}); err != nil {
					return err
				}
			}
			return l.printLineage(found.upTo(depth))
		},
	}
	c.Flags().IntVar(&depth, "depth", 0, "how many steps each way; 0 for all")
	return c
}

// lineageRows is a lineage as --json prints it.
type lineageRows struct {
	Name       string       `json:"name"`
	Upstream   []lineageRow `json:"upstream"`
	Downstream []lineageRow `json:"downstream"`
}

type lineageRow struct {
	Name      string `json:"name"`
	Depth     int    `json:"depth"`
	Of        string `json:"of"`        // what it is a step away from
	Unchanged bool   `json:"unchanged"` // of columns
}

func tableRows(steps []models.TableStep) []lineageRow {
	rows := make([]lineageRow, len(steps))
	for i, s := range steps {
		rows[i] = lineageRow{Name: s.Table.String(), Depth: s.Depth, Of: s.Of.String()}
	}
	return rows
}

func (s *writtenSQL) columnRows(c *cobra.Command, p *models.Project, name models.ColumnName) (lineageRows, error) {
	shapes, err := inputs.Shapes(s.defs, p.Raw())
	if err != nil {
		return lineageRows{}, err
	}
	lineage, err := p.Lineage(c.Context(), shapes)
	if err != nil {
		return lineageRows{}, err
	}
	up, err := lineage.Upstream(name)
	if errors.Is(err, waybill.ErrNotFound) {
		return lineageRows{}, fmt.Errorf("%w: %w", errUsage, err)
	}
	if err != nil {
		return lineageRows{}, err
	}
	down, err := lineage.Downstream(name)
	if err != nil {
		return lineageRows{}, err
	}
	rows := func(steps []models.Step) []lineageRow {
		out := make([]lineageRow, len(steps))
		for i, s := range steps {
			out[i] = lineageRow{Name: s.Column.String(), Depth: s.Depth, Of: s.Of.String(), Unchanged: s.Unchanged}
		}
		return out
	}
	return lineageRows{Name: name.String(), Upstream: rows(up), Downstream: rows(down)}, nil
}

// upTo leaves out what is further away.
func (r lineageRows) upTo(depth int) lineageRows {
	near := func(rows []lineageRow) []lineageRow {
		out := []lineageRow{}
		for _, row := range rows {
			if depth <= 0 || row.Depth <= depth {
				out = append(out, row)
			}
		}
		return out
	}
	r.Upstream, r.Downstream = near(r.Upstream), near(r.Downstream)
	return r
}

func (l *commandLine) printLineage(r lineageRows) error {
	if l.json {
		return printJSON(l.stdout, r)
	}
	fmt.Fprintf(l.stdout, "%s\nis made of\n", r.Name)
	tree(l.stdout, r.Upstream)
	fmt.Fprintln(l.stdout, "goes into")
	tree(l.stdout, r.Downstream)
	return nil
}

func tree(w io.Writer, rows []lineageRow) {
	if len(rows) == 0 {
		fmt.Fprintln(w, "  nothing")
	}
	for _, r := range rows {
		mark := " "
		if r.Unchanged {
			mark = "="
		}
		fmt.Fprintf(w, "%s%s%s\n", strings.Repeat("  ", r.Depth), mark, r.Name)
	}
}
