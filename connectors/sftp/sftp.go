// Package sftp offers the files of a partner's SFTP server. The server has to prove itself by a host key that
// somebody trusted, sessions and open files are bounded, and downloads keep many requests in flight. It only
// reads, and knows nothing of readiness or of what is in the files.
package sftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/pkg/sftp"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/bound"
	"github.com/fourmarketing/waybill/connectors/internal/listing"
	"github.com/fourmarketing/waybill/connectors/internal/transfer"
)

// parallelReads is how many directories are read at a time: each costs at least four round trips.
const parallelReads = 4

// Connector reaches one account on one server.
type Connector struct {
	config Config
	pool   *pool
	dialer *dialer
}

// New makes a connector; it dials when it is first used. It asks no clock.
func New(c Config, _ func() time.Time) (*Connector, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	d, err := newDialer(c)
	if err != nil {
		return nil, err
	}
	return &Connector{config: c, dialer: d, pool: newPool(c, d.dial)}, nil
}

// List returns the files that the request's globs name, with the server's times, which SFTP gives to the second.
// Symbolic links to files count as files; a link to a directory is read only when a glob spells it out.
func (c *Connector) List(ctx context.Context, r waybill.Request) ([]waybill.Item, error) {
	items, err := listing.Walk(ctx, r, c.readDir, parallelReads, c.config.Limits)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", c.config.address(), err)
	}
	return items, nil
}

// Open returns the bytes of one file. It fails with ErrTemporary when the file is no longer as it was listed,
// and takes a cut download up again as long as the file is the same. Each open file holds one of the
// connection's handles, so a caller that keeps as many open as there are waits for itself.
func (c *Connector) Open(ctx context.Context, it waybill.Item) (io.ReadCloser, error) {
	if !fs.ValidPath(it.Name) {
		return nil, fmt.Errorf("open %q: %w: not a path below the root", it.Name, waybill.ErrNotFound)
	}
	if it.ModifiedAt.IsZero() || it.Size < 0 {
		now, err := c.stat(ctx, it.Name)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", it.Name, err)
		}
		it = now
	}
	return transfer.Start(ctx, transfer.Plan{
		Name: it.Name, Size: it.Size,
		Resumes: c.config.Resumes, Pause: resumePause, Silence: c.config.Timeouts.Silence,
		Open: func(ctx context.Context, offset int64) (io.ReadCloser, error) { return c.openAt(ctx, it, offset) },
	})
}

// Close ends all sessions; downloads still under way fail.
func (c *Connector) Close() error { return c.pool.close() }

// Check says whether the server can be reached, is the one that was trusted, takes the credential, and lets
// the root be read.
func (c *Connector) Check(ctx context.Context) []waybill.Finding {
	subject := "sftp " + c.config.address() + ": "
	key, err := c.HostKey(ctx)
	if err != nil {
		return []waybill.Finding{{Subject: subject + "reachable", Detail: err.Error(), Remedy: "check host and port, and whether the partner's firewall lets this machine in"}}
	}
	if err := c.dialer.trust.Trusted(key); err != nil {
		return []waybill.Finding{{Subject: subject + "host key", Detail: err.Error(), Remedy: trustRemedy}}
	}
	findings := []waybill.Finding{{Subject: subject + "host key", OK: true, Detail: key.Type + " " + key.SHA256}}
	credential := waybill.Finding{Subject: subject + "credential of " + c.config.User}
	lease, err := c.pool.acquire(ctx)
	if err != nil {
		credential.Detail, credential.Remedy = err.Error(), "ask the partner whether the account is open, and check user, password or key"
		return append(findings, credential)
	}
	lease.release()
	credential.OK, credential.Detail = true, "accepted"
	folder := waybill.Finding{Subject: subject + "folder " + c.remote(".")}
	entries, err := c.readDir(ctx, ".")
	if err != nil {
		folder.Detail, folder.Remedy = err.Error(), "correct root, or ask the partner to let the account read it"
	} else {
		folder.OK, folder.Detail = true, fmt.Sprintf("%d entries", len(entries))
	}
	return append(findings, credential, folder)
}

// HostKey dials the server and returns the key it shows, without logging in.
func (c *Connector) HostKey(ctx context.Context) (waybill.HostKey, error) {
	return c.dialer.hostKey(ctx)
}

func (c *Connector) readDir(ctx context.Context, dir string) ([]listing.Entry, error) {
	infos, err := ask(ctx, c.pool, func(s *session) ([]fs.FileInfo, error) { return c.readAll(ctx, s, dir) })
	if err != nil {
		return nil, fmt.Errorf("folder %s: %w", c.remote(dir), translate(err))
	}
	entries := make([]listing.Entry, 0, len(infos))
	for _, info := range infos {
		if info.Mode().IsRegular() || info.IsDir() {
			entries = append(entries, listing.Entry{Name: info.Name(), Dir: info.IsDir(), Size: info.Size(), ModifiedAt: modified(info)})
		}
	}
	return entries, nil
}

