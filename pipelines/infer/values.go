package infer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// column is a column of a table, and the values of it that were seen.
type column struct {
	name   string
	from   string // header name
	at     int    // field, where there is no header; else -1
	path   string // of JSON and XML
	values []string
	pii    string
	guess
}

// guess is what the values of a column seem to be.
type guess struct {
	kind    string // type of the contract
	formats []string
	zone    string
	decimal string // mark
	group   string // mark
	strip   string
	why     string

	reference bool
}

// mostValues is how many values of a column are looked at: what is tried afterwards is the whole file.
const mostValues = 20_000

func (c *column) add(value string) {
	if len(c.values) < mostValues {
		c.values = append(c.values, value)
	}
}

// absent are texts that stand for no value where all others are numbers or times.
var absent = []string{"NULL", "null", "N/A", "n/a", "NA", "-"}

// settle guesses what the column is. It returns texts that mean no value.
func (c *column) settle() (null []string) {
	var given []string
	for _, v := range c.values {
		if v = strings.TrimSpace(v); v != "" {
			given = append(given, v)
		}
	}
	c.pii = personal(c.name)
	switch {
	case len(given) == 0:
		c.guess = guess{kind: "text", why: "it is empty in this file"}
		return nil
	case c.pii != "":
		c.guess = guess{kind: "text", why: "its name says that it is personal; pii: keep shows it"}
		return nil
	}
	var told []string
	for _, v := range given {
		if slices.Contains(absent, v) {
			null = append(null, v)
		} else {
			told = append(told, v)
		}
	}
	if len(told) == 0 {
		told, null = given, nil
	}
	if c.guess = kindOf(c.name, told); c.kind == "text" {
		return nil
	}
	slices.Sort(null)
	return slices.Compact(null)
}

var (
	integer    = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,8})$`)
	bigint     = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,17})$`)
	references = regexp.MustCompile(`(^|_)(ref|reference|no|number|num|id|code|sku|ean|gtin|barcode|barcodes|postcode|phone|batch|iban|account|name)$`)
)

// decimals are forms of numbers with a fraction: the marks, and how such a number looks. At least one value must have the part that tells.
var decimals = []struct {
	decimal, group string
	form, tells    *regexp.Regexp
	why            string
}{
	{".", "", regexp.MustCompile(`^-?[0-9]{1,14}(\.[0-9]{1,4})?$`), regexp.MustCompile(`\.`), "numbers with a point"},
	{",", "", regexp.MustCompile(`^-?[0-9]{1,14}(,[0-9]{1,4})?$`), regexp.MustCompile(`,`), "numbers with a comma, which is taken for the decimal mark"},
	{".", ",", regexp.MustCompile(`^-?[0-9]{1,3}(,[0-9]{3})*(\.[0-9]{1,4})?$`), regexp.MustCompile(`,.*\.`), "numbers with commas before the point"},
	{",", ".", regexp.MustCompile(`^-?[0-9]{1,3}(\.[0-9]{3})*(,[0-9]{1,4})?$`), regexp.MustCompile(`\..*,`), "numbers with points before the comma"},
}

func kindOf(name string, values []string) guess {
	all := func(form *regexp.Regexp) bool {
		return !slices.ContainsFunc(values, func(v string) bool { return !form.MatchString(v) })
	}
	if references.MatchString(name) {
		return guess{kind: "text", reference: true, why: "by its name a reference, which is no number"}
	}
	switch {
	case all(integer):
		return guess{kind: "integer", why: "whole numbers without leading zeros"}
	case all(bigint):
		return guess{kind: "bigint", why: "long whole numbers"}
	}
	for _, d := range decimals {
		if all(d.form) && slices.ContainsFunc(values, d.tells.MatchString) {
			return guess{kind: "decimal(18,4)", decimal: d.decimal, group: d.group, why: d.why}
		}
	}
	if g, ok := timesOf(values, ""); ok {
		return g
	}
	bare := make([]string, len(values))
	for i, v := range values {
		bare[i] = strings.Trim(v, "'")
	}
	if g, ok := timesOf(bare, "'"); ok {
		return g
	}
	return guess{kind: "text", why: "texts"}
}

// clock is a form of dates or times: as the contract writes it, and as Go does. other is the form with day and month changed round.
type clock struct{ pattern, layout, other string }

var (
	days = []clock{
		{"%Y-%m-%d", "2006-01-02", ""}, {"%d/%m/%Y", "2/1/2006", "1/2/2006"}, {"%m/%d/%Y", "1/2/2006", ""}, {"%d.%m.%Y", "2.1.2006", ""}, {"%d-%m-%Y", "2-1-2006", "1-2-2006"}, {"%d-%b-%Y", "2-Jan-2006", ""},
	}
	hours = []clock{{" %H:%M:%S", " 15:04:05", ""}, {" %H:%M", " 15:04", ""}, {"T%H:%M:%S", "T15:04:05", ""}, {", %H:%M:%S", ", 15:04:05", ""}}
)

