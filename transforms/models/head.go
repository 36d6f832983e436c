package models

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/fourmarketing/waybill"
)

// Head is what a file says about itself in the YAML comment at its top.
type Head struct {
	Description string
	Grain       string // "one row per …"
	Owner       string
	Key         []string // columns that identify a row
	Tags        []string
	Columns     []ColumnDoc // in the order of the head
	Checks      []HeadCheck
	PartitionBy []string
	Severity    Severity  // of a file in checks/; error when not said
	ConformsTo  string    // of a staging model: the fact that its rows are
	Rows        []RawRows // and how the rows of raw tables are counted in it
	Unit        Unit      // of a mart, fact or check: what its rows are held with
	AtStake     *AtStake  // of a mart: the money that waits when a unit is held; nil where there is none
	List        *List     // of a mart that is a list with an end: how two releases of it are compared
}

// ColumnDoc is what a head says about one column.
type ColumnDoc struct {
	Name        string
	Description string
	NotNull     bool
	Accepted    []string // the values it may have; empty for any
	PII         string

	line int
}

// Severity says what a failing check does: error holds the mart, warn is only told.
type Severity string

// The two severities.
const (
	SeverityError Severity = "error"
	SeverityWarn  Severity = "warn"
)

// CheckKind is what a check in a head looks for.
type CheckKind string

// Kinds of checks in a head.
const (
	CheckRelationship CheckKind = "relationship" // each value is found in another table
	CheckSumEqual     CheckKind = "sum_equal"    // two sums agree
	CheckNotNull      CheckKind = "not_null"     // columns have values
	CheckAccepted     CheckKind = "accepted"     // a column has one of the listed values or none
	CheckRows         CheckKind = "rows"         // a condition is not false for any row
)

// HeadCheck is one check that a head lists.
type HeadCheck struct {
	Kind     CheckKind
	Name     string   // from `name:`, else made of the check
	Severity Severity // error when not said
	Columns  []string
	Values   []string          // accepted
	To       waybill.TableName // relationship
	Fields   []string          // relationship: columns of To
	Left     string            // sum_equal: expression over the model; rows: the condition
	Right    string            // sum_equal: a select of one value; with By, of these columns and the value
	By       []string          // sum_equal: columns of the model for each of whose values the sums are compared

	line int
	deps []waybill.TableName // tables its SQL reads
}

var (
	headKeys = []string{
		"description", "grain", "owner", "key", "tags", "columns", "checks", "partition_by", "severity", "conforms_to", "rows", "unit", "at_stake", "list",
	}
	columnKeys = []string{"description", "not_null", "accepted", "pii"}
	checkKeys  = []string{"relationship", "sum_equal", "not_null", "accepted", "rows", "severity", "name"}
)

// parts are the YAML in a file's first comment and the select after it, with the lines of the file before each.
type parts struct {
	head     string
	headSkip int
	body     string
	bodySkip int
}

func splitHead(text string) (parts, error) {
	start := len(text) - len(strings.TrimLeft(text, " \t\r\n\uFEFF"))
	if !strings.HasPrefix(text[start:], "/*") {
		return parts{}, fmt.Errorf("no head: begin with a comment block: /* description: … */")
	}
	inside, rest, closed := strings.Cut(text[start+2:], "*/")
	if !closed {
		return parts{}, fmt.Errorf("the head's comment is not closed with */")
	}
	body := strings.TrimLeft(rest, " \t\r\n")
	f := parts{
		head:     strings.TrimLeft(inside, " \t"),
		headSkip: strings.Count(text[:start], "\n"),
		bodySkip: strings.Count(text[:len(text)-len(body)], "\n"),
	}
	body = strings.TrimRight(body, " \t\r\n")
	f.body = strings.TrimRight(strings.TrimSuffix(body, ";"), " \t\r\n")
	return f, nil
}

// head reads the YAML of a head.
func (r *yamlReader) head(text string) Head {
	h := Head{Severity: SeverityError}
	for _, e := range r.parse(text, headKeys) {
		switch e.key {
		case "description":
			h.Description = r.text(e.value)
		case "grain":
			h.Grain = r.text(e.value)
		case "owner":
			h.Owner = r.text(e.value)
		case "key":
			h.Key = r.list(e.value)
		case "tags":
			h.Tags = r.list(e.value)
		case "columns":
			h.Columns = r.columns(e.value)
		case "checks":
			h.Checks = r.checks(e.value)
		case "partition_by":
			h.PartitionBy = r.list(e.value)
		case "severity":
			h.Severity = r.severity(e.value)
		case "conforms_to":
			h.ConformsTo = r.text(e.value)
		case "rows":
			h.Rows = r.rawRows(e.value)
		case "unit":
			h.Unit = r.unit(e.value)
		case "at_stake":
			h.AtStake = r.atStake(e.value)
		case "list":
			h.List = r.listOf(e)
		}
	}
	return h
}

