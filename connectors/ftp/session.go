package ftp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"sync"

	"github.com/jlaffaye/ftp"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/transfer"
)

// session is one login: a control connection, and at most one data connection. It does one thing at a time.
type session struct {
	config  Config
	tls     *tls.Config
	conn    *ftp.ServerConn
	home    string // the login directory
	listed  *listed
	latest  *data // connection, to tell why a transfer was refused
	control *controlConn
	plain   bool // the server refused to be told that names are UTF-8

	ctx context.Context // of what it is doing now

	mu      sync.Mutex
	sockets []net.Conn
	dead    bool
}

// dial connects, checks the certificate and logs in.
func dial(ctx context.Context, c Config, secure *tls.Config) (*session, error) {
	s := &session{config: c, tls: secure}
	limited, cancel := context.WithTimeoutCause(ctx, c.Timeouts.Connect, fmt.Errorf("%w: no answer within %s (timeouts.connect)", waybill.ErrTemporary, c.Timeouts.Connect))
	defer cancel()
	err := s.do(limited, s.login)
	if errors.Is(err, errNoUTF8) {
		s.abort()
		s = &session{config: c, tls: secure, plain: true}
		err = s.do(limited, s.login)
	}
	if err != nil {
		s.abort()
		return nil, fmt.Errorf("dial %s: %w", c.address(), err)
	}
	return s, nil
}

func (s *session) login() error {
	options := []ftp.DialOption{ftp.DialWithDialFunc(s.connect), ftp.DialWithDisabledUTF8(s.plain)}
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
		if s.toldUTF8() {
			return errNoUTF8
		}
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
	case errors.Is(err, waybill.ErrAuth), errors.Is(err, waybill.ErrLimit), errors.Is(err, waybill.ErrTemporary):
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
	var answer *textproto.Error
	if err != nil && s.control != nil && s.control.torn.Load() && !errors.As(err, &answer) && !errors.Is(err, waybill.ErrTemporary) {
		return fmt.Errorf("%w: the connection ended within a reply: %w", waybill.ErrTemporary, err)
	}
	return err
}

// connect makes the control connection first, and data connections after it.
func (s *session) connect(network, address string) (net.Conn, error) {
	socket, err := s.config.Dial(s.ctx, network, address)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	first := len(s.sockets) == 0
	s.sockets = append(s.sockets[:min(1, len(s.sockets))], socket) // the former data connection is over
	dead := s.dead
	s.mu.Unlock()
	if dead {
		return nil, errors.Join(net.ErrClosed, socket.Close())
	}
	if first {
		s.control = &controlConn{Conn: socket}
		if s.tls != nil && s.config.TLS.Mode == implicitTLS {
			return tls.Client(s.control, s.tls), nil
		}
		return s.control, nil
	}
	s.latest = &data{Conn: socket, session: s}
	if s.tls != nil {
		s.latest.secure = tls.Client(socket, s.tls)
		s.latest.Conn = s.latest.secure
	}
	return s.latest, nil
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

// translate gives the protocol's answers the meaning that callers act on. 550 is both "no such file" and "you
// may not": servers differ only in words.
func translate(err error) error {
	var answer *textproto.Error
	if errors.Is(err, waybill.ErrLimit) {
		return err
	}
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
