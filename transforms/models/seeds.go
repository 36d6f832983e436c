package models

import (
	"bytes"
	"encoding/csv"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/fourmarketing/waybill"
)

const seedsFile = "seeds/seeds.yaml"

var (
	seedKeys       = []string{"description", "key", "periods", "names", "columns"}
	seedColumnKeys = []string{"type", "description"}
)

// readSeeds reads the CSV files of a layer and what its seeds.yaml says of their columns. Each column of a CSV needs a type there. A CSV that
// takes the place of another needs no description if its columns are the same.
func (r *reader) readSeeds() {
	found := map[waybill.TableName]*Seed{}
	for _, p := range r.files(Seeds, ".csv") {
		data, err := r.bytes(p)
		if err != nil {
			r.fail(r.shown(p), 1, "read seed: %v", err)
			continue
		}
		s := &Seed{Path: r.shown(p), Name: waybill.TableName{Namespace: Seeds, Name: strings.TrimSuffix(path.Base(p), ".csv")}}
		s.data = bytes.TrimPrefix(data, []byte("\uFEFF"))
		found[s.Name] = s
	}
	described := r.describeSeeds(found)
	for _, name := range sortedSeeds(found) {
		s, other := found[name], r.project.seeds[name]
		switch {
		case described[name]:
		case other != nil:
			r.likeBelow(s, other)
		default:
			r.fail(s.Path, 1, "the seed is not described in %s", r.shown(seedsFile))
		}
		was := ""
		if other != nil {
			was = at(other.Path, 1)
		}
		s.replaced = other
		s.Mark = r.changed("seed", name.String(), s.Path, 1, was)
		r.project.seeds[name] = s
	}
}

func sortedSeeds(seeds map[waybill.TableName]*Seed) []waybill.TableName {
	var out []waybill.TableName
	for name := range seeds {
		out = append(out, name)
	}
	sortNames(out)
	return out
}

// describeSeeds reads the layer's seeds.yaml and returns the seeds that it describes. An overlay without CSVs needs none.
func (r *reader) describeSeeds(found map[waybill.TableName]*Seed) map[waybill.TableName]bool {
	described := map[waybill.TableName]bool{}
	_, err := fs.Stat(r.layer.Files, seedsFile)
	if err != nil && (len(found) == 0 || r.over()) {
		return described // a seed that needs a description is complained of by name
	}
	text, ok := r.text(seedsFile)
	if !ok {
		return described
	}
	y := &yamlReader{path: r.shown(seedsFile)}
	for _, e := range y.parse(text, nil) {
		name := waybill.TableName{Namespace: Seeds, Name: e.key}
		s := found[name]
		if s == nil {
			y.fail(e.node, "no file seeds/%s.csv beside it%s", e.key, didYouMean(e.key, seedNames(found)))
			continue
		}
		described[name] = true
		r.describeSeed(y, s, e.value)
	}
	r.errs = append(r.errs, y.errs...)
	return described
}

// likeBelow gives a seed the types of the one whose place it takes, which has to have the same columns.
func (r *reader) likeBelow(s, below *Seed) {
	s.Description, s.Key, s.Periods, s.Names = below.Description, below.Key, below.Periods, below.Names
	header, err := csv.NewReader(bytes.NewReader(s.data)).Read()
	if err != nil {
		r.fail(s.Path, 1, "read the header: %v", err)
		return
	}
	types := map[string]waybill.Column{}
	for _, c := range below.Columns {
		types[c.Name] = c
		if !contains(header, c.Name) {
			r.fail(s.Path, 1, "column %s is missing, which %s has%s", c.Name, below.Path, didYouMean(c.Name, header))
		}
	}
	for _, h := range header {
		c, known := types[h]
		if !known {
			r.fail(s.Path, 1, "column %s is not in %s; describe the seed in %s to give it other columns", h, below.Path, r.shown(seedsFile))
			continue
		}
		s.Columns = append(s.Columns, c)
	}
}

func seedNames(seeds map[waybill.TableName]*Seed) []string {
	var out []string
	for n := range seeds {
		out = append(out, n.Name)
	}
	return out
}

// describeSeed takes a seed's types from seeds.yaml, in the order of the CSV's header.
func (r *reader) describeSeed(y *yamlReader, s *Seed, n ast.Node) {
	types := map[string]waybill.Column{}
	var names []string
	for _, e := range y.object(n, seedKeys) {
		switch e.key {
		case "description":
			s.Description = y.text(e.value)
		case "key":
			s.Key = y.list(e.value)
		case "periods":
			for _, p := range y.object(e.value, []string{"by"}) {
				s.Periods = y.list(p.value)
			}
		case "names":
			for _, c := range y.object(e.value, nil) {
				s.Names = append(s.Names, NamedColumn{Column: c.key, Kind: y.text(c.value)})
			}
		case "columns":
			for _, c := range y.object(e.value, nil) {
				types[c.key] = y.seedColumn(c)
				names = append(names, c.key)
			}
		}
	}
	header, err := csv.NewReader(bytes.NewReader(s.data)).Read()
	if err != nil {
		r.fail(s.Path, 1, "read the header: %v", err)
		return
	}
	for _, h := range header {
		c, found := types[h]
		if !found {
			r.fail(s.Path, 1, "column %s has no type in %s%s", h, y.path, didYouMean(h, names))
			continue
		}
		s.Columns = append(s.Columns, c)
	}
	for _, name := range names {
		if !contains(header, name) {
			y.fail(n, "seed %s has no column %s%s", s.Name.Name, name, didYouMean(name, header))
		}
	}
	wanted := slices.Clone(s.Periods)
	if len(s.Periods) > 0 {
		wanted = append(wanted, ruleColumns...)
	}
	for _, c := range s.Names {
		wanted = append(wanted, c.Column)
	}
	for _, name := range wanted {
		if !contains(header, name) && types[name].Name == "" {
			y.fail(n, "seed %s has no column %s, which its periods or names need%s", s.Name.Name, name, didYouMean(name, header))
		}
	}
}

func (r *yamlReader) seedColumn(e entry) waybill.Column {
	c := waybill.Column{Name: e.key}
	if !isMapping(e.value) {
		c.Type = r.columnType(e.value)
		return c
	}
	before := len(r.errs)
	for _, f := range r.object(e.value, seedColumnKeys) {
		if f.key == "type" {
			c.Type = r.columnType(f.value)
		} else {
			c.Doc = r.text(f.value)
		}
	}
	if c.Type == "" && len(r.errs) == before {
		r.fail(e.node, "column %s has no type", e.key)
	}
	return c
}

func (r *yamlReader) columnType(n ast.Node) waybill.Type {
	text := r.text(n)
	t, ok := lakeType(strings.ToUpper(text))
	if !ok {
		r.fail(n, "type %s: VARCHAR, BIGINT, INTEGER, BOOLEAN, DATE, DOUBLE, TIMESTAMP, TIMESTAMPTZ or DECIMAL(p,s) is expected", text)
	}
	return t
}

// Values returns the rows of a seed for some of its columns, as text. The error names a column that the seed has not.
func (s *Seed) Values(columns ...string) ([][]string, error) {
	rows, err := s.Rows(columns...)
	if err != nil {
		return nil, err
	}
	out := make([][]string, len(rows))
	for i, row := range rows {
		out[i] = row.Values
	}
	return out, nil
}

// Seed returns the seed of that name, nil if the project has none.
func (p *Project) Seed(name string) *Seed {
	return p.seeds[waybill.TableName{Namespace: Seeds, Name: name}]
}
