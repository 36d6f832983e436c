// Package sandbox puts a simulated world on the wire: its warehouses over SFTP and FTP with TLS, its web shops over
// Shopify's Admin API, its carrier over DHL's tracking API and its PSP over Adyen's report download, all on loopback
// with credentials made at start. It adds no facts to the world and knows nothing of who pulls from it; it can be told
// to misbehave.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/fourmarketing/waybill/sandbox/shopify"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// Options says which world to serve and how.
type Options struct {
	World world.Options
	Dir   string               // where the partners' folders, keys and certificates are written; it must exist
	Logf  func(string, ...any) // what happens, line by line; nil is silence
	FTPS  FTPSMode             // ExplicitTLS when empty
	DHL   DHLLimits            // zero values mean 500 calls a second and 100,000 a day
	Now   func() time.Time     // the wall clock that rate limits run on; nil means time.Now
}

// DHLLimits are the carrier's allowance. DHL's own default is 1 a second and 250 a day
// (https://support-developer.dhl.com, Shipment Tracking - Unified).
type DHLLimits struct {
	PerSecond int
	PerDay    int // counted by GMT days of the world's clock
}

// Access is what a client needs to reach the partners.
type Access struct {
	SFTP  SFTPAccess
	FTPS  FTPSAccess
	Shops []ShopAccess
	DHL   DHLAccess
	Adyen AdyenAccess
}

// SFTPAccess reaches warehouse northgate.
type SFTPAccess struct {
	Addr           string // host:port
	User, Password string
	KeyFile        string // path of an OpenSSH private key that is also let in
	Fingerprint    string // of the host key: SHA256:…
	KnownHosts     string // a known_hosts line
}

// FTPSAccess reaches warehouse veldhoven.
type FTPSAccess struct {
	Addr           string // host:port
	User, Password string
	CAFile         string // path of the PEM certificate that signed the server's
	Mode           FTPSMode
}

// ShopAccess reaches a web shop.
type ShopAccess struct {
	Shop  string // aster-vale
	URL   string // base URL, to which /admin/api/… is added
	Token string // X-Shopify-Access-Token
}

// DHLAccess reaches the carrier.
type DHLAccess struct {
	URL    string // base URL, to which /track/shipments is added
	Key    string // DHL-API-Key
	Limits DHLLimits
}

// AdyenAccess reaches the PSP.
type AdyenAccess struct {
	URL            string // base URL, to which /reports/download/… is added
	User, Password string // of the report user, for Basic
	APIKey         string // for X-API-Key
	Accounts       []string
}

// Sandbox is a running world. It is safe for use by several goroutines.
type Sandbox struct {
	world     *world.World
	dir       string
	logf      func(string, ...any)
	faults    *Faults
	access    Access
	published publisher
	closers   []func() error

	mu sync.RWMutex
	at time.Time
}

// Start brings every server up on 127.0.0.1. Nothing has happened yet in the world: Advance moves its clock. The
// servers run until Close, or until ctx ends.
func Start(ctx context.Context, o Options) (*Sandbox, error) {
	w, err := world.New(o.World)
	if err != nil {
		return nil, fmt.Errorf("start sandbox: %w", err)
	}
	o = o.withDefaults()
	s := &Sandbox{world: w, dir: o.Dir, logf: o.Logf, faults: &Faults{}, published: publisher{seen: map[string]time.Time{}}}
	for _, start := range []func(context.Context, Options) error{s.startSFTP, s.startFTPS, s.startShops, s.startDHL, s.startAdyen} {
		if err := start(ctx, o); err != nil {
			return nil, errors.Join(fmt.Errorf("start sandbox: %w", err), s.Close())
		}
	}
	stop := context.AfterFunc(ctx, func() {
		if err := s.Close(); err != nil {
			s.logf("sandbox stopped: %v", err)
		}
	})
	s.atClose(func() error { stop(); return nil })
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // rate limits are paced by the wall clock unless a test brings its own
	}
	if o.FTPS == "" {
		o.FTPS = ExplicitTLS
	}
	if o.DHL.PerSecond == 0 {
		o.DHL.PerSecond = 500
	}
	if o.DHL.PerDay == 0 {
		o.DHL.PerDay = 100_000
	}
	return o
}

