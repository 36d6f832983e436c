package load_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// people makes values that no reject may show: each has the mark in it.
type people struct{ rt *rapid.T }

const mark = "Jane"

func (p people) one(among ...string) string { return rapid.SampledFrom(among).Draw(p.rt, "which") }

func (p people) name() string {
	return p.one(mark, mark+" Doe", `"`+mark+`"`, "1 "+mark+" Street", "["+mark+"]", mark+",", "x="+mark)
}

// anything is a value of any shape with people in it.
func (p people) anything() any {
	switch p.one("name", "name", "list", "object", "text", "deep") {
	case "list":
		return []any{p.name(), map[string]any{"id": p.name()}}
	case "object":
		return map[string]any{"id": p.name(), "key": p.name(), "value": p.name(), "name": p.name(), "list": []any{p.name()}}
	case "text":
		text, _ := json.Marshal(map[string]any{"id": p.name(), "other": []any{p.name()}}) // of texts only
		return string(text)
	case "deep":
		return map[string]any{"list": map[string]any{"a": []any{p.anything()}}}
	}
	return p.name()
}

// mapped is a value of a column that is not personal: mostly a plain one, else of a shape in which there are people.
func (p people) mapped(plain any) any {
	if p.one("plain", "plain", "plain", "shape") == "shape" {
		return []any{map[string]any{"first": p.name()}, []any{p.name()}}
	}
	return plain
}

const nested = `
format: {type: exchange%s}
limits: {max_rejected: 100%%}
tables:
  raw.answers:
    columns:
      ask: {path: "$.request.ask", type: text, required: true}
      bad: {path: "$.bad", type: integer}
      zip: {path: "$.zip", type: text, extract: '^([A-Z]+)'}
      hashed: {path: "$.hashed", type: text, pii: hash, regex: '^none$'}
      also_hashed: {path: "$.hashed", type: text}
      hidden: {path: "$.hidden", type: text, pii: drop}
      inside: {path: "$.hidden.inside", type: text}
  raw.items:
    each: ["json($.body)", "$.list[*]"]
    columns:
      id: {path: "$.id", type: text, required: true}
      name: {path: "$.name", type: text, pii: drop}
      note: {path: "$.meta[key=_note].value", type: text}
      bad: {path: "$.bad", type: integer}
  raw.kids:
    each: ["json($.body)", "$.list[*]", "$.kids{*}"]
    columns:
      item: {path: "^$.id", type: text}
      n: {path: "$.n", type: text}
`

func (p people) item(id int) map[string]any {
	return map[string]any{
		"id": fmt.Sprintf("item-%d", id), "name": p.anything(), "bad": "two", "address": p.anything(), p.one("extra", "Extra name"): p.anything(),
		"meta": []any{
			map[string]any{"key": "_note", "value": p.mapped("fragile"), "by": p.anything()},
			map[string]any{"key": p.name(), "value": p.anything()},
			p.name(),
		},
		"kids": map[string]any{"1": map[string]any{"n": p.mapped("kid"), "who": p.anything()}, "2": p.anything()},
	}
}

func (p people) answer() string {
	body, _ := json.Marshal(map[string]any{"list": []any{p.item(1), p.item(2)}, "customer": p.anything(), "errors": p.anything()}) // of texts only
	text := p.one(string(body), "<html>"+mark+"</html>", `["`+mark+`"]`, `{"list":"`+mark+`"}`)
	record, _ := json.Marshal(map[string]any{
		"request": map[string]any{"ask": "ask-1", "url": "https://shop.example/" + mark, "who": p.anything()}, "headers": map[string]any{"X-User": p.name()},
		"status": p.anything(), "bad": p.one("one", "1"), "zip": "SW1 " + mark, "hashed": p.anything(), "hidden": rapid.SampledFrom([]any{p.anything(), map[string]any{"inside": p.name()}}).Draw(p.rt, "hidden"), "body": text, "body_base64": p.name(), "other": p.anything(),
	})
	return string(record)
}

// TestRejectsShowNobody: whatever a record is like, no value that is personal or that no column takes is in its reject, and the order, item
// or question that it is about is.
func TestRejectsShowNobody(t *testing.T) {
	t.Parallel()
	loader := load.New(openDuck(t))
	whole, parts := readContract(t, fmt.Appendf(nil, nested, "")), readContract(t, fmt.Appendf(nil, nested, `, parts: ["json($.body)", "$.list[*]"]`))
	rapid.Check(t, func(rt *rapid.T) {
		p := people{rt}
		c := rapid.SampledFrom([]typing.Contract{whole, parts}).Draw(rt, "contract")
		text := p.answer()
		for _, r := range rejects(t, rt, loader, c, text+"\n") {
			if strings.Contains(r, mark) || (!strings.Contains(r, "ask-1") && !strings.Contains(r, "item-")) {
				rt.Fatalf("%s\nis shown as\n%s", text, r)
			}
		}
	})
}

