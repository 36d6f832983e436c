package bound

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/fourmarketing/waybill"
)

// body is an open item within its bounds. The clock runs only while a byte is waited for: a slow reader is not the server's silence.
type body struct {
	inner       io.ReadCloser
	watch       *watch
	own, caller context.Context
	item        waybill.Item
	read, most  int64
}

func (b *body) Read(p []byte) (int, error) {
	b.watch.resume()
	n, err := b.inner.Read(p)
	b.watch.pause()
	if b.read += int64(n); b.read > b.most {
		return 0, fmt.Errorf("read %s: %w: more than limits.file_bytes of the connection, %d; ask the partner for smaller files, or raise it", b.item.Name, waybill.ErrLimit, b.most)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = because(b.own, b.caller, err)
	}
	return n, err
}

// Close ends the item; its own close may ask the server whether all was well.
func (b *body) Close() error {
	b.watch.resume()
	_, err := await(b.own, b.caller, func() (struct{}, error) { return struct{}{}, b.inner.Close() }, nil)
	b.watch.end()
	return err
}

// Notes are those of the item.
func (b *body) Notes() []string {
	if n, ok := b.inner.(waybill.Noter); ok {
		return n.Notes()
	}
	return nil
}
