package models

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// Relations gives the rows of tables that the engine does not build itself: the raw and ops tables, and marts that
// were built before and are not being built now. The text is a select: over read_parquet of local files, or an empty one
// with the right types. It is asked at most once per session and table, from one goroutine at a time.
type Relations interface {
	Relation(ctx context.Context, table waybill.TableName) (string, error)
}

// Session builds models in DuckDB, in a database of its own beside whatever else is open there. It has one connection and
// is for one goroutine at a time; Close frees what it built.
type Session struct {
	Clock func() time.Time // how long models take is measured with it; it does not touch the data. May stay nil

	// Former gives the rows of a mart as readers have them, as a select, empty where they have none. Units that are held keep those.
	// May stay nil.
	Former func(ctx context.Context, mart waybill.TableName) (string, error)

	Selected bool // the models that are built were chosen: checks about nothing of them wait for a build of all

	project   *Project
	relations Relations
	conn      *sql.Conn
	database  string // the session's own
	before    string // the connection's, to go back to
	have      map[waybill.TableName]origin
	failed    map[waybill.TableName]error
	building  map[waybill.TableName]bool   // marts that Build builds and so are not read through Relations
	formers   map[waybill.TableName]string // relations of marts as they were, asked once; empty for none
	unlike    map[waybill.TableName]error  // marts whose former rows cannot be told by unit
	held      *held                        // units whose former rows stand in the marts; nil as long as there are none
}

// origin is how a table came into the session.
type origin int

const (
	fromRelations origin = iota + 1
	fromSeed
	builtView
	builtTable
)

// NewSession prepares a session with the project's macros. Seeds and other tables come in when they are first read.
func NewSession(ctx context.Context, db *sql.DB, p *Project, r Relations) (*Session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open a build session: %w", err)
	}
	id := make([]byte, 8)
	_, err = rand.Read(id)
	var before string
	if err == nil {
		err = conn.QueryRowContext(ctx, "select current_database()").Scan(&before)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open a build session: %w", err), conn.Close())
	}
	s := &Session{
		project: p, relations: r, conn: conn, before: before,
		database: "build_" + hex.EncodeToString(id),
		have:     map[waybill.TableName]origin{},
		failed:   map[waybill.TableName]error{},
		building: map[waybill.TableName]bool{},
		formers:  map[waybill.TableName]string{},
		unlike:   map[waybill.TableName]error{},
	}
	setup := "attach ':memory:' as " + s.database + "; use " + s.database
	for _, schema := range []string{schemaRaw, schemaOps, Seeds, Staging, Canonical, Intermediate, Marts, schemaFormer, schemaKeptOut} {
		setup += "; create schema " + schema
	}
	if err := s.exec(ctx, setup); err != nil {
		return nil, errors.Join(fmt.Errorf("open a build session: %w", err), s.Close())
	}
	for _, m := range p.macros {
		if err := s.exec(ctx, m.sql); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", m.path, err), s.Close())
		}
	}
	return s, nil
}

// Close frees everything that the session built and gives its connection back.
func (s *Session) Close() error {
	err := s.exec(context.Background(), "use "+duck.Ident(s.before)+"; detach database if exists "+s.database)
	if err != nil {
		err = fmt.Errorf("close the build session: %w", err)
	}
	return errors.Join(err, s.conn.Close())
}

// Query runs a worklist. What it reads is built, or read through Relations, first. Close the rows before the session's
// next use.
func (s *Session) Query(ctx context.Context, w *Worklist) (*sql.Rows, error) {
	for _, d := range w.Deps {
		if err := s.ensure(ctx, d); err != nil {
			return nil, fmt.Errorf("worklist %s: %w", w.Name, err)
		}
	}
	rows, err := s.conn.QueryContext(ctx, w.SQL)
	if err != nil {
		return nil, fmt.Errorf("worklist %s: %w", w.Name, locate(w.Path, w.line, explain(w.Partner, w.Deps, err)))
	}
	return rows, nil
}

func (s *Session) exec(ctx context.Context, text string) error {
	_, err := s.conn.ExecContext(ctx, text)
	return err
}

// ensure brings a table and what it needs into the session.
func (s *Session) ensure(ctx context.Context, t waybill.TableName) error {
	if s.have[t] != 0 {
		return nil
	}
	if err := s.failed[t]; err != nil {
		return err
	}
	err := s.bring(ctx, t)
	if err != nil && ctx.Err() == nil {
		s.failed[t] = err
	}
	return err
}

