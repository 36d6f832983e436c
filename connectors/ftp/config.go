package ftp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/silence"
)

// resumePause is the wait before a cut download is taken up again; it doubles each time.
const resumePause = 200 * time.Millisecond

// The ways to use TLS.
const (
	explicitTLS = "explicit" // AUTH TLS on the plain port (RFC 4217)
	implicitTLS = "implicit" // TLS from the first byte, as a rule on port 990
	withoutTLS  = "none"     // password and files in clear
)

// Config is a connection's block of settings.
type Config struct {
	waybill.Bounds `yaml:",inline"`

	Host     string         `yaml:"host"` // name or address; required
	Port     int            `yaml:"port"` // default 21, with implicit TLS 990
	User     string         `yaml:"user"` // required
	Password waybill.Secret `yaml:"password"`
	Root     string         `yaml:"root"` // directory that names are relative to; default the login directory
	TLS      TLS            `yaml:"tls"`

	MaxSessions int `yaml:"max_sessions"` // connections at a time, each with at most one file; default 2
	Resumes     int `yaml:"resumes"`      // how often a cut download is taken up again; default 5, -1 for never

	// Dial replaces the network, for a way through a proxy.
	Dial func(ctx context.Context, network, address string) (net.Conn, error) `yaml:"-"`
}

// TLS says how the connection is encrypted and by what the server's certificate is trusted: the system's roots,
// unless one of the other ways is set.
type TLS struct {
	Mode               string `yaml:"mode"`                 // explicit, implicit or none; default explicit
	CAFile             string `yaml:"ca_file"`              // PEM file of the authorities to trust instead of the system's
	Pin                string `yaml:"pin"`                  // SHA-256 of the certificate itself in hex, as openssl x509 -fingerprint -sha256 prints it; nothing else is checked then
	ServerName         string `yaml:"server_name"`          // name the certificate has to bear; default host
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify"` // trust any certificate: whoever is in between reads the password; default no
}

// Validate says what is missing.
func (c Config) Validate() error {
	var missing []error
	if c.Host == "" {
		missing = append(missing, errors.New("ftp: host is missing"))
	}
	if c.User == "" {
		missing = append(missing, errors.New("ftp: user is missing"))
	}
	if c.Port < 0 || c.Port > 65535 || c.MaxSessions < 0 {
		missing = append(missing, errors.New("ftp: port and max_sessions cannot be negative, nor a port above 65535"))
	}
	return errors.Join(append(missing, c.TLS.validate())...)
}

func (t TLS) validate() error {
	others := t.CAFile != "" || t.Pin != "" || t.InsecureSkipVerify
	switch t.Mode {
	case "", explicitTLS, implicitTLS:
	case withoutTLS:
		if others {
			return errors.New("ftp: tls.mode none has no certificate to check: remove the other tls settings, or set mode to explicit")
		}
	default:
		return fmt.Errorf("ftp: tls.mode %q is none of explicit, implicit, none", t.Mode)
	}
	if _, err := t.pinned(); err != nil {
		return err
	}
	if t.InsecureSkipVerify && (t.CAFile != "" || t.Pin != "") {
		return errors.New("ftp: tls.insecure_skip_verify would make ca_file and pin meaningless: remove it")
	}
	return nil
}

// pinned is the pin's bytes, or nil without one.
func (t TLS) pinned() ([]byte, error) {
	if t.Pin == "" {
		return nil, nil
	}
	sum, err := hex.DecodeString(strings.ReplaceAll(t.Pin, ":", ""))
	if err != nil || len(sum) != sha256.Size {
		return nil, errors.New("ftp: tls.pin has to be the certificate's SHA-256 in 64 hex digits, as openssl x509 -fingerprint -sha256 prints it")
	}
	return sum, nil
}

func (c Config) withDefaults() Config {
	c.TLS.Mode = or(c.TLS.Mode, explicitTLS)
	if c.TLS.Mode == implicitTLS {
		c.Port = or(c.Port, 990)
	}
	c.Port = or(c.Port, 21)
	c.TLS.ServerName = or(c.TLS.ServerName, c.Host)
	c.MaxSessions = or(c.MaxSessions, 2)
	c.Resumes = or(c.Resumes, 5)
	c.Bounds = c.Or(waybill.DefaultBounds())
	c.Dial = silence.Bound(c.Dial, "the FTP server", c.Timeouts)
	return c
}

func (c Config) address() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
