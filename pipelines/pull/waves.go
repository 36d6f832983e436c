package pull

import (
	"fmt"

	"github.com/fourmarketing/waybill/pipelines"
)

// tasks returns the feeds that the selectors name, those whose worklists read other feeds' tables after these feeds.
func (p *Puller) tasks(selectors []string) ([][]pipelines.Task, error) {
	picked, err := pipelines.Pick(p.pipelines, selectors)
	if err != nil {
		return nil, err
	}
	return p.waves(picked)
}

// waves orders tasks: a wave may run at once, each wave after those before it.
func (p *Puller) waves(picked []pipelines.Task) ([][]pipelines.Task, error) {
	writes := map[string]bool{} // raw tables still to be written by tasks not placed yet
	left := picked
	var waves [][]pipelines.Task
	for len(left) > 0 {
		clear(writes)
		for _, t := range left {
			for _, name := range t.Feed.TableNames() {
				writes[name.String()] = true
			}
		}
		var wave, later []pipelines.Task
		for _, t := range left {
			waits, err := p.waitsFor(t, writes)
			if err != nil {
				return nil, err
			}
			if waits {
				later = append(later, t)
			} else {
				wave = append(wave, t)
			}
		}
		if len(wave) == 0 {
			return nil, fmt.Errorf("worklists of %s wait for one another; name one feed to run alone", left[0])
		}
		waves, left = append(waves, wave), later
	}
	return waves, nil
}

func (p *Puller) waitsFor(t pipelines.Task, writes map[string]bool) (bool, error) {
	if t.Feed.Worklist == "" {
		return false, nil
	}
	own := map[string]bool{}
	for _, name := range t.Feed.TableNames() {
		own[name.String()] = true
	}
	w, err := p.models.Worklist(t.Feed.Worklist)
	if err != nil {
		return false, fmt.Errorf("%s: %w", t.Pipeline.Origin, err)
	}
	for _, read := range p.models.LeavesOf(w.Deps...) {
		if writes[read.String()] && !own[read.String()] {
			return true, nil
		}
	}
	return false, nil
}
