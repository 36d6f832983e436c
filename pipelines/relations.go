package pipelines

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// Brand is one of the group's brands and where it trades, ships and is paid. As a row of ops.brands.
type Brand struct {
	Brand               string `yaml:"brand" json:"brand"`
	Shop                string `yaml:"shop" json:"shop"` // the source that pulls its web shop
	OrderPrefix         string `yaml:"order_prefix" json:"order_prefix"`
	Currency            string `yaml:"currency" json:"currency"`
	Site                string `yaml:"site" json:"site"`
	WMSSource           string `yaml:"wms_source" json:"wms_source"` // the source that pulls its warehouse
	MerchantAccount     string `yaml:"merchant_account" json:"merchant_account"`
	PSP                 string `yaml:"psp" json:"psp"`
	Carrier             string `yaml:"carrier" json:"carrier"`
	PromiseStandardDays int    `yaml:"promise_standard_days" json:"promise_standard_days"` // working days from ship-by to deliver-by
	PromiseExpressDays  int    `yaml:"promise_express_days" json:"promise_express_days"`
}

// Site is a warehouse. As a row of ops.sites.
type Site struct {
	Site       string `yaml:"site" json:"site"`
	Name       string `yaml:"name" json:"name"`
	Source     string `yaml:"source" json:"source"`
	Zone       string `yaml:"zone" json:"zone"`
	Calendar   string `yaml:"calendar" json:"calendar"`
	CutOffTime string `yaml:"cut_off_time" json:"cut_off_time"` // local, HH:MM: paid before it ships the same working day
}

// feedRow is a row of ops.feeds: what is expected of a feed.
type feedRow struct {
	Source   string `json:"source"`
	Feed     string `json:"feed"`
	Pipeline string `json:"pipeline"`
	Tables   string `json:"tables"`
	ExpectBy string `json:"expect_by"` // local times, comma between
	Zone     string `json:"zone"`
	Days     string `json:"days"`
	Calendar string `json:"calendar"`
	Numbered bool   `json:"is_numbered"`
}

type clockRow struct {
	AsOf time.Time `json:"as_of"`
}

// opsColumns are the shapes of the state tables that models may read, besides the lake's ops.rejects.
func opsColumns() map[string][]waybill.Column {
	return map[string][]waybill.Column{
		"clock":  {{Name: "as_of", Type: "TIMESTAMPTZ"}},
		"brands": columns("brand shop order_prefix currency site wms_source merchant_account psp carrier", "promise_standard_days promise_express_days"),
		"sites":  columns("site name source zone calendar cut_off_time", ""),
		"feeds":  append(columns("source feed pipeline tables expect_by zone days calendar", ""), waybill.Column{Name: "is_numbered", Type: "BOOLEAN"}),
		"files": append(columns("source feed file sha256 name identity status rule detail notes superseded_by duplicate_of load_id",
			"version size_bytes records loaded rejected sequence"),
			waybill.Column{Name: "received_at", Type: "TIMESTAMPTZ"}, waybill.Column{Name: "modified_at", Type: "TIMESTAMPTZ"}),
	}
}

func columns(texts, numbers string) []waybill.Column {
	var out []waybill.Column
	for _, name := range strings.Fields(texts) {
		out = append(out, waybill.Column{Name: name, Type: "VARCHAR"})
	}
	for _, name := range strings.Fields(numbers) {
		out = append(out, waybill.Column{Name: name, Type: "BIGINT"})
	}
	return out
}

// LeafSchemas are the shapes of every table that models read and no model builds, for model tests.
func (r *Runner) LeafSchemas() (map[waybill.TableName][]waybill.Column, error) {
	shapes, err := r.rawColumns()
	if err != nil {
		return nil, err
	}
	for name, cols := range opsColumns() {
		shapes[waybill.TableName{Namespace: "ops", Name: name}] = cols
	}
	shapes[load.RejectsTable] = load.RejectsColumns()
	return shapes, nil
}

// view is one consistent reading of the leaves: raw tables at the snapshots of one moment, state tables written out once.
type view struct {
	r        *Runner
	dir      string // of the state tables' files
	ops      map[string]string
	shapes   map[waybill.TableName][]waybill.Column
	scans    map[waybill.TableName]lake.Scan
	versions map[waybill.TableName]string
	local    []*lake.LocalFiles // what may not leave the cache while the view is read
}

// Close lets the cache evict the view's files.
func (v *view) Close() {
	for _, f := range v.local {
		f.Close()
	}
}

