// Package typing is what a feed's contract says of its rows and how DuckDB carries it out: the contract's structs, the
// lake columns that follow from them, and the SQL that turns records of text into typed rows or into rejects with the
// rule that was broken. It knows no feed, no file format below UTF-8 records, and nothing of the lake.
package typing

import (
	"fmt"
	"strings"

	"github.com/fourmarketing/waybill"
)

// Contract says how a feed's files are decoded, typed and checked. It is data: YAML, decoded strictly.
type Contract struct {
	Decode       []string `yaml:"decode"` // byte layers, outermost first: gzip, zip
	Format       Format   `yaml:"format"`
	HeaderRecord Record   `yaml:"header_record"` // a record before the data (HDR;…): checked, not a row
	Trailer      Trailer  `yaml:"trailer"`
	Control      Control  `yaml:"control" json:",omitzero"` // XML's place of the trailer
	Tables       Tables   `yaml:"tables"`
	Limits       Limits   `yaml:"limits"`
	OnDrift      Drift    `yaml:"on_drift"`
	NameDate     NameDate `yaml:"name_date" json:",omitzero"` // the date in a file's name, which tells in what order its rows have day and month
}

// Kind is how records stand in the bytes.
type Kind string

// The kinds of format. An exchange is NDJSON of request, status, at, headers and body, as API connectors keep answers.
const (
	CSV      Kind = "csv"
	JSON     Kind = "json"
	Exchange Kind = "exchange"
	XML      Kind = "xml"
)

// Format is the dialect of the records.
type Format struct {
	Type      Kind     `yaml:"type"`
	Delimiter string   `yaml:"delimiter"` // one ASCII character, comma if left out
	Quote     *string  `yaml:"quote"`     // one ASCII character, `"` if left out, empty for a dialect without quotes
	Encoding  string   `yaml:"encoding"`  // a WHATWG name: utf-8 (if left out), cp1252, utf-16le; a byte order mark wins
	Header    bool     `yaml:"header"`
	Fields    int      `yaml:"fields"` // number of fields of a record where there is no header
	Null      []string `yaml:"null"`   // texts that mean no value, besides the empty one
	// XML: the element that is a record, from the root: /despatch_notes/despatch_note. It is typed as the JSON that decode.XML makes of it.
	Record string `yaml:"record" json:",omitempty"`
	// JSON and exchange: hops to what stands apart in a record, such as the orders of a page. Each is loaded or rejected by itself: one bad order
	// keeps back none of its page. Without parts a record is loaded or rejected whole.
	Parts []string `yaml:"parts" json:",omitempty"`
}

// Delim is the delimiter.
func (f Format) Delim() byte {
	if f.Delimiter == "" {
		return ','
	}
	return f.Delimiter[0]
}

// QuoteByte is the quote character, 0 for a dialect without quotes.
func (f Format) QuoteByte() byte {
	switch {
	case f.Quote == nil:
		return '"'
	case *f.Quote == "":
		return 0
	}
	return (*f.Quote)[0]
}

// Record recognises a record that is not data by a regular expression on its text.
type Record struct {
	Match string `yaml:"match"`
}

// Policy is what a broken control total or a drift leads to.
type Policy string

// The policies: hold keeps the file out until somebody releases it or a better one comes, reject refuses it for good, warn
// loads it and says so, ignore says nothing.
const (
	PolicyHold   Policy = "hold"
	PolicyReject Policy = "reject"
	PolicyWarn   Policy = "warn"
	PolicyIgnore Policy = "ignore"
)

// Trailer is the closing record with the sender's own totals. Fields count from 0 within that record.
type Trailer struct {
	Match      string `yaml:"match"`
	CountField *int   `yaml:"count_field"`
	SumField   *int   `yaml:"sum_field"`
	SumOf      string `yaml:"sum_of"` // the column that is summed
	Policy     Policy `yaml:"policy"` // hold if left out
}

// Wanted says whether the contract asks for a trailer.
func (t Trailer) Wanted() bool { return t.Match != "" }

// Control is where an XML file says how many records it has.
type Control struct {
	Count  string `yaml:"count"`  // the element, from the root, or its @attribute: /despatch_notes/@total
	Policy Policy `yaml:"policy"` // hold if left out
}

// Limits guard a load against a file that is of another kind or cut down.
type Limits struct {
	MaxRejected   *Share `yaml:"max_rejected"`     // of the records; if left out, see TooManyRejected
	MinRowsVsLast *Share `yaml:"min_rows_vs_last"` // of the records of the feed's newest loaded file
	// A file without a byte is no news, as an API's answer may be, and not a cut-off upload; so is one of XML without the element for records.
	AllowEmpty bool `yaml:"allow_empty"`

	Growth `yaml:",inline"`
}

