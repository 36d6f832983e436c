package infer

import (
	"encoding/json"
	"fmt"
	"strings"
)

// write is the definition as YAML.
func (d *draft) write() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# A first draft from one file. What is marked as a guess was told from that file alone: hold it against what the partner says of its files.")
	for _, n := range d.notes {
		line("# %s", n)
	}
	line("pipeline: %s", quoted(d.name))
	line("sources: [%s] # guess: the connection that the files come by; name yours", quoted(d.name))
	line(`schedule: {cron: "*/15 * * * *", zone: UTC} # guess: when to look for files`)
	line("feeds:")
	line("  - feed: %s", quoted(d.name))
	line("    file: {match: [%s]} # guess: by this file's name; numbers may be any", quoted(d.match))
	if len(d.layers) > 0 {
		line("    decode: [%s] # guess: the file begins as such a one does", strings.Join(d.layers, ", "))
	}
	d.format.write(line)
	mode, why := "file", "a later file of the same name takes an earlier one's place"
	if d.format.kind == "exchange" {
		mode, why = "none", "every log of answers adds"
	}
	line("    supersede: {mode: %s} # guess: %s", mode, why)
	if d.format.kind != "exchange" { // of which one bad answer holds up no other
		line("    limits: {max_rejected: 20%%} # guess: a file with more bad records is held")
	}
	line("    tables:")
	for _, t := range d.tables {
		t.write(line)
	}
	return b.String()
}

func (f format) write(line func(string, ...any)) {
	line("    format:")
	line("      type: %s # guess: %s", f.kind, f.why["type"])
	if f.delimiter != 0 {
		line("      delimiter: %s # guess: %s", quoted(string(f.delimiter)), f.why["delimiter"])
	}
	if f.quote != nil {
		line("      quote: %s # guess: %s", quoted(*f.quote), f.why["quote"])
	}
	if f.encoding != "" {
		line("      encoding: %s # guess: %s", f.encoding, f.why["encoding"])
	}
	if f.header {
		line("      header: true # guess: %s", f.why["header"])
	}
	if f.fields > 0 {
		line("      fields: %d # guess: %s", f.fields, f.why["header"])
	}
	if len(f.null) > 0 {
		words := make([]string, len(f.null))
		for i, n := range f.null {
			words[i] = quoted(n)
		}
		line(`      "null": [%s] # guess: they stand among numbers and times`, strings.Join(words, ", "))
	}
	if f.record != "" {
		line("      record: %s # guess: %s", f.record, f.why["record"])
	}
	if f.opening != "" {
		line("    header_record: {match: %s} # guess: the first record is shorter than the others", quoted(f.opening))
	}
	if f.trailer != "" {
		count, why := "", ""
		if f.count >= 0 {
			count, why = fmt.Sprintf(", count_field: %d", f.count), "; that field says how many records there are"
		}
		line("    trailer: {match: %s%s, policy: hold} # guess: the last record is of another form%s", quoted(f.trailer), count, why)
	}
}

func (t *table) write(line func(string, ...any)) {
	line("      raw.%s:", t.name)
	if len(t.each) > 0 {
		hops := make([]string, len(t.each))
		for i, h := range t.each {
			hops[i] = quoted(h)
		}
		line("        each: [%s] # guess: a row for each of them", strings.Join(hops, ", "))
	}
	if len(t.keys) > 0 {
		line("        # guess: no two rows of this file have the same %s: candidates for what names a row, or a document (supersede.document)", strings.Join(t.keys, "; or "))
	}
	line("        columns:")
	for _, c := range t.columns {
		line("          %s: {%s} # guess: %s", c.name, strings.Join(c.settings(), ", "), c.why)
	}
}

func (c *column) settings() []string {
	var out []string
	switch {
	case c.path != "":
		out = append(out, "path: "+quoted(c.path))
	case c.at >= 0:
		out = append(out, fmt.Sprintf("position: %d", c.at))
	default:
		out = append(out, "from: ["+quoted(c.from)+"]")
	}
	out = append(out, "type: "+quoted(c.kind))
	if len(c.formats) > 0 {
		words := make([]string, len(c.formats))
		for i, f := range c.formats {
			words[i] = quoted(f)
		}
		out = append(out, "formats: ["+strings.Join(words, ", ")+"]")
	}
	for _, s := range [][2]string{{"zone", c.zone}, {"strip", c.strip}, {"decimal_mark", c.decimal}, {"group_mark", c.group}, {"pii", c.pii}} {
		if s[1] != "" {
			out = append(out, s[0]+": "+quoted(s[1]))
		}
	}
	if c.reference {
		out = append(out, "reference: true")
	}
	return out
}

// quoted writes a text as YAML, which reads JSON's texts.
func quoted(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a text can always be written
	return strings.TrimSuffix(b.String(), "\n")
}
