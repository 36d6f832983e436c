package pull

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/pipelines/subject"
)

// readForgotten reads who is to be forgotten. It is asked for under the feed's lease: whoever is forgotten after that is taken out of what this run receives.
func (t *taker) readForgotten(ctx context.Context) error {
	asked, err := t.ledger.Forgotten(ctx)
	if err != nil {
		return err
	}
	t.gate, t.marks = nil, nil
	marks := subject.NewMarks(subject.NewKey(t.salt), nil)
	for _, r := range asked {
		if r.Key != marks.Key.ID() {
			t.Log.Warn("pii_salt is another than when people were forgotten: what partners send of them is not recognised", zap.String("feed", t.String()),
				zap.String("request", r.ID), zap.String("next", "put the former pii_salt back"))
			continue
		}
		marks.Add(r.Marks...)
	}
	if marks.Len() > 0 {
		t.marks = marks
		t.gate, err = load.NewEraser(t.Feed.Contract, marks.In(t.Source))
	}
	return err
}

// learn remembers what stands in records of forgotten people and was not known to be theirs: a parcel's number, by which the carrier will be asked next.
func (t *taker) learn(ctx context.Context, e load.Erased) error {
	var marks []string
	for n := range e.Near {
		if mark := t.marks.Key.Name(t.Source, n); !t.marks.Has(mark) {
			marks = append(marks, mark)
		}
	}
	if len(marks) == 0 {
		return nil
	}
	slices.Sort(marks)
	t.marks.Add(marks...)
	at := t.received().UTC()
	return t.ledger.Forget(ctx, ledger.Forgotten{ID: uuid.NewString(), AskedAt: at, DoneAt: at, State: ledger.ForgetDone, Key: t.marks.Key.ID(), Marks: marks, Learned: true})
}

// gated is a body on its way in, without the people who are to be forgotten.
type gated struct {
	io.ReadCloser
	received *receipt // nil while nobody is to be forgotten
	done     chan struct{}
	erased   load.Erased
}

// mask lets a body through, or what is left of it.
func (t *taker) mask(body io.ReadCloser, scratch string) *gated {
	if t.gate == nil {
		return &gated{ReadCloser: body}
	}
	out, in := io.Pipe()
	g := &gated{ReadCloser: out, received: &receipt{ReadCloser: body, sum: sha256.New()}, done: make(chan struct{})}
	go func() {
		defer close(g.done)
		var err error
		g.erased, err = t.gate.Rewrite(g.received, in, scratch)
		in.CloseWithError(err)
	}()
	return g
}

// Close ends the masking and closes the body, whose error may be that the transfer was cut. A body that is still being read is closed first: it may be silent.
func (g *gated) Close() error {
	if g.received == nil {
		return g.ReadCloser.Close()
	}
	err := errors.Join(g.ReadCloser.Close(), g.received.Close())
	<-g.done
	return err
}

// note tells of the bytes as they were received, by which they are known again, and how much of them is not there any more. The body is closed by then.
func (g *gated) note(kept *lake.Kept, res *load.Result) load.Erased {
	if g.received == nil {
		return load.Erased{}
	}
	<-g.done
	if kept.Path != "" {
		kept.SHA256, kept.Size = hex.EncodeToString(g.received.sum.Sum(nil)), g.received.size
	}
	if g.erased.Changed > 0 {
		res.Warnings = append(res.Warnings, fmt.Sprintf("forgotten: %d records of people who are to be forgotten came without what is personal in them", g.erased.Changed))
	}
	return g.erased
}

// receipt says what was read.
type receipt struct {
	io.ReadCloser
	sum  hash.Hash
	size int64
}

// Read gives the next bytes.
func (r *receipt) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.sum.Write(p[:n])
	r.size += int64(n)
	return n, err
}
