package typing_test

import (
	"sync"
	"testing"

	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// TestSettingsOfTheDatabaseAreSetOnce: files are loaded side by side on one DuckDB, which reads its list of optimizers without a lock while it prepares a
// statement, and crashed when a typer that began set the list anew. DuckDB's own log of statements tells how often that was done.
func TestSettingsOfTheDatabaseAreSetOnce(t *testing.T) {
	t.Parallel()
	db := duck.Open(duck.Config{})
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "call enable_logging('QueryLog')"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // of two engines, too
		engine := typing.NewEngine(db)
		var beginning sync.WaitGroup
		for range 8 {
			beginning.Go(func() {
				typer, err := typing.NewTyper(t.Context(), engine, typing.Job{})
				if err == nil {
					err = typer.Close()
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		beginning.Wait()
	}
	for _, setting := range []string{"disabled_optimizers", "preserve_insertion_order"} {
		var n int
		err := db.QueryRowContext(t.Context(), "select count(*) from duckdb_logs where type = 'QueryLog' and message like 'set%' and contains(message, $1)", setting).Scan(&n)
		if err != nil || n != 1 {
			t.Errorf("%s was set %d times, %v", setting, n, err)
		}
	}
}
