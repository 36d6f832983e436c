package servers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Publisher writes the partners' files to disk as they do. The zero value is ready; Mu is held by whoever publishes.
type Publisher struct {
	Mu   sync.Mutex
	seen map[string]time.Time // path on disk to the modification time published
}

// Publish writes what is new or changed in a folder and returns how many files that was.
func (p *Publisher) Publish(folder Folder, at time.Time) (int, error) {
	if p.seen == nil {
		p.seen = map[string]time.Time{}
	}
	files, err := folder.FilesAt(at)
	if err != nil {
		return 0, err
	}
	paths := map[string]bool{}
	for _, f := range files {
		paths[f.Path] = true
	}
	written := 0
	for _, f := range files {
		at := filepath.Join(folder.Root, filepath.FromSlash(f.Path))
		if last, ok := p.seen[at]; ok && last.Equal(f.ModifiedAt) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(at), 0o750); err != nil {
			return written, fmt.Errorf("publish %s: %w", f.Path, err)
		}
		write := writeRenamed
		if folder.Marked && !strings.HasSuffix(f.Path, ".ok") && !paths[f.Path+".ok"] {
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

func writeRenamed(path string, f File) error {
	if err := writeAt(path+".tmp", f.Body, f.ModifiedAt); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// writeMarked takes the marker away first: while a file is being replaced nobody may think it whole.
func writeMarked(path string, f File) error {
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
