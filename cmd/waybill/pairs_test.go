package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/fourmarketing/waybill"
)

// pairsOf are the columns of a relation that name a row of a raw table together: _file_id with _line, paid_file_id with paid_line.
func pairsOf(types map[string]string) [][2]string {
	var out [][2]string
	for c := range types {
		if stem, ok := strings.CutSuffix(c, "file_id"); ok && types[stem+"line"] != "" {
			out = append(out, [2]string{c, stem + "line"})
		}
	}
	return out
}

// lostPairs counts the rows of a relation that name a file and a line which no raw table has together, or a line without its file. pairs is a
// relation with every file and line of the raw tables.
func lostPairs(ctx context.Context, q queryer, relation waybill.TableName, pairs string) (int64, error) {
	types, err := columnTypes(ctx, q, relation.String())
	if err != nil {
		return 0, err
	}
	var lost int64
	for _, p := range pairsOf(types) {
		var n int64
		// A file as a whole has no line: a break of a held file, or of a number that no file has.
		text := fmt.Sprintf(`select count(*) from %s as m where (%[2]s is null and %[3]s is not null)
			or (%[2]s is not null and %[3]s is not null and not exists (select 1 from %[4]s as r where r._file_id = m.%[2]s and r._line = m.%[3]s))`, relation, p[0], p[1], pairs)
		if err := scanOne(ctx, q, text, &n); err != nil {
			return 0, fmt.Errorf("look for the lines of %s: %w", relation, err)
		}
		lost += n
	}
	return lost, nil
}

func scanOne(ctx context.Context, q queryer, text string, into any) error {
	rows, err := q.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(into); err != nil {
			return err
		}
	}
	return rows.Err()
}
