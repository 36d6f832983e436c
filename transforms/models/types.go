package models

import (
	"regexp"
	"strings"

	"github.com/fourmarketing/waybill"
)

var decimalType = regexp.MustCompile(`^DECIMAL\((\d+), ?(\d+)\)$`)

// lakeType turns a type as DuckDB describes it into the lake's; false if the lake has no such type.
func lakeType(duckType string) (waybill.Type, bool) {
	switch duckType {
	case "VARCHAR", "BIGINT", "INTEGER", "BOOLEAN", "DATE", "DOUBLE", "TIMESTAMP", "TIMESTAMPTZ":
		return waybill.Type(duckType), true
	case "TIMESTAMP WITH TIME ZONE":
		return "TIMESTAMPTZ", true
	}
	if decimalType.MatchString(duckType) {
		return waybill.Type(strings.ReplaceAll(duckType, " ", "")), true
	}
	return "", false
}

// widened is the lake's type for a type of DuckDB's that holds the same values: sums of integers are HUGEINT there and
// BIGINT in Trino. A value too large for it is an error of the build.
func widened(duckType string) (string, bool) {
	switch duckType {
	case "HUGEINT", "UBIGINT", "UHUGEINT", "UINTEGER":
		return "BIGINT", true
	case "TINYINT", "SMALLINT", "UTINYINT", "USMALLINT":
		return "INTEGER", true
	case "FLOAT":
		return "DOUBLE", true
	}
	return "", false
}
