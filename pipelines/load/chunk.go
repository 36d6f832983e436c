package load

import (
	"slices"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// chunk is a run of records that DuckDB types at once, and their texts, for those that it rejects.
type chunk struct {
	typing.Chunk
	number  int
	batches []*batch
}

const (
	batchRecords = 10 * 2048 // ten of DuckDB's vectors
	batchBytes   = 4 << 20
)

// chunker gathers records in one chunk after another.
type chunker struct {
	columns columns
	limit   int // bytes of text in the chunk at hand
	most    int // in any
	size    int
	last    *batch
	chunk   chunk
}

func newChunker(c columns, limit int) *chunker {
	return &chunker{columns: c, limit: min(firstChunk, limit), most: limit}
}

// add appends a record. full means that the chunk should be handed on.
func (k *chunker) add(rec decode.Record) (full bool) {
	if k.last == nil || len(k.last.lines) == batchRecords || len(k.last.text) >= batchBytes {
		k.last = newBatch(k.columns, k.last)
		k.chunk.batches = append(k.chunk.batches, k.last)
	}
	k.last.add(rec)
	k.chunk.Records++
	k.size += len(rec.Bytes)
	return k.size >= k.limit
}

// take ends the chunk at hand; false when it is empty.
func (k *chunker) take() (chunk, bool) {
	if k.chunk.Records == 0 {
		return chunk{}, false
	}
	done := k.chunk
	for _, b := range done.batches {
		done.Batches = append(done.Batches, b.arrow())
		done.Traits = done.Traits.Or(b.traits)
	}
	k.chunk, k.size, k.last = chunk{number: done.number + 1}, 0, nil
	k.limit = min(2*k.limit, k.most)
	return done, true
}

// text is the record that starts on a line, as it was sent; nil for a line that is not in the chunk.
func (c chunk) text(line int64) []byte {
	for _, b := range c.batches {
		if i, ok := slices.BinarySearch(b.lines, line); ok {
			return b.text[b.records[i].From:b.records[i].To]
		}
	}
	return nil
}
