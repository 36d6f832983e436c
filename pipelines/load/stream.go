package load

import (
	"context"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// sizes bound how much of a file is where.
type sizes struct {
	batchRecords int // some of DuckDB's vectors, which have 2,048
	batchBytes   int // of text
	csvPart      int // bytes of text that one statement types
	jsonPart     int // also bounds memory: all of it is kept until it is typed
}

var usualSizes = sizes{batchRecords: 4 * 2048, batchBytes: 4 << 20, csvPart: 1 << 30, jsonPart: 32 << 20}

const (
	batchesAhead = 2 // that may wait for DuckDB
	batchesFree  = 8 // that are kept for another use
)

// desk has the batches of one load that DuckDB may be reading, so that the text of a record it rejects can be found.
type desk struct {
	mu      sync.Mutex
	batches []*batch
	free    chan *batch // of all loads
}

func (d *desk) put(b *batch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.batches = append(d.batches, b)
}

// clear takes a batch that nobody reads any more off the desk, for another use.
func (d *desk) clear(b *batch) {
	d.mu.Lock()
	d.batches = slices.DeleteFunc(d.batches, func(have *batch) bool { return have == b })
	d.mu.Unlock()
	if cap(b.text) > 3*usualSizes.batchBytes { // quotes may be doubled in all of it
		return // a huge record's memory is not held on to
	}
	select {
	case d.free <- b:
	default: // enough of them are free
	}
}

// text is a copy of the record that goes by a key, as it was sent; nil for one that is not on the desk.
func (d *desk) text(key int64) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, b := range d.batches {
		if i, ok := slices.BinarySearch(b.lines, key); ok {
			return slices.Clone(b.text[b.records[i].From:b.records[i].To])
		}
	}
	return nil
}

// feeder puts records into batches and sends them to the stream.
type feeder struct {
	columns columns
	sizes   sizes
	desk    *desk
	queue   chan *batch
	last    *batch
}

// add appends a record. It waits while enough batches are ahead, so that memory stays bounded.
func (f *feeder) add(ctx context.Context, rec decode.Record) error {
	if f.last == nil {
		f.last = takeBatch(f.desk, f.columns)
	}
	f.last.add(rec)
	if len(f.last.lines) >= f.sizes.batchRecords || len(f.last.text) >= f.sizes.batchBytes {
		return f.send(ctx)
	}
	return nil
}

// send hands the batch at hand on.
func (f *feeder) send(ctx context.Context) error {
	if f.last == nil {
		return nil
	}
	b := f.last
	f.last = nil
	b.complete()
	select {
	case f.queue <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stream is what DuckDB reads: part after part of the batches that a feeder sends. A part ends when it is large enough, or before a batch
// in which something occurs that the part's statement does not look for. It is an array.RecordReader for one reader.
type stream struct {
	ctx    context.Context //nolint:containedctx // Next is called by DuckDB, which has none
	schema *arrow.Schema
	queue  <-chan *batch
	desk   *desk
	atOnce bool // rejects are found after all of a part is read, see typing.Contract.AtOnce
	sizes  sizes

	waiting *batch // the first of the part to come
	traits  typing.Traits
	bytes   int   // of the part's text
	records int64 // of the part
	current arrow.RecordBatch
	kept    []arrow.RecordBatch // where records are typed at once
}

// part waits for the next part; false when there is none.
func (s *stream) part() (typing.Part, bool) {
	s.release()
	s.bytes, s.records = 0, 0
	if !s.more() {
		return typing.Part{}, false
	}
	s.traits = s.traits.Or(s.waiting.traits)
	return typing.Part{Records: s, Traits: s.traits}, true
}

// more waits for a batch.
func (s *stream) more() bool {
	if s.waiting == nil {
		select {
		case s.waiting = <-s.queue:
		case <-s.ctx.Done():
		}
	}
	return s.waiting != nil
}

// release lets go of what the part has kept.
func (s *stream) release() {
	for _, r := range s.kept {
		r.Release()
	}
	s.kept = nil
	if s.current != nil {
		s.current.Release()
		s.current = nil
	}
}

// Next moves on to the part's next batch.
func (s *stream) Next() bool {
	limit := s.sizes.csvPart
	if s.atOnce {
		limit = s.sizes.jsonPart
		if s.current != nil {
			s.kept, s.current = append(s.kept, s.current), nil
		}
	}
	if s.current != nil {
		s.current.Release()
		s.current = nil
	}
	if s.bytes >= limit || !s.more() || !s.traits.Covers(s.waiting.traits) {
		return false
	}
	s.bytes += len(s.waiting.text)
	s.records += int64(len(s.waiting.lines))
	s.desk.put(s.waiting)
	s.current, s.waiting = s.waiting.arrow(), nil
	return true
}

// RecordBatch is the batch that Next moved on to.
func (s *stream) RecordBatch() arrow.RecordBatch { return s.current }

// Record is RecordBatch under its older name.
func (s *stream) Record() arrow.RecordBatch { return s.current }

// Schema is that of every batch.
func (s *stream) Schema() *arrow.Schema { return s.schema }

// Err is nil: a file that cannot be read ends early, and its reader says why.
func (s *stream) Err() error { return nil }

// Retain does nothing: whoever makes a stream lets go of it.
func (s *stream) Retain() {}

// Release does nothing.
func (s *stream) Release() {}
