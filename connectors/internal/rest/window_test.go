package rest_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// Windows of pulls that follow one another hold every second once, and again for as long as the overlap says; the name of each tells both ends.
func TestWindowsFollowOneAnother(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		since, err := rest.ParseSince(rapid.SampledFrom([]string{"", "2025-12-01", "2025-12-01T02:00:00.5+02:00"}).Draw(rt, "since"))
		if err != nil {
			rt.Fatal(err)
		}
		overlap := time.Duration(rapid.IntRange(0, 9).Draw(rt, "overlap, minutes")) * time.Minute
		want, cursor := since, ""
		for range rapid.IntRange(1, 5).Draw(rt, "pulls") {
			later := time.Duration(rapid.Int64Range(0, 7200_000).Draw(rt, "later, milliseconds")) * time.Millisecond
			before := now.Truncate(time.Second)
			now = now.Add(later)
			w, err := rest.NewWindow(waybill.Request{Now: now, Cursor: cursor}, since, overlap)
			if err != nil {
				rt.Fatal(err)
			}
			if hasPassed := now.Truncate(time.Second).After(before); cursor != "" && hasPassed == w.IsEmpty() {
				rt.Fatalf("%v after %s", w, cursor)
			}
			if w.IsEmpty() {
				continue
			}
			if !w.From.Equal(want) || !w.To.Equal(now.Truncate(time.Second)) {
				rt.Fatalf("%v, want it from %s to %s", w, want, now)
			}
			it := w.Item(waybill.Request{Resource: "orders"}, "ndjson")
			if read, err := rest.WindowOf(it); err != nil || read != w {
				rt.Fatalf("%s is read as %v, %v, and is %v", it.Name, read, err, w)
			}
			cursor, want = it.Cursor, w.To.Add(-overlap)
		}
	})
}

func TestNoWindow(t *testing.T) {
	t.Parallel()
	if _, err := rest.NewWindow(waybill.Request{Cursor: "yesterday"}, time.Time{}, 0); err == nil {
		t.Error("a cursor that is no time was read")
	}
	if _, err := rest.ParseSince("soon"); err == nil {
		t.Error("a beginning that is no time was read")
	}
	for _, name := range []string{"", "orders/", "orders/20260101T000000Z.ndjson", "orders/20260101T000000Z_later.ndjson", "orders/soon_20260101T000000Z.ndjson", "disputes/20260101T000000Z_20260102T000000Z.ndjson"} {
		if w, err := rest.WindowOf(waybill.Item{Name: name, Request: waybill.Request{Resource: "orders"}}); !errors.Is(err, waybill.ErrNotFound) {
			t.Errorf("%s: %v, %v", name, w, err)
		}
	}
}
