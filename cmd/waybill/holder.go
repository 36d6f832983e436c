package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
)

// holder is this process as leases name it. It keeps a file of that name locked in the cache folder: the system gives the lock back
// however the process ends, so another run on this cache can tell a killed holder from a slow one and need not wait for the
// lease's term. A holder elsewhere has no file here and is waited for.
type holder struct {
	name string
	dir  string
	lock *flock.Flock
}

func newHolder(cache string) (*holder, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	h := &holder{name: fmt.Sprintf("%s:%d:%s", host, os.Getpid(), uuid.NewString()[:8]), dir: filepath.Join(cache, "holders")}
	if err := os.MkdirAll(h.dir, 0o755); err != nil {
		return nil, fmt.Errorf("make folder for locks: %w", err)
	}
	h.lock = flock.New(h.path(h.name))
	locked, err := h.lock.TryLock()
	if err == nil && !locked {
		err = errors.New("somebody else has it")
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", h.lock.Path(), err)
	}
	return h, nil
}

func (h *holder) path(name string) string {
	return filepath.Join(h.dir, strings.ReplaceAll(filepath.Base(name), ":", "_")+".lock")
}

// gone tells that another holder surely lives no more.
func (h *holder) gone(name string) bool {
	path := h.path(name)
	if _, err := os.Stat(path); name == h.name || err != nil {
		return false // of another machine, or of before the cache was cleared
	}
	lock := flock.New(path)
	locked, err := lock.TryLock()
	if err != nil || !locked {
		return false
	}
	return errors.Join(os.Remove(path), lock.Close()) == nil
}

// Close gives the lock back.
func (h *holder) Close() error {
	return errors.Join(os.Remove(h.lock.Path()), h.lock.Close())
}
