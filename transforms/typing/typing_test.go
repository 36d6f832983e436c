package typing_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// feed embeds a contract as a pipeline's feed does.
type feed struct {
	Name            string `yaml:"feed"`
	typing.Contract `yaml:",inline"`
}

const despatch = `
feed: despatch
format: {type: csv, header: true, null: ["n/a"]}
tables:
  raw.wms_despatch:
    columns:
      zulu_ref: {from: Order, type: text, required: true}
      alpha: {from: [A, B], type: text, codes: {Z: z, A: a}}
      amount: {from: Amount, type: "decimal(18,2)", min: -0.10, max: 100}
      name: {from: Name, type: text, pii: drop}
limits: {max_rejected: 2.5%}
`

func decodeFeed(text string) (feed, error) {
	var f feed
	err := yaml.UnmarshalWithOptions([]byte(text), &f, yaml.Strict())
	return f, err
}

func TestContractKeepsWhatIsWritten(t *testing.T) {
	t.Parallel()
	f, err := decodeFeed(despatch)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Validate(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range f.Columns(waybill.TableName{Namespace: "raw", Name: "wms_despatch"}) {
		names = append(names, c.Name+" "+string(c.Type))
	}
	const want = "zulu_ref VARCHAR,alpha_raw VARCHAR,alpha VARCHAR,amount DECIMAL(18,2),_source VARCHAR,_file_id VARCHAR,_line BIGINT,_load_id VARCHAR,_received_at TIMESTAMPTZ,_loaded_at TIMESTAMPTZ"
	if got := strings.Join(names, ","); got != want {
		t.Errorf("columns\n%s, want\n%s", got, want)
	}
	table := f.Tables[0]
	if table.Columns[1].Codes[0].Raw != "Z" || table.Columns[2].Min != "-0.10" || *f.Limits.MaxRejected != 0.025 || f.Format.Null[0] != "n/a" {
		t.Errorf("read %+v, %+v", table.Columns, f.Limits)
	}
}

func TestUnknownKeysAreErrors(t *testing.T) {
	t.Parallel()
	for _, change := range [][2]string{
		{"required: true", "requierd: true"}, {"header: true", "headers: true"}, {"max_rejected", "max_reject"}, {"columns:", "colums:"},
	} {
		_, err := decodeFeed(strings.Replace(despatch, change[0], change[1], 1))
		if err == nil || !strings.Contains(err.Error(), strings.Fields(strings.TrimSuffix(change[1], ": true"))[0][:5]) {
			t.Errorf("%s: %v", change[1], err)
		}
	}
}

// TestValidate: each contract has one thing wrong; the error names its key.
func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, mistake, key string }{
		{"type: csv", "type: cvs", "format.type"},
		{"header: true", "header: false", "format.fields"},
		{"header: true", `header: true, delimiter: "ab"`, "format.delimiter"},
		{"header: true", `header: true, encoding: utf8000`, "format.encoding"},
		{"from: Order, type: text", "position: 0, type: text", "columns.zulu_ref"},
		{"from: Order, type: text", "from: Order, type: string", "zulu_ref.type"},
		{"from: Order, type: text", "from: Order, type: date", "zulu_ref.formats"},
		{"from: Order, type: text", "from: Order, type: timestamp, formats: [iso]", "zulu_ref.zone"},
		{"from: Order, type: text", "from: Order, type: timestamp, formats: [iso], zone: Europe/Londn", "zulu_ref.zone"},
		{"from: Order, type: text", "from: Order, type: timestamp, formats: [unix], zone: UTC", "zulu_ref.formats"},
		{"from: Order, type: text", "from: Order, type: date, formats: [epoch]", "zulu_ref.formats"},
		{"from: Order, type: text", "from: Order, type: date, formats: ['%d/%m/%Y %H:%M%z']", "zulu_ref.formats"},
		{"from: Order, type: text", "from: Order, type: date, formats: ['%Y-%m-%dT%H:%MZ']", "zulu_ref.formats"},
		{"from: Order, type: text", "from: Order, type: timestamp, formats: ['%d/%m/%Y %H:%M %Z'], zone: Europe/London", "zulu_ref.formats"},
		{"from: Order, type: text", "from: Order, type: text, future: true", "zulu_ref.future"},
		{"from: Order, type: text", "from: Order, type: date, formats: ['%d/%m/%Y', '%m/%d/%Y']", "zulu_ref.formats"},
		{"from: Order, type: text", "from: Order, type: timestamp, zone: UTC, formats: ['%m/%d/%y %H:%M', iso, '%d/%m/%Y']", "zulu_ref.formats"},
		{"from: Order, type: text", "from: Order, type: date, formats: [iso], earliest: 30", "zulu_ref.earliest"},
		{"from: Order, type: text", "from: Order, type: date, formats: [iso], earliest: -1y, latest: -400d", "zulu_ref.latest"},
		{"from: Order, type: text", "from: Order, type: text, latest: 0d", "zulu_ref.earliest"},
		{"from: Order, type: text", "from: Order, type: timestamp, formats: [iso], zone_column: tz", "zulu_ref.zone_column"},
		{"from: Order, type: text", "from: Order, type: timestamp, formats: [iso], zone_column: amount", "zulu_ref.zone_column"},
		{"from: Order, type: text", "from: Order, type: timestamp, formats: [iso], zone_column: name", "zulu_ref.zone_column"},
		{"from: Order, type: text", "from: Order, type: timestamp, formats: [iso], zone_column: alpha, zones: {IST: India}", "zulu_ref.zones"},
		{"from: Order, type: text", "from: Order, type: timestamp, formats: [iso], zone_column: alpha, zones: {EST: EST}", "zulu_ref.zones"},
		{"from: Order, type: text", "from: Order, type: timestamp, formats: [iso], zone_column: alpha, zones: {BST: Europe/London, bst: Asia/Dhaka}", "zulu_ref.zones"},
		{"from: Order, type: text", "from: Order, type: timestamp, formats: [iso], zone: UTC, zones: {BST: Europe/London}", "zulu_ref.zones"},
		{"from: Order, type: text", "from: Order, type: text, time_column: alpha", "zulu_ref.time_column"},
		{"from: Order, type: text", "from: Order, type: date, formats: [iso], time_column: zulu_ref", "zulu_ref.time_column"},
		{"min: -0.10", "reference: true", "amount.reference"},
		{"from: Order, type: text", "from: Order, type: text, width: 13", "zulu_ref.width"},
		{"from: Order, type: text", "from: 'XC{n} Code', type: text", "zulu_ref.from"},
		{"header: true, null", "header: false, fields: 4, null", "zulu_ref"},
		{"feed: despatch", "feed: despatch\nname_date: {match: '_\\d+', format: '%Y%m%d'}", "name_date.match"},
		{"feed: despatch", "feed: despatch\nname_date: {match: '_(\\d+)', format: '%Y%m%d%H'}", "name_date.format"},
		{"feed: despatch", "feed: despatch\non_drift: {encoding: reject}", "on_drift.encoding"},
		{"feed: despatch", "feed: despatch\non_drift: {last_line: reject}", "on_drift.last_line"},
		{"from: Order, type: text", "from: Order, type: text, regex: '['", "zulu_ref.regex"},
		{"from: Order, type: text", "from: Order, type: text, extract: 'a'", "zulu_ref.extract"},
		{"from: Order, type: text", "from: Order, type: text, pii: hide", "zulu_ref.pii"},
		{"min: -0.10", "min: little", "amount.min"},
		{"min: -0.10, max: 100", "min: -0.10, max: -2", "amount.max"},
		{"min: -0.10, max: 100", "min: 5, max: 3.5", "amount.max"},
		{"decimal(18,2)", "decimal(39,2)", "amount.type"},
		{"min: -0.10", "min: -0.10, decimal_mark: ';'", "amount.decimal_mark"},
		{"min: -0.10", "min: -0.10, group_mark: '_'", "amount.group_mark"},
		{"min: -0.10", "min: -0.10, group_mark: ', '", "amount.group_mark"},
		{"min: -0.10", "min: -0.10, group_mark: ',', decimal_mark: ','", "amount.group_mark"},
		{"min: -0.10", "min: -0.10, negative: leading", "amount.negative"},
		{"min: -0.10", "min: -0.10, affixes: [EUR, '-']", "amount.affixes"},
		{"min: -0.10", "min: -0.10, affixes: '.'", "amount.affixes"},
		{"min: -0.10", "min: -0.10, affixes: ''", "amount.affixes"},
		{"from: Order, type: text", "from: Order, type: text, affixes: EUR", "zulu_ref.type"},
		{"feed: despatch", "feed: despatch\ndecode: [pgp]", "decode"},
		{"feed: despatch", "feed: despatch\ntrailer: {count_field: 1}", "trailer.match"},
		{"feed: despatch", "feed: despatch\ntrailer: {match: '^T', sum_field: 1, sum_of: zulu_ref}", "trailer.sum_of"},
		{"feed: despatch", "feed: despatch\ntrailer: {match: '^T', policy: ignore}", "trailer.policy"},
		{"feed: despatch", "feed: despatch\non_drift: {missing_column: ignore}", "on_drift.missing_column"},
		{"alpha: {", "amount_raw: {from: X, type: text}\n      Alpha: {", "columns.Alpha"},
		{"name: {from: Name, type: text, pii: drop}", "alpha_raw: {from: Name, type: text}", "columns.alpha_raw"},
	} {
		f, err := decodeFeed(strings.Replace(despatch, c.old, c.mistake, 1))
		if err != nil {
			t.Errorf("%s: %v", c.mistake, err)
			continue
		}
		if err := f.Validate(); err == nil || !strings.Contains(err.Error(), c.key+":") {
			t.Errorf("%s: got %v, want an error about %s", c.mistake, err, c.key)
		}
	}
}

