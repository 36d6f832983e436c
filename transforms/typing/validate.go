package typing

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/htmlindex"

	"github.com/fourmarketing/waybill"
)

// problem is one thing that is wrong with a contract. It knows the key it is about, so that its place in the file can be found.
type problem struct {
	key string
	err error
}

// Error says the key and what is wrong.
func (p problem) Error() string { return p.key + ": " + p.err.Error() }

// Unwrap is what is wrong.
func (p problem) Unwrap() error { return p.err }

// Key leads to the setting within the contract, as people write it: tables.raw.wms_despatch.columns.site.type.
func (p problem) Key() string { return p.key }

// problems gathers everything that is wrong.
type problems []error

func (p *problems) say(key, format string, args ...any) {
	*p = append(*p, problem{key: key, err: fmt.Errorf(format, args...)})
}

// Validate says everything that is wrong with the contract: each error names the key and what would be right.
func (c Contract) Validate() error {
	var p problems
	for _, layer := range c.Decode {
		if layer == "pgp" {
			p.say("decode", "pgp is not supported; have the partner send over SFTP or FTPS without it, or decrypt on arrival")
		} else if layer != "gzip" && layer != "zip" {
			p.say("decode", "%q is no byte layer; use gzip or zip", layer)
		}
	}
	if err := c.Limits.validate(); err != nil {
		p.say("limits", "%s", err)
	}
	c.Format.validate(&p)
	if len(c.Tables) == 0 {
		p.say("tables", "names no table; add raw.<name> with its columns")
	}
	seen := map[waybill.TableName]bool{}
	for _, t := range c.Tables {
		if seen[t.Name] {
			p.say("tables."+t.Name.String(), "is there twice")
		}
		seen[t.Name] = true
		c.validateTable(t, &p)
	}
	c.validateControls(&p)
	return errors.Join(p...)
}