// newView fixes what a build reads. dir holds its files and is the caller's to remove.
func (r *Runner) newView(ctx context.Context, asOf time.Time, dir string) (*view, error) {
	shapes, err := r.LeafSchemas()
	if err != nil {
		return nil, err
	}
	v := &view{r: r, dir: dir, shapes: shapes, ops: map[string]string{}, scans: map[waybill.TableName]lake.Scan{}, versions: map[waybill.TableName]string{}}
	if err := v.writeState(ctx, asOf); err != nil {
		return nil, err
	}
	for name := range shapes {
		if _, isState := v.ops[name.Name]; isState && name.Namespace == "ops" {
			continue
		}
		scan, err := r.Lake.Scan(ctx, name, 0)
		if err != nil {
			return nil, fmt.Errorf("plan %s: %w", name, err)
		}
		v.scans[name] = scan
		v.versions[name] = scan.Version // not the snapshot: a compaction is no news
	}
	return v, nil
}

// writeState writes the state tables as NDJSON; the version of each is the hash of its text.
func (v *view) writeState(ctx context.Context, asOf time.Time) error {
	files, err := v.r.Ledger.Files(ctx, ledger.Filter{})
	if err != nil {
		return err
	}
	var feeds []feedRow
	for _, p := range v.r.Pipelines {
		for _, source := range p.Sources {
			for _, f := range p.Feeds {
				var tables []string
				for _, t := range f.TableNames() {
					tables = append(tables, t.String())
				}
				feeds = append(feeds, feedRow{
					Source: source, Feed: f.Name, Pipeline: p.Name, Tables: strings.Join(tables, ","), ExpectBy: strings.Join(f.Expect.By, ","),
					Zone: f.Expect.Zone, Days: f.Expect.Days, Calendar: f.Expect.Calendar, Numbered: f.Expect.Sequence != "",
				})
			}
		}
	}
	return firstError(
		writeRows(v, "clock", []clockRow{{asOf.UTC()}}),
		writeRows(v, "brands", v.r.Brands),
		writeRows(v, "sites", v.r.Sites),
		writeRows(v, "feeds", feeds),
		writeRows(v, "files", files),
	)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func writeRows[T any](v *view, name string, rows []T) error {
	path := filepath.Join(v.dir, name+".ndjson")
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write ops.%s: %w", name, err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	var all strings.Builder
	for _, row := range rows {
		line, err := json.Marshal(row)
		if err != nil {
			return fmt.Errorf("write ops.%s: %w", name, err)
		}
		line = append(line, '\n')
		all.Write(line)
		if _, err := w.Write(line); err != nil {
			return fmt.Errorf("write ops.%s: %w", name, err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write ops.%s: %w", name, err)
	}
	v.versions[waybill.TableName{Namespace: "ops", Name: name}] = digest(all.String())
	v.ops[name] = path
	return nil
}

// Relation gives the select that reads a leaf or an already built mart (models.Relations).
func (v *view) Relation(ctx context.Context, name waybill.TableName) (string, error) {
	if path, ok := v.ops[name.Name]; ok && name.Namespace == "ops" {
		return stateSelect(path, v.shapes[name]), nil
	}
	scan, ok := v.scans[name]
	if !ok { // a mart that was built before
		var err error
		if scan, err = v.r.Lake.Scan(ctx, name, 0); err != nil {
			return "", fmt.Errorf("plan %s: %w", name, err)
		}
	}
	text, files, err := v.r.selectFiles(ctx, scan)
	if err != nil {
		return "", err
	}
	v.local = append(v.local, files)
	return text, nil
}

func stateSelect(path string, cols []waybill.Column) string {
	var types []string
	for _, c := range cols {
		types = append(types, duck.Literal(c.Name)+": "+duck.Literal(string(c.Type)))
	}
	return fmt.Sprintf("select * from read_json(%s, format = 'newline_delimited', columns = {%s})", duck.Literal(path), strings.Join(types, ", "))
}

// selectFiles reads a table's files by field id, so that columns added later are null in older files.
func (r *Runner) selectFiles(ctx context.Context, scan lake.Scan) (string, *lake.LocalFiles, error) {
	files, err := r.Lake.Local(ctx, scan.Files)
	if err != nil {
		return "", nil, err
	}
	if len(files.Paths) > 0 {
		return readParquet(files.Paths, scan.Columns), files, nil
	}
	nulls := make([]string, len(scan.Columns))
	for i, c := range scan.Columns {
		nulls[i] = fmt.Sprintf("cast(null as %s) as %s", c.Type, duck.Ident(c.Name))
	}
	return "select " + strings.Join(nulls, ", ") + " where false", files, nil
}

func readParquet(paths []string, columns []lake.Field) string {
	fields := make([]string, len(columns))
	for i, c := range columns {
		fields[i] = fmt.Sprintf("%d: {name: %s, type: %s, default_value: NULL}", c.ID, duck.Literal(c.Name), duck.Literal(string(c.Type)))
	}
	return fmt.Sprintf("select * from read_parquet(%s, schema = MAP {%s})", duck.List(paths), strings.Join(fields, ", "))
}
