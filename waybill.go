// Package waybill holds the few nouns that Waybill's rooms share: what a partner's system offers, how it is
// asked, and the shape of a table. It knows no file system, no database and no partner.
package waybill

import (
	"context"
	"errors"
	"io"
	"time"
)

// A Connector reaches one system of one partner. Nothing it does changes what that system holds.
//
// List returns everything on offer now that fits the request, in any order; calling it twice gives the same.
// Open returns the exact bytes of one listed item; ErrNotFound if it is gone. Both stop when ctx ends.
// Close gives back sessions and handles. A Connector is safe for use by several goroutines.
type Connector interface {
	List(ctx context.Context, r Request) ([]Item, error)
	Open(ctx context.Context, it Item) (io.ReadCloser, error)
	Close() error
}

// Request is what a feed asks of a connector.
type Request struct {
	Feed     string         // the feed's name in its pipeline, for error texts
	Resource string         // API connectors: which of the system's resources ("orders", "settlement_details")
	Match    []string       // file connectors: doublestar globs relative to the connection's root
	Cursor   string         // the cursor committed with the newest load of this feed; empty at first
	Now      time.Time      // the run's as-of time
	Work     []string       // worklist feeds: what to ask for, most urgent first
	Settings map[string]any // the feed's own settings for this connector, already checked where it is a FeedChecker
}

// Item is one file on offer, or one batch of API answers that is kept as a file.
type Item struct {
	Name       string    // unique within the feed; for files the path relative to the connection's root
	Size       int64     // bytes, -1 when the system does not say
	ModifiedAt time.Time // the system's own time, zero when it does not say
	Cursor     string    // what becomes the feed's cursor once this item's rows are committed
	Request    Request   // the request it was listed for
}

// A Checker is a connector that can say, for `waybill doctor`, whether it would work.
type Checker interface {
	Check(ctx context.Context) []Finding
}

// A Noter is a body that Open gave which has something to say to people once it was read to its end: which questions got no answer, and why a
// batch ended early. What it says is shown by the run and kept with the file.
type Noter interface {
	Notes() []string
}

// A FeedChecker is a connector whose feeds have settings of their own: it says what is wrong with them before anything is asked.
type FeedChecker interface {
	CheckFeed(resource string, settings map[string]any) error
}

// A HostKeyer is a connector whose server proves itself by a key that a person has to trust once.
type HostKeyer interface {
	HostKey(ctx context.Context) (HostKey, error)
}

// HostKey is what an SSH server showed.
type HostKey struct {
	Host        string // host:port as dialled
	Type        string // ssh-ed25519, …
	SHA256      string // "SHA256:…", as OpenSSH prints it
	Line        string // a known_hosts line for it
	KnownAs     string // the fingerprint trusted so far, empty if none
	KnownInFile string // where that one stands
}

// Finding is one thing that was checked, with what to do when it is not well.
type Finding struct {
	Subject string // "sftp northgate: host key"
	OK      bool
	Note    bool // nothing is wrong, but it is worth knowing
	Detail  string
	Remedy  string // the next command to type or setting to change
}

// Secret is a credential. It prints as stars everywhere.
type Secret string

// String hides the value from logs, errors and JSON.
func (Secret) String() string { return "***" }

// GoString hides the value from %#v.
func (Secret) GoString() string { return "***" }

// MarshalText hides the value from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Reveal returns the credential itself, for the call that has to send it.
func (s Secret) Reveal() string { return string(s) }

// Errors that callers act on. Wrap them with what was being done.
var (
	// ErrNotFound: the item is gone or was never there.
	ErrNotFound = errors.New("not found")
	// ErrAuth: the partner refused the credential or the server's identity is not trusted. Retrying does not help.
	ErrAuth = errors.New("not authorised")
	// ErrUnreadable: this item cannot be read, and others of the same listing can. Somebody has to let the account read it, or take it away.
	ErrUnreadable = errors.New("cannot be read")
	// ErrTemporary: the same call may work later (cut connection, 5xx, 429, full disk on the other side).
	ErrTemporary = errors.New("temporary")
	// ErrLimit: it is more than a limit lets in. The error names the limit, what was met and the setting that raises it; retrying does not help.
	ErrLimit = errors.New("beyond a limit")
	// ErrQuota: the partner's allowance is used up until a known time; what was fetched so far counts.
	ErrQuota = errors.New("quota used up")
)

// Column is one column of a lake table.
type Column struct {
	Name string
	Type Type
	Doc  string
}

// Type is a column type of the lake, in DuckDB's spelling: VARCHAR, BIGINT, INTEGER, BOOLEAN, DATE, DOUBLE,
// TIMESTAMP, TIMESTAMPTZ or DECIMAL(p,s).
type Type string

// TableName is a namespace and a name in the lake: raw.wms_despatch.
type TableName struct{ Namespace, Name string }

// String is the name as SQL writes it.
func (t TableName) String() string { return t.Namespace + "." + t.Name }

// StagedFile is a Parquet file on local disk that is ready to be registered in a table.
type StagedFile struct {
	Path      string         // local path
	Rows      int64          // rows in it
	Partition map[string]any // partition column to value (string, time.Time for dates, nil for null); empty when unpartitioned
}