const entries = `
feed: entries
format: {type: json}
tables:
  raw.entries:
    each: ["$.list[*]"]
    columns:
      a: {path: "$.x", type: text}
`

// TestPaths: paths and hops that can be read pass, others are errors about their key.
func TestPaths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path, hop, key string
	}{
		{path: "$"},
		{path: "^$.id"},
		{path: "$.a[0].b"},
		{path: "json($.body)$.x"},
		{path: "$.meta[key=_a].value"},
		{path: "^$.meta[key=a-b:c d].value[0]"},
		{path: "$[key=a]"},
		{path: "json($.body)$.meta[key=a].value"},
		{hop: "$[*]"},
		{hop: "$.a.b[*]?"},
		{hop: "$.a{*}"},
		{hop: "$.a{*}?"},
		{hop: "$.a[]"},
		{hop: "$.a[]?"},
		{hop: "$.a[*] | $.b[] | $.c{*}"},
		{hop: "$.meta[key=a].value[*]"},
		{hop: "$.meta[key=a].value{*}?"},
		{hop: "json($.body)"},
		{path: "^^$.id", key: "a.path"},
		{path: "x", key: "a.path"},
		{path: "$.meta[*]", key: "a.path"},
		{path: "$.meta[key=]", key: "a.path"},
		{path: "$.meta[=a].value", key: "a.path"},
		{path: "$.meta[key=a][k=b]", key: "a.path"},
		{path: "meta[key=a].value", key: "a.path"},
		{path: "$.meta[key=a]value", key: "a.path"},
		{hop: "$.a", key: "each[0]"},
		{hop: "$.a{}", key: "each[0]"},
		{hop: "$.a[*] | json($.b)", key: "each[0]"},
		{hop: "$.a[*]? | $.b[*]", key: "each[0]"},
		{hop: "$.meta[key=a]", key: "each[0]"},
		{hop: "meta[key=a].value[*]", key: "each[0]"},
		{hop: "json($.meta[key=a].value)", key: "each[0]"},
	} {
		text := entries
		if c.path != "" {
			text = strings.Replace(text, "$.x", c.path, 1)
		}
		if c.hop != "" {
			text = strings.Replace(text, "$.list[*]", c.hop, 1)
		}
		f, err := decodeFeed(text)
		if err != nil {
			t.Errorf("%s%s: %v", c.path, c.hop, err)
			continue
		}
		switch err := f.Validate(); {
		case c.key == "" && err != nil:
			t.Errorf("%s%s: %v", c.path, c.hop, err)
		case c.key != "" && (err == nil || !strings.Contains(err.Error(), c.key+":")):
			t.Errorf("%s%s: got %v, want an error about %s", c.path, c.hop, err, c.key)
		}
	}
}

