package pull

import (
	"fmt"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// Waiting is a file on offer that is not fetched yet, and why.
type Waiting struct {
	Item   waybill.Item // without a name when the whole feed waits
	Reason string
	Told   bool // it was fetched, and this is what it has to say: of which questions there is no answer yet
}

// String is the file, if it is about one, and the reason.
func (w Waiting) String() string {
	if w.Item.Name == "" {
		return w.Reason
	}
	return legible(w.Item.Name) + ": " + w.Reason
}

// offer is a feed's listing, sorted into what is known, what to fetch and what has to wait.
type offer struct {
	known   int
	fetch   []waybill.Item
	waiting []Waiting
	seen    []ledger.Sighting // changed sightings to record
	unnamed []waybill.Item    // whose names are no UTF-8
	listed  map[string]bool   // all names on offer, as the ledger has them
}

// sortListing sorts a listing. A name is known when its size and time are those of the bytes fetched last; every listing is looked
// at whole, because uploads keep old times and no modification time is a high-water mark. now is the wall clock.
func sortListing(f pipelines.Feed, source string, items []waybill.Item, seen map[string]ledger.Sighting, now time.Time) offer {
	o := offer{listed: make(map[string]bool, len(items))}
	names := make(map[string]waybill.Item, len(items))
	for _, it := range items {
		names[it.Name] = it
	}
	for _, it := range items {
		o.listed[legible(it.Name)] = true
		if ignored(f.File.Ignore, it.Name) {
			continue
		}
		if isMarker(f.File.Ready.Marker, it.Name) {
			if orphan(f.File.Ready.Marker, it.Name, names) {
				o.waiting = append(o.waiting, Waiting{Item: it, Reason: "a marker without its file"})
			}
			continue
		}
		if !utf8.ValidString(it.Name) {
			o.unnamed = append(o.unnamed, it)
			continue
		}
		last, met := seen[it.Name]
		if met && last.Fetched && last.Same(it.Size, it.ModifiedAt) {
			o.known++
			continue
		}
		if !met || !last.Same(it.Size, it.ModifiedAt) {
			last = ledger.Sighting{Source: source, Feed: f.Name, Name: it.Name, Size: it.Size, ModifiedAt: it.ModifiedAt, FirstSeenAt: now}
			o.seen = append(o.seen, last)
		}
		if reason := unready(f.File.Ready, it, names, now.Sub(last.FirstSeenAt)); reason != "" {
			o.waiting = append(o.waiting, Waiting{Item: it, Reason: reason})
			continue
		}
		o.fetch = append(o.fetch, it)
	}
	return o
}

// unready says why a file may still be under way, empty when it is complete as far as a listing can tell.
func unready(r pipelines.Ready, it waybill.Item, names map[string]waybill.Item, unchanged time.Duration) string {
	if r.Marker != "" {
		marker, ok := names[markerName(r.Marker, it.Name)]
		switch {
		case !ok:
			return fmt.Sprintf("its marker %s is not there yet", markerName(r.Marker, it.Name))
		case marker.ModifiedAt.Before(it.ModifiedAt):
			return fmt.Sprintf("its marker %s is older than the file: a new upload is under way", marker.Name)
		}
	}
	if wait := time.Duration(r.StableFor); unchanged < wait {
		return fmt.Sprintf("settling: unchanged for %s of %s", unchanged.Round(time.Second), wait)
	}
	return ""
}

func markerName(pattern, name string) string {
	return path.Join(path.Dir(name), strings.ReplaceAll(pattern, "{name}", path.Base(name)))
}

// isMarker tells whether a listed name has the form of a marker.
func isMarker(pattern, name string) bool {
	before, after, ok := strings.Cut(pattern, "{name}")
	base := path.Base(name)
	return ok && len(base) > len(before)+len(after) && strings.HasPrefix(base, before) && strings.HasSuffix(base, after)
}

// orphan is a marker whose file is not there.
func orphan(pattern, name string, names map[string]waybill.Item) bool {
	before, after, _ := strings.Cut(pattern, "{name}")
	base := path.Base(name)
	_, there := names[path.Join(path.Dir(name), base[len(before):len(base)-len(after)])]
	return !there
}

func ignored(patterns []string, name string) bool {
	for _, p := range patterns {
		if doublestar.MatchUnvalidated(p, path.Base(name)) {
			return true
		}
	}
	return false
}

// globs returns the globs to list: the feed's own and, where markers are used, the markers'.
func globs(f pipelines.Feed) []string {
	all := append([]string{}, f.File.Match...)
	if f.File.Ready.Marker != "" {
		for _, g := range f.File.Match {
			all = append(all, markerName(f.File.Ready.Marker, g))
		}
	}
	return all
}
