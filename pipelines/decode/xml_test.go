package decode_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill/pipelines/decode"
)

// document is a record as a test sees it.
type document struct {
	json, fault string
	line        int64
	nth         int
}

func readXML(r io.Reader, d decode.XMLDialect) ([]document, *decode.XML, error) {
	text, err := decode.XMLText(r, "")
	if err != nil {
		return nil, nil, err
	}
	x := decode.NewXML(text, d)
	var all []document
	for {
		rec, err := x.Next()
		if errors.Is(err, io.EOF) {
			return all, x, nil
		}
		if err != nil {
			return all, x, err
		}
		all = append(all, document{string(rec.Bytes), rec.Fault, rec.Line, rec.Nth})
	}
}

func each(record string) decode.XMLDialect {
	return decode.XMLDialect{Record: strings.Split(record, "/"), MaxRecord: 1 << 20}
}

func TestXMLBecomesJSON(t *testing.T) {
	t.Parallel()
	shaped := each("all/r")
	shaped.Shape = &decode.Shape{}
	shaped.Shape.Read([]string{"lines", "line"}, true, false)
	shaped.Shape.Read([]string{"lines", "line", "sku"}, false, true)
	shaped.Shape.Read([]string{"no"}, true, false)
	shaped.Shape.Read([]string{"no"}, false, true)
	shaped.Shape.Read([]string{"ref"}, false, true)
	for _, c := range []struct {
		name, text string
		d          decode.XMLDialect
		want       []document
	}{
		{"texts, attributes, lists, mixed", `<all><r id="1"><a>x</a><b u="kg">2</b><c/><d>1</d><a>y</a><d><e/></d>tail</r></all>`, each("all/r"), []document{
			{`{"@id":"1","a":["x","y"],"b":{"@u":"kg","#text":"2"},"c":"","d":["1",{"e":""}],"#text":"tail"}`, "", 1, 0},
		}},
		{"a record that is the root, one that is a text", "<r>\n x \"\\ \n</r>", each("r"), []document{{`"x \"\\"`, "", 1, 0}}},
		{"names without prefixes, which fall together", `<p:all xmlns:p="u" xmlns:q="v"><p:r q:k="1"><p:a>x</p:a><q:a>y</q:a></p:r></p:all>`, each("all/r"), []document{
			{`{"@k":"1","a":["x","y"]}`, "", 1, 0},
		}},
		{"entities, CDATA, comments", "<all><r><a>&lt;&#xe9;<![CDATA[<b>&amp;]]><!-- c -->&quot;</a></r></all>", each("all/r"), []document{{`{"a":"<é<b>&amp;\""}`, "", 1, 0}}},
		{
			"lines, also of records side by side", "<?xml version='1.0'?>\r\n<all>\r<r><a>1\r\n</a></r><r\n><a>2</a></r> <r/>\n</all>\n", each("all/r"),
			[]document{{`{"a":"1"}`, "", 3, 0}, {`{"a":"2"}`, "", 4, 0}, {`""`, "", 5, 0}},
		},
		{"many on one line", "<all><r>1</r><r>2</r>\n<r>3</r><r>4</r></all>", each("all/r"), []document{{`"1"`, "", 1, 0}, {`"2"`, "", 1, 1}, {`"3"`, "", 2, 0}, {`"4"`, "", 2, 1}}},
		{"only where the path says", "<all><x><r>1</r></x><r>2<r>3</r></r></all>", each("all/r"), []document{{`{"r":"3","#text":"2"}`, "", 1, 0}}},
		{"one line is a list", "<all><r><lines>\n<line><sku>s</sku></line></lines><no>1</no></r></all>", shaped, []document{
			{`{"lines":{"line":[{"#line":2,"sku":"s"}]},"no":["1"]}`, "", 1, 0},
		}},
		{"a text has no attributes", `<all><r><ref k="1">A</ref><no k="1">1</no><no>2</no></r></all>`, shaped, []document{{`{"ref":"A","no":["1","2"]}`, "", 1, 0}}},
		{"twice what is read once", "<all><r><lines/><lines/></r></all>", shaped, []document{{`{"lines":["",""]}`, "<lines> is in <r> 2 times, on line 1 again; one is expected", 1, 0}}},
		{"elements in a text", "<all><r><ref><a/></ref></r></all>", shaped, []document{{`{"ref":{"a":""}}`, "<ref> on line 1 has elements inside, a text is expected", 1, 0}}},
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text))} {
			got, _, err := readXML(r, c.d)
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s, %s:\n got %v %v\nwant %v", c.name, name, got, err, c.want)
			}
		}
	}
}

func TestXMLThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text       string
		fault      decode.XMLFault
		line, char int64
		reason     string
	}{
		{"<all>\n<r>a & Smith</r></all>", decode.NotWellFormed, 2, 7, "&amp;"},
		{"<all>\n<r>&Smith</r></all>", decode.NotWellFormed, 2, 10, "&amp;"},
		{"<all><r>x&trade;</r></all>", decode.NotWellFormed, 1, 16, "&trade;"},
		{"<all><r><a xsi:nil='1'/></r></all>", decode.NotWellFormed, 1, 24, "xsi:nil"},
		{"<all><r xmlns:p='u'/><p:r/></all>", decode.NotWellFormed, 1, 27, "p:r"},
		{"<all>\n<r>é<Date2019-10-02T00:00:00</Date></r></all>", decode.NotWellFormed, 2, 29, ""},
		{"<all><r><a></r></a></all>", decode.NotWellFormed, 1, 15, "<a> is closed by </r>"},
		{"<all><r a='1' a='2'/></all>", decode.NotWellFormed, 1, 21, "twice"},
		{"<all><r a=1/></all>", decode.NotWellFormed, 1, 11, ""},
		{"<all/><all/>", decode.NotWellFormed, 1, 12, "second root"},
		{"<all/>\ntail", decode.NotWellFormed, 2, 4, "outside"},
		{"a,b,c\n1,2,3\n", decode.NotWellFormed, 3, 0, "outside"},
		{"<all/><?xml version='1.0'?>", decode.NotWellFormed, 1, 27, "declaration"},
		{"<?xml version='1.1'?><all/>", decode.NotWellFormed, 1, 21, "1.1"},
		{"<!DOCTYPE all [<!ENTITY e SYSTEM 'file:///x'>]><all>&e;</all>", decode.NotWellFormed, 1, 47, "not read"},
		{"<!DOCTYPE all SYSTEM 'http://x/y.dtd'><all>&e;</all>", decode.NotWellFormed, 1, 46, "&amp;"},
		{"<all><r>Jones &Smith; Sons</r></all>", decode.NotWellFormed, 1, 21, "&amp;"},
		{"<all><!ENTITY e 'x'></all>", decode.NotWellFormed, 1, 20, "none may be"},
		{"<all><r>\x01</r></all>", decode.NotWellFormed, 1, 0, ""},
		{strings.Repeat("<all>", 101), decode.NotWellFormed, 1, 505, "100"},
		{"<html>", decode.OtherRoot, 1, 6, "<html>"},
		{"<all>\n<r>\n<a>x</", decode.CutOff, 3, 6, "within <a>"},
		{"<all>\n<r>x</r>\n", decode.CutOff, 3, 0, "within <all>"},
		{"<?xml version='1.0'?>\n", decode.CutOff, 2, 0, "before its root"},
		{" \n", decode.CutOff, 2, 0, "before its root"},
		{"<?xml version='1.0' encoding='klingon'?><all/>", decode.BadCharset, 1, 0, "klingon"},
		{"<?xml version='1.0' encoding='UTF-16'?><all/>", decode.BadCharset, 1, 0, "one byte"},
	} {
		var bad *decode.XMLError
		_, _, err := readXML(strings.NewReader(c.text), each("all/r"))
		if !errors.As(err, &bad) || bad.Fault != c.fault || bad.Line != c.line || !strings.Contains(bad.Reason, c.reason) || (c.char > 0 && bad.Char != c.char) {
			t.Errorf("%q: got %+v (%v), want %s at %d:%d", c.text, bad, err, c.fault, c.line, c.char)
		}
		if strings.Contains(fmt.Sprint(err), "Smith") {
			t.Errorf("%v shows what stands in the file", err)
		}
	}
	if got, x, err := readXML(strings.NewReader(""), each("all/r")); len(got) > 0 || err != nil || x.Begun {
		t.Errorf("an empty file gives %v, %v, begun %v", got, err, x.Begun)
	}
}

