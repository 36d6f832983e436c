package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fourmarketing/waybill/sandbox/world"
)

// completion is how a partner shows that a file is whole.
type completion int

const (
	byRename completion = iota // written as <name>.tmp, then renamed
	byMarker                   // written under its name; an empty <name>.ok appears afterwards
)

type partner struct {
	name       string
	completion completion
}

// publisher writes the world's files to disk as the partners do. mu is held by whoever publishes.
type publisher struct {
	mu   sync.Mutex
	seen map[string]time.Time // path on disk to the modification time published
}

// publish writes what is new or changed and returns how many files that was.
func (p *publisher) publish(root string, how completion, files []world.File) (int, error) {
	paths := map[string]bool{}
	for _, f := range files {
		paths[f.Path] = true
	}
	written := 0
	for _, f := range files {
		at := filepath.Join(root, filepath.FromSlash(f.Path))
		if last, ok := p.seen[at]; ok && last.Equal(f.ModifiedAt) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
			return written, fmt.Errorf("publish %s: %w", f.Path, err)
		}
		write := writeRenamed
		if how == byMarker && !strings.HasSuffix(f.Path, ".ok") && !paths[f.Path+".ok"] {
			write = writeMarked
		}
		if err := write(at, f); err != nil {
			return written, fmt.Errorf("publish %s: %w", f.Path, err)
		}
		p.seen[at] = f.ModifiedAt
		written++
	}
	return written, nil
}

func writeRenamed(path string, f world.File) error {
	if err := writeAt(path+".tmp", f.Body, f.ModifiedAt); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// writeMarked takes the marker away first: while a file is being replaced nobody may think it whole.
func writeMarked(path string, f world.File) error {
	marker := path + ".ok"
	if err := os.Remove(marker); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := writeAt(path, f.Body, f.ModifiedAt); err != nil {
		return err
	}
	return writeAt(marker, nil, f.ModifiedAt)
}

func writeAt(path string, body []byte, at time.Time) error {
	if err := os.WriteFile(path, body, 0o600); err != nil {
		return err
	}
	return os.Chtimes(path, at, at)
}
