package typing

// Instant is the SQL of a wall time's instant.
var Instant = instant
