package load

import "github.com/fourmarketing/waybill/transforms/typing"

// WithSizes makes a loader whose batches have so many records and whose parts so many bytes, for tests of what falls on their edges.
func (l *Loader) WithSizes(batchRecords, partBytes int) *Loader {
	small := *l
	small.sizes = sizes{batchRecords: batchRecords, batchBytes: 1 << 20, csvPart: partBytes, jsonPart: partBytes}
	return &small
}

// WithEveryTrait makes a loader whose SQL looks for everything.
func (l *Loader) WithEveryTrait() *Loader {
	thorough := *l
	thorough.assume = typing.Traits{Spaces: true, Equals: true, Apostrophes: true, Plus: true, Numbers: true}
	return &thorough
}
