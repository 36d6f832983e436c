package models

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"github.com/fourmarketing/waybill"
)

// Layer is a folder of SQL over the built-in one: it adds models, partners, seeds, checks, macros and code rows, or replaces some by name.
type Layer struct {
	Dir   string // how its files are called in messages: the folder's path on disk; empty for the built-in layer
	Files fs.FS
}

// Mark says what a file of an overlay does to the layer below it.
type Mark string

// Marks of what is read. What no overlay touches has none.
const (
	Added    Mark = "added"
	Replaced Mark = "replaced"
)

// Change is one thing that an overlay adds or replaces.
type Change struct {
	Kind     string // model, fact, check, worklist, seed, macros, raw table or code
	Name     string // marts.fct_orders; of code rows the partner
	Mark     Mark
	Path     string // file that brings it
	Line     int    // of it, from 1
	Replaces string // file and line of what it replaces, empty for what is added
}

// Changes returns what overlays add and replace, in the order in which it was read.
func (p *Project) Changes() []Change { return append([]Change(nil), p.changes...) }

// shown is how messages call a file of the layer that is being read.
func (r *reader) shown(p string) string {
	if r.layer.Dir == "" {
		return p
	}
	return filepath.Join(r.layer.Dir, filepath.FromSlash(p))
}

// over tells whether the layer that is being read lies over another.
func (r *reader) over() bool { return r.depth > 0 }

// changed notes what an overlay brings. was is the place of what it replaces, empty if it is new.
func (r *reader) changed(kind, name, at string, line int, was string) Mark {
	if !r.over() {
		return ""
	}
	mark := Added
	if was != "" {
		mark = Replaced
	}
	r.project.changes = append(r.project.changes, Change{Kind: kind, Name: name, Mark: mark, Path: at, Line: max(1, line), Replaces: was})
	return mark
}

func at(p string, line int) string { return fmt.Sprintf("%s:%d", p, max(1, line)) }

// unread complains of an overlay's files that nothing reads: they would do nothing, without a word.
func (r *reader) unread() {
	err := fs.WalkDir(r.layer.Files, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "cases"):
			return fs.SkipDir
		case d.IsDir() || r.seen[p] || !isSource(p):
			return nil
		}
		r.fail(r.shown(p), 1, "nothing reads this file: %s", whereInstead(p))
		return nil
	})
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("read the sql folder %s: %w", r.layer.Dir, err))
	}
}

func isSource(p string) bool {
	switch path.Ext(p) {
	case ".sql", ".csv", ".yaml", ".yml":
		return true
	}
	return false
}

func whereInstead(p string) string {
	name := path.Base(p)
	switch {
	case path.Ext(p) == ".yml":
		return "YAML files end in .yaml"
	case strings.HasPrefix(name, "stg_") && path.Ext(p) == ".sql":
		return "staging models lie in partners/<partner>/"
	case strings.HasPrefix(p, "worklists/"):
		return "worklists lie in partners/<partner>/worklists/"
	}
	folders := []string{Partners, Canonical, Intermediate, Marts, Checks, Seeds, "macros"}
	sort.Strings(folders)
	first := firstFolder(p)
	if !contains(folders, first) {
		return "the folders are " + strings.Join(folders, ", ") + didYouMean(first, folders)
	}
	return "of its folder, " + first + ", other files are read (CONTRIBUTING.md says which)"
}

// dropped complains of columns that other models read and that a model in the place of another no longer gives.
func (r *reader) dropped() {
	replaced := map[waybill.TableName]*Model{}
	for _, m := range r.models {
		if m.replaced != nil {
			replaced[m.Name] = m
		}
	}
	if len(replaced) == 0 {
		return
	}
	l := r.project.lineage(r.trees(), nil)
	for _, m := range r.project.models {
		t := l.traced[m.Name]
		if t == nil {
			continue
		}
		place := &snippet{path: m.Path, line: m.line, sql: m.SQL}
		for _, a := range t.absent {
			for _, table := range a.tables {
				by := replaced[table]
				if by == nil || m == by {
					continue
				}
				r.fail(by.Path, by.line, "%s takes the place of %s and gives no column %s, which %s reads%s",
					by.Name, by.replaced.Path, a.name, at(m.Path, place.lineAt(a.at)), didYouMean(a.name, l.Columns(table)))
			}
		}
	}
}

// trees are the syntax trees of the models.
func (r *reader) trees() map[waybill.TableName]map[string]any {
	out := map[waybill.TableName]map[string]any{}
	for _, m := range r.models {
		if m.facts != nil {
			out[m.Name] = m.facts.tree
		}
	}
	return out
}
