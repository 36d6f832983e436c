package connectortest

import (
	"context"
	"net"
	"sync"
)

// Dial makes a connection, as net.Dialer.DialContext does.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Cutter is a network that breaks: it makes real connections and closes all of them, or lets them hang, when so
// many bytes have come in. The zero value never breaks.
type Cutter struct {
	mu    sync.Mutex
	times int   // breaks left
	after int64 // bytes between them
	left  int64 // bytes until the next
	hang  bool
	conns map[*cutConn]bool
}

// Cut closes the connections after so many more bytes, and again after as many, so many times.
func (c *Cutter) Cut(after int64, times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times, c.after, c.left, c.hang = times, after, after, false
}

// Hang lets the present connections be silent after so many more bytes; new ones are well.
func (c *Cutter) Hang(after int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times, c.after, c.left, c.hang = 1, after, after, true
}

// Left is how many of the breaks have not happened.
func (c *Cutter) Left() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.times
}

// Dial makes a connection that can break.
func (c *Cutter) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conns == nil {
		c.conns = map[*cutConn]bool{}
	}
	made := &cutConn{Conn: conn, cutter: c, closed: make(chan struct{})}
	c.conns[made] = true
	return made, nil
}

type cutConn struct {
	net.Conn
	cutter *Cutter
	silent bool // guarded by the cutter
	close  sync.Once
	closed chan struct{}
}

// Read hands on no byte beyond the break.
func (c *cutConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if kept := c.cutter.arrived(c, n); kept >= 0 {
		return kept, err
	}
	<-c.closed
	return 0, net.ErrClosed
}

// Close also ends a Read that hangs.
func (c *cutConn) Close() error {
	c.close.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// arrived counts bytes and breaks the network when it is time. It returns how many of them are handed on, and
// -1 for none and a connection that hangs.
func (c *Cutter) arrived(conn *cutConn, n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case conn.silent:
		return -1
	case c.times == 0:
		return n
	case int64(n) < c.left:
		c.left -= int64(n)
		return n
	}
	n = int(c.left)
	c.left = c.after
	c.times--
	for other := range c.conns {
		if other.silent = c.hang; !c.hang {
			_ = other.Close()
		}
		delete(c.conns, other)
	}
	return n
}
