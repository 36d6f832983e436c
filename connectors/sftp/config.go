package sftp

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
)

// resumePause is the wait before a cut download is taken up again; it doubles each time.
const resumePause = 200 * time.Millisecond

// Config is a connection's block of settings.
type Config struct {
	waybill.Bounds `yaml:",inline"`

	Host       string         `yaml:"host"`       // name or address; required
	Port       int            `yaml:"port"`       // default 22
	User       string         `yaml:"user"`       // required
	Password   waybill.Secret `yaml:"password"`   // one of password, key and agent is required; several are tried in turn
	Key        waybill.Secret `yaml:"key"`        // a private key, as PEM or OpenSSH text
	Passphrase waybill.Secret `yaml:"passphrase"` // of the key
	Agent      string         `yaml:"agent"`      // socket path of an SSH agent
	KnownHosts string         `yaml:"known_hosts"`
	// HostKey pins the server's key by its fingerprint, "SHA256:…" as ssh-keygen -l prints it. A server is
	// trusted when either this or a line of the known_hosts file says so; with neither, none is.
	HostKey string `yaml:"host_key"`
	Root    string `yaml:"root"` // directory that names are relative to; default the login directory

	MaxSessions  int           `yaml:"max_sessions"`   // connections at a time; default 2
	MaxOpenFiles int           `yaml:"max_open_files"` // files and directories open at a time on each of them; default 8
	Resumes      int           `yaml:"resumes"`        // how often a cut download is taken up again; default 5, -1 for never
	KeepAlive    time.Duration `yaml:"keep_alive"`     // between signs of life, each to be answered within the same time; default 15s, negative for none
	// LegacyAlgorithms also offers SHA-1 and CBC, last, for servers that know nothing newer; default no.
	LegacyAlgorithms bool `yaml:"legacy_algorithms"`

	// Dial replaces the network, for a way through a proxy.
	Dial func(ctx context.Context, network, address string) (net.Conn, error) `yaml:"-"`
}

// Validate says what is missing.
func (c Config) Validate() error {
	var missing []error
	if c.Host == "" {
		missing = append(missing, errors.New("sftp: host is missing"))
	}
	if c.User == "" {
		missing = append(missing, errors.New("sftp: user is missing"))
	}
	if c.Password == "" && c.Key == "" && c.Agent == "" {
		missing = append(missing, errors.New("sftp: no credential: set password, key or agent"))
	}
	if c.HostKey != "" && !strings.HasPrefix(c.HostKey, "SHA256:") {
		missing = append(missing, errors.New("sftp: host_key has to be a fingerprint like SHA256:…, as ssh-keygen -lf prints it"))
	}
	if c.Port < 0 || c.Port > 65535 || c.MaxSessions < 0 || c.MaxOpenFiles < 0 {
		missing = append(missing, errors.New("sftp: port, max_sessions and max_open_files cannot be negative, nor a port above 65535"))
	}
	return errors.Join(missing...)
}

func (c Config) withDefaults() Config {
	c.Port = or(c.Port, 22)
	c.Root = or(c.Root, ".")
	c.MaxSessions = or(c.MaxSessions, 2)
	c.MaxOpenFiles = or(c.MaxOpenFiles, 8)
	c.Resumes = or(c.Resumes, 5)
	c.Bounds = c.Or(waybill.DefaultBounds())
	c.KeepAlive = or(c.KeepAlive, 15*time.Second)
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	return c
}

func (c Config) address() string { return net.JoinHostPort(c.Host, strconv.Itoa(or(c.Port, 22))) }

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
