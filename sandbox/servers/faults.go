package servers

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// Faults makes the servers misbehave, for tests. Everything takes effect at once and may be set at any time. The zero
// value is ready for a server of its own.
type Faults struct {
	mu      sync.Mutex
	cuts    []transferFault
	http    []*HTTPFault
	slow    time.Duration
	hostKey ssh.Signer // shown instead of the real one
	offers  map[[2]string]func(times int)
}

// transferFault strikes one download of a file.
type transferFault struct {
	server string // sftp or ftps
	name   string // part of the file's path
	after  int64
	silent bool
}

// HTTPFault goes wrong with the next calls of a server.
type HTTPFault struct {
	Where      string        // beginning of server and path: "dhl/track", "adyen", "shopify/aster-vale/admin"
	Times      int           // how many calls
	Status     int           // answer this status (500, 503, 429, …); 0 lets the call through and cuts its body
	RetryAfter time.Duration // Retry-After with Status, when not 0
	CutAfter   int64         // bytes of the body that still arrive before the connection breaks, when Status is 0
	Truncate   int64         // when not 0, the body ends here as if it were whole: no error shows on the connection
}

// CutSFTP breaks the connection once, after so many bytes of the next download of a file whose path contains name. A
// file that is no longer than that comes whole.
func (f *Faults) CutSFTP(name string, after int64) {
	f.addTransfer(transferFault{server: "sftp", name: name, after: after})
}

// CutFTPS breaks the connection once, after so many bytes of the next download of a file whose path contains name. The
// data connection ends in good order; that the file is not whole shows in the lost control connection.
func (f *Faults) CutFTPS(name string, after int64) {
	f.addTransfer(transferFault{server: "ftps", name: name, after: after})
}

// TruncateSFTP ends the next download of such a file early once, without an error: fewer bytes than the listing says.
func (f *Faults) TruncateSFTP(name string, after int64) {
	f.addTransfer(transferFault{server: "sftp", name: name, after: after, silent: true})
}

// TruncateFTPS ends the next download of such a file early once, without an error: fewer bytes than the listing says.
func (f *Faults) TruncateFTPS(name string, after int64) {
	f.addTransfer(transferFault{server: "ftps", name: name, after: after, silent: true})
}

func (f *Faults) addTransfer(t transferFault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cuts = append(f.cuts, t)
}

// HTTP makes calls go wrong.
func (f *Faults) HTTP(h HTTPFault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.http = append(f.http, &h)
}

// Slow delays every answer and every block of a file from now on; 0 ends it.
func (f *Faults) Slow(by time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.slow = by
}

// Offer names a fault of a source that Strike can bring about.
func (f *Faults) Offer(source, fault string, strike func(times int)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.offers == nil {
		f.offers = map[[2]string]func(int){}
	}
	f.offers[[2]string{source, fault}] = strike
}

// Strike brings a source's own fault about, so many times: what its package offers. It says whether there is such a fault.
func (f *Faults) Strike(source, fault string, times int) bool {
	f.mu.Lock()
	strike := f.offers[[2]string{source, fault}]
	f.mu.Unlock()
	if strike == nil {
		return false
	}
	strike(times)
	return true
}

// ChangeHostKey makes the SFTP server show another host key to new connections.
func (f *Faults) ChangeHostKey() error {
	signer, err := newHostKey()
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hostKey = signer
	return nil
}

// RestoreHostKey makes the SFTP server show its real host key again.
func (f *Faults) RestoreHostKey() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hostKey = nil
}

func (f *Faults) hostKeyOr(real ssh.Signer) ssh.Signer {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hostKey != nil {
		return f.hostKey
	}
	return real
}

func (f *Faults) delay() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.slow
}

// takeTransfer takes the fault that strikes a download, if there is one.
func (f *Faults) takeTransfer(server, path string) (transferFault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, t := range f.cuts {
		if t.server == server && strings.Contains(path, t.name) {
			f.cuts = append(f.cuts[:i], f.cuts[i+1:]...)
			return t, true
		}
	}
	return transferFault{}, false
}

func (f *Faults) takeHTTP(where string) (HTTPFault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, h := range f.http {
		if h.Times > 0 && strings.HasPrefix(where, h.Where) {
			h.Times--
			return *h, true
		}
	}
	return HTTPFault{}, false
}

// cutWriter lets a number of body bytes through.
type cutWriter struct {
	http.ResponseWriter
	left   int64
	silent bool
}

// WriteHeader takes the length back for a silent end: a length that does not fit would be an error on the connection.
func (w *cutWriter) WriteHeader(status int) {
	if w.silent {
		w.Header().Del("Content-Length")
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *cutWriter) Write(b []byte) (int, error) {
	keep := min(int64(len(b)), w.left)
	n, err := w.ResponseWriter.Write(b[:keep])
	w.left -= int64(n)
	if err != nil || keep == int64(len(b)) {
		return n, err
	}
	if w.silent {
		return len(b), nil
	}
	return n, io.ErrShortWrite
}