const notes = `
feed: notes
format: {type: xml, record: /notes/note}
control: {count: /notes/@total, policy: warn}
tables:
  raw.lines:
    where: {path: "$.kind", regex: x}
    each: ["$.lines.line[*]"]
    columns:
      ref: {path: ["^$.ref", "^$.reference"], type: text, required: true}
      sku: {path: "$.sku", type: text}
      first_no: {path: "^$.parcels.no[0]", type: text}
      extra: {path: "^json($.body)$.x", type: text}
`

// TestValidateXML: as TestValidate, for what only XML has.
func TestValidateXML(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, mistake, key string }{
		{"", "", ""},
		{"record: /notes/note", "header: true", "format.record"},
		{"record: /notes/note", "record: notes/note", "format.record"},
		{"record: /notes/note", "record: /notes/@note", "format.record"},
		{"record: /notes/note", "record: /notes/note, delimiter: ';'", "format"},
		{"type: xml, record: /notes/note", "type: json", "control"},
		{"type: xml, record", "type: json, record", "format.record"},
		{"count: /notes/@total", "count: /notes/@total/x", "control.count"},
		{"count: /notes/@total, ", "", "control.count"},
		{"policy: warn", "policy: ignore", "control.policy"},
		{"control: {count: /notes/@total, policy: warn}", "trailer: {match: '^T'}", "trailer"},
		{`["^$.ref", "^$.reference"]`, `["^$.ref", "^^$.reference"]`, "columns.ref.path"},
		{`["^$.ref", "^$.reference"]`, `[]`, "columns.ref"},
		{`"$.sku"`, `"$.sku.no"}` + "\n      sku_text: {" + `path: "$.sku"`, "tables"},
		{`"$.sku"`, `"^$.lines"`, "tables"},
	} {
		text := strings.Replace(strings.Replace(notes, "^json($.body)$.x", "^json($.body)$.x", 1), c.old, c.mistake, 1)
		f, err := decodeFeed(text)
		if err != nil {
			t.Errorf("%s: %v", c.mistake, err)
			continue
		}
		if err := f.Validate(); (err != nil) != (c.key != "") || (err != nil && !strings.Contains(err.Error(), c.key+":")) {
			t.Errorf("%s: got %v, want an error about %q", c.mistake, err, c.key)
		}
	}
}

