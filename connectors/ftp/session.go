package ftp

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"sync"
	"time"

	"github.com/jlaffaye/ftp"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/transfer"
)

// session is one login: a control connection, and at most one data connection. It does one thing at a time.
type session struct {
	config Config
	tls    *tls.Config
	conn   *ftp.ServerConn
	home   string // the login directory
	listed *bytes.Buffer

	ctx context.Context // of what it is doing now

	mu      sync.Mutex
	sockets []net.Conn
	dead    bool
}

// dial connects, checks the certificate and logs in.
func dial(ctx context.Context, c Config, secure *tls.Config) (*session, error) {
	s := &session{config: c, tls: secure}
	limited, cancel := context.WithTimeoutCause(ctx, c.DialTimeout, fmt.Errorf("%w: no answer within %s", waybill.ErrTemporary, c.DialTimeout))
	defer cancel()
	err := s.do(limited, s.login)
	if err != nil {
		s.abort()
		return nil, fmt.Errorf("dial %s: %w", c.address(), err)
	}
	return s, nil
}

func (s *session) login() error {
	options := []ftp.DialOption{ftp.DialWithDialFunc(s.connect)}
	switch s.config.TLS.Mode {
	case explicitTLS:
		options = append(options, ftp.DialWithExplicitTLS(s.tls))
	case implicitTLS:
		options = append(options, ftp.DialWithTLS(s.tls))
	}
	var err error
	if s.conn, err = ftp.Dial(s.config.address(), options...); err != nil {
		return s.refusal(err, "the server does not speak FTP with tls.mode "+s.config.TLS.Mode+" here; the other modes are explicit, implicit and, in clear, none")
	}
	if err := s.conn.Login(s.config.User, s.config.Password.Reveal()); err != nil {
		return s.refusal(err, "")
	}
	if s.home, err = s.conn.CurrentDir(); err != nil {
		return fmt.Errorf("ask for the login directory: %w", translate(err))
	}
	return nil
}

// refusal says what an error before or during the login means. The library gives a refused user name as plain
// text, so what is no network error and has no code is one.
func (s *session) refusal(err error, hint string) error {
	var answer *textproto.Error
	var record tls.RecordHeaderError
	untrusted := distrusted(err)
	switch {
	case untrusted != nil:
		return untrusted
	case errors.Is(err, waybill.ErrAuth):
		return err
	case errors.As(err, &answer) && answer.Code/100 == 4, transfer.Cut(err) && !errors.As(err, &record):
		return fmt.Errorf("%w: %w", waybill.ErrTemporary, err)
	case hint != "":
		return fmt.Errorf("%w; %s", err, hint)
	case errors.As(err, &record):
		return fmt.Errorf("the server left TLS during the login: %w", err)
	}
	return fmt.Errorf("%w: the server refused the login of %s: %w; check user and password, and whether the account needs tls.mode explicit",
		waybill.ErrAuth, s.config.User, err)
}

// do runs one piece of work; the end of ctx ends it by closing the sockets.
func (s *session) do(ctx context.Context, work func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.ctx = ctx
	release := context.AfterFunc(ctx, s.abort)
	err := work()
	if !release() && err != nil {
		return context.Cause(ctx)
	}
	return err
}

// connect makes the control connection first, and data connections after it.
func (s *session) connect(network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(s.ctx, s.config.DialTimeout)
	defer cancel()
	socket, err := s.config.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	control := len(s.sockets) == 0
	s.sockets = append(s.sockets[:min(1, len(s.sockets))], socket) // the former data connection is over
	dead := s.dead
	s.mu.Unlock()
	if dead {
		return nil, errors.Join(net.ErrClosed, socket.Close())
	}
	var made net.Conn = &watched{Conn: socket, silence: s.config.IdleTimeout}
	if s.tls != nil && (!control || s.config.TLS.Mode == implicitTLS) {
		made = tls.Client(made, s.tls)
	}
	if !control {
		made = &data{Conn: made, session: s}
	}
	return made, nil
}

// abort closes the sockets; the session is of no more use.
func (s *session) abort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = true
	for _, socket := range s.sockets {
		_ = socket.Close()
	}
}

func (s *session) alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.dead
}

// watched is a socket that gives up waiting for a server which sends nothing.
type watched struct {
	net.Conn
	silence time.Duration
}

func (w *watched) Read(p []byte) (int, error) {
	late := time.AfterFunc(w.silence, func() { _ = w.Close() })
	n, err := w.Conn.Read(p)
	if !late.Stop() && err != nil {
		err = fmt.Errorf("%w: the server sent nothing for %s", waybill.ErrTemporary, w.silence)
	}
	return n, err
}

// data is a data connection. While a folder is listed it keeps a copy, because the library passes over lines
// that it cannot read.
type data struct {
	net.Conn
	session *session
}

func (d *data) Read(p []byte) (int, error) {
	n, err := d.Conn.Read(p)
	if d.session.listed != nil {
		d.session.listed.Write(p[:n])
	}
	return n, err
}

// Close has nothing to report: nothing was written, and a server that has closed its side already cannot hear
// TLS say goodbye. Whether all has arrived is in the control connection's answer.
func (d *data) Close() error {
	_ = d.Conn.Close()
	return nil
}

// translate gives the protocol's answers the meaning that callers act on. 550 is both "no such file" and "you
// may not": servers differ only in words.
func translate(err error) error {
	var answer *textproto.Error
	if !errors.As(err, &answer) {
		if transfer.Cut(err) && !errors.Is(err, waybill.ErrTemporary) {
			return fmt.Errorf("%w: %w", waybill.ErrTemporary, err)
		}
		return err
	}
	switch {
	case answer.Code == ftp.StatusFileUnavailable:
		return fmt.Errorf("%w, or not for this account: %w", waybill.ErrNotFound, err)
	case answer.Code == ftp.StatusNotLoggedIn:
		return fmt.Errorf("%w: %w", waybill.ErrAuth, err)
	case answer.Code/100 == 4, answer.Code == 522: // 522: the data connection's TLS session was not the control connection's
		return fmt.Errorf("%w: %w", waybill.ErrTemporary, err)
	}
	return err
}
