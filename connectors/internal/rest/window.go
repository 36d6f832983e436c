package rest

import (
	"fmt"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
)

const (
	// windowStamp is how names of items write an end of their window.
	windowStamp = "20060102T150405Z"
	// windowBeginning stands in a name for a window without a lower end.
	windowBeginning = "00010101T000000Z"
)

// Window is the span of changes, or of creation, that one item holds: From inclusive, zero for no lower end, To exclusive; UTC, whole seconds.
type Window struct{ From, To time.Time }

// NewWindow is what a pull is about: from its cursor less the overlap to now, without a cursor from since. It is empty when no time has passed since
// the cursor.
func NewWindow(r waybill.Request, since time.Time, overlap time.Duration) (Window, error) {
	w := Window{From: since, To: r.Now.UTC().Truncate(time.Second)}
	if r.Cursor == "" {
		return w, nil
	}
	at, err := ParseCursor(r.Cursor)
	if err != nil {
		return w, err
	}
	if w.From = at; w.To.After(at) {
		w.From = at.Add(-overlap).Truncate(time.Second)
	}
	return w, nil
}

// IsEmpty says that no time is in it.
func (w Window) IsEmpty() bool { return !w.To.After(w.From) }

// Item is the window as an item of the request, of which the name says the resource and both ends, with the ending of its format (ndjson). Its
// cursor is the window's end.
func (w Window) Item(r waybill.Request, ending string) waybill.Item {
	from := windowBeginning
	if !w.From.IsZero() {
		from = w.From.Format(windowStamp)
	}
	return waybill.Item{
		Name: fmt.Sprintf("%s/%s_%s.%s", r.Resource, from, w.To.Format(windowStamp), ending),
		Size: -1, Cursor: w.To.Format(time.RFC3339), Request: r,
	}
}

// WindowOf reads the window from the name that Item gave. Its error is waybill.ErrNotFound.
func WindowOf(it waybill.Item) (Window, error) {
	var w Window
	resource, name, _ := strings.Cut(it.Name, "/")
	name, _, _ = strings.Cut(name, ".")
	from, to, _ := strings.Cut(name, "_")
	var err error
	if w.To, err = time.Parse(windowStamp, to); err == nil && from != windowBeginning {
		w.From, err = time.Parse(windowStamp, from)
	}
	if err != nil || resource != it.Request.Resource {
		return w, fmt.Errorf("%q names no window of %s: %w", it.Name, it.Request.Resource, waybill.ErrNotFound)
	}
	return w, nil
}

// ParseCursor reads the end of the window that was committed last.
func ParseCursor(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("cursor %q: must be an RFC 3339 time", text)
	}
	return at.UTC(), nil
}

// ParseSince reads the setting since: the oldest change wanted by a feed without a cursor, in whole seconds; the zero time when nothing is set.
func ParseSince(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC().Truncate(time.Second), nil
		}
	}
	return time.Time{}, fmt.Errorf("since: %q, must be a date such as 2026-01-01 or an RFC 3339 time", text)
}
