package pipelines_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ruleInCode finds the names of rules by which files are held and records rejected, as they stand in the code.
var ruleInCode = regexp.MustCompile(`(?:Rule: +|[rR]ule[A-Za-z]* += |add\(|Kind: +|XMLFault = )"([a-z_]+)"`)

// TestEveryGuardIsListed holds docs/guards.md against the rooms that read files: whatever a person may see as the rule of a held file or a rejected record
// is explained there, with the setting that changes it.
func TestEveryGuardIsListed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "docs", "guards.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, room := range []string{"load", "pull", "decode", filepath.Join("..", "transforms", "typing")} {
		err := filepath.WalkDir(room, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			code, err := os.ReadFile(path)
			for _, m := range ruleInCode.FindAllStringSubmatch(string(code), -1) {
				found[m[1]] = path
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) < 30 {
		t.Fatalf("only %d rules were found in the code: have they another form now?", len(found))
	}
	for rule, path := range found {
		if !strings.Contains(string(text), "`"+rule+"`") {
			t.Errorf("docs/guards.md has no row for %s, which %s has", rule, path)
		}
	}
	for i, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "|") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 6 {
			t.Errorf("docs/guards.md:%d: a row has five cells: %s", i+1, line)
		}
	}
}