// TestElementsThatAContractReads: what stands in paths and hops, from the record on, wherever it is written.
func TestElementsThatAContractReads(t *testing.T) {
	t.Parallel()
	f, err := decodeFeed(strings.Replace(notes, "^json($.body)$.x", "^json($.body)$.x", 1))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range f.Elements() {
		got = append(got, fmt.Sprintf("%s %v %v", strings.Join(e.Path, "/"), e.List, e.Text))
	}
	want := []string{
		"kind false true", "lines/line true false", "ref false true", "reference false true", "lines/line/sku false true",
		"parcels/no true false", "parcels/no false true", "body false true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// TestContractHashIsWhatItWas: a lake tells a load by the hash of its contract's JSON. What a contract does not use must not show in it.
func TestContractHashIsWhatItWas(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(typing.Contract{Format: typing.Format{Type: typing.JSON}, Tables: typing.Tables{{Columns: []typing.Column{{Name: "a", Path: typing.Paths{"$.a"}}, {Name: "b"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, added := range []string{`"Control"`, `"Record"`, `["$.a"]`, `"GroupMark"`, `"Negative"`, `"Affixes"`, `"Future"`} {
		if strings.Contains(string(text), added) {
			t.Errorf("%s is in %s", added, text)
		}
	}
	if !strings.Contains(string(text), `"Path":"$.a"`) || !strings.Contains(string(text), `"Path":""`) {
		t.Errorf("a single path is no text: %s", text)
	}
}

// TestDuckDBTakesTheSecondOccurrence pins why typing reckons wall times itself: DuckDB's timezone() moves the spring gap forward as the
// contract wants, but takes the doubled autumn hour as its second occurrence. Should this fail after an upgrade, shifts can go.
func TestDuckDBTakesTheSecondOccurrence(t *testing.T) {
	t.Parallel()
	db := duck.Open(duck.Config{})
	defer db.Close()
	for wall, want := range map[string]time.Time{
		"2026-03-29 01:30:00": time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC),
		"2026-10-25 01:30:00": time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC), // the first occurrence is 00:30 UTC
	} {
		var got time.Time
		if err := db.QueryRowContext(t.Context(), "select timezone('Europe/London', timestamp '"+wall+"')").Scan(&got); err != nil || !got.Equal(want) {
			t.Errorf("%s is %v for DuckDB, %v; was %v", wall, got, err, want)
		}
	}
}

// TestWallTimes: any wall time of any year since 2000 is the instant that the zone's rules say, whenever it is loaded; an hour that was twice
// is its first occurrence, one that never was moves forward.
func TestWallTimes(t *testing.T) {
	t.Parallel()
	db := duck.Open(duck.Config{Threads: 1})
	defer db.Close()
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom([]string{"Europe/London", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata", "Asia/Pyongyang", "UTC"}).Draw(rt, "zone")
		zone, err := time.LoadLocation(name)
		if err != nil {
			rt.Fatal(err)
		}
		now := time.Unix(rapid.Int64Range(time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).Unix()).Draw(rt, "now"), 0).UTC()
		wall := drawWall(rt, zone, now)
		var got time.Time
		query := "select " + typing.Instant("w", zone, now) + " from (select timestamp '" + wall.Format("2006-01-02 15:04:05") + "' as w)"
		if err := db.QueryRowContext(t.Context(), query).Scan(&got); err != nil {
			rt.Fatal(err)
		}
		if want := firstOccurrence(wall, zone); !got.Equal(want) {
			rt.Fatalf("%s in %s is %s, want %s", wall.Format(time.DateTime), name, got.UTC(), want.UTC())
		}
	})
}

// drawWall draws any wall time, often one near a change of clocks.
func drawWall(rt *rapid.T, zone *time.Location, now time.Time) time.Time {
	first := time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC).Unix()
	at := time.Unix(rapid.Int64Range(first, now.AddDate(2, 0, 0).Unix()).Draw(rt, "wall"), 0).UTC()
	if _, change := at.In(zone).ZoneBounds(); !change.IsZero() && change.Before(now.AddDate(2, 0, 0)) && rapid.Bool().Draw(rt, "near a change") {
		_, offset := change.Add(-time.Second).Zone()
		return change.UTC().Add(time.Duration(offset)*time.Second + time.Duration(rapid.IntRange(-7200, 7200).Draw(rt, "seconds"))*time.Second)
	}
	return at
}

// firstOccurrence looks for the instants at which the zone's clocks show a wall time, which is held as if it were UTC.
func firstOccurrence(wall time.Time, zone *time.Location) time.Time {
	offset := func(at time.Time) time.Duration {
		_, seconds := at.In(zone).Zone()
		return time.Duration(seconds) * time.Second
	}
	before, after := offset(wall.Add(-26*time.Hour)), offset(wall.Add(26*time.Hour))
	for _, o := range []time.Duration{max(before, after), min(before, after)} { // the larger offset is the earlier instant
		if at := wall.Add(-o); offset(at) == o {
			return at
		}
	}
	return wall.Add(-before)
}
