// Package silence makes connections that give up on a server which says nothing: the connectors' own, those of the lake's store and of its
// catalog. It knows no protocol. A connection that nobody reads from or writes to is left alone.
package silence

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/fourmarketing/waybill"
)

// Dial makes a connection, as net.Dialer.DialContext does.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Error says that a server was waited for in vain. It is waybill.ErrTemporary, and a net.Error that timed out.
type Error struct {
	Who string // "the lake's store"
	At  string // its address
	For time.Duration
}

// Error names the server and the setting.
func (e *Error) Error() string {
	return fmt.Sprintf("%s at %s said nothing for %s; see whether it is well, or raise timeouts.silence", e.Who, e.At, e.For)
}

// Unwrap makes it waybill.ErrTemporary.
func (e *Error) Unwrap() error { return waybill.ErrTemporary }

// Timeout is part of net.Error.
func (e *Error) Timeout() bool { return true }

// Temporary is part of net.Error.
func (e *Error) Temporary() bool { return true }

// Bound gives dial, or the network's own if that is nil, the bounds of t: to connect, and of silence while something is waited for. Who is
// the server in error texts.
func Bound(dial Dial, who string, t waybill.Timeouts) Dial {
	if dial == nil {
		dial = (&net.Dialer{KeepAlive: 15 * time.Second}).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		limited, cancel := context.WithTimeout(ctx, t.Connect)
		defer cancel()
		made, err := dial(limited, network, address)
		if err != nil && limited.Err() != nil && ctx.Err() == nil {
			return nil, fmt.Errorf("%w: %s at %s did not answer within %s; see whether it is well and lets this machine in, or raise timeouts.connect", waybill.ErrTemporary, who, address, t.Connect)
		}
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: made, silent: &Error{Who: who, At: address, For: t.Silence}}
		c.timer = time.AfterFunc(t.Silence, c.giveUp)
		c.timer.Stop()
		return c, nil
	}
}

// conn is closed when nothing goes on for too long while somebody waits in Read or Write.
type conn struct {
	net.Conn
	silent *Error
	timer  *time.Timer

	mu      sync.Mutex
	waiting int // calls of Read and Write under way
	over    bool
}

func (c *conn) giveUp() {
	c.mu.Lock()
	c.over = c.waiting > 0
	over := c.over
	c.mu.Unlock()
	if over {
		_ = c.Close() // what waits is told why
	}
}

// begin starts the clock anew: that something is written is a sign of life for who reads.
func (c *conn) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting++
	c.timer.Reset(c.silent.For)
}

func (c *conn) end(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting--; c.waiting == 0 {
		c.timer.Stop()
	} else {
		c.timer.Reset(c.silent.For)
	}
	if err != nil && c.over {
		return c.silent
	}
	return err
}

// Read gives what comes, or the silence.
func (c *conn) Read(p []byte) (int, error) {
	c.begin()
	n, err := c.Conn.Read(p)
	return n, c.end(err)
}

// Write ends, too, where the other side takes nothing.
func (c *conn) Write(p []byte) (int, error) {
	c.begin()
	n, err := c.Conn.Write(p)
	return n, c.end(err)
}
