package publish_test

import (
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/internal/testservers"
)

// TestExactTypes publishes a value of each type at its edges, and null, and wants type and value in Postgres.
func TestExactTypes(t *testing.T) {
	t.Parallel()
	d := newDatabase(t, testservers.StartPostgres(t), "types")
	user := d.connect("")
	for _, c := range []struct{ value, kind, want string }{
		{"12345678901234.5678::decimal(18,4)", "numeric(18,4)", "12345678901234.5678"},
		{"(-0.01)::decimal(18,2)", "numeric(18,2)", "-0.01"},
		{"99999999999999999999999999999999999999::decimal(38,0)", "numeric(38,0)", "99999999999999999999999999999999999999"},
		{"0::decimal(4,4)", "numeric(4,4)", "0.0000"},
		{"170141183460469231731687303715884105727::hugeint", "numeric(39,0)", "170141183460469231731687303715884105727"},
		{"18446744073709551615::ubigint", "numeric(39,0)", "18446744073709551615"},
		{"(-9223372036854775808)::bigint", "bigint", "-9223372036854775808"},
		{"4294967295::uinteger", "bigint", "4294967295"},
		{"(-2147483648)::integer", "integer", "-2147483648"},
		{"65535::usmallint", "integer", "65535"},
		{"1e300::double", "double precision", "1e+300"},
		{"true", "boolean", "true"},
		{"date '0001-01-01'", "date", "0001-01-01"},
		{"timestamptz '2026-03-29 01:00:00.123456+00'", "timestamp with time zone", "2026-03-29 01:00:00.123456+00"},
		{"timestamp '2026-03-29 02:30:00.000001'", "timestamp without time zone", "2026-03-29 02:30:00.000001"},
		{"time '23:59:59.999999'", "time without time zone", "23:59:59.999999"},
		{"uuid '0b5c4d2e-8f3a-4c1b-9d7e-6a5f4e3d2c1b'", "uuid", "0b5c4d2e-8f3a-4c1b-9d7e-6a5f4e3d2c1b"},
		{"'\\xAA\\x00'::blob", "bytea", "\\xaa00"},
		{"'ø, \"tab\t\\N\n'", "text", "ø, \"tab\t\\N\n"},
		{"''", "text", ""},
		{"repeat('x', 200000)", "text", strings.Repeat("x", 200000)},
	} {
		d.mustPublish(d.postgres(""), mart("fct_values", "select 1 as n, "+c.value+" as v union all select 2, null order by n", "n"))
		user.run("set timezone = 'UTC'")
		user.want("select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 'marts.fct_values'::regclass and attname = 'v'", c.kind)
		user.want("select v from marts.fct_values where n = 1", c.want)
		user.want("select v from marts.fct_values where n = 2", "<none>")
		if told := d.told(); strings.Contains(told, "warn") {
			t.Error(told)
		}
	}
	d.mustRefuse(d.postgres(""), append(marts(1), mart("fct_values", "select 1 as n, [1, 2] as v", "n")), "marts.fct_values", "column v is INTEGER[]", "no type in Postgres")
	d.mustPublish(d.postgres(""), mart("fct_values", "select n, if(n < 3, 'a' || chr(0) || 'b', 'c') as v from range(4) as t (n)", "n"))
	user.want("select string_agg(v, ' ' order by n) from marts.fct_values", "ab ab ab c")
	if told := d.told(); !strings.Contains(told, "NUL") || !strings.Contains(told, "marts.fct_values") || !strings.Contains(told, "values:3") {
		t.Errorf("the log does not say that characters were left out: %s", told)
	}
}
