package typing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/google/uuid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// Reject is a record that broke a rule.
type Reject struct {
	Line   int64
	Table  int // of the contract
	Column int // of the table, -1 when the rule is about the whole record
	Rule   string
	Detail string // the value as sent
}

// Typed is what one chunk gave.
type Typed struct {
	Files   map[waybill.TableName]waybill.StagedFile // without tables that got no row
	Rejects []Reject                                 // by line, one per record
	Sum     string                                   // of Trailer.SumOf over all records that have a number there; empty when the contract sums nothing
	Swapped []string                                 // day-first date columns that a spreadsheet seems to have turned round, see spreadsheetDates
}

// Typer types the chunks of one file. It is for one goroutine; its connection has temporary tables of its own.
type Typer struct {
	conn     *sql.Conn
	contract Contract
	layout   Layout
	origin   Origin
	ids      func(waybill.TableName) map[string]int
	view     string // of the chunk at hand
}

// Job is what a Typer needs to know.
type Job struct {
	Contract Contract
	Layout   Layout // CSV only
	Origin   Origin
	Salt     waybill.Secret
	FieldIDs func(waybill.TableName) map[string]int // nil writes no field ids
}

// ErrNoSalt says that a column is to be hashed and no salt is configured.
var ErrNoSalt = errors.New("no salt for pii: hash columns; set pii_salt in waybill.yaml to a secret reference")

// NewTyper takes a connection of the loader's DuckDB; Close gives it back.
func NewTyper(ctx context.Context, db *sql.DB, job Job) (*Typer, error) {
	if job.Contract.hashes() && job.Salt == "" {
		return nil, ErrNoSalt
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open DuckDB connection: %w", err)
	}
	t := &Typer{conn: conn, contract: job.Contract, layout: job.Layout, origin: job.Origin, ids: job.FieldIDs, view: "chunk-" + uuid.NewString()}
	setup := []string{"set preserve_insertion_order = false", noPruning}
	if job.Contract.hashes() {
		setup = append(setup, fmt.Sprintf("set variable %s = %s", saltVariable, duck.Literal(job.Salt.Reveal())))
	}
	for _, q := range setup {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return nil, errors.Join(errors.New("prepare DuckDB connection"), conn.Close()) // the error's text might show the salt
		}
	}
	return t, nil
}

func (c Contract) hashes() bool {
	for _, t := range c.Tables {
		for _, col := range t.Columns {
			if col.PII == Hash {
				return true
			}
		}
	}
	return false
}

// Close gives the connection back.
func (t *Typer) Close() error { return t.conn.Close() }

// Type writes the typed rows of a chunk as Parquet into dir, named after name. Records = records of Files + Rejects, or an error.
func (t *Typer) Type(ctx context.Context, ch Chunk, dir, name string) (Typed, error) {
	out := Typed{Files: map[waybill.TableName]waybill.StagedFile{}}
	target := func(table Table) string { return filepath.Join(dir, table.Name.Name+"-"+name+".parquet") }
	var err error
	if t.contract.Format.Type == CSV {
		err = t.typeCSV(ctx, ch, target(t.contract.Tables[0]), &out)
	} else {
		err = t.typeJSON(ctx, ch, target, &out)
	}
	if err != nil {
		return Typed{}, err
	}
	return out, nil
}

func (t *Typer) manner(tr Traits, years int) manner {
	return manner{null: t.contract.Format.Null, traits: tr, origin: t.origin, far: reach{now: t.origin.LoadedAt, years: years}}
}