// The limit of rejected records for feeds that set none: a twentieth, and two in a small file, but never half of it. A twentieth of a file gone is
// something that somebody has to look at; one bad record among ten is no reason to keep the others out.
const (
	DefaultMaxRejected = Share(0.05)
	FewRejected        = 2
)

// TooManyRejected says whether so many of a file's records are rejected that the file is to be held, and what may be, in words. Waybill writes exchange
// logs itself, so one is never a file of another kind, and a bad answer in it holds up none of the others.
func (c Contract) TooManyRejected(rejected, records int64) (tooMany bool, allowed string) {
	above := func(s Share) bool { return float64(rejected) > float64(s)*float64(records) }
	switch {
	case c.Limits.MaxRejected != nil:
		return above(*c.Limits.MaxRejected), fmt.Sprintf("%g%% may be", float64(*c.Limits.MaxRejected)*100)
	case c.Format.Type == Exchange:
		return false, ""
	default:
		return above(DefaultMaxRejected) && (rejected > FewRejected || 2*rejected >= records),
			fmt.Sprintf("%g%% may be, and %d where those are less than half", float64(DefaultMaxRejected)*100, FewRejected)
	}
}

// Drift is what a file leads to that is written in another way than those before it.
type Drift struct {
	NewColumn     Policy `yaml:"new_column"`     // warn (if left out), hold or ignore
	MissingColumn Policy `yaml:"missing_column"` // hold (if left out) or warn
	// Encoding is for a file whose contract names a single-byte character set and whose bytes above ASCII all make UTF-8: hold (if left out), warn or
	// ignore.
	Encoding Policy `yaml:"encoding" json:",omitempty"`
	// LastLine is for a last line of CSV without a line end, behind which no trailer says that the file is whole: its last value may be cut. warn (if left
	// out), hold or ignore.
	LastLine Policy `yaml:"last_line" json:",omitempty"`
	// DateOrder is for dates that seem to have day and month in another order than the contract, see Doubt: hold (if left out), warn or ignore.
	DateOrder Policy `yaml:"date_order" json:",omitempty"`
}

// Or is the policy, or another where the contract names none.
func (p Policy) Or(otherwise Policy) Policy {
	if p == "" {
		return otherwise
	}
	return p
}

// Table is one lake table that a record gives rows to.
type Table struct {
	Name    waybill.TableName
	Where   Where
	Each    []string // hops into the record: json($.body), $.list[*], $.list{*} (or an object's values), $.list[] (or the one object without a list), each with ? (keeps the parent once when there is none)
	Columns []Column
}

// Where restricts a table to the records whose value at a path matches.
type Where struct {
	Path  string `yaml:"path"`
	Regex string `yaml:"regex"`
}

// PII is what happens to a personal value.
type PII string

// The ways with personal values; hash is a lower-case hex text, see HashedBy.
const (
	Keep PII = "keep"
	Hash PII = "hash"
	Drop PII = "drop"
)

// Subject says that a column names something of one customer alone. What is marked so leads `waybill forget` from one record of a person to the next.
type Subject string

// What a column may name. A parcel's number means the same with every partner; the others mean something with the partner alone that gave them.
const (
	SubjectOrder   Subject = "order"   // an order, or a document that is of one order: its name, its number, a despatch note
	SubjectParcel  Subject = "parcel"  // a carrier's number
	SubjectPayment Subject = "payment" // a payment, or a movement of one: the provider's reference, the shop's
	SubjectReturn  Subject = "return"  // a return, its receipt, or a refund
)

// Subjects are all of them.
func Subjects() []Subject {
	return []Subject{SubjectOrder, SubjectParcel, SubjectPayment, SubjectReturn}
}

// SubjectName is a name as it is compared: what stands behind the last stroke, without blanks and number sign, in upper case. So gid://shopify/Order/5 is 5.
func SubjectName(value string) string {
	value = strings.TrimSpace(value)
	value = value[strings.LastIndexByte(value, '/')+1:]
	return strings.ToUpper(strings.TrimSpace(strings.TrimLeft(value, "#")))
}

