package pipelines

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Document is a YAML file of settings that can still be found: by the key that leads to a setting, its line and column. Keys are written
// as people write them: shops[1].brand, feeds[0].tables.raw.wms_despatch.columns.site.
type Document struct {
	origin string
	body   ast.Node
}

// ParseDocument reads a file's only document, with or without the mark that Windows puts before it; origin is the file's name, for error texts.
func ParseDocument(origin string, text []byte) (*Document, error) {
	file, err := parser.ParseBytes(bytes.TrimPrefix(text, []byte("\uFEFF")), 0)
	if err != nil {
		return nil, Describe(origin, err)
	}
	var d *Document
	for _, one := range file.Docs {
		if one.Body == nil || one.Body.Type() == ast.CommentType {
			continue
		}
		if d != nil {
			return nil, fmt.Errorf("%s:%d: a second document begins here, and nothing would read it; remove the line ---", origin, one.Start.Position.Line)
		}
		d = &Document{origin: origin, body: one.Body}
	}
	if d == nil {
		return nil, fmt.Errorf("%s: is empty; `waybill init FOLDER` writes one to copy from", origin)
	}
	if err := d.withoutColon(); err != nil {
		return nil, err
	}
	return d, nil
}

// withoutColon finds entries within braces that have no colon: the library takes {entries: 300,000} for entries: 300 and a key 000 without a value,
// which is no text, and then leaves out the whole block without a word.
func (d *Document) withoutColon() error {
	for _, n := range ast.Filter(ast.MappingValueType, d.body) {
		v, ok := n.(*ast.MappingValueNode)
		if !ok || v.Start == nil || v.Start.Value == ":" || v.Value.GetToken().Type != token.ImplicitNullType {
			continue
		}
		at := v.Key.GetToken()
		return fmt.Errorf("%s:%d:%d: %q stands between braces without a colon; a value with a comma in it is quoted there, and a number has none: 300000",
			d.origin, at.Position.Line, at.Position.Column, at.Value)
	}
	return nil
}

// Origin is the file's name.
func (d *Document) Origin() string { return d.origin }

// Walk visits every node, to look at it or to replace its value.
func (d *Document) Walk(v ast.Visitor) { ast.Walk(v, d.body) }

// Decode fills a struct strictly: an unknown key is an error with its place and the nearest of the keys.
func (d *Document) Decode(into any, keys ...string) error {
	if err := yaml.NodeToValue(d.body, into, yaml.Strict()); err != nil {
		return DescribeIn(d.body, d.origin, err, keys...)
	}
	return nil
}

// Fault is what is wrong with a setting: "file:line:column: key: what is wrong, and what to do".
func (d *Document) Fault(key, format string, args ...any) error {
	return fmt.Errorf("%s: %s: %w", d.At(key), key, fmt.Errorf(format, args...))
}

// find leads to a setting, or to the block that it should stand in where it is not there.
func (d *Document) find(key string) (found ast.Node, there bool) {
	node := d.body
	for rest := key; rest != ""; {
		next, left := step(node, rest)
		if next == nil {
			return node, false
		}
		node, rest = next, left
	}
	return node, true
}

// Has tells whether a setting is written down, be it with its default.
func (d *Document) Has(key string) bool {
	_, there := d.find(key)
	return there
}

// At is "file:line:column" of a setting; of the block that it should stand in where it is not there.
func (d *Document) At(key string) string {
	node, _ := d.find(key)
	t := beginning(node).GetToken()
	if t == nil || t.Position == nil {
		return d.origin
	}
	return fmt.Sprintf("%s:%d:%d", d.origin, t.Position.Line, t.Position.Column)
}

// beginning is where a node begins for a reader: a block has the position of its first colon.
func beginning(n ast.Node) ast.Node {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return n.Values[0].Key
		}
	case *ast.MappingValueNode:
		return n.Key
	}
	return n
}

// step goes one word of a key down: to an entry of a list, or to the longest name that the key goes on with, because names have dots too.
func step(n ast.Node, key string) (ast.Node, string) {
	switch n := n.(type) {
	case *ast.AnchorNode:
		return step(n.Value, key)
	case *ast.TagNode:
		return step(n.Value, key)
	case *ast.SequenceNode:
		number, rest, closed := strings.Cut(strings.TrimPrefix(key, "["), "]")
		i, err := strconv.Atoi(number)
		if !closed || err != nil || i < 0 || i >= len(n.Values) {
			return nil, ""
		}
		return n.Values[i], strings.TrimPrefix(rest, ".")
	case *ast.MappingNode:
		return longest(n.Values, key)
	case *ast.MappingValueNode:
		return longest([]*ast.MappingValueNode{n}, key)
	}
	return nil, ""
}

func longest(entries []*ast.MappingValueNode, key string) (ast.Node, string) {
	var found ast.Node
	rest, length := "", -1
	for _, e := range entries {
		name := e.Key.GetToken().Value
		after, fits := strings.CutPrefix(key, name)
		if !fits || len(name) <= length || (after != "" && after[0] != '.' && after[0] != '[') {
			continue
		}
		found, rest, length = e.Value, strings.TrimPrefix(after, "."), len(name)
		if _, block := e.Value.(*ast.MappingNode); block && rest == "" {
			found = e.Key // the setting itself, not the first of what is in it
		}
		if _, empty := e.Value.(*ast.NullNode); empty {
			found = e.Key
		}
	}
	return found, rest
}

// keyed is an error that knows the key it is about, below the block that was checked.
type keyed interface {
	error
	Key() string
}

// place gives errors of a block their places in the file: those that know their key their own, others the block's.
func (d *Document) place(block string, err error) []error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var placed []error
		for _, one := range many.Unwrap() {
			placed = append(placed, d.place(block, one)...)
		}
		return placed
	}
	var k keyed
	if errors.As(err, &k) {
		return []error{fmt.Errorf("%s: %s: %w", d.At(block+"."+k.Key()), block, err)}
	}
	return []error{fmt.Errorf("%s: %s: %w", d.At(block), block, err)}
}
