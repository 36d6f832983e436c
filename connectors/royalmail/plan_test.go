package royalmail_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/royalmail"
)

func TestThrottleEndsTheBatchAndKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	now := runAt
	a, c := start(t, func(cfg *royalmail.Config) { cfg.BatchSize = 4 }, func() time.Time { return now })
	a.fail = func(n int, _ string, w http.ResponseWriter) bool {
		if n <= 8 {
			return false
		}
		say(w, http.StatusTooManyRequests, example("throttled.json"))
		return true
	}
	items, err := c.List(t.Context(), request(numbers(12)...))
	if err != nil || len(items) != 3 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	for i, want := range []int{5, 3} {
		if got, err := connectortest.Exchanges(t, c, items[i]); err != nil || len(got) != want {
			t.Errorf("batch %d: %d lines, %v", i+1, len(got), err)
		}
	}
	if _, err := connectortest.Exchanges(t, c, items[2]); !errors.Is(err, waybill.ErrQuota) || len(a.calls) != 9 {
		t.Errorf("after %d calls: %v", len(a.calls), err)
	}
	if _, err := c.List(t.Context(), request("N1")); !errors.Is(err, waybill.ErrQuota) {
		t.Errorf("right after: %v", err)
	}
	if f := c.Check(t.Context()); !f[0].OK || !strings.Contains(f[0].Detail, "used up") {
		t.Errorf("doctor: %+v", f[0])
	}
	a.fail, now = nil, now.Add(11*time.Minute)
	if got, err := pull(t, c, request("N1")); err != nil || len(got.known) != 1 {
		t.Errorf("a while later: %v", err)
	}
}

func TestShortRetryAfterIsWaitedFor(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil, nil)
	a.fail = func(n int, _ string, w http.ResponseWriter) bool {
		if n == 2 {
			w.Header().Set("Retry-After", "1")
			say(w, http.StatusTooManyRequests, `{"httpCode":"429","errors":[{"errorCode":"E0010"}]}`)
		}
		return n == 2
	}
	got, err := pull(t, c, request(numbers(4)...))
	if err != nil || len(got.known) != 4 || len(a.calls) != 6 {
		t.Errorf("%v after %d calls: %v", got.known, len(a.calls), err)
	}
}

func TestNeverMoreThanTheDayHasLeft(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		daily := rapid.IntRange(1, 80).Draw(rt, "daily")
		now := runAt
		a, c := start(t, func(cfg *royalmail.Config) {
			cfg.DailyQuota, cfg.BatchSize = daily, rapid.IntRange(1, 70).Draw(rt, "batch")
		}, func() time.Time { return now })
		kept := rapid.IntRange(0, 90).Draw(rt, "kept before this process")
		before := kept
		for range rapid.IntRange(1, 4).Draw(rt, "runs") {
			r := request(numbers(rapid.IntRange(0, 70).Draw(rt, "waiting"))...)
			r.Settings = map[string]any{"calls_today": kept}
			left := daily - before - len(a.calls)
			got, err := pull(t, c, r)
			kept += len(got.lines)
			if len(a.calls) > max(0, daily-before) {
				rt.Fatalf("%d calls with %d of %d used before", len(a.calls), before, daily)
			}
			if wantErr := len(r.Work) > 0 && left < 2; wantErr != errors.Is(err, waybill.ErrQuota) || (err != nil) != wantErr {
				rt.Fatalf("%d waiting, %d left: %v", len(r.Work), left, err)
			}
			// With enough for all, all; otherwise no more left over than one more number would take.
			if after := daily - before - len(a.calls); err == nil && len(got.known) < len(r.Work) && after >= 2 {
				rt.Fatalf("%d of %d asked and %d calls left of %d", len(got.known), len(r.Work), after, left)
			}
		}
		now = now.Add(24 * time.Hour)
		if got, err := pull(t, c, request(numbers(1)...)); daily >= 2 && (err != nil || len(got.known) != 1) {
			rt.Fatalf("the next day: %v", err)
		}
	})
}

// Attempts that failed are calls too.
func TestRetriesEatOfTheDay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ fails, left int }{"answered at the second": {1, 1}, "never answered": {2, 1}} {
		a, conn := start(t, func(cfg *royalmail.Config) { cfg.DailyQuota = 4 + c.left }, nil)
		a.fail = func(n int, _ string, w http.ResponseWriter) bool {
			if n <= c.fails {
				w.WriteHeader(503)
			}
			return n <= c.fails
		}
		got, err := pull(t, conn, request(numbers(2)...))
		if err != nil || len(got.known) != 2 || len(a.calls) != 4 {
			t.Fatalf("%s: %v after %d calls: %v", name, got.known, len(a.calls), err)
		}
		if _, err := pull(t, conn, request("N9")); !errors.Is(err, waybill.ErrQuota) || len(a.calls) != 4 {
			t.Errorf("%s: with %d call left, after %d calls: %v", name, c.left, len(a.calls), err)
		}
	}
}

func TestCheckSaysWell(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil, nil)
	for _, f := range c.Check(t.Context()) {
		if !f.OK {
			t.Errorf("%+v", f)
		}
	}
	if !slices.Equal(a.calls, []string{"events AA000000000GB"}) {
		t.Errorf("calls %q", a.calls)
	}
	a.fail = func(_ int, _ string, w http.ResponseWriter) bool { say(w, 404, "<html>nginx</html>"); return true }
	if f := c.Check(t.Context()); f[0].OK || !strings.Contains(f[0].Remedy, "base_url") {
		t.Errorf("at another host: %+v", f[0])
	}
}

// Check's number must be nobody's: in the form of UPU S10, with a check digit that does not fit.
func TestNobodysNumber(t *testing.T) {
	t.Parallel()
	a, c := start(t, nil, nil)
	c.Check(t.Context())
	number := strings.TrimPrefix(a.calls[0], "events ")
	sum := 0
	for i, weight := range []int{8, 6, 4, 2, 3, 5, 9, 7} {
		sum += int(number[2+i]-'0') * weight
	}
	digit := 11 - sum%11
	switch digit {
	case 10:
		digit = 0
	case 11:
		digit = 5
	}
	if len(number) != 13 || fmt.Sprint(digit) == number[10:11] {
		t.Errorf("%s could be somebody's", number)
	}
}
