package connectortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
)

// Mute is a network on which, after so many bytes, nothing more comes from the server, on connections old and new: they stay open and silent, or are
// torn.
type Mute struct {
	left atomic.Int64
	torn bool
}

// Dial makes a connection of this network.
func (m *Mute) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &muteConn{Conn: conn, of: m, closed: make(chan struct{})}, nil
}

type muteConn struct {
	net.Conn
	of     *Mute
	close  sync.Once
	closed chan struct{}
}

// Read gives what may still come.
func (c *muteConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	left := c.of.left.Add(-int64(n))
	if left > 0 || (left == 0 && (n > 0 || !c.of.torn)) {
		return n, err
	}
	if kept := int64(n) + left; kept > 0 {
		return int(kept), nil
	}
	if c.of.torn {
		_ = c.Close()
		return 0, io.EOF
	}
	<-c.closed
	return 0, net.ErrClosed
}

// Close also ends a Read that waits.
func (c *muteConn) Close() error {
	c.close.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// muted has the server fall silent, or the connection torn, after each of many numbers of bytes: in its welcome, in the handshake, in the login, in the
// listing, in the file. Each time all ends within bounds, as temporary, and no part of a file passes for the whole.
func (f Fixture) muted(t *testing.T) {
	t.Parallel()
	want := content(300_000)
	f.Put(t, "muted/a.csv", want)
	var trying sync.WaitGroup
	for _, end := range []string{"silent", "torn"} {
		for _, after := range []int64{0, 1, 15, 40, 90, 200, 500, 900, 1300, 1700, 2100, 2600, 3200, 4000, 6000, 100_000} {
			trying.Go(func() { f.mutedAfter(t, want, after, end) })
		}
	}
	trying.Wait()
}

func (f Fixture) mutedAfter(t *testing.T, want []byte, after int64, end string) {
	t.Helper()
	how := fmt.Sprintf("%s after %d bytes", end, after)
	network := &Mute{torn: end == "torn"}
	network.left.Store(after)
	began := time.Now()
	got, err := f.fetch(t, network.Dial, "muted/a.csv")
	if took := time.Since(began); took > 20*Silence {
		t.Errorf("%s: it took %s", how, took)
	}
	switch {
	case err == nil && !bytes.Equal(got, want):
		t.Errorf("%s: %d bytes passed for the whole file", how, len(got))
	case err != nil && !errors.Is(err, waybill.ErrTemporary):
		t.Errorf("%s: not temporary: %v", how, err)
	case err != nil && errors.Is(err, waybill.ErrAuth):
		t.Errorf("%s: called a refused credential: %v", how, err)
	case !bytes.HasPrefix(want, got):
		t.Errorf("%s: bytes differ", how)
	}
}

// fetch lists and reads a file.
func (f Fixture) fetch(t *testing.T, dial Dial, name string) ([]byte, error) {
	c := f.connect(t, dial)
	items, err := c.List(t.Context(), waybill.Request{Feed: "test", Match: []string{name}})
	if err != nil {
		return nil, err
	}
	if len(items) != 1 {
		return nil, fmt.Errorf("listed %v", items)
	}
	r, err := c.Open(t.Context(), items[0])
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// Serve is a server on loopback that does with every connection what it is told, and closes it.
func Serve(t *testing.T, serve func(net.Conn)) (host string, port int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	address, _ := listener.Addr().(*net.TCPAddr)
	return "127.0.0.1", address.Port
}
