package pipelines

import (
	"errors"
	"fmt"
)

// ErrSelector says that a selector names no pipeline, source, feed or model.
var ErrSelector = errors.New("nothing is named")

// Task is one feed of one source.
type Task struct {
	Source   string
	Pipeline Pipeline
	Feed     Feed
}

// String is source/feed, as selectors and leases name it.
func (t Task) String() string { return t.Source + "/" + t.Feed.Name }

// Pick returns the feeds that the selectors name (pipeline, source or source/feed; none = all).
func Pick(all []Pipeline, selectors []string) ([]Task, error) {
	var picked []Task
	used := map[string]bool{}
	var words []string
	for _, p := range all {
		for _, source := range p.Sources {
			for _, f := range p.Feeds {
				t := Task{Source: source, Pipeline: p, Feed: f}
				words = append(words, p.Name, source, t.String())
				hit := len(selectors) == 0
				for _, s := range selectors {
					if s == p.Name || s == source || s == t.String() {
						hit, used[s] = true, true
					}
				}
				if hit {
					picked = append(picked, t)
				}
			}
		}
	}
	for _, s := range selectors {
		if !used[s] {
			return nil, fmt.Errorf("%w %q%s (waybill plan lists the feeds)", ErrSelector, s, hint(s, words))
		}
	}
	return picked, nil
}

// TaskOf finds the feed that a known file belongs to.
func TaskOf(all []Pipeline, source, feed string) (Task, error) {
	picked, err := Pick(all, []string{source + "/" + feed})
	if err != nil {
		return Task{}, err
	}
	return picked[0], nil
}
