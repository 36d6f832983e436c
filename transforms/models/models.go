// Package models is the SQL engine: it reads models (one select per file, with a head in YAML), finds what each one
// reads, builds them in the right order in DuckDB, checks the result and writes it as Parquet. It knows no lake, no
// pipeline and no partner: where a table's rows come from is told to it as SQL text (Relations).
package models

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"time"

	"github.com/fourmarketing/waybill"
)

// Schemas of models (the folders under sql/) and of seeds.
const (
	Staging      = "staging"      // views over one raw table
	Intermediate = "intermediate" // tables of one build, gone after it
	Marts        = "marts"        // tables that are published
	Checks       = "checks"       // queries that return the rows that should not be
	Seeds        = "seeds"        // CSV files; no models, but read like tables
)

// Project is everything under sql/, read and found consistent. It does not change after Read and may be used by several
// goroutines.
type Project struct{}

// Model is one file with one select.
type Model struct {
	Name waybill.TableName // schema and file name: marts.fct_orders
	Area string            // folder below marts: fulfilment; empty elsewhere
	Path string            // file within the project: marts/fulfilment/fct_orders.sql
	SQL  string            // the select, without the head
	Head Head
	Deps []waybill.TableName // tables that the select reads, sorted
}

// Head is what a file says about itself in the YAML comment at its top.
type Head struct {
	Description string
	Grain       string // "one row per …"
	Owner       string
	Key         []string // columns that identify a row
	Tags        []string
	Columns     []ColumnDoc // in the order of the head
	PartitionBy []string
	Severity    Severity // of a file in checks/
}

// ColumnDoc is what a head says about one column.
type ColumnDoc struct {
	Name        string
	Description string
	NotNull     bool
	Accepted    []string // the values it may have; empty for any
	PII         string
}

// Severity says what a failing check does: error holds the mart, warn is only told.
type Severity string

// The two severities.
const (
	SeverityError Severity = "error"
	SeverityWarn  Severity = "warn"
)

// Worklist is a query whose rows are what a feed asks its partner for.
type Worklist struct {
	Name string // file name
	Path string
	SQL  string
	Head Head
	Deps []waybill.TableName
}

// Relations gives the rows of tables that the engine does not build itself: the raw and ops tables, and marts that
// were built before and are not being built now. The text is a select: over read_parquet of local files, or an empty one
// with the right types. It is asked once per session and table.
type Relations interface {
	Relation(ctx context.Context, table waybill.TableName) (string, error)
}

// Session builds models in DuckDB. It has one connection and is for one goroutine at a time; Close frees what it built.
type Session struct{}

// Event is one step of a build, for a progress display.
type Event struct {
	Model *Model
	State State
	Done  int // models finished, this one included
	Total int
	Rows  int64 // of a finished table; 0 for views
	Took  time.Duration
	Err   error
}

// State is where a model is in a build.
type State string

// States of a model in a build.
const (
	Started  State = "started"
	Finished State = "finished"
	Failed   State = "failed"
	Skipped  State = "skipped" // something it reads failed
)

// Built is the outcome for one model.
type Built struct {
	Model *Model
	Rows  int64 // 0 for views
	Took  time.Duration
	Err   error // names the file and line; nil if it was built
}

// CheckResult is the outcome of one check.
type CheckResult struct {
	Model    waybill.TableName // the mart, or the file in checks/
	Check    string            // "key_unique", "relationship order_id → marts.fct_orders.order_id", the name of the file
	Severity Severity
	Failing  int64      // rows that should not be; 0 when it passed
	Columns  []string   // of Sample
	Sample   [][]string // the first five of them as text
	SQL      string     // a query that shows them
}

// CaseResult is the outcome of one day of a model's test case.
type CaseResult struct {
	Model string // fct_orders
	Case  string // refund_40_days_later
	Day   int    // 1, 2, …
	Path  string // of its want.csv
	Diff  string // readable, empty when it agrees
	Err   error  // it could not be run
	Got   []byte // the rows built, as CSV with want.csv's columns: what UPDATE writes
}

