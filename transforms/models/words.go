package models

import (
	_ "embed"
	"regexp"
	"strings"
)

// wordsCSV has the words that cannot stand unquoted for a column, with the engines that refuse them. From the engines themselves:
// duckdb_keywords() of DuckDB 1.5.6 and pg_get_keywords() of Postgres 15, categories reserved and type_function; ReservedIdentifiers of
// Trino 476's parser, which its "Reserved keywords" page is made of; what the parser of Spark 3.5.7 refuses with
// spark.sql.ansi.enabled and enforceReservedKeywords, of all keywords that it has.
//
//go:embed words.csv
var wordsCSV string

// plainName is what every engine takes for a name as it stands and keeps as it is.
var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// icebergNames are the columns that Iceberg keeps for metadata ("Reserved Field IDs" in its table specification, and the names that its
// MetadataColumns adds). Spark refuses every query that names such a column of a table (apache/iceberg#3456).
const icebergNames = "_file _pos _deleted _spec_id _partition _row_id _last_updated_sequence_number _commit_snapshot_id _change_type _change_ordinal"

// Unquotable says of each name why it cannot be a column's in all of DuckDB, Postgres, Trino and Spark without quotes, or in an Iceberg
// table at all; names that can are not in the answer.
func Unquotable(names ...string) map[string]string {
	refused := map[string]string{}
	for line := range strings.Lines(wordsCSV) {
		word, engines, _ := strings.Cut(strings.TrimSpace(line), ",")
		refused[word] = "a reserved word of " + strings.ReplaceAll(engines, " ", ", ")
	}
	for name := range strings.FieldsSeq(icebergNames) {
		refused[name] = "a metadata column of Iceberg"
	}
	out := map[string]string{}
	for _, name := range names {
		if why, ok := refused[name]; ok {
			out[name] = why
		} else if !plainName.MatchString(name) {
			out[name] = "not made of small letters, digits and _ alone"
		}
	}
	return out
}
