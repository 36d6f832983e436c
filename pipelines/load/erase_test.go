package load_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// everybody are all people, nobody none.
type everybody struct{}

func (everybody) Email(string) bool                 { return true }
func (everybody) Named(typing.Subject, string) bool { return true }

type nobody struct{}

func (nobody) Email(string) bool                 { return false }
func (nobody) Named(typing.Subject, string) bool { return false }

// erased is a file as it is when people were taken out of it.
func erased(t *testing.T, c typing.Contract, who load.Subjects, text []byte) ([]byte, load.Erased) {
	t.Helper()
	e, err := load.NewEraser(c, who)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	done, err := e.Rewrite(bytes.NewReader(text), &out, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), done
}

// TestErasingKeepsWhatCounts takes everybody out of every file of testdata/load: it has to come to the same rows, rejects and holds, but for the hashes of
// personal values. Nobody taken out leaves the same bytes, and a second time there is nothing to erase.
func TestErasingKeepsWhatCounts(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob(filepath.Join(casesDir, "*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no cases under %s: %v", casesDir, err)
	}
	db := openDuck(t)
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			c := contractOf(t, dir)
			for i, table := range c.Tables {
				for j, col := range table.Columns {
					if col.PII != typing.Hash && col.PII != typing.Drop {
						c.Tables[i].Columns[j].Subject = typing.SubjectOrder
					}
				}
			}
			in := caseInput(t, dir, c)
			text, err := io.ReadAll(in.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			if same, done := erased(t, c, nobody{}, text); !bytes.Equal(same, text) || done.Changed > 0 {
				t.Errorf("nobody was taken out, and the bytes are others: %+v\n%q\n%q", done, text, same)
			}
			without, _ := erased(t, c, everybody{}, text)
			if again, done := erased(t, c, everybody{}, without); !bytes.Equal(again, without) || done.Changed > 0 {
				t.Errorf("a second time takes out more: %+v\n%q\n%q", done, without, again)
			}
			sameOutcome(t, db, in, text, without)
		})
	}
}

func sameOutcome(t *testing.T, db *sql.DB, in load.Input, text, without []byte) {
	t.Helper()
	in.Bytes = bytes.NewReader(text)
	before := outcome(t, db, in)
	in.Bytes, in.StageDir = iotest.HalfReader(bytes.NewReader(without)), t.TempDir()
	after := outcome(t, db, in)
	if len(before) != len(after) {
		t.Errorf("%d parts of an outcome, then %d\n%s", len(before), len(after), without)
	}
	for part, was := range before {
		is := after[part]
		switch name := strings.TrimSuffix(strings.TrimPrefix(part, "want."), ".csv"); {
		case name == "hold":
			was, _, _ = strings.Cut(was, ":")
			is, _, _ = strings.Cut(is, ":")
		case name == "rejects":
			was, is = only(t, was, nil, "line", "column", "rule"), only(t, is, nil, "line", "column", "rule")
		case name != "summary":
			was, is = only(t, was, hashed(in.Contract, name)), only(t, is, hashed(in.Contract, name))
		}
		if was != is {
			t.Errorf("%s: was\n%s\nis\n%s\nof\n%s", part, was, is, without)
		}
	}
}

func hashed(c typing.Contract, table string) []string {
	var out []string
	for _, t := range c.Tables {
		for _, col := range t.Columns {
			if t.Name.String() == table && col.PII == typing.Hash {
				out = append(out, col.Name)
			}
		}
	}
	return out
}

// only is a CSV without some columns, or with none but some.
func only(t *testing.T, text string, without []string, with ...string) string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, row := range rows {
		for i, cell := range row {
			if name := rows[0][i]; !slices.Contains(without, name) && (len(with) == 0 || slices.Contains(with, name)) {
				out.WriteString(cell + "|")
			}
		}
		out.WriteString("\n")
	}
	return out.String()
}

// jane is one person.
type jane struct{ orders []string }

func (jane) Email(address string) bool { return address == "jane@example.com" }
func (j jane) Named(kind typing.Subject, name string) bool {
	return kind == typing.SubjectOrder && slices.Contains(j.orders, name)
}

