package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/fourmarketing/waybill/sandbox/servers"
)

// sshServer is OpenSSH's own server where it is installed, otherwise the sandbox's.
type sshServer struct {
	name        string
	host, root  string
	port        int
	user        string
	keyFile     string
	fingerprint string
	password    string
	stop        func()
}

// connection is the block of a Waybill configuration that reaches it.
func (s *sshServer) connection() string {
	credential := fmt.Sprintf("key: \"${file:%s}\"", s.keyFile)
	if s.password != "" {
		credential = fmt.Sprintf("password: %q", s.password)
	}
	return fmt.Sprintf("{kind: sftp, host: %s, port: %d, user: %s, %s, host_key: %q, root: %q}", s.host, s.port, s.user, credential, s.fingerprint, s.root)
}

func (b *bench) startSSH(ctx context.Context, folder string) (*sshServer, error) {
	sshd, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil {
		return b.startSandboxSSH(folder)
	}
	dir, err := os.MkdirTemp(b.dir, "sshd-*")
	if err != nil {
		return nil, err
	}
	for _, key := range []string{"host", "user"} {
		if _, err := b.command(ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, key)); err != nil {
			return nil, err
		}
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	config := fmt.Sprintf("Port %d\nListenAddress 127.0.0.1\nHostKey %[2]s/host\nAuthorizedKeysFile %[2]s/user.pub\nPidFile none\nStrictModes no\nPermitRootLogin yes\nUsePAM no\nSubsystem sftp internal-sftp\n", port, dir)
	path := filepath.Join(dir, "sshd_config")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return nil, err
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil && !errors.Is(err, os.ErrPermission) {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, sshd, "-D", "-e", "-f", path)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &sshServer{
		name: "OpenSSH SFTP", host: "127.0.0.1", port: port, root: folder, user: os.Getenv("USER"), keyFile: filepath.Join(dir, "user"),
		stop: func() { _ = cmd.Process.Kill(); _ = cmd.Wait() },
	}
	if s.user == "" {
		s.user = "root"
	}
	out, err := exec.CommandContext(ctx, "ssh-keygen", "-lf", filepath.Join(dir, "host.pub")).Output()
	if err != nil {
		s.stop()
		return nil, err
	}
	s.fingerprint = strings.Fields(string(out))[1]
	return s, waitFor(ctx, port)
}

func (b *bench) startSandboxSSH(folder string) (*sshServer, error) {
	server, err := servers.ServeSFTP(servers.SFTPOptions{Dir: folder, User: "bench", Password: "bench"})
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(server.Addr())
	if err != nil {
		return nil, err
	}
	s := &sshServer{name: "in-process SFTP", host: host, user: "bench", password: "bench", fingerprint: server.Fingerprint(), root: ".", stop: func() { _ = server.Close() }}
	_, err = fmt.Sscan(port, &s.port)
	return s, err
}

func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func waitFor(ctx context.Context, port int) error {
	for range 100 {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("sshd does not answer on port %d", port)
}
