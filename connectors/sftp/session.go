package sftp

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/sync/semaphore"

	"github.com/fourmarketing/waybill/connectors/internal/bound"
)

// errClosed is what every call on a closed connector returns.
var errClosed = fmt.Errorf("sftp connection: %w", net.ErrClosed)

// session is one SSH connection with its SFTP subsystem.
type session struct {
	ssh  *ssh.Client
	sftp *sftp.Client
	met  *meter
	over chan struct{} // closed when the connection has ended
	left atomic.Bool   // it was given up, and is about to end
}

func newSession(client *ssh.Client, files *sftp.Client, met *meter, keepAlive time.Duration) *session {
	s := &session{ssh: client, sftp: files, met: met, over: make(chan struct{})}
	go func() {
		_ = client.Wait() // how it ended is told to those who wait for an answer
		close(s.over)
	}()
	if keepAlive > 0 {
		go s.keepAlive(keepAlive)
	}
	return s
}

func (s *session) alive() bool {
	select {
	case <-s.over:
		return false
	default:
		return !s.left.Load()
	}
}

func (s *session) close() {
	s.left.Store(true)
	_ = s.ssh.Close()
}

// keepAlive asks for a sign of life, as OpenSSH's ServerAliveInterval does, and ends a connection that gives none.
func (s *session) keepAlive(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-s.over:
			return
		}
		late := time.AfterFunc(every, s.close)
		_, _, err := s.ssh.SendRequest("keepalive@openssh.com", true, nil)
		late.Stop()
		if err != nil {
			s.close()
			return
		}
	}
}

// pool keeps a bounded number of sessions with a bounded number of handles on each.
type pool struct {
	dial    func(context.Context) (*session, error)
	handles int
	idle    time.Duration
	tickets *semaphore.Weighted // one for each handle of each session

	mu     sync.Mutex
	slots  []*slot
	closed bool
}

// slot is the place of one session. All but turn, which one caller holds to dial, is guarded by the pool.
type slot struct {
	turn    chan struct{}
	used    int
	session *session
	timer   *time.Timer
}

// lease is the right to one handle on a session.
type lease struct {
	session *session
	release func() // may be called more than once
}

func newPool(c Config, dial func(context.Context) (*session, error)) *pool {
	p := &pool{dial: dial, handles: c.MaxOpenFiles, idle: c.Timeouts.Silence, tickets: semaphore.NewWeighted(int64(c.MaxSessions * c.MaxOpenFiles))}
	for range c.MaxSessions {
		p.slots = append(p.slots, &slot{turn: make(chan struct{}, 1)})
	}
	return p
}

// acquire waits for a free handle and dials if its session is not up.
func (p *pool) acquire(ctx context.Context) (*lease, error) {
	back := bound.Aside(ctx)
	err := p.tickets.Acquire(ctx, 1)
	if back(); err != nil {
		return nil, err
	}
	s, err := p.place()
	if err != nil {
		p.tickets.Release(1)
		return nil, err
	}
	release := sync.OnceFunc(func() { p.leave(s) })
	live, err := p.connect(ctx, s)
	if err != nil {
		release()
		return nil, err
	}
	return &lease{session: live, release: release}, nil
}

// place takes a handle on the session with the fewest in use; one that is up comes before one to be dialled.
func (p *pool) place() (*slot, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	best := p.slots[0] // slots fill from the front, so an earlier one is up whenever a later one is
	for _, s := range p.slots[1:] {
		if s.used < best.used {
			best = s
		}
	}
	best.used++
	if best.timer != nil {
		best.timer.Stop()
	}
	return best, nil
}

// connect returns the slot's session, dialling if there is none or it has ended. One caller at a time does.
func (p *pool) connect(ctx context.Context, s *slot) (*session, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	live := s.session
	p.mu.Unlock()
	if live != nil && live.alive() {
		return live, nil
	}
	live, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		live.close()
		return nil, errClosed
	}
	s.session = live
	return live, nil
}

// leave gives a handle back. A session that nobody uses for the idle time is closed.
func (p *pool) leave(s *slot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.used--
	if s.used == 0 && s.session != nil && !p.closed {
		s.timer = time.AfterFunc(p.idle, func() { p.closeIdle(s) })
	}
	p.tickets.Release(1)
}

func (p *pool) closeIdle(s *slot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.used == 0 && s.session != nil {
		s.session.close()
		s.session = nil
	}
}

// close ends every session.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, s := range p.slots {
		if s.timer != nil {
			s.timer.Stop()
		}
		if s.session != nil {
			s.session.close()
			s.session = nil
		}
	}
	return nil
}