// TestXMLIsBounded: neither a text, a tag, nor a record of many elements makes the memory grow; pieces outside of records neither. Records
// one after another have no bound.
func TestXMLIsBounded(t *testing.T) {
	t.Parallel()
	d := each("all/r")
	d.MaxRecord = 1000
	long := strings.Repeat("x", 1<<20) // more than is read ahead
	for _, text := range []string{
		"<all>\n<r>" + long, "<all>\n<r><" + long, "<all>\n<r " + long, "<all>\n<r><!--" + long, "<all>\n<r>" + strings.Repeat("<a/>", 1<<18), "<all>\n<x>" + long, "<all>\n" + long,
	} {
		endless := io.MultiReader(strings.NewReader(text), iotest.ErrReader(errors.New("read beyond the limit")))
		var size *decode.SizeError
		if _, _, err := readXML(endless, d); !errors.As(err, &size) || size.Line > 2 {
			t.Errorf("%.40s…: %v", text, err)
		}
	}
	got, _, err := readXML(strings.NewReader("<all>"+strings.Repeat("<r>12</r>", 5000)+"</all>"), d)
	if err != nil || len(got) != 5000 || got[4999].nth != 4999 {
		t.Errorf("%d records, %v", len(got), err)
	}
}

func TestXMLSaysWhatItHas(t *testing.T) {
	t.Parallel()
	d := each("all/box/r")
	for _, c := range []struct {
		total, text, totals, others string
		container                   bool
	}{
		{"all/n", "<all><n> 2 </n><box><r/><r/></box><x/></all>", "[{2 1}]", "map[]", true},
		{"all/box/n", "<all><box><n>2</n><s/><s/></box><box>\n<n k='1'>3</n></box></all>", "[{2 1} {3 2}]", "map[s:2]", true},
		{"all/box/@n", "<all>\n<box n='2'/><boxes n='3'/></all>", "[{2 2}]", "map[]", true},
		{"all/n/m", "<all><n><m>7</m><k/></n></all>", "[{7 1}]", "map[]", false},
		{"", "<all><boxes><r/></boxes></all>", "[]", "map[]", false},
	} {
		d.Total = nil
		if c.total != "" {
			d.Total = strings.Split(c.total, "/")
		}
		_, x, err := readXML(strings.NewReader(c.text), d)
		if err != nil || fmt.Sprint(x.Totals) != c.totals || fmt.Sprint(x.Others) != c.others || x.Container != c.container {
			t.Errorf("%s: %v, totals %v, others %v, container %v", c.text, err, x.Totals, x.Others, x.Container)
		}
	}
	d.Total = []string{"all", "n"}
	if _, x, err := readXML(strings.NewReader("<all>"+strings.Repeat("<n>1</n>", 1001)+"</all>"), d); err != nil || len(x.Totals) != 1000 || x.Totals[999].Text == "1" {
		t.Errorf("%v, %d totals, %v at last", err, len(x.Totals), x.Totals[len(x.Totals)-1])
	}
	if _, x, err := readXML(strings.NewReader("<all><n>"+strings.Repeat("1<!---->", 1000)+"</n></all>"), d); err != nil || len(x.Totals[0].Text) != 100 {
		t.Errorf("%v, a total of %d bytes", err, len(x.Totals[0].Text))
	}
	var names strings.Builder
	for i := range 100 {
		fmt.Fprintf(&names, "<x%d/>", i)
	}
	if _, x, err := readXML(strings.NewReader("<all><box>"+names.String()+"</box></all>"), d); err != nil || len(x.Others) != 21 || x.Others["…"] != 80 {
		t.Errorf("%v, %v", err, x.Others)
	}
}

