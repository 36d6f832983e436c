package models_test

import (
	"database/sql"
	"io/fs"
	"path"
	"testing"

	wsql "github.com/fourmarketing/waybill/sql"
)

// macroDuck is a DuckDB with the project's macros in a database of their own, as a session has them.
func macroDuck(t *testing.T) *sql.DB {
	t.Helper()
	db := openDuck(t)
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "attach ':memory:' as m; use m"); err != nil {
		t.Fatal(err)
	}
	entries, err := fs.ReadDir(wsql.Files, "macros")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if path.Ext(e.Name()) != ".sql" {
			continue
		}
		text, err := fs.ReadFile(wsql.Files, "macros/"+e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), string(text)); err != nil {
			t.Fatalf("%s: %v", e.Name(), err)
		}
	}
	return db
}

// The values are those that Trino 476 gives: its documentation's examples, and the measurements in which both engines were compared.
// DuckDB's own function of the name differs in each row marked so.
func TestMacrosMeanWhatTrinoMeans(t *testing.T) {
	t.Parallel()
	db := macroDuck(t)
	for _, c := range []struct{ expression, want string }{
		{"date_diff('minute', timestamp '2025-01-01 00:00:59', timestamp '2025-01-01 00:01:00')", "0"}, // differs: boundaries
		{"date_diff('hour', timestamp '2025-01-01 00:59:00', timestamp '2025-01-01 02:01:00')", "1"},   // differs
		{"date_diff('hour', timestamptz '2025-03-30 00:30:00+00', timestamptz '2025-03-30 02:30:00+00')", "2"},
		{"date_diff('day', date '2025-01-31', date '2025-03-01')", "29"},
		{"date_diff('day', date '2025-03-01', date '2025-01-31')", "-29"},
		{"date_diff('month', date '2025-01-15', date '2025-03-15')", "2"},
		{"date_diff('second', timestamp '2025-01-01 00:00:00', timestamp '2025-01-02 00:00:00')", "86400"},
		{"date_diff('day', date '2025-01-01', cast(null as date))", null},
		{"cast(date_add('day', 3, date '2025-02-27') as date)", "2025-03-02"},
		{"cast(date_add('day', -3, date '2025-03-02') as date)", "2025-02-27"},
		{"cast(date_add('week', 1, date '2025-02-27') as date)", "2025-03-06"},
		{"cast(date_add('month', 1, date '2024-01-31') as date)", "2024-02-29"},
		{"cast(date_add('quarter', 1, date '2024-01-31') as date)", "2024-04-30"},
		{"cast(date_add('year', 1, date '2024-02-29') as date)", "2025-02-28"},
		{"date_add('hour', 30, timestamp '2025-01-01 00:00:00')", "2025-01-02 06:00:00"},
		{"date_add('minute', -90, timestamp '2025-01-01 00:00:00')", "2024-12-31 22:30:00"},
		{"date_add('second', 86, timestamp '2020-03-01 00:00:00')", "2020-03-01 00:01:26"}, // Trino documentation, date_add
		{"date_add('millisecond', 1500, timestamp '2025-01-01 00:00:00')", "2025-01-01 00:00:01.5"},
		{"cast(with_timezone(timestamp '2025-07-01 12:00:00', 'Europe/London') as varchar)", "2025-07-01 11:00:00+00"},
		{"cast(with_timezone(timestamp '2025-01-01 12:00:00', 'Europe/London') as varchar)", "2025-01-01 12:00:00+00"},
		{"cast(at_timezone(timestamptz '2025-07-01 23:30:00+00', 'Europe/London') as date)", "2025-07-02"},
		{"cast(at_timezone(timestamptz '2025-07-01 12:00:00+00', 'Europe/Amsterdam') as timestamp)", "2025-07-01 14:00:00"},
		{"regexp_like('1a 2b 14m', '\\d+b')", "true"}, // Trino documentation, regexp_like
		{"regexp_like('abc', '^b')", "false"},
		{"regexp_replace('1a 2b 14m', '\\d+[ab] ')", "14m"}, // Trino documentation, regexp_replace; differs
		{"regexp_replace('aXbX', 'X', '-')", "a-b-"},        // differs: the first only
		{"regexp_extract('1a 2b 14m', '\\d+')", "1"},        // Trino documentation, regexp_extract
		{"regexp_extract('1a 2b 14m', '(\\d+)([a-z]+)', 2)", "a"},
		{"regexp_extract('abc', 'z')", null}, // differs: ''
		{"regexp_extract('abc', '(z)', 1)", null},
		{"regexp_extract('ab', 'a(z*)b', 1)", ""},
		{"regexp_extract(cast(null as varchar), 'z')", null},
		{"split_part('a,b,c', ',', 2)", "b"},
		{"split_part('a,,c', ',', 2)", ""},
		{"split_part('a,b', ',', 3)", null}, // differs: ''
		{"split_part(cast(null as varchar), ',', 1)", null},
		{"array_join(array_agg(x order by x), ',')", "a,b"},
		{"cardinality(array_agg(x))", "2"},
		{"day_of_week(date '2025-03-02')", "7"}, // a Sunday; differs from DuckDB's dayofweek
		{"day_of_week(date '2025-03-03')", "1"},
		{"last_day_of_month(date '2024-02-10')", "2024-02-29"},
		{"cast(to_unixtime(timestamptz '1970-01-02 00:00:01+00') as bigint)", "86401"},
		{`json_extract_scalar('{"a": {"b": "x"}}', '$.a.b')`, "x"},
		{`json_extract_scalar('{"a": {"b": 1.5}}', '$.a.b')`, "1.5"},
		{`json_extract_scalar('{"a": {"b": "x"}}', '$.a')`, null},
		{`json_extract_scalar('{"a": [1]}', '$.a')`, null},
		{`json_extract_scalar('{"a": null}', '$.a')`, null},
		{`json_extract_scalar('{"a": 1}', '$.b')`, null},
	} {
		var got sql.NullString
		query := "select cast(" + c.expression + " as varchar) from (values ('b'), ('a')) as t(x) limit 1"
		if err := db.QueryRowContext(t.Context(), query).Scan(&got); err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		if !got.Valid {
			got.String = null
		}
		if got.String != c.want {
			t.Errorf("%s is %s, want %s", c.expression, got.String, c.want)
		}
	}
}

const null = "∅"

func TestMacrosOfLists(t *testing.T) {
	t.Parallel()
	db := macroDuck(t)
	if got := texts(t, db, "select cast(d as date)::varchar from unnest(sequence(date '2025-02-27', date '2025-03-02', interval '1' day)) as t(d)"); got != "2025-02-27 2025-02-28 2025-03-01 2025-03-02" {
		t.Error(got)
	}
	if got := texts(t, db, "select i from unnest(sequence(1, 7, 3)) as t(i)"); got != "1 4 7" {
		t.Error(got)
	}
	if got := texts(t, db, "select i from unnest(sequence(2, 4)) as t(i)"); got != "2 3 4" {
		t.Error(got)
	}
	if got := texts(t, db, "select array_join([1, null, 3], '/') || ' ' || array_join([1, null, 3], '/', '?')"); got != "1/3 1/?/3" {
		t.Error(got)
	}
	var one int
	if err := db.QueryRowContext(t.Context(), "select date_add('fortnight', 1, date '2025-01-01') is null").Scan(&one); err == nil {
		t.Error("an unknown unit was taken")
	}
}
