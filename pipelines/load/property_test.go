package load_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// anyContract types three fields of any text; nothing it says lets a file be held for its content.
const anyContract = `
format: {type: csv, encoding: utf-8, header: false, fields: 3%s}
limits: {max_rejected: 100%%}
tables:
  raw.any:
    columns:
      a: {position: 0, type: text}
      b: {position: 1, type: text}
      c: {position: 2, type: text%s}
      n: {position: 2, type: integer%s}
`

// TestEveryRecordIsAccountedFor: for any bytes, records = loaded + rejected, every rejected line is named once, and what DuckDB read of
// a record is what Go's splitter reads: the two agree on quotes, line ends and delimiters, whatever stands in the file.
func TestEveryRecordIsAccountedFor(t *testing.T) {
	t.Parallel()
	db := openDuck(t)
	pieces := rapid.SampledFrom([]string{",", ",", ",", "\n", "\n", "\r\n", "\r", `"`, `"`, `""`, "1", "12", "x", "é", "\x00", "\xE9", "TRL", ",,", "a,b,1\n", `"p,q",r,2` + "\n"})
	strict := readContract(t, fmt.Appendf(nil, anyContract, "", "", ", required: true"))
	loose := readContract(t, fmt.Appendf(nil, anyContract, "", ", required: true", ""))
	bare := readContract(t, fmt.Appendf(nil, anyContract, `, quote: ""`, "", ""))
	rapid.Check(t, func(rt *rapid.T) {
		text := strings.Join(rapid.SliceOfN(pieces, 0, 60).Draw(rt, "text"), "")
		c := rapid.SampledFrom([]typing.Contract{strict, loose, bare}).Draw(rt, "contract")
		if rapid.Bool().Draw(rt, "trailer") {
			c.Trailer = typing.Trailer{Match: "^TRL", Policy: typing.PolicyWarn}
		}
		loader := load.New(db).WithSizes(rapid.IntRange(1, 5).Draw(rt, "batch records"), rapid.SampledFrom([]int{1, 20, 1 << 20}).Draw(rt, "part bytes"))
		trial{db, loader, c, text}.account(t, rt)
	})
}

// trial is one file under one contract.
type trial struct {
	db     *sql.DB
	loader *load.Loader
	c      typing.Contract
	text   string
}

func (tr trial) account(t *testing.T, rt *rapid.T) {
	db, c, text := tr.db, tr.c, tr.text
	in := input(t, c, nil)
	in.Bytes = strings.NewReader(text)
	if len(text)%2 == 1 {
		in.Bytes = iotest.OneByteReader(in.Bytes)
	}
	res, err := tr.loader.Load(t.Context(), in)
	if err != nil {
		rt.Fatalf("%q: %v", text, err)
	}
	if res.Hold != nil {
		return
	}
	if res.Records != res.Loaded+res.Rejected || res.RowsByTable[c.Tables[0].Name] != res.Loaded {
		rt.Fatalf("%q: %d records, %d loaded in %d rows, %d rejected", text, res.Records, res.Loaded, res.RowsByTable[c.Tables[0].Name], res.Rejected)
	}
	got := map[int64]string{}
	for _, f := range res.Files[c.Tables[0].Name] {
		rows(rt, db, fmt.Sprintf("select _line, concat_ws('|', coalesce(a, ''), coalesce(b, ''), coalesce(c, '')) from read_parquet('%s')", f.Path), got)
	}
	rejected := map[int64]string{}
	for _, f := range res.Rejects {
		rows(rt, db, fmt.Sprintf("select line, original from read_parquet('%s')", f.Path), rejected)
	}
	if int64(len(got)) != res.Loaded || int64(len(rejected)) != res.Rejected {
		rt.Fatalf("%q: %d lines loaded, %d rejected, result says %+v", text, len(got), len(rejected), res)
	}
	d := decode.Dialect{Delim: ',', Quote: c.Format.QuoteByte(), MaxRecord: 1 << 20}
	records := decode.NewRecords(strings.NewReader(text), d)
	for {
		rec, err := records.Next()
		if err != nil {
			return
		}
		if have, ok := got[rec.Line]; ok {
			if want := strings.Join(decode.Fields(rec.Bytes, d), "|"); have != want {
				rt.Fatalf("%q: line %d is %q for DuckDB and %q for Go", text, rec.Line, have, want)
			}
		} else if have, ok := rejected[rec.Line]; ok && have != allThree(rec.Bytes, d) {
			rt.Fatalf("%q: line %d was rejected as %q, it is %q", text, rec.Line, have, rec.Bytes)
		}
	}
}

