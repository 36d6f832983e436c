package servers

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	ftpserver "github.com/fclairamb/ftpserverlib"
	"github.com/spf13/afero"
)

// FTPSMode says when TLS begins.
type FTPSMode string

// How an FTP server may do TLS.
const (
	ExplicitTLS FTPSMode = "explicit" // after AUTH TLS on the ordinary port (RFC 4217)
	ImplicitTLS FTPSMode = "implicit" // from the first byte
)

// FTPSOptions describes an FTP server with TLS over one folder.
type FTPSOptions struct {
	Dir            string // shown as /; read only
	User, Password string
	Mode           FTPSMode // ExplicitTLS when empty
	CAFile         string   // where the certificate of the authority that signed the server's is written
	Faults         *Faults  // may be nil
	Logf           func(string, ...any)
}

// FTPSServer is an FTP server on 127.0.0.1 that speaks only TLS, also on its passive data connections.
type FTPSServer struct {
	options     FTPSOptions
	certificate tls.Certificate
	server      *ftpserver.FtpServer
	served      chan error

	mu      sync.Mutex
	clients map[uint32]ftpserver.ClientContext // nil once closed
}

// ServeFTPS starts an FTP server with TLS; Close stops it.
func ServeFTPS(o FTPSOptions) (*FTPSServer, error) {
	if o.Faults == nil {
		o.Faults = &Faults{}
	}
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	certificate, err := newCertificate(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("serve ftps: %w", err)
	}
	s := &FTPSServer{options: o, certificate: certificate, served: make(chan error, 1), clients: map[uint32]ftpserver.ClientContext{}}
	s.server = ftpserver.NewFtpServer(&ftpDriver{s})
	if err := s.server.Listen(); err != nil {
		return nil, fmt.Errorf("serve ftps: %w", err)
	}
	go func() { s.served <- s.server.Serve() }()
	return s, nil
}

// Addr is the host and port.
func (s *FTPSServer) Addr() string { return s.server.Addr() }

// Close breaks every connection and stops listening.
func (s *FTPSServer) Close() error {
	err := s.server.Stop()
	s.mu.Lock()
	clients := s.clients
	s.clients = nil
	s.mu.Unlock()
	for _, c := range clients {
		if err := c.Close(); err != nil {
			s.options.Logf("ftps: close client %d: %v", c.ID(), err)
		}
	}
	return errors.Join(err, <-s.served)
}

// ftpDriver answers the server library's questions.
type ftpDriver struct{ *FTPSServer }

// GetSettings describes the server.
func (d *ftpDriver) GetSettings() (*ftpserver.Settings, error) {
	required := ftpserver.MandatoryEncryption
	if d.options.Mode == ImplicitTLS {
		required = ftpserver.ImplicitEncryption
	}
	return &ftpserver.Settings{
		ListenAddr: "127.0.0.1:0", PublicHost: "127.0.0.1", TLSRequired: required, DisableActiveMode: true,
		Banner: "Veldhoven Logistiek FTP", DefaultTransferType: ftpserver.TransferTypeBinary,
	}, nil
}

// ClientConnected remembers a connection, so that Close can break it.
func (d *ftpDriver) ClientConnected(c ftpserver.ClientContext) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.clients == nil {
		return "", errors.New("closing down")
	}
	d.clients[c.ID()] = c
	return "Veldhoven Logistiek FTP", nil
}

// ClientDisconnected forgets a connection.
func (d *ftpDriver) ClientDisconnected(c ftpserver.ClientContext) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.clients, c.ID())
}

// AuthUser lets the one user in.
func (d *ftpDriver) AuthUser(c ftpserver.ClientContext, user, password string) (ftpserver.ClientDriver, error) {
	if !Same(user, d.options.User) || !Same(password, d.options.Password) {
		return nil, errors.New("login incorrect")
	}
	folder := afero.NewReadOnlyFs(afero.NewBasePathFs(afero.NewOsFs(), d.options.Dir))
	return &ftpFolder{Fs: folder, faults: d.options.Faults, cut: c.Close}, nil
}

// GetTLSConfig gives the certificate.
func (d *ftpDriver) GetTLSConfig() (*tls.Config, error) {
	return &tls.Config{Certificates: []tls.Certificate{d.certificate}, MinVersion: tls.VersionTLS12}, nil
}

// ftpFolder shows a folder to one connection, read only.
type ftpFolder struct {
	afero.Fs
	faults *Faults
	cut    func() error
}

// GetHandle opens a file for download.
func (f *ftpFolder) GetHandle(name string, flags int, _ int64) (ftpserver.FileTransfer, error) {
	file, err := f.OpenFile(name, flags, 0)
	if err != nil {
		return nil, err
	}
	out := &ftpFile{File: file, delay: f.faults.delay(), cut: f.cut}
	if t, ok := f.faults.takeTransfer("ftps", name); ok && flags&(os.O_WRONLY|os.O_RDWR) == 0 {
		out.fault = &t
	}
	return out, nil
}

// ReadDir lists a folder.
func (f *ftpFolder) ReadDir(name string) ([]os.FileInfo, error) {
	time.Sleep(f.faults.delay())
	return afero.ReadDir(f.Fs, name)
}

// ftpFile is a file being downloaded, with what is to go wrong about it.
type ftpFile struct {
	afero.File
	delay time.Duration
	fault *transferFault
	cut   func() error
	sent  int64
}

// Read reads a block.
func (f *ftpFile) Read(b []byte) (int, error) {
	time.Sleep(f.delay)
	if f.fault != nil {
		left := f.fault.after - f.sent
		if left <= 0 {
			if f.fault.silent {
				return 0, io.EOF
			}
			return 0, errors.Join(io.ErrUnexpectedEOF, f.cut())
		}
		b = b[:min(int64(len(b)), left)]
	}
	n, err := f.File.Read(b)
	f.sent += int64(n)
	return n, err
}
