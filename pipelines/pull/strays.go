package pull

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
)

// Stray are the files that lie where a source's feeds look, and that no feed takes: a kind of file that nobody has a contract for, or one that is named
// otherwise than its pattern says.
type Stray struct {
	Source  string `json:"source"`
	Files   int    `json:"files"`
	Example string `json:"example"`
	Near    string `json:"nearest_pattern,omitempty"` // that the example misses by little
	Error   string `json:"error,omitempty"`           // why nobody can say
}

// String says it in a line.
func (s Stray) String() string {
	if s.Error != "" {
		return s.Source + ": whether there are files that no feed takes is not known: " + strings.ReplaceAll(s.Error, "\n", "; ") // one for each folder
	}
	noun := "files"
	if s.Files == 1 {
		noun = "file"
	}
	near := ""
	if s.Near != "" {
		near = "; the nearest pattern is " + s.Near
	}
	return fmt.Sprintf("%s: no feed takes %d %s, such as %s%s", s.Source, s.Files, noun, s.Example, near)
}

// Strays lists the sources of the selected feeds in the folders of their feeds' patterns and below, and finds the files that none takes.
func (p *Puller) Strays(ctx context.Context, selectors []string) ([]Stray, error) {
	tasks, err := pipelines.Pick(p.pipelines, selectors)
	if err != nil {
		return nil, err
	}
	all, err := pipelines.Pick(p.pipelines, nil)
	if err != nil {
		return nil, err
	}
	var out []Stray
	done := map[string]bool{}
	for _, t := range tasks {
		if done[t.Source] {
			continue
		}
		done[t.Source] = true
		conn, err := p.open(ctx, t.Source)
		if err != nil {
			continue // its feeds' plans say so
		}
		found := StraysOf(ctx, conn, t.Source, all)
		if err := conn.Close(); err != nil && found.Error == "" {
			found.Error = err.Error()
		}
		if found.Files > 0 || found.Error != "" {
			out = append(out, found)
		}
	}
	return out, nil
}

// StraysOf looks at one source over its connector; tasks are those of all sources. A source that answers questions has no strays.
func StraysOf(ctx context.Context, conn waybill.Connector, source string, tasks []pipelines.Task) Stray {
	s := Stray{Source: source}
	own := slices.DeleteFunc(slices.Clone(tasks), func(t pipelines.Task) bool { return t.Source != source || len(t.Feed.File.Match) == 0 })
	if len(own) == 0 {
		return s
	}
	var folders []string
	for _, t := range own {
		for _, glob := range t.Feed.File.Match {
			base, _ := doublestar.SplitPattern(glob)
			folders = append(folders, path.Join(base, "**"))
		}
	}
	slices.Sort(folders)
	items, err := conn.List(ctx, waybill.Request{Feed: own[0].Feed.Name, Match: slices.Compact(folders)})
	if err != nil {
		s.Error = err.Error()
		return s
	}
	for _, it := range items {
		if slices.ContainsFunc(own, func(t pipelines.Task) bool { return takes(t.Feed, it.Name) }) {
			continue
		}
		if s.Files++; s.Example == "" || it.Name < s.Example {
			s.Example = legible(it.Name)
		}
	}
	s.Near = NearestPattern(own, s.Example)
	return s
}

// takes tells whether a feed reads a file of such a name, knows it for a marker, or leaves it alone on purpose.
func takes(f pipelines.Feed, name string) bool {
	return ignored(f.File.Ignore, name) || isMarker(f.File.Ready.Marker, name) ||
		slices.ContainsFunc(f.File.Match, func(glob string) bool { return doublestar.MatchUnvalidated(glob, name) })
}
