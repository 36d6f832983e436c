// Package models builds the marts: it reads the SQL files under sql/ with their heads, finds their order and what changed since the
// last build (fingerprints), runs them in DuckDB, and checks what came out. It also runs the models' test cases, answers
// selectors and exports finished tables.
//
// It does not know where tables lie: callers hand in SQL text for each (Relations) and the DuckDB connection to work on. Nor does
// it know partners, feeds or publishing.
package models

import (
	"fmt"
	"sort"
	"strings"

	"github.com/fourmarketing/waybill"
)

// Schemas of models (the folders under sql/) and of seeds.
const (
	Staging      = "staging"      // views over a partner's raw tables
	Canonical    = "canonical"    // facts: the union of the staging models that conform to each
	Intermediate = "intermediate" // tables of one build, gone after it
	Marts        = "marts"        // tables that are published
	Checks       = "checks"       // queries that return the rows that should not be
	Seeds        = "seeds"        // CSV files; no models, but read like tables
)

// Schemas of tables that come from outside: the lake's raw tables and the run's own state.
const (
	schemaRaw = "raw"
	schemaOps = "ops"
)

// Project is everything under sql/, read and found consistent. It does not change after Read and may be used by several
// goroutines.
type Project struct {
	models    []*Model // in an order in which they can be built
	byName    map[waybill.TableName]*Model
	readers   map[waybill.TableName][]*Model // who reads a table directly
	seeds     map[waybill.TableName]*Seed
	raw       map[waybill.TableName][]waybill.Column // columns of raw tables that several contracts fill
	worklists []*Worklist
	macros    []macro
	changes   []Change // what overlays did
}

// Model is one file with one select.
type Model struct {
	Name waybill.TableName // schema and file name: marts.fct_orders
	Area string            // folder below the schema's: fulfilment; a staging model's partner; empty if there is none
	Path string            // file within the project: marts/fulfilment/fct_orders.sql; of an overlay its path on disk
	Mark Mark              // whether an overlay added it, or replaced a built-in one
	SQL  string            // the select, without the head
	Head Head
	Deps []waybill.TableName // tables that the select reads, sorted

	line     int    // line of the file on which SQL starts, from 1
	file     string // within its layer
	depth    int    // of its layer
	replaced *Model // what it took the place of
	text     string // of the file, or of the declaration in it
	facts    *facts
	fact     *Fact // what a model of the schema canonical is the union of
}

// kind is what messages call the model.
func (m *Model) kind() string {
	switch m.Name.Namespace {
	case Checks:
		return "check"
	case Canonical:
		return "fact"
	}
	return "model"
}

// Seed is a CSV file that is read like a table.
type Seed struct {
	Name        waybill.TableName // seeds.holidays
	Path        string
	Description string
	Columns     []waybill.Column // in the order of the CSV's header
	Key         []string         // columns that identify a row, empty if not said
	Periods     []string         // of dated rules: the columns that say what a rule is for; empty for other seeds
	Names       []NamedColumn    // columns whose values name something
	Mark        Mark             // whether an overlay added it, or replaced a built-in one

	replaced *Seed // what it took the place of
	data     []byte
}

// Worklist is a query whose rows are what a feed asks its partner for.
type Worklist struct {
	Name    string // file name
	Partner string // folder of the partner who is asked
	Path    string
	SQL     string
	Head    Head
	Deps    []waybill.TableName
	Mark    Mark // whether an overlay added it, or replaced a built-in one

	line     int
	depth    int // of its layer
	replaced *Worklist
	text     string
	facts    *facts
}

type macro struct {
	path string // for messages
	file string // within its layer
	sql  string
}

// Models returns every model in an order in which they can be built.
func (p *Project) Models() []*Model { return append([]*Model(nil), p.models...) }

// Model returns one model by its full name, nil if there is none.
func (p *Project) Model(name waybill.TableName) *Model { return p.byName[name] }

// Seeds returns the seeds, sorted by name.
func (p *Project) Seeds() []*Seed {
	out := make([]*Seed, 0, len(p.seeds))
	for _, s := range p.seeds {
		out = append(out, s)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name.Name < out[j].Name.Name })
	return out
}

// Worklists returns the worklists, sorted by name.
func (p *Project) Worklists() []*Worklist { return append([]*Worklist(nil), p.worklists...) }

// Worklist returns a worklist by name. The error is ErrNotFound and names the nearest.
func (p *Project) Worklist(name string) (*Worklist, error) {
	var names []string
	for _, w := range p.worklists {
		if w.Name == name {
			return w, nil
		}
		names = append(names, w.Name)
	}
	return nil, fmt.Errorf("worklist %s%s: %w", name, didYouMean(name, names), waybill.ErrNotFound)
}

// Readers returns the models that read a table directly, in build order.
func (p *Project) Readers(of waybill.TableName) []*Model {
	return append([]*Model(nil), p.readers[of]...)
}

// Leaves returns the tables that the models reach and that no model builds: raw, ops and seeds, sorted.
func (p *Project) Leaves(of ...*Model) []waybill.TableName {
	var start []waybill.TableName
	for _, m := range of {
		start = append(start, m.Deps...)
	}
	return p.LeavesOf(start...)
}

// LeavesOf is Leaves for tables: a leaf is its own leaf, a model brings what it reaches. Worklists use it with their Deps.
func (p *Project) LeavesOf(tables ...waybill.TableName) []waybill.TableName {
	var out []waybill.TableName
	for name := range p.reached(tables) {
		if p.byName[name] == nil {
			out = append(out, name)
		}
	}
	sortNames(out)
	return out
}

// reached returns the tables and everything upstream of them.
func (p *Project) reached(tables []waybill.TableName) map[waybill.TableName]bool {
	seen := map[waybill.TableName]bool{}
	var visit func([]waybill.TableName)
	visit = func(names []waybill.TableName) {
		for _, n := range names {
			if seen[n] {
				continue
			}
			seen[n] = true
			if m := p.byName[n]; m != nil {
				visit(m.Deps)
			}
		}
	}
	visit(tables)
	return seen
}

// inOrder returns the models of a set in build order.
func (p *Project) inOrder(set map[waybill.TableName]bool) []*Model {
	var out []*Model
	for _, m := range p.models {
		if set[m.Name] {
			out = append(out, m)
		}
	}
	return out
}

func sortNames(names []waybill.TableName) {
	sort.Slice(names, func(i, j int) bool { return names[i].String() < names[j].String() })
}

func parseName(s string) waybill.TableName {
	schema, name, found := strings.Cut(strings.ToLower(s), ".")
	if !found {
		return waybill.TableName{Name: schema}
	}
	return waybill.TableName{Namespace: schema, Name: name}
}
