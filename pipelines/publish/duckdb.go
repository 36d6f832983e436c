package publish

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// DuckDB publishes to one DuckDB file. The marts are in its main schema: DuckDB names an opened file's catalog after the file, so that
// in marts.duckdb the table is marts.fct_orders, as everywhere else; a schema of that name would be ambiguous.
type DuckDB struct {
	db   *sql.DB
	path string
}

// NewDuckDB publishes to the file at path; db is the DuckDB that reads the marts' Parquet.
func NewDuckDB(db *sql.DB, path string) *DuckDB { return &DuckDB{db: db, path: path} }

// Name names the file in the ledger.
func (d *DuckDB) Name() string { return "duckdb:" + filepath.Base(d.path) }

// Shows tells whether the file is there: a file that somebody deleted is written again.
func (d *DuckDB) Shows(context.Context) bool {
	_, err := os.Stat(d.path)
	return err == nil
}

// Publish writes a new file beside the old one and renames it over it. A process that has the old file open keeps reading the old
// release; the next open sees the new one. A file that is not Waybill's makes it refuse, and is looked at again before the rename.
func (d *DuckDB) Publish(ctx context.Context, rel ledger.Release, marts []Mart, _ *zap.Logger) (err error) {
	if err := os.MkdirAll(filepath.Dir(d.path), 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if _, err := d.replaceable(ctx); err != nil {
		return err
	}
	if err := d.sweep(); err != nil {
		return err
	}
	next := fmt.Sprintf("%s.next-%d", d.path, os.Getpid())
	defer func() { err = errors.Join(err, remove(next), remove(next+".wal")) }()
	if err := d.write(ctx, next, rel, marts); err != nil {
		return err
	}
	if err := syncFile(next); err != nil {
		return err
	}
	there, err := d.replaceable(ctx)
	if err != nil {
		return err
	}
	if there { // what was written to the old file and not yet into it, all of it Waybill's; DuckDB would take it for the new file's
		if err := remove(d.path + ".wal"); err != nil {
			return err
		}
	}
	if err := os.Rename(next, d.path); err != nil {
		return fmt.Errorf("swap in: %w", err)
	}
	return syncFile(filepath.Dir(d.path))
}

// sweep removes what killed runs left: one run at a time publishes. Only names that Publish gives are taken for its own.
func (d *DuckDB) sweep() error {
	entries, err := os.ReadDir(filepath.Dir(d.path))
	if err != nil {
		return fmt.Errorf("look for unfinished files: %w", err)
	}
	unfinished := regexp.MustCompile("^" + regexp.QuoteMeta(filepath.Base(d.path)) + `\.next-[0-9]+(\.wal)?$`)
	for _, e := range entries {
		if !unfinished.MatchString(e.Name()) {
			continue
		}
		if err := remove(filepath.Join(filepath.Dir(d.path), e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// write fills the new file on one connection: an attached database belongs to the whole DuckDB and must be detached again.
func (d *DuckDB) write(ctx context.Context, next string, rel ledger.Release, marts []Mart) (err error) {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	name := duck.Ident(fmt.Sprintf("publish_%d", rel.ID))
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("attach %s as %s", duck.Literal(next), name)); err != nil {
		return fmt.Errorf("make %s: %w", next, err)
	}
	defer func() {
		_, detach := conn.ExecContext(context.WithoutCancel(ctx), "detach "+name)
		err = errors.Join(err, detach)
	}()
	for _, statement := range statements(name, rel, marts) {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("write %s: %w", next, err)
		}
	}
	return nil
}

func statements(db string, rel ledger.Release, marts []Mart) []string {
	named := tableNames(marts)
	for i, name := range named {
		named[i] = duck.Literal(name)
	}
	all := []string{
		fmt.Sprintf("create schema %s.ops", db),
		fmt.Sprintf("create table %s.ops.release as select %d as release_id, timestamptz %s as released_at, timestamptz %s as as_of, [%s]::varchar[] as tables",
			db, rel.ID, duck.Literal(rel.At.Format(time.RFC3339Nano)), duck.Literal(rel.AsOf.Format(time.RFC3339Nano)), strings.Join(named, ", ")),
	}
	for _, m := range marts {
		table := fmt.Sprintf("%s.main.%s", db, duck.Ident(m.Model.Name.Name))
		all = append(all, fmt.Sprintf("create table %s as %s", table, m.Select))
		all = append(all, fmt.Sprintf("comment on table %s is %s", table, duck.Literal(tableComment(m.Model))))
		for _, c := range m.Model.Head.Columns {
			if c.Description != "" {
				all = append(all, fmt.Sprintf("comment on column %s.%s is %s", table, duck.Ident(c.Name), duck.Literal(c.Description)))
			}
		}
	}
	return append(all, "checkpoint "+db)
}

func tableComment(m *models.Model) string {
	return m.Head.Description + " Grain: " + m.Head.Grain
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

// syncFile makes a file's or folder's content survive a power cut.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return errors.Join(f.Sync(), f.Close())
}
