package project

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	waybillsql "github.com/fourmarketing/waybill/sql"
	"github.com/fourmarketing/waybill/transforms/models"
)

// Config is waybill.yaml: where the lake is, who the partners are and how they are reached, and where marts are shown. Relative paths are
// relative to the file's own folder.
type Config struct {
	Name        string              `yaml:"name" names:"-"`
	Lake        LakeConfig          `yaml:"lake"`
	Memory      string              `yaml:"memory" names:"size"` // limit of each DuckDB, such as 1GB
	PIISalt     waybill.Secret      `yaml:"pii_salt" names:"-"`  // of hashed personal data; changing it breaks joins with older hashes
	Connections map[string]ast.Node `yaml:"connections"`         // by source name; the block is the connector's own
	Pipelines   string              `yaml:"pipelines" names:"-"` // folder of pipeline definitions
	SQL         string              `yaml:"sql" names:"-"`       // folder of models and seeds over those built in; empty: none
	Publish     PublishConfig       `yaml:"publish"`
	Timeouts    TimeoutsConfig      `yaml:"timeouts"`
	Limits      waybill.Limits      `yaml:"limits"` // of every connection that has none of its own

	pipelines.Group `yaml:",inline"`

	path string              // of the file itself
	doc  *pipelines.Document // where its settings stand
}

// LakeConfig is where kept bytes and tables lie.
type LakeConfig struct {
	Root       string   `yaml:"root" names:"root,required"` // a folder or s3://bucket/prefix
	Catalog    string   `yaml:"catalog" names:"catalog"`    // sqlite:<path> or postgres://…; empty: catalog.db in the folder
	Cache      string   `yaml:"cache" names:"-"`            // folder of the read cache and of files on their way
	CacheLimit int64    `yaml:"cache_limit_bytes"`
	S3         S3Config `yaml:"s3"`
}

// S3Config is how a bucket is reached.
type S3Config struct {
	Endpoint  string         `yaml:"endpoint" names:"endpoint"`
	Region    string         `yaml:"region" names:"-"`
	AccessKey waybill.Secret `yaml:"access_key" names:"-"`
	SecretKey waybill.Secret `yaml:"secret_key" names:"-"`
	PathStyle bool           `yaml:"path_style"`
}

// TimeoutsConfig bounds waits: for partners, unless a connection says otherwise, for the lake's store and catalog, and for publishing.
type TimeoutsConfig struct {
	waybill.Timeouts `yaml:",inline"`

	Publish time.Duration `yaml:"publish"` // one target of one release
}

// PublishConfig is where marts are shown; what is not set is not published to.
type PublishConfig struct {
	DuckDB   *DuckDBTarget   `yaml:"duckdb"`
	Postgres *PostgresTarget `yaml:"postgres"`
}

// DuckDBTarget is a DuckDB file of marts.
type DuckDBTarget struct {
	Path string `yaml:"path" names:"new,required"`
}

// PostgresTarget is a schema of a Postgres database.
type PostgresTarget struct {
	URL     waybill.Secret `yaml:"url" names:"postgres,required"`
	Schema  string         `yaml:"schema" names:"schema"`
	Readers string         `yaml:"readers" names:"role"` // role that may read, nothing else
}

// publishFor is enough for marts of some years.
const publishFor = time.Hour

// errNoConfig: there is no configuration to work with.
var errNoConfig = errors.New("is not there; `waybill init` writes a starter waybill.yaml, --config names another file")

// Read reads waybill.yaml strictly and resolves ${env:X} and ${file:X}; env is what looks a name up in the environment, such as os.LookupEnv.
func Read(path string, env func(name string) (string, bool)) (*Config, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s %w", path, errNoConfig)
	}
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	doc, err := pipelines.ParseDocument(path, text)
	if err != nil {
		return nil, err
	}
	cfg := &Config{path: path, doc: doc}
	if err := cfg.moved(text); err != nil {
		return nil, err
	}
	if err := decode(doc, env, cfg); err != nil {
		return nil, err
	}
	cfg.complete()
	return cfg, nil
}

