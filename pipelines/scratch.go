package pipelines

import (
	"fmt"
	"os"
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
