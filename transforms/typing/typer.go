package typing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/uuid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// Reject is a record that broke a rule.
type Reject struct {
	Line   int64 // of XML, a RecordKey
	Table  int   // of the contract
	Column int   // of the table, -1 when the rule is about the whole record
	Rule   string
	Detail string // the value as sent
	Part   string // its text, of a part that is rejected by itself; empty for a whole record
	Addend string // what it would have added to the sum of Trailer.SumOf; empty when it has no number there
}

// Typed is what a part gave.
type Typed struct {
	Files    map[waybill.TableName]waybill.StagedFile // without tables that got no row
	Loaded   int64                                    // records that gave rows, or by their contract none
	Rejected int64
	Apart    int64  // of the rejected those that are parts of loaded records (Format.Parts)
	Sum      string // of Trailer.SumOf over the loaded records; empty when the contract sums nothing
}

// Typer types the parts of one file. It is for one goroutine; its connection has temporary tables of its own.
type Typer struct {
	Job
	engine *Engine
	conn   *sql.Conn
	number int64
	view   string // of the part at hand

	mu       sync.Mutex // guards what follows: DuckDB's threads tell of rejects
	rel      relation   // of the part at hand
	rejected int64
	swapped  map[columnAt]int64 // of all parts: values that are no dates unless day and month are changed round
	failed   error              // of Job.Reject
}

// Job is what a Typer needs to know.
type Job struct {
	Contract   Contract
	Layout     Layout // CSV only
	Origin     Origin
	Name       string // the file's, see NameDate
	Salt       waybill.Secret
	FieldIDs   func(waybill.TableName) map[string]int // nil writes no field ids
	Neighbours Neighbours                             // nil where nothing is known of other files
	// Reject is told of each record that broke a rule, in no order and from any goroutine, one at a time, before its batch is released.
	Reject func(Reject) error
}

// ErrNoSalt says that a column is to be hashed and no salt is configured.
var ErrNoSalt = errors.New("no salt for pii: hash columns; set pii_salt in waybill.yaml to a secret reference")

// NewTyper takes a connection of the engine; Close gives it back.
func NewTyper(ctx context.Context, e *Engine, job Job) (*Typer, error) {
	if job.Contract.Hashes() && job.Salt == "" {
		return nil, ErrNoSalt
	}
	conn, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	t := &Typer{Job: job, engine: e, conn: conn, view: "records-" + uuid.NewString(), swapped: map[columnAt]int64{}}
	if job.Contract.Hashes() {
		for _, q := range setKeys(job.Salt) {
			if _, err := conn.ExecContext(ctx, q); err != nil {
				return nil, errors.Join(errors.New("prepare DuckDB connection"), conn.Close()) // the error's text might show the key
			}
		}
	}
	e.enter(t)
	return t, nil
}

// Close gives the connection back.
func (t *Typer) Close() error {
	t.engine.leave(t)
	return t.conn.Close()
}

// Type writes the typed rows of a part as Parquet into dir, named after name, and tells of its rejects.
func (t *Typer) Type(ctx context.Context, p Part, dir, name string) (Typed, error) {
	t.rejected, t.failed = 0, nil
	out := Typed{Files: map[waybill.TableName]waybill.StagedFile{}}
	target := func(table Table) string { return filepath.Join(dir, table.Name.Name+"-"+name+".parquet") }
	var err error
	switch {
	case !t.Contract.AtOnce():
		err = t.typeCSV(ctx, p, target(t.Contract.Tables[0]), &out)
	case t.Contract.Format.Type == CSV:
		err = t.typeEntries(ctx, p, target, &out)
	default:
		err = t.typeJSON(ctx, p, target, &out)
	}
	if t.failed != nil {
		return Typed{}, t.failed // DuckDB only repeats its text
	}
	out.Rejected = t.rejected
	return out, err
}

// typeCSV copies the good rows; the same statement tells of the others.
func (t *Typer) typeCSV(ctx context.Context, p Part, target string, out *Typed) error {
	table := t.Contract.Tables[0]
	var err error
	t.rel, err = relate(table, t.Contract.csvSource(t.Layout, t.view), manner{null: t.Contract.Format.Null, traits: p.Traits, origin: t.Origin, line: "_line"})
	if err != nil {
		return err
	}
	good := t.rel.good(fmt.Sprintf("%s(%d", duck.Ident(t.engine.function), t.number), t.Contract.Trailer.SumOf)
	err = t.scan(ctx, p.Records, func() error {
		out.Loaded, err = t.copy(ctx, table, good, target)
		return err
	})
	if err != nil {
		return err
	}
	if out.Loaded > 0 {
		out.Files[table.Name] = waybill.StagedFile{Path: target, Rows: out.Loaded}
	}
	return t.sum(ctx, out)
}

// reject tells of a record that broke one of the current relation's rules. swapped is 1 for a date with day and month changed round, else 0.
func (t *Typer) reject(r Reject, rule int, swapped int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed != nil {
		return t.failed
	}
	c := t.rel.checks[rule]
	r.Column, r.Rule = c.Column, c.Rule
	t.rejected++
	t.swapped[columnAt{r.Table, r.Column}] += swapped
	t.failed = t.Reject(r)
	return t.failed
}

// parquetOptions are measured, docs/performance.md: a dictionary that grows large costs more than it saves. Plain pages, because Iceberg's vectorized
// reader in Spark has not read delta-length texts before 1.11 (apache/iceberg pull request 15362).
const parquetOptions = "parquet_version v1, dictionary_size_limit 1000, compression zstd, compression_level 1"

// copy writes a select as Parquet; without rows there is no file.
func (t *Typer) copy(ctx context.Context, table Table, query, target string) (int64, error) {
	ids := ""
	if t.FieldIDs != nil {
		text, err := table.fieldIDs(t.FieldIDs(table.Name))
		if err != nil {
			return 0, err
		}
		ids = ", field_ids " + text
	}
	res, err := t.conn.ExecContext(ctx, fmt.Sprintf("copy (%s) to %s (format parquet, %s%s)",
		query, duck.Literal(target), parquetOptions, ids))
	if err != nil {
		return 0, fmt.Errorf("type %s: %w", table.Name, err)
	}
	rows, err := res.RowsAffected()
	if err == nil && rows == 0 {
		err = os.Remove(target)
	}
	if err != nil {
		return 0, fmt.Errorf("type %s: %w", table.Name, err)
	}
	return rows, nil
}

// sum adds up the trailer's column of what was loaded.
func (t *Typer) sum(ctx context.Context, out *Typed) error {
	want := t.Contract.Trailer.SumOf
	if want == "" {
		return nil
	}
	out.Sum = "0"
	for _, f := range out.Files {
		query := fmt.Sprintf("select cast(coalesce(sum(cast(%s as decimal(38,6))), 0) as varchar) from read_parquet(%s)", duck.Ident(want), duck.Literal(f.Path))
		if err := t.conn.QueryRowContext(ctx, query).Scan(&out.Sum); err != nil {
			return fmt.Errorf("sum %s: %w", want, err)
		}
	}
	return nil
}
