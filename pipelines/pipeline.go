// Package pipelines says what is pulled and when: the pipeline definitions, and what the rooms below it share. The rooms are pull (from a
// connector to the lake), inputs (what models read), build (from there to a release), publish and maintain; run ties them together. None
// of them reads flags or the environment, and partners are known only through the root's Connector, not by name.
package pipelines

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/fourmarketing/waybill/transforms/typing"
)

// Pipeline is one file of pipelines/*.yaml: what one partner (or several that send alike) delivers.
type Pipeline struct {
	Name     string   `yaml:"pipeline" names:"new,required"`
	Sources  []string `yaml:"sources" names:"source,required"` // names of connections; every feed is pulled from each
	Schedule Schedule `yaml:"schedule"`
	Feeds    []Feed   `yaml:"feeds"`

	Origin   string    `yaml:"-"` // the file it was read from, for error texts
	Document *Document `yaml:"-"` // where its settings stand
}

// Schedule is when a pipeline runs: cron's five fields in a time zone.
type Schedule struct {
	Cron string `yaml:"cron" names:"cron"`
	Zone string `yaml:"zone" names:"zone"`
}

// Feed is one kind of file or API answer and its contract.
type Feed struct {
	Name      string    `yaml:"feed" names:"new,required"`
	File      FileRule  `yaml:"file"`
	Pull      Pull      `yaml:"pull"`
	Worklist  string    `yaml:"worklist" names:"worklist"` // name of a file in sql/partners/*/worklists: what to ask for, most urgent first
	Expect    Expect    `yaml:"expect"`
	Supersede Supersede `yaml:"supersede"`

	typing.Contract `yaml:",inline"`
}

// FileRule says which files of a listing belong to a feed and when one is complete.
type FileRule struct {
	Match  []string `yaml:"match" names:"glob"`  // doublestar globs
	Ignore []string `yaml:"ignore" names:"glob"` // globs on the base name: temporary names
	Ready  Ready    `yaml:"ready"`
}

// Ready is how a partner shows that an upload has ended: SFTP and FTP have no signal for it.
type Ready struct {
	StableFor Duration `yaml:"stable_for"`            // same size and time in two listings this far apart
	Marker    string   `yaml:"marker" names:"marker"` // "{name}.ok": a file that appears when the data file is complete
}

// Pull is what an API connector is asked for.
type Pull struct {
	Resource string         `yaml:"resource" names:"-"` // the connector's own word (waybill.FeedChecker)
	Settings map[string]any `yaml:"settings"`
}

// Expect is when the feed's files should be there and how they are numbered.
type Expect struct {
	By       []string `yaml:"by" names:"time"`   // "06:30": local times by which a file has to be there
	Zone     string   `yaml:"zone" names:"zone"` // of By
	Days     string   `yaml:"days" names:"days"` // working (default) or all
	Calendar string   `yaml:"calendar" names:"calendar"`
	Sequence string   `yaml:"sequence" names:"group"` // regular expression on the name; group 1 counts up by one
}

// Supersede says what a later version of a file does to an earlier one.
type Supersede struct {
	Mode     string `yaml:"mode" names:"mode"`      // file: its rows take the place of the earlier version's; none: every file adds
	Identity string `yaml:"identity" names:"group"` // regular expression on the name whose group 1 names the document; default the whole name
	// Columns that together name the document that a row is of, over all feeds and sources of the pipeline that fill the table: an account and a batch,
	// an invoice number. Then names say nothing: one file may tell of several documents, and two of one.
	Document []string `yaml:"document" names:"-"`
	// What the versions of a document follow one another by, before their arrival: modified (the partner's time of the file), a column of the table, or a
	// regular expression on the name whose group 1 does.
	NewestBy string `yaml:"newest_by" names:"-"`
}

// NewestByModified orders versions by the partner's time of the file.
const NewestByModified = "modified"

// validateSupersede holds the document's columns against the contract.
func (f Feed) validateSupersede() (key string, err error) {
	s := f.Supersede
	switch {
	case len(s.Document) > 0 && (s.Mode != "file" || s.Identity != "" || len(f.Tables) != 1):
		return "supersede.document", errors.New("goes with mode: file, with one table and without identity, which is of the name")
	case s.NewestBy != "" && s.Mode != "file":
		return "supersede.newest_by", errors.New("goes with mode: file")
	}
	for _, name := range s.Document {
		col, ok := f.column(name)
		if !ok || !col.Required || col.PII != "" && col.PII != typing.Keep {
			return "supersede.document", fmt.Errorf("%q is no column of %s that is required and kept as it is: a row without it would be of no document", name, f.Tables[0].Name)
		}
	}
	if s.NewestBy == "" || s.NewestBy == NewestByModified {
		return "", nil
	}
	if _, ok := f.column(s.NewestBy); ok {
		return "", nil
	}
	if e, err := regexp.Compile(s.NewestBy); err != nil || e.NumSubexp() == 0 {
		return "supersede.newest_by", fmt.Errorf("%q is neither modified nor a column nor a regular expression with a group", s.NewestBy)
	}
	return "", nil
}

// column is a column of the feed's first table.
func (f Feed) column(name string) (typing.Column, bool) {
	for _, c := range f.Tables[0].Columns {
		if c.Name == name {
			return c, true
		}
	}
	return typing.Column{}, false
}

// IsColumn tells whether the feed's first table has a column.
func (f Feed) IsColumn(name string) bool { _, ok := f.column(name); return ok }

// Duration is a time.Duration in YAML: 60s, 5m.
type Duration time.Duration

// UnmarshalText reads Go's duration syntax.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no duration such as 60s or 5m", text)
	}
	*d = Duration(v)
	return nil
}

// Decode reads one pipeline definition. Unknown keys and values of a wrong form are errors with their place, all at once; origin is the file's
// name. What a definition names elsewhere (connections, worklists, calendars, zones) is resolved by the project.
func Decode(origin string, text []byte) (Pipeline, error) {
	var p Pipeline
	doc, err := ParseDocument(origin, text)
	if err != nil {
		return p, err
	}
	if err := doc.Decode(&p); err != nil {
		return p, err
	}
	p.Origin, p.Document = origin, doc
	return p, p.validate()
}

func (p Pipeline) validate() error {
	faults := p.Document.Resolve(p, forms())
	seen := map[string]bool{}
	for i, f := range p.Feeds {
		at := fmt.Sprintf("feeds[%d]", i)
		if seen[f.Name] {
			faults = append(faults, p.Document.Fault(at+".feed", "%q is there twice; a feed's name is its own", f.Name))
		}
		seen[f.Name] = true
		faults = append(faults, p.Document.place(at, f.Validate())...)
		if key, err := f.validateSupersede(); err != nil {
			faults = append(faults, p.Document.Fault(at+"."+key, "%w", err))
		}
		if (len(f.File.Match) == 0) == (f.Pull.Resource == "") {
			faults = append(faults, p.Document.Fault(at, "feed %s %w", f.Name, errNoPull))
		}
	}
	return errors.Join(faults...)
}
