package project

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/fourmarketing/waybill/pipelines"
)

// decode fills a struct from a document, strictly, after resolving the references in it; all that cannot be resolved is said at once. An
// unknown key is an error with its place and the nearest known key.
func decode(doc *pipelines.Document, env func(string) (string, bool), into any) error {
	r := &resolver{origin: doc.Origin(), dir: filepath.Dir(doc.Origin()), env: env}
	doc.Walk(r)
	if err := errors.Join(r.problems...); err != nil {
		return err
	}
	return doc.Decode(into, pipelines.KeysOf(reflect.TypeOf(into))...)
}

// reference is how a value names a secret that stands elsewhere. Any kind is recognised, so that a mistyped one is an error and is not sent
// to a partner as a password.
var reference = regexp.MustCompile(`\$\{([A-Za-z0-9_-]+):([^}]*)\}`)

// resolver replaces references to secrets in the text values of a document.
type resolver struct {
	origin   string // the file, for messages
	dir      string // its folder
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
			at := n.GetToken().Position
			r.problems = append(r.problems, fmt.Errorf("%s:%d:%d: %s: %w", r.origin, at.Line, at.Column, ref, err))
		}
		return value
	})
	return r
}

func (r *resolver) lookUp(kind, name string) (string, error) {
	if kind == "env" {
		value, ok := r.env(name)
		if !ok {
			return "", fmt.Errorf("the environment has no %s; set it before waybill starts, or name a file by ${file:path}", name)
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
