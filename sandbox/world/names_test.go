package world_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/sandbox/group"
)

// TestKnowsNobodyByName looks for the group's partners and brands in the names and texts of the world's own code.
func TestKnowsNobodyByName(t *testing.T) {
	t.Parallel()
	g := group.Demo()
	var names []string
	for _, b := range g.Brands {
		names = append(names, b.Name, b.Shop, b.System, b.Account.Name)
	}
	for _, s := range g.Sites {
		names = append(names, s.Source, s.System, s.Code, s.Town)
	}
	for _, c := range g.Carriers {
		names = append(names, c.Source, c.Title)
	}
	for _, p := range g.PSPs {
		names = append(names, p.Source)
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		read++
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			text := ""
			switch n := n.(type) {
			case *ast.BasicLit:
				text = n.Value
			case *ast.Ident:
				text = n.Name
			}
			for _, name := range names {
				if strings.Contains(strings.ToLower(text), strings.ToLower(name)) {
					t.Errorf("%s: %s names %s", fset.Position(n.Pos()), text, name)
				}
			}
			return true
		})
	}
	if read < 20 {
		t.Errorf("only %d files", read)
	}
}
