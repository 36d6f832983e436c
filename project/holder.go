package project

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
)

// holder is this process as leases name it. It keeps a file of that name locked in the cache folder: the system gives the lock back
// however the process ends, so another run on this cache can tell a killed holder from a slow one and need not wait for the
// lease's term. A holder elsewhere has no file here and is waited for. What a process stages lies in a folder of its name.
type holder struct {
	name  string
	cache string
	lock  *flock.Flock
	dead  map[string]bool // found ended when this process began
}

// What a killed process staged goes after a minute (a younger lock file may be one that is about to be locked), and its lock file after an
// hour, when its leases have long run out by themselves.
const (
	sweepAfter   = time.Minute
	forgetHolder = time.Hour
)

func newHolder(cache string) (*holder, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	h := &holder{name: fmt.Sprintf("%s-%d-%s", filepath.Base(host), os.Getpid(), uuid.NewString()[:8]), cache: cache, dead: map[string]bool{}}
	if err := errors.Join(os.MkdirAll(filepath.Join(cache, "holders"), 0o700), os.MkdirAll(h.stage(), 0o700)); err != nil {
		return nil, fmt.Errorf("make folder for staged files: %w", err)
	}
	h.lock = flock.New(h.path(h.name))
	if err := h.lock.Lock(); err != nil {
		return nil, fmt.Errorf("lock %s: %w", h.lock.Path(), err)
	}
	return h, h.sweep()
}

const lockSuffix = ".lock"

func (h *holder) path(name string) string { return filepath.Join(h.cache, "holders", name+lockSuffix) }

// stage is the folder for files on their way.
func (h *holder) stage() string { return filepath.Join(h.cache, "stage", h.name) }

// gone tells that another holder surely lives no more.
func (h *holder) gone(name string) bool {
	if h.dead[name] {
		return true
	}
	if _, err := os.Stat(h.path(name)); name == h.name || name != filepath.Base(name) || err != nil {
		return false // of another machine, or of before the cache was cleared
	}
	lock := flock.New(h.path(name))
	locked, err := lock.TryLock()
	return err == nil && locked && lock.Close() == nil
}

// lives tells that another holder on this cache surely lives: it keeps its file locked.
func (h *holder) lives(name string) bool {
	if _, err := os.Stat(h.path(name)); name != filepath.Base(name) || err != nil {
		return false
	}
	lock := flock.New(h.path(name))
	locked, err := lock.TryLock()
	if err == nil && locked {
		_ = lock.Close() // nobody had it
	}
	return err == nil && !locked
}

// sweep removes what killed processes had staged; what of it was received lies kept in the lake.
func (h *holder) sweep() error {
	entries, err := os.ReadDir(filepath.Join(h.cache, "holders"))
	if err != nil {
		return fmt.Errorf("look for killed runs: %w", err)
	}
	var problems []error
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), lockSuffix)
		info, err := e.Info()
		if err != nil || time.Since(info.ModTime()) < sweepAfter || !h.gone(name) {
			continue
		}
		h.dead[name] = true
		problems = append(problems, os.RemoveAll(filepath.Join(h.cache, "stage", name)))
		if time.Since(info.ModTime()) > forgetHolder {
			problems = append(problems, os.Remove(h.path(name)))
		}
	}
	if err := errors.Join(problems...); err != nil && !errors.Is(err, os.ErrNotExist) { // another run may sweep at the same time
		return fmt.Errorf("remove what a killed run had staged: %w", err)
	}
	return nil
}

// Close gives the lock back and removes what was staged. The file stays for a while: where the disk was full, a lease could not be given back.
func (h *holder) Close() error {
	return errors.Join(os.RemoveAll(h.stage()), h.lock.Close())
}
