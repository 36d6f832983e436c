package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fourmarketing/waybill/transforms/typing"
)

// tree knows of nested records what is shown where.
type tree struct {
	root, parts []*node
	columns     map[[2]int][][]typing.Step // where the values of a table's column stand
	xml         bool
}

// node is a value in a record to which a column's path leads, or passes by.
type node struct {
	sight sight
	takes []typing.Column // that take it
	kids  map[typing.Step]*node
}

// kid is the node behind a step, made if need be.
func (n *node) kid(s typing.Step) *node {
	if n.kids == nil {
		n.kids = map[typing.Step]*node{}
	}
	if n.kids[s] == nil {
		n.kids[s] = &node{}
	}
	return n.kids[s]
}

func newTree(c typing.Contract) *tree {
	root := &node{}
	t := &tree{root: []*node{root}, columns: map[[2]int][][]typing.Step{}, xml: c.Format.Type == typing.XML}
	for _, p := range c.Places() {
		at := root
		for _, s := range p.Steps {
			if at = at.kid(s); s.Key != "" {
				at.kid(typing.Step{Member: s.Key}).sight.mapped = true // by which the contract picks the entry
			}
		}
		at.sight.admit(c.Tables[p.Table].Columns[p.Column])
		at.takes = append(at.takes, c.Tables[p.Table].Columns[p.Column])
		key := [2]int{p.Table, p.Column}
		t.columns[key] = append(t.columns[key], p.Steps)
	}
	for _, way := range c.WaysToParts() {
		if at, ok := t.walk(way); ok {
			t.parts = append(t.parts, at)
		}
	}
	return t
}

// walk goes a way; false where no column stands behind it, or a personal one on it.
func (t *tree) walk(way []typing.Step) (*node, bool) {
	at := t.root[0]
	for _, s := range way {
		if at.sight.personal || at.kids[s] == nil {
			return nil, false
		}
		at = at.kids[s]
	}
	return at, !at.sight.personal
}

// record is the text of a record, or of what lies at some nodes, as it may be shown.
func (t *tree) record(text []byte, at []*node) string {
	v, ok := decodeJSON(text)
	if !ok {
		return fmt.Sprintf("%s (%d bytes that are no JSON)", stars, len(text))
	}
	return written(t.value(v, at))
}

// detail is a column's value as it may be shown; of one that may stand in several places what is shown in all of them.
func (t *tree) detail(table, column int, value string) string {
	var at []*node
	for _, way := range t.columns[[2]int{table, column}] {
		n, ok := t.walk(way)
		if !ok {
			return stars
		}
		at = append(at, n)
	}
	if v, ok := container(value); ok {
		return written(t.value(v, append(behind(at, typing.Step{Text: true}), at...)))
	}
	for _, n := range at {
		if n.sight.text(value) != value {
			return n.sight.text(value)
		}
	}
	return value
}

// value is what is shown of a value at some nodes. Lists and objects keep their shape as far as a path leads into them.
func (t *tree) value(v any, at []*node) any {
	if slices.ContainsFunc(at, func(n *node) bool { return n.sight.personal }) {
		at = nil
	}
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		return t.object(v, at)
	case []any:
		return t.list(v, at)
	case string:
		if inner, ok := container(v); ok {
			return written(t.value(inner, behind(at, typing.Step{Text: true})))
		}
		return shown(v, at)
	}
	if text := fmt.Sprint(v); shown(text, at) != text {
		return shown(text, at)
	}
	return v
}

func (t *tree) object(v map[string]any, at []*node) any {
	if len(v) > 0 && !lead(at) {
		return stars
	}
	out := make(map[string]any, len(v))
	for k, inner := range v {
		if t.xml && k == "#line" { // which decode.XML adds
			out[k] = inner
			continue
		}
		out[k] = t.value(inner, behind(at, typing.Step{Member: k}, typing.Step{Values: true}))
	}
	return out
}

// list looks at each entry. An element of XML that is there several times where one is expected is a list, and all of them are that element.
func (t *tree) list(v []any, at []*node) any {
	if len(v) > 0 && !lead(at) && !t.xml {
		return stars
	}
	out := make([]any, len(v))
	for i, inner := range v {
		next := behind(at, typing.Step{Entry: "*"}, typing.Step{Entry: strconv.Itoa(i)})
		if object, ok := inner.(map[string]any); ok {
			next = append(next, picked(object, at)...)
		}
		if t.xml && len(next) == 0 {
			next = at
		}
		out[i] = t.value(inner, next)
	}
	return out
}

// picked are the nodes of an entry that the contract finds by one of its members.
func picked(entry map[string]any, at []*node) []*node {
	var out []*node
	for _, n := range at {
		for s, kid := range n.kids {
			if text, ok := entry[s.Key].(string); ok && s.Key != "" && text == s.Value {
				out = append(out, kid)
			}
		}
	}
	return out
}

// behind are the nodes to which a step leads.
func behind(at []*node, steps ...typing.Step) []*node {
	var out []*node
	for _, n := range at {
		for _, s := range steps {
			if kid := n.kids[s]; kid != nil {
				out = append(out, kid)
			}
		}
	}
	return out
}

// lead tells whether a path leads on.
func lead(at []*node) bool {
	return slices.ContainsFunc(at, func(n *node) bool { return len(n.kids) > 0 })
}

// shown is what is seen of a text that stands at some nodes.
func shown(text string, at []*node) string {
	var all sight
	for _, n := range at {
		all.mapped = all.mapped || n.sight.mapped
		all.extracts = append(all.extracts, n.sight.extracts...)
	}
	return all.text(text)
}

// container reads a text that is a list or an object of JSON.
func container(text string) (any, bool) {
	if !strings.ContainsAny(text, "{[") {
		return nil, false
	}
	v, ok := decodeJSON([]byte(text))
	switch v.(type) {
	case map[string]any, []any:
		return v, ok
	}
	return nil, false
}

func decodeJSON(text []byte) (any, bool) {
	var v any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, false
	}
	return v, !d.More()
}

func written(v any) string {
	if text, ok := v.(string); ok && text == stars {
		return stars
	}
	text, err := json.Marshal(v)
	if err != nil {
		return stars
	}
	return string(text)
}
