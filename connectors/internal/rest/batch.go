package rest

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
)

// BatchName names a batch of questions: tracking/20260401T060000Z-1f0c93ab.ndjson. The same questions at the same instant have the same
// name; other questions have another, also when an interrupted run asks only for the rest.
func BatchName(resource string, now time.Time, asks []string) string {
	sum := sha256.Sum256([]byte(strings.Join(asks, "\n")))
	return fmt.Sprintf("%s/%s-%x.ndjson", resource, now.UTC().Format("20060102T150405Z"), sum[:4])
}
