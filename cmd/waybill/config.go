package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"sort"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
)

// config is waybill.yaml: where the lake is, who the partners are and how they are reached, and where marts are shown. Relative paths are
// relative to the file's own folder.
type config struct {
	Name        string              `yaml:"name"`
	Lake        lakeConfig          `yaml:"lake"`
	Memory      string              `yaml:"memory"`   // limit of each DuckDB, such as 1GB
	PIISalt     waybill.Secret      `yaml:"pii_salt"` // of hashed personal data; changing it breaks joins with older hashes
	Brands      []pipelines.Brand   `yaml:"brands"`
	Sites       []pipelines.Site    `yaml:"sites"`
	Connections map[string]ast.Node `yaml:"connections"` // by source name; the block is the connector's own
	Pipelines   string              `yaml:"pipelines"`   // folder of pipeline definitions
	SQL         string              `yaml:"sql"`         // folder of models; empty = those built in
	Publish     publishConfig       `yaml:"publish"`

	path string // of the file itself
}

type lakeConfig struct {
	Root       string   `yaml:"root"`    // a folder or s3://bucket/prefix
	Catalog    string   `yaml:"catalog"` // sqlite:<path> or postgres://…; empty: catalog.db in the folder
	Cache      string   `yaml:"cache"`   // folder of the read cache and of files on their way
	CacheLimit int64    `yaml:"cache_limit_bytes"`
	S3         s3Config `yaml:"s3"`
}

type s3Config struct {
	Endpoint  string         `yaml:"endpoint"`
	Region    string         `yaml:"region"`
	AccessKey waybill.Secret `yaml:"access_key"`
	SecretKey waybill.Secret `yaml:"secret_key"`
	PathStyle bool           `yaml:"path_style"`
}

type publishConfig struct {
	DuckDB   *duckdbTarget   `yaml:"duckdb"`
	Postgres *postgresTarget `yaml:"postgres"`
}

type duckdbTarget struct {
	Path string `yaml:"path"`
}

type postgresTarget struct {
	URL     waybill.Secret `yaml:"url"`
	Schema  string         `yaml:"schema"`
	Readers string         `yaml:"readers"` // role that may read, nothing else
}

// memorySize is what DuckDB takes for a size, and has a unit.
var memorySize = regexp.MustCompile(`^(?i)\d+(\.\d+)? ?([KMGT](i?B)?|B)$`)

// errNoConfig: there is no configuration to work with.
var errNoConfig = errors.New("is not there; `waybill init` writes a starter waybill.yaml, --config names another file")

// readConfig reads waybill.yaml strictly and resolves ${env:X} and ${file:X}.
func readConfig(path string) (*config, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s %w", path, errNoConfig)
	}
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	cfg := &config{path: path}
	if err := decodeYAML(path, text, cfg); err != nil {
		return nil, err
	}
	return cfg, cfg.complete()
}

// complete fills defaults and makes paths independent of the working folder.
func (c *config) complete() error {
	if c.Lake.Root == "" {
		return fmt.Errorf("%s: lake.root is not set: a folder such as ./lake, or s3://bucket/prefix", c.path)
	}
	if c.Memory == "" {
		c.Memory = "1GB"
	}
	if !memorySize.MatchString(c.Memory) {
		return fmt.Errorf("%s: memory: %q is no size such as 512MB or 4GB", c.path, c.Memory)
	}
	if c.Pipelines == "" {
		c.Pipelines = "pipelines"
	}
	if c.Lake.Cache == "" {
		c.Lake.Cache = ".waybill"
	}
	c.Pipelines, c.Lake.Cache = c.local(c.Pipelines), c.local(c.Lake.Cache)
	if !strings.HasPrefix(c.Lake.Root, "s3://") {
		c.Lake.Root = c.local(c.Lake.Root)
	}
	if p, ok := strings.CutPrefix(c.Lake.Catalog, "sqlite:"); ok {
		c.Lake.Catalog = "sqlite:" + c.local(p)
	}
	if c.SQL != "" {
		c.SQL = c.local(c.SQL)
	}
	if c.Publish.DuckDB != nil {
		c.Publish.DuckDB.Path = c.local(c.Publish.DuckDB.Path)
	}
	if p := c.Publish.Postgres; p != nil && p.Schema == "" {
		p.Schema = "marts"
	}
	return nil
}

func (c *config) local(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(c.path), path)
}

// pipelines reads every definition in the folder; all errors come at once.
func (c *config) definitions() ([]pipelines.Pipeline, error) {
	files, err := filepath.Glob(filepath.Join(c.Pipelines, "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("read pipelines: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("read pipelines: no *.yaml in %s; `waybill init` writes examples", c.Pipelines)
	}
	sort.Strings(files)
	var all []pipelines.Pipeline
	var problems []error
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			problems = append(problems, fmt.Errorf("read pipelines: %w", err))
			continue
		}
		p, err := pipelines.Decode(path, text)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		for _, source := range p.Sources {
			if _, ok := c.Connections[source]; !ok {
				problems = append(problems, fmt.Errorf("%s: source %q has no connection in %s", path, source, c.path))
			}
		}
		all = append(all, p)
	}
	return all, errors.Join(problems...)
}

// decodeYAML decodes strictly after resolving references; an unknown key is an error with its place and the nearest known key.
func decodeYAML(path string, text []byte, into any) error {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return pipelines.Describe(path, err)
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return fmt.Errorf("%s: is empty", path)
	}
	r := &resolver{dir: filepath.Dir(path)}
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
		value, ok := os.LookupEnv(name)
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