// TestRejectsOfFieldsShowNobody is the same for records of fields, some of which have too few or too many.
func TestRejectsOfFieldsShowNobody(t *testing.T) {
	t.Parallel()
	loader := load.New(openDuck(t))
	c := readContract(t, []byte(`
format: {type: csv, header: true}
limits: {max_rejected: 100%}
tables:
  raw.people:
    columns:
      ref: {from: ref, type: text}
      qty: {from: qty, type: integer}
      zip: {from: zip, type: text, extract: '^([A-Z]+)'}
      email: {from: email, type: text, pii: hash, regex: '^none$'}
      also_email: {from: email, type: text}
      name: {from: name, type: text, pii: drop}
`))
	values := map[string]func(people) string{
		"ref": func(people) string { return "AV1001" }, "qty": func(p people) string { return p.one("two", "1") }, "zip": func(people) string { return "SW1 " + mark },
		"email": people.name, "name": people.name, "Mobile": people.name, "Street": people.name,
	}
	rapid.Check(t, func(rt *rapid.T) {
		p := people{rt}
		header := rapid.Permutation([]string{"ref", "qty", "zip", "email", "name", "Mobile", "Street"}).Draw(rt, "header")
		if rapid.Bool().Draw(rt, "usual") { // with something to show in front
			header = append([]string{"ref", "qty"}, slices.DeleteFunc(header, func(h string) bool { return h == "ref" || h == "qty" })...)
		}
		fields := make([]string, len(header))
		for i, h := range header {
			v := values[h](p)
			fields[i] = p.one(`"`+strings.ReplaceAll(v, `"`, `""`)+`"`, strings.NewReplacer(`"`, "", ",", "").Replace(v))
		}
		at := rapid.IntRange(0, 3).Draw(rt, "at")
		switch p.one("whole", "short", "short", "long", "quote") {
		case "short":
			fields = append(fields[:at:at], fields[at+1:]...)
		case "long":
			fields[at] += ",more"
		case "quote":
			fields[at] = `"` + strings.Trim(fields[at], `"`) + `"x`
		}
		text := strings.Join(fields, ",")
		for _, r := range rejects(t, rt, loader, c, strings.Join(header, ",")+"\n"+text+"\n") {
			if strings.Contains(r, mark) {
				rt.Fatalf("%s\n%s\nis shown as\n%s", strings.Join(header, ","), text, r)
			}
		}
	})
}

// TestRejectsOfElementsShowNobody is the same for XML.
func TestRejectsOfElementsShowNobody(t *testing.T) {
	t.Parallel()
	loader := load.New(openDuck(t))
	c := readContract(t, []byte(`
format: {type: xml, record: /notes/note}
limits: {max_rejected: 100%}
tables:
  raw.notes:
    each: ["$.lines.line[*]?"]
    columns:
      ref: {path: "^$.ref", type: text, required: true}
      sku: {path: "$.sku", type: text}
      qty: {path: "$.qty", type: integer, required: true}
      who: {path: "^$.who", type: text, pii: drop}
`))
	rapid.Check(t, func(rt *rapid.T) {
		p := people{rt}
		someone := func() string {
			return p.one("<x>"+mark+"</x>", `<x y="`+mark+`"/>`, "<lines>"+mark+"</lines>", mark, "<who><sku>"+mark+"</sku></who>", "<ref><first>"+mark+"</first></ref>", "<who>"+mark+"</who>")
		}
		line := fmt.Sprintf(`<line z="%s"><sku>S1</sku><qty>%s</qty>%s</line>`, mark, p.one("two", "", "1"), someone())
		text := fmt.Sprintf(`<notes><note id="%s"><ref>AV1001</ref><who>%s</who><lines>%s%s</lines>%s</note></notes>`, mark, mark, line, someone(), someone())
		for _, r := range rejects(t, rt, loader, c, text) {
			if strings.Contains(r, mark) || !strings.Contains(r, "AV1001") {
				rt.Fatalf("%s\nis shown as\n%s", text, r)
			}
		}
	})
}

// rejects are details and texts of what a file's load rejects, and what is noted of it.
func rejects(t *testing.T, rt *rapid.T, loader *load.Loader, c typing.Contract, text string) []string {
	t.Helper()
	db := openDuck(t)
	res, err := loader.Load(t.Context(), input(t, c, []byte(text)))
	if err != nil || res.Hold != nil {
		rt.Fatalf("%s: %v, hold %v", text, err, res.Hold)
	}
	var out []string
	for _, f := range res.Rejects {
		out = append(out, textsOf(rt, db, fmt.Sprintf("select concat_ws(' | ', column_name, rule, detail, original) from read_parquet('%s')", f.Path))...)
	}
	if int64(len(out)) != res.Rejected {
		rt.Fatalf("%s: %d rejects, %d told", text, res.Rejected, len(out))
	}
	return out
}

func textsOf(rt *rapid.T, db *sql.DB, query string) []string {
	found, err := db.Query(query)
	if err != nil {
		rt.Fatal(err)
	}
	defer found.Close()
	var out []string
	for found.Next() {
		var text string
		if err := found.Scan(&text); err != nil {
			rt.Fatal(err)
		}
		out = append(out, text)
	}
	if err := found.Err(); err != nil {
		rt.Fatal(err)
	}
	return out
}