func (s *Sandbox) startSFTP(_ context.Context, o Options) error {
	root := filepath.Join(o.Dir, "northgate")
	if err := os.MkdirAll(filepath.Join(root, "out"), 0o750); err != nil {
		return err
	}
	key, err := newUserKey(filepath.Join(o.Dir, "northgate_ed25519"))
	if err != nil {
		return err
	}
	user, password := "waybill", newSecret()
	srv, err := ServeSFTP(SFTPOptions{Dir: root, User: user, Password: password, Key: key, Faults: s.faults, Logf: o.Logf})
	if err != nil {
		return err
	}
	s.atClose(srv.Close)
	s.access.SFTP = SFTPAccess{
		Addr: srv.Addr(), User: user, Password: password, KeyFile: filepath.Join(o.Dir, "northgate_ed25519"),
		Fingerprint: srv.Fingerprint(), KnownHosts: srv.KnownHosts(),
	}
	return nil
}

func (s *Sandbox) startFTPS(_ context.Context, o Options) error {
	root := filepath.Join(o.Dir, "veldhoven")
	if err := os.MkdirAll(filepath.Join(root, "uit"), 0o750); err != nil {
		return err
	}
	user, password, ca := "waybill", newSecret(), filepath.Join(o.Dir, "veldhoven_ca.pem")
	srv, err := ServeFTPS(FTPSOptions{Dir: root, User: user, Password: password, Mode: o.FTPS, CAFile: ca, Faults: s.faults, Logf: o.Logf})
	if err != nil {
		return err
	}
	s.atClose(srv.Close)
	s.access.FTPS = FTPSAccess{Addr: srv.Addr(), User: user, Password: password, CAFile: ca, Mode: o.FTPS}
	return nil
}

func (s *Sandbox) startShops(_ context.Context, o Options) error {
	for _, of := range s.world.Shops() {
		token := "shpat_" + newSecret()
		shop, err := shopify.New(shopify.Options{
			Name: of.Name, Currency: of.Currency, Token: token, At: s.now, Now: o.Now,
			Orders: func(at time.Time) []world.ShopOrder { return s.world.ShopOrders(of.Name, at) },
		})
		if err != nil {
			return err
		}
		s.atClose(func() error { shop.Close(); return nil })
		s.faults.addShop(of.Name, shop)
		url, err := s.serveHTTP("shopify/"+of.Name, shop)
		if err != nil {
			return err
		}
		s.access.Shops = append(s.access.Shops, ShopAccess{Shop: of.Name, URL: url, Token: token})
	}
	return nil
}

func (s *Sandbox) startDHL(_ context.Context, o Options) error {
	key := newSecret()
	h := &dhl{key: key, limits: o.DHL, parcel: s.world.Parcel, at: s.now, now: o.Now, faults: s.faults}
	url, err := s.serveHTTP("dhl", h)
	s.access.DHL = DHLAccess{URL: url, Key: key, Limits: o.DHL}
	return err
}

func (s *Sandbox) startAdyen(_ context.Context, _ Options) error {
	a := AdyenAccess{User: "report@Company.FourMarketing", Password: newSecret(), APIKey: newSecret()}
	for _, shop := range s.world.Shops() {
		a.Accounts = append(a.Accounts, shop.MerchantAccount)
	}
	url, err := s.serveHTTP("adyen", &adyen{access: a, reports: s.world.Reports, at: s.now})
	a.URL = url
	s.access.Adyen = a
	return err
}

// atClose registers what to stop, last started first.
func (s *Sandbox) atClose(f func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closers = append(s.closers, f)
}

// now is the world's clock.
func (s *Sandbox) now() time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.at
}

// World is the world being served, for its checkpoints and its truth.
func (s *Sandbox) World() *world.World { return s.world }

// Access says how to reach the partners.
func (s *Sandbox) Access() Access { return s.access }

// Faults makes the servers misbehave.
func (s *Sandbox) Faults() *Faults { return s.faults }

// Advance moves the world's clock: files appear on the servers with their modification times, and the APIs answer as
// of at. The clock does not run backwards.
func (s *Sandbox) Advance(at time.Time) error {
	s.published.mu.Lock()
	defer s.published.mu.Unlock()
	if now := s.now(); at.Before(now) {
		return fmt.Errorf("advance sandbox to %s: it is already %s there", at.Format(time.RFC3339), now.Format(time.RFC3339))
	}
	for _, partner := range []partner{{"northgate", byRename}, {"veldhoven", byMarker}} {
		n, err := s.published.publish(filepath.Join(s.dir, partner.name), partner.completion, s.world.Files(partner.name, at))
		if err != nil {
			return fmt.Errorf("advance sandbox to %s: %w", at.Format(time.RFC3339), err)
		}
		s.logf("%s published %d files", partner.name, n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = at
	return nil
}

// Close stops every server and waits for what they were doing. It may be called twice.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	closers := s.closers
	s.closers = nil
	s.mu.Unlock()
	var errs []error
	for i := len(closers) - 1; i >= 0; i-- {
		errs = append(errs, closers[i]())
	}
	return errors.Join(errs...)
}
