package duck_test

import (
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill/transforms/duck"
)

func TestOpenWorksInUTCOnEveryConnection(t *testing.T) {
	t.Parallel()
	db := duck.Open(duck.Config{MemoryLimit: "200MB", Threads: 1, TempDir: filepath.Join(t.TempDir(), "spill")})
	defer db.Close()
	for range 3 {
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var wall, autoload, threads string
		err = conn.QueryRowContext(t.Context(), `select cast(cast(timestamptz '2025-07-01 12:00:00+02' as timestamp) as varchar),
			current_setting('autoload_known_extensions'), current_setting('threads')`).Scan(&wall, &autoload, &threads)
		if err != nil {
			t.Fatal(err)
		}
		if wall != "2025-07-01 10:00:00" || autoload != "false" || threads != "1" {
			t.Errorf("wall time %s, autoload %s, threads %s", wall, autoload, threads)
		}
	}
}

func TestNonsenseIsRefusedAtFirstUse(t *testing.T) {
	t.Parallel()
	db := duck.Open(duck.Config{MemoryLimit: "lots"})
	defer db.Close()
	for range 2 {
		if err := db.PingContext(t.Context()); err == nil || !strings.Contains(err.Error(), "lots") {
			t.Errorf("a memory limit of \"lots\": %v", err)
		}
	}
}

func TestQueriesSpillWithinTheMemoryLimit(t *testing.T) {
	t.Parallel()
	db := duck.Open(duck.Config{MemoryLimit: "60MB", Threads: 1, TempDir: t.TempDir()})
	defer db.Close()
	var n int64
	err := db.QueryRowContext(t.Context(),
		`select count(*) from (select r from (select range as r, repeat('x', 40) as pad from range(2000000)) order by hash(r), pad)`).Scan(&n)
	if err != nil || n != 2000000 {
		t.Errorf("%d rows, error %v", n, err)
	}
}

func TestQuotedNamesAndValuesComeBack(t *testing.T) {
	t.Parallel()
	db := duck.Open(duck.Config{Threads: 1})
	defer db.Close()
	text := rapid.StringOfN(rapid.SampledFrom([]rune("aZ9 '\"\\;-*/é語\n%$")), 1, 20, -1)
	rapid.Check(t, func(t *rapid.T) {
		value, name := text.Draw(t, "value"), text.Draw(t, "name")
		rows, err := db.Query("select " + duck.Literal(value) + " as " + duck.Ident(name) + ", " + duck.List([]string{value}) + "[1] as l")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		var got, inList string
		for rows.Next() {
			if err := rows.Scan(&got, &inList); err != nil {
				t.Fatal(err)
			}
		}
		if rows.Err() != nil || got != value || inList != value || columns[0] != name {
			t.Fatalf("%q as %q came back as %q, %q as %q: %v", value, name, got, inList, columns[0], rows.Err())
		}
	})
}
