package load

// WithChunks makes a loader whose chunks have so many bytes, for tests of what falls on their edges.
func (l *Loader) WithChunks(bytes, workers int) *Loader {
	return &Loader{db: l.db, chunkBytes: bytes, workers: workers}
}
