package ftp

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"slices"
	"sync/atomic"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/bound"
)

// mostReply is what a server may say to one command, a welcome included; the library takes lines and replies of any length.
const mostReply = 256 << 10

// errNoUTF8 is a login that ended because the server, which says that it knows UTF8, does not take the option. Names are as it sends them then.
var errNoUTF8 = errors.New("the server refuses OPTS UTF8 ON")

// controlConn is the control connection: replies are bounded, and it is known what was said last.
type controlConn struct {
	net.Conn
	heard int
	last  byte
	said  []byte
	torn  atomic.Bool // it ended within a line, which the library takes for a whole one
}

// Read gives a reply, up to the limit.
func (c *controlConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.last = p[n-1]
	}
	c.torn.Store(err != nil && c.heard > 0 && c.last != '\n')
	if c.heard += n; c.heard > mostReply {
		return 0, fmt.Errorf("%w: the server said more than %d bytes in reply to one command, which is no FTP; ask the partner what answers there", waybill.ErrLimit, mostReply)
	}
	return n, err
}

// Write begins another command.
func (c *controlConn) Write(p []byte) (int, error) {
	c.heard, c.said = 0, append(c.said[:0], p...)
	return c.Conn.Write(p)
}

// toldUTF8 tells that the last that was said in clear is the option that many servers refuse. Within TLS the library passes over the refusal.
func (s *session) toldUTF8() bool {
	return s.control != nil && bytes.HasPrefix(s.control.said, []byte("OPTS UTF8"))
}

// listed is the text of a listing, which is kept because the library passes over lines that it cannot read.
type listed struct {
	bytes.Buffer
	lines int
}

// data is a data connection.
type data struct {
	net.Conn
	secure  *tls.Conn // the same, with TLS
	session *session
	came    int64
}

// Read gives what comes. While a folder is listed it keeps a copy.
func (d *data) Read(p []byte) (int, error) {
	n, err := d.Conn.Read(p)
	d.came += int64(n)
	l := d.session.listed
	if l == nil || n == 0 {
		return n, err
	}
	bound.Progress(d.session.ctx)
	l.Write(p[:n])
	l.lines += bytes.Count(p[:n], []byte{'\n'})
	if most := d.session.config.Limits.Entries; l.lines > most {
		return 0, bound.TooMany(l.lines, most)
	}
	if most := (d.session.config.Limits.Entries + 1) * mostLine; l.Len() > most {
		return 0, fmt.Errorf("%w: the listing has %d bytes in %d lines, which is none; ask the partner what answers there", waybill.ErrLimit, l.Len(), l.lines)
	}
	return n, err
}

// mostLine is how long the lines of a listing may be on average: the longest name, in UTF-8, with what stands before it.
const mostLine = 1200

// Close has nothing to report: nothing was written, and a server that has closed its side already cannot hear
// TLS say goodbye. Whether all has arrived is in the control connection's answer.
func (d *data) Close() error {
	_ = d.Conn.Close()
	return nil
}

// tickets is a cache of TLS sessions that knows whether the server ever gave one.
type tickets struct {
	tls.ClientSessionCache
	given atomic.Bool
}

// Put keeps a session.
func (t *tickets) Put(key string, s *tls.ClientSessionState) {
	if s != nil {
		t.given.Store(true)
	}
	t.ClientSessionCache.Put(key, s)
}

// notResumed are the answers of servers that want the control connection's TLS session on the data connection: vsftpd 522, ProFTPD and FileZilla
// 425, FileZilla 450; 534 is RFC 4217's.
var notResumed = []int{425, 450, 522, 534}

// errNoTicket is permanent: the same refusal comes every time.
const errNoTicket = "the server takes a data connection only with the TLS session of the control connection, and hands out no session ticket to resume it by, " +
	"nor does it speak TLS 1.3; ask the partner to allow tickets or TLS 1.3, or to drop the demand (vsftpd: require_ssl_reuse=NO, ProFTPD: TLSOptions NoSessionReuseRequired)"

// refusedData says what a refused transfer means where the data connection's TLS came about, nothing was sent on it, and the session was not
// resumed because there was none to resume.
func (s *session) refusedData(err error) error {
	var answer *textproto.Error
	if !errors.As(err, &answer) || !slices.Contains(notResumed, answer.Code) || s.latest == nil || s.latest.secure == nil || s.latest.came > 0 {
		return translate(err)
	}
	cache, ok := s.tls.ClientSessionCache.(*tickets)
	state := s.latest.secure.ConnectionState()
	if ok && !cache.given.Load() && state.HandshakeComplete && !state.DidResume {
		return fmt.Errorf("%s: %w", errNoTicket, err)
	}
	return translate(err)
}
