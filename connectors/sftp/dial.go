package sftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/transfer"
)

// dialer makes sessions.
type dialer struct {
	config     Config
	trust      trust
	signer     ssh.Signer // nil without a key
	algorithms ssh.Algorithms
}

func newDialer(c Config) (*dialer, error) {
	d := &dialer{config: c, trust: trust{address: c.address(), pin: c.HostKey, file: c.KnownHosts}, algorithms: offered(c)}
	if c.Key == "" {
		return d, nil
	}
	var err error
	if c.Passphrase == "" {
		d.signer, err = ssh.ParsePrivateKey([]byte(c.Key.Reveal()))
	} else {
		d.signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(c.Key.Reveal()), []byte(c.Passphrase.Reveal()))
	}
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		return nil, fmt.Errorf("sftp: the key is locked: set passphrase: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("sftp: read key (the text of the private key file, not its path): %w", err)
	}
	return d, nil
}

// offered puts the fastest cipher first: with AES in hardware, aes128-gcm carries about a third more than
// chacha20-poly1305, and a partner's server takes the client's order.
func offered(c Config) ssh.Algorithms {
	a := ssh.SupportedAlgorithms()
	if c.LegacyAlgorithms {
		old := ssh.InsecureAlgorithms()
		a.Ciphers = append(a.Ciphers, old.Ciphers...)
		a.MACs = append(a.MACs, old.MACs...)
		a.KeyExchanges = append(a.KeyExchanges, old.KeyExchanges...)
		a.HostKeys = append(a.HostKeys, old.HostKeys...)
	}
	first := []string{ssh.CipherAES128GCM, ssh.CipherAES256GCM}
	a.Ciphers = append(first, slices.DeleteFunc(a.Ciphers, func(s string) bool { return slices.Contains(first, s) })...)
	return a
}

func (d *dialer) clientConfig(hostKeys []string) *ssh.ClientConfig {
	return &ssh.ClientConfig{
		Config: ssh.Config{Ciphers: d.algorithms.Ciphers, MACs: d.algorithms.MACs, KeyExchanges: d.algorithms.KeyExchanges},
		User:   d.config.User, HostKeyAlgorithms: hostKeys, ClientVersion: "SSH-2.0-waybill",
	}
}

// dial connects, checks the host key, logs in and starts SFTP.
func (d *dialer) dial(ctx context.Context) (*session, error) {
	var first error
	for _, offer := range d.trust.offers(d.algorithms.HostKeys) {
		if len(offer) == 0 {
			continue
		}
		s, err := d.login(ctx, offer)
		var none *ssh.AlgorithmNegotiationError
		var refused *hostKeyError
		switch {
		case err == nil:
			return s, nil
		case !errors.As(err, &none) && !errors.As(err, &refused):
			return nil, fmt.Errorf("dial %s: %w", d.trust.address, err)
		case first == nil || errors.As(first, &none):
			first = err
		}
	}
	return nil, fmt.Errorf("dial %s: %w", d.trust.address, first)
}

// hostKeyError says that a server's key was refused; another of its keys may be the trusted one.
type hostKeyError struct{ err error }

func (e *hostKeyError) Error() string { return e.err.Error() }
func (e *hostKeyError) Unwrap() error { return e.err }

// login makes one session with one list of host key algorithms.
func (d *dialer) login(ctx context.Context, offer []string) (*session, error) {
	var refused, reason error
	accepted := false
	ctx, cancel := context.WithCancel(ctx) // its end gives back the agent's socket
	defer cancel()
	config := d.clientConfig(offer)
	config.Auth = d.methods(ctx, &reason)
	config.HostKeyCallback = func(host string, remote net.Addr, key ssh.PublicKey) error {
		refused = d.trust.check(host, remote, key)
		accepted = refused == nil
		return refused
	}
	client, err := d.handshake(ctx, config)
	var none *ssh.AlgorithmNegotiationError
	switch {
	case err == nil:
		return d.subsystem(ctx, client)
	case refused != nil:
		return nil, &hostKeyError{refused}
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case reason != nil:
		return nil, reason
	case transfer.Cut(err):
		return nil, fmt.Errorf("%w: %w", waybill.ErrTemporary, err)
	case errors.As(err, &none):
		return nil, fmt.Errorf("%w; an old server may need legacy_algorithms: true", err)
	case accepted:
		return nil, fmt.Errorf("%w: the server refused the credential of %s: %w; ask the partner whether the account is open, and check password or key", waybill.ErrAuth, d.config.User, err)
	}
	return nil, err
}