// Read reads a project: staging/, intermediate/, marts/, checks/, seeds/, macros/ and worklists/. The error joins everything
// that is wrong, each with file and line.
func Read(fsys fs.FS) (*Project, error) { return nil, errors.ErrUnsupported }

// Models returns every model in an order in which they can be built.
func (p *Project) Models() []*Model { return nil }

// Model returns one model by its full name, nil if there is none.
func (p *Project) Model(name waybill.TableName) *Model { return nil }

// Select chooses models as dbt does: name, +name, name+, +name+, 2+name, tag:x, path:x, area:x; several are a union, a comma is
// an intersection. No selector means all. The order is one in which they can be built.
func (p *Project) Select(selectors, exclude []string) ([]*Model, error) {
	return nil, errors.ErrUnsupported
}

// Leaves returns the tables that the models reach and that no model builds: raw, ops and seeds, sorted.
func (p *Project) Leaves(of ...*Model) []waybill.TableName { return nil }

// Fingerprint tells whether a model would be built from the same SQL and the same inputs as before. versions has the
// version of each raw and ops table; a table not in it counts as version "".
func (p *Project) Fingerprint(m *Model, versions map[waybill.TableName]string) string { return "" }

// Worklist returns a worklist by name; ErrNotFound names the nearest.
func (p *Project) Worklist(name string) (*Worklist, error) { return nil, errors.ErrUnsupported }

// NewSession prepares an own schema space in db with the project's macros. Seeds and other tables come in when they are read.
func NewSession(ctx context.Context, db *sql.DB, p *Project, r Relations) (*Session, error) {
	return nil, errors.ErrUnsupported
}

// Close frees everything that the session built.
func (s *Session) Close() error { return nil }

// Build builds the steps and what they need upstream; marts that are not among the steps are read through Relations. One
// failing model does not stop those that do not read it: its error is in its Built. The error is for the session itself.
func (s *Session) Build(ctx context.Context, steps []*Model, progress func(Event)) ([]Built, error) {
	return nil, errors.ErrUnsupported
}

// Check runs the checks in the heads of the models, and the files in checks/ that read one of them.
func (s *Session) Check(ctx context.Context, models []*Model) ([]CheckResult, error) {
	return nil, errors.ErrUnsupported
}

// Export writes a built mart as Parquet into dir: one file, or one per partition; none if it has no rows. fieldIDs is
// DuckDB's FIELD_IDS text: {order_id: 1, brand: 2}.
func (s *Session) Export(ctx context.Context, m *Model, fieldIDs, dir string) ([]waybill.StagedFile, error) {
	return nil, errors.ErrUnsupported
}

// Columns returns the columns of a built model with the head's descriptions.
func (s *Session) Columns(ctx context.Context, m *Model) ([]waybill.Column, error) {
	return nil, errors.ErrUnsupported
}

// Query runs a worklist; what it reads is built, or read through Relations, first. Close the rows before the session's next use.
func (s *Session) Query(ctx context.Context, w *Worklist) (*sql.Rows, error) {
	return nil, errors.ErrUnsupported
}

// Rewrite copies the rows of Parquet files for which where holds (empty for all) into one file and returns their number.
func Rewrite(ctx context.Context, db *sql.DB, sources []string, fieldIDs, where, dst string) (int64, error) {
	return 0, errors.ErrUnsupported
}

// RunCases runs the test cases under fsys (<model>/<case>/given/…): see the package's testdata. schemas has the columns of
// raw and ops tables.
func RunCases(ctx context.Context, p *Project, fsys fs.FS, schemas map[waybill.TableName][]waybill.Column) []CaseResult {
	return nil
}

// CheckStyle returns what in a project is not written as the house writes SQL; each error has file and line.
func CheckStyle(fsys fs.FS) []error { return nil }