// complete fills defaults and makes paths independent of the working folder.
func (c *Config) complete() {
	if c.Memory == "" {
		c.Memory = "1GB"
	}
	if c.Pipelines == "" {
		c.Pipelines = "pipelines"
	}
	if c.Lake.Cache == "" {
		c.Lake.Cache = ".waybill"
	}
	bounds := waybill.Bounds{Timeouts: c.Timeouts.Timeouts, Limits: c.Limits}.Or(waybill.DefaultBounds())
	c.Timeouts.Timeouts, c.Limits = bounds.Timeouts, bounds.Limits
	if c.Timeouts.Publish == 0 {
		c.Timeouts.Publish = publishFor
	}
	c.Pipelines, c.Lake.Cache = c.local(c.Pipelines), c.local(c.Lake.Cache)
	if c.Lake.Root != "" && !strings.Contains(c.Lake.Root, "://") {
		c.Lake.Root = c.local(c.Lake.Root)
	}
	if p, ok := strings.CutPrefix(c.Lake.Catalog, "sqlite:"); ok {
		c.Lake.Catalog = "sqlite:" + c.local(p)
	}
	if c.SQL != "" {
		c.SQL = c.local(c.SQL)
	}
	if c.Publish.DuckDB != nil && c.Publish.DuckDB.Path != "" {
		c.Publish.DuckDB.Path = c.local(c.Publish.DuckDB.Path)
	}
	if p := c.Publish.Postgres; p != nil && p.Schema == "" {
		p.Schema = "marts"
	}
}

func (c *Config) local(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(c.path), path)
}

// Path is the file that the configuration was read from, for messages.
func (c *Config) Path() string { return c.path }

// AsideFile is the DuckDB file of marts as of an instant that is earlier than the published ones': beside theirs, named after the instant.
func (c *Config) AsideFile(asOf time.Time) string {
	beside := c.local("marts.duckdb")
	if c.Publish.DuckDB != nil && c.Publish.DuckDB.Path != "" {
		beside = c.Publish.DuckDB.Path
	}
	end := filepath.Ext(beside)
	return strings.TrimSuffix(beside, end) + ".as-of-" + asOf.UTC().Format("20060102T150405Z") + end
}

// MartsFile is the DuckDB file of published marts, an error where the configuration names none.
func (c *Config) MartsFile() (string, error) {
	if c.Publish.DuckDB == nil {
		return "", fmt.Errorf("%s: publish.duckdb is not set, so there is no local file of marts to read", c.path)
	}
	return c.Publish.DuckDB.Path, nil
}

// ReadModels reads the project's SQL: what is built in, and over it the user's folder, if there is one.
func (c *Config) ReadModels() (*models.Project, error) {
	if c.SQL == "" {
		return models.Read(waybillsql.Files)
	}
	if _, err := os.Stat(c.SQL); err != nil {
		return nil, fmt.Errorf("%s: sql: %w; make the folder, or leave the key out", c.path, err)
	}
	return models.Read(waybillsql.Files, models.Layer{Dir: shorter(c.SQL), Files: os.DirFS(c.SQL)})
}

// UnreadSQL notes a folder of SQL beside the configuration that no setting names: its owner thinks that it is laid over what is built in.
func (c *Config) UnreadSQL() []waybill.Finding {
	dir := c.local("sql")
	entries, err := os.ReadDir(dir)
	if c.SQL != "" || err != nil {
		return nil
	}
	for _, e := range entries {
		if built, err := fs.Stat(waybillsql.Files, e.Name()); err == nil && built.IsDir() {
			return []waybill.Finding{{
				Subject: "sql", OK: true, Note: true, Detail: shorter(dir) + " is there, and nothing of it is read: sql is not set",
				Remedy: "set sql: sql in " + c.path + " to lay it over what is built in",
			}}
		}
	}
	return nil
}

// shorter is a path as people type it: from the working folder where it lies in there.
func shorter(path string) string {
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(dir, path); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return path
}

// ReadPipelines reads every definition in the folder; all errors come at once.
func (c *Config) ReadPipelines() ([]pipelines.Pipeline, error) {
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
		problems = append(problems, err)
		if p.Document != nil {
			all = append(all, p) // what else is wrong with it is worth knowing at once
		}
	}
	return all, errors.Join(problems...)
}
