package pull

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// told is a document as a typed file tells it: what is judged, and its staged rows.
type told struct {
	ledger.Load
	files map[waybill.TableName][]waybill.StagedFile
}

// scope is within what a document is one: files are compared with those of their feed, and where columns name the document with those of every feed
// and source of the pipeline that fills the table.
func scope(t pipelines.Task) string {
	if len(t.Feed.Supersede.Document) > 0 {
		return t.Pipeline.Name + ":" + t.Feed.Tables[0].Name.String()
	}
	return t.String()
}

// documentsOf says which documents a typed file tells of, each with the rows that are its own.
func (t *taker) documentsOf(ctx context.Context, f ledger.File, res load.Result, stage string) ([]told, error) {
	if t.shared() && res.RowsByTable[t.Feed.Tables[0].Name] > 0 {
		return t.byColumns(ctx, f, res, stage)
	}
	var out []told
	documents := t.byName(f)
	for _, document := range documents {
		d := t.newLoad(f, document, newestBy(t.Feed, f.Name, f.ModifiedAt))
		if res.Records > 0 { // files without records are alike by nature
			d.Content = f.SHA256
		}
		for _, rows := range res.RowsByTable {
			d.Rows += rows
		}
		if d.Pending = f.LoadID; len(documents) > 1 {
			d.Pending = pipelines.Digest(f.LoadID, document)
		}
		out = append(out, told{d, res.Files})
	}
	if by := t.Feed.Supersede.NewestBy; by != "" && t.Feed.IsColumn(by) && len(out) == 1 && len(res.Files[t.Feed.Tables[0].Name]) > 0 {
		greatest := "select cast(max(" + duck.Ident(by) + ") as varchar) from " + staged(res.Files[t.Feed.Tables[0].Name])
		var newest sql.NullString
		if err := t.duck.QueryRowContext(ctx, greatest).Scan(&newest); err != nil {
			return nil, fmt.Errorf("read %s of %s: %w", by, f.Name, err)
		}
		out[0].Newest = newest.String
	}
	return out, nil
}

// byName are the documents of a file that its rows do not name: the one that its name says; where names say nothing, those that the version before it
// told of, since that is what it says is empty now; or, if there is none, the file itself.
func (t *taker) byName(f ledger.File) []string {
	switch {
	case t.Feed.Supersede.Mode != "file":
		return []string{fmt.Sprintf("%s@%d", f.Name, f.Version)} // every file adds
	case !t.shared():
		return []string{f.Identity}
	}
	var documents []string
	newest := int64(0)
	for _, l := range t.loads {
		if l.Source != f.Source || l.Feed != f.Feed || l.Name != f.Name || l.Version >= f.Version || l.Version < newest {
			continue
		}
		if l.Version > newest {
			newest, documents = l.Version, nil
		}
		documents = append(documents, l.Document)
	}
	if len(documents) == 0 {
		documents = []string{"file " + f.Source + "/" + f.Feed + "/" + f.Name}
	}
	return documents
}

func (t *taker) newLoad(f ledger.File, document, newest string) ledger.Load {
	return ledger.Load{
		Source: f.Source, Feed: f.Feed, Name: f.Name, Version: f.Version, Document: document, Scope: t.scope, File: f.ID, Newest: newest,
	}
}

// byColumns parts the rows by the columns that name their document. The hash of a document's content is of what its rows say in any order.
func (t *taker) byColumns(ctx context.Context, f ledger.File, res load.Result, stage string) ([]told, error) {
	table := t.Feed.Tables[0]
	files := res.Files[table.Name]
	newest := "''"
	if by := t.Feed.Supersede.NewestBy; by != "" && t.Feed.IsColumn(by) {
		newest = "coalesce(cast(max(" + duck.Ident(by) + ") as varchar), '')"
	}
	document := documentOfRow(t.Feed.Supersede.Document)
	rows, err := t.duck.QueryContext(ctx, fmt.Sprintf("select %s, count(*), cast(sum(cast(md5_number_lower(%s) as hugeint)) as varchar), %s from %s group by 1 order by 1",
		document, textOfRow(t.Feed.Columns(table.Name)), newest, staged(files)))
	if err != nil {
		return nil, fmt.Errorf("read the documents of %s: %w", f.Name, err)
	}
	defer rows.Close()
	var out []told
	for rows.Next() {
		d := told{Load: t.newLoad(f, "", "")}
		if err := rows.Scan(&d.Document, &d.Rows, &d.Content, &d.Newest); err != nil {
			return nil, fmt.Errorf("read the documents of %s: %w", f.Name, err)
		}
		if d.Newest == "" {
			d.Newest = newestBy(t.Feed, f.Name, f.ModifiedAt)
		}
		d.Content = strconv.FormatInt(d.Rows, 10) + ":" + d.Content
		out = append(out, d)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the documents of %s: %w", f.Name, err)
	}
	if len(out) == 1 {
		out[0].Pending, out[0].files = f.LoadID, res.Files
		return out, nil
	}
	for i := range out {
		if err := t.part(ctx, f, &out[i], files, filepath.Join(stage, fmt.Sprintf("document-%d.parquet", i))); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// part writes the rows of one of several documents into a file of its own, under a load id of its own.
func (t *taker) part(ctx context.Context, f ledger.File, d *told, files []waybill.StagedFile, path string) error {
	table := t.Feed.Tables[0]
	ids, err := t.inputs.FieldIDs(ctx)
	if err != nil {
		return err
	}
	var fields []string
	for name, id := range ids(table.Name) {
		fields = append(fields, duck.Literal(name)+": "+strconv.Itoa(id))
	}
	d.Pending = pipelines.Digest(f.LoadID, d.Document)
	query := fmt.Sprintf("copy (select * replace (%s as _load_id) from %s where %s = %s) to %s (format parquet, compression zstd, field_ids {%s})", duck.Literal(d.Pending), staged(files),
		documentOfRow(t.Feed.Supersede.Document), duck.Literal(d.Document), duck.Literal(path), strings.Join(fields, ", "))
	if _, err := t.duck.ExecContext(ctx, query); err != nil {
		return fmt.Errorf("part %s of %s: %w", d.Document, f.Name, err)
	}
	d.files = map[waybill.TableName][]waybill.StagedFile{table.Name: {{Path: path, Rows: d.Rows}}}
	return nil
}

// documentOfRow is the SQL of the name of the document that a row is of: the columns' values as a JSON list.
func documentOfRow(columns []string) string {
	values := make([]string, len(columns))
	for i, c := range columns {
		values[i] = "cast(" + duck.Ident(c) + " as varchar)"
	}
	return "cast(to_json([" + strings.Join(values, ", ") + "]) as varchar)"
}

// textOfRow is the SQL of what a row says, but for where it stands.
func textOfRow(columns []waybill.Column) string {
	var values []string
	for _, c := range columns {
		if !strings.HasPrefix(c.Name, "_") {
			values = append(values, "cast("+duck.Ident(c.Name)+" as varchar)")
		}
	}
	return "cast(to_json([" + strings.Join(values, ", ") + "]) as varchar)"
}

func staged(files []waybill.StagedFile) string {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.Path
	}
	return "read_parquet(" + duck.List(paths) + ")"
}
