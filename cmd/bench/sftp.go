package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/sftp"
)

// sftp: a download through Waybill's connector beside OpenSSH's own client, from the same server, in turn.
func (b *bench) sftp(ctx context.Context) error {
	client, err := exec.LookPath("sftp")
	if err != nil {
		return fmt.Errorf("OpenSSH's sftp is not installed, so there is nothing to compare with: %w", err)
	}
	served := filepath.Join(b.dir, "sftp")
	if err := os.MkdirAll(served, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(served)
	if err := writeDespatches(filepath.Join(served, "file.csv"), b.rows); err != nil {
		return err
	}
	server, err := b.startSSH(ctx, served)
	if err != nil {
		return err
	}
	defer server.stop()
	if server.keyFile == "" {
		return fmt.Errorf("OpenSSH's server is not installed, and its client takes no password here")
	}
	var ours, theirs []time.Duration
	for range b.rounds {
		wall, err := b.download(ctx, server)
		if err != nil {
			return err
		}
		ours = append(ours, wall)
		s, err := b.command(ctx, client, "-q", "-i", server.keyFile, "-P", fmt.Sprint(server.port), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
			fmt.Sprintf("%s@127.0.0.1:%s/file.csv", server.user, served), filepath.Join(b.dir, "theirs.csv"))
		if err != nil {
			return err
		}
		theirs = append(theirs, s.wall)
	}
	if err := sameBytes(filepath.Join(b.dir, "ours.csv"), filepath.Join(b.dir, "theirs.csv")); err != nil {
		return err
	}
	ratio := median(theirs).Seconds() / median(ours).Seconds()
	b.results = append(b.results, result{
		"SFTP download", seconds(median(ours)), "OpenSSH's client: " + seconds(median(theirs)), fmt.Sprintf("%.2f of its speed", ratio), "at least 1.0", ratio >= 1,
	})
	return nil
}

// download fetches the file through the connector into a local file, as OpenSSH's client does.
func (b *bench) download(ctx context.Context, server *sshServer) (time.Duration, error) {
	key, err := os.ReadFile(server.keyFile)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	conn, err := sftp.New(sftp.Config{Host: server.host, Port: server.port, User: server.user, Key: waybill.Secret(key), HostKey: server.fingerprint, Root: server.root}, time.Now)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	items, err := conn.List(ctx, waybill.Request{Feed: "bench", Match: []string{"*.csv"}})
	if err != nil || len(items) != 1 {
		return 0, fmt.Errorf("list: %d items, %w", len(items), err)
	}
	body, err := conn.Open(ctx, items[0])
	if err != nil {
		return 0, err
	}
	defer body.Close()
	out, err := os.Create(filepath.Join(b.dir, "ours.csv"))
	if err != nil {
		return 0, err
	}
	defer out.Close()
	if _, err := io.Copy(out, body); err != nil {
		return 0, err
	}
	return time.Since(start), out.Close()
}

func sameBytes(a, b string) error {
	var sums [2]string
	for i, path := range []string{a, b} {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		sums[i] = fmt.Sprintf("%x", h.Sum(nil))
	}
	if sums[0] != sums[1] {
		return fmt.Errorf("%s and %s differ", a, b)
	}
	return nil
}
