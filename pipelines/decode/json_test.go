package decode_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/fourmarketing/waybill/pipelines/decode"
)

// jsonText is what a test sees of a JSON document.
type jsonText struct {
	text string
	line int64
	nth  int
}

func documents(r io.Reader, d decode.JSONDialect) ([]jsonText, error) {
	text, err := decode.NewText(r, "utf-8")
	if err != nil {
		return nil, err
	}
	var all []jsonText
	for next := decode.Documents(text, d); ; {
		rec, err := next.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, jsonText{strings.TrimRight(string(rec.Bytes), "\r"), rec.Line, rec.Nth})
	}
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	const wide = 1 << 20
	for _, c := range []struct {
		text   string
		arrays bool
		want   []jsonText
		fails  string
	}{
		{"{\"a\":1}\n{\"a\":2}\n", false, []jsonText{{`{"a":1}`, 1, 0}, {`{"a":2}`, 2, 0}}, ""},
		{"[{\"a\":1},{\"a\":2}]", false, []jsonText{{`{"a":1}`, 1, 0}, {`{"a":2}`, 1, 1}}, ""},
		{"[{\"a\":1},{\"a\":2}]", true, []jsonText{{`[{"a":1},{"a":2}]`, 1, 0}}, ""},
		{"\n[ ]\n[1,\"]\"\n,null]", false, []jsonText{{"1", 3, 0}, {`"]"`, 3, 1}, {"null", 4, 0}}, ""},
		{"{\n \"a\": \"}\\\"\"\n}\n\n{}", false, []jsonText{{"{\n \"a\": \"}\\\"\"\n}", 1, 0}, {"{}", 5, 0}}, ""},
		{"[{\"a\":1}", false, []jsonText{{`{"a":1}`, 1, 0}}, "ends in the middle"},
		{"[1 2]", false, []jsonText{{"1", 1, 0}}, "no comma or ]"},
		{"{\n\"a\"", false, nil, "ends in the middle"},
		{"[" + strings.Repeat("x", 2*wide), false, nil, "longer than"},
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text))} {
			got, err := documents(r, decode.JSONDialect{MaxRecord: wide, Arrays: c.arrays})
			if fmt.Sprint(got) != fmt.Sprint(c.want) || (err == nil) != (c.fails == "") || (err != nil && !strings.Contains(err.Error(), c.fails)) {
				t.Errorf("%.60q %s: got %.200v, %v", c.text, name, got, err)
			}
		}
	}
}

// FuzzDocuments: of a text that is JSON the documents are those that encoding/json finds, however the text arrives, each on its line.
func FuzzDocuments(f *testing.F) {
	for _, seed := range []string{"{\"a\":[1,\"]\"]}\n{}", "[{\"a\":1}, 2,\n\"x\\\"\"]", "{\n}\n[1]", "[[1],[]]\n[]", "1 2", "[}", "{\"a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\r") || !utf8.ValidString(text) { // FuzzRecords and FuzzText know of those
			return
		}
		dialect := decode.JSONDialect{MaxRecord: 1 << 20}
		whole, err := documents(strings.NewReader(text), dialect)
		drops, dropsErr := documents(iotest.OneByteReader(strings.NewReader(text)), dialect)
		if fmt.Sprint(whole, err) != fmt.Sprint(drops, dropsErr) {
			t.Fatalf("%q: %v, %v in one piece, %v, %v byte by byte", text, whole, err, drops, dropsErr)
		}
		want, ok := decoded(text)
		if !ok {
			return
		}
		var got []string
		for _, d := range whole {
			if d.line < 1 || d.line > int64(strings.Count(text, "\n"))+1 {
				t.Fatalf("%q is on line %d of %q", d.text, d.line, text)
			}
			got = append(got, strings.TrimSpace(d.text))
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%q: %q, %v, want %q", text, got, err, want)
		}
	})
}

// decoded are the documents of a text that is objects on lines of their own or over several lines, or arrays; false for other texts.
func decoded(text string) ([]string, bool) {
	if text = strings.TrimLeft(text, " \t\n"); !strings.HasPrefix(text, "[") {
		return nil, false
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	var all []string
	for {
		var value json.RawMessage
		err := decoder.Decode(&value)
		if errors.Is(err, io.EOF) {
			return all, true
		}
		if err != nil {
			return nil, false
		}
		if at := decoder.InputOffset(); at < int64(len(text)) && !strings.ContainsRune(" \t\n[{", rune(text[at])) {
			return nil, false // 000 is three numbers to encoding/json
		}
		if value[0] != '[' {
			all = append(all, string(value))
			continue
		}
		var entries []json.RawMessage
		if err := json.Unmarshal(value, &entries); err != nil {
			return nil, false
		}
		for _, e := range entries {
			all = append(all, string(e))
		}
	}
}
