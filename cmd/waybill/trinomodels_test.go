package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// modelsOfTrino are the models of intermediate and marts in build order, and a DuckDB session that has built them and all that
// they read. What they read and are not is for Trino a table that lies there.
type modelsOfTrino struct {
	session *models.Session
	steps   []*models.Model
	given   []waybill.TableName
}

// copies are leaves as Parquet files (models.Relations).
type copies map[waybill.TableName]string

func (c copies) Relation(_ context.Context, name waybill.TableName) (string, error) {
	path, ok := c[name]
	if !ok {
		return "", fmt.Errorf("no leaf %s", name)
	}
	return "select * from read_parquet(" + duck.Literal(path) + ")", nil
}

// buildForTrino builds every model with DuckDB over the project's lake, as of an instant.
func buildForTrino(t *testing.T, p *office, asOf time.Time) modelsOfTrino {
	t.Helper()
	opened, dir, leaves := p.open(), t.TempDir(), copies{}
	shapes, err := inputs.Shapes(opened.Pipelines, opened.Models.Raw())
	if err != nil {
		t.Fatal(err)
	}
	err = opened.Inputs.Query(t.Context(), asOf, func(q inputs.Querier) error {
		for name := range shapes {
			leaves[name] = filepath.Join(dir, name.String()+".parquet")
			if _, err := q.ExecContext(t.Context(), "copy (from "+name.String()+") to "+duck.Literal(leaves[name])+" (format parquet)"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	m := modelsOfTrino{}
	if m.session, err = models.NewSession(t.Context(), openDuck(t), opened.Models, leaves); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.session.Close() })
	m.order(opened.Models)
	built, err := m.session.Build(t.Context(), m.steps, nil)
	if err != nil || len(built) == 0 {
		t.Fatalf("%d models built, %v", len(built), err)
	}
	for _, b := range built {
		if b.Err != nil {
			t.Fatal(b.Err)
		}
	}
	return m
}

// order puts each model after those that it reads.
func (m *modelsOfTrino) order(project *models.Project) {
	done := map[waybill.TableName]bool{}
	var visit func(name waybill.TableName)
	visit = func(name waybill.TableName) {
		if done[name] {
			return
		}
		done[name] = true
		if model := project.Model(name); model != nil && slices.Contains([]string{models.Intermediate, models.Marts}, name.Namespace) {
			for _, d := range model.Deps {
				visit(d)
			}
			m.steps = append(m.steps, model)
			return
		}
		m.given = append(m.given, name)
	}
	for _, model := range project.Models() {
		if model.Name.Namespace == models.Intermediate || model.Name.Namespace == models.Marts {
			visit(model.Name)
		}
	}
}

// lakeTypes are a table's columns in types that the lake has.
func lakeTypes(columns []waybill.Column) []waybill.Column {
	out := slices.Clone(columns)
	for i, c := range columns {
		switch c.Type {
		case "TIMESTAMP WITH TIME ZONE":
			out[i].Type = "TIMESTAMPTZ"
		case "HUGEINT", "UBIGINT":
			out[i].Type = "BIGINT"
		}
	}
	return out
}

// giveTables writes what the models read into a lake of its own, for Trino to take it from.
func (m modelsOfTrino) giveTables(t *testing.T, l sharedLake) {
	t.Helper()
	at, err := lake.Open(t.Context(), lake.Config{Root: l.root, Catalog: l.dsn, CacheDir: t.TempDir(), Now: time.Now, S3: lake.S3{
		Endpoint: l.s3.Endpoint, Region: l.s3.Region, AccessKey: l.s3.AccessKey, SecretKey: l.s3.SecretKey,
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	for _, name := range m.given {
		table, err := at.Ensure(t.Context(), name, lake.TableSpec{Columns: lakeTypes(describeIn(t, m.session, name))})
		if err != nil {
			t.Fatal(err)
		}
		casts := make([]string, len(table.Columns))
		for i, c := range table.Columns {
			casts[i] = fmt.Sprintf("cast(%[1]s as %[2]s) as %[1]s", duck.Ident(c.Name), c.Type)
		}
		path := filepath.Join(t.TempDir(), "0.parquet")
		n := inSession(t, m.session, fmt.Sprintf("copy (select %s from %s) to %s (format parquet, field_ids %s)", strings.Join(casts, ", "), name, duck.Literal(path), table.FieldIDs()), name)
		rows, ok := n[0][0].(int64)
		if !ok {
			t.Fatalf("copy %s gave %v", name, n)
		}
		if _, err := at.Append(t.Context(), lake.Commit{Table: name, LoadID: "given", Add: []waybill.StagedFile{{Path: path, Rows: rows}}}); err != nil {
			t.Fatal(err)
		}
	}
}

// sameOnTrino runs each model's SQL on Trino as it stands, over the same tables and its own results, and compares every row.
func (m modelsOfTrino) sameOnTrino(t *testing.T, trino testservers.Trino) {
	run := func(statement string) ([]testservers.TrinoColumn, [][]any, error) {
		return trino.Query(t.Context(), "memory", statement)
	}
	schemas := map[string]bool{}
	for _, name := range append(slices.Clone(m.given), stepNames(m.steps)...) {
		schemas[name.Namespace] = true
	}
	for schema := range schemas {
		if _, _, err := run("create schema if not exists " + schema); err != nil {
			t.Fatal(err)
		}
	}
	var g errgroup.Group
	g.SetLimit(3)
	for _, name := range m.given {
		g.Go(func() error {
			_, _, err := run(fmt.Sprintf("create table %[1]s as select * from given.%[1]s", name))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	db, dir, rows := openDuck(t), t.TempDir(), 0
	for _, step := range m.steps {
		name := step.Name.String()
		if _, _, err := run("create table " + name + " as\n" + step.SQL); err != nil {
			t.Errorf("%s: %v", step.Path, err)
			continue
		}
		columns := lakeTypes(describeIn(t, m.session, step.Name))
		table, theirs, err := run("select " + strings.Join(namesOf(columns), ", ") + " from " + name)
		if err != nil {
			t.Errorf("%s: %v", step.Path, err)
			continue
		}
		path := filepath.Join(dir, name)
		writeTrinoRows(t, path+".ndjson", table, theirs)
		inSession(t, m.session, "copy (from "+name+") to "+duck.Literal(path+".parquet")+" (format parquet)", step.Name)
		rows += sameRelation(t, db, name, [2]string{"select * from read_parquet(" + duck.Literal(path+".parquet") + ")", trinoRows(path+".ndjson", columns)}, nil)
	}
	t.Logf("%d models on Trino over %d tables: %d rows", len(m.steps), len(m.given), rows)
	if rows == 0 {
		t.Error("nothing was compared")
	}
}

func stepNames(steps []*models.Model) []waybill.TableName {
	names := make([]waybill.TableName, len(steps))
	for i, s := range steps {
		names[i] = s.Name
	}
	return names
}

// newDatabase makes a database beside another one in its cluster: every catalog is called alike.
func newDatabase(t *testing.T, dsn, name string) string {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "create database "+duck.Ident(name)); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
