package questions

import (
	"context"
	"fmt"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// Rejects are the records that broke their contract, of files that are loaded or held now. Empty fields do not narrow.
type Rejects struct {
	Source, Feed string
	File         string   // start of its id
	Held         []string // Parquet files of the rejects of held files, which are in no table
}

// Count counts them by feed, column and rule. q has ops.rejects and ops.files.
func (r Rejects) Count(ctx context.Context, q Querier) (Table, error) {
	return r.ask(ctx, q,
		`r.source || '/' || r.feed as feed, r.column_name as "column", r.rule as rule, r.status as file_status, count(*) as rejected, count(distinct r.file) as files, min(r.detail) as example`,
		`group by all order by rejected desc, feed, "column", rule, file_status`)
}

// List gives each with its file, line, column, rule and original text. q has ops.rejects and ops.files.
func (r Rejects) List(ctx context.Context, q Querier) (Table, error) {
	return r.ask(ctx, q, `r.source, r.feed, r.name, r.line, r.column_name as "column", r.rule, r.detail, r.original, r.status as file_status`, "order by all")
}

func (r Rejects) ask(ctx context.Context, q Querier, selection, rest string) (Table, error) {
	all := "select r.*, f.status from ops.rejects as r join ops.files as f on f.file = r.file and f.status = 'loaded'"
	if len(r.Held) > 0 {
		all += " union all by name select *, 'held' as status from read_parquet(" + duck.List(r.Held) + ")"
	}
	text := fmt.Sprintf(`select %s from (`+all+`) as r
		where ($1 = '' or r.source = $1) and ($2 = '' or r.feed = $2) and ($3 = '' or starts_with(r.file, $3)) %s`, selection, rest)
	rows, err := q.QueryContext(ctx, text, r.Source, r.Feed, r.File)
	if err != nil {
		return Table{}, fmt.Errorf("read rejects: %w", err)
	}
	defer rows.Close()
	return readTable(rows)
}
