package rest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/fourmarketing/waybill/connectors/internal/bound"
)

var errSilence = errors.New("no byte arrived for http.timeout")

// stream hands on the bytes of a response and turns an early or silent end into an error.
type stream struct {
	t       *attempt
	body    io.ReadCloser
	size    int64
	read    int64
	silence time.Duration
	timer   *time.Timer
}

func newStream(t *attempt, resp *http.Response, silence time.Duration) *stream {
	return &stream{
		t: t, body: resp.Body, size: resp.ContentLength, silence: silence,
		timer: time.AfterFunc(silence, func() { t.stop(errSilence) }),
	}
}

func (s *stream) Read(p []byte) (int, error) {
	// The clock runs only while a byte is being waited for: a slow reader is not the server's silence.
	s.timer.Reset(s.silence)
	bound.Step(s.t.req.Context(), "read "+s.t.shown, s.silence)
	n, err := s.body.Read(p)
	s.timer.Stop()
	s.read += int64(n)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF) && (s.size < 0 || s.size == s.read):
		return n, io.EOF
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	return n, s.t.failed(fmt.Errorf("read body: %d of %d bytes: %w", s.read, s.size, err))
}

func (s *stream) Close() error {
	s.timer.Stop()
	s.t.cancel()
	return s.body.Close()
}
