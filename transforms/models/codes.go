package models

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fourmarketing/waybill"
)

// codesTable is the seed of all partners' code maps.
var codesTable = waybill.TableName{Namespace: Seeds, Name: "codes"}

// codeColumns are the columns of seeds.codes; a partner's codes.csv has all but the first.
var codeColumns = []waybill.Column{
	{Name: "partner", Type: "VARCHAR", Doc: "folder of the partner whose codes they are"},
	{Name: "list", Type: "VARCHAR", Doc: "which of its lists"},
	{Name: "code", Type: "VARCHAR", Doc: "the partner's code, * for any"},
	{Name: "code_2", Type: "VARCHAR", Doc: "a second one that it needs, * for any"},
	{Name: "code_3", Type: "VARCHAR", Doc: "a third one, * for any"},
	{Name: "pattern", Type: "VARCHAR", Doc: "regular expression that the whole text has to match; empty for any"},
	{Name: "precedence", Type: "INTEGER", Doc: "of rows that match, the smallest decides"},
	{Name: "meaning", Type: "VARCHAR", Doc: "our word"},
	{Name: "detail", Type: "VARCHAR", Doc: "our second word, such as the reason"},
}

type codeRow struct {
	path   string
	line   int
	depth  int      // of its layer
	values []string // as codeColumns
}

// match is what two rows of one list must not have in common.
func (c codeRow) match() string { return strings.Join(c.values[:7], "\x00") }

// String is the row as people know it: dhl scans * 510.
func (c codeRow) String() string {
	parts := []string{c.values[0], c.values[1], c.values[2]}
	for _, v := range c.values[3:6] {
		if v != "" && v != "*" {
			parts = append(parts, v)
		}
	}
	return strings.Join(parts, " ")
}

// readCodes reads a partner's code map. Columns that it leaves out are * for codes, empty for the rest.
func (r *reader) readCodes(partner, p string) []codeRow {
	data, err := r.bytes(p)
	if err != nil {
		return nil // not every partner has codes
	}
	p = r.shown(p)
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\uFEFF"))))
	header, err := in.Read()
	if err != nil {
		r.fail(p, 1, "read the header: %v", err)
		return nil
	}
	names := columnNames(codeColumns[1:])
	for _, h := range header {
		if !contains(names, h) {
			r.fail(p, 1, "column %s is none of a code map's: %s%s", h, strings.Join(names, ", "), didYouMean(h, names))
			return nil
		}
	}
	var out []codeRow
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			r.fail(p, 1, "%v", err)
			return out
		}
		line, _ := in.FieldPos(0)
		c := codeRow{path: p, line: line, depth: r.depth, values: make([]string, len(codeColumns))}
		c.values[0], c.values[2], c.values[3], c.values[4], c.values[6] = partner, "*", "*", "*", "0"
		for i, h := range header {
			for j, name := range names {
				if name == h && row[i] != "" {
					c.values[j+1] = row[i]
				}
			}
		}
		if r.validCode(c) {
			out = append(out, c)
		}
	}
}

func (r *reader) validCode(c codeRow) bool {
	fine := true
	if c.values[1] == "" || c.values[7] == "" {
		r.fail(c.path, c.line, "a code needs a list and a meaning")
		fine = false
	}
	if text := c.values[5]; text != "" {
		if !strings.HasPrefix(text, "^") || !strings.HasSuffix(text, "$") {
			r.fail(c.path, c.line, "pattern %s: it begins with ^ and ends with $, so that it means the whole text", text)
			fine = false
		}
		if _, err := regexp.Compile(text); err != nil {
			r.fail(c.path, c.line, "pattern %s: %v", text, err)
			fine = false
		}
	}
	if _, err := strconv.Atoi(c.values[6]); err != nil {
		r.fail(c.path, c.line, "precedence %s is no whole number", c.values[6])
		fine = false
	}
	return fine
}

