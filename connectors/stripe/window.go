package stripe

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/fourmarketing/waybill"
)

const (
	stamp = "20060102T150405Z"
	// beginning stands in a name for a window without a lower end.
	beginning = "00010101T000000Z"
)

// window is the span of creation times that one item holds, from inclusive, to exclusive, UTC, whole seconds. Its upper end
// is closed, so that what is created while pages are turned belongs to a later window and shifts no page.
type window struct{ from, to time.Time }

// windowsOf cuts what a request asks for into windows, oldest first. The first one begins at the cursor less the overlap, but not
// before since; each ends later than any that was committed before, so no two have the same name and none is taken for
// known.
func windowsOf(r waybill.Request, s Settings) ([]window, error) {
	end := r.Now.UTC().Truncate(time.Second)
	first, err := parseSince(s.Since)
	if err != nil {
		return nil, err
	}
	next, from := first, first
	if r.Cursor != "" {
		at, err := time.Parse(time.RFC3339, r.Cursor)
		if err != nil {
			return nil, fmt.Errorf("cursor %q: must be an RFC 3339 time", r.Cursor)
		}
		next, from = at.UTC(), at.UTC().Add(-s.Overlap)
		if from.Before(first) {
			from = first
		}
	}
	if next.IsZero() {
		return []window{{to: end}}, nil
	}
	var all []window
	for next.Before(end) {
		w := window{from: from, to: next.Add(s.Window)}
		if w.to.After(end) {
			w.to = end
		}
		all = append(all, w)
		next, from = w.to, w.to
	}
	return all, nil
}

// item is the window as an item of a resource. Its cursor is its end.
func (w window) item(resource string, r waybill.Request) waybill.Item {
	from := beginning
	if !w.from.IsZero() {
		from = w.from.Format(stamp)
	}
	return waybill.Item{
		Name: fmt.Sprintf("%s/%s_%s.ndjson", resource, from, w.to.Format(stamp)),
		Size: -1, Cursor: w.to.Format(time.RFC3339), Request: r,
	}
}

// windowOf finds the window of an item that windowsOf listed for its request.
func windowOf(it waybill.Item, s Settings) (window, error) {
	all, err := windowsOf(it.Request, s)
	if err != nil {
		return window{}, err
	}
	for _, w := range all {
		if w.item(it.Request.Resource, it.Request).Name == it.Name {
			return w, nil
		}
	}
	return window{}, fmt.Errorf("not an item of this connector: %w", waybill.ErrNotFound)
}

// query is the window in Stripe's parameters.
func (w window) query() url.Values {
	q := url.Values{"created[lt]": {strconv.FormatInt(w.to.Unix(), 10)}}
	if !w.from.IsZero() {
		q.Set("created[gte]", strconv.FormatInt(w.from.Unix(), 10))
	}
	return q
}

// String is the window as the exchange log names it.
func (w window) String() string {
	from := ""
	if !w.from.IsZero() {
		from = w.from.Format(time.RFC3339)
	}
	return from + "/" + w.to.Format(time.RFC3339)
}
