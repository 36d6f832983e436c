package models

import (
	"bytes"
	"encoding/csv"
	"io/fs"
	"path"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/fourmarketing/waybill"
)

const seedsFile = "seeds/seeds.yaml"

var (
	seedKeys       = []string{"description", "key", "columns"}
	seedColumnKeys = []string{"type", "description"}
)

// readSeeds reads the CSV files and what seeds.yaml says of their columns. Each column of a CSV needs a type there.
func (r *reader) readSeeds() {
	for _, p := range r.files(Seeds, ".csv") {
		data, err := fs.ReadFile(r.fsys, p)
		if err != nil {
			r.fail(p, 1, "read seed: %v", err)
			continue
		}
		s := &Seed{Path: p, Name: waybill.TableName{Namespace: Seeds, Name: strings.TrimSuffix(path.Base(p), ".csv")}}
		s.data = bytes.TrimPrefix(data, []byte("\uFEFF"))
		r.project.seeds[s.Name] = s
	}
	if len(r.project.seeds) == 0 {
		return
	}
	text, ok := r.text(seedsFile)
	if !ok {
		return
	}
	y := &yamlReader{path: seedsFile}
	described := map[waybill.TableName]bool{}
	for _, e := range y.parse(text, nil) {
		name := waybill.TableName{Namespace: Seeds, Name: e.key}
		s := r.project.seeds[name]
		if s == nil {
			y.fail(e.node, "no file seeds/%s.csv%s", e.key, didYouMean(e.key, r.seedNames()))
			continue
		}
		described[name] = true
		r.describeSeed(y, s, e.value)
	}
	r.errs = append(r.errs, y.errs...)
	for _, s := range r.project.Seeds() {
		if !described[s.Name] {
			r.fail(s.Path, 1, "the seed is not described in %s", seedsFile)
		}
	}
}

func (r *reader) seedNames() []string {
	var out []string
	for n := range r.project.seeds {
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
			r.fail(s.Path, 1, "column %s has no type in %s%s", h, seedsFile, didYouMean(h, names))
			continue
		}
		s.Columns = append(s.Columns, c)
	}
	for _, name := range names {
		if !contains(header, name) {
			y.fail(n, "seed %s has no column %s%s", s.Name.Name, name, didYouMean(name, header))
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