// codeText is a text in SQL.
var codeText = regexp.MustCompile(`'([^'\n]+)'`)

// codeLists are the texts in models and worklists that read code maps, the names of lists among them: another list would map nothing.
func (r *reader) codeLists() map[string]bool {
	lists := map[string]bool{}
	read := func(sql string) {
		if !strings.Contains(sql, codesTable.String()) {
			return
		}
		for _, text := range codeText.FindAllStringSubmatch(sql, -1) {
			lists[text[1]] = true
		}
	}
	for _, m := range r.models {
		read(m.SQL)
	}
	for _, w := range r.project.worklists {
		read(w.SQL)
	}
	return lists
}

// addCodes makes one seed of all partners' code maps. Of two rows that match alike an overlay's takes the place of the one below; two of one
// layer are an error.
func (r *reader) addCodes(rows []codeRow) {
	place := map[string]int{}
	var kept []codeRow
	lists := r.codeLists()
	for _, c := range rows {
		list := c.values[1]
		if c.depth == 0 {
			lists[list] = true
		} else if !lists[list] {
			r.fail(c.path, c.line, "no model reads a list %s%s", list, didYouMean(list, slices.Sorted(maps.Keys(lists))))
			continue
		}
		i, twice := place[c.match()]
		if twice && kept[i].depth == c.depth {
			r.fail(c.path, c.line, "matches what line %d of %s matches: one of them decides by its precedence", kept[i].line, kept[i].path)
			continue
		}
		was := ""
		if twice {
			was, kept[i] = at(kept[i].path, kept[i].line), c
		} else {
			place[c.match()], kept = len(kept), append(kept, c)
		}
		if r.depth = c.depth; r.over() {
			r.changed("code", c.String(), c.path, c.line, was)
		}
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(columnNames(codeColumns)) // into memory
	for _, c := range kept {
		_ = w.Write(c.values)
	}
	w.Flush()
	r.namedLists(kept)
	if r.project.seeds[codesTable] != nil {
		r.fail("seeds/codes.csv", 1, "seeds.codes is made of partners/*/codes.csv")
		return
	}
	r.project.seeds[codesTable] = &Seed{
		Name: codesTable, Path: "partners/*/codes.csv", Description: "What partners' codes mean, of all partners' codes.csv.",
		Columns: codeColumns, Key: columnNames(codeColumns[:7]), data: b.Bytes(),
	}
}

// namedList is how a partner's models take a list of its code map: c.partner = 'lorry' and c.list = 'scans'.
var namedList = regexp.MustCompile(`\.partner\s*=\s*'([^'\n]*)'\s+and\s+\w+\.list\s*=\s*'([^'\n]*)'`)

// namedLists complains of lists that a partner's models name and its code map has not: they would map nothing, without a word.
func (r *reader) namedLists(rows []codeRow) {
	lists := map[string][]string{}
	for _, c := range rows {
		partner, list := c.values[0], c.values[1]
		if !slices.Contains(lists[partner], list) {
			lists[partner] = append(lists[partner], list)
		}
	}
	named := func(partner, file string, line int, sql string) {
		s := &snippet{line: line, sql: sql}
		for _, at := range namedList.FindAllStringSubmatchIndex(sql, -1) {
			whose, list := sql[at[2]:at[3]], sql[at[4]:at[5]]
			if whose != partner {
				r.fail(file, s.lineAt(at[2]), "takes codes of partner %s: a partner's models read their own, partner = '%s'", whose, partner)
			} else if !slices.Contains(lists[partner], list) {
				r.fail(file, s.lineAt(at[4]), "takes list %s, which the codes.csv of %s has not%s", list, partner, didYouMean(list, lists[partner]))
			}
		}
	}
	for _, m := range r.models {
		if m.Name.Namespace == Staging {
			named(m.Area, m.Path, m.line, m.SQL)
		}
	}
	for _, w := range r.project.worklists {
		named(w.Partner, w.Path, w.line, w.SQL)
	}
}
