// Package sandbox puts a simulated world on the wire: every partner of its group on its own protocol, on loopback, with
// credentials made at start. Each partner is a package below; it adds no facts to the world and knows nothing of who
// pulls from it. The partners can be told to misbehave.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fourmarketing/waybill/sandbox/adyen"
	"github.com/fourmarketing/waybill/sandbox/dhl"
	"github.com/fourmarketing/waybill/sandbox/group"
	"github.com/fourmarketing/waybill/sandbox/northgate"
	"github.com/fourmarketing/waybill/sandbox/prosku"
	"github.com/fourmarketing/waybill/sandbox/royalmail"
	"github.com/fourmarketing/waybill/sandbox/servers"
	"github.com/fourmarketing/waybill/sandbox/shopify"
	"github.com/fourmarketing/waybill/sandbox/stripe"
	"github.com/fourmarketing/waybill/sandbox/veldhoven"
	"github.com/fourmarketing/waybill/sandbox/woocommerce"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// partners are the packages that serve the group's partners.
func partners() []func(context.Context, servers.Stage) (*servers.Partner, error) {
	return []func(context.Context, servers.Stage) (*servers.Partner, error){
		northgate.Start,
		veldhoven.Start,
		prosku.Start,
		shopify.Start,
		woocommerce.Start,
		dhl.Start,
		royalmail.Start,
		adyen.Start,
		stripe.Start,
	}
}

// Options says which world to serve and how.
type Options struct {
	World world.Options        // of the demo's group when it names none
	Dir   string               // where the partners' folders, keys and certificates are written; it must exist
	Logf  func(string, ...any) // what happens, line by line; nil is silence
	FTPS  servers.FTPSMode     // ExplicitTLS when empty
	Calls servers.Limits       // of each carrier's API; zero values mean 500 calls a second and 100,000 a day
	Now   func() time.Time     // the wall clock that rate limits run on; nil means time.Now
}

// Connection is how a client reaches one source of a partner.
type Connection = servers.Connection

// HTTPFault goes wrong with the next calls of a server.
type HTTPFault = servers.HTTPFault

// Sandbox is a running world. It is safe for use by several goroutines.
type Sandbox struct {
	world     *world.World
	logf      func(string, ...any)
	faults    *servers.Faults
	access    []Connection
	folders   []servers.Folder
	published servers.Publisher

	mu      sync.RWMutex
	at      time.Time
	running []*servers.Partner
	stop    func() bool
}

// Start brings every server up on 127.0.0.1. Nothing has happened yet in the world: Advance moves its clock. The
// servers run until Close, or until ctx ends.
func Start(ctx context.Context, o Options) (*Sandbox, error) {
	o = o.withDefaults()
	w, err := world.New(o.World)
	if err != nil {
		return nil, fmt.Errorf("start sandbox: %w", err)
	}
	s := &Sandbox{world: w, logf: o.Logf, faults: &servers.Faults{}}
	stage := servers.Stage{
		World: w, Dir: o.Dir, At: s.Now, Now: o.Now, Logf: o.Logf, TLS: o.FTPS, Calls: o.Calls, Faults: s.faults,
	}
	for _, start := range partners() {
		p, err := start(ctx, stage)
		if p != nil {
			s.running = append(s.running, p)
			s.access, s.folders = append(s.access, p.Connections...), append(s.folders, p.Folders...)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start sandbox: %w", err), s.Close())
		}
	}
	stop := context.AfterFunc(ctx, func() {
		if err := s.Close(); err != nil {
			s.logf("sandbox stopped: %v", err)
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop = stop
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.World.Group.Brands == nil {
		o.World.Group = group.Demo()
	}
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // rate limits are paced by the wall clock unless a test brings its own
	}
	if o.FTPS == "" {
		o.FTPS = servers.ExplicitTLS
	}
	if o.Calls.PerSecond == 0 {
		o.Calls.PerSecond = 500
	}
	if o.Calls.PerDay == 0 {
		o.Calls.PerDay = 100_000
	}
	return o
}

// Now is the world's clock.
func (s *Sandbox) Now() time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.at
}

// World is the world being served, for its checkpoints and its truth.
func (s *Sandbox) World() *world.World { return s.world }

// Access says how to reach the partners, a connection a source.
func (s *Sandbox) Access() []Connection { return s.access }

// To is the connection of a source, with empty settings where the group has no such source.
func (s *Sandbox) To(source string) Connection {
	for _, c := range s.access {
		if c.Source == source {
			return c
		}
	}
	return Connection{Source: source}
}

// Faults makes the servers misbehave.
func (s *Sandbox) Faults() *servers.Faults { return s.faults }

// Advance moves the world's clock: files appear on the servers with their modification times, and the APIs answer as
// of at. The clock does not run backwards.
func (s *Sandbox) Advance(at time.Time) error {
	s.published.Mu.Lock()
	defer s.published.Mu.Unlock()
	if now := s.Now(); at.Before(now) {
		return fmt.Errorf("advance sandbox to %s: it is already %s there", at.Format(time.RFC3339), now.Format(time.RFC3339))
	}
	for _, f := range s.folders {
		n, err := s.published.Publish(f, at)
		if err != nil {
			return fmt.Errorf("advance sandbox to %s: %w", at.Format(time.RFC3339), err)
		}
		s.logf("%s published %d files", f.Name, n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = at
	return nil
}

// Close stops every server and waits for what they were doing. It may be called twice.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	running, stop := s.running, s.stop
	s.running, s.stop = nil, nil
	s.mu.Unlock()
	if stop != nil {
		stop()
	}
	var errs []error
	for i := len(running) - 1; i >= 0; i-- {
		errs = append(errs, running[i].Close())
	}
	return errors.Join(errs...)
}
