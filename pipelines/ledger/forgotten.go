package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"
)

// Forgotten is a request to forget people, and how far it is. It says nothing of them but marks, which are keyed hashes (pipelines/subject), and stays for
// good: what partners send of them later is masked by it. Put as a whole by Forget, read by Forgotten; nothing else writes it.
type Forgotten struct {
	bun.BaseModel `bun:"table:waybill_forgotten" json:"-"`

	ID       string     `bun:",pk" json:"id"`
	AskedAt  time.Time  `bun:",notnull" json:"asked_at"`
	DoneAt   time.Time  `bun:",nullzero" json:"done_at,omitzero"`
	State    string     `bun:",notnull" json:"state"`
	Key      string     `bun:",notnull" json:"key"`            // subject.Key.ID of the key that made the marks
	Marks    []string   `bun:"type:text" json:"-"`             // of addresses, orders, and what partners call what is theirs
	Replaced []Replaced `bun:"type:text" json:"replaced_kept"` // kept bytes, in the order in which they were rewritten
	Touched  []string   `bun:"type:text" json:"tables"`        // raw tables of the files that were loaded again
	Records  int64      `bun:",notnull" json:"records"`        // in which something was erased
	Learned  bool       `bun:",notnull" json:"learned"`        // nobody's request: what partners called something of forgotten people when they sent it later
}

// Replaced says that kept bytes were rewritten: the file's row has the new path, and the object at the old one is gone. The received bytes' hash
// (File.SHA256) stays, by which duplicates are known; the path has the hash of what lies there.
type Replaced struct {
	File string `json:"file"` // its id
	Was  string `json:"was"`  // kept path
	Is   string `json:"is"`
}

// How far a request is.
const (
	ForgetAsked  = "asked"  // what arrives is masked; kept bytes are being rewritten and loaded again
	ForgetErased = "erased" // no kept byte nor raw table has them any more; marts, old snapshots and targets are to follow
	ForgetDone   = "done"
)

// Forget writes a request as it is now, into the journal first.
func (l *Ledger) Forget(ctx context.Context, f Forgotten) error {
	number, err := next(ctx, l.db)
	if err == nil {
		err = l.note(ctx, Noted{Number: number, Forgotten: &forgetting{Forgotten: f, Marks: f.Marks}})
	}
	if err == nil {
		err = l.write(ctx, func(ctx context.Context, tx bun.Tx) error { return forget(ctx, tx, f) })
	}
	if err != nil {
		return fmt.Errorf("record who is forgotten (%s): %w", f.ID, err)
	}
	return nil
}

func forget(ctx context.Context, tx bun.Tx, f Forgotten) error {
	_, err := tx.NewInsert().Model(&f).On("CONFLICT (id) DO UPDATE").
		Set("done_at = EXCLUDED.done_at, state = EXCLUDED.state, marks = EXCLUDED.marks, replaced = EXCLUDED.replaced").
		Set("touched = EXCLUDED.touched, records = EXCLUDED.records").Exec(ctx)
	return err
}

// Forgotten returns all requests, oldest first.
func (l *Ledger) Forgotten(ctx context.Context) ([]Forgotten, error) {
	var all []Forgotten
	if err := l.db.NewSelect().Model(&all).Order("asked_at", "id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read who is forgotten: %w", err)
	}
	return all, nil
}
