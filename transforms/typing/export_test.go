package typing

// Instant is the SQL of a wall time's instant.
var Instant = instant

// SetKeys and Keyed are the SQL of hashes.
var (
	SetKeys = setKeys
	Keyed   = keyed
)