const janesContract = `
format: {type: csv, header: true}
tables:
  raw.orders:
    columns:
      order_no: {from: [Order], type: text, required: true, subject: order}
      units: {from: [Units], type: integer}
      email: {from: [Email], type: text, pii: hash}
      area: {from: [Postcode], type: text, extract: '^([A-Z]{1,2})'}
      note: {from: [Note], type: text}
`

func TestErasesAPersonFromCSV(t *testing.T) {
	t.Parallel()
	c := readContract(t, []byte(janesContract))
	text := "Order,Units,Email,Postcode,Note,Street\r\n" +
		"A1,2,Jane@Example.com,\"SW1A 1AA\",\"call jane@example.com, please\",\"1 High St, \"\"Flat\"\"\"\r\n" +
		"A2,1,joan@example.com,EC1A 1BB,,2 Low St\n" +
		"\r\n" +
		"A3,4,,M1 1AE,gift,3 Mid St"
	want := "Order,Units,Email,Postcode,Note,Street\r\n" +
		"A1,2,,SW,\"call ***, please\",\r\n" +
		"A2,1,joan@example.com,EC1A 1BB,,2 Low St\n" +
		"\r\n" +
		"A3,4,,M,gift,"
	got, done := erased(t, c, jane{orders: []string{"A3"}}, []byte(text))
	if string(got) != want {
		t.Errorf("want\n%s\ngot\n%s", want, got)
	}
	if done.Found != 2 || done.Changed != 2 || !done.Names[load.Name{Kind: typing.SubjectOrder, Name: "A1"}] || len(done.Names) != 1 {
		t.Errorf("%+v", done)
	}
}

const janesXML = `
format: {type: xml, record: /notes/note}
tables:
  raw.notes:
    where: {path: $.kind, regex: '^out$'}
    each: ["$.lines.line[*]"]
    columns:
      order_no: {path: '^$.order."@no"', type: text, required: true, subject: order}
      sku: {path: "$.sku", type: text, required: true}
      deliver_to: {path: "^$.deliver_to", type: text, pii: drop}
`

func TestErasesAPersonFromXML(t *testing.T) {
	t.Parallel()
	c := readContract(t, []byte(janesXML))
	note := func(order, to, rest string) string {
		return `<note><kind>out</kind><order no="` + order + `" by="` + to + `"/><deliver_to>` + to + `</deliver_to>` + rest + `<lines><line><sku>S1</sku><gift from="` + to + `">x</gift></line></lines></note>`
	}
	text := `<?xml version="1.0" encoding="windows-1252"?><notes><!-- made by a program --> ` + note("A1", "Jos\xe9 &amp; Co", "<phone>1</phone><!-- ring -->") + "\r\n" + note("A2", "Jo\xe9l", "") + `</notes>`
	want := `<?xml version="1.0" encoding="windows-1252"?><notes><!-- made by a program --> ` +
		`<note><kind>out</kind><order no="A1" by=""/><deliver_to></deliver_to><phone></phone><lines><line><sku>S1</sku><gift from=""></gift></line></lines></note>` + "\r\n" + note("A2", "Jo\xe9l", "") + `</notes>`
	got, done := erased(t, c, jane{orders: []string{"A1"}}, []byte(text))
	if string(got) != want || done.Found != 1 || done.Changed != 1 {
		t.Errorf("%+v want\n%q\ngot\n%q", done, want, got)
	}
	if same, done := erased(t, c, jane{}, []byte(text)); string(same) != text || done.Found > 0 {
		t.Errorf("%+v: %q", done, same)
	}
}

const janesPages = `
format: {type: exchange, parts: ["json($.body)", "$[*]"]}
tables:
  raw.orders:
    each: ["json($.body)", "$[*]"]
    columns:
      order_no: {path: "$.id", type: bigint, required: true, subject: order}
      email: {path: "$.billing.email", type: text, pii: hash}
      country: {path: "$.billing.country", type: text}
      billing: {path: "$.billing", type: text, pii: drop}
      total: {path: "$.total", type: "decimal(18,2)"}
`

