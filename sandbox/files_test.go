package sandbox_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jlaffaye/ftp"
	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/fourmarketing/waybill/sandbox"
	"github.com/fourmarketing/waybill/sandbox/servers"
)

// dialSFTP logs in, trusting only what the known_hosts line says.
func dialSFTP(t *testing.T, a sandbox.Connection, auth ssh.AuthMethod) (*sftp.Client, error) {
	t.Helper()
	known := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(known, []byte(a.Other["known_hosts"]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	trust, err := knownhosts.New(known)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := ssh.Dial("tcp", a.Other["addr"], &ssh.ClientConfig{User: a.Other["user"], Auth: []ssh.AuthMethod{auth}, HostKeyCallback: trust, Timeout: 5 * time.Second})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	c, err := sftp.NewClient(conn)
	if err == nil {
		t.Cleanup(func() { _ = c.Close() })
	}
	return c, err
}

func readSFTP(c *sftp.Client, path string) ([]byte, error) {
	f, err := c.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	_, err = f.WriteTo(&b)
	return b.Bytes(), err
}

func dialFTPS(t *testing.T, a sandbox.Connection) (*ftp.ServerConn, error) {
	t.Helper()
	pem, err := os.ReadFile(a.Other["ca_file"])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate in the CA file")
	}
	host, _, err := net.SplitHostPort(a.Other["addr"])
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{RootCAs: pool, ServerName: host, MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	mode := ftp.DialWithExplicitTLS(config)
	if a.Other["mode"] == string(servers.ImplicitTLS) {
		mode = ftp.DialWithTLS(config)
	}
	c, err := ftp.Dial(a.Other["addr"], mode, ftp.DialWithTimeout(5*time.Second))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = c.Quit() })
	return c, c.Login(a.Other["user"], a.Secrets["password"])
}

func readFTPS(c *ftp.ServerConn, path string) ([]byte, error) {
	r, err := c.Retr(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(r)
	if closed := r.Close(); err == nil {
		err = closed
	}
	return b, err
}

// bigFolder holds one file of 32 MiB and one small one.
func bigFolder(t *testing.T) (string, []byte) {
	t.Helper()
	dir := t.TempDir()
	big := make([]byte, 32<<20)
	source := rand.NewChaCha8([32]byte{1})
	if _, err := source.Read(big); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"big.bin": big, "in/small.csv": []byte("a,b\r\n")} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, big
}

func TestSFTPServesLargeFilesReadOnly(t *testing.T) {
	t.Parallel()
	dir, big := bigFolder(t)
	outside := filepath.Join(filepath.Dir(dir), "outside.txt")
	if err := os.Symlink(outside, filepath.Join(dir, "escape")); err != nil {
		t.Fatal(err)
	}
	s, err := servers.ServeSFTP(servers.SFTPOptions{Dir: dir, User: "u", Password: "p"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a := sandbox.Connection{Other: map[string]string{"addr": s.Addr(), "user": "u", "known_hosts": s.KnownHosts()}}
	if _, err := dialSFTP(t, a, ssh.Password("other")); err == nil {
		t.Fatal("a wrong password was let in")
	}
	c, err := dialSFTP(t, a, ssh.Password("p"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := readSFTP(c, "big.bin")
	if err != nil || !bytes.Equal(got, big) {
		t.Fatalf("read %d bytes of %d: %v", len(got), len(big), err)
	}
	if _, err := c.Create("/in/new.csv"); err == nil {
		t.Error("an upload was taken")
	}
	if err := c.Remove("/in/small.csv"); err == nil {
		t.Error("a file was removed")
	}
	if b, err := readSFTP(c, "/in/../../../../in/small.csv"); err != nil || string(b) != "a,b\r\n" {
		t.Errorf("read by a path with ..: %q, %v", b, err)
	}
	if _, err := c.Open("/nowhere.csv"); !os.IsNotExist(err) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := readSFTP(c, "/escape"); err == nil {
		t.Error("a link led out of the folder")
	}
}

func TestFTPSServesLargeFilesBothWays(t *testing.T) {
	t.Parallel()
	dir, big := bigFolder(t)
	for _, mode := range []servers.FTPSMode{servers.ExplicitTLS, servers.ImplicitTLS} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			ca := filepath.Join(t.TempDir(), "ca.pem")
			s, err := servers.ServeFTPS(servers.FTPSOptions{Dir: dir, User: "u", Password: "p", Mode: mode, CAFile: ca})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			a := sandbox.Connection{
				Secrets: map[string]string{"password": "p"},
				Other:   map[string]string{"addr": s.Addr(), "user": "u", "ca_file": ca, "mode": string(mode)},
			}
			c, err := dialFTPS(t, a)
			if err != nil {
				t.Fatal(err)
			}
			got, err := readFTPS(c, "/big.bin")
			if err != nil || !bytes.Equal(got, big) {
				t.Fatalf("read %d bytes of %d: %v", len(got), len(big), err)
			}
			if err := c.Stor("/in/new.csv", strings.NewReader("x")); err == nil {
				t.Error("an upload was taken")
			}
			a.Secrets["password"] = "other"
			if _, err := dialFTPS(t, a); err == nil {
				t.Error("a wrong password was let in")
			}
		})
	}
}

func TestFTPSRefusesPlainLogin(t *testing.T) {
	t.Parallel()
	s, err := servers.ServeFTPS(servers.FTPSOptions{Dir: t.TempDir(), User: "u", Password: "p", CAFile: filepath.Join(t.TempDir(), "ca.pem")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := ftp.Dial(s.Addr(), ftp.DialWithTimeout(5*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Quit()
	if err := c.Login("u", "p"); err == nil {
		t.Error("let in without TLS")
	}
}

// pathsUnder lists the files in a folder on disk, by their path below it.
func pathsUnder(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