func (f Format) validate(p *problems) {
	if !slices.Contains([]Kind{CSV, JSON, Exchange, XML}, f.Type) {
		p.say("format.type", "%q is none of csv, json, exchange, xml", f.Type)
		return
	}
	if f.Type == XML && !elementPath.MatchString(f.Record) {
		p.say("format.record", "%q is no path of elements from the root to the one that is a record, such as /despatch_notes/despatch_note", f.Record)
	} else if f.Type != XML && f.Record != "" {
		p.say("format.record", "is for xml only")
	}
	if len(f.Parts) > 0 && f.Type != JSON && f.Type != Exchange {
		p.say("format.parts", "are of records of json and exchange only")
	}
	for i, text := range f.Parts {
		if h, err := parseHop(text); err != nil {
			p.say(fmt.Sprintf("format.parts[%d]", i), "%w", err)
		} else if last := i == len(f.Parts)-1; h.IsText == last || h.Keep {
			p.say(fmt.Sprintf("format.parts[%d]", i), "%q: parts are the entries of one list, the last hop; json($.path) may stand before it", text)
		}
	}
	if f.Encoding != "" {
		if _, err := htmlindex.Get(f.Encoding); err != nil {
			p.say("format.encoding", "%q is no WHATWG name such as utf-8, windows-1252 or utf-16le", f.Encoding)
		}
	}
	if f.Type != CSV {
		if f.Delimiter != "" || f.Quote != nil || f.Header || f.Fields != 0 {
			p.say("format", "delimiter, quote, header and fields are for csv only")
		}
		return
	}
	if len(f.Delimiter) > 1 || !isASCII(f.Delimiter) || strings.ContainsAny(f.Delimiter, "\r\n\x00") {
		p.say("format.delimiter", "%q is not one ASCII character", f.Delimiter)
	}
	if f.Quote != nil && (len(*f.Quote) > 1 || !isASCII(*f.Quote) || strings.ContainsAny(*f.Quote, "\r\n\x00")) {
		p.say("format.quote", "%q is not one ASCII character; write \"\" for none", *f.Quote)
	} else if f.QuoteByte() == f.Delim() {
		p.say("format.quote", "is the same character as the delimiter")
	}
	switch {
	case f.Header && f.Fields != 0:
		p.say("format.fields", "comes from the header; leave it out, or set header: false")
	case !f.Header && f.Fields <= 0:
		p.say("format.fields", "is needed where there is no header: how many fields a record has")
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func (c Contract) validateControls(p *problems) {
	checkRegex(p, "header_record.match", c.HeaderRecord.Match)
	checkRegex(p, "trailer.match", c.Trailer.Match)
	if c.Format.Type != CSV && (c.HeaderRecord.Match != "" || c.Trailer.Wanted()) {
		p.say("trailer", "header_record and trailer are for csv only")
	}
	c.validateControl(p)
	t := c.Trailer
	if !t.Wanted() && (t.CountField != nil || t.SumField != nil || t.SumOf != "" || t.Policy != "") {
		p.say("trailer.match", "is needed to know the trailer by, such as '^TRL'")
	}
	for key, field := range map[string]*int{"trailer.count_field": t.CountField, "trailer.sum_field": t.SumField} {
		if field != nil && *field < 0 {
			p.say(key, "counts from 0 within the trailer record")
		}
	}
	if (t.SumField == nil) != (t.SumOf == "") {
		p.say("trailer.sum_of", "sum_field and sum_of belong together: the trailer's field and the column that is summed")
	}
	if t.SumOf != "" {
		i := -1
		for _, table := range c.Tables {
			i = max(i, slices.IndexFunc(table.Columns, func(col Column) bool { return col.Name == t.SumOf && col.isNumber() }))
		}
		if i < 0 {
			p.say("trailer.sum_of", "%q is no number column of the contract", t.SumOf)
		}
	}
	checkPolicy(p, "trailer.policy", t.Policy, PolicyHold, PolicyReject, PolicyWarn)
	checkPolicy(p, "on_drift.new_column", c.OnDrift.NewColumn, PolicyWarn, PolicyHold, PolicyIgnore)
	checkPolicy(p, "on_drift.missing_column", c.OnDrift.MissingColumn, PolicyHold, PolicyWarn)
	checkPolicy(p, "on_drift.encoding", c.OnDrift.Encoding, PolicyHold, PolicyWarn, PolicyIgnore)
	checkPolicy(p, "on_drift.last_line", c.OnDrift.LastLine, PolicyHold, PolicyWarn, PolicyIgnore)
	checkPolicy(p, "on_drift.date_order", c.OnDrift.DateOrder, PolicyHold, PolicyWarn, PolicyIgnore)
	c.NameDate.validate(p)
}

func checkPolicy(p *problems, key string, have Policy, allowed ...Policy) {
	if have != "" && !slices.Contains(allowed, have) {
		p.say(key, "%q is none of %v", have, allowed)
	}
}

func checkRegex(p *problems, key, expression string) {
	if _, err := syntax.Parse(expression, syntax.Perl); err != nil {
		p.say(key, "%w", err)
	}
}

func (c Contract) validateTable(t Table, p *problems) {
	at := "tables." + t.Name.String()
	if !identifier.MatchString(t.Name.Namespace) || !identifier.MatchString(t.Name.Name) {
		p.say(at, "a table's name is lower-case letters, digits and underscores, such as raw.wms_despatch")
	}
	if c.Format.Type == CSV {
		if len(c.Tables) > 1 {
			p.say(at, "a csv record gives rows to one table only")
		}
		if len(t.Each) > 0 || t.Where.Path != "" {
			p.say(at, "each and where are for json, exchange and xml only")
		}
	}
	checkRegex(p, at+".where.regex", t.Where.Regex)
	if (t.Where.Path == "") != (t.Where.Regex == "") {
		p.say(at+".where", "path and regex belong together")
	}
	if t.Where.Path != "" {
		if _, err := parsePath(t.Where.Path, 0); err != nil {
			p.say(at+".where.path", "%w", err)
		}
	}
	for i, hop := range t.Each {
		if _, err := parseHop(hop); err != nil {
			p.say(fmt.Sprintf("%s.each[%d]", at, i), "%w", err)
		}
	}
	if len(t.Columns) == 0 {
		p.say(at+".columns", "names no column")
	}
	names := map[string]bool{}
	for _, col := range t.lakeColumns() {
		if names[col.Name] {
			p.say(at+".columns."+col.Name, "two columns have this name (a column with codes also makes one ending in %s)", rawSuffix)
		}
		names[col.Name] = true
	}
	for _, col := range t.Columns {
		c.validateColumn(t, col, p)
	}
}

var (
	identifier  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	decimalType = regexp.MustCompile(`^decimal\((\d{1,2}),\s*(\d{1,2})\)$`)
	numberText  = regexp.MustCompile(`^-?\d+(\.\d+)?$`)
)

func (c Contract) validateColumn(t Table, col Column, p *problems) {
	at := "tables." + t.Name.String() + ".columns." + col.Name
	if !identifier.MatchString(col.Name) {
		p.say(at, "a column's name is lower-case letters, digits and underscores and starts with a letter")
	}
	c.validatePlace(t, col, at, p)
	if col.lakeType() == "" {
		p.say(at+".type", "%q is none of text, integer, bigint, boolean, date, timestamp, decimal(p,s) with s ≤ p ≤ 38", col.Type)
	}
	col.validateTime(at, p)
	col.validateBounds(at, p)
	c.validateZones(t, col, at, p)
	if col.TimeColumn != "" {
		if !col.isTime() {
			p.say(at+".time_column", "is for date and timestamp only")
		}
		t.validateBeside(col, "time_column", col.TimeColumn, at, p)
	}
	col.validateReference(at, p)
	c.validateRepeated(col, at, p)
	col.validateRange(at, p)
	col.validateNumber(at, p)
	if !isASCII(col.Strip) {
		p.say(at+".strip", "takes ASCII characters only")
	}
	checkRegex(p, at+".regex", col.Regex)
	checkRegex(p, at+".extract", col.Extract)
	if re, err := regexp.Compile(col.Extract); err == nil && col.Extract != "" && re.NumSubexp() < 1 {
		p.say(at+".extract", "%q has no group; put the part to keep in brackets", col.Extract)
	}
	if col.TellsReject && (col.Type != "text" || col.Required || c.Format.Type == CSV || len(t.Each) > 0) {
		p.say(at+".tells_reject", "stands on a text column that is not required, in a table of json or exchange without each")
	}
	if len(col.Codes) > 0 && col.Type != "text" {
		p.say(at+".codes", "stand on a text column")
	}
	if col.PII != "" && col.PII != Keep && col.PII != Hash && col.PII != Drop {
		p.say(at+".pii", "%q is none of keep, hash, drop", col.PII)
	}
	if col.Subject != "" && !slices.Contains(Subjects(), col.Subject) {
		p.say(at+".subject", "%q is none of order, parcel, payment, return", col.Subject)
	}
	if col.Subject != "" && (col.PII == Hash || col.PII == Drop) {
		p.say(at+".subject", "stands on a column that is kept: what it names stays in the tables when a person is forgotten")
	}
	if col.PII == Hash && (col.Type != "text" || len(col.Codes) > 0) {
		p.say(at+".pii", "hash stands on a text column without codes")
	}
}

func (col Column) validateRange(at string, p *problems) {
	for key, n := range map[string]Number{".min": col.Min, ".max": col.Max} {
		if n == "" {
			continue
		}
		if !numberText.MatchString(string(n)) || !col.isNumber() {
			p.say(at+key, "%q: a bound is a number and stands on a number column", n)
		}
	}
	least, hasLeast := new(big.Rat).SetString(string(col.Min))
	if most, ok := new(big.Rat).SetString(string(col.Max)); ok && hasLeast && most.Cmp(least) < 0 {
		p.say(at+".max", "%s is below min, %s: every row would be a reject", col.Max, col.Min)
	}
}

func (col Column) validateTime(at string, p *problems) {
	isTime := col.Type == "date" || col.Type == "timestamp"
	if isTime && len(col.Formats) == 0 {
		p.say(at+".formats", "is needed: strptime patterns such as %%d/%%m/%%Y, iso, or epoch")
	}
	if !isTime && (len(col.Formats) > 0 || col.Zone != "") {
		p.say(at+".formats", "formats and zone are for date and timestamp only")
	}
	if !isTime && col.Future {
		p.say(at+".future", "is for date and timestamp only")
	}
	if col.Type == "timestamp" {
		if col.Zone == "" && col.ZoneColumn == "" {
			p.say(at+".zone", "is needed: the IANA zone of wall times without offset, such as Europe/London or UTC; zone_column where each row names its own")
		}
		if _, err := time.LoadLocation(col.Zone); err != nil {
			p.say(at+".zone", "%w", err)
		}
	}
	if col.hasBothOrders() {
		p.say(at+".formats", "has the day before the month and the month before the day: 3/4 would be taken for whichever stands first; "+
			"keep the order that the partner writes, and ask for the other files anew")
	}
	for _, f := range col.Formats {
		switch {
		case f != isoFormat && f != epochFormat && !strings.Contains(f, "%"):
			p.say(at+".formats", "%q is neither iso nor epoch nor a strptime pattern", f)
		case guessesZone(f):
			p.say(at+".formats", "%q: %%Z would guess which zone a label such as BST is of; write %%z for offsets such as +01:00, GMT, UTC or Z as they stand "+
				"(%%H:%%M:%%S GMT), or a label that the zone of the column has (%%H:%%M:%%S BST beside zone: Europe/London)", f)
		case col.Type == "date" && isInstant(f):
			p.say(at+".formats", "%q is an instant, which has a date only in a zone; use type timestamp", f)
		}
	}
}

func (c Contract) validatePlace(t Table, col Column, at string, p *problems) {
	var keys []string
	if len(col.From) > 0 {
		keys = append(keys, "from")
	}
	if col.Position != nil {
		keys = append(keys, "position")
	}
	if len(col.Path) > 0 {
		keys = append(keys, "path")
	}
	want := "path"
	if c.Format.Type == CSV {
		want = "position"
		if c.Format.Header {
			want = "from"
		}
	}
	if len(keys) != 1 || keys[0] != want {
		p.say(at, "has to say where its value stands by %s, and by nothing else", want)
		return
	}
	if want == "position" && (*col.Position < 0 || *col.Position >= c.Format.Fields) {
		p.say(at+".position", "%d is not within 0 and %d (format.fields - 1)", *col.Position, c.Format.Fields-1)
	}
	if want == "path" {
		for _, path := range col.Path {
			if _, err := parsePath(path, len(t.Each)); err != nil {
				p.say(at+".path", "%w", err)
			}
		}
	}
}

func (col Column) isNumber() bool {
	return col.Type == "integer" || col.Type == "bigint" || strings.HasPrefix(col.Type, "decimal")
}

// lakeType is the column's type in the lake, empty when the contract's is unknown.
func (col Column) lakeType() waybill.Type {
	switch col.Type {
	case "text":
		return "VARCHAR"
	case "integer":
		return "INTEGER"
	case "bigint":
		return "BIGINT"
	case "boolean":
		return "BOOLEAN"
	case "date":
		return "DATE"
	case "timestamp":
		return "TIMESTAMPTZ"
	}
	precision, scale, ok := col.decimal()
	if !ok {
		return ""
	}
	return waybill.Type(fmt.Sprintf("DECIMAL(%d,%d)", precision, scale))
}

func (col Column) decimal() (precision, scale int, ok bool) {
	m := decimalType.FindStringSubmatch(col.Type)
	if m == nil {
		return 0, 0, false
	}
	precision, _ = strconv.Atoi(m[1]) // the pattern allows digits only
	scale, _ = strconv.Atoi(m[2])
	return precision, scale, precision >= 1 && precision <= 38 && scale <= precision
}

// isoFormat stands for ISO 8601, with or without offset.
const isoFormat = "iso"

// epochFormat stands for whole seconds since 1970-01-01T00:00:00Z, where 0 is no time.
const epochFormat = "epoch"