// allThree is a record of which nobody mapped more than three fields.
func allThree(record []byte, d decode.Dialect) string {
	if spans, _ := decode.Spans(record, d); len(spans) > 3 {
		return string(record[:spans[2].To]) + ",***"
	}
	return string(record)
}

const traitContract = `
format: {type: csv, header: false, fields: 6, null: ["-"]}
limits: {max_rejected: 100%}
tables:
  raw.traits:
    columns:
      a_ref: {position: 0, type: text, reference: true, width: 3, regex: '^[^x]*$'}
      b: {position: 1, type: text, strip: "'"}
      n: {position: 2, type: integer, min: -5}
      d: {position: 3, type: "decimal(6,2)"}
      sent_at: {position: 4, type: timestamp, strip: "'", formats: ["%d/%m/%Y %H:%M"], zone: Europe/London}
      m: {position: 5, type: "decimal(9,2)", group_mark: ",", negative: [trailing, parentheses]}
`

// TestTraitsChangeNothing: what a record comes to is the same with SQL that looks for everything and with SQL that looks for what the reader saw.
func TestTraitsChangeNothing(t *testing.T) {
	t.Parallel()
	db := openDuck(t)
	c := readContract(t, []byte(traitContract))
	loader := load.New(db)
	thorough := loader.WithEveryTrait()
	text := rapid.StringOfN(rapid.SampledFrom([]rune(" \t'=x1-\u00a0\u200b\ufeff\u0085\u0001é")), 0, 4, -1)
	number := rapid.StringOfN(rapid.SampledFrom([]rune(`0019.+-eE_ ,'`)), 0, 7, -1)
	money := rapid.OneOf(number, rapid.SampledFrom([]string{"1,058.09", "-1,058.09", "(12.50)", "12.50-", "-12.50", "12.500", "12.505"}))
	date := rapid.SampledFrom([]string{"01/02/2026 03:04", "'01/02/2026 03:04'", "' 01/02/2026 03:04'", "'01/02/2026 03:04", "", "'", "''", " 1/2/2026 3:04", "13/13/2026 00:00", `="01/02/2026 03:04"`, "29/03/2026 01:30"})
	rapid.Check(t, func(rt *rapid.T) {
		var fields []string
		for _, g := range []*rapid.Generator[string]{text, text, number, number, date, money} {
			fields = append(fields, `"`+strings.ReplaceAll(g.Draw(rt, "field"), `"`, `""`)+`"`)
		}
		record := strings.Join(fields, ",") + "\n"
		var outcomes [2]string
		for i, l := range []*load.Loader{loader, thorough} {
			res, err := l.Load(t.Context(), input(t, c, []byte(record)))
			if err != nil || res.Hold != nil {
				rt.Fatalf("%q: %v %v", record, err, res.Hold)
			}
			got := map[int64]string{}
			for _, f := range res.Files[c.Tables[0].Name] {
				rows(rt, db, fmt.Sprintf("select _line, concat_ws('|', coalesce(a_ref, '∅'), coalesce(b, '∅'), coalesce(cast(n as varchar), '∅'), coalesce(cast(d as varchar), '∅'), coalesce(cast(sent_at as varchar), '∅'), coalesce(cast(m as varchar), '∅')) from read_parquet('%s')", f.Path), got)
			}
			for _, f := range res.Rejects {
				rows(rt, db, fmt.Sprintf(`select line, concat_ws('|', column_name, rule, detail, original) from read_parquet('%s')`, f.Path), got)
			}
			outcomes[i] = got[1]
		}
		if outcomes[0] != outcomes[1] || outcomes[0] == "" {
			rt.Fatalf("%q is %q, and %q where SQL looks for everything", record, outcomes[0], outcomes[1])
		}
	})
}