// typeCSV copies the good rows and looks for the others only when some are missing: they are rejects, or of times further back than the
// first attempt reached.
func (t *Typer) typeCSV(ctx context.Context, ch Chunk, target string, out *Typed) error {
	table := t.contract.Tables[0]
	source := t.contract.csvSource(t.layout, t.view)
	rel, err := relate(table, source, t.manner(ch.Traits, nearYears))
	if err != nil {
		return err
	}
	rows, err := t.scanCopy(ctx, ch, rel, target)
	if err != nil {
		return err
	}
	if rows != ch.Records {
		if rel, err = relate(table, source, t.manner(ch.Traits, 0)); err != nil {
			return err
		}
		err = t.scan(ctx, ch, func() (err error) {
			out.Rejects, err = t.rejects(ctx, 0, rel, rel.bad())
			return err
		})
		if err == nil && rows+int64(len(out.Rejects)) != ch.Records {
			rows, err = t.scanCopy(ctx, ch, rel, target)
		}
		if err != nil {
			return err
		}
	}
	if n := rows + int64(len(out.Rejects)); n != ch.Records {
		return fmt.Errorf("type %s: %d records became %d rows and %d rejects; nothing is committed, report this as a defect",
			table.Name, ch.Records, rows, len(out.Rejects))
	}
	if rows > 0 {
		out.Files[table.Name] = waybill.StagedFile{Path: target, Rows: rows}
	}
	if err := t.sum(ctx, ch, rel, out); err != nil || len(out.Rejects) == 0 {
		return err
	}
	out.Swapped, err = t.spreadsheetDates(ctx, ch, rel, out.Rejects)
	return err
}

// scanCopy copies the good rows of a chunk.
func (t *Typer) scanCopy(ctx context.Context, ch Chunk, rel relation, target string) (rows int64, err error) {
	err = t.scan(ctx, ch, func() error {
		rows, err = t.copy(ctx, rel.table, rel.good(), target)
		return err
	})
	return rows, err
}

// copy writes a select as Parquet; without rows there is no file.
func (t *Typer) copy(ctx context.Context, table Table, query, target string) (int64, error) {
	ids := ""
	if t.ids != nil {
		text, err := table.fieldIDs(t.ids(table.Name))
		if err != nil {
			return 0, err
		}
		ids = ", field_ids " + text
	}
	res, err := t.conn.ExecContext(ctx, fmt.Sprintf("copy (%s) to %s (format parquet, compression zstd, compression_level 1, parquet_version v2, dictionary_size_limit 1000%s)",
		query, duck.Literal(target), ids))
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

// rejects reads _line, rule and detail.
func (t *Typer) rejects(ctx context.Context, table int, rel relation, query string) ([]Reject, error) {
	rows, err := t.conn.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("find rejects of %s: %w", rel.table.Name, err)
	}
	defer rows.Close()
	var all []Reject
	for rows.Next() {
		var line int64
		var rule int
		var detail sql.NullString
		if err := rows.Scan(&line, &rule, &detail); err != nil {
			return nil, fmt.Errorf("find rejects of %s: %w", rel.table.Name, err)
		}
		c := rel.checks[rule]
		all = append(all, Reject{Line: line, Table: table, Column: c.Column, Rule: c.Rule, Detail: detail.String})
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find rejects of %s: %w", rel.table.Name, err)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Line < all[j].Line })
	return all, nil
}

// sum adds up the trailer's column: what was loaded and, of rejected records, what is a number at all.
func (t *Typer) sum(ctx context.Context, ch Chunk, rel relation, out *Typed) error {
	want := t.contract.Trailer.SumOf
	if want == "" {
		return nil
	}
	parts := []string{"select cast(0 as decimal(38,6)) as n"}
	if loaded, ok := out.Files[rel.table.Name]; ok {
		parts = append(parts, fmt.Sprintf("select cast(%s as decimal(38,6)) from read_parquet(%s)", duck.Ident(want), duck.Literal(loaded.Path)))
	}
	if len(out.Rejects) > 0 {
		for i, col := range rel.table.Columns {
			if col.Name == want {
				parts = append(parts, fmt.Sprintf("select coalesce(cast(v%[1]d as decimal(38,6)), try_cast(r%[1]d as decimal(38,6))) from (%[2]s) where %[3]s is not null",
					i, rel.values, rel.broken()))
			}
		}
	}
	query := "select cast(sum(n) as varchar) from (" + strings.Join(parts, " union all ") + ")"
	err := t.scan(ctx, ch, func() error { return t.conn.QueryRowContext(ctx, query).Scan(&out.Sum) })
	if err != nil {
		return fmt.Errorf("sum %s: %w", want, err)
	}
	return nil
}
