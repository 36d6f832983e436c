package sql_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fourmarketing/waybill"
	wsql "github.com/fourmarketing/waybill/sql"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// generated are the seeds that sql/seeds/make makes.
var generated = []string{
	"calendar_holidays", "calendar_weekends", "calendar_worked_weekends", "calendars", "currencies", "destination_areas", "zone_labels",
	"zones_by_place",
	"zones_by_city",
}

// seed reads a seed's rows, each as column -> text.
func seed(t *testing.T, name string) []map[string]string {
	t.Helper()
	data, err := fs.ReadFile(wsql.Files, "seeds/"+name+".csv")
	if err != nil {
		t.Fatal(err)
	}
	return rowsOf(t, name, data)
}

// published reads a list that others made.
func published(t *testing.T, path string) []map[string]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return rowsOf(t, path, data)
}

func rowsOf(t *testing.T, name string, data []byte) []map[string]string {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var out []map[string]string
	for _, record := range records[1:] {
		r := map[string]string{}
		for i, column := range records[0] {
			r[column] = record[i]
		}
		out = append(out, r)
	}
	return out
}

// sums reads checksums.txt: file below sql/seeds -> sha256.
func sums(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("seeds/make/checksums.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(data)) {
		sum, file, _ := strings.Cut(strings.TrimSpace(line), "  ")
		out[file] = sum
	}
	return out
}

// Neither a seed nor its maker may be changed without the other: make seeds writes the sums of both.
func TestGeneratedSeedsHaveTheirMakersSums(t *testing.T) {
	t.Parallel()
	want := sums(t)
	makers, err := filepath.Glob("seeds/make/*.py")
	if err != nil {
		t.Fatal(err)
	}
	files := []string{"make/requirements.txt"}
	for _, m := range makers {
		files = append(files, strings.TrimPrefix(m, "seeds/"))
	}
	for _, g := range generated {
		files = append(files, g+".csv")
	}
	for _, f := range files {
		data, err := os.ReadFile("seeds/" + f)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != want[f] {
			t.Errorf("sql/seeds/%s is not what checksums.txt says: run make seeds and commit what it writes", f)
		}
	}
	if len(want) != len(files) {
		t.Errorf("checksums.txt has %d files, want %d: %v", len(want), len(files), files)
	}
}

// The pinned packages give the same bytes again. They are in bin/seeds after make seeds.
func TestGeneratedSeedsAreMadeAgain(t *testing.T) {
	t.Parallel()
	python, err := filepath.Abs("../bin/seeds/bin/python")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(python); err != nil {
		t.Skip("the packages are not here, run make seeds; checksums.txt is compared all the same")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), python, "-B", "seeds/make/make.py", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, g := range generated {
		made, err := os.ReadFile(filepath.Join(dir, g+".csv"))
		if err != nil {
			t.Fatal(err)
		}
		have, err := fs.ReadFile(wsql.Files, "seeds/"+g+".csv")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(made, have) {
			t.Errorf("make seeds writes another %s.csv than the one here", g)
		}
	}
}

