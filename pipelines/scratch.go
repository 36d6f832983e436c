package pipelines

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/fourmarketing/waybill"
)

// Scratch is the local folder for files on their way to the lake; nobody else reads in it.
type Scratch string

// Make makes the folder itself, as far as it is missing.
func (s Scratch) Make() error {
	if err := os.MkdirAll(string(s), 0o700); err != nil {
		return fmt.Errorf("make folder for staged files: %w", err)
	}
	return nil
}

// Folder makes a new folder in it, named as os.MkdirTemp does; the caller removes it.
func (s Scratch) Folder(pattern string) (string, error) {
	if err := s.Make(); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(string(s), pattern)
	if err != nil {
		return "", fmt.Errorf("make folder for staged files: %w", err)
	}
	return dir, nil
}

// Cleared is why work failed whose files in the cache, of which this folder is a part, somebody removed: nothing is lost, since what was received is kept
// and what is read lies in the lake, so the same work may be done again. Any other error comes back as it is.
func (s Scratch) Cleared(err error) error {
	if err == nil || errors.Is(err, waybill.ErrTemporary) {
		return err
	}
	cache := filepath.Dir(filepath.Dir(string(s)))
	text := err.Error()
	missing := errors.Is(err, fs.ErrNotExist) || strings.Contains(text, "IO Error: ") // DuckDB says its kinds and paths in words
	if !missing || !strings.Contains(text, cache) {
		return err
	}
	return &clearedError{cache: cache, first: strings.SplitN(text, "\n", 2)[0], err: err}
}

// clearedError is waybill.ErrTemporary.
type clearedError struct {
	cache, first string
	err          error
}

// Error says the first of what is missing: when a folder goes, all that lies in it does.
func (e *clearedError) Error() string {
	return fmt.Sprintf("%s: a file below %s is not there any more; was lake.cache cleared? What was received is kept, so run again: %s", waybill.ErrTemporary, e.cache, e.first)
}

// Unwrap gives both.
func (e *clearedError) Unwrap() []error { return []error{waybill.ErrTemporary, e.err} }