func (r *yamlReader) severity(n ast.Node) Severity {
	s := Severity(r.text(n))
	if s != SeverityError && s != SeverityWarn {
		r.fail(n, "severity %s: it is error or warn", s)
		return SeverityError
	}
	return s
}

func (r *yamlReader) columns(n ast.Node) []ColumnDoc {
	var out []ColumnDoc
	for _, e := range r.object(n, nil) {
		c := ColumnDoc{Name: e.key, line: r.skip + e.node.GetToken().Position.Line}
		if !isMapping(e.value) {
			c.Description = r.text(e.value)
			out = append(out, c)
			continue
		}
		for _, f := range r.object(e.value, columnKeys) {
			switch f.key {
			case "description":
				c.Description = r.text(f.value)
			case "not_null":
				c.NotNull = r.flag(f.value)
			case "accepted":
				c.Accepted = r.list(f.value)
			case "pii":
				c.PII = r.text(f.value)
			}
		}
		out = append(out, c)
	}
	return out
}

func isMapping(n ast.Node) bool {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	return false
}

func (r *yamlReader) checks(n ast.Node) []HeadCheck {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fail(n, "checks is a list: - relationship: {column: …, to: marts.…, field: …}")
		return nil
	}
	var out []HeadCheck
	for _, v := range seq.Values {
		if c := r.check(v); c.Kind != "" {
			out = append(out, c)
		}
	}
	return out
}

func (r *yamlReader) check(n ast.Node) HeadCheck {
	c := HeadCheck{Severity: SeverityError, line: r.skip + n.GetToken().Position.Line}
	before := len(r.errs)
	for _, e := range r.object(n, checkKeys) {
		switch e.key {
		case "severity":
			c.Severity = r.severity(e.value)
			continue
		case "name":
			c.Name = r.text(e.value)
			continue
		}
		if c.Kind != "" {
			r.fail(e.node, "two checks in one list item: begin %s with its own dash", e.key)
			continue
		}
		c.Kind, c.line = CheckKind(e.key), r.skip+e.node.GetToken().Position.Line
		r.checkBody(&c, e)
	}
	if c.Kind == "" && len(r.errs) == before {
		r.fail(n, "a check names one of relationship, sum_equal, not_null, accepted, rows")
	}
	if c.Name == "" {
		c.Name = c.defaultName()
	}
	return c
}

func (r *yamlReader) checkBody(c *HeadCheck, e entry) {
	switch c.Kind {
	case CheckNotNull:
		c.Columns = r.list(e.value)
	case CheckRows:
		c.Left = r.text(e.value)
	case CheckRelationship:
		for _, f := range r.object(e.value, []string{"column", "to", "field"}) {
			switch f.key {
			case "column":
				c.Columns = r.list(f.value)
			case "to":
				c.To = parseName(r.text(f.value))
			case "field":
				c.Fields = r.list(f.value)
			}
		}
		if c.Fields == nil {
			c.Fields = c.Columns
		}
		if len(c.Columns) == 0 || len(c.Fields) != len(c.Columns) || c.To.Name == "" {
			r.fail(e.node, "relationship needs column, to and as many fields as columns")
		}
	case CheckSumEqual:
		for _, f := range r.object(e.value, []string{"left", "right", "by"}) {
			switch f.key {
			case "left":
				c.Left = r.text(f.value)
			case "right":
				c.Right = strings.TrimRight(r.text(f.value), "; \n")
			case "by":
				c.By = r.list(f.value)
			}
		}
		if c.Left == "" || c.Right == "" {
			r.fail(e.node, "sum_equal needs left (an expression over the model) and right (a select of one value)")
		}
	case CheckAccepted:
		for _, f := range r.object(e.value, []string{"column", "values"}) {
			if f.key == "column" {
				c.Columns = r.list(f.value)
			} else {
				c.Values = r.list(f.value)
			}
		}
		if len(c.Columns) != 1 || len(c.Values) == 0 {
			r.fail(e.node, "accepted needs column and values")
		}
	}
}

func (c HeadCheck) defaultName() string {
	switch c.Kind {
	case CheckRelationship:
		return fmt.Sprintf("relationship %s to %s.%s", strings.Join(c.Columns, ", "), c.To, strings.Join(c.Fields, ", "))
	case CheckSumEqual:
		if len(c.By) > 0 {
			return "sum_equal " + c.Left + " by " + strings.Join(c.By, ", ")
		}
		return "sum_equal " + c.Left
	case CheckRows:
		return "rows " + c.Left
	default:
		return string(c.Kind) + " " + strings.Join(c.Columns, ", ")
	}
}
