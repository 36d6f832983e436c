package inputs

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/transforms/duck"
)

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
	Worklist string `json:"worklist"`
	Numbered bool   `json:"is_numbered"`
	Counted  bool   `json:"is_row_per_record"` // every record that is loaded is one row of one table
}

type clockRow struct {
	AsOf time.Time `json:"as_of"`
}

// opsColumns are the shapes of the state tables that models may read, besides the lake's ops.rejects.
func opsColumns() map[string][]waybill.Column {
	out := groupColumns()
	maps.Copy(out, map[string][]waybill.Column{
		"clock":    {{Name: "as_of", Type: "TIMESTAMPTZ"}},
		"raw_rows": rawRowsColumns(),
		"feeds": append(columns("source feed pipeline tables expect_by zone days calendar worklist", ""),
			waybill.Column{Name: "is_numbered", Type: "BOOLEAN"}, waybill.Column{Name: "is_row_per_record", Type: "BOOLEAN"}),
		"loads": append(columns("source feed name document scope file newest_by content counts_in load_id", "version arrival rows"),
			waybill.Column{Name: "is_held", Type: "BOOLEAN"}, waybill.Column{Name: "counts", Type: "BOOLEAN"}, waybill.Column{Name: "is_duplicate", Type: "BOOLEAN"}),
		"files": append(columns("source feed file sha256 name identity status rule detail notes superseded_by duplicate_of load_id",
			"version size_bytes records loaded rejected elsewhere sequence"),
			waybill.Column{Name: "received_at", Type: "TIMESTAMPTZ"}, waybill.Column{Name: "modified_at", Type: "TIMESTAMPTZ"}),
	})
	maps.Copy(out, holdColumns())
	return out
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

// state makes the state tables: what the ledger and the project's settings say, for models to read.
type state struct {
	ledger    *ledger.Ledger
	pipelines []pipelines.Pipeline
	group     pipelines.Group
}

// stateFile is a state table as it was written out.
type stateFile struct{ path, version string }

// writeState writes the state tables as NDJSON; the version of each is the hash of its text.
func (s state) write(ctx context.Context, received receipts, newest ledger.Release, dir string) (map[waybill.TableName]stateFile, error) {
	files, err := s.ledger.Files(ctx, ledger.Filter{})
	if err != nil {
		return nil, err
	}
	loads, err := s.ledger.Loads(ctx)
	if err != nil {
		return nil, err
	}
	var feeds []feedRow
	for _, p := range s.pipelines {
		for _, source := range p.Sources {
			for _, f := range p.Feeds {
				var tables []string
				for _, t := range f.TableNames() {
					tables = append(tables, t.String())
				}
				feeds = append(feeds, feedRow{
					Source: source, Feed: f.Name, Pipeline: p.Name, Tables: strings.Join(tables, ","), ExpectBy: strings.Join(f.Expect.By, ","),
					Zone: f.Expect.Zone, Days: f.Expect.Days, Calendar: f.Expect.Calendar, Worklist: f.Worklist, Numbered: f.Expect.Sequence != "",
					Counted: f.RowPerRecord(),
				})
			}
		}
	}
	for i := range files {
		files[i].ReceivedAt = received.of(files[i].ReceivedAt)
	}
	g := rowsOf(s.group)
	written := map[waybill.TableName]stateFile{}
	err = errors.Join(
		writeRows(written, dir, "clock", []clockRow{{received.asOf.UTC()}}),
		writeRows(written, dir, "brands", g.brands),
		writeRows(written, dir, "links", g.links),
		writeRows(written, dir, "gateways", g.gateways),
		writeRows(written, dir, "sites", g.sites),
		writeRows(written, dir, "carriers", g.carriers),
		writeRows(written, dir, "carrier_words", g.carrierWords),
		writeRows(written, dir, "feeds", feeds),
		writeRows(written, dir, "files", files),
		writeRows(written, dir, "loads", loads),
		writeRows(written, dir, "areas", areaRows(newest)),
		writeRows(written, dir, "held_units", heldRows(newest)),
	)
	return written, err
}

func writeRows[T any](written map[waybill.TableName]stateFile, dir, name string, rows []T) error {
	path := filepath.Join(dir, name+".ndjson")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
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
	written[waybill.TableName{Namespace: "ops", Name: name}] = stateFile{path: path, version: pipelines.Digest(all.String())}
	return nil
}

func stateSelect(path string, cols []waybill.Column) string {
	var types []string
	for _, c := range cols {
		types = append(types, duck.Literal(c.Name)+": "+duck.Literal(string(c.Type)))
	}
	return fmt.Sprintf("select * from read_json(%s, format = 'newline_delimited', columns = {%s})", duck.Literal(path), strings.Join(types, ", "))
}
