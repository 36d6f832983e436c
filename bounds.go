package waybill

import (
	"errors"
	"time"
)

// Bounds end what would not end by itself: waiting for a partner's system, and growth of which the partner decides. What is not set comes from
// waybill.yaml, and from DefaultBounds where that says nothing either.
type Bounds struct {
	Timeouts Timeouts `yaml:"timeouts"`
	Limits   Limits   `yaml:"limits"`
}

// Timeouts bound waits. Whoever waits for longer ends with ErrTemporary and the step in which nothing came.
type Timeouts struct {
	Connect time.Duration `yaml:"connect"` // to connect, to see who the other side is, and to log in
	Silence time.Duration `yaml:"silence"` // without a byte, or without an entry of a listing, that was waited for
	Feed    time.Duration `yaml:"feed"`    // one feed of one source in one run, whatever comes meanwhile
}

// Limits bound growth. What goes beyond is an error with the limit, what was met and the setting.
type Limits struct {
	Entries   int   `yaml:"entries"`    // names that one listing shows, those too that no glob asks for
	Depth     int   `yaml:"depth"`      // folders within folders, from the connection's root
	FileBytes int64 `yaml:"file_bytes"` // of one file or answer, as it is sent
}

// DefaultBounds are wide for partners that are well.
func DefaultBounds() Bounds {
	return Bounds{
		Timeouts: Timeouts{Connect: 20 * time.Second, Silence: time.Minute, Feed: 2 * time.Hour},
		Limits:   Limits{Entries: 300_000, Depth: 50, FileBytes: 32 << 30},
	}
}

// Or fills in from others what is not set.
func (b Bounds) Or(others Bounds) Bounds {
	b.Timeouts.Connect = set(b.Timeouts.Connect, others.Timeouts.Connect)
	b.Timeouts.Silence = set(b.Timeouts.Silence, others.Timeouts.Silence)
	b.Timeouts.Feed = set(b.Timeouts.Feed, others.Timeouts.Feed)
	b.Limits.Entries = set(b.Limits.Entries, others.Limits.Entries)
	b.Limits.Depth = set(b.Limits.Depth, others.Limits.Depth)
	b.Limits.FileBytes = set(b.Limits.FileBytes, others.Limits.FileBytes)
	return b
}

func set[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// Validate refuses bounds that could never be kept.
func (b Bounds) Validate() error {
	if b.Timeouts.Connect < 0 || b.Timeouts.Silence < 0 || b.Timeouts.Feed < 0 {
		return errors.New("timeouts.connect, .silence and .feed cannot be negative; leave one out for its default")
	}
	if b.Limits.Entries < 0 || b.Limits.Depth < 0 || b.Limits.FileBytes < 0 {
		return errors.New("limits.entries, .depth and .file_bytes cannot be negative; leave one out for its default")
	}
	return nil
}

// Bound is where a connector's settings take bounds from outside.
func (b *Bounds) Bound() *Bounds { return b }
