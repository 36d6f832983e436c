package load

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// RejectsTable is the lake table of records that broke their contract.
var RejectsTable = waybill.TableName{Namespace: "ops", Name: "rejects"}

// RejectsColumns are its columns: one row per rejected record, with the first column in contract order that was wrong.
func RejectsColumns() []waybill.Column {
	return []waybill.Column{
		{Name: "source", Type: "VARCHAR"},
		{Name: "feed", Type: "VARCHAR"},
		{Name: "file", Type: "VARCHAR", Doc: "the file's id in the ledger"},
		{Name: "name", Type: "VARCHAR", Doc: "the file's name"},
		{Name: "line", Type: "BIGINT", Doc: "line on which the record starts, from 1"},
		{Name: "column_name", Type: "VARCHAR", Doc: "null when the rule is about the whole record"},
		{Name: "rule", Type: "VARCHAR", Doc: "fields, quote, nul, required, format, integer, decimal, regex, …"},
		{Name: "detail", Type: "VARCHAR", Doc: "the value that broke the rule; stars for personal data and for what no column takes"},
		{Name: "original", Type: "VARCHAR", Doc: "the record's text; what is personal and what no column takes are stars"},
		{Name: "load_id", Type: "VARCHAR"},
		{Name: "rejected_at", Type: "TIMESTAMPTZ"},
	}
}

// rejectRow is a row of RejectsTable without what all rows of a load share.
type rejectRow struct {
	Line     int64   `json:"line"`
	Column   *string `json:"column"`
	Rule     string  `json:"rule"`
	Detail   *string `json:"detail"`
	Original string  `json:"original"`
}

// rejectLog gathers the rejects of a load in a local file. Its methods may be called from several goroutines.
type rejectLog struct {
	mu      sync.Mutex
	path    string
	file    *os.File
	count   int64
	longest int
	rules   map[string]*ruleCount
}

type ruleCount struct {
	rule    string
	count   int64
	example rejectRow // the one on the lowest line
}

func newRejectLog(dir string) *rejectLog {
	return &rejectLog{path: filepath.Join(dir, "rejects.ndjson"), rules: map[string]*ruleCount{}}
}

func (l *rejectLog) add(rows ...rejectRow) error {
	if len(rows) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		f, err := os.OpenFile(l.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("write rejects: %w", err)
		}
		l.file = f
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	for _, r := range rows {
		before := out.Len()
		if err := encoder.Encode(r); err != nil {
			return fmt.Errorf("write rejects: %w", err)
		}
		l.longest = max(l.longest, out.Len()-before)
		l.note(r)
	}
	if _, err := l.file.Write(out.Bytes()); err != nil {
		return fmt.Errorf("write rejects: %w", err)
	}
	return nil
}

func (l *rejectLog) note(r rejectRow) {
	l.count++
	key := r.Rule
	if r.Column != nil {
		key += " of " + *r.Column
	}
	c, ok := l.rules[key]
	if !ok {
		c = &ruleCount{rule: key, example: r}
		l.rules[key] = c
	}
	c.count++
	if r.Line < c.example.Line {
		c.example = r
	}
}

// byRule counts rejects by rule and column.
func (l *rejectLog) byRule() map[string]int64 {
	counts := map[string]int64{}
	for key, c := range l.rules {
		counts[key] = c.count
	}
	return counts
}

// worst says the three most frequent rules with an example each.
func (l *rejectLog) worst() string {
	all := make([]*ruleCount, 0, len(l.rules))
	for _, c := range l.rules {
		all = append(all, c)
	}
	sort.Slice(all, func(i, j int) bool {
		if all[i].count != all[j].count {
			return all[i].count > all[j].count
		}
		return all[i].rule < all[j].rule
	})
	var b strings.Builder
	for i, c := range all[:min(3, len(all))] {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%d × %s (line %d", c.count, c.rule, c.example.Line)
		if c.example.Detail != nil {
			fmt.Fprintf(&b, ": %q", shorten(*c.example.Detail, 60))
		}
		b.WriteString(")")
	}
	return b.String()
}

func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// stage writes the rejects as Parquet for RejectsTable, in order of lines.
func (l *rejectLog) stage(ctx context.Context, db *sql.DB, in Input) ([]waybill.StagedFile, error) {
	if l.count == 0 {
		return nil, nil
	}
	target := filepath.Join(filepath.Dir(l.path), "rejects.parquet")
	ids := ""
	if in.FieldIDs != nil {
		var parts []string
		have := in.FieldIDs(RejectsTable)
		for _, c := range RejectsColumns() {
			parts = append(parts, duck.Literal(c.Name)+": "+strconv.Itoa(have[c.Name]))
		}
		ids = ", field_ids {" + strings.Join(parts, ", ") + "}"
	}
	query := fmt.Sprintf(`copy (select %s as source, %s as feed, %s as file, %s as name, line, "column" as column_name, rule, detail, original,
		%s as load_id, timestamptz '%s+00' as rejected_at
		from read_json(%s, format = 'newline_delimited', maximum_object_size = %d, columns =
			{line: 'BIGINT', "column": 'VARCHAR', rule: 'VARCHAR', detail: 'VARCHAR', original: 'VARCHAR'}) order by line)
		to %s (format parquet, compression zstd%s)`,
		duck.Literal(in.Source), duck.Literal(in.Feed), duck.Literal(in.File), duck.Literal(in.Name), duck.Literal(in.LoadID),
		in.LoadedAt.UTC().Format("2006-01-02 15:04:05.999999"), duck.Literal(l.path), max(1<<20, 2*l.longest), duck.Literal(target), ids)
	res, err := db.ExecContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("stage rejects: %w", err)
	}
	rows, err := res.RowsAffected()
	if err == nil && rows != l.count {
		err = fmt.Errorf("%d rejects became %d rows; nothing is committed, report this as a defect", l.count, rows)
	}
	if err != nil {
		return nil, fmt.Errorf("stage rejects: %w", err)
	}
	return []waybill.StagedFile{{Path: target, Rows: rows}}, nil
}

func (l *rejectLog) close() error {
	if l.file == nil {
		return nil
	}
	return errors.Join(l.file.Close(), os.Remove(l.path))
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
