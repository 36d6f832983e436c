package project_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/project"
)

const yard = `name: yard
lake: {root: lake}
pii_salt: "${env:YARD_SALT}"
sql: sql
publish: {duckdb: {path: marts.duckdb}}
connections:
  yard: {kind: folder, root: IN}
`

const yardPipeline = `pipeline: yard
sources: [yard]
feeds:
  - feed: gate
    file: {match: ["*.csv"]}
    format: {type: csv, delimiter: ",", encoding: utf-8, header: true}
    tables:
      raw.yard_gate:
        columns:
          lorry: {from: ["Lorry"], type: text, required: true}
`

// lay writes a project and returns its configuration's path.
func lay(t *testing.T, config string) string {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range []string{"pipelines", "in", "sql/staging", "sql/intermediate", "sql/marts", "sql/checks", "sql/seeds", "sql/macros", "sql/worklists"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"waybill.yaml": strings.Replace(config, "IN", filepath.Join(dir, "in"), 1), "pipelines/yard.yaml": yardPipeline, "in/a.csv": "Lorry\nAB12 CDE\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "waybill.yaml")
}

func environment(name string) (string, bool) { return "salt of the sea", name == "YARD_SALT" }

// TestOpen opens a project as any caller does: paths are the file's own, the secret is the environment's, and a connection lists its files.
func TestOpen(t *testing.T) {
	t.Parallel()
	path := lay(t, yard)
	cfg, err := project.Read(path, environment)
	if err != nil {
		t.Fatal(err)
	}
	if marts, err := cfg.MartsFile(); err != nil || marts != filepath.Join(filepath.Dir(path), "marts.duckdb") || cfg.PIISalt.Reveal() != "salt of the sea" {
		t.Errorf("marts in %s (%v), salt %q", marts, err, cfg.PIISalt.Reveal())
	}
	p, err := project.Open(t.Context(), cfg, project.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	staged, err := os.ReadDir(filepath.Join(cfg.Lake.Cache, "stage"))
	if err != nil || len(staged) != 1 {
		t.Errorf("an open project has one folder for what it stages, not %v (%v)", staged, err)
	}
	conn, err := cfg.Connect("yard", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	items, err := conn.List(t.Context(), waybill.Request{Feed: "gate", Match: []string{"*.csv"}})
	if err != nil || len(items) != 1 || items[0].Name != "a.csv" {
		t.Errorf("listed %v, %v", items, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if staged, err = os.ReadDir(filepath.Join(cfg.Lake.Cache, "stage")); err != nil || len(staged) != 0 {
		t.Errorf("a closed project has left %v (%v)", staged, err)
	}
}

// TestReadRefuses: what is wrong is said with its place.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ from, to, want string }{
		{"YARD_SALT", "OTHER_SALT", "waybill.yaml:3:11: ${env:OTHER_SALT}: the environment has no OTHER_SALT"},
		{"${env:", "${vault:", "not by \"vault\""},
		{"publish:", "publsh:", "did you mean \"publish\"?"},
		{"kind: folder, root: IN", "kind: folder, path: IN", "unknown key \"path\"; it takes "},
		{"publish:", "root:", "unknown key \"root\"; it stands in the wrong place"},
		{"root: lake", "root: \"\"", "waybill.yaml:2:14: lake.root: is not set"},
	} {
		cfg, err := project.Read(lay(t, strings.Replace(yard, c.from, c.to, 1)), environment)
		if err == nil {
			_, err = cfg.Load(time.Now)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s instead of %s: %v, want %q", c.to, c.from, err, c.want)
		}
	}
}
