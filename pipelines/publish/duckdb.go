package publish

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// DuckDB publishes to one DuckDB file. The marts are tables of its main schema, and views in a schema marts show them: so they are
// marts.fct_orders as everywhere else, in the file and in any copy of it.
type DuckDB struct {
	db     *sql.DB
	path   string
	origin Origin
}

// NewDuckDB publishes an origin's releases to the file at path; db is the DuckDB that reads the marts' Parquet.
func NewDuckDB(db *sql.DB, path string, origin Origin) *DuckDB {
	return &DuckDB{db: db, path: path, origin: origin}
}

// Name names the file in the ledger.
func (d *DuckDB) Name() string { return "duckdb:" + filepath.Base(d.path) }

// Shows tells whether the file shows the release, whatever the ledger says: it may have been deleted, taken from a copy, or be another project's.
func (d *DuckDB) Shows(ctx context.Context, rel ledger.Release) bool {
	s, err := d.find()
	return err == nil && s.there && d.look(ctx, &s) == nil && s.shown.is(rel)
}

// Publish writes a new file beside the old one and renames it over it. A process that has the old file open keeps reading the old
// release; the next open sees the new one. A file that is not this lake's makes it refuse, and is looked at again before the rename.
func (d *DuckDB) Publish(ctx context.Context, rel ledger.Release, marts []Mart, _ *zap.Logger) (err error) {
	old, err := d.replaceable(ctx)
	if err != nil {
		return err
	}
	if err := takesFiles(old.path); err != nil {
		return err
	}
	if err := sweep(old.path); err != nil {
		return err
	}
	next := fmt.Sprintf("%s.next-%d", old.path, os.Getpid())
	defer func() { err = errors.Join(err, remove(next), remove(next+".wal")) }()
	if err := d.write(ctx, next, d.statements(rel, marts), old.said); err != nil {
		return err
	}
	return d.swap(ctx, next)
}

// swap renames the new file over the old one, with the old one's rights.
func (d *DuckDB) swap(ctx context.Context, next string) error {
	if err := syncFile(next); err != nil {
		return err
	}
	old, err := d.replaceable(ctx)
	if err != nil {
		return err
	}
	if old.there {
		if err := os.Chmod(next, old.mode.Perm()); err != nil {
			return fmt.Errorf("give the new file the rights of %s: %w", old.path, err)
		}
		// What was written to the old file and not yet into it, all of it Waybill's; DuckDB would take it for the new file's.
		if err := remove(old.path + ".wal"); err != nil {
			return err
		}
	}
	if err := os.Rename(next, old.path); err != nil {
		return fmt.Errorf("swap in: %w", err)
	}
	return syncFile(filepath.Dir(old.path))
}

// takesFiles proves that the folder of a path takes a new file beside the old.
func takesFiles(path string) error {
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".probe-*"); err == nil {
			err = errors.Join(probe.Close(), os.Remove(probe.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("the folder of %s takes no new file: %w: let the user who runs waybill write there, or set publish.duckdb.path to another file; then run again", path, err)
	}
	return nil
}

// sweep removes what killed runs left: one run at a time publishes. Only names that Publish gives are taken for its own.
func sweep(path string) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("look for unfinished files: %w", err)
	}
	unfinished := regexp.MustCompile("^" + regexp.QuoteMeta(filepath.Base(path)) + `\.next-[0-9]+(\.wal)?$`)
	for _, e := range entries {
		if !unfinished.MatchString(e.Name()) {
			continue
		}
		if err := remove(filepath.Join(filepath.Dir(path), e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// write fills the new file and says what others said (of the old one's tables and columns) of those that are in it. It works on one
// connection: an attached database belongs to the whole DuckDB and must be detached again.
func (d *DuckDB) write(ctx context.Context, next string, statements []string, said map[string]string) (err error) {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("attach %s as next_release", duck.Literal(next))); err != nil {
		return fmt.Errorf("make %s: %w", next, err)
	}
	defer func() {
		_, detach := conn.ExecContext(context.WithoutCancel(ctx), "detach next_release")
		err = errors.Join(err, detach)
	}()
	if err := exec(ctx, conn, statements); err != nil {
		return fmt.Errorf("write %s: %w", next, err)
	}
	there, err := pairs(ctx, conn, "select unnest(map_keys(made)), '' from next_release.ops.release")
	if err != nil {
		return fmt.Errorf("read %s: %w", next, err)
	}
	maps.DeleteFunc(said, func(on, _ string) bool { _, ok := there[on]; return !ok })
	if err := exec(ctx, conn, append(comments(said), "checkpoint next_release")); err != nil {
		return fmt.Errorf("write %s: %w", next, err)
	}
	return nil
}

func exec(ctx context.Context, conn *sql.Conn, statements []string) error {
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// statements fill the attached database next_release: marts, what is said of them, and what of all that is Waybill's.
func (d *DuckDB) statements(rel ledger.Release, marts []Mart) []string {
	all := []string{"create schema next_release.ops"}
	said, names := map[string]string{}, tableNames(marts)
	for _, m := range marts {
		name := m.Model.Name.Name
		all = append(all, fmt.Sprintf("create table next_release.main.%s as %s", duck.Ident(name), m.Select))
		said[name] = tableComment(m.Model)
		for _, c := range m.Model.Head.Columns {
			if c.Description != "" {
				said[name+"."+c.Name] = c.Description
			}
		}
	}
	all = append(append(all, comments(said)...), d.release(rel, names))
	if namedMarts(d.path) {
		return all
	}
	all = append(all, "create schema next_release.marts")
	for _, name := range names {
		all = append(all, fmt.Sprintf("create view next_release.marts.%[1]s as select * from main.%[1]s", duck.Ident(name)))
	}
	return all
}

// release is the statement that says which release the file shows, of which lake, and what in it is Waybill's.
func (d *DuckDB) release(rel ledger.Release, names []string) string {
	instant := func(t time.Time) string {
		return "timestamptz " + duck.Literal(t.Truncate(time.Microsecond).Format(time.RFC3339Nano))
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = duck.Literal(name)
	}
	return fmt.Sprintf(`create table next_release.ops.release as select %d as release_id, %s as released_at, %s as as_of, [%s]::varchar[] as tables, %s as lake,
		map_from_entries((select list((name, said)) from (
			select table_name as name, coalesce(comment, '') as said from duckdb_tables() where database_name = 'next_release' and schema_name = 'main'
			union all
			select table_name || '.' || column_name, coalesce(comment, '') from duckdb_columns() where database_name = 'next_release' and schema_name = 'main'))) as made`,
		rel.ID, instant(rel.At), instant(rel.AsOf), strings.Join(quoted, ", "), duck.Literal(d.origin.Lake))
}

// comments are the statements that say something of tables ("fct_orders") and columns ("fct_orders.status").
func comments(said map[string]string) []string {
	var all []string
	for _, on := range sortedKeys(said) {
		table, column, ofColumn := strings.Cut(on, ".")
		kind, name := "table", "next_release.main."+duck.Ident(table)
		if ofColumn {
			kind, name = "column", name+"."+duck.Ident(column)
		}
		all = append(all, fmt.Sprintf("comment on %s %s is %s", kind, name, duck.Literal(said[on])))
	}
	return all
}

// namedMarts tells whether DuckDB names the opened file's catalog marts, after the part of its name before the first dot. There
// marts.fct_orders is the table of the main schema, and with a schema of that name it would be ambiguous.
func namedMarts(path string) bool {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return strings.EqualFold(name, models.Marts)
}

func tableComment(m *models.Model) string {
	return m.Head.Description + " Grain: " + m.Head.Grain
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
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
