package questions

import (
	"context"
	"fmt"
)

// Rejects are the records that broke their contract, of files that are loaded now. Empty fields do not narrow.
type Rejects struct {
	Source, Feed string
	File         string // start of its id
}

// Count counts them by feed, column and rule. q has ops.rejects and ops.files.
func (r Rejects) Count(ctx context.Context, q Querier) (Table, error) {
	return r.ask(ctx, q,
		`r.source || '/' || r.feed as feed, r.column_name as "column", r.rule as rule, count(*) as rejected, count(distinct r.file) as files, min(r.detail) as example`,
		`group by all order by rejected desc, feed, "column", rule`)
}

// List gives each with its file, line, column, rule and original text. q has ops.rejects and ops.files.
func (r Rejects) List(ctx context.Context, q Querier) (Table, error) {
	return r.ask(ctx, q, `r.source, r.feed, r.name, r.line, r.column_name as "column", r.rule, r.detail, r.original`, "order by all")
}

func (r Rejects) ask(ctx context.Context, q Querier, selection, rest string) (Table, error) {
	text := fmt.Sprintf(`select %s from ops.rejects as r join ops.files as f on f.file = r.file and f.status = 'loaded'
		where ($1 = '' or r.source = $1) and ($2 = '' or r.feed = $2) and ($3 = '' or starts_with(r.file, $3)) %s`, selection, rest)
	rows, err := q.QueryContext(ctx, text, r.Source, r.Feed, r.File)
	if err != nil {
		return Table{}, fmt.Errorf("read rejects: %w", err)
	}
	defer rows.Close()
	return readTable(rows)
}
