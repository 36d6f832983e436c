package ledger

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// Area is what a release shows of one area (a folder of marts), whose marts are all of one build. An area that is held is of an earlier one.
type Area struct {
	bun.BaseModel `bun:"table:waybill_release_areas" json:"-"`

	ReleaseID int64     `bun:",pk" json:"-"`
	Area      string    `bun:",pk" json:"area"`
	OfRelease int64     `bun:",notnull" json:"of_release"` // in which its marts last came new; 0 while none ever did
	AsOf      time.Time `bun:",nullzero" json:"as_of,omitzero"`
	HeldSince time.Time `bun:",nullzero" json:"held_since,omitzero"`
	Cause     string    `bun:",notnull" json:"cause,omitempty"` // why it is held; empty: it is not
	Tried     string    `bun:",notnull" json:"-"`               // what the last try to build it was made of: another try with the same comes to the same
}

// Held tells whether the area is kept from what was built last.
func (a Area) Held() bool { return a.Cause != "" }

// HeldUnit is what hangs together and is held: its former rows stay in the marts, its new ones are kept out.
type HeldUnit struct {
	bun.BaseModel `bun:"table:waybill_held_units" json:"-"`

	ReleaseID int64       `bun:",pk" json:"-"`
	Unit      string      `bun:",pk" json:"unit"` // order_id=aster-vale:5000000001
	Since     time.Time   `bun:",notnull" json:"since"`
	Checks    []HeldBy    `bun:"type:text" json:"checks"`
	Marts     []string    `bun:"type:text" json:"marts"`
	Rows      int64       `bun:",notnull" json:"rows_kept_out"` // new rows that are not shown
	Kept      int64       `bun:",notnull" json:"rows_kept"`     // former rows that are shown in their place
	AtStake   []HeldMoney `bun:"type:text" json:"at_stake"`
}

// HeldBy is a check that named a unit.
type HeldBy struct {
	Model string `json:"model"`
	Check string `json:"check"`
	Rows  int64  `json:"rows"` // that should not be
}

// HeldMoney is an exact amount.
type HeldMoney struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// By names the checks that named the unit, semicolons between; of one that hangs together with such a unit there is none.
func (u HeldUnit) By() string {
	if len(u.Checks) == 0 {
		return "rows of it belong to another held unit, or did before"
	}
	names := make([]string, len(u.Checks))
	for i, c := range u.Checks {
		names[i] = c.Model + ": " + c.Check
		if c.Model == "checks."+c.Check {
			names[i] = c.Model
		}
	}
	return strings.Join(names, "; ")
}

// Money is what is at stake, commas between.
func (u HeldUnit) Money() string {
	amounts := make([]string, len(u.AtStake))
	for i, m := range u.AtStake {
		amounts[i] = strings.TrimSpace(m.Amount + " " + m.Currency)
	}
	return strings.Join(amounts, ", ")
}

// AnyArea tells whether an area of the release is held.
func (r Release) AnyArea() bool {
	for _, a := range r.Areas {
		if a.Held() {
			return true
		}
	}
	return false
}

// date makes what the release brings new of this release, and what it begins to hold held from now on.
func (r *Release) date() {
	for i := range r.Areas {
		a := &r.Areas[i]
		switch {
		case !a.Held() && a.OfRelease == 0 && !a.AsOf.IsZero():
			a.OfRelease = r.ID
		case a.Held() && a.HeldSince.IsZero():
			a.HeldSince = r.At
		}
	}
	for i := range r.Held {
		if r.Held[i].Since.IsZero() {
			r.Held[i].Since = r.At
		}
	}
}

// addHolds records with a release what it holds, in its transaction.
func addHolds(ctx context.Context, tx bun.Tx, r Release) error {
	for i := range r.Areas {
		a := r.Areas[i]
		a.ReleaseID = r.ID
		if _, err := tx.NewInsert().Model(&a).Exec(ctx); err != nil {
			return fmt.Errorf("record area %s of release %d: %w", a.Area, r.ID, err)
		}
	}
	for i := range r.Held {
		u := r.Held[i]
		u.ReleaseID = r.ID
		if _, err := tx.NewInsert().Model(&u).Exec(ctx); err != nil {
			return fmt.Errorf("record %s, held in release %d: %w", u.Unit, r.ID, err)
		}
	}
	return nil
}

// withHolds reads what a release holds.
func (l *Ledger) withHolds(ctx context.Context, r Release) (Release, error) {
	if err := l.db.NewSelect().Model(&r.Areas).Where("release_id = ?", r.ID).Order("area").Scan(ctx); err != nil {
		return r, fmt.Errorf("read the areas of release %d: %w", r.ID, err)
	}
	if err := l.db.NewSelect().Model(&r.Held).Where("release_id = ?", r.ID).Order("unit").Scan(ctx); err != nil {
		return r, fmt.Errorf("read what release %d holds: %w", r.ID, err)
	}
	return r, nil
}

// Tried records that areas of a release were tried again, and what they were made of, where that changed nothing that readers see.
func (l *Ledger) Tried(ctx context.Context, release int64, what string) error {
	err := l.write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*Area)(nil)).Set("tried = ?", what).Where("release_id = ?", release).Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("record a try of release %d: %w", release, err)
	}
	return nil
}

// NewestRelease returns the newest release, shown or withheld, with what it holds; ok is false when there is none. Builds aside are none that
// another could follow.
func (l *Ledger) NewestRelease(ctx context.Context) (Release, bool, error) {
	var r Release
	ok, err := notFound(l.db.NewSelect().Model(&r).Where("status <> ? and status <> ?", Aside, Former).Order("id DESC").Limit(1).Scan(ctx))
	if err != nil {
		return r, false, fmt.Errorf("read releases: %w", err)
	}
	if !ok {
		return r, false, nil
	}
	r, err = l.withHolds(ctx, r)
	return r, true, err
}

// Publications returns what every target shows, sorted by target.
func (l *Ledger) Publications(ctx context.Context) ([]Publication, error) {
	var out []Publication
	if err := l.db.NewSelect().Model(&out).Order("target").Scan(ctx); err != nil {
		return nil, fmt.Errorf("read publications: %w", err)
	}
	return out, nil
}
