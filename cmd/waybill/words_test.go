package main

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/definitions"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	waybillsql "github.com/fourmarketing/waybill/sql"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// TestNamesNeedNoQuotes holds every column of every table against the reserved words of DuckDB, Postgres, Trino and Spark and the names
// that Iceberg keeps for itself.
func TestNamesNeedNoQuotes(t *testing.T) {
	t.Parallel()
	tables := everyColumn(t)
	for table, columns := range tables {
		for name, why := range models.Unquotable(columns...) {
			t.Errorf("%s.%s is %s", table, name, why)
		}
		schema, bare, _ := strings.Cut(table, ".")
		for name, why := range models.Unquotable(schema, bare) {
			t.Errorf("in %s, %s is %s", table, name, why)
		}
	}
}

// emptyTables gives leaves without rows (models.Relations).
type emptyTables map[waybill.TableName][]waybill.Column

func (e emptyTables) Relation(_ context.Context, name waybill.TableName) (string, error) {
	columns, ok := e[name]
	if !ok {
		return "", fmt.Errorf("no contract describes %s", name)
	}
	casts := make([]string, len(columns))
	for i, c := range columns {
		casts[i] = fmt.Sprintf("cast(null as %s) as %s", c.Type, duck.Ident(c.Name))
	}
	return "select " + strings.Join(casts, ", ") + " where false", nil
}

// everyColumn names the columns of every table that the built-in contracts, seeds and models describe, by table.
func everyColumn(t *testing.T) map[string][]string {
	t.Helper()
	project, err := models.Read(waybillsql.Files)
	if err != nil {
		t.Fatal(err)
	}
	leaves, err := inputs.Shapes(builtIn(t), project.Raw())
	if err != nil {
		t.Fatal(err)
	}
	session, err := models.NewSession(t.Context(), openDuck(t), project, emptyTables(leaves))
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if _, err := session.Build(t.Context(), project.Models(), nil); err != nil {
		t.Fatal(err)
	}
	names := map[waybill.TableName]bool{}
	for name := range leaves {
		names[name] = true
	}
	for _, s := range project.Seeds() {
		names[s.Name] = true
	}
	for _, m := range project.Models() {
		if m.Name.Namespace == models.Checks {
			continue // a query that returns the rows that should not be; it is no table
		}
		names[m.Name] = true
		for _, d := range m.Deps {
			names[d] = true
		}
	}
	all := map[string][]string{}
	for name := range names {
		for _, c := range describeIn(t, session, name) {
			all[name.String()] = append(all[name.String()], c.Name)
		}
	}
	if len(all) < 100 {
		t.Errorf("only %d tables were found", len(all))
	}
	return all
}

func builtIn(t *testing.T) []pipelines.Pipeline {
	t.Helper()
	files, err := fs.Glob(definitions.Files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var defs []pipelines.Pipeline
	for _, name := range files {
		text, err := fs.ReadFile(definitions.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := pipelines.Decode(name, text)
		if err != nil {
			t.Fatal(err)
		}
		defs = append(defs, p)
	}
	return defs
}

// inSession runs a statement in a build session, with what it reads built first.
func inSession(t *testing.T, s *models.Session, statement string, reads waybill.TableName) [][]any {
	t.Helper()
	rows, err := s.Query(t.Context(), &models.Worklist{Name: reads.String(), SQL: statement, Deps: []waybill.TableName{reads}})
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	var all [][]any
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return all
}

// describeIn are the columns of a table of a build session, in their order, with DuckDB's types.
func describeIn(t *testing.T, s *models.Session, name waybill.TableName) []waybill.Column {
	t.Helper()
	var out []waybill.Column
	for _, row := range inSession(t, s, "select column_name, column_type from (describe "+name.String()+")", name) {
		out = append(out, waybill.Column{Name: fmt.Sprint(row[0]), Type: waybill.Type(fmt.Sprint(row[1]))})
	}
	return out
}
