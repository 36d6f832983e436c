package rest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
)

// Batches puts what a request asks about, most urgent first, into items of at most size questions each. Blanks and repetitions are dropped.
func Batches(r waybill.Request, size int) []waybill.Item {
	var items []waybill.Item
	for things := range slices.Chunk(Distinct(r.Work), size) {
		items = append(items, Batch(r, things))
	}
	return items
}

// Batch is one item of questions.
func Batch(r waybill.Request, things []string) waybill.Item {
	r.Work = things
	return waybill.Item{Name: BatchName(r.Resource, r.Now, things), Size: -1, Cursor: r.Cursor, Request: r}
}

// Distinct drops blanks and repetitions and keeps the order.
func Distinct(work []string) []string {
	seen := make(map[string]bool, len(work))
	var out []string
	for _, w := range work {
		if w = strings.TrimSpace(w); w != "" && !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}

// BatchName names a batch of questions: tracking/20260401T060000Z-1f0c93ab.ndjson. The same questions at the same instant have the same
// name; other questions have another, also when an interrupted run asks only for the rest.
func BatchName(resource string, now time.Time, asks []string) string {
	sum := sha256.Sum256([]byte(strings.Join(asks, "\n")))
	return fmt.Sprintf("%s/%s-%x.ndjson", resource, now.UTC().Format("20060102T150405Z"), sum[:4])
}
