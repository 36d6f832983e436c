package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/pipelines/pull"
	"github.com/fourmarketing/waybill/questions"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// tryReport is what a tried file would come to, as --json prints it.
type tryReport struct {
	File      string      `json:"file"`
	Source    string      `json:"source"`
	Feed      string      `json:"feed"`
	Contract  string      `json:"definition"`
	Records   int64       `json:"records"`
	Loaded    int64       `json:"loaded"`
	Rejected  int64       `json:"rejected"`
	Held      *tryHold    `json:"held,omitempty"`
	Ignored   bool        `json:"ignored"` // a run leaves a file of that name alone
	Tables    []tryTable  `json:"tables"`
	Rejects   tryTable    `json:"rejects"`
	Control   *tryControl `json:"control,omitempty"`
	Documents []pull.Told `json:"documents"`
	Notes     []string    `json:"notes"`
}

type tryHold struct {
	Rule   string `json:"rule"`
	Line   int64  `json:"line,omitempty"`
	Column string `json:"column,omitempty"`
	Detail string `json:"detail"`
}

// tryTable is the head of a table.
type tryTable struct {
	Table   string     `json:"table,omitempty"`
	Rows    int64      `json:"rows"`
	Columns []string   `json:"columns"`
	Head    [][]string `json:"head"`
}

// tryControl is what the file says of itself beside what was counted; sums are decimal texts, empty where none is kept.
type tryControl struct {
	SaysCount int64  `json:"says_count"`
	HasCount  int64  `json:"has_count"`
	SaysSum   string `json:"says_sum,omitempty"`
	HasSum    string `json:"has_sum,omitempty"`
}

func reportTry(ctx context.Context, db questions.Querier, t pipelines.Task, seen pull.Preview, most int) (tryReport, error) {
	r := tryReport{
		Source: t.Source, Feed: t.Feed.Name, Contract: t.Pipeline.Origin, Records: seen.Records, Loaded: seen.Result.Loaded, Rejected: seen.Rejected,
		Ignored: seen.Ignored, Documents: seen.Documents,
	}
	if notes := seen.Notes(); notes != "" {
		r.Notes = strings.Split(notes, "\n")
	}
	if h := seen.Hold; h != nil {
		r.Held = &tryHold{Rule: h.Rule, Line: h.Line, Column: h.Column, Detail: h.Detail}
	}
	if c := seen.Control; c.Found {
		r.Control = &tryControl{SaysCount: c.WantCount, HasCount: c.GotCount, SaysSum: c.WantSum, HasSum: c.GotSum}
	}
	for _, name := range t.Feed.TableNames() {
		head, err := headOf(ctx, db, seen.Files[name], fmt.Sprintf("select * exclude (_source, _file_id, _load_id, _received_at, _loaded_at) from read_parquet($files) limit %d", most))
		if err != nil {
			return r, err
		}
		head.Table = name.String()
		r.Tables = append(r.Tables, head)
	}
	var err error
	r.Rejects, err = headOf(ctx, db, seen.Rejects, fmt.Sprintf(`select line, column_name as "column", rule, detail, original from read_parquet($files) order by line limit %d`, most))
	return r, err
}

// headOf reads the first rows of staged files, which stand as $files in the query.
func headOf(ctx context.Context, db questions.Querier, files []waybill.StagedFile, query string) (tryTable, error) {
	var out tryTable
	if len(files) == 0 {
		return out, nil
	}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
		out.Rows += f.Rows
	}
	table, err := questions.Ask(ctx, db, strings.Replace(query, "$files", duck.List(paths), 1))
	if err != nil {
		return out, err
	}
	out.Columns = table.Columns
	for _, row := range table.Rows {
		text := make([]string, len(row))
		for i, v := range row {
			text[i] = display1(v)
		}
		out.Head = append(out.Head, text)
	}
	return out, nil
}

func (l *commandLine) printTry(r tryReport) {
	fmt.Fprintf(l.stdout, "%s by %s/%s of %s: %s, %s loaded, %s rejected\n", visible(r.File), r.Source, r.Feed, r.Contract, plural(r.Records, "record"), count(r.Loaded), count(r.Rejected))
	if r.Ignored {
		fmt.Fprintln(l.stdout, "a run leaves a file of that name alone (file.ignore)")
	}
	if r.Held != nil {
		fmt.Fprintln(l.stdout, "held:", visible((&load.Hold{Rule: r.Held.Rule, Line: r.Held.Line, Column: r.Held.Column, Detail: r.Held.Detail}).String()))
	}
	for _, t := range r.Tables {
		l.printHead(t.Table, "row", t)
	}
	l.printHead("rejects", "record", r.Rejects)
	if c := r.Control; c != nil {
		fmt.Fprintf(l.stdout, "control: it says %s and has %s", plural(c.SaysCount, "record"), count(c.HasCount))
		if c.SaysSum != "" {
			fmt.Fprintf(l.stdout, "; its sum says %s and is %s", visible(c.SaysSum), c.HasSum)
		}
		fmt.Fprintln(l.stdout)
	}
	for _, d := range r.Documents {
		fmt.Fprintf(l.stdout, "document: %s, %s%s\n", visible(d.Document), plural(d.Rows, "row"), versionOf(d))
	}
	for _, n := range r.Notes {
		fmt.Fprintln(l.stdout, "noted:", visible(n))
	}
	fmt.Fprintln(l.stdout, "nothing was loaded")
}

func versionOf(d pull.Told) string {
	if d.NewestBy == "" {
		return ""
	}
	return ", version " + visible(d.NewestBy)
}

// printHead shows the first rows of something, and how many there are.
func (l *commandLine) printHead(name, noun string, t tryTable) {
	if t.Rows == 0 {
		if name != "rejects" {
			fmt.Fprintf(l.stdout, "%s: no row\n", name)
		}
		return
	}
	more := ""
	if int64(len(t.Head)) < t.Rows {
		more = fmt.Sprintf(", the first %d", len(t.Head))
	}
	fmt.Fprintf(l.stdout, "%s: %s%s\n", name, plural(t.Rows, noun), more)
	grid(l.stdout, t.Columns, t.Head)
}