func (s *Session) bring(ctx context.Context, t waybill.TableName) error {
	if seed := s.project.seeds[t]; seed != nil {
		if err := s.loadSeed(ctx, seed); err != nil {
			return err
		}
		s.have[t] = fromSeed
		return nil
	}
	if !s.builds(t) {
		return s.relate(ctx, t)
	}
	m := s.project.byName[t]
	for _, d := range m.Deps {
		err := s.ensure(ctx, d)
		switch {
		case err == nil:
		case s.builds(d):
			return upstreamError{table: d, err: err}
		default:
			return fmt.Errorf("%s: %w", m.Path, err)
		}
	}
	return s.create(ctx, m)
}

// builds tells whether a table is a model that this session builds when it is read.
func (s *Session) builds(t waybill.TableName) bool {
	return s.project.byName[t] != nil && (t.Namespace != Marts || s.building[t])
}

// upstreamError says that a model was not built because of what it reads.
type upstreamError struct {
	table waybill.TableName
	err   error
}

func (e upstreamError) Error() string { return fmt.Sprintf("reads %s: %v", e.table, e.err) }
func (e upstreamError) Unwrap() error { return e.err }

func isUpstream(err error) bool {
	var up upstreamError
	return errors.As(err, &up)
}

// inputError is about a table that no model builds.
type inputError struct{ err error }

func (e inputError) Error() string { return e.err.Error() }
func (e inputError) Unwrap() error { return e.err }

// OfModel tells whether a model's error lies in the model or in what is in its tables, so that it will be there next time. Else a table could not be
// read, or memory or disk ended: nothing is said about the model.
func OfModel(err error) bool {
	var input inputError
	if errors.As(err, &input) {
		return errors.Is(err, waybill.ErrNotFound)
	}
	var inDuck *duckdb.Error
	if errors.As(err, &inDuck) {
		switch inDuck.Type {
		case duckdb.ErrorTypeIO, duckdb.ErrorTypeOutOfMemory, duckdb.ErrorTypeFatal, duckdb.ErrorTypeInterrupt, duckdb.ErrorTypeInternal,
			duckdb.ErrorTypeConnection, duckdb.ErrorTypeTransaction, duckdb.ErrorTypeNetwork, duckdb.ErrorTypeHTTP:
			return false
		}
	}
	return true
}

// Upstream tells whether a model or check could not be run because of another model that it reads, which has an error of its own.
func Upstream(err error) bool { return isUpstream(err) }

func (s *Session) relate(ctx context.Context, t waybill.TableName) error {
	text, err := s.relations.Relation(ctx, t)
	if err != nil && t.Namespace == Marts {
		return fmt.Errorf("read %s, which is not among the models to build: %w", t, inputError{err})
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", t, inputError{err})
	}
	if err := s.exec(ctx, "create view "+quoted(t)+" as "+text); err != nil {
		return fmt.Errorf("read %s: %w", t, inputError{err})
	}
	s.have[t] = fromRelations
	return nil
}

// create makes the view or table of a model whose dependencies are there.
func (s *Session) create(ctx context.Context, m *Model) error {
	if m.fact != nil {
		if err := s.conforming(ctx, m.fact); err != nil {
			return err
		}
	}
	kind, how := "table", builtTable
	if m.Name.Namespace == Staging {
		kind, how = "view", builtView
	}
	// The select begins on the statement's second line, which locate relies on.
	if err := s.exec(ctx, "create "+kind+" "+quoted(m.Name)+" as\n"+m.SQL); err != nil {
		return locate(m.Path, m.line-1, explain(m.partner(), m.Deps, err))
	}
	if how == builtTable {
		if err := s.settleTypes(ctx, m); err != nil {
			return errors.Join(err, s.exec(ctx, "drop table "+quoted(m.Name)))
		}
	}
	s.have[m.Name] = how
	return nil
}