// seedsAlone is a project of nothing but the seeds, with a worklist that counts the rows of each.
func seedsAlone(t *testing.T) *models.Project {
	t.Helper()
	files := fstest.MapFS{}
	paths, err := fs.Glob(wsql.Files, "seeds/*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		data, err := fs.ReadFile(wsql.Files, p)
		if err != nil {
			t.Fatal(err)
		}
		files[p] = &fstest.MapFile{Data: data}
	}
	for _, g := range generated {
		text := "/*\ndescription: rows\ngrain: one row\nkey: [ask]\nowner: data\n*/\nselect '" + g + "' as source, cast(count(*) as varchar) as ask from seeds." + g
		files["partners/x/worklists/"+g+".sql"] = &fstest.MapFile{Data: []byte(text)}
	}
	p, err := models.Read(files)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func openDuck(t *testing.T) *sql.DB {
	t.Helper()
	db := duck.Open(duck.Config{})
	t.Cleanup(func() { db.Close() })
	return db
}

// counted asks the worklist of a seed for its number of rows.
func counted(t *testing.T, s *models.Session, p *models.Project, name string) string {
	t.Helper()
	w, err := p.Worklist(name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.Query(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var source, count string
	if !rows.Next() {
		t.Fatalf("%s: no row: %v", name, rows.Err())
	}
	if err := rows.Scan(&source, &count); err != nil {
		t.Fatal(err)
	}
	return count
}

// DuckDB reads every row with the types of seeds.yaml, and no key of seeds.yaml has two rows.
func TestGeneratedSeedsAreRead(t *testing.T) {
	t.Parallel()
	p := seedsAlone(t)
	s, err := models.NewSession(t.Context(), openDuck(t), p, tables{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	keys := map[string][]string{}
	for _, described := range p.Seeds() {
		keys[described.Name.Name] = described.Key
	}
	for _, name := range generated {
		list, seen := seed(t, name), map[string]bool{}
		if got, want := counted(t, s, p, name), fmt.Sprint(len(list)); got != want {
			t.Errorf("%s has %s rows in DuckDB, want %s", name, got, want)
		}
		for i, r := range list {
			var key []string
			for _, column := range keys[name] {
				key = append(key, r[column])
			}
			if k := strings.Join(key, "|"); seen[k] || len(key) == 0 {
				t.Errorf("%s.csv:%d: %s is there twice", name, i+2, k)
			} else {
				seen[k] = true
			}
		}
	}
}

// reserved are words that Trino 476 or Spark 4 (ANSI) reserve; DuckDB and Postgres share a parser, which is asked.
const reserved = ` ALL ALTER AND ANTI ANY ARRAY AS AT AUTHORIZATION BETWEEN BOTH BY CASE CAST CHECK COLLATE COLUMN COMMIT CONSTRAINT CREATE CROSS
 CUBE CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DATE DEALLOCATE DELETE DESCRIBE DISTINCT DROP ELSE END ESCAPE EXCEPT
 EXECUTE EXISTS EXTRACT FALSE FETCH FILTER FOR FOREIGN FROM FULL FUNCTION GLOBAL GRANT GROUP GROUPING HAVING IN INNER INSERT INTERSECT INTERVAL
 INTO IS JOIN LATERAL LEADING LEFT LIKE LISTAGG LOCAL LOCALTIME LOCALTIMESTAMP NATURAL NO NORMALIZE NOT NULL OF ON ONLY OR ORDER OUT OUTER
 OVERLAPS PARTITION POSITION PREPARE PRIMARY RANGE RANK RECURSIVE REFERENCES REVOKE RIGHT ROLLBACK ROLLUP ROW ROWS SELECT SEMI SESSION_USER
 SET SKIP SOME START TABLE TABLESAMPLE THEN TIME TO TRAILING TRIM TRUE TRUNCATE UESCAPE UNION UNIQUE UNKNOWN UNNEST UPDATE USER USING VALUES
 WHEN WHERE WINDOW WITH `

func TestColumnsOfGeneratedSeedsNeedNoQuotes(t *testing.T) {
	t.Parallel()
	db := openDuck(t)
	words := " " + strings.Join(strings.Fields(reserved), " ") + " "
	if !strings.Contains(words, " DATE ") {
		t.Fatal("the list of reserved words is not read")
	}
	described := map[waybill.TableName]*models.Seed{}
	for _, s := range seedsAlone(t).Seeds() {
		described[s.Name] = s
	}
	for _, name := range generated {
		for _, c := range described[waybill.TableName{Namespace: models.Seeds, Name: name}].Columns {
			var n int
			err := db.QueryRowContext(t.Context(),
				"select count(*) from duckdb_keywords() where keyword_name = ? and keyword_category <> 'unreserved'", c.Name).Scan(&n)
			if err != nil {
				t.Fatal(err)
			}
			if n > 0 || strings.Contains(words, " "+strings.ToUpper(c.Name)+" ") || strings.HasPrefix(c.Name, "_") {
				t.Errorf("%s.%s is a word that an engine reserves", name, c.Name)
			}
			if c.Doc == "" {
				t.Errorf("%s.%s has no description in seeds.yaml", name, c.Name)
			}
		}
	}
}
