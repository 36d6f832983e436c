// Package infer writes a pipeline definition to start from for an example of a partner's file: how its bytes are read, which columns it has and of what
// type they seem to be. All of it is guessed from one file, and marked as guessed. It knows no project, lake or partner.
package infer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/pipelines/pull"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// ErrNoExample says that nothing can be told from a file; the error's text says why.
var ErrNoExample = errors.New("is no example to tell a contract from")

// Inferrer looks at files.
type Inferrer struct {
	Duck   *sql.DB      // sniffs, and types what is tried
	Loader *load.Loader // tries what was guessed
	Now    func() time.Time
}

// draft is a definition while it is guessed.
type draft struct {
	name   string // of the pipeline
	match  string
	layers []string // of bytes
	format format
	tables []*table
	notes  []string // what the file is like, for the head
}

// format is how records stand in the bytes. why says of each setting what it was guessed from.
type format struct {
	kind      string
	delimiter byte
	quote     *string
	encoding  string
	header    bool
	fields    int
	null      []string
	record    string // XML
	opening   string // pattern of a record before the data
	trailer   string // pattern of one behind it
	count     int    // field of the trailer with the number of records, -1 for none
	why       map[string]string
}

// table is a lake table with the columns that it seems to have.
type table struct {
	name    string
	each    []string
	columns []*column
	keys    []string // columns of which no two rows have the same value
	records int
}

// Definition writes the definition of a pipeline that loads a file of this machine. It tries it, so that no value of the file breaks it: where it does, the
// column is text after all. dir is a folder for what is made on the way, and the caller's to remove.
func (i Inferrer) Definition(ctx context.Context, file, dir string) (string, error) {
	d := &draft{name: nameOf(file), match: matchOf(path.Base(file))}
	text, err := d.open(file, dir)
	if err != nil {
		return "", err
	}
	if err := d.read(ctx, i.Duck, text, dir); err != nil {
		return "", err
	}
	for { // each time round a column more is text
		out := d.write()
		wrong, held, err := i.try(ctx, d, out, file)
		switch {
		case err != nil:
			return "", err
		case d.soften(wrong):
		case held != nil && held.Column != "" && d.soften(map[string]string{held.Column: held.Detail}):
		case held != nil:
			return "", fmt.Errorf("%s %w: %s", file, ErrNoExample, held)
		default: // what a text may not be, is so by no guess
			return out, nil
		}
	}
}

// try loads the file by the definition and returns why columns do not fit, by their names, and why the file would be held.
func (i Inferrer) try(ctx context.Context, d *draft, definition, file string) (map[string]string, *load.Hold, error) {
	p, err := pipelines.Decode(d.name+".yaml", []byte(definition))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: what was guessed is no definition; report this as a defect: %w", file, err)
	}
	body, err := os.Open(file)
	if err != nil {
		return nil, nil, fmt.Errorf("infer: %w", err)
	}
	defer body.Close()
	dir, err := os.MkdirTemp("", "waybill-infer-*")
	if err != nil {
		return nil, nil, fmt.Errorf("infer: %w", err)
	}
	defer os.RemoveAll(dir)
	look := pull.Previewer{Loader: i.Loader, Duck: i.Duck, Salt: "of nobody: the hashes are thrown away", Now: i.Now}
	seen, err := look.Feed(ctx, pipelines.Task{Source: d.name, Pipeline: p, Feed: p.Feeds[0]}, ledger.File{Name: path.Base(file), Version: 1}, body, dir)
	if err != nil {
		return nil, nil, err
	}
	if seen.Hold == nil && seen.Result.Loaded == 0 && seen.Records > 0 {
		return nil, nil, fmt.Errorf("%s %w: none of its %d records is whole", file, ErrNoExample, seen.Records)
	}
	wrong, err := i.wrong(ctx, seen)
	return wrong, seen.Hold, err
}

// wrong are the columns of which values broke the contract.
func (i Inferrer) wrong(ctx context.Context, seen pull.Preview) (map[string]string, error) {
	out := map[string]string{}
	for _, f := range seen.Rejects {
		rows, err := i.Duck.QueryContext(ctx, "select column_name, min(rule) from read_parquet("+duck.Literal(f.Path)+") where column_name is not null group by 1")
		if err != nil {
			return nil, fmt.Errorf("infer: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var name, rule string
			if err := rows.Scan(&name, &rule); err != nil {
				return nil, fmt.Errorf("infer: %w", err)
			}
			out[name] = "not all of its values are so (" + rule + ")"
		}
		if err := rows.Err(); err != nil {
			return nil, fmt.Errorf("infer: %w", err)
		}
	}
	return out, nil
}

// soften makes columns text that are nothing else after all, and tells whether any was something else.
func (d *draft) soften(wrong map[string]string) bool {
	any := false
	for _, t := range d.tables {
		for _, c := range t.columns {
			if why, ok := wrong[c.name]; ok && (c.kind != "text" || c.reference) {
				if c.reference {
					c.kind = "reference"
				}
				c.guess = guess{kind: "text", why: c.kind + " was tried: " + why}
				any = true
			}
		}
	}
	return any
}

var (
	numbers = regexp.MustCompile(`[0-9]+([-_.T ]*[0-9]+)*`)
	stars   = regexp.MustCompile(`\*([-_ ]*\*)+`)
	letters = regexp.MustCompile(`[^a-z0-9]+`)
)

// nameOf is what a file is called without numbers and ending, as a name of a pipeline and a table.
func nameOf(file string) string {
	base, _, _ := strings.Cut(path.Base(file), ".")
	name := strings.Trim(letters.ReplaceAllString(strings.ToLower(numbers.ReplaceAllString(base, "_")), "_"), "_")
	if name == "" || name[0] < 'a' {
		return "partner"
	}
	return name
}

// matchOf is a pattern for files that are named like this one but for their numbers.
func matchOf(base string) string {
	ending := path.Ext(base)
	name := strings.Map(func(r rune) rune { // what a glob reads otherwise
		if strings.ContainsRune(`[]{}\?`, r) {
			return '*'
		}
		return r
	}, strings.TrimSuffix(base, ending))
	return stars.ReplaceAllString(numbers.ReplaceAllString(name, "*"), "*") + ending
}
