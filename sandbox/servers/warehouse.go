package servers

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Warehouse is a warehouse's file server to be.
type Warehouse struct {
	Source  string // also the name of its folder
	Within  string // the folder that is there from the start
	Marked  bool
	FilesAt func(at time.Time) ([]File, error)
}

// SFTP serves a warehouse's folder over SFTP, for a password or a key.
func (s Stage) SFTP(p *Partner, w Warehouse) error {
	root, err := s.folder(p, w)
	if err != nil {
		return err
	}
	keyFile := filepath.Join(s.Dir, w.Source+"_ed25519")
	key, err := NewUserKey(keyFile)
	if err != nil {
		return err
	}
	user, password := "waybill", NewSecret()
	srv, err := ServeSFTP(SFTPOptions{Dir: root, User: user, Password: password, Key: key, Faults: s.Faults, Logf: s.Logf})
	if err != nil {
		return err
	}
	p.AtClose(srv.Close)
	settings := HostPort(srv.Addr())
	settings["user"], settings["host_key"] = user, srv.Fingerprint()
	p.Connections = append(p.Connections, Connection{
		Source: w.Source, Kind: "sftp", Settings: settings, Secrets: map[string]string{"password": password},
		Other: map[string]string{"addr": srv.Addr(), "user": user, "key_file": keyFile, "known_hosts": srv.KnownHosts()},
	})
	return nil
}

// FTPS serves a warehouse's folder over FTP with TLS.
func (s Stage) FTPS(p *Partner, w Warehouse) error {
	root, err := s.folder(p, w)
	if err != nil {
		return err
	}
	ca, err := filepath.Abs(filepath.Join(s.Dir, w.Source+"_ca.pem"))
	if err != nil {
		return err
	}
	user, password := "waybill", NewSecret()
	srv, err := ServeFTPS(FTPSOptions{Dir: root, User: user, Password: password, Mode: s.TLS, CAFile: ca, Faults: s.Faults, Logf: s.Logf})
	if err != nil {
		return err
	}
	p.AtClose(srv.Close)
	settings := HostPort(srv.Addr())
	settings["user"], settings["tls"] = user, map[string]any{"mode": string(s.TLS), "ca_file": ca}
	p.Connections = append(p.Connections, Connection{
		Source: w.Source, Kind: "ftp", Settings: settings, Secrets: map[string]string{"password": password},
		Other: map[string]string{"addr": srv.Addr(), "user": user, "ca_file": ca, "mode": string(s.TLS)},
	})
	return nil
}

func (s Stage) folder(p *Partner, w Warehouse) (string, error) {
	root := filepath.Join(s.Dir, w.Source)
	if err := os.MkdirAll(filepath.Join(root, w.Within), 0o750); err != nil {
		return "", fmt.Errorf("make folder of %s: %w", w.Source, err)
	}
	p.Folders = append(p.Folders, Folder{Name: w.Source, Root: root, Marked: w.Marked, FilesAt: w.FilesAt})
	return root, nil
}
