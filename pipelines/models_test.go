package pipelines_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/definitions"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/sql"
	"github.com/fourmarketing/waybill/transforms/models"
)

const casesDir = "../testdata/models"

// shapes reads the models that come with Waybill and the shapes that its own definitions give their inputs.
func shapes(t *testing.T) (*models.Project, map[waybill.TableName][]waybill.Column) {
	t.Helper()
	project, err := models.Read(sql.Files)
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(definitions.Files, "*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatalf("definitions: %v %v", names, err)
	}
	var defs []pipelines.Pipeline
	for _, name := range names {
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
	schemas, err := inputs.Shapes(defs, project.Raw())
	if err != nil {
		t.Fatal(err)
	}
	return project, schemas
}

// TestModelCases builds every case of testdata/models. UPDATE=1 rewrites each want.csv, with the columns it has; read the
// difference before you commit it.
func TestModelCases(t *testing.T) {
	t.Parallel()
	project, schemas := shapes(t)
	results := models.RunCases(t.Context(), project, os.DirFS(casesDir), schemas)
	if len(results) == 0 {
		t.Fatalf("no cases under %s", casesDir)
	}
	for _, r := range results {
		if r.Err != nil {
			t.Errorf("%s/%s day %d: %v", r.Model, r.Case, r.Day, r.Err)
			continue
		}
		if r.Diff == "" {
			continue
		}
		if os.Getenv("UPDATE") != "1" {
			t.Errorf("%s:\n%s", r.Path, r.Diff)
		} else if err := os.WriteFile(filepath.Join(casesDir, filepath.FromSlash(r.Path)), r.Got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestModelTypes builds every model, check and worklist over empty tables of the definitions' shapes.
func TestModelTypes(t *testing.T) {
	t.Parallel()
	project, schemas := shapes(t)
	for _, err := range models.CheckTypes(t.Context(), project, schemas) {
		t.Error(err)
	}
}
