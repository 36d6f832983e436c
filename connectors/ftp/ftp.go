// Package ftp offers the files of a partner's FTP server, over explicit or implicit TLS or, where somebody has
// said so, in clear. The certificate is checked and sessions are bounded. It only reads, and knows nothing of
// readiness or of what is in the files.
//
// A server without MLSD lists times to the minute, or only the day, in a zone that it does not name: they are
// taken as UTC, and doctor says so. Names that a server leaves out of its listing, as a rule those that begin
// with a dot, are not seen.
package ftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/textproto"
	"path"
	"strings"
	"time"

	"github.com/jlaffaye/ftp"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/bound"
	"github.com/fourmarketing/waybill/connectors/internal/listing"
	"github.com/fourmarketing/waybill/connectors/internal/transfer"
)

// Connector reaches one account on one server.
type Connector struct {
	config Config
	pool   *pool
}

// New makes a connector; it dials when it is first used. It asks no clock.
func New(c Config, _ func() time.Time) (*Connector, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	secure, err := tlsConfig(c)
	if err != nil {
		return nil, err
	}
	return &Connector{config: c, pool: newPool(c, func(ctx context.Context) (*session, error) { return dial(ctx, c, secure) })}, nil
}

// List returns the files that the request's globs name. Symbolic links to files count as files where the server
// says what they lead to; a link to a directory is read only when a glob spells it out.
func (c *Connector) List(ctx context.Context, r waybill.Request) ([]waybill.Item, error) {
	items, err := listing.Walk(ctx, r, c.readDir, c.config.MaxSessions, c.config.Limits)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", c.config.address(), err)
	}
	return items, nil
}

// Open returns the bytes of one file. It fails with ErrTemporary when the file has another size than listed, and
// takes a cut download up again as long as the file is the same. Each open file holds one of the connection's
// sessions, so a caller that keeps as many open as there are waits for itself.
func (c *Connector) Open(ctx context.Context, it waybill.Item) (io.ReadCloser, error) {
	if !fs.ValidPath(it.Name) {
		return nil, fmt.Errorf("open %q: %w: not a path below the root", it.Name, waybill.ErrNotFound)
	}
	d := &download{connector: c, name: it.Name}
	if !it.ModifiedAt.IsZero() && it.Size >= 0 {
		// The time of a listing and that of the file may stand for the same moment in different zones.
		d.begun = waybill.Item{Size: it.Size}
	} else if err := c.with(ctx, func(s *session) (err error) { d.begun, err = d.stat(s); return err }); err != nil {
		return nil, fmt.Errorf("open %s: %w", it.Name, err)
	}
	return transfer.Start(ctx, transfer.Plan{
		Name: it.Name, Size: d.begun.Size, Resumes: c.config.Resumes, Pause: resumePause, Open: d.open,
	})
}

// Close ends all sessions; downloads still under way fail.
func (c *Connector) Close() error { return c.pool.close() }

// Check says whether the server can be reached, shows a trusted certificate, takes the credential, and lets the
// root be read.
func (c *Connector) Check(ctx context.Context) []waybill.Finding {
	subject := "ftp " + c.config.address() + ": "
	login := waybill.Finding{Subject: subject + "login of " + c.config.User}
	s, err := c.pool.acquire(ctx)
	if err != nil {
		login.Detail, login.Remedy = err.Error(), "check host, port, tls, user and password, and whether the partner's firewall lets this machine in"
		return []waybill.Finding{login}
	}
	times := waybill.Finding{Subject: subject + "times", OK: true, Detail: "MLSD: to the second, UTC"}
	if !s.conn.IsTimePreciseInList() {
		times.Detail = "the server offers only LIST: times to the minute or day, in a zone it does not name, taken as UTC"
	}
	c.pool.release(s)
	login.OK, login.Detail = true, "tls "+c.config.TLS.Mode
	if c.config.TLS.InsecureSkipVerify {
		login.Detail += ", certificate not checked"
	}
	root := waybill.Finding{Subject: subject + "folder " + path.Join(s.home, c.config.Root)}
	entries, err := c.readDir(ctx, ".")
	if err != nil {
		root.Detail, root.Remedy = err.Error(), "correct root, or ask the partner to let the account read it"
	} else {
		root.OK, root.Detail = true, fmt.Sprintf("%d entries", len(entries))
	}
	return []waybill.Finding{login, times, root}
}

