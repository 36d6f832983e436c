package ftp_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/fourmarketing/waybill/connectors/ftp"
	"github.com/fourmarketing/waybill/internal/testservers"
)

// TestConformanceVsftpd asks a server without MLSD that, in its default, refuses data connections which do not
// resume the control connection's TLS session.
func TestConformanceVsftpd(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"none", "explicit", "implicit"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			conformance(t, vsftpd(t, mode))
		})
	}
}

// vsftpd runs Debian's vsftpd on a free port of loopback. Its only account is the anonymous one, with a list of
// passwords: others would need entries in the system's PAM.
func vsftpd(t *testing.T, mode string) server {
	t.Helper()
	program := testservers.Program(t, "vsftpd", "vsftpd")
	if os.Getuid() != 0 {
		t.Skip("vsftpd has to be started by root")
	}
	s := server{folder: t.TempDir(), certificate: newCertificate(t)}
	dir, port := t.TempDir(), testservers.FreePort(t)
	put(t, filepath.Join(dir, "passwords"), []byte(password+"\n"))
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o555); err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`listen=YES
listen_address=127.0.0.1
listen_port=%d
background=NO
seccomp_sandbox=NO
secure_chroot_dir=%s
anonymous_enable=YES
local_enable=NO
anon_root=%s
anon_world_readable_only=NO
secure_email_list_enable=YES
email_password_file=%s
allow_writeable_chroot=YES
force_dot_files=YES
xferlog_enable=NO
max_per_ip=0
`, port, empty, s.folder, filepath.Join(dir, "passwords"))
	if mode != "none" {
		config += fmt.Sprintf("ssl_enable=YES\nallow_anon_ssl=YES\nforce_anon_logins_ssl=YES\nforce_anon_data_ssl=YES\nssl_ciphers=HIGH\nrsa_cert_file=%s\nrsa_private_key_file=%s\n",
			s.certificate.file, s.certificate.key)
		s.config.TLS.Pin = s.certificate.sha256
	}
	if mode == "implicit" {
		config += "implicit_ssl=YES\n"
	}
	put(t, filepath.Join(dir, "vsftpd.conf"), []byte(config))
	testservers.Start(t, port, program, filepath.Join(dir, "vsftpd.conf"))
	s.config = ftp.Config{Host: "127.0.0.1", Port: port, User: "anonymous", Password: password, Resumes: 2, TLS: ftp.TLS{Mode: mode, Pin: s.config.TLS.Pin}}
	return s
}
