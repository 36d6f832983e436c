package inputs

import (
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// areaRow is a row of ops.areas: of when an area of marts is in the newest release, and why it is held if it is.
type areaRow struct {
	Area      string     `json:"area"`
	OfRelease int64      `json:"of_release"`
	AsOf      *time.Time `json:"as_of"`
	HeldSince *time.Time `json:"held_since"`
	Cause     string     `json:"cause,omitempty"`
}

// heldRow is a row of ops.held_units: what hangs together and stands in the marts of the newest release as it was before.
type heldRow struct {
	Unit    string    `json:"unit"`
	Since   time.Time `json:"held_since"`
	Checks  string    `json:"checks"` // semicolons between
	Marts   string    `json:"marts"`  // commas between
	Rows    int64     `json:"rows_kept_out"`
	Kept    int64     `json:"rows_kept"`
	AtStake string    `json:"at_stake,omitempty"` // amounts with their currencies, commas between
}

func holdColumns() map[string][]waybill.Column {
	at := func(name string) waybill.Column { return waybill.Column{Name: name, Type: "TIMESTAMPTZ"} }
	return map[string][]waybill.Column{
		"areas":      append(columns("area cause", "of_release"), at("as_of"), at("held_since")),
		"held_units": append(columns("unit checks marts at_stake", "rows_kept_out rows_kept"), at("held_since")),
	}
}

func areaRows(r ledger.Release) []areaRow {
	rows := make([]areaRow, len(r.Areas))
	for i, a := range r.Areas {
		rows[i] = areaRow{Area: a.Area, OfRelease: a.OfRelease, AsOf: known(a.AsOf), HeldSince: known(a.HeldSince), Cause: a.Cause}
	}
	return rows
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func heldRows(r ledger.Release) []heldRow {
	rows := make([]heldRow, len(r.Held))
	for i, u := range r.Held {
		rows[i] = heldRow{
			Unit: u.Unit, Since: u.Since, Checks: u.By(), Marts: strings.Join(u.Marts, ","), Rows: u.Rows, Kept: u.Kept, AtStake: u.Money(),
		}
	}
	return rows
}
