package sftp_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	sftpserver "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/sftp"
)

const password = "correct horse"

func TestConformance(t *testing.T) {
	t.Parallel()
	conformance(t, serve(t))
}

func TestConformanceOpenSSH(t *testing.T) {
	t.Parallel()
	conformance(t, openSSH(t))
}

func conformance(t *testing.T, s server) {
	t.Helper()
	connectortest.Run(t, connectortest.Fixture{
		Connect: func(t *testing.T, dial connectortest.Dial) waybill.Connector {
			c := s.config(t)
			c.Dial, c.Timeouts.Silence = dial, connectortest.Silence
			return connect(t, c)
		},
		Refused: func(t *testing.T) waybill.Connector {
			c := s.config(t)
			c.Key, c.Password = "", ""
			if s.password {
				c.Password = "wrong"
			} else {
				_, c.Key = newKey(t)
			}
			return connect(t, c)
		},
		Put:    func(t *testing.T, name string, content []byte) { put(t, filepath.Join(s.root, name), content) },
		Forbid: func(t *testing.T, name string) { connectortest.Forbid(t, filepath.Join(s.root, name)) },
	})
}

// server is an SFTP server with a folder, whichever program it is.
type server struct {
	host     string
	port     int
	root     string
	hostKey  ssh.PublicKey
	key      waybill.Secret // that it lets in
	password bool           // whether it takes passwords
	short    *atomic.Bool   // whether it answers reads with less than was asked
}

func (s server) address() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

func (s server) config(t testing.TB) sftp.Config {
	t.Helper()
	known := filepath.Join(t.TempDir(), "known_hosts")
	c := sftp.Config{Host: s.host, Port: s.port, User: currentUser(t), Key: s.key, Root: s.root, KnownHosts: known, Resumes: 2}
	if s.password {
		c.Password = password
	}
	found, err := connect(t, c).HostKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put(t, known, []byte(found.Line+"\n"))
	return c
}

func connect(t testing.TB, c sftp.Config) *sftp.Connector {
	t.Helper()
	made, err := sftp.New(c, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func put(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// newKey makes a key pair: what a server needs of it, and the PEM text.
func newKey(t testing.TB) (ssh.Signer, waybill.Secret) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, pemText(t, private)
}

// serve runs pkg/sftp's server in this process. It takes the password only.
func serve(t *testing.T) server {
	t.Helper()
	host, _ := newKey(t)
	config := &ssh.ServerConfig{PasswordCallback: takePassword}
	config.AddHostKey(host)
	return serveWith(t, config, host)
}

func takePassword(_ ssh.ConnMetadata, given []byte) (*ssh.Permissions, error) {
	if string(given) != password {
		return nil, errors.New("wrong password")
	}
	return nil, nil
}

func serveWith(t *testing.T, config *ssh.ServerConfig, host ssh.Signer) server {
	t.Helper()
	short := new(atomic.Bool)
	s := listen(t, host, func(c net.Conn) { handle(c, config, short) })
	s.short = short
	return s
}

// listen is a server whose connections go to serve.
func listen(t *testing.T, host ssh.Signer, serve func(net.Conn)) server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	address := listener.Addr().(*net.TCPAddr)
	return server{host: "127.0.0.1", port: address.Port, root: t.TempDir(), hostKey: host.PublicKey(), password: true, short: new(atomic.Bool)}
}

// handle serves SFTP on one connection.
func handle(socket net.Conn, config *ssh.ServerConfig, short *atomic.Bool) {
	conn, channels, requests, err := ssh.NewServerConn(socket, config)
	if err != nil {
		return
	}
	defer conn.Close()
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range asked {
				_ = r.Reply(r.Type == "subsystem" && strings.HasSuffix(string(r.Payload), "sftp"), nil)
			}
		}()
		go func() {
			defer channel.Close()
			if short.Load() {
				_ = sftpserver.NewRequestServer(channel, sftpserver.Handlers{FileGet: shortFiles{}, FileList: shortFiles{}}).Serve()
				return
			}
			if files, err := sftpserver.NewServer(channel, sftpserver.ReadOnly()); err == nil {
				_ = files.Serve() // ends with the connection
			}
		}()
	}
}

// shortFiles are the files of this machine, read in short pieces.
type shortFiles struct{}

func (shortFiles) Fileread(r *sftpserver.Request) (io.ReaderAt, error) {
	content, err := os.ReadFile(r.Filepath)
	return shortReader{content}, err
}

func (shortFiles) Filelist(r *sftpserver.Request) (sftpserver.ListerAt, error) {
	info, err := os.Stat(r.Filepath)
	return oneFile{info}, err
}

type oneFile struct{ info os.FileInfo }

func (o oneFile) ListAt(into []os.FileInfo, offset int64) (int, error) {
	if offset > 0 {
		return 0, io.EOF
	}
	into[0] = o.info
	return 1, io.EOF
}

// counting counts the connections that are open.
func counting(network *connectortest.Cutter, open, most *atomic.Int64) connectortest.Dial {
	return func(ctx context.Context, kind, address string) (net.Conn, error) {
		conn, err := network.Dial(ctx, kind, address)
		if err != nil {
			return nil, err
		}
		most.Store(max(most.Load(), open.Add(1)))
		return &counted{Conn: conn, open: open}, nil
	}
}

type counted struct {
	net.Conn
	open *atomic.Int64
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}
