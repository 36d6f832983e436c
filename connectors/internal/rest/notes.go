package rest

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// answers are a log with what there is to say about it.
type answers struct {
	io.Reader
	notes []string
}

// WithNotes is a log that is a waybill.Noter.
func WithNotes(log io.Reader, notes []string) io.ReadCloser { return answers{log, notes} }

// Close has nothing to give back.
func (answers) Close() error { return nil }

// Notes are for people.
func (a answers) Notes() []string { return a.notes }

// NoAnswers says how many questions of a batch got none, and what came instead how often.
func NoAnswers(n, of int, problems map[string]int) string {
	var kinds []string
	for _, p := range slices.Sorted(maps.Keys(problems)) {
		kinds = append(kinds, fmt.Sprintf("%d × %s", problems[p], p))
	}
	return fmt.Sprintf("%d of %d questions got no answer and are asked again later: %s", n, of, strings.Join(kinds, ", "))
}

// CutShort says that a batch ended before all was asked.
func CutShort(asked, of int, end error) string {
	return fmt.Sprintf("cut short after %d of %d questions, the others are still due: %v", asked, of, end)
}
