package publish

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"go.uber.org/zap"
)

// copyFrozen fills a table that this transaction has made. Its rows are frozen, that is visible to transactions that began before: one at
// REPEATABLE READ that comes to a mart after the swap would find it empty otherwise. pgx's own CopyFrom cannot be told to (PostgreSQL,
// "COPY", FREEZE; the binary format is in the same place).
func copyFrozen(ctx context.Context, tx pgx.Tx, table string, columns []string, from pgx.CopyFromSource) error {
	list := idents(columns)
	described, err := tx.Conn().PgConn().Prepare(ctx, "", fmt.Sprintf("select %s from %s", list, table), nil)
	if err != nil {
		return fmt.Errorf("ask for the types: %w", err)
	}
	stream := &binaryRows{from: from, types: tx.Conn().TypeMap()}
	for i, f := range described.Fields {
		stream.columns = append(stream.columns, binaryColumn{name: columns[i], oid: f.DataTypeOID})
	}
	if _, err := tx.Conn().PgConn().CopyFrom(ctx, stream, fmt.Sprintf("copy %s (%s) from stdin (format binary, freeze)", table, list)); err != nil {
		return fmt.Errorf("COPY: %w", err)
	}
	return nil
}

// binaryRows are rows in the binary format of COPY, written as they are read.
type binaryRows struct {
	from    pgx.CopyFromSource
	types   *pgtype.Map
	columns []binaryColumn
	begun   bool
	ended   bool
	ready   bytes.Buffer
	row     []byte
}

type binaryColumn struct {
	name string
	oid  uint32
}

// Read implements io.Reader.
func (b *binaryRows) Read(p []byte) (int, error) {
	if !b.begun {
		b.begun = true
		b.ready.WriteString("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00") // signature, no flags, no extension
	}
	for b.ready.Len() < len(p) && !b.ended {
		if err := b.next(); err != nil {
			return 0, err
		}
	}
	if b.ready.Len() == 0 {
		return 0, io.EOF
	}
	return b.ready.Read(p)
}

// next makes one row ready, or the end.
func (b *binaryRows) next() error {
	if !b.from.Next() {
		if err := b.from.Err(); err != nil {
			return err
		}
		b.ended = true
		b.ready.WriteString("\xff\xff")
		return nil
	}
	values, err := b.from.Values()
	if err != nil {
		return err
	}
	b.row = binary.BigEndian.AppendUint16(b.row[:0], uint16(len(values))) //nolint:gosec // Postgres has 1,600 columns at most
	for i, v := range values {
		at := len(b.row)
		b.row = append(b.row, 0xff, 0xff, 0xff, 0xff) // the length of null
		encoded, err := b.types.Encode(b.columns[i].oid, pgx.BinaryFormatCode, v, b.row)
		if err != nil {
			return fmt.Errorf("column %s: %w", b.columns[i].name, err)
		}
		if encoded != nil {
			binary.BigEndian.PutUint32(encoded[at:], uint32(len(encoded)-at-4)) //nolint:gosec // a value is below 1 GB
			b.row = encoded
		}
	}
	b.ready.Write(b.row)
	return nil
}

// copyMart streams one mart from DuckDB into a new table. A text cannot hold the character NUL in Postgres: it is left out and the log says
// in how many values, because one bad value must not keep a release from its readers.
func (p *Postgres) copyMart(ctx context.Context, tx pgx.Tx, m Mart, log *zap.Logger) error {
	rows, err := p.db.QueryContext(ctx, m.Select)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	names, defs := make([]string, len(types)), make([]string, len(types))
	for i, t := range types {
		kind, ok := postgresType(t.DatabaseTypeName())
		if !ok {
			return fmt.Errorf("column %s is %s, which has no type in Postgres: let the model (%s) give text, numbers, dates or times", t.Name(), t.DatabaseTypeName(), m.Model.Path)
		}
		names[i], defs[i] = t.Name(), ident(t.Name())+" "+kind
	}
	table := pgx.Identifier{p.shadow(), m.Model.Name.Name}.Sanitize()
	if _, err := tx.Exec(ctx, fmt.Sprintf("create table %s (%s)", table, strings.Join(defs, ", "))); err != nil {
		return fmt.Errorf("make table: %w", err)
	}
	source := &martRows{rows: rows, width: len(names)}
	if err := copyFrozen(ctx, tx, table, names, source); err != nil {
		return err
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if source.cut > 0 {
		log.Warn("a text cannot hold the character NUL in Postgres and was published without", zap.String("target", p.Name()), zap.Stringer("mart", m.Model.Name), zap.Int("values", source.cut))
	}
	return nil
}

// postgresType is the Postgres name of a DuckDB type, exact in what it holds; false where there is none.
func postgresType(duckType string) (string, bool) {
	switch t := strings.ToUpper(duckType); t {
	case "VARCHAR":
		return "text", true
	case "BOOLEAN", "DATE", "TIME", "TIMESTAMP", "UUID":
		return strings.ToLower(t), true
	case "TINYINT", "SMALLINT", "INTEGER", "USMALLINT", "UTINYINT":
		return "integer", true
	case "BIGINT", "UINTEGER":
		return "bigint", true
	case "HUGEINT", "UBIGINT", "UHUGEINT":
		return "numeric(39,0)", true
	case "DOUBLE", "FLOAT":
		return "double precision", true
	case "TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ":
		return "timestamptz", true
	case "BLOB":
		return "bytea", true
	default:
		scale, ok := strings.CutPrefix(t, "DECIMAL(")
		return "numeric(" + scale, ok
	}
}

// martRows feed COPY with a mart's rows.
type martRows struct {
	rows  *sql.Rows
	width int
	cut   int // texts from which a NUL was taken
}

// Next moves to the next row (pgx.CopyFromSource).
func (c *martRows) Next() bool { return c.rows.Next() }

// Values reads the current row; decimals go over exactly.
func (c *martRows) Values() ([]any, error) {
	values := make([]any, c.width)
	into := make([]any, c.width)
	for i := range values {
		into[i] = &values[i]
	}
	if err := c.rows.Scan(into...); err != nil {
		return nil, fmt.Errorf("read row: %w", err)
	}
	for i, v := range values {
		switch v := v.(type) {
		case string:
			if strings.Contains(v, "\x00") {
				values[i] = strings.ReplaceAll(v, "\x00", "")
				c.cut++
			}
		case duckdb.Decimal:
			values[i] = pgtype.Numeric{Int: v.Value, Exp: -int32(v.Scale), Valid: true}
		case *big.Int:
			values[i] = pgtype.Numeric{Int: v, Valid: true}
		}
	}
	return values, nil
}

// Err is what ended the rows early.
func (c *martRows) Err() error { return c.rows.Err() }
