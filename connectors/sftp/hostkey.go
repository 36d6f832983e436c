package sftp

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/transfer"
)

const (
	trustRemedy = "compare the fingerprint with the partner's by another way than this network, then run: waybill doctor --trust <source>"
	// pinnedIn stands in HostKey.KnownInFile for a key that the settings pin.
	pinnedIn = "setting host_key"
)

// errSeen ends a handshake that was only made to see the key.
var errSeen = errors.New("host key seen")

// trust decides whether a host key is the one that somebody accepted.
type trust struct {
	address string // host:port as dialled
	pin     string // fingerprint, or empty
	file    string // known_hosts, or empty; it need not exist
}

// check refuses a key that neither the pin nor the known_hosts file accepts. It is an ssh.HostKeyCallback.
func (t trust) check(_ string, remote net.Addr, key ssh.PublicKey) error {
	print := ssh.FingerprintSHA256(key)
	want, err := t.ask(remote, key)
	var revoked *knownhosts.RevokedError
	switch {
	case errors.As(err, &revoked):
		return fmt.Errorf("%w: host key of %s, %s %s, is revoked in %s:%d", waybill.ErrAuth, t.address, key.Type(), print, revoked.Revoked.Filename, revoked.Revoked.Line)
	case err != nil:
		return err
	}
	showed := waybill.HostKey{Host: t.address, Type: key.Type(), SHA256: print}
	showed.KnownAs, showed.KnownInFile = t.known(key, want)
	return t.Trusted(showed)
}

// Trusted says whether a key that the server showed is the known one, and if not what to do.
func (t trust) Trusted(k waybill.HostKey) error {
	switch k.KnownAs {
	case k.SHA256:
		return nil
	case "":
		return fmt.Errorf("%w: host key of %s is unknown: it showed %s %s; %s", waybill.ErrAuth, k.Host, k.Type, k.SHA256, trustRemedy)
	}
	return fmt.Errorf("%w: host key of %s differs: it showed %s %s, trusted is %s (%s); if the partner changed it, %s",
		waybill.ErrAuth, k.Host, k.Type, k.SHA256, k.KnownAs, k.KnownInFile, trustRemedy)
}

// known picks the fingerprint to hold against a key: the key's own where it is trusted, else the pin, else the
// line of the file that is of the same type.
func (t trust) known(key ssh.PublicKey, want []knownhosts.KnownKey) (print, where string) {
	slices.SortStableFunc(want, func(a, b knownhosts.KnownKey) int { return rank(a, key) - rank(b, key) })
	own := ssh.FingerprintSHA256(key)
	if len(want) > 0 {
		print, where = ssh.FingerprintSHA256(want[0].Key), fmt.Sprintf("%s:%d", want[0].Filename, want[0].Line)
	}
	if t.pin != "" && print != own {
		return t.pin, pinnedIn
	}
	return print, where
}

func rank(k knownhosts.KnownKey, key ssh.PublicKey) int {
	switch {
	case string(k.Key.Marshal()) == string(key.Marshal()):
		return 0
	case k.Key.Type() == key.Type():
		return 1
	}
	return 2
}

// ask returns the keys that the known_hosts file has for the host; only the key itself when it is among them.
func (t trust) ask(remote net.Addr, key ssh.PublicKey) ([]knownhosts.KnownKey, error) {
	if t.file == "" {
		return nil, nil
	}
	known, err := knownhosts.New(t.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read known_hosts: %w", err)
	}
	err = known(t.address, remote, key)
	var differs *knownhosts.KeyError
	switch {
	case err == nil:
		return []knownhosts.KnownKey{{Key: key, Filename: t.file}}, nil
	case errors.As(err, &differs):
		return differs.Want, nil
	}
	return nil, err
}

// offers are the lists of host key algorithms to dial with, one after the other until the key is trusted. A
// server has keys of several types: it shows the one whose type is asked for first, which should be the one
// that somebody trusted. A pin does not tell its type, so each is tried.
func (t trust) offers(all []string) [][]string {
	nobody, err := ssh.NewPublicKey(ed25519.PublicKey(make([]byte, ed25519.PublicKeySize)))
	if err != nil {
		return [][]string{all}
	}
	want, _ := t.ask(&net.TCPAddr{}, nobody) // an unreadable file is reported when the real key is checked
	if len(want) == 0 && t.pin == "" {
		return [][]string{all}
	}
	var offers [][]string
	for _, k := range want {
		offers = append(offers, algorithms(all, k.Key.Type()))
	}
	if t.pin != "" {
		for _, kind := range []string{ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSA} {
			offers = append(offers, algorithms(all, kind))
		}
	}
	offers = slices.CompactFunc(offers, slices.Equal[[]string])
	return append(offers, all)
}

// algorithms are the ones of all with which a key of the type can sign.
func algorithms(all []string, keyType string) []string {
	var fit []string
	for _, a := range all {
		if a == keyType || keyType == ssh.KeyAlgoRSA && (a == ssh.KeyAlgoRSASHA256 || a == ssh.KeyAlgoRSASHA512) {
			fit = append(fit, a)
		}
	}
	return fit
}

// hostKey dials and breaks off once the server has shown its key.
func (d *dialer) hostKey(ctx context.Context) (waybill.HostKey, error) {
	var best waybill.HostKey
	var failed error
	for _, offer := range d.trust.offers(d.algorithms.HostKeys) {
		if len(offer) == 0 {
			continue
		}
		key, err := d.showKey(ctx, offer)
		var none *ssh.AlgorithmNegotiationError
		switch {
		case errors.As(err, &none):
			failed = err
			continue
		case err != nil:
			return waybill.HostKey{}, err
		case key.KnownAs == key.SHA256 || best.Host == "":
			best = key
		}
		if best.KnownAs == best.SHA256 {
			break
		}
	}
	if best.Host == "" {
		return best, failed
	}
	return best, nil
}

// showKey dials with one list of host key algorithms.
func (d *dialer) showKey(ctx context.Context, offer []string) (waybill.HostKey, error) {
	var seen waybill.HostKey
	var broken error
	config := d.clientConfig(offer)
	config.Auth = nil
	config.HostKeyCallback = func(_ string, remote net.Addr, key ssh.PublicKey) error {
		seen = waybill.HostKey{
			Host: d.trust.address, Type: key.Type(), SHA256: ssh.FingerprintSHA256(key),
			Line: knownhosts.Line([]string{knownhosts.Normalize(d.trust.address)}, key),
		}
		var want []knownhosts.KnownKey
		if want, broken = d.trust.ask(remote, key); broken == nil {
			seen.KnownAs, seen.KnownInFile = d.trust.known(key, want)
		}
		return errSeen
	}
	_, err := d.handshake(ctx, config)
	switch {
	case broken != nil:
		return waybill.HostKey{}, broken
	case errors.Is(err, errSeen) || seen.Host != "":
		return seen, nil
	case ctx.Err() == nil && transfer.Cut(err):
		err = fmt.Errorf("%w: %w", waybill.ErrTemporary, err)
	}
	return waybill.HostKey{}, fmt.Errorf("dial %s: %w", d.trust.address, err)
}
