package testservers

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Gate stands before a server, and can be shut as a restart shuts it: what is open is cut, what comes is turned away.
type Gate struct {
	server string

	mu   sync.Mutex
	shut bool
	open map[net.Conn]bool
}

// StartGate opens a gate before a server, until the test ends.
func StartGate(t testing.TB, server string) (g *Gate, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	g = &Gate{server: server, open: map[net.Conn]bool{}}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go g.pass(c)
		}
	}()
	return g, l.Addr().String()
}

func (g *Gate) pass(client net.Conn) {
	defer client.Close()
	g.mu.Lock()
	if g.shut {
		g.mu.Unlock()
		return
	}
	g.open[client] = true
	g.mu.Unlock()
	server, err := net.Dial("tcp", g.server)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { _, _ = io.Copy(client, server); client.Close() }()
	_, _ = io.Copy(server, client)
}

// Restart shuts the gate for a while.
func (g *Gate) Restart(d time.Duration) {
	g.Shut(true)
	time.Sleep(d)
	g.Shut(false)
}

// Shut shuts or opens it.
func (g *Gate) Shut(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	for c := range g.open {
		c.Close()
		delete(g.open, c)
	}
}
