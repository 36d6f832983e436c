package infer_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/infer"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/pipelines/pull"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// noExample are the cases of testdata/load whose files nobody could tell a contract from, and the word of the reason.
var noExample = map[string]string{
	"d03_gzip_cut_off":              "gzip",
	"d03_partial_torn":              "cut off",
	"d03_torn_without_trailer_rule": "cut off",
	"d04_empty":                     "empty",
	"d07_header_in_the_middle":      "max_rejected", // half of it is of another form
	"d07_header_of_another_export":  "max_rejected",
	"d16_undefined_cp1252_byte":     "no windows-1252",
	"d16_utf16be_lone_surrogate":    "no utf-16be",
	"d17_bare_ampersand":            "&",
	"d17_tags_crossed":              "closed by",
	"d17_undeclared_prefix":         "not declared",
	"d17_undefined_entity":          "entity",
	"d17_value_in_the_tag":          "element name",
	"d18_nul_in_json":               "nul",
	"d18_nul_bytes":                 "nul",
	"d18_quotes_and_newlines":       "max_rejected", // of few records
	"json_array_cut_off":            "middle of a JSON document",
	"json_array_over_lines":         "max_rejected", // two of five entries are no objects
	"json_array_glued":              "is the file JSON",
	"json_lines_cut_off":            "cut off",
	"json_no_objects":               "no_values",
	"larkhill_despatch_cut_off":     "EOF",
	"rows_of_delimiters_only":       "max_rejected",
	"xml_cp1252_in_utf8":            "no utf-8",
	"xml_cut_off_in_a_tag":          "EOF",
	"xml_deep":                      "max_nesting",
	"xml_elements_not_as_read":      "no_values", // elements that are texts here and lists there
	"xml_one_and_many_lines":        "no_values",
	"xml_empty":                     "empty",
	"xml_entities":                  "entity",
	"xml_html_page":                 "closed by",
	"xml_two_files_in_one":          "several files",

	"xml_utf16_declared_in_single_bytes": "utf-16",
}

// TestEveryFileOfTheCases infers a definition from every file that the loader is tried with, and loads the file by it: no value breaks what was guessed
// of it, and the file is not held.
func TestEveryFileOfTheCases(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../testdata/load/*/in.*")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	db := duck.Open(duck.Config{MemoryLimit: "1GB", TempDir: t.TempDir()})
	t.Cleanup(func() { _ = db.Close() })
	loader := load.New(db)
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := infer.Inferrer{Duck: db, Loader: loader, Now: time.Now}.Definition(t.Context(), file, t.TempDir())
			if want := noExample[name]; want != "" || errors.Is(err, infer.ErrNoExample) {
				if !errors.Is(err, infer.ErrNoExample) || want == "" || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want that it is no example: %q", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			p, err := pipelines.Decode("inferred.yaml", []byte(text))
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			body, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer body.Close()
			look := pull.Previewer{Loader: loader, Duck: db, Salt: "salt", Now: time.Now}
			seen, err := look.Feed(t.Context(), pipelines.Task{Source: "s", Pipeline: p, Feed: p.Feeds[0]}, ledger.File{Name: filepath.Base(file), Version: 1}, body, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if seen.Hold != nil || (seen.Records > 0 && seen.Result.Loaded == 0) {
				t.Errorf("held %v, %d of %d records loaded, by\n%s", seen.Hold, seen.Result.Loaded, seen.Records, text)
			}
			for rule := range seen.RejectsByRule {
				if strings.Contains(rule, " of ") && !strings.HasPrefix(rule, "spreadsheet_id") { // which text may not be, whatever was guessed
					t.Errorf("values break %s, by\n%s", rule, text)
				}
			}
			for n, line := range strings.Split(text, "\n") {
				if strings.Contains(line, "type:") && !strings.Contains(line, "# guess: ") {
					t.Errorf("line %d is guessed and does not say so: %s", n+1, line)
				}
			}
		})
	}
}
