package ftp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	ftpserver "github.com/fclairamb/ftpserverlib"
	"github.com/spf13/afero"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/ftp"
)

const password = "correct horse"

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"none", "explicit", "implicit"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			conformance(t, serve(t, mode, ftpserver.Settings{}))
		})
	}
	t.Run("without MLSD", func(t *testing.T) {
		t.Parallel()
		conformance(t, serve(t, "none", ftpserver.Settings{DisableMLSD: true, DisableMLST: true}))
	})
}

func conformance(t *testing.T, s server) {
	t.Helper()
	connectortest.Run(t, connectortest.Fixture{
		Connect: func(t *testing.T, dial connectortest.Dial) waybill.Connector {
			c := s.config
			c.Dial, c.Timeouts.Silence = dial, connectortest.Silence
			return connect(t, c)
		},
		Refused: func(t *testing.T) waybill.Connector {
			c := s.config
			c.Password = "wrong"
			return connect(t, c)
		},
		Put: func(t *testing.T, name string, content []byte) { put(t, filepath.Join(s.folder, name), content) },
		Forbid: func(t *testing.T, name string) {
			put(t, filepath.Join(s.folder, name), []byte("secret"))
			if err := os.Chmod(filepath.Join(s.folder, name), 0); err != nil {
				t.Fatal(err)
			}
		},
	})
}

// server is an FTP server with a folder, whichever program it is.
type server struct {
	config      ftp.Config // with the right credential and trust
	folder      string
	certificate certificate
}

func connect(t *testing.T, c ftp.Config) *ftp.Connector {
	t.Helper()
	made, err := ftp.New(c, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// certificate is a server's own, signed by itself.
type certificate struct {
	pair   tls.Certificate
	file   string // PEM
	key    string // PEM
	sha256 string
}

func newCertificate(t *testing.T) certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "waybill test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir, sum := t.TempDir(), sha256.Sum256(der)
	c := certificate{file: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), sha256: hex.EncodeToString(sum[:])}
	put(t, c.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	put(t, c.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	if c.pair, err = tls.LoadX509KeyPair(c.file, c.key); err != nil {
		t.Fatal(err)
	}
	return c
}

// serve runs ftpserverlib's server in this process.
func serve(t *testing.T, mode string, settings ftpserver.Settings) server {
	t.Helper()
	s := server{folder: t.TempDir(), certificate: newCertificate(t)}
	settings.ListenAddr = "127.0.0.1:0"
	settings.TLSRequired = map[string]ftpserver.TLSRequirement{
		"none": ftpserver.ClearOrEncrypted, "explicit": ftpserver.MandatoryEncryption, "implicit": ftpserver.ImplicitEncryption,
	}[mode]
	running := ftpserver.NewFtpServer(&driver{settings: settings, folder: s.folder, pair: s.certificate.pair})
	if err := running.Listen(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = running.Serve() }() // ends with Stop
	t.Cleanup(func() { _ = running.Stop() })
	address, err := net.ResolveTCPAddr("tcp", running.Addr())
	if err != nil {
		t.Fatal(err)
	}
	s.config = ftp.Config{Host: "127.0.0.1", Port: address.Port, User: "northgate", Password: password, Resumes: 2, TLS: ftp.TLS{Mode: mode}}
	if mode != "none" {
		s.config.TLS.CAFile = s.certificate.file
	}
	return s
}

type driver struct {
	settings ftpserver.Settings
	folder   string
	pair     tls.Certificate
}

func (d *driver) GetSettings() (*ftpserver.Settings, error)               { return &d.settings, nil }
func (d *driver) ClientConnected(ftpserver.ClientContext) (string, error) { return "ready", nil }
func (d *driver) ClientDisconnected(ftpserver.ClientContext)              {}
func (d *driver) GetTLSConfig() (*tls.Config, error) {
	return &tls.Config{Certificates: []tls.Certificate{d.pair}}, nil
}

func (d *driver) AuthUser(_ ftpserver.ClientContext, user, pass string) (ftpserver.ClientDriver, error) {
	if user != "northgate" || pass != password {
		return nil, errors.New("wrong user or password")
	}
	return guarded{afero.NewBasePathFs(afero.NewOsFs(), d.folder)}, nil
}

// guarded refuses files that nobody may read, to root as well.
type guarded struct{ afero.Fs }

func (g guarded) OpenFile(name string, flag int, mode os.FileMode) (afero.File, error) {
	if info, err := g.Stat(name); err == nil && info.Mode().Perm() == 0 {
		return nil, &os.PathError{Op: "open", Path: name, Err: os.ErrPermission}
	}
	return g.Fs.OpenFile(name, flag, mode)
}

func (g guarded) Open(name string) (afero.File, error) { return g.OpenFile(name, os.O_RDONLY, 0) }