// tree is an element that a property draws.
type tree struct {
	Name  string
	Attrs [][2]string
	Text  string
	Kids  []tree
}

func drawTree(rt *rapid.T, depth int) tree {
	text := rapid.StringOf(rapid.SampledFrom([]rune("ab <>&\"'\\]\t\né€𝄞;#/")))
	el := tree{Name: rapid.SampledFrom([]string{"a", "b", "line", "ref", "É-1.x"}).Draw(rt, "name"), Text: text.Draw(rt, "text")}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"id", "a", "type"}), 0, 2, rapid.ID[string]).Draw(rt, "attributes") {
		el.Attrs = append(el.Attrs, [2]string{name, text.Draw(rt, "value")})
	}
	if depth > 0 {
		for range rapid.IntRange(0, 4).Draw(rt, "kids") {
			el.Kids = append(el.Kids, drawTree(rt, depth-1))
		}
	}
	return el
}

// meaning is the value that an element's JSON has.
func (el tree) meaning() any {
	text := strings.Trim(el.Text, " \t\r\n")
	if len(el.Kids)+len(el.Attrs) == 0 {
		return text
	}
	m := map[string]any{}
	for _, a := range el.Attrs {
		m["@"+a[0]] = strings.Trim(a[1], " \t\r\n")
	}
	for _, k := range el.Kids {
		switch have := m[k.Name].(type) {
		case nil:
			m[k.Name] = k.meaning()
		case several:
			m[k.Name] = append(have, k.meaning())
		default:
			m[k.Name] = several{have, k.meaning()}
		}
	}
	for name, v := range m {
		if list, ok := v.(several); ok {
			m[name] = []any(list)
		}
	}
	if text != "" {
		m["#text"] = text
	}
	return m
}

type several []any

// write writes an element in one of the ways in which it can be written.
func (el tree) write(rt *rapid.T, b *strings.Builder) {
	prefix := rapid.SampledFrom([]string{"", "", "p:"}).Draw(rt, "prefix")
	b.WriteString("<" + prefix + el.Name)
	for _, a := range el.Attrs {
		quote := rapid.SampledFrom([]string{`"`, `'`}).Draw(rt, "quote")
		b.WriteString(rapid.SampledFrom([]string{" ", "\n\t"}).Draw(rt, "gap") + a[0] + "=" + quote + escape(rt, a[1], "\n\t") + quote)
	}
	if len(el.Kids) == 0 && el.Text == "" && rapid.Bool().Draw(rt, "short") {
		b.WriteString("/>")
		return
	}
	b.WriteString(">")
	at := rapid.IntRange(0, len(el.Kids)).Draw(rt, "text before")
	for i := range len(el.Kids) + 1 {
		if i == at {
			b.WriteString(escape(rt, el.Text, ""))
		}
		if i < len(el.Kids) {
			el.Kids[i].write(rt, b)
			b.WriteString(rapid.SampledFrom([]string{"", "<!-- & <a> -->", "<?go on?>"}).Draw(rt, "between"))
		}
	}
	b.WriteString("</" + prefix + el.Name + ">")
}