// settleTypes gives integer columns the lake's types and holds a table against its head.
func (s *Session) settleTypes(ctx context.Context, m *Model) error {
	columns, err := s.describe(ctx, quoted(m.Name))
	if err != nil {
		return fmt.Errorf("%s: %w", m.Path, err)
	}
	var names []string
	for _, c := range columns {
		names = append(names, c.name)
		if _, ok := lakeType(c.duckType); ok {
			continue
		}
		if to, ok := widened(c.duckType); ok {
			err := s.exec(ctx, "alter table "+quoted(m.Name)+" alter column "+duck.Ident(c.name)+" set data type "+to)
			if err != nil {
				return fmt.Errorf("%s: column %s: %w", m.Path, c.name, err)
			}
			continue
		}
		if m.Name.Namespace == Marts {
			return fmt.Errorf("%s: column %s is %s, which no mart can have: cast it in the select", m.Path, c.name, c.duckType)
		}
	}
	var errs []error
	for _, want := range m.Head.named() {
		if !contains(names, want.Name) {
			errs = append(errs, fmt.Errorf("%s:%d: the head names column %s, which the select does not give%s",
				m.Path, max(want.line, 1), want.Name, didYouMean(want.Name, names)))
		}
	}
	return errors.Join(errs...)
}

// named returns every column that the head names, with the line where it is known.
func (h Head) named() []ColumnDoc {
	out := append([]ColumnDoc(nil), h.Columns...)
	for _, k := range h.Key {
		out = append(out, ColumnDoc{Name: k})
	}
	for _, k := range h.PartitionBy {
		out = append(out, ColumnDoc{Name: k})
	}
	if h.Unit.Through.Name == "" {
		for _, k := range h.Unit.columns() {
			out = append(out, ColumnDoc{Name: k})
		}
	}
	if h.AtStake != nil {
		out = append(out, ColumnDoc{Name: h.AtStake.Amount}, ColumnDoc{Name: h.AtStake.Currency})
	}
	if h.List != nil {
		out = append(out, h.List.columns()...)
	}
	for _, c := range h.Checks {
		for _, k := range append(append([]string(nil), c.Columns...), c.By...) {
			out = append(out, ColumnDoc{Name: k, line: c.line})
		}
	}
	return out
}

// described is a column as DuckDB describes it.
type described struct{ name, duckType string }

func (s *Session) describe(ctx context.Context, relation string) ([]described, error) {
	rows, err := s.conn.QueryContext(ctx, "select column_name, column_type from (describe "+relation+")")
	if err != nil {
		return nil, fmt.Errorf("describe %s: %w", relation, err)
	}
	defer rows.Close()
	var out []described
	for rows.Next() {
		var d described
		if err := rows.Scan(&d.name, &d.duckType); err != nil {
			return nil, fmt.Errorf("describe %s: %w", relation, err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// Columns returns the columns of a built model with the head's descriptions.
func (s *Session) Columns(ctx context.Context, m *Model) ([]waybill.Column, error) {
	if err := s.ensure(ctx, m.Name); err != nil {
		return nil, err
	}
	columns, err := s.describe(ctx, quoted(m.Name))
	if err != nil {
		return nil, err
	}
	docs := map[string]string{}
	for _, c := range m.Head.Columns {
		docs[c.Name] = c.Description
	}
	out := make([]waybill.Column, len(columns))
	for i, c := range columns {
		t, ok := lakeType(c.duckType)
		if !ok {
			return nil, fmt.Errorf("%s: column %s is %s, which no lake table can have", m.Path, c.name, c.duckType)
		}
		out[i] = waybill.Column{Name: c.name, Type: t, Doc: docs[c.name]}
	}
	return out, nil
}

// loadSeed makes a table of a seed's CSV. DuckDB reads files, so the embedded bytes go through a temporary one.
func (s *Session) loadSeed(ctx context.Context, seed *Seed) error {
	from, err := csvTable(seed.Name.Name, seed.data, seed.Columns, "")
	if err != nil {
		return fmt.Errorf("%s: %w", seed.Path, err)
	}
	err = s.exec(ctx, "create table "+quoted(seed.Name)+" as "+from.sql)
	if err = errors.Join(err, from.remove()); err != nil {
		return fmt.Errorf("%s: %w", seed.Path, err)
	}
	return nil
}

func quoted(t waybill.TableName) string { return duck.Ident(t.Namespace) + "." + duck.Ident(t.Name) }

var duckLine = regexp.MustCompile(`LINE (\d+):`)

// locate adds file and line to an error of DuckDB's about SQL whose first line is the given one of the file.
func locate(path string, first int, err error) error {
	var inDuck *duckdb.Error
	if errors.As(err, &inDuck) {
		if found := duckLine.FindStringSubmatch(inDuck.Msg); found != nil {
			if n, convErr := strconv.Atoi(found[1]); convErr == nil {
				return fmt.Errorf("%s:%d: %w", path, first+n-1, err)
			}
		}
	}
	return fmt.Errorf("%s: %w", path, err)
}
