// Package load takes one file of a feed from bytes to staged Parquet: it decodes, types and checks it as its contract
// says, and accounts for every record. It commits nothing and knows neither the lake nor the ledger.
package load

import (
	"database/sql"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// Loader loads files, several at once if asked to.
type Loader struct {
	engine *typing.Engine
	db     *sql.DB
	sizes  sizes
	free   chan *batch
	assume typing.Traits // what SQL looks for from the start, whether it occurs or not; none
}

// New makes a loader over a DuckDB that transforms/duck has opened and that is the caller's to close.
func New(db *sql.DB) *Loader {
	return &Loader{engine: typing.NewEngine(db), db: db, sizes: usualSizes, free: make(chan *batch, batchesFree)}
}

// Input is one file.
type Input struct {
	Bytes                io.Reader // as received; read once, not always to the end
	Contract             typing.Contract
	Source, Feed, Name   string
	File                 string // the file's id: what _file_id says
	LoadID               string
	ReceivedAt, LoadedAt time.Time // LoadedAt is also the now that dates are checked against
	PIISalt              waybill.Secret
	StageDir             string  // local folder for Parquet and rejects; the caller removes it
	Previous             History // of the feed
	Neighbours           typing.Neighbours
	FieldIDs             func(waybill.TableName) map[string]int
	Show                 bool // a held file, too, leaves in StageDir what it gave until it was held, for people to look at
}

// History is what the feed's newest loaded file had.
type History struct {
	Rows int64 // 0 when there is none
	Name string
}

// Result is what a file came to. Records = Loaded + Rejected, always: a part that is rejected by itself counts as a record of
// its own.
type Result struct {
	Files           map[waybill.TableName][]waybill.StagedFile
	Rejects         []waybill.StagedFile // for RejectsTable
	Records         int64                // data records: no header, header record, repeated header, trailer or blank line
	Loaded          int64                // records that gave rows, or by their contract none
	Rejected        int64
	RowsByTable     map[waybill.TableName]int64
	RejectsByRule   map[string]int64
	RepeatedHeaders int64
	Control         Control
	Drift           []DriftNote
	Warnings        []string
	LoadedAt        time.Time // of the input, which the rows say
	Hold            *Hold     // nothing is to be committed; Files and Rejects are empty but for Input.Show
}

// Control is the totals of the trailer, or of Contract.Control, beside what was counted.
type Control struct {
	Found               bool
	WantCount, GotCount int64
	WantSum, GotSum     string // decimal texts, empty when the contract sums nothing
}

// DriftNote is one difference between the header and the contract.
type DriftNote struct {
	Kind   string // new_column, missing_column or duplicate_column
	Column string
	Detail string
}

// Hold says why a file is not to be loaded.
type Hold struct {
	Rule   string // empty, encoding, truncated, trailer, missing_column, max_rejected, …
	Detail string
	Line   int64  // 0 when it is about the whole file
	Column string // empty when it is about no column
	Final  bool   // the contract's policy is reject: releasing it is not foreseen
}

// String says the hold in words.
func (h *Hold) String() string {
	var b strings.Builder
	b.WriteString(h.Rule)
	if h.Line > 0 {
		fmt.Fprintf(&b, " at line %d", h.Line)
	}
	if h.Column != "" {
		fmt.Fprintf(&b, ", column %s", h.Column)
	}
	return b.String() + ": " + h.Detail
}

// Notes are the warnings of a load, one a line.
func (r Result) Notes() string {
	notes := append([]string{}, r.Warnings...)
	var unknown []string
	for _, d := range r.Drift {
		if d.Kind == "new_column" {
			unknown = append(unknown, d.Column)
			continue
		}
		notes = append(notes, d.Kind+": "+d.Detail)
	}
	if len(unknown) > 0 {
		notes = append(notes, fmt.Sprintf("new_column: the contract does not know %q", unknown))
	}
	if r.RepeatedHeaders > 0 {
		notes = append(notes, fmt.Sprintf("repeated_header: %d header rows inside the data were dropped", r.RepeatedHeaders))
	}
	return strings.Join(notes, "\n")
}
