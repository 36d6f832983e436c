package lake_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/lake"
)

// gate stands before a server, and can be shut as a restart shuts it: what is open is cut, what comes is turned away.
type gate struct {
	server string

	mu   sync.Mutex
	shut bool
	open map[net.Conn]bool
}

func startGate(t *testing.T, server string) (g *gate, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	g = &gate{server: server, open: map[net.Conn]bool{}}
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

func (g *gate) pass(client net.Conn) {
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

// restart shuts the gate for a while.
func (g *gate) restart(d time.Duration) {
	g.turn(true)
	time.Sleep(d)
	g.turn(false)
}

func (g *gate) turn(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	for c := range g.open {
		c.Close()
		delete(g.open, c)
	}
}

// TestRestartOfTheCatalog commits while the catalog's server goes away and comes back again and again: every load is in once, whatever it was at.
func TestRestartOfTheCatalog(t *testing.T) {
	t.Parallel()
	dsn, err := url.Parse(newDatabase(t, testservers.StartPostgres(t)))
	if err != nil {
		t.Fatal(err)
	}
	g, address := startGate(t, dsn.Host)
	dsn.Host = address
	cfg := localConfig(t)
	cfg.Catalog, cfg.Timeouts.Silence = dsn.String(), 20*time.Second
	l, db := open(t, cfg), duck(t)
	tab := ensure(t, l, despatch, spec())
	stop := make(chan struct{})
	var restarting sync.WaitGroup
	restarts := 0
	restarting.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(150 * time.Millisecond):
				restarts++
				g.restart(300 * time.Millisecond)
			}
		}
	})
	want := ""
	for i := range 15 {
		id := fmt.Sprintf("l%02d", i)
		append1(t, l, lake.Commit{Table: despatch, LoadID: id, Add: write(t, db, tab, someRows(id, 10, "aster", "2026-03-01"))})
		want += " " + id + ":10:56.25"
	}
	close(stop)
	restarting.Wait()
	if got := " " + perLoad(t, l, db, despatch); got != want {
		t.Errorf("content %q, want %q", got, want)
	}
	if restarts < 3 {
		t.Errorf("the catalog was away %d times only", restarts)
	}

	g.turn(true) // and does not come back: it ends within its bound, as what may pass
	_, err = lake.Open(t.Context(), cfg)
	if !errors.Is(err, waybill.ErrTemporary) {
		t.Errorf("a catalog that is away: %v, want temporary", err)
	}
}
