package load

// WithSizes makes a loader whose batches have so many records and whose parts so many bytes, for tests of what falls on their edges.
func (l *Loader) WithSizes(batchRecords, partBytes int) *Loader {
	small := *l
	small.sizes = sizes{batchRecords: batchRecords, batchBytes: 1 << 20, csvPart: partBytes, jsonPart: partBytes}
	return &small
}
