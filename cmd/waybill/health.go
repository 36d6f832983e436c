package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/fourmarketing/waybill/pipelines"
)

// health is what serve knows of its feeds, for /healthz: which of them stand still or end with an error, and since when. A feed that is well again is
// forgotten.
type health struct {
	now func() time.Time

	mu    sync.Mutex
	feeds map[string]*feedHealth
}

type feedHealth struct {
	failing time.Time // since when each try has ended with an error; zero when the last one was well
	err     error
	sign    time.Time // of life in the pull under way; zero when there is none
}

// longStep is how long a listing or a file may take before it is told of. Nothing is wrong with that by itself.
const longStep = 5 * time.Minute

func newHealth(now func() time.Time) *health {
	return &health{now: now, feeds: map[string]*feedHealth{}}
}

// watch hears of the steps of runs.
func (h *health) watch(e pipelines.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch e.Stage {
	case pipelines.StageList, pipelines.StageFetch:
		if h.feeds[e.Subject] == nil {
			h.feeds[e.Subject] = &feedHealth{}
		}
		h.feeds[e.Subject].sign = h.now()
	case pipelines.StagePulled:
		f := h.feeds[e.Subject]
		switch {
		case e.Err == nil:
			delete(h.feeds, e.Subject)
		case f == nil:
			h.feeds[e.Subject] = &feedHealth{failing: h.now(), err: e.Err}
		default:
			if f.err, f.sign = e.Err, (time.Time{}); f.failing.IsZero() {
				f.failing = h.now()
			}
		}
	}
}

// say writes how the feeds are: ok in the first line, or how many are not.
func (h *health) say(w io.Writer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(h.feeds)) {
		f := h.feeds[name]
		switch {
		case f.err != nil:
			lines = append(lines, fmt.Sprintf("%s: failing since %s: %v", name, f.failing.UTC().Format(time.RFC3339), f.err))
		case !f.sign.IsZero() && h.now().Sub(f.sign) > longStep:
			lines = append(lines, fmt.Sprintf("%s: at one step since %s", name, f.sign.UTC().Format(time.RFC3339)))
		}
	}
	if len(lines) == 0 {
		fmt.Fprintln(w, "ok")
		return
	}
	fmt.Fprintf(w, "serving, but %s not well\n", plural(len(lines), "feed"))
	for _, line := range lines {
		fmt.Fprintln(w, visible(line))
	}
}