// with runs work on one of the sessions. A session that did not answer as it should is not used again.
func (c *Connector) with(ctx context.Context, work func(*session) error) error {
	s, err := c.pool.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.pool.release(s)
	err = s.do(ctx, func() error { return work(s) })
	var answer *textproto.Error
	if err != nil && !errors.As(err, &answer) {
		s.abort()
	}
	return err
}

func (c *Connector) readDir(ctx context.Context, dir string) ([]listing.Entry, error) {
	var entries []listing.Entry
	err := c.with(ctx, func(s *session) error {
		all, unsized, err := s.list(s.remote(dir))
		if err != nil {
			return fmt.Errorf("folder %s: %w", s.remote(dir), s.refusedData(err))
		}
		for _, e := range all {
			entry := listing.Entry{Name: e.Name, Dir: e.Type == ftp.EntryTypeFolder, Size: int64(e.Size), ModifiedAt: e.Time.UTC()}
			link := e.Type == ftp.EntryTypeLink
			if link || (!entry.Dir && unsized[e.Name]) {
				target, err := s.stat(s.remote(path.Join(dir, e.Name)))
				bound.Progress(ctx)
				gone := errors.Is(err, waybill.ErrNotFound)
				if link && (gone || target.Size < 0) {
					continue // to a directory, or to nowhere
				}
				if err != nil && !gone {
					return fmt.Errorf("size of %s: %w", s.remote(path.Join(dir, e.Name)), err)
				}
				entry.Size = target.Size
			}
			entries = append(entries, entry)
		}
		return nil
	})
	return entries, err
}

// list reads one directory, and says of which names the listing has no size. It goes there first, because servers take an argument of LIST for a pattern.
func (s *session) list(dir string) ([]*ftp.Entry, map[string]bool, error) {
	if err := s.conn.ChangeDir(dir); err != nil {
		return nil, nil, err
	}
	s.listed = &listed{}
	defer func() { s.listed = nil }()
	entries, err := s.conn.List("")
	if err != nil {
		return nil, nil, err
	}
	text := s.listed.String()
	return entries, unsized(text), unread(text, entries)
}

// unsized are the names of which a listing by MLSD has no size. A server may leave out any fact (RFC 3659, 7.5), and the library takes none for zero bytes.
func unsized(text string) map[string]bool {
	names := map[string]bool{}
	for line := range strings.Lines(text) {
		facts, name, found := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		if found && strings.HasSuffix(facts, ";") && !strings.Contains(";"+strings.ToLower(facts), ";size=") {
			names[name] = true
		}
	}
	return names
}

// unread reports lines of a listing that did not become entries: a file that is not understood must not vanish.
// What LIST says besides files (the total, devices, pipes) may.
func unread(text string, entries []*ftp.Entry) error {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		special := len(line) > 10 && strings.ContainsRune("bcps", rune(line[0])) && strings.ContainsRune("r-", rune(line[1]))
		if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "total ") && !special {
			lines = append(lines, line)
		}
	}
	if len(lines) <= len(entries) {
		return nil
	}
	for i, line := range lines {
		if i >= len(entries) || !strings.Contains(line, entries[i].Name) {
			return fmt.Errorf("%d of %d lines of the listing cannot be read, the first of them: %q", len(lines)-len(entries), len(lines), line)
		}
	}
	return nil
}

// remote is the server's path for a name relative to the root.
func (s *session) remote(name string) string {
	if path.IsAbs(s.config.Root) {
		return path.Join(s.config.Root, name)
	}
	return path.Join(s.home, s.config.Root, name)
}

// stat asks for a file's size and time; -1 and zero where the server does not know the commands.
func (s *session) stat(remote string) (waybill.Item, error) {
	now := waybill.Item{Size: -1}
	size, err := s.conn.FileSize(remote)
	switch {
	case err == nil:
		now.Size = size
	case !unknownCommand(err):
		return now, translate(err)
	}
	if !s.conn.IsGetTimeSupported() {
		return now, nil
	}
	now.ModifiedAt, err = s.conn.GetTime(remote)
	if err != nil && !unknownCommand(err) {
		return now, translate(err)
	}
	return now, nil
}

// unknownCommand says whether the server does not have the command at all (RFC 959: 500, 502, 504).
func unknownCommand(err error) bool {
	var answer *textproto.Error
	return errors.As(err, &answer) && (answer.Code == ftp.StatusBadCommand || answer.Code == ftp.StatusNotImplemented || answer.Code == ftp.StatusNotImplementedParameter)
}
