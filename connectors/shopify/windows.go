package shopify

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
)

const (
	stamp = "20060102T150405Z"
	// beginning stands in a name for a window without a lower end.
	beginning = "00010101T000000Z"
)

// window is the span of updates that one item of orders holds, from inclusive, to exclusive, UTC, whole seconds.
type window struct{ from, to time.Time }

// windowOf is what a pull is about: from the cursor less the overlap to now.
func windowOf(r waybill.Request, s Settings) (window, error) {
	w := window{to: r.Now.UTC().Truncate(time.Second)}
	if r.Cursor == "" {
		var err error
		w.from, err = s.since()
		return w, err
	}
	at, err := time.Parse(time.RFC3339, r.Cursor)
	if err != nil {
		return w, fmt.Errorf("cursor %q: must be an RFC 3339 time", r.Cursor)
	}
	if w.from = at.UTC(); w.to.After(w.from) {
		w.from = w.from.Add(-s.Overlap)
	}
	return w, nil
}

func (w window) isEmpty() bool { return !w.to.After(w.from) }

func (w window) name() string {
	from := beginning
	if !w.from.IsZero() {
		from = w.from.Format(stamp)
	}
	return fmt.Sprintf("orders/%s_%s.jsonl", from, w.to.Format(stamp))
}

// windowNamed reads a window from the name of its item.
func windowNamed(name string) (window, error) {
	var w window
	from, to, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(name, "orders/"), ".jsonl"), "_")
	var err error
	if w.to, err = time.Parse(stamp, to); err == nil && from != beginning {
		w.from, err = time.Parse(stamp, from)
	}
	if err != nil {
		return w, fmt.Errorf("%s names no window: %w", name, waybill.ErrNotFound)
	}
	return w, nil
}

// filter is the window in Shopify's search syntax.
func (w window) filter() string {
	to := fmt.Sprintf("updated_at:<'%s'", w.to.Format(time.RFC3339))
	if w.from.IsZero() {
		return to
	}
	return fmt.Sprintf("updated_at:>='%s' AND %s", w.from.Format(time.RFC3339), to)
}

// spans cuts the window of a pull into pieces of at most s.Window, earliest first. The first ends where the export ends that an earlier pull began
// at the same place and did not wait for: its result is as good as a new one's, and another export cannot begin beside it.
func (c *Connector) spans(ctx context.Context, r waybill.Request, s Settings) ([]window, error) {
	w, err := windowOf(r, s)
	if err != nil || w.isEmpty() {
		return nil, err
	}
	var out []window
	left, found, err := c.leftRunning(ctx, w)
	if err != nil {
		return nil, err
	}
	if found {
		out = append(out, left)
		w.from = left.to.Add(-s.Overlap)
	}
	oldest := w.from
	if w.from.IsZero() {
		if oldest, found, err = c.oldest(ctx); err != nil {
			return nil, err
		}
		if !found {
			return []window{w}, nil
		}
	}
	for end := oldest.Add(s.Window); end.Before(w.to); end = end.Add(s.Window) {
		out = append(out, window{w.from, end})
		w.from = end
	}
	return append(out, w), nil
}

// ends finds the upper end of the window that an export is about.
var ends = regexp.MustCompile(`updated_at:<'([0-9TZ:-]+)'`)

// leftRunning is the window of the shop's newest export, if it begins where w does, ends before it, and still gives a result.
func (c *Connector) leftRunning(ctx context.Context, w window) (window, bool, error) {
	op, err := c.newest(ctx)
	if err != nil || op == nil || !op.isUsable(c.now()) {
		return window{}, false, err
	}
	end := ends.FindStringSubmatch(op.Query)
	if end == nil {
		return window{}, false, nil
	}
	to, err := time.Parse(time.RFC3339, end[1])
	if err != nil {
		return window{}, false, nil //nolint:nilerr // not an export of ours
	}
	left := window{w.from, to}
	isOurs := op.Query == fmt.Sprintf(ordersBulk, left.filter()) && !op.CreatedAt.Before(to) && to.Before(w.to)
	return left, isOurs, nil
}

// oldest is when the order that was changed the longest ago was changed; false where there is none.
func (c *Connector) oldest(ctx context.Context) (time.Time, bool, error) {
	var data struct {
		Orders struct {
			Nodes []struct {
				UpdatedAt time.Time `json:"updatedAt"`
			} `json:"nodes"`
		} `json:"orders"`
	}
	if err := c.look(ctx, question{Query: oldestOrder}, &data); err != nil {
		return time.Time{}, false, fmt.Errorf("look for the oldest order: %w", err)
	}
	if len(data.Orders.Nodes) == 0 {
		return time.Time{}, false, nil
	}
	return data.Orders.Nodes[0].UpdatedAt.UTC().Truncate(time.Second), true, nil
}
