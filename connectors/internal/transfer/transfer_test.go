package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/transfer"
)

// source is a file whose transfers end as told, one ending for each.
type source struct {
	content []byte
	endings []ending
	opened  int
}

// ending is how far one transfer gets, and the error it then has; io.EOF is a server that just stops.
type ending struct {
	after int
	err   error
	close error
}

func (s *source) open(_ context.Context, offset int64) (io.ReadCloser, error) {
	e := ending{after: len(s.content), err: io.EOF}
	if s.opened < len(s.endings) {
		e = s.endings[s.opened]
	}
	s.opened++
	rest := s.content[offset:]
	return &part{Reader: bytes.NewReader(rest[:min(e.after, len(rest))]), ending: e}, nil
}

type part struct {
	*bytes.Reader
	ending
}

func (p *part) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if err != nil {
		err = p.err
	}
	return n, err
}

func (p *part) Close() error { return p.close }

func fetch(t testing.TB, s *source, plan transfer.Plan) ([]byte, error) {
	t.Helper()
	plan.Name, plan.Pause, plan.Open = "x.csv", time.Microsecond, s.open
	r, err := transfer.Start(t.Context(), plan)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// However often the connection is cut, the bytes are exact, or they are a beginning of the file and an error.
func TestCutsNeverShowAsAShortFile(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := &source{content: rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(rt, "content")}
		for range rapid.IntRange(0, 6).Draw(rt, "cuts") {
			s.endings = append(s.endings, ending{
				after: rapid.IntRange(0, 3000).Draw(rt, "after"),
				err:   rapid.SampledFrom([]error{io.EOF, io.ErrUnexpectedEOF, waybill.ErrTemporary}).Draw(rt, "error"),
				close: rapid.SampledFrom([]error{nil, waybill.ErrTemporary}).Draw(rt, "close"),
			})
		}
		got, err := fetch(t, s, transfer.Plan{Size: int64(len(s.content)), Resumes: 4})
		switch {
		case err == nil && !bytes.Equal(got, s.content):
			rt.Fatalf("%d bytes passed for all %d", len(got), len(s.content))
		case err != nil && !errors.Is(err, waybill.ErrTemporary):
			rt.Fatalf("a cut that is not temporary: %v", err)
		case !bytes.HasPrefix(s.content, got):
			rt.Fatal("other bytes")
		case s.opened > 5:
			rt.Fatalf("opened %d times", s.opened)
		}
	})
}

func TestEndings(t *testing.T) {
	t.Parallel()
	final := errors.New("the disk is on fire")
	for name, c := range map[string]struct {
		size    int64
		endings []ending
		want    error
		opened  int
	}{
		"whole":                     {10, nil, nil, 1},
		"size not known":            {-1, nil, nil, 1},
		"more than the size":        {5, nil, transfer.ErrChanged, 1},
		"an error that will stay":   {10, []ending{{after: 5, err: final}}, final, 1},
		"changed":                   {10, []ending{{after: 5, err: transfer.ErrChanged}}, transfer.ErrChanged, 1},
		"gone":                      {10, []ending{{after: 5, err: waybill.ErrNotFound}}, waybill.ErrNotFound, 1},
		"size not known, cut":       {-1, []ending{{after: 5, err: io.ErrUnexpectedEOF}}, nil, 2},
		"all there, but no 'done'":  {10, []ending{{after: 10, err: io.EOF, close: waybill.ErrTemporary}}, nil, 2},
		"all there, but other file": {10, []ending{{after: 10, err: io.EOF, close: transfer.ErrChanged}}, waybill.ErrTemporary, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &source{content: []byte("0123456789"), endings: c.endings}
			got, err := fetch(t, s, transfer.Plan{Size: c.size, Resumes: 3})
			if !errors.Is(err, c.want) || (c.want == nil && string(got) != "0123456789") || s.opened != c.opened {
				t.Errorf("%q, %v, opened %d times; want %v, %d", got, err, s.opened, c.want, c.opened)
			}
		})
	}
}

// A server that hangs is given up, and asked again.
func TestSilence(t *testing.T) {
	t.Parallel()
	opened := 0
	r, err := transfer.Start(t.Context(), transfer.Plan{
		Name: "x.csv", Size: 4, Resumes: 1, Silence: 50 * time.Millisecond,
		Open: func(ctx context.Context, offset int64) (io.ReadCloser, error) {
			opened++
			if offset == 0 {
				return io.NopCloser(io.MultiReader(bytes.NewBufferString("ab"), hanging{ctx})), nil
			}
			return io.NopCloser(bytes.NewBufferString("cd")), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); string(got) != "abcd" || err != nil || opened != 2 {
		t.Errorf("%q, %v, opened %d times", got, err, opened)
	}
}

type hanging struct{ ctx context.Context }

func (h hanging) Read([]byte) (int, error) {
	<-h.ctx.Done()
	return 0, fmt.Errorf("read: %w", h.ctx.Err())
}
