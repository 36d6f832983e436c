package ftp

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/fourmarketing/waybill/connectors/internal/bound"
)

// errClosed is what every call on a closed connector returns.
var errClosed = fmt.Errorf("ftp connection: %w", net.ErrClosed)

// pool keeps a bounded number of sessions.
type pool struct {
	dial    func(context.Context) (*session, error)
	idle    time.Duration
	tickets *semaphore.Weighted

	mu     sync.Mutex
	all    map[*session]*time.Timer // with what will close it while nobody uses it
	unused []*session
	closed bool
}

func newPool(c Config, dial func(context.Context) (*session, error)) *pool {
	return &pool{dial: dial, idle: c.Timeouts.Silence, tickets: semaphore.NewWeighted(int64(c.MaxSessions)), all: map[*session]*time.Timer{}}
}

// acquire waits for a session; one that lay unused is asked first whether it is still there.
func (p *pool) acquire(ctx context.Context) (*session, error) {
	back := bound.Aside(ctx)
	err := p.tickets.Acquire(ctx, 1)
	if back(); err != nil {
		return nil, err
	}
	for s := p.take(); s != nil; s = p.take() {
		if err := s.do(ctx, s.conn.NoOp); err == nil {
			return s, nil
		}
		p.drop(s)
	}
	s, err := p.dial(ctx)
	if err != nil {
		p.tickets.Release(1)
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		s.abort()
		p.tickets.Release(1)
		return nil, errClosed
	}
	p.all[s] = nil
	return s, nil
}

// take is the session used last, or nil.
func (p *pool) take() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.unused) == 0 {
		return nil
	}
	s := p.unused[len(p.unused)-1]
	p.unused = p.unused[:len(p.unused)-1]
	if timer := p.all[s]; timer != nil {
		timer.Stop()
	}
	return s
}

// release gives a session back. One that broke, or stands in the middle of something, has been aborted before.
func (p *pool) release(s *session) {
	defer p.tickets.Release(1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || !s.alive() {
		s.abort()
		delete(p.all, s)
		return
	}
	p.unused = append(p.unused, s)
	p.all[s] = time.AfterFunc(p.idle, func() { p.closeIdle(s) })
}

func (p *pool) closeIdle(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, u := range p.unused {
		if u == s {
			p.unused = append(p.unused[:i], p.unused[i+1:]...)
			delete(p.all, s)
			s.abort()
			return
		}
	}
}

func (p *pool) drop(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.abort()
	delete(p.all, s)
}

// close ends every session.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for s, timer := range p.all {
		if timer != nil {
			timer.Stop()
		}
		s.abort()
	}
	p.unused = nil
	return nil
}
