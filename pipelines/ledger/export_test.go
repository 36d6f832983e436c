package ledger

import "time"

// Hasten makes leases and the pauses of those who wait for them short, so that tests need not wait for minutes.
func (l *Leases) Hasten(term, pause time.Duration) { l.term, l.pause = term, pause }
