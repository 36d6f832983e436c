// Package pipelines says what is pulled and when: the pipeline definitions, and what the rooms below it share. The rooms are pull (from a
// connector to the lake), inputs (what models read), build (from there to a release), publish and maintain; run ties them together. None
// of them reads flags or the environment, and partners are known only through the root's Connector, not by name.
package pipelines

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/goccy/go-yaml"
	"github.com/robfig/cron/v3"

	"github.com/fourmarketing/waybill/transforms/typing"
)

// Pipeline is one file of pipelines/*.yaml: what one partner (or several that send alike) delivers.
type Pipeline struct {
	Name     string   `yaml:"pipeline"`
	Sources  []string `yaml:"sources"` // names of connections; every feed is pulled from each
	Schedule Schedule `yaml:"schedule"`
	Feeds    []Feed   `yaml:"feeds"`

	Origin string `yaml:"-"` // the file it was read from, for error texts
}

// Schedule is when a pipeline runs: cron's five fields in a time zone.
type Schedule struct {
	Cron string `yaml:"cron"`
	Zone string `yaml:"zone"`
}

// Feed is one kind of file or API answer and its contract.
type Feed struct {
	Name      string    `yaml:"feed"`
	File      FileRule  `yaml:"file"`
	Pull      Pull      `yaml:"pull"`
	Worklist  string    `yaml:"worklist"` // name of a file in sql/worklists: what to ask for, most urgent first
	Expect    Expect    `yaml:"expect"`
	Supersede Supersede `yaml:"supersede"`

	typing.Contract `yaml:",inline"`
}

// FileRule says which files of a listing belong to a feed and when one is complete.
type FileRule struct {
	Match  []string `yaml:"match"`  // doublestar globs
	Ignore []string `yaml:"ignore"` // globs on the base name: temporary names
	Ready  Ready    `yaml:"ready"`
}

// Ready is how a partner shows that an upload has ended: SFTP and FTP have no signal for it.
type Ready struct {
	StableFor Duration `yaml:"stable_for"` // same size and time in two listings this far apart
	Marker    string   `yaml:"marker"`     // "{name}.ok": a file that appears when the data file is complete
}

// Pull is what an API connector is asked for.
type Pull struct {
	Resource string         `yaml:"resource"`
	Settings map[string]any `yaml:"settings"`
}

// Expect is when the feed's files should be there and how they are numbered.
type Expect struct {
	By       []string `yaml:"by"`   // "06:30": local times by which a file has to be there
	Zone     string   `yaml:"zone"` // of By
	Days     string   `yaml:"days"` // working (default) or all
	Calendar string   `yaml:"calendar"`
	Sequence string   `yaml:"sequence"` // regular expression on the name; group 1 counts up by one
}

// Supersede says what a later version of a file does to an earlier one.
type Supersede struct {
	Mode     string `yaml:"mode"`     // file: its rows take the place of the earlier version's; none: every file adds
	Identity string `yaml:"identity"` // regular expression on the name whose group 1 names the document; default the whole name
}

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

// Decode reads one pipeline definition. Unknown keys are errors with their line; origin is the file's name.
func Decode(origin string, text []byte) (Pipeline, error) {
	var p Pipeline
	if err := yaml.UnmarshalWithOptions(text, &p, yaml.Strict()); err != nil {
		return p, Describe(origin, err)
	}
	p.Origin = origin
	return p, p.validate()
}

func (p Pipeline) validate() error {
	var problems []error
	say := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: "+format, append([]any{p.Origin}, args...)...))
	}
	if p.Name == "" {
		say("pipeline: has no name")
	}
	if len(p.Sources) == 0 {
		say("sources: names no connection")
	}
	if _, err := time.LoadLocation(p.Schedule.Zone); err != nil {
		say("schedule.zone: %w", err)
	}
	if p.Schedule.Cron != "" {
		if _, err := cron.ParseStandard(p.Schedule.Cron); err != nil {
			say("schedule.cron: %q: %w", p.Schedule.Cron, err)
		}
	}
	seen := map[string]bool{}
	for _, f := range p.Feeds {
		if f.Name == "" || seen[f.Name] {
			say("feeds: feed name %q is empty or used twice", f.Name)
		}
		seen[f.Name] = true
		if err := f.validate(); err != nil {
			say("feed %s: %w", f.Name, err)
		}
	}
	return errors.Join(problems...)
}

func (f Feed) validate() error {
	problems := []error{f.Validate()}
	if (len(f.File.Match) == 0) == (f.Pull.Resource == "") {
		problems = append(problems, errors.New("needs either file.match (file connectors) or pull.resource (API connectors)"))
	}
	for _, glob := range append(append([]string{}, f.File.Match...), f.File.Ignore...) {
		if !doublestar.ValidatePattern(glob) {
			problems = append(problems, fmt.Errorf("file: %q is no glob", glob))
		}
	}
	for key, expression := range map[string]string{"expect.sequence": f.Expect.Sequence, "supersede.identity": f.Supersede.Identity} {
		if re, err := regexp.Compile(expression); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", key, err))
		} else if expression != "" && re.NumSubexp() < 1 {
			problems = append(problems, fmt.Errorf("%s: %q has no group", key, expression))
		}
	}
	if m := f.Supersede.Mode; m != "" && m != "file" && m != "none" {
		problems = append(problems, fmt.Errorf("supersede.mode: %q is neither file nor none", m))
	}
	if _, err := time.LoadLocation(f.Expect.Zone); err != nil {
		problems = append(problems, fmt.Errorf("expect.zone: %w", err))
	}
	for _, by := range f.Expect.By {
		if _, err := time.Parse("15:04", by); err != nil {
			problems = append(problems, fmt.Errorf("expect.by: %q is no time of day such as 06:30", by))
		}
	}
	return errors.Join(problems...)
}
