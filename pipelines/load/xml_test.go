package load_test

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/duck"
)

const xmlContract = `
format: {type: xml, record: /notes/note}
control: {count: /notes/total, policy: warn}
limits: {max_rejected: 100%}
tables:
  raw.lines:
    each: ["$.lines.line[*]"]
    columns:
      ref: {path: ["^$.ref", "^$.reference"], type: text, required: true}
      sku: {path: "$.sku", type: text}
      qty: {path: "$.qty", type: integer, required: true}
  raw.numbers:
    each: ["$.no[*]"]
    columns:
      ref: {path: ["^$.ref", "^$.reference"], type: text, required: true}
      no: {path: "$", type: text, pii: hash}
`

// drawnLine is a line of a drawn note; Qty is no number in one that breaks the contract.
type drawnLine struct{ sku, qty string }

// TestEveryXMLRecordIsAccountedFor: however notes are laid out, on lines of their own or all on one, and wherever batches and parts end, each is
// loaded with all of its rows, or rejected once, on the line of its start tag; rows name the lines of their own elements.
func TestEveryXMLRecordIsAccountedFor(t *testing.T) {
	t.Parallel()
	db := openDuck(t)
	c := readContract(t, []byte(xmlContract))
	rapid.Check(t, func(rt *rapid.T) {
		var b strings.Builder
		gap := func() { b.WriteString(rapid.SampledFrom([]string{"", "", "\n", "\r\n"}).Draw(rt, "gap")) }
		line := func() int { return 1 + strings.Count(b.String(), "\n") }
		var rows, rejects []string
		b.WriteString("<notes>")
		notes := rapid.IntRange(0, 12).Draw(rt, "notes")
		for i := range notes {
			gap()
			at := line()
			key := rapid.SampledFrom([]string{"ref", "reference", "ref", "reff"}).Draw(rt, "key")
			fmt.Fprintf(&b, "<note><%s>N%d</%s><lines>", key, i, key)
			good, mine := true, []string(nil)
			for k := range rapid.IntRange(0, 3).Draw(rt, "lines") {
				gap()
				l := drawnLine{fmt.Sprintf("S%d", k), rapid.SampledFrom([]string{"1", "2.0", "007", "1", "x"}).Draw(rt, "qty")}
				mine = append(mine, fmt.Sprintf("N%d|%s|%s|%d", i, l.sku, strings.TrimLeft(strings.TrimSuffix(l.qty, ".0"), "0"), line()))
				good = good && l.qty != "x" && key != "reff"
				fmt.Fprintf(&b, "<line><sku>%s</sku><qty>%s</qty></line>", l.sku, l.qty)
			}
			b.WriteString("</lines></note>")
			if good {
				rows = append(rows, mine...)
			} else {
				rejects = append(rejects, fmt.Sprint(at))
			}
		}
		gap()
		fmt.Fprintf(&b, "<total>%d</total></notes>", notes)
		loader := load.New(db).WithSizes(rapid.IntRange(1, 5).Draw(rt, "batch records"), rapid.SampledFrom([]int{1, 50, 1 << 20}).Draw(rt, "part bytes"))
		res, err := loader.Load(t.Context(), input(t, c, []byte(b.String())))
		if err != nil || res.Hold != nil || res.Records != int64(notes) || res.Rejected != int64(len(rejects)) || res.Notes() != "" {
			rt.Fatalf("%s: %v, hold %v, %d records, %d rejected of %v, %s", b.String(), err, res.Hold, res.Records, res.Rejected, rejects, res.Notes())
		}
		query := "select concat_ws('|', ref, sku, cast(qty as varchar), cast(_line as varchar)) from read_parquet(%s)"
		sameTexts(rt, b.String(), texts(rt, db, query, res.Files[waybill.TableName{Namespace: "raw", Name: "lines"}]), rows)
		sameTexts(rt, b.String(), texts(rt, db, "select cast(line as varchar) from read_parquet(%s)", res.Rejects), rejects)
	})
}

func sameTexts(rt *rapid.T, file string, got, want []string) {
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		rt.Fatalf("%s:\n got %v\nwant %v", file, got, want)
	}
}

// FuzzXMLFile: any bytes are loaded, rejected or held; nothing fails and nothing is lost.
func FuzzXMLFile(f *testing.F) {
	for _, seed := range []string{
		"<notes><total>1</total><note><ref>1</ref><lines><line><qty>2</qty></line></lines><no>7</no><no k='1'/></note></notes>",
		"<notes><note><ref/><ref/></note><note/><note>x</note></notes>", "<notes/>", "<notes><total>x</total></notes>", "<n/>", "\x00", "<notes><note><lines><line><sku>\\\"&#9;</sku></line></lines></note></notes>",
	} {
		f.Add([]byte(seed))
	}
	db := openDuck(f)
	c := readContract(f, []byte(xmlContract))
	f.Fuzz(func(t *testing.T, text []byte) {
		res, err := load.New(db).Load(t.Context(), input(t, c, text))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if res.Hold == nil && res.Records != res.Loaded+res.Rejected {
			t.Fatalf("%q: %+v", text, res)
		}
	})
}

// TestPersonalTextsOfAListAreMasked: a list of texts has no names of members inside; its own name says that they are personal.
func TestPersonalTextsOfAListAreMasked(t *testing.T) {
	t.Parallel()
	c := readContract(t, []byte(xmlContract))
	text := "<notes><total>1</total><note><ref>1</ref><lines><line><sku>A</sku><qty>many</qty></line></lines><no>secret</no><no>hidden</no></note></notes>"
	got := outcome(t, openDuck(t), input(t, c, []byte(text)))
	if rejects := got["want.rejects.csv"]; !strings.Contains(rejects, "many") || strings.Contains(rejects, "secret") || strings.Contains(rejects, "hidden") {
		t.Errorf("outcome %v: %s", slices.Sorted(maps.Keys(got)), rejects)
	}
}

// texts runs a query with one text a row on files, which it names %s.
func texts(rt *rapid.T, db *sql.DB, query string, files []waybill.StagedFile) []string {
	if len(files) == 0 {
		return nil
	}
	var paths, all []string
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	found, err := db.Query(fmt.Sprintf(query, duck.List(paths)))
	if err != nil {
		rt.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var text string
		if err := found.Scan(&text); err != nil {
			rt.Fatal(err)
		}
		all = append(all, text)
	}
	if err := found.Err(); err != nil {
		rt.Fatal(err)
	}
	return all
}