// Column is one column of a table: where its value stands and what it has to be.
type Column struct {
	Name        string   `yaml:"-"`
	From        Names    `yaml:"from"`     // header names, any of them
	Position    *int     `yaml:"position"` // field from 0, where there is no header
	Path        Paths    `yaml:"path"`     // JSON path relative to the innermost hop, the first of several that is there; each leading ^ goes one level out; [key=a] is the first entry with that member
	Type        string   `yaml:"type"`     // text, integer, bigint, boolean, date, timestamp, decimal(p,s)
	Formats     []string `yaml:"formats"`  // strptime patterns, iso, or epoch (seconds, 0 for none), tried in order
	Zone        string   `yaml:"zone"`     // IANA zone of wall times without offset
	Strip       string   `yaml:"strip"`    // characters trimmed from both ends
	Extract     string   `yaml:"extract"`  // regular expression; the value is its group 1
	DecimalMark string   `yaml:"decimal_mark"`
	Codes       Codes    `yaml:"codes"`                     // raw to canonical; gives two lake columns
	Required    bool     `yaml:"required"`                  // of a column with codes: a code that they have
	Present     bool     `yaml:"present" json:",omitempty"` // something has to be sent, whether the codes have it or not
	Min         Number   `yaml:"min"`
	Max         Number   `yaml:"max"`
	Enum        []string `yaml:"enum"`
	Regex       string   `yaml:"regex"` // on the text after strip
	PII         PII      `yaml:"pii"`
	Subject     Subject  `yaml:"subject" json:"-"` // whose the value is; no part of the contract's hash: it changes no row
	Optional    bool     `yaml:"optional"`         // the header may lack it
	// TellsReject keeps the row where another row of its record breaks a rule, and says here which: what was asked of a partner stays known, however
	// bad the answer is.
	TellsReject bool `yaml:"tells_reject" json:",omitempty"`
	// How numbers are written, besides DecimalMark, which is the point if left out (the comma where GroupMark is the point). What is written in another
	// way is rejected. GroupMark stands between groups of three digits; Negative lists trailing and parentheses, besides a minus before the number;
	// Affixes are units before or behind it (£, EUR, %), which are left out.
	GroupMark string `yaml:"group_mark" json:",omitempty"`
	Negative  Names  `yaml:"negative" json:",omitempty"`
	Affixes   Names  `yaml:"affixes" json:",omitempty"`
	// Future says that dates and times may lie after the receipt of their file, as due dates and estimates do, see Doubt.
	Future bool `yaml:"future" json:",omitempty"`
	// Earliest and Latest bound dates and times, both included. If left out they are firstYear and yearsAhead after the receipt of the file.
	Earliest Bound `yaml:"earliest" json:",omitempty"`
	Latest   Bound `yaml:"latest" json:",omitempty"`
	// ZoneColumn names the text column of the table that says for each row which zone a wall time is of, in the labels of Zones; UTC, GMT, Z and offsets such
	// as +02:00 need no entry. Zone is then for rows without a label. A label that nobody has mapped makes its row a reject of rule zone.
	ZoneColumn string `yaml:"zone_column" json:",omitempty"`
	Zones      Zones  `yaml:"zones" json:",omitempty"`
	// TimeColumn names the text column of the table with the time of day. Formats are of both, with a blank between.
	TimeColumn string `yaml:"time_column" json:",omitempty"`
	// Reference says that the text is a reference, by which rows of several systems find one another: invisible characters are taken out of it, and what
	// spreadsheets do to references, or what no reference has, makes its record a reject. Width is how many characters one of digits alone has.
	Reference bool `yaml:"reference" json:",omitempty"`
	Width     int  `yaml:"width" json:",omitempty"`
	// Repeated says that the record has the column once for each of its entries: under header names that are there several times, or that have numbers in the
	// place of {n}. Each entry becomes a row; a record without one keeps a row in which its repeated columns are null. CSV with a header only.
	Repeated bool `yaml:"repeated" json:",omitempty"`
}

// TableNames are the lake tables in the order of the contract.
func (c Contract) TableNames() []waybill.TableName {
	names := make([]waybill.TableName, len(c.Tables))
	for i, t := range c.Tables {
		names[i] = t.Name
	}
	return names
}

// Columns are the lake columns of one of the contract's tables, those of lineage last; nil for a table it does not have.
func (c Contract) Columns(name waybill.TableName) []waybill.Column {
	for _, t := range c.Tables {
		if t.Name == name {
			return append(t.lakeColumns(), Lineage()...)
		}
	}
	return nil
}

func (t Table) lakeColumns() []waybill.Column {
	var out []waybill.Column
	for _, c := range t.Columns {
		if c.PII == Drop {
			continue
		}
		if len(c.Codes) > 0 {
			out = append(out, waybill.Column{Name: c.Name + rawSuffix, Type: "VARCHAR"})
		}
		out = append(out, waybill.Column{Name: c.Name, Type: c.lakeType()})
	}
	return out
}

// rawSuffix names the column with a code as it was sent.
const rawSuffix = "_raw"

// Lineage are the columns that lead every row to its line.
func Lineage() []waybill.Column {
	return []waybill.Column{
		{Name: "_source", Type: "VARCHAR", Doc: "the connection it came from"},
		{Name: "_file_id", Type: "VARCHAR", Doc: "the file's id in the ledger"},
		{Name: "_line", Type: "BIGINT", Doc: "line on which the record starts in the decoded file, from 1; the header is line 1; of XML the line of the row's own element"},
		{Name: "_load_id", Type: "VARCHAR", Doc: "the load that brought it"},
		{Name: "_received_at", Type: "TIMESTAMPTZ", Doc: "when the bytes were received"},
		{Name: "_loaded_at", Type: "TIMESTAMPTZ", Doc: "when they were typed"},
	}
}