func rows(rt *rapid.T, db *sql.DB, query string, into map[int64]string) {
	found, err := db.Query(query)
	if err != nil {
		rt.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var line int64
		var text string
		if err := found.Scan(&line, &text); err != nil {
			rt.Fatal(err)
		}
		if _, twice := into[line]; twice {
			rt.Fatalf("line %d is there twice", line)
		}
		into[line] = text
	}
	if err := found.Err(); err != nil {
		rt.Fatal(err)
	}
}

const exchangeContract = `
format: {type: exchange, parts: ["json($.body)", "$.list[*]"]}
limits: {max_rejected: 100%}
tables:
  raw.answers:
    columns:
      ask: {path: "$.request.ask", type: text, required: true}
      status: {path: "$.status", type: integer, required: true}
      at: {path: "$.at", type: timestamp, formats: [iso], zone: Europe/London}
      amount: {path: "json($.body)$.amount", type: "decimal(18,2)"}
  raw.items:
    where: {path: "$.request.ask", regex: '.'}
    each: ["json($.body)", "$.list[*]", "$.inner[*]?"]
    columns:
      ask: {path: "^^^$.request.ask", type: text, required: true}
      id: {path: "^$.id", type: text, required: true}
      name: {path: "$.name", type: text, pii: hash}
      ok: {path: "$.ok", type: boolean}
`

// TestPartsStandApart loads pages of orders, some of which are bad in their own row or in a line's: all the others are loaded with all their lines,
// each bad one is a reject of its own, and nothing is lost.
func TestPartsStandApart(t *testing.T) {
	t.Parallel()
	db := openDuck(t)
	c := readContract(t, []byte(`
format: {type: exchange, parts: ["json($.body)", "$.list[*]"]}
limits: {max_rejected: 100%}
tables:
  raw.pages:
    columns:
      page: {path: "$.page", type: integer, required: true}
      problem: {path: "$.problem", type: text, tells_reject: true}
  raw.orders:
    each: ["json($.body)", "$.list[*]"]
    columns:
      id: {path: "$.id", type: integer, required: true}
  raw.lines:
    each: ["json($.body)", "$.list[*]", "$.lines[*]"]
    columns:
      id: {path: "^$.id", type: integer, required: true}
      qty: {path: "$.qty", type: integer, required: true}
`))
	rapid.Check(t, func(rt *rapid.T) {
		var text strings.Builder
		var pages, bad, badPages, id int
		want := map[waybill.TableName]int64{}
		for range rapid.IntRange(1, 4).Draw(rt, "pages") {
			pages++
			var list []string
			goodPage := rapid.IntRange(0, 5).Draw(rt, "good page") > 0
			for range rapid.IntRange(0, 4).Draw(rt, "orders") {
				if rapid.IntRange(0, 9).Draw(rt, "no order") == 0 {
					list = append(list, rapid.SampledFrom([]string{"null", "5", `"x"`, "[]", "[null]"}).Draw(rt, "in its place"))
					if goodPage {
						bad++
					}
					continue
				}
				id++
				good := true
				number := strconv.Itoa(id)
				if rapid.IntRange(0, 4).Draw(rt, "id") == 0 {
					good, number = false, `"none"`
				}
				var lines []string
				for range rapid.IntRange(0, 3).Draw(rt, "lines") {
					qty := "2"
					if rapid.IntRange(0, 5).Draw(rt, "qty") == 0 {
						good, qty = false, "null"
					}
					lines = append(lines, `{"qty":`+qty+`}`)
				}
				list = append(list, `{"id":`+number+`,"lines":[`+strings.Join(lines, ",")+`]}`)
				switch {
				case !goodPage:
				case good:
					want[c.Tables[1].Name]++
					want[c.Tables[2].Name] += int64(len(lines))
				default:
					bad++
				}
			}
			page := strconv.Itoa(pages)
			if goodPage {
				want[c.Tables[0].Name]++
			} else {
				badPages++
				page = `"x"`
			}
			fmt.Fprintf(&text, "{\"page\":%s,\"body\":%q}\n", page, `{"list":[`+strings.Join(list, ",")+`]}`)
		}
		res, err := load.New(db).Load(t.Context(), input(t, c, []byte(text.String())))
		if err != nil || res.Hold != nil {
			rt.Fatalf("%s: %v, hold %v", text.String(), err, res.Hold)
		}
		if res.Records != int64(pages+bad) || res.Rejected != int64(bad+badPages) || res.Loaded != int64(pages-badPages) {
			rt.Fatalf("%s: %d records, %d rejected, %d loaded", text.String(), res.Records, res.Rejected, res.Loaded)
		}
		for _, table := range c.TableNames() {
			if res.RowsByTable[table] != want[table] {
				rt.Fatalf("%s: %d rows of %s, want %d", text.String(), res.RowsByTable[table], table, want[table])
			}
		}
	})
}

