// Package servers is what the sandbox's partners are served with: SFTP and FTP with TLS over a folder, HTTP on a port
// of its own, folders that fill as a partner's would, and faults. It knows no partner.
package servers

import (
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/fourmarketing/waybill/sandbox/world"
)

// Stage is what a partner's package is given to bring its servers up with.
type Stage struct {
	World  *world.World
	Dir    string           // where folders, keys and certificates go
	At     func() time.Time // the world's clock
	Now    func() time.Time // the wall clock that rate limits run on
	Logf   func(string, ...any)
	TLS    FTPSMode // how FTP servers begin it
	Calls  Limits   // of each carrier's API
	Faults *Faults
}

// Limits are the calls that an API allows.
type Limits struct {
	PerSecond int
	PerDay    int // counted by GMT days of the world's clock
}

// Connection is how a client reaches one source of a partner.
type Connection struct {
	Source, Kind string
	Settings     map[string]any    // what the client has to know
	Secrets      map[string]string // its credentials by the settings that they belong to
	Other        map[string]string // further ways in, and what a client may trust the server by
}

// Partner is a partner's running part of the sandbox.
type Partner struct {
	Connections []Connection
	Folders     []Folder
	closers     []func() error
}

// Folder is a server's folder and what lies in it at an instant.
type Folder struct {
	Name    string
	Root    string // on this machine
	Marked  bool   // an empty <name>.ok says that a file is whole; otherwise it is written as <name>.tmp and renamed
	FilesAt func(at time.Time) ([]File, error)
}

// File is a file of a partner's folder.
type File struct {
	Path       string // below the folder
	Body       []byte
	ModifiedAt time.Time
}

// AtClose registers what to stop, last started first.
func (p *Partner) AtClose(f func() error) { p.closers = append(p.closers, f) }

// Close stops the partner's servers and waits for what they were doing.
func (p *Partner) Close() error {
	var errs []error
	for i := len(p.closers) - 1; i >= 0; i-- {
		errs = append(errs, p.closers[i]())
	}
	p.closers = nil
	return errors.Join(errs...)
}

// HostPort are the settings of a server at an address.
func HostPort(addr string) map[string]any {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return map[string]any{"host": addr}
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return map[string]any{"host": host, "port": port}
	}
	return map[string]any{"host": host, "port": n}
}