// TestErasesAPersonFromAPage takes one order out of a page of an exchange log; its neighbours in the page, and numbers as they were written, stay.
func TestErasesAPersonFromAPage(t *testing.T) {
	t.Parallel()
	c := readContract(t, []byte(janesPages))
	page := func(first string) string {
		return `{"request":{"method":"GET","ask":"page 1"},"status":200,"at":"2026-03-30T10:00:00Z","headers":{},"body":` +
			strconv.Quote(`[`+first+`,{"id":2,"billing":{"email":"joan@example.com","phone":"2"},"total":"1.50"}]`) + "}\n"
	}
	text := page(`{"id":1,"billing":{"email":"jane@example.com","country":"GB","phone":1},"total":12.3400,"tags":["a",{"b":true}]}`)
	want := page(`{"id":1,"billing":{"email":null,"country":"GB","phone":null},"total":12.3400,"tags":[null,{"b":true}]}`)
	got, done := erased(t, c, jane{}, []byte(text))
	if string(got) != want || done.Found != 1 || !done.Names[load.Name{Kind: typing.SubjectOrder, Name: "1"}] || len(done.Names) != 1 {
		t.Errorf("%+v want\n%s\ngot\n%s", done, want, got)
	}
	bare := base64.StdEncoding.EncodeToString([]byte("no such page for jane@example.com"))
	text = `{"request":{"ask":"page 2"},"status":500,"problem":"500 text","unread":"` + bare + `"}` + "\n"
	if got, done = erased(t, c, jane{}, []byte(text)); done.Changed != 1 || strings.Contains(string(got), bare) {
		t.Errorf("%+v: %s", done, got)
	}
}

// TestErasesInLayers takes somebody out of packed files: each is packed again in its own way, and one without them is the same to the byte.
func TestErasesInLayers(t *testing.T) {
	t.Parallel()
	text := "Order,Units,Email,Postcode,Note,Street\nA1,2,jane@example.com,SW1A 1AA,,1 High St\n"
	for _, layers := range [][]string{{"gzip"}, {"zip"}, {"zip", "gzip"}} {
		c := readContract(t, []byte("decode: ["+strings.Join(layers, ", ")+"]\n"+janesContract))
		var packed bytes.Buffer
		w, err := decode.Pack(&packed, layers)
		if err != nil {
			t.Fatal(err)
		}
		_, werr := io.WriteString(w, text)
		if err := errors.Join(werr, w.Close()); err != nil {
			t.Fatal(err)
		}
		if same, done := erased(t, c, nobody{}, packed.Bytes()); !bytes.Equal(same, packed.Bytes()) || done.Changed > 0 {
			t.Errorf("%v: nobody was taken out, and the bytes are others", layers)
		}
		got, done := erased(t, c, jane{}, packed.Bytes())
		body, err := decode.Layers(bytes.NewReader(got), layers, t.TempDir(), decode.Growth{Bytes: 1 << 30, Ratio: 1000})
		if err != nil {
			t.Fatal(err)
		}
		left, err := io.ReadAll(body)
		if err := errors.Join(err, body.Close()); err != nil {
			t.Fatal(err)
		}
		if string(left) != "Order,Units,Email,Postcode,Note,Street\nA1,2,,SW,,\n" || done.Changed != 1 {
			t.Errorf("%v: %+v %q", layers, done, left)
		}
		if got, done := erased(t, c, jane{}, packed.Bytes()[:packed.Len()/2]); done.Unread == "" || !bytes.Equal(got, packed.Bytes()[:packed.Len()/2]) {
			t.Errorf("%v: half an archive: %+v", layers, done)
		}
	}
}

// careless thinks that everything with a name is hers.
type careless struct{ jane }

func (careless) Named(typing.Subject, string) bool { return true }

// TestPlaceholdersAreNobodys: what stands where there is no number would be everybody's.
func TestPlaceholdersAreNobodys(t *testing.T) {
	t.Parallel()
	c := readContract(t, []byte(strings.ReplaceAll(janesContract, "subject: order", "subject: parcel")))
	for value, is := range map[string]bool{"JD0000000001": true, "n/a": false, "unknown": false, "00000000": false, "99999999": false, "1": false, "": false} {
		_, done := erased(t, c, careless{}, []byte("Order,Units,Email,Postcode,Note,Street\n"+value+",2,,,,1 High St\n"))
		if (done.Found > 0) != is {
			t.Errorf("%q: %+v", value, done)
		}
	}
}
