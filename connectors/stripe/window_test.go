package stripe_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
)

const stamp = "20060102T150405Z"

// bounds reads a window back from the name of its item.
func bounds(t testing.TB, it waybill.Item) (from, to time.Time) {
	t.Helper()
	_, name, _ := strings.Cut(strings.TrimSuffix(it.Name, ".ndjson"), "/")
	a, b, _ := strings.Cut(name, "_")
	from, err := time.Parse(stamp, a)
	if err == nil {
		to, err = time.Parse(stamp, b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return from, to
}

// TestWindows: whatever the settings, and wherever runs were interrupted, the windows that were committed hold every instant from since
// to now, each is asked for again for as long as the overlap says, and no name comes twice.
func TestWindows(t *testing.T) {
	t.Parallel()
	_, c := start(t, func(int, url.Values, http.ResponseWriter) {}, nil)
	rapid.Check(t, func(rt *rapid.T) {
		overlap := time.Duration(rapid.IntRange(0, 400).Draw(rt, "overlap, hours")) * time.Hour
		length := time.Duration(rapid.IntRange(1, 400).Draw(rt, "window, hours")) * time.Hour
		since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		now, cursor, until := since, "", since
		names := map[string]bool{}
		for range rapid.IntRange(1, 6).Draw(rt, "runs") {
			now = now.Add(time.Duration(rapid.Int64Range(1, 30*24*3600).Draw(rt, "later, seconds")) * time.Second)
			r := waybill.Request{Resource: "payouts", Now: now, Cursor: cursor, Settings: map[string]any{
				"overlap": overlap.String(), "window": length.String(), "since": "2026-01-01",
			}}
			all := items(t, c, r)
			if len(all) == 0 {
				rt.Fatalf("nothing to ask for at %s after %s", now, cursor)
			}
			committed := all[:rapid.IntRange(0, len(all)).Draw(rt, "committed")]
			for i, it := range committed {
				from, to := bounds(t, it)
				want := until
				if i == 0 && cursor != "" {
					want = until.Add(-overlap)
				}
				if want.Before(since) {
					want = since
				}
				switch {
				case !from.Equal(want):
					rt.Fatalf("%s begins at another instant than %s", it.Name, want)
				case to.Sub(until) > length || !to.After(until):
					rt.Fatalf("%s does not end within %s after %s", it.Name, length, until)
				case names[it.Name]:
					rt.Fatalf("%s comes twice", it.Name)
				case it.Cursor != to.Format(time.RFC3339):
					rt.Fatalf("%s has the cursor %s", it.Name, it.Cursor)
				}
				names[it.Name], until = true, to
			}
			if len(committed) > 0 {
				cursor = committed[len(committed)-1].Cursor
			}
			if len(committed) == len(all) && !until.Equal(now) {
				rt.Fatalf("everything was committed, up to %s and not %s", until, now)
			}
		}
	})
}

func TestOverlapOfResources(t *testing.T) {
	t.Parallel()
	_, c := start(t, func(int, url.Values, http.ResponseWriter) {}, nil)
	for resource, want := range map[string]string{
		"balance_transactions": "20260407T000000Z_20260408T060000Z", "payouts": "20260309T000000Z_20260408T060000Z", "disputes": "20251010T000000Z_20260408T060000Z",
	} {
		r := request(resource)
		r.Cursor, r.Settings = "2026-04-08T00:00:00Z", map[string]any{"since": "2020-01-01"}
		if all := items(t, c, r); len(all) != 1 || all[0].Name != resource+"/"+want+".ndjson" {
			t.Errorf("%v", all)
		}
	}
}

func TestFromTheBeginning(t *testing.T) {
	t.Parallel()
	_, c := start(t, func(_ int, q url.Values, w http.ResponseWriter) {
		if q.Has("created[gte]") {
			w.WriteHeader(http.StatusTeapot)
		}
		say(200, page(false, "po_1"))(0, q, w)
	}, nil)
	r := request("payouts")
	r.Settings = map[string]any{"since": ""}
	if got, err := one(t, c, r); err != nil || got[0].Request.Ask != "/2026-04-08T06:00:00Z" {
		t.Errorf("%v, %v", got, err)
	}
	r.Cursor = "yesterday"
	if _, err := c.List(t.Context(), r); err == nil || !strings.Contains(err.Error(), "yesterday") {
		t.Errorf("a cursor that is none: %v", err)
	}
}
