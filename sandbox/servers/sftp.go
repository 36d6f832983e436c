package servers

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// SFTPOptions describes an SFTP server over one folder.
type SFTPOptions struct {
	Dir            string // shown as /; read only
	User, Password string
	Key            ssh.PublicKey // also let in; may be nil
	Faults         *Faults       // may be nil
	Logf           func(string, ...any)
}

// SFTPServer is an SFTP server on 127.0.0.1 with a host key made at start.
type SFTPServer struct {
	options  SFTPOptions
	root     *os.Root
	listener net.Listener
	hostKey  ssh.Signer
	wait     sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool // nil once closed
}

// ServeSFTP starts an SFTP server; Close stops it.
func ServeSFTP(o SFTPOptions) (*SFTPServer, error) {
	if o.Faults == nil {
		o.Faults = &Faults{}
	}
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	key, err := newHostKey()
	if err != nil {
		return nil, fmt.Errorf("serve sftp: %w", err)
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("serve sftp: %w", err)
	}
	l, err := listen()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("serve sftp: %w", err), root.Close())
	}
	s := &SFTPServer{options: o, root: root, listener: l, hostKey: key, conns: map[net.Conn]bool{}}
	s.wait.Go(s.accept)
	return s, nil
}

// Addr is the host and port.
func (s *SFTPServer) Addr() string { return s.listener.Addr().String() }

// Fingerprint is the real host key's, as OpenSSH prints it: SHA256:…
func (s *SFTPServer) Fingerprint() string { return ssh.FingerprintSHA256(s.hostKey.PublicKey()) }

// KnownHosts is a known_hosts line for the real host key.
func (s *SFTPServer) KnownHosts() string {
	return knownhosts.Line([]string{s.Addr()}, s.hostKey.PublicKey())
}

// Close breaks every connection and waits for their handlers.
func (s *SFTPServer) Close() error {
	err := s.listener.Close()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close() // it may have ended by itself meanwhile
	}
	s.conns = nil
	s.mu.Unlock()
	s.wait.Wait()
	return errors.Join(err, s.root.Close())
}

func (s *SFTPServer) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return // closed
		}
		s.mu.Lock()
		if s.conns == nil {
			s.mu.Unlock()
			_ = c.Close()
			return
		}
		s.conns[c] = true
		s.mu.Unlock()
		s.wait.Go(func() {
			s.serve(c)
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		})
	}
}

// config is made for each connection, because the host key shown may change.
func (s *SFTPServer) config() *ssh.ServerConfig {
	refused := errors.New("permission denied")
	c := &ssh.ServerConfig{
		PasswordCallback: func(m ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if !Same(m.User(), s.options.User) || !Same(string(password), s.options.Password) {
				return nil, refused
			}
			return nil, nil
		},
		PublicKeyCallback: func(m ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			known := s.options.Key
			if known == nil || !Same(m.User(), s.options.User) || !bytes.Equal(key.Marshal(), known.Marshal()) {
				return nil, refused
			}
			return nil, nil
		},
	}
	c.AddHostKey(s.options.Faults.hostKeyOr(s.hostKey))
	return c
}

func (s *SFTPServer) serve(c net.Conn) {
	defer c.Close()
	conn, channels, requests, err := ssh.NewServerConn(c, s.config())
	if err != nil {
		s.options.Logf("sftp: %s was not let in: %v", c.RemoteAddr(), err)
		return
	}
	defer conn.Close()
	s.wait.Go(func() { ssh.DiscardRequests(requests) })
	for offered := range channels {
		if offered.ChannelType() != "session" {
			if err := offered.Reject(ssh.UnknownChannelType, "only sessions"); err != nil {
				return
			}
			continue
		}
		channel, asked, err := offered.Accept()
		if err != nil {
			return
		}
		s.wait.Go(func() { s.session(conn, channel, asked) })
	}
}

func (s *SFTPServer) session(conn ssh.Conn, channel ssh.Channel, asked <-chan *ssh.Request) {
	defer channel.Close()
	for r := range asked {
		isSFTP := r.Type == "subsystem" && len(r.Payload) > 4 && string(r.Payload[4:]) == "sftp"
		if r.WantReply {
			if err := r.Reply(isSFTP, nil); err != nil {
				return
			}
		}
		if !isSFTP {
			continue
		}
		s.wait.Go(func() { ssh.DiscardRequests(asked) })
		h := &sftpFolder{root: s.root, faults: s.options.Faults, cut: conn.Close}
		server := sftp.NewRequestServer(channel, sftp.Handlers{FileGet: h, FilePut: h, FileCmd: h, FileList: h})
		if err := server.Serve(); err != nil && !errors.Is(err, io.EOF) {
			s.options.Logf("sftp: session ended: %v", err)
		}
		_ = server.Close() // the client may have closed the channel first
		return
	}
}

// sftpFolder shows a folder to one connection, read only.
type sftpFolder struct {
	root   *os.Root
	faults *Faults
	cut    func() error
}

func inside(path string) string {
	if rel := strings.Trim(path, "/"); rel != "" {
		return rel
	}
	return "."
}

// Fileread opens a file for download.
func (f *sftpFolder) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	file, err := f.root.Open(inside(r.Filepath))
	if err != nil {
		return nil, err
	}
	out := &sftpFile{File: file, delay: f.faults.delay(), cut: f.cut}
	if t, ok := f.faults.takeTransfer("sftp", r.Filepath); ok {
		out.fault = &t
	}
	return out, nil
}

// Filewrite refuses uploads.
func (f *sftpFolder) Filewrite(*sftp.Request) (io.WriterAt, error) {
	return nil, sftp.ErrSSHFxPermissionDenied
}

// Filecmd refuses changes.
func (f *sftpFolder) Filecmd(*sftp.Request) error { return sftp.ErrSSHFxPermissionDenied }

// Filelist lists a folder or describes a file.
func (f *sftpFolder) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	switch r.Method {
	case "List":
		time.Sleep(f.faults.delay())
		dir, err := f.root.Open(inside(r.Filepath))
		if err != nil {
			return nil, err
		}
		defer dir.Close()
		infos, err := dir.Readdir(-1)
		if err != nil {
			return nil, err
		}
		return listing(infos), nil
	case "Stat":
		info, err := f.root.Stat(inside(r.Filepath))
		if err != nil {
			return nil, err
		}
		return listing{info}, nil
	}
	return nil, sftp.ErrSSHFxOpUnsupported
}

type listing []fs.FileInfo

// ListAt copies entries from an offset.
func (l listing) ListAt(to []os.FileInfo, offset int64) (int, error) {
	if offset >= int64(len(l)) {
		return 0, io.EOF
	}
	n := copy(to, l[offset:])
	if n < len(to) {
		return n, io.EOF
	}
	return n, nil
}

// sftpFile is a file being downloaded, with what is to go wrong about it. The client may read blocks in any order: the
// first one beyond the limit brings the break.
type sftpFile struct {
	*os.File
	delay time.Duration
	fault *transferFault
	cut   func() error
}

// ReadAt reads a block.
func (f *sftpFile) ReadAt(b []byte, offset int64) (int, error) {
	time.Sleep(f.delay)
	if f.fault == nil {
		return f.File.ReadAt(b, offset)
	}
	left := f.fault.after - offset
	if left > 0 {
		return f.File.ReadAt(b[:min(int64(len(b)), left)], offset)
	}
	if f.fault.silent {
		return 0, io.EOF
	}
	return 0, errors.Join(io.ErrUnexpectedEOF, f.cut())
}
