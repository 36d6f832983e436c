package rest

import (
	"net/http"
	"testing"
	"time"
)

func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	for _, s := range []string{"", "0", "120", "-1", "99999999999999999999", "Wed, 01 Apr 2026 12:00:10 GMT", now.Format(time.RFC850), now.Format(time.ANSIC), "soon"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		d, ok := parseRetryAfter(value, now)
		if d < 0 || (!ok && d != 0) {
			t.Fatalf("%q: %s, %v", value, d, ok)
		}
	})
	if d, ok := parseRetryAfter(now.Add(10*time.Second).Format(http.TimeFormat), now); d != 10*time.Second || !ok {
		f.Fatalf("date: %s, %v", d, ok)
	}
}
