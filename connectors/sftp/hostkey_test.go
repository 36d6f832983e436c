package sftp_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/sftp"
)

// twoKeys is a server with an Ed25519 and an RSA host key, as most have.
func twoKeys(t *testing.T) (s server, second ssh.PublicKey) {
	t.Helper()
	first, _ := newKey(t)
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PasswordCallback: takePassword}
	config.AddHostKey(first)
	config.AddHostKey(other)
	return serveWith(t, config, first), other.PublicKey()
}

func TestHostKey(t *testing.T) {
	t.Parallel()
	s, second := twoKeys(t)
	stranger, _ := newKey(t)
	firstPrint, secondPrint, strangePrint := ssh.FingerprintSHA256(s.hostKey), ssh.FingerprintSHA256(second), ssh.FingerprintSHA256(stranger.PublicKey())
	file := filepath.Join(t.TempDir(), "known_hosts")
	at := sftp.Config{Host: s.host, Port: s.port, User: "u", Password: password, Root: s.root}
	host := knownhosts.Normalize(s.address())
	for _, c := range []struct {
		name  string
		file  string // known_hosts, none when empty
		pin   string
		fault []string // what the error says; trusted when empty
	}{
		{"nothing known", "", "", []string{"unknown", "SHA256:", "waybill doctor --trust"}},
		{"known_hosts", knownhosts.Line([]string{host}, s.hostKey), "", nil},
		{"known_hosts has the RSA key only", knownhosts.Line([]string{host}, second), "", nil},
		{"known_hosts, hashed", knownhosts.Line([]string{knownhosts.HashHostname(host)}, s.hostKey), "", nil},
		{"known_hosts has another host", knownhosts.Line([]string{"sftp.example.com"}, s.hostKey), "", []string{"unknown", firstPrint[:7]}},
		{"known_hosts has another key", knownhosts.Line([]string{host}, stranger.PublicKey()), "", []string{"differs", firstPrint, strangePrint, "known_hosts:1", "waybill doctor --trust"}},
		{"revoked", "@revoked * " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.hostKey))) + "\n@revoked * " + string(ssh.MarshalAuthorizedKey(second)), "", []string{"revoked"}},
		{"pin", "", firstPrint, nil},
		{"pin of the RSA key", "", secondPrint, nil},
		{"pin of another key", "", strangePrint, []string{"differs", firstPrint, strangePrint, "host_key"}},
		{"pin right, known_hosts old", knownhosts.Line([]string{host}, stranger.PublicKey()), firstPrint, nil},
		{"known_hosts right, pin old", knownhosts.Line([]string{host}, second), strangePrint, nil},
		{"known_hosts that is none", "what is this", "", []string{"known_hosts"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := at
			config.HostKey = c.pin
			if c.file != "" {
				config.KnownHosts = file
				put(t, file, []byte(c.file+"\n"))
			}
			conn := connect(t, config)
			defer conn.Close()
			_, err := conn.List(t.Context(), waybill.Request{Match: []string{"*"}})
			for _, f := range conn.Check(t.Context()) {
				if !f.OK && (len(c.fault) == 0 || f.Remedy == "") {
					t.Errorf("doctor: %+v", f)
				}
			}
			if len(c.fault) == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || (!errors.Is(err, waybill.ErrAuth) && c.file != "what is this") {
				t.Fatalf("got %v, want ErrAuth", err)
			}
			for _, part := range c.fault {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error does not say %q: %v", part, err)
				}
			}
		})
	}
}

// What HostKey shows is what a person needs to trust the server, and trusting it works.
func TestTrust(t *testing.T) {
	t.Parallel()
	s := serve(t)
	file := filepath.Join(t.TempDir(), "known_hosts")
	config := sftp.Config{Host: s.host, Port: s.port, User: "u", Password: password, Root: s.root, KnownHosts: file}
	conn := connect(t, config)
	defer conn.Close()
	shown, err := conn.HostKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := waybill.HostKey{Host: s.address(), Type: ssh.KeyAlgoED25519, SHA256: ssh.FingerprintSHA256(s.hostKey), Line: shown.Line}
	if shown != want {
		t.Errorf("got %+v, want %+v", shown, want)
	}
	if err := os.WriteFile(file, []byte(shown.Line+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.List(t.Context(), waybill.Request{Match: []string{"*"}}); err != nil {
		t.Errorf("after the line was added: %v", err)
	}
	again, err := conn.HostKey(t.Context())
	if err != nil || again.KnownAs != shown.SHA256 || again.KnownInFile == "" {
		t.Errorf("got %+v, %v", again, err)
	}
}
