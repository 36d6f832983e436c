package listing

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Globs are a feed's doublestar patterns over the paths of a listing: * and ? stay inside one directory,
// ** crosses directories, [ab] and {x,y} are choices, a backslash takes the next character as it is.
// Upper and lower case differ, as they do on the partners' servers.
type Globs struct {
	patterns []string
	segments [][]string
}

// Parse reads the patterns, which are relative to the connection's root.
func Parse(patterns []string) (Globs, error) {
	if len(patterns) == 0 {
		return Globs{}, errors.New("no glob given: say which files to list, for example out/DESP_*.csv, or ** for all")
	}
	var g Globs
	for _, p := range patterns {
		segments := split(p)
		switch {
		case p == "" || !doublestar.ValidatePattern(p):
			return Globs{}, fmt.Errorf("glob %q: %w", p, doublestar.ErrBadPattern)
		case slices.ContainsFunc(segments, func(s string) bool { return s == "" || s == "." || s == ".." }):
			return Globs{}, fmt.Errorf("glob %q: has to be relative to the connection's root, without empty, . or .. parts", p)
		}
		g.patterns = append(g.patterns, p)
		g.segments = append(g.segments, segments)
	}
	return g, nil
}

// Match says whether a file, by its path relative to the connection's root, is named by a glob.
func (g Globs) Match(name string) bool {
	return slices.ContainsFunc(g.patterns, func(p string) bool { return doublestar.MatchUnvalidated(p, name) })
}

// Bases are the directories that the globs spell out before their first wildcard, sorted, each once; "." is
// the root.
func (g Globs) Bases() []string {
	bases := make([]string, 0, len(g.patterns))
	for _, p := range g.patterns {
		base, _ := doublestar.SplitPattern(p)
		bases = append(bases, base)
	}
	slices.Sort(bases)
	return slices.Compact(bases)
}

// Inside says whether a file named by a glob can lie in dir or below it.
func (g Globs) Inside(dir string) bool {
	return slices.ContainsFunc(g.segments, func(segments []string) bool { return inside(segments, strings.Split(dir, "/")) })
}

// Prefix is the longest text that every file named by the i-th pattern begins with, and whether one directory
// holds them all.
func (g Globs) Prefix(i int) (prefix string, flat bool) {
	p := g.patterns[i]
	if at := strings.IndexAny(p, `*?[{\`); at >= 0 {
		p = p[:at]
	}
	rest := g.patterns[i][len(p):]
	return p, !strings.ContainsAny(rest, "/") && !strings.Contains(rest, "**")
}

// Len is the number of patterns.
func (g Globs) Len() int { return len(g.patterns) }

func inside(segments, dirs []string) bool {
	for i, d := range dirs {
		if i >= len(segments)-1 {
			return last(segments)
		}
		// A choice may itself hold a slash, {a/b,c}: then the parts do not line up and the directory is read.
		if last(segments[:i+1]) {
			return true
		}
		if !doublestar.MatchUnvalidated(segments[i], d) {
			return false
		}
	}
	return true
}

// last says whether the last of the segments can cover more than one directory.
func last(segments []string) bool {
	s := segments[len(segments)-1]
	return strings.Contains(s, "**") || strings.Contains(s, "/")
}

// split cuts a pattern at its slashes, save those inside a choice.
func split(pattern string) []string {
	var segments []string
	depth, start := 0, 0
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			depth--
		case '/':
			if depth <= 0 {
				segments = append(segments, pattern[start:i])
				start = i + 1
			}
		}
	}
	return append(segments, pattern[start:])
}