// mostFormats is how many forms of times the values of one column may have.
const mostFormats = 3

// timesOf guesses dates and times.
func timesOf(values []string, strip string) (guess, bool) {
	if covers(values, func(v string) bool { return isInstant(v) }) {
		return guess{kind: "timestamp", formats: []string{"iso"}, zone: "UTC", strip: strip, why: "instants with their offset"}, true
	}
	if g, ok := formsOf(values, days); ok {
		g.kind, g.strip = "date", strip
		return g, true
	}
	var forms []clock
	for _, d := range days {
		for _, h := range hours {
			c := clock{d.pattern + h.pattern, d.layout + h.layout, ""}
			if d.other != "" {
				c.other = d.other + h.layout
			}
			forms = append(forms, c)
		}
	}
	g, ok := formsOf(values, forms)
	g.kind, g.strip, g.zone = "timestamp", strip, "UTC"
	g.why += "; no value says its offset: whose wall time is it? UTC is a guess"
	return g, ok
}

func isInstant(v string) bool {
	_, err := time.Parse(time.RFC3339Nano, strings.Replace(v, " ", "T", 1))
	return err == nil
}

func covers(values []string, fits func(string) bool) bool {
	return !slices.ContainsFunc(values, func(v string) bool { return !fits(v) })
}

// formsOf finds few forms that all values have, the one with the most first.
func formsOf(values []string, forms []clock) (guess, bool) {
	left := values
	var g guess
	either := false
	for len(left) > 0 && len(g.formats) < mostFormats {
		var best clock
		var rest []string
		for _, f := range forms {
			var others []string
			for _, v := range left {
				if _, err := time.Parse(f.layout, v); err != nil {
					others = append(others, v)
				}
			}
			if best.pattern == "" || len(others) < len(rest) {
				best, rest = f, others
			}
		}
		if len(rest) == len(left) {
			return g, false
		}
		g.formats = append(g.formats, best.pattern)
		if best.other != "" && covers(left, func(v string) bool {
			_, err := time.Parse(best.other, v)
			return err == nil || slices.Contains(rest, v)
		}) {
			either = true
		}
		left = rest
	}
	monthFirst := func(f string) bool { return strings.HasPrefix(f, "%m") }
	dayFirst := func(f string) bool { return strings.HasPrefix(f, "%d") }
	if slices.ContainsFunc(g.formats, monthFirst) && slices.ContainsFunc(g.formats, dayFirst) {
		return g, false // nobody could tell which is meant
	}
	g.why = "such dates"
	if either {
		g.why = "day first is taken for granted: no day is later than the 12th, so that it may be the month; ask the partner"
	}
	return g, len(left) == 0
}

var (
	hashed  = regexp.MustCompile(`e_?mail|phone|mobile|post_?code|postal|(^|_)zip`)
	dropped = regexp.MustCompile(`(customer|contact|first|last|full|consignee|recipient|cardholder|shopper|ship_to|deliver_to)_?name|surname|address|street|(^|_)deliver_to|birth`)
)

// personal is what becomes of a column that by its name is personal, empty for others.
func personal(name string) string {
	switch {
	case hashed.MatchString(name):
		return "hash"
	case dropped.MatchString(name):
		return "drop"
	}
	return ""
}

// unique finds the columns of which no two rows have the same value, and if there is none, pairs.
func (t *table) unique() {
	alike := func(columns ...*column) bool {
		seen := map[string]bool{}
		for i := range columns[0].values {
			key := ""
			for _, c := range columns {
				if i >= len(c.values) || c.values[i] == "" {
					return false
				}
				key += c.values[i] + "\x00"
			}
			if seen[key] {
				return false
			}
			seen[key] = true
		}
		return len(seen) > 1
	}
	for _, c := range t.columns {
		if len(c.values) == t.records && alike(c) && c.pii == "" {
			t.keys = append(t.keys, c.name)
		}
	}
	for i, a := range t.columns {
		for _, b := range t.columns[i+1:] {
			if len(t.keys) < 3 && !slices.Contains(t.keys, a.name) && !slices.Contains(t.keys, b.name) && a.pii+b.pii == "" && len(a.values) == t.records && len(b.values) == t.records && alike(a, b) {
				t.keys = append(t.keys, fmt.Sprintf("%s with %s", a.name, b.name))
			}
		}
	}
}
