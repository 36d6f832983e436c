package sftp_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fourmarketing/waybill"
)

// openSSH runs OpenSSH's own server on a free port of loopback, for the user that runs the test. It takes the key only.
func openSSH(t testing.TB) server {
	t.Helper()
	program := need(t, "sshd", "openssh-server")
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	host, hostText := newKey(t)
	client, clientText := newKey(t)
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		put(t, path, content)
		return path
	}
	port := freePort(t)
	config := fmt.Sprintf(`Port %d
ListenAddress 127.0.0.1
HostKey %s
AuthorizedKeysFile %s
PidFile %s
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
MaxSessions 10
MaxStartups 100
Subsystem sftp internal-sftp
`, port, write("host_key", []byte(hostText.Reveal())), write("authorized_keys", ssh.MarshalAuthorizedKey(client.PublicKey())), filepath.Join(dir, "pid"))
	start(t, program, "-D", "-e", "-f", write("sshd_config", []byte(config)))
	waitFor(t, port)
	return server{host: "127.0.0.1", port: port, root: t.TempDir(), hostKey: host.PublicKey(), key: clientText}
}

// need finds a server's program. Without it the test is skipped, or fails where servers are required.
func need(t testing.TB, program, pkg string) string {
	t.Helper()
	for _, path := range []string{"/usr/sbin/" + program, "/usr/local/sbin/" + program, "/usr/bin/" + program} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	if os.Getenv("WAYBILL_REQUIRE_SERVERS") == "1" {
		t.Fatalf("%s is not installed and WAYBILL_REQUIRE_SERVERS=1: apt-get install %s", program, pkg)
	}
	t.Skipf("%s is not installed: apt-get install %s", program, pkg)
	return ""
}

// start runs a server until the test ends.
func start(t testing.TB, program string, args ...string) {
	t.Helper()
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil && os.Getuid() == 0 {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, program, args...)
	var said bytes.Buffer
	command.Stderr = &said
	if err := command.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = command.Wait() // killed, so always an error
		if t.Failed() {
			t.Logf("%s said:\n%s", program, said.String())
		}
	})
}

func freePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func waitFor(t testing.TB, port int) {
	t.Helper()
	for range 100 {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = conn.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nothing listens on port %d", port)
}

func currentUser(t testing.TB) string {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return me.Username
}

func pemText(t testing.TB, private ed25519.PrivateKey) waybill.Secret {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return waybill.Secret(pem.EncodeToMemory(block))
}

// BenchmarkOpenSSH downloads 600 MB from OpenSSH's server over loopback, with the connector and with OpenSSH's
// own client. Only the ratio of the two means anything.
func BenchmarkOpenSSH(b *testing.B) {
	s := openSSH(b)
	const size = 600 << 20
	put(b, filepath.Join(s.root, "big.csv"), bytes.Repeat([]byte("2026-11-23,DESP0001,GB,12.50\n"), size/29+1)[:size])
	config := s.config(b)
	b.Run("waybill", func(b *testing.B) {
		c := connect(b, config)
		defer c.Close()
		b.SetBytes(size)
		for b.Loop() {
			r, err := c.Open(b.Context(), waybill.Item{Name: "big.csv"})
			if err != nil {
				b.Fatal(err)
			}
			n, err := io.Copy(io.Discard, struct{ io.Reader }{r})
			if err != nil || n != size {
				b.Fatal(n, err)
			}
			_ = r.Close()
		}
	})
	key := filepath.Join(b.TempDir(), "key")
	put(b, key, []byte(s.key.Reveal()))
	for _, cipher := range []string{"", "aes128-gcm@openssh.com"} {
		b.Run("sftp "+cipher, func(b *testing.B) {
			client := need(b, "sftp", "openssh-client")
			args := []string{"-q", "-i", key, "-P", strconv.Itoa(s.port), "-o", "UserKnownHostsFile=" + config.KnownHosts}
			if cipher != "" {
				args = append(args, "-c", cipher)
			}
			args = append(args, config.User+"@127.0.0.1:"+filepath.Join(s.root, "big.csv"), "/dev/null")
			b.SetBytes(size)
			for b.Loop() {
				if out, err := exec.CommandContext(b.Context(), client, args...).CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, out)
				}
			}
		})
	}
}
