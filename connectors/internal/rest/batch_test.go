package rest_test

import (
	"testing"
	"time"

	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// A run that was cut off asks for the rest under another name; the same questions keep theirs.
func TestBatchNameTellsTheQuestions(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC)
	all := rest.BatchName("tracking", now, []string{"A", "B", "C"})
	if again := rest.BatchName("tracking", now, []string{"A", "B", "C"}); again != all {
		t.Errorf("%s, then %s", all, again)
	}
	for _, other := range []string{
		rest.BatchName("tracking", now, []string{"B", "C"}), rest.BatchName("tracking", now, []string{"AB", "C"}),
		rest.BatchName("tracking", now.Add(time.Second), []string{"A", "B", "C"}), rest.BatchName("order_details", now, []string{"A", "B", "C"}),
	} {
		if other == all {
			t.Errorf("%s twice", other)
		}
	}
}
