package models

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// yamlReader takes YAML apart strictly and remembers every mistake with its file and line.
type yamlReader struct {
	path string
	skip int // lines of the file before the YAML
	errs []error
}

// entry is one key of a mapping.
type entry struct {
	key   string
	node  ast.Node // at the key, for errors
	value ast.Node
}

func (r *yamlReader) fail(at ast.Node, format string, args ...any) {
	line := 1
	if at != nil && at.GetToken() != nil {
		line = at.GetToken().Position.Line
	}
	r.errs = append(r.errs, fmt.Errorf("%s:%d: %s", r.path, r.skip+line, fmt.Sprintf(format, args...)))
}

// parse returns the entries of the YAML's top mapping.
func (r *yamlReader) parse(text string, known []string) []entry {
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		line, message := 1, err.Error()
		if bad := yaml.Error(nil); errors.As(err, &bad) {
			message = bad.GetMessage()
			if bad.GetToken() != nil {
				line = bad.GetToken().Position.Line
			}
		}
		r.errs = append(r.errs, fmt.Errorf("%s:%d: YAML: %s", r.path, r.skip+line, message))
		return nil
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil
	}
	if len(file.Docs) > 1 {
		r.fail(file.Docs[1].Body, "a second YAML document; one is expected")
	}
	return r.object(file.Docs[0].Body, known)
}

// object returns the entries of a mapping in their order. known lists the keys it may have, nil allows any.
func (r *yamlReader) object(n ast.Node, known []string) []entry {
	var values []*ast.MappingValueNode
	switch v := n.(type) {
	case *ast.MappingNode:
		values = v.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{v}
	case *ast.NullNode:
		return nil
	default:
		r.fail(n, "keys with values are expected here")
		return nil
	}
	var out []entry
	for _, v := range values {
		key := v.Key.GetToken().Value
		if known != nil && !contains(known, key) {
			hint := didYouMean(key, known)
			if strings.Contains(key, " ") {
				hint = " (a text with a comma in it needs quotes)"
			}
			r.fail(v.Key, "unknown key %s%s", key, hint)
			continue
		}
		out = append(out, entry{key: key, node: v.Key, value: v.Value})
	}
	return out
}

// text returns a scalar as it is written; line breaks become spaces.
func (r *yamlReader) text(n ast.Node) string {
	switch v := n.(type) {
	case *ast.NullNode:
		return ""
	case *ast.StringNode:
		return strings.TrimSpace(v.Value)
	case *ast.LiteralNode:
		return strings.TrimSpace(v.Value.Value)
	case ast.ScalarNode:
		return v.GetToken().Value
	default:
		r.fail(n, "a single value is expected here")
		return ""
	}
}

// list returns a sequence of scalars; one scalar is a list of one.
func (r *yamlReader) list(n ast.Node) []string {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		if s := r.text(n); s != "" {
			return []string{s}
		}
		return nil
	}
	out := make([]string, 0, len(seq.Values))
	for _, v := range seq.Values {
		out = append(out, r.text(v))
	}
	return out
}

// flag returns a true or false.
func (r *yamlReader) flag(n ast.Node) bool {
	if v, ok := n.(*ast.BoolNode); ok {
		return v.Value
	}
	r.fail(n, "true or false is expected here")
	return false
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
