package pull

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// identity names the document that a file is a version of, as far as its name says.
func identity(f pipelines.Feed, name string) string {
	if f.Supersede.Identity == "" {
		return name
	}
	return group(f.Supersede.Identity, name, name)
}

// newestBy is what the file's version of its document follows others by, as far as name and time say.
func newestBy(f pipelines.Feed, name string, modified time.Time) string {
	switch by := f.Supersede.NewestBy; {
	case by == "" || f.IsColumn(by):
		return ""
	case by == pipelines.NewestByModified:
		return modified.UTC().Format("2006-01-02T15:04:05.000000")
	default:
		return group(by, name, "")
	}
}

// sequence is the file's number in the partner's count, 0 when it has none.
func sequence(f pipelines.Feed, name string) int64 {
	if f.Expect.Sequence == "" {
		return 0
	}
	var n int64
	if _, err := fmt.Sscan(group(f.Expect.Sequence, name, "0"), &n); err != nil {
		return 0 // a name without a number takes no part in the count; it is still loaded
	}
	return n
}

// group returns the first group of a match, otherwise the fallback. The expression was compiled when the definition was read.
func group(expression, text, otherwise string) string {
	if m := regexp.MustCompile(expression).FindStringSubmatch(text); len(m) > 1 && m[1] != "" {
		return m[1]
	}
	return otherwise
}

// contractHash changes when a feed's contract does, what names its documents, or the way in which it hashes, so that a file loaded under an older contract
// can be told from one loaded under this one.
func contractHash(f pipelines.Feed) (string, error) {
	text, err := json.Marshal(f.Contract)
	if err != nil {
		return "", fmt.Errorf("hash contract of %s: %w", f.Name, err)
	}
	parts := []string{string(text)}
	if s := f.Supersede; s.Mode == "file" {
		parts = append(parts, s.Mode, s.Identity, s.NewestBy, strings.Join(s.Document, ","))
	}
	if f.Hashes() {
		parts = append(parts, typing.HashedBy)
	}
	return pipelines.Digest(parts...), nil
}
