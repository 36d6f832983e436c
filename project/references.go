package project

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/fourmarketing/waybill/pipelines"
)

// decodeYAML decodes strictly after resolving references; an unknown key is an error with its place and the nearest known key.
func decodeYAML(path string, text []byte, env func(string) (string, bool), into any) error {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return pipelines.Describe(path, err)
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return fmt.Errorf("%s: is empty", path)
	}
	r := &resolver{dir: filepath.Dir(path), env: env}
	ast.Walk(r, file.Docs[0].Body)
	if err := errors.Join(r.problems...); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := yaml.NodeToValue(file.Docs[0].Body, into, yaml.Strict()); err != nil {
		return pipelines.Describe(path, err, keysOf(reflect.TypeOf(into))...)
	}
	return nil
}

// keysOf are the YAML keys of a struct and of those in it, for the nearest to a mistyped one.
func keysOf(t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return keysOf(t.Elem())
	case reflect.Struct:
		var keys []string
		for i := range t.NumField() {
			key, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
			if key != "" && key != "-" {
				keys = append(keys, key)
			}
			if t.Field(i).Type != t {
				keys = append(keys, keysOf(t.Field(i).Type)...)
			}
		}
		return keys
	default:
		return nil
	}
}

// reference is how a value names a secret that stands elsewhere. Any kind is recognised, so that a mistyped one is an error and is not sent
// to a partner as a password.
var reference = regexp.MustCompile(`\$\{([A-Za-z0-9_-]+):([^}]*)\}`)

// resolver replaces references to secrets in the text values of a document.
type resolver struct {
	dir      string
	env      func(name string) (string, bool)
	problems []error
}

// Visit resolves one node (ast.Visitor).
func (r *resolver) Visit(n ast.Node) ast.Visitor {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return r
	}
	s.Value = reference.ReplaceAllStringFunc(s.Value, func(ref string) string {
		m := reference.FindStringSubmatch(ref)
		value, err := r.lookUp(m[1], m[2])
		if err != nil {
			r.problems = append(r.problems, fmt.Errorf("line %d: %s: %w", n.GetToken().Position.Line, ref, err))
		}
		return value
	})
	return r
}

func (r *resolver) lookUp(kind, name string) (string, error) {
	if kind == "env" {
		value, ok := r.env(name)
		if !ok {
			return "", fmt.Errorf("the environment has no %s", name)
		}
		return value, nil
	}
	if kind != "file" {
		return "", fmt.Errorf("a secret is named by ${env:NAME} or ${file:path}, not by %q", kind)
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(r.dir, name)
	}
	text, err := os.ReadFile(name)
	return strings.TrimRight(string(text), "\r\n"), err
}
