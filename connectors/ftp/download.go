package ftp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/textproto"

	"github.com/jlaffaye/ftp"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/transfer"
)

// download is one file's way from the server, over as many sessions as it takes.
type download struct {
	connector *Connector
	name      string
	begun     waybill.Item // size and time that have to stay the same; the time is filled in at the first start
}

func (d *download) stat(s *session) (waybill.Item, error) { return s.stat(s.remote(d.name)) }

// open starts or, with REST, takes up a transfer. At the file's end there is nothing to transfer but to see that
// the file is the same.
func (d *download) open(ctx context.Context, offset int64) (io.ReadCloser, error) {
	s, err := d.connector.pool.acquire(ctx)
	if err != nil {
		return nil, err
	}
	b := &body{download: d, session: s, ctx: ctx}
	err = s.do(ctx, func() error {
		if err := d.same(s); err != nil {
			return err
		}
		if offset > 0 && offset == d.begun.Size {
			return nil
		}
		var err error
		if b.response, err = s.conn.RetrFrom(s.remote(d.name), uint64(offset)); err != nil {
			return fmt.Errorf("from byte %d: %w", offset, d.refused(s, s.refusedData(err)))
		}
		return nil
	})
	if err != nil {
		if !errors.Is(err, waybill.ErrNotFound) && !errors.Is(err, waybill.ErrUnreadable) && !errors.Is(err, transfer.ErrChanged) {
			s.abort() // whatever state it is in
		}
		d.connector.pool.release(s)
		return nil, err
	}
	b.detach = context.AfterFunc(ctx, s.abort)
	return b, nil
}

// refused tells a file that is there and may not be read from one that is gone: servers have one answer for both.
func (d *download) refused(s *session, err error) error {
	if !errors.Is(err, waybill.ErrNotFound) {
		return err
	}
	if now, there := d.stat(s); there == nil && now.Size >= 0 {
		return fmt.Errorf("%w: the server has it with %d bytes and refuses it: %s; ask the partner to let the account read it", waybill.ErrUnreadable, now.Size, err.Error())
	}
	return err
}

// same compares the file with how it was when the download began.
func (d *download) same(s *session) error {
	now, err := d.stat(s)
	if err != nil {
		return err
	}
	if err := transfer.Unchanged(d.begun, now); err != nil {
		return err
	}
	if d.begun.ModifiedAt.IsZero() {
		d.begun.ModifiedAt = now.ModifiedAt
	}
	return nil
}

// body is one data connection.
type body struct {
	download *download
	session  *session
	response *ftp.Response // nil when there was nothing left to transfer
	ctx      context.Context
	detach   func() bool
	ended    bool // the server closed the data connection
	closed   bool
}

func (b *body) Read(p []byte) (int, error) {
	if b.response == nil {
		b.ended = true
		return 0, io.EOF
	}
	n, err := b.response.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		b.ended = true
		if refused := b.refusal(); refused != nil {
			err = refused
		}
	case err != nil && b.ctx.Err() != nil:
		err = b.ctx.Err()
	case err != nil:
		if refused := b.refusal(); refused != nil {
			err = refused
		} else {
			err = translate(err)
		}
	}
	return n, err
}

// refusal is the reason for which a server closes a TLS data connection before a byte was sent: it says it afterwards.
func (b *body) refusal() error {
	if b.session.latest == nil || b.session.latest.secure == nil || b.session.latest.came > 0 {
		return nil
	}
	var answer *textproto.Error
	if said := b.response.Close(); errors.As(said, &answer) {
		return b.session.refusedData(said)
	}
	return nil
}

// Close, after the last byte, hears from the server that the transfer is complete and sees that the file stayed
// the same. Before it, the session is given up: FTP's ABOR is answered in too many ways.
func (b *body) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	defer b.download.connector.pool.release(b.session)
	attached := b.detach()
	if !b.ended || !attached {
		b.session.abort()
		return b.ctx.Err()
	}
	err := b.session.do(b.ctx, func() error {
		if b.response != nil {
			if err := b.response.Close(); err != nil {
				return b.session.refusedData(err)
			}
		}
		return b.download.same(b.session)
	})
	if err != nil && !errors.Is(err, transfer.ErrChanged) {
		b.session.abort()
	}
	return err
}
