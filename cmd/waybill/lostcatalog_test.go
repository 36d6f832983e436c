package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestACatalogOfNothingRemovesNothing: the catalog is lost, or another lake's stands in its place, and all data is older than what maintenance takes for
// orphans. Nothing is changed and nothing removed, whatever is run; a rebuild from kept bytes has all of it again.
func TestACatalogOfNothingRemovesNothing(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(t *testing.T, root string) (words []string){
		"lost": func(t *testing.T, root string) []string {
			loseCatalog(t, root)
			return []string{"the catalog knows nothing of it", "waybill rebuild"}
		},
		"another lake's": func(t *testing.T, root string) []string {
			other := depot(t)
			other.write("in/DESP_9.csv", despatch("AV1009,07/04/2026 10:15,9,"))
			other.pull(exitDone)
			keepCatalog(t, filepath.Join(other.dir, "lake"), root)
			return []string{"is of another one", "waybill rebuild"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := depot(t)
			p.write("in/DESP_1.csv", despatch(goodLine, "AV1002,07/04/2026 10:15,3,"))
			p.pull(exitDone)
			root, long := filepath.Join(p.dir, "lake"), time.Now().Add(-100*time.Hour)
			words := harm(t, root)
			parquet := 0
			for path := range filesBelow(t, root) {
				if err := os.Chtimes(filepath.Join(root, path), long, long); err != nil {
					t.Fatal(err)
				}
				if strings.HasSuffix(path, ".parquet") {
					parquet++
				}
			}
			before := filesBelow(t, root)
			refused(p, words...)
			if after := filesBelow(t, root); parquet == 0 || !maps.Equal(before, after) {
				t.Errorf("of %d files with %d of data, %d are left, or they are others", len(before), parquet, len(after))
			}
			if err := os.RemoveAll(filepath.Join(p.dir, "in")); err != nil { // the partner has nothing any more
				t.Fatal(err)
			}
			if name == "another lake's" { // whose tables a rebuild would take away
				says(t, p.must(exitFailed, "rebuild", "--as-of", stamp(depotNow)).err, "the catalog is that of another root", "an empty one will do")
				loseCatalog(t, root)
			}
			p.must(exitDone, "rebuild", "--as-of", stamp(depotNow))
			if got := p.ask("select count(*) || ':' || sum(qty) from marts.fct_despatch"); got != "2:5" {
				t.Errorf("rebuilt there are %s, want 2 lines of 5 units", got)
			}
		})
	}
}