// handshake connects within the dial timeout. The SSH library knows no context, so its end closes the socket.
func (d *dialer) handshake(ctx context.Context, config *ssh.ClientConfig) (*ssh.Client, error) {
	limited, cancel := context.WithTimeoutCause(ctx, d.config.Timeouts.Connect,
		fmt.Errorf("%w: no answer within %s (timeouts.connect)", waybill.ErrTemporary, d.config.Timeouts.Connect))
	defer cancel()
	socket, err := d.config.Dial(limited, "tcp", d.trust.address)
	if err != nil {
		return nil, because(limited, err)
	}
	release := context.AfterFunc(limited, func() { _ = socket.Close() })
	conn, channels, replies, err := ssh.NewClientConn(socket, d.trust.address, config)
	if err != nil {
		release()
		return nil, because(limited, err)
	}
	if !release() {
		_ = conn.Close()
		return nil, context.Cause(limited)
	}
	return ssh.NewClient(conn, channels, replies), nil
}

// because puts the cause in place of an error that only came of closing the socket.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// subsystem starts SFTP on a connection that is logged in.
func (d *dialer) subsystem(ctx context.Context, client *ssh.Client) (*session, error) {
	limited, cancel := context.WithTimeoutCause(ctx, d.config.Timeouts.Connect,
		fmt.Errorf("%w: sftp did not start within %s (timeouts.connect)", waybill.ErrTemporary, d.config.Timeouts.Connect))
	defer cancel()
	release := context.AfterFunc(limited, func() { _ = client.Close() })
	defer release()
	met := &meter{most: d.config.Limits.Entries}
	files, err := start(client, met)
	if err == nil {
		return newSession(client, files, met, d.config.KeepAlive), nil
	}
	_, _, gone := client.SendRequest("keepalive@openssh.com", true, nil)
	_ = client.Close()
	if gone != nil && limited.Err() == nil {
		return nil, fmt.Errorf("start sftp: %w: the connection ended: %w", waybill.ErrTemporary, err)
	}
	if met.err != nil {
		return nil, fmt.Errorf("start sftp: %w", met.err)
	}
	if err = because(limited, err); transfer.Cut(err) {
		return nil, fmt.Errorf("start sftp: %w: %w", waybill.ErrTemporary, err)
	}
	return nil, fmt.Errorf("start sftp: %w; ask the partner whether the account may use SFTP", err)
}

// start starts SFTP with a meter between.
func start(client *ssh.Client, met *meter) (*sftp.Client, error) {
	channel, err := client.NewSession()
	if err != nil {
		return nil, err
	}
	in, err := channel.StdinPipe()
	if err != nil {
		return nil, err
	}
	if met.from, err = channel.StdoutPipe(); err != nil {
		return nil, err
	}
	said, err := channel.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := channel.RequestSubsystem("sftp"); err != nil {
		return nil, err
	}
	go func() { _, _ = io.Copy(io.Discard, said) }() // unread it would fill the channel
	return sftp.NewClientPipe(met, in, sftp.MaxPacketUnchecked(openSSHMost), sftp.UseFstat(true))
}

// methods are the ways to log in, the strongest first. What keeps one from being tried at all is put in reason.
func (d *dialer) methods(ctx context.Context, reason *error) []ssh.AuthMethod {
	var methods []ssh.AuthMethod
	if d.signer != nil || d.config.Agent != "" {
		methods = append(methods, ssh.PublicKeysCallback(func() ([]ssh.Signer, error) {
			signers, err := d.signers(ctx)
			if err != nil {
				*reason = err
			}
			return signers, err
		}))
	}
	if d.config.Password == "" {
		return methods
	}
	tried := false
	password := func() (string, error) {
		if tried { // twice the same wrong password could lock the account
			return "", fmt.Errorf("%w: the password was refused already", waybill.ErrAuth)
		}
		tried = true
		return d.config.Password.Reveal(), nil
	}
	return append(methods, ssh.PasswordCallback(password), ssh.KeyboardInteractive(
		func(_, _ string, questions []string, echos []bool) ([]string, error) {
			if len(questions) == 0 {
				return nil, nil
			}
			if len(questions) > 1 || echos[0] {
				return nil, fmt.Errorf("%w: the server asks %q, which only a person can answer", waybill.ErrAuth, questions)
			}
			answer, err := password()
			return []string{answer}, err
		}))
}

// signers are the configured key and the agent's keys. SSH tries each way to log in once, so they go together.
func (d *dialer) signers(ctx context.Context) ([]ssh.Signer, error) {
	var signers []ssh.Signer
	if d.signer != nil {
		signers = append(signers, d.signer)
	}
	if d.config.Agent == "" {
		return signers, nil
	}
	socket, err := (&net.Dialer{}).DialContext(ctx, "unix", d.config.Agent)
	if err != nil {
		return nil, fmt.Errorf("ssh agent: %w: %w", waybill.ErrAuth, err)
	}
	context.AfterFunc(ctx, func() { _ = socket.Close() })
	held, err := agent.NewClient(socket).Signers()
	if err != nil {
		return nil, fmt.Errorf("ssh agent %s: %w: %w", d.config.Agent, waybill.ErrAuth, err)
	}
	return append(signers, held...), nil
}
