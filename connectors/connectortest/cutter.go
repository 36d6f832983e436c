package connectortest

import (
	"context"
	"net"
	"sync"
)

// Dial makes a connection, as net.Dialer.DialContext does.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Cutter is a network that breaks: it makes real connections and closes all of them when so many bytes have come in.
// The zero value never breaks.
type Cutter struct {
	mu    sync.Mutex
	times int   // cuts left
	after int64 // bytes between cuts
	left  int64 // bytes until the next
	conns map[*cutConn]bool
}

// Cut breaks the network after so many more bytes, and again after as many, so many times.
func (c *Cutter) Cut(after int64, times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times, c.after, c.left = times, after, after
}

// Left is how many of the cuts have not happened.
func (c *Cutter) Left() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.times
}

// Dial makes a connection that can be cut.
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
	made := &cutConn{Conn: conn, cutter: c}
	c.conns[made] = true
	return made, nil
}

type cutConn struct {
	net.Conn
	cutter *Cutter
}

// Read hands on no byte beyond the cut.
func (c *cutConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	k := c.cutter
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.times == 0 {
		return n, err
	}
	if int64(n) < k.left {
		k.left -= int64(n)
		return n, err
	}
	n = int(k.left)
	k.left = k.after
	k.times--
	for conn := range k.conns {
		_ = conn.Conn.Close()
		delete(k.conns, conn)
	}
	return n, err
}
