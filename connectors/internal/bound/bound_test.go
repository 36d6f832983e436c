package bound_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/bound"
)

// deaf is a connector that never answers and heeds no context, but for a while at its body.
type deaf struct{ hang chan struct{} }

func (d deaf) List(ctx context.Context, r waybill.Request) ([]waybill.Item, error) {
	if r.Feed == "many" {
		return make([]waybill.Item, 11), nil
	}
	bound.Step(ctx, "read folder out", 0)
	<-d.hang
	return nil, io.ErrClosedPipe
}

func (d deaf) Open(ctx context.Context, it waybill.Item) (io.ReadCloser, error) {
	switch it.Name {
	case "slow": // asked for a pause that is longer than silence may be
		bound.Step(ctx, "pause", 1500*time.Millisecond)
		select {
		case <-time.After(time.Second):
			return io.NopCloser(strings.NewReader("late")), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	case "body":
		return body{ctx}, nil
	case "endless":
		return io.NopCloser(endless{}), nil
	}
	<-d.hang
	return nil, io.ErrClosedPipe
}

func (d deaf) Close() error { <-d.hang; return nil }

func (d deaf) Check(ctx context.Context) []waybill.Finding {
	bound.Step(ctx, "log in", 0)
	<-d.hang
	return nil
}

type body struct{ ctx context.Context }

func (b body) Read([]byte) (int, error) { <-b.ctx.Done(); return 0, b.ctx.Err() }
func (b body) Close() error             { return nil }

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestWhatDoesNotAnswer: each call ends within a moment of its bound, as temporary, with the step that it was in.
func TestWhatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	const silence = 200 * time.Millisecond
	d := deaf{make(chan struct{})}
	t.Cleanup(func() { close(d.hang) })
	c := bound.Within(d, waybill.Bounds{Timeouts: waybill.Timeouts{Silence: silence}, Limits: waybill.Limits{Entries: 10, FileBytes: 1 << 20}})
	for name, try := range map[string]struct {
		do   func() error
		want string
		kind error
	}{
		"list":  {func() error { _, err := c.List(t.Context(), waybill.Request{}); return err }, "read folder out", waybill.ErrTemporary},
		"open":  {func() error { _, err := c.Open(t.Context(), waybill.Item{Name: "x"}); return err }, "open x", waybill.ErrTemporary},
		"read":  {func() error { return drain(t, c, "body") }, "read body", waybill.ErrTemporary},
		"close": {c.Close, "close", waybill.ErrTemporary},
		"check": {func() error {
			checker, _ := c.(waybill.Checker)
			found := checker.Check(t.Context())
			return errors.Join(waybill.ErrTemporary, errors.New(found[len(found)-1].Detail))
		}, "log in", waybill.ErrTemporary},
		"entries": {func() error { _, err := c.List(t.Context(), waybill.Request{Feed: "many"}); return err }, "limits.entries", waybill.ErrLimit},
		"endless": {func() error { return drain(t, c, "endless") }, "limits.file_bytes", waybill.ErrLimit},
		"large":   {func() error { _, err := c.Open(t.Context(), waybill.Item{Name: "x", Size: 2 << 20}); return err }, "limits.file_bytes", waybill.ErrUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			err := try.do()
			if !errors.Is(err, try.kind) || !strings.Contains(err.Error(), try.want) {
				t.Errorf("%v, want %v in the step %q", err, try.kind, try.want)
			}
			if took := time.Since(began); took > silence+4*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
	if err := drain(t, c, "slow"); err != nil {
		t.Errorf("a pause that was told beforehand: %v", err)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if _, err := c.List(ended, waybill.Request{}); !errors.Is(err, context.Canceled) {
		t.Errorf("after its caller has ended: %v", err)
	}
}

func drain(t *testing.T, c waybill.Connector, name string) error {
	t.Helper()
	r, err := c.Open(t.Context(), waybill.Item{Name: name})
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(io.Discard, r)
	return err
}