// escape writes characters as themselves where they may stand, as references, or in CDATA sections. An attribute may not have some as they are.
func escape(rt *rapid.T, text, never string) string {
	if never == "" && !strings.Contains(text, "]]>") && rapid.Bool().Draw(rt, "CDATA") {
		return "<![CDATA[" + text + "]]>"
	}
	named := map[rune]string{'<': "&lt;", '>': "&gt;", '&': "&amp;", '"': "&quot;", '\'': "&apos;"}
	var b strings.Builder
	for _, r := range text {
		switch name, special := named[r]; {
		case special:
			b.WriteString(name)
		case strings.ContainsRune(never, r), rapid.IntRange(0, 9).Draw(rt, "reference") == 0:
			fmt.Fprintf(&b, "&#x%x;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// TestXMLComesBackAsWhatItMeans: any tree, however it is written, gives the JSON of its names, attributes, texts and lists, on its line.
func TestXMLComesBackAsWhatItMeans(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var b strings.Builder
		b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<all xmlns:p=\"urn:p\">")
		var want []any
		var lines []int64
		for range rapid.IntRange(0, 4).Draw(rt, "records") {
			el := drawTree(rt, 3)
			el.Name = "r"
			b.WriteString(rapid.SampledFrom([]string{"", "\n", "\r\n\r\n", "\r", "<!--\n-->"}).Draw(rt, "layout"))
			start := strings.ReplaceAll(strings.ReplaceAll(b.String(), "\r\n", "\n"), "\r", "\n")
			lines = append(lines, int64(1+strings.Count(start, "\n")))
			el.write(rt, &b)
			want = append(want, el.meaning())
		}
		b.WriteString("</all>")
		var r io.Reader = strings.NewReader(b.String())
		if rapid.Bool().Draw(rt, "byte by byte") {
			r = iotest.OneByteReader(r)
		}
		got, _, err := readXML(r, each("all/r"))
		if err != nil || len(got) != len(want) {
			rt.Fatalf("%s: %d records of %d, %v", b.String(), len(got), len(want), err)
		}
		for i, doc := range got {
			var v any
			if err := json.Unmarshal([]byte(doc.json), &v); err != nil || !reflect.DeepEqual(v, want[i]) || doc.line != lines[i] || doc.fault != "" {
				rt.Fatalf("%s\nrecord %d is %s on line %d (%v %s)\nwant %v on line %d", b.String(), i, doc.json, doc.line, err, doc.fault, want[i], lines[i])
			}
		}
	})
}

// FuzzXML: whatever the bytes, there is an end; each record is JSON; lines only go up, and a line and a number name one record; bytes in
// any pieces give the same.
func FuzzXML(f *testing.F) {
	for _, seed := range []string{
		"<all><r a='1'><b>x</b><b/></r></all>", "<?xml version=\"1.0\" encoding=\"windows-1252\"?><all><r>\xE9</r>\r<r/></all>",
		"\xFF\xFE<\x00a\x00l\x00l\x00/\x00>\x00", "<!DOCTYPE a [<!ENTITY b '&c;'>]><all>&b;</all>", "<all><r><![CDATA[]]]]><![CDATA[>]]></r>", "<all n='3'><n>4</n><x:r/>", "<a:b:c/>", "<all><r>&#0;&#x110000;",
	} {
		f.Add([]byte(seed))
	}
	d := each("all/r")
	d.MaxRecord, d.Total = 4096, []string{"all", "n"}
	d.Shape = &decode.Shape{}
	d.Shape.Read([]string{"b"}, true, false)
	d.Shape.Read([]string{"b", "c"}, false, true)
	f.Fuzz(func(t *testing.T, in []byte) {
		whole, _, err := readXML(bytes.NewReader(in), d)
		drops, _, dropsErr := readXML(iotest.OneByteReader(bytes.NewReader(in)), d)
		if fmt.Sprint(err) != fmt.Sprint(dropsErr) || !reflect.DeepEqual(whole, drops) {
			t.Fatalf("%q: %v, %v in one piece, %v, %v byte by byte", in, whole, err, drops, dropsErr)
		}
		last := document{line: 0}
		for _, doc := range whole {
			if !json.Valid([]byte(doc.json)) || !utf8.ValidString(doc.json) {
				t.Fatalf("%q: %s is no JSON", in, doc.json)
			}
			if doc.line < last.line || (doc.line == last.line && doc.nth != last.nth+1) || (doc.line > last.line && doc.nth != 0) {
				t.Fatalf("%q: record %d of line %d after %d of %d", in, doc.nth, doc.line, last.nth, last.line)
			}
			last = doc
		}
		var bad *decode.XMLError
		if errors.As(err, &bad) && (bad.Line < 1 || bad.Line > int64(bytes.Count(in, []byte("\n"))+bytes.Count(in, []byte("\r"))+1)) {
			t.Fatalf("%q: %v is on no line of it", in, err)
		}
	})
}