// FuzzExchange: any bytes in an exchange file are loaded, rejected or held; nothing fails and nothing is lost.
func FuzzExchange(f *testing.F) {
	for _, seed := range []string{
		`{"request":{"ask":"A"},"status":200,"at":"2026-03-30T10:00:00Z","body":"{\"list\":[{\"id\":1,\"inner\":[{\"name\":\"x\"}]}]}"}` + "\n",
		`{"request":{"ask":"A"},"status":"x","body_base64":"eyJsaXN0IjpbXX0="}` + "\n[1]\n\"\"\nnull\n{}\n",
		"{\"request\":{\"ask\":\"\\u0000\"},\"status\":1e3,\"at\":\"infinity\",\"body\":\"[[[\"}\n\x1f\n", "\xEF\xBB\xBF{}\r\n\r{",
		`{"request":{"ask":"A"},"status":200.0,"at":"-infinity","body":"{\"amount\":1e400,\"list\":{\"id\":1}}"}`,
	} {
		f.Add([]byte(seed))
	}
	db := openDuck(f)
	c := readContract(f, []byte(exchangeContract))
	f.Fuzz(func(t *testing.T, text []byte) {
		in := input(t, c, text)
		res, err := load.New(db).Load(t.Context(), in)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if res.Hold == nil && (res.Records != res.Loaded+res.Rejected || res.RowsByTable[c.Tables[0].Name] != res.Loaded) {
			t.Fatalf("%q: %+v", text, res)
		}
	})
}

// FuzzHeader: any first line is matched, or held with a reason; the columns found are then in the rows.
func FuzzHeader(f *testing.F) {
	for _, seed := range []string{"ref,at,n", " REF ,At,  n,n", "\xEF\xBB\xBF\"ref\",at\n", "ref;at;n", "at\r", "\"ref\n,at", ""} {
		f.Add([]byte(seed))
	}
	db := openDuck(f)
	c := readContract(f, []byte(`
format: {type: csv, header: true}
limits: {max_rejected: 100%}
on_drift: {missing_column: warn}
tables:
  raw.headed:
    columns:
      ref: {from: [ref, Reference], type: text}
      at: {from: At, type: date, formats: [iso], optional: true}
      n: {from: ["n  x", n], type: integer}
`))
	f.Fuzz(func(t *testing.T, header []byte) {
		text := append(bytes.Clone(header), []byte("\nvalue\n1,2,3\n")...)
		res, err := load.New(db).Load(t.Context(), input(t, c, text))
		if err != nil {
			t.Fatalf("%q: %v", header, err)
		}
		if res.Hold == nil && res.Records != res.Loaded+res.Rejected {
			t.Fatalf("%q: %+v", header, res)
		}
	})
}
