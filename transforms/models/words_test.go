package models_test

import (
	"database/sql"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the database/sql driver "pgx"

	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

func TestUnquotable(t *testing.T) {
	t.Parallel()
	refused := models.Unquotable("order_id", "_line", "at", "date", "rank", "column", "user", "time", "offset", "_file", "Brand", "2nd", "a-b", "")
	for name, why := range map[string]string{
		"at": "duckdb", "column": "duckdb, postgres, spark", "user": "postgres, spark", "time": "spark", "offset": "duckdb, postgres, spark",
		"_file": "Iceberg", "Brand": "small letters", "2nd": "small letters", "a-b": "small letters", "": "small letters",
	} {
		if !strings.Contains(refused[name], why) {
			t.Errorf("%q: %q, want %q", name, refused[name], why)
		}
	}
	for _, name := range []string{"order_id", "_line", "date", "rank"} {
		if why, ok := refused[name]; ok {
			t.Errorf("%q is refused: %s", name, why)
		}
	}
}

// TestWordsAreTheEngines compares the list with what DuckDB and Postgres say of themselves.
func TestWordsAreTheEngines(t *testing.T) {
	t.Parallel()
	db := duck.Open(duck.Config{})
	t.Cleanup(func() { _ = db.Close() })
	listed(t, db, "duckdb", "select keyword_name from duckdb_keywords() where keyword_category in ('reserved', 'type_function')")
	t.Run("postgres", func(t *testing.T) {
		pg, err := sql.Open("pgx", testservers.StartPostgres(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = pg.Close() })
		listed(t, pg, "postgres", "select word from pg_get_keywords() where catcode in ('R', 'T')")
	})
}

// listed wants every word that an engine gives to be in the list for it. The list may have more: words of another version.
func listed(t *testing.T, db *sql.DB, engine, query string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			t.Fatal(err)
		}
		n++
		if why := models.Unquotable(word)[word]; !strings.Contains(why, engine) {
			t.Errorf("%s is reserved in %s and words.csv says %q", word, engine, why)
		}
	}
	if err := rows.Err(); err != nil || n < 50 {
		t.Errorf("%s has %d words, %v", engine, n, err)
	}
}

func TestWordsAreSorted(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("words.csv")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{}
	var order []string
	for line := range strings.Lines(string(text)) {
		word, _, _ := strings.Cut(line, ",")
		words[word] = true
		order = append(order, word)
	}
	if sorted := slices.Sorted(maps.Keys(words)); !slices.Equal(sorted, order) {
		t.Error("words.csv is not sorted, or has a word twice")
	}
}
