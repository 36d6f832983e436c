package stripe

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// windowsOf cuts what a request asks for into windows, oldest first. The first one begins at the cursor less the overlap, but not
// before since; each ends later than any that was committed before, so no two have the same name and none is taken for
// known. Their upper ends are closed, so that what is created while pages are turned belongs to a later window and shifts no page.
func windowsOf(r waybill.Request, s Settings) ([]rest.Window, error) {
	end := r.Now.UTC().Truncate(time.Second)
	first, err := rest.ParseSince(s.Since)
	if err != nil {
		return nil, err
	}
	next, from := first, first
	if r.Cursor != "" {
		at, err := rest.ParseCursor(r.Cursor)
		if err != nil {
			return nil, err
		}
		next, from = at, at.Add(-s.Overlap)
		if from.Before(first) {
			from = first
		}
	}
	if next.IsZero() {
		return []rest.Window{{To: end}}, nil
	}
	var all []rest.Window
	for next.Before(end) {
		w := rest.Window{From: from, To: next.Add(s.Window)}
		if w.To.After(end) {
			w.To = end
		}
		all = append(all, w)
		next, from = w.To, w.To
	}
	return all, nil
}

// windowOf finds the window of an item that windowsOf listed for its request.
func windowOf(it waybill.Item, s Settings) (rest.Window, error) {
	all, err := windowsOf(it.Request, s)
	if err != nil {
		return rest.Window{}, err
	}
	for _, w := range all {
		if w.Item(it.Request, "ndjson").Name == it.Name {
			return w, nil
		}
	}
	return rest.Window{}, fmt.Errorf("not an item of this connector: %w", waybill.ErrNotFound)
}

// query is the window in Stripe's parameters.
func query(w rest.Window) url.Values {
	q := url.Values{"created[lt]": {strconv.FormatInt(w.To.Unix(), 10)}}
	if !w.From.IsZero() {
		q.Set("created[gte]", strconv.FormatInt(w.From.Unix(), 10))
	}
	return q
}

// askOf is the window as the exchange log names it.
func askOf(w rest.Window) string {
	from := ""
	if !w.From.IsZero() {
		from = w.From.Format(time.RFC3339)
	}
	return from + "/" + w.To.Format(time.RFC3339)
}
