package ftp

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/fourmarketing/waybill"
)

// tlsConfig is nil without TLS. Its session cache is shared by the control and the data connections: servers
// such as vsftpd, in its default, take only data connections that resume the control connection's session.
func tlsConfig(c Config) (*tls.Config, error) {
	if c.TLS.Mode == withoutTLS {
		return nil, nil
	}
	config := &tls.Config{ServerName: c.TLS.ServerName, ClientSessionCache: &tickets{ClientSessionCache: tls.NewLRUClientSessionCache(0)}, InsecureSkipVerify: c.TLS.InsecureSkipVerify}
	if c.TLS.CAFile != "" {
		text, err := os.ReadFile(c.TLS.CAFile)
		if err != nil {
			return nil, fmt.Errorf("ftp: read tls.ca_file: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("ftp: tls.ca_file %s holds no certificate in PEM", c.TLS.CAFile)
		}
	}
	pin, err := c.TLS.pinned()
	if err != nil {
		return nil, err
	}
	if pin != nil {
		config.InsecureSkipVerify = true // the pin is checked instead, on resumed sessions too
		config.VerifyConnection = func(state tls.ConnectionState) error { return checkPin(pin, state) }
	}
	return config, nil
}

func checkPin(pin []byte, state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return fmt.Errorf("%w: the server showed no certificate", waybill.ErrAuth)
	}
	shown := sha256.Sum256(state.PeerCertificates[0].Raw)
	if !bytes.Equal(shown[:], pin) {
		return fmt.Errorf("%w: the server's certificate differs: it showed %s, pinned is %s; if the partner changed it, compare by another way than this network and set tls.pin",
			waybill.ErrAuth, fingerprint(shown[:]), fingerprint(pin))
	}
	return nil
}

// distrusted turns a refused certificate into ErrAuth, with the fingerprint that could be pinned.
func distrusted(err error) error {
	var refused *tls.CertificateVerificationError
	if !errors.As(err, &refused) || len(refused.UnverifiedCertificates) == 0 {
		return nil
	}
	shown := sha256.Sum256(refused.UnverifiedCertificates[0].Raw)
	return fmt.Errorf("%w: %w; its SHA-256 is %s: set tls.ca_file, or tls.pin after comparing it with the partner's by another way than this network",
		waybill.ErrAuth, err, fingerprint(shown[:]))
}

// fingerprint prints a hash as openssl does.
func fingerprint(sum []byte) string {
	var text bytes.Buffer
	for i, b := range sum {
		if i > 0 {
			text.WriteByte(':')
		}
		fmt.Fprintf(&text, "%02X", b)
	}
	return text.String()
}