// readAll reads a directory and follows its links to files; links to directories and to nowhere are left out.
func (c *Connector) readAll(ctx context.Context, s *session, dir string) ([]fs.FileInfo, error) {
	client := s.sftp
	done := s.met.list(func() { bound.Progress(ctx) })
	all, err := client.ReadDirContext(ctx, c.remote(dir))
	done()
	if err != nil {
		return nil, err
	}
	infos := all[:0]
	for _, info := range all {
		if info.Mode()&fs.ModeSymlink == 0 {
			infos = append(infos, info)
			continue
		}
		target, err := client.Stat(c.remote(path.Join(dir, info.Name())))
		bound.Progress(ctx)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("link %s: %w", info.Name(), err)
		case target.Mode().IsRegular():
			infos = append(infos, target)
		}
	}
	return infos, nil
}

// stat asks for a file that was not listed.
func (c *Connector) stat(ctx context.Context, name string) (waybill.Item, error) {
	info, err := ask(ctx, c.pool, func(s *session) (fs.FileInfo, error) { return s.sftp.Stat(c.remote(name)) })
	if err != nil {
		return waybill.Item{}, translate(err)
	}
	if !info.Mode().IsRegular() {
		return waybill.Item{}, fmt.Errorf("%w: not a regular file", waybill.ErrNotFound)
	}
	return waybill.Item{Name: name, Size: info.Size(), ModifiedAt: modified(info)}, nil
}

// openAt opens a file on one of the sessions and begins to read at an offset.
func (c *Connector) openAt(ctx context.Context, it waybill.Item, offset int64) (io.ReadCloser, error) {
	lease, err := c.pool.acquire(ctx)
	if err != nil {
		return nil, err
	}
	f, err := await(ctx, lease.session, func() (*sftp.File, error) {
		f, err := lease.session.sftp.Open(c.remote(it.Name))
		if err != nil {
			lease.release()
		}
		return f, err
	}, func(f *sftp.File) {
		_ = f.Close()
		lease.release()
	})
	if errors.Is(err, fs.ErrPermission) { // the session stands, so it is about this file
		return nil, fmt.Errorf("%w: %w", waybill.ErrUnreadable, translate(err))
	}
	if err != nil {
		return nil, translate(err)
	}
	w := &window{ctx: ctx, file: f, pace: paceOf(lease.session.sftp), lease: lease, item: it, silence: c.config.Timeouts.Silence}
	if err := w.same(); err != nil {
		w.giveBack()
		return nil, err
	}
	w.start(offset)
	return w, nil
}

// remote is the server's path for a name relative to the root.
func (c *Connector) remote(name string) string { return path.Join(c.config.Root, name) }

func modified(info fs.FileInfo) time.Time {
	if t := info.ModTime(); t.Unix() != 0 {
		return t.UTC()
	}
	return time.Time{}
}

// translate gives the protocol's errors the meaning that callers act on.
func translate(err error) error {
	var status *sftp.StatusError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", waybill.ErrNotFound, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w; ask the partner to let the account read it", waybill.ErrAuth, err)
	case errors.Is(err, waybill.ErrLimit):
		return err
	case errors.Is(err, sftp.ErrSSHFxConnectionLost), transfer.Cut(err),
		errors.As(err, &status) && status.FxCode() == sftp.ErrSSHFxFailure:
		return fmt.Errorf("%w: %w", waybill.ErrTemporary, err)
	}
	return err
}

// ask runs a call on one of the sessions; the handle that it may hold is given back when it has returned.
func ask[T any](ctx context.Context, p *pool, call func(*session) (T, error)) (T, error) {
	lease, err := p.acquire(ctx)
	if err != nil {
		var none T
		return none, err
	}
	return await(ctx, lease.session, func() (T, error) {
		defer lease.release()
		return call(lease.session)
	}, nil)
}

// await runs a call of the SFTP client, which knows no context, and stops waiting for it when ctx ends; what
// the call returns later is discarded. A session that was silent, or whose SFTP has ended, is of no more use.
func await[T any](ctx context.Context, s *session, call func() (T, error), discard func(T)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		value, err := call()
		answers <- answer{value, err}
	}()
	select {
	case a := <-answers:
		if errors.Is(a.err, sftp.ErrSSHFxConnectionLost) {
			s.close()
			a.err = s.met.because(a.err)
		}
		return a.value, a.err
	case <-ctx.Done():
		if errors.Is(context.Cause(ctx), waybill.ErrTemporary) {
			s.close()
		}
		go func() {
			if a := <-answers; a.err == nil && discard != nil {
				discard(a.value)
			}
		}()
		var none T
		return none, ctx.Err()
	}
}
