package sftp_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/testservers"
)

// openSSH runs OpenSSH's own server on a free port of loopback, for the user that runs the test. It takes the key only.
func openSSH(t testing.TB) server {
	t.Helper()
	program := testservers.Program(t, "sshd", "openssh-server")
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
	port := testservers.FreePort(t)
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
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil && os.Getuid() == 0 { // where sshd, run by root, gives up its privileges
		t.Fatal(err)
	}
	testservers.Start(t, port, program, "-D", "-e", "-f", write("sshd_config", []byte(config)))
	return server{host: "127.0.0.1", port: port, root: t.TempDir(), hostKey: host.PublicKey(), key: clientText}
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

// BenchmarkOpenSSH downloads 600 MiB from OpenSSH's server over loopback, with the connector and with OpenSSH's
// own client, in turn. It reports the best time of each, because only their ratio means anything and only the
// best is free of what else the machine does.
func BenchmarkOpenSSH(b *testing.B) {
	s := openSSH(b)
	const size = 600 << 20
	put(b, filepath.Join(s.root, "big.csv"), bytes.Repeat([]byte("2026-11-23,DESP0001,GB,12.50\n"), size/29+1)[:size])
	config := s.config(b)
	c := connect(b, config)
	defer c.Close()
	key := filepath.Join(b.TempDir(), "key")
	put(b, key, []byte(s.key.Reveal()))
	openssh := func(options ...string) func() {
		args := append([]string{"-q", "-i", key, "-P", strconv.Itoa(s.port), "-o", "UserKnownHostsFile=" + config.KnownHosts}, options...)
		args = append(args, config.User+"@127.0.0.1:"+filepath.Join(s.root, "big.csv"), "/dev/null")
		client := testservers.Program(b, "sftp", "openssh-client")
		return func() {
			if out, err := exec.CommandContext(b.Context(), client, args...).CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, out)
			}
		}
	}
	waybill := func() {
		r, err := c.Open(b.Context(), waybill.Item{Name: "big.csv"})
		if err != nil {
			b.Fatal(err)
		}
		defer r.Close()
		if n, err := io.Copy(io.Discard, struct{ io.Reader }{r}); err != nil || n != size {
			b.Fatal(n, err)
		}
	}
	runners := []struct {
		name string
		run  func()
		best time.Duration
	}{{"s-waybill", waybill, 0}, {"s-openssh", openssh(), 0}, {"s-openssh-aes128-gcm", openssh("-c", "aes128-gcm@openssh.com"), 0}}
	waybill() // brings the file into the server's cache
	for b.Loop() {
		for i := range runners {
			r := &runners[i]
			begun := time.Now()
			r.run()
			if took := time.Since(begun); r.best == 0 || took < r.best {
				r.best = took
			}
		}
	}
	for _, r := range runners {
		b.ReportMetric(r.best.Seconds(), r.name)
	}
}
