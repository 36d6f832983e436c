package decode_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/klauspost/compress/zip"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/fourmarketing/waybill/pipelines/decode"
)

func readText(r io.Reader, encoding string) (string, error) {
	text, err := decode.NewText(r, encoding)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	_, err = io.CopyBuffer(struct{ io.Writer }{&out}, struct{ io.Reader }{text}, make([]byte, 16))
	return out.String(), err
}

func TestTextInEveryEncoding(t *testing.T) {
	t.Parallel()
	const text = "Zoë paid £3 for Ørsted’s “blue” €-jumper\r\n" // the quotes and € are what sets cp1252 apart from latin-1
	cp1252, err := charmap.Windows1252.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ encoding, bytes string }{
		{"", text},
		{"utf-8", "\xEF\xBB\xBF" + text},
		{"cp1252", cp1252},
		{"Windows-1252", cp1252},
		{"utf-8", utf16},
		{"utf-16le", utf16[2:]},
		{"cp1252", "\xEF\xBB\xBF" + text},
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(c.bytes), "byte by byte": iotest.OneByteReader(strings.NewReader(c.bytes))} {
			if got, err := readText(r, c.encoding); got != text || err != nil {
				t.Errorf("%q %s: got %q, %v", c.encoding, name, got, err)
			}
		}
	}
}

func TestTextSaysWhichByte(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		encoding, bytes string
		offset          int64
		before          string
	}{
		{"utf-8", "caf\xE9 au lait", 3, "caf"},
		{"utf-8", "cut \xE2\x82", 4, "cut "},
		{"cp1252", "ok \x80 bad \x9D", 9, "ok € bad "},
		{"utf-16le", "a\x00\x00\xDCb\x00", 2, "a"},
		{"utf-16le", "a\x00b", 2, "a"},
		{"shift_jis", "\x82\xA0\xFF", 2, "あ"},
	} {
		got, err := readText(strings.NewReader(c.bytes), c.encoding)
		var bad *decode.EncodingError
		if !errors.As(err, &bad) || bad.Offset != c.offset || got != c.before {
			t.Errorf("%s %q: text %q, error %v; want offset %d after %q", c.encoding, c.bytes, got, err, c.offset, c.before)
		}
	}
	if _, err := decode.NewText(strings.NewReader(""), "cp-1252"); err == nil {
		t.Error("cp-1252 is taken for an encoding")
	}
}

func zipped(t *testing.T, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range names {
		f, err := w.Create(n)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(f, "text of %s", n)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// wide lets everything in.
var wide = decode.Growth{Bytes: 1 << 40, Ratio: 1 << 20}

func TestLayers(t *testing.T) {
	t.Parallel()
	two := append(gzipped(t, []byte("one ")), gzipped(t, []byte("two"))...)
	whole := gzipped(t, zipped(t, "folder/", "__MACOSX/x", "a.csv"))
	for _, c := range []struct {
		name   string
		bytes  []byte
		layers []string
		want   string
		damage bool
	}{
		{"none", []byte("x"), nil, "x", false},
		{"gzip members", two, []string{"gzip"}, "one two", false},
		{"zip in gzip", whole, []string{"gzip", "zip"}, "text of a.csv", false},
		{"cut gzip", two[:len(two)-9], []string{"gzip"}, "", true},
		{"no gzip", []byte("order;sku"), []string{"gzip"}, "", true},
		{"two files", zipped(t, "a.csv", "b.csv"), []string{"zip"}, "", true},
		{"cut zip", whole[:len(whole)/2], []string{"gzip", "zip"}, "", true},
	} {
		r, err := decode.Layers(bytes.NewReader(c.bytes), c.layers, t.TempDir(), wide)
		var got []byte
		if err == nil {
			got, err = io.ReadAll(r)
			if closeErr := r.Close(); closeErr != nil && err == nil {
				t.Errorf("%s: close: %v", c.name, closeErr)
			}
		}
		var damage *decode.LayerError
		if errors.As(err, &damage) != c.damage || (!c.damage && string(got) != c.want) {
			t.Errorf("%s: got %q, %v", c.name, got, err)
		}
	}
}

func TestLayersLeaveTheSourcesErrorAlone(t *testing.T) {
	t.Parallel()
	cut := errors.New("connection reset")
	r, err := decode.Layers(io.MultiReader(bytes.NewReader(gzipped(t, []byte("abc"))[:12]), iotest.ErrReader(cut)), []string{"gzip"}, t.TempDir(), wide)
	if err == nil {
		_, err = io.ReadAll(r)
	}
	var damage *decode.LayerError
	if !errors.Is(err, cut) || errors.As(err, &damage) {
		t.Errorf("got %v, want the connection's error and no damage", err)
	}
}

type line struct {
	text         string
	line         int64
	fields       int
	broken, torn bool
}

func records(r io.Reader, d decode.Dialect) ([]line, error) {
	s := decode.NewRecords(r, d)
	var all []line
	for {
		rec, err := s.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		if spans, ok := decode.Spans(rec.Bytes, d); ok != !rec.Broken || (ok && !slices.Equal(spans, rec.Fields)) {
			return all, fmt.Errorf("record %q has its fields at %v, Spans finds %v, %v", rec.Bytes, rec.Fields, spans, ok)
		}
		all = append(all, line{string(rec.Bytes), rec.Line, len(rec.Fields), rec.Broken, rec.Torn})
	}
}

var csvDialect = decode.Dialect{Delim: ',', Quote: '"', MaxRecord: 1 << 20}

func TestRecords(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("x", 300_000)
	for _, c := range []struct {
		text string
		want []line
	}{
		{"", nil},
		{"a,b\nc\n", []line{{"a,b", 1, 2, false, false}, {"c", 2, 1, false, false}}},
		{"a\r\nb\rc\n\nd", []line{{"a", 1, 1, false, false}, {"b", 2, 1, false, false}, {"c", 3, 1, false, false}, {"", 4, 1, false, false}, {"d", 5, 1, false, true}}},
		{"a,\"1\r\n2\r3\n4\"\nb\n", []line{{"a,\"1\r\n2\r3\n4\"", 1, 2, false, false}, {"b", 5, 1, false, false}}},
		{"\"a,\"\"\n\"\"b\",c\n", []line{{"\"a,\"\"\n\"\"b\",c", 1, 2, false, false}}},
		{"5\" pipe,=\"01\"\n", []line{{"5\" pipe,=\"01\"", 1, 2, false, false}}},
		{"\"a\"b,c\nd\n", []line{{"\"a\"b,c", 1, 2, true, false}, {"d", 2, 1, false, false}}},
		{"a, \"b, c\",d\n", []line{{"a, \"b, c\",d", 1, 3, false, false}}},
		{"a, \"b\nc\", \"d\" e\n", []line{{"a, \"b", 1, 2, false, false}, {"c\", \"d\" e", 2, 2, false, false}}},
		{"a,\"open\nb\nc", []line{{"a,\"open", 1, 2, true, false}, {"b", 2, 1, false, false}, {"c", 3, 1, false, true}}},
		{"a,\"open", []line{{"a,\"open", 1, 2, true, true}}},
		{"\"" + huge + "\n\"," + huge + "\nb\n", []line{{"\"" + huge + "\n\"," + huge, 1, 2, false, false}, {"b", 3, 1, false, false}}},
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text))} {
			got, err := records(r, csvDialect)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%.60q %s:\n got %.200v %v\nwant %.200v", c.text, name, got, err, c.want)
			}
		}
	}
}

func TestRecordsHaveALimit(t *testing.T) {
	t.Parallel()
	d := csvDialect
	d.MaxRecord = 100
	var size *decode.SizeError
	if _, err := records(strings.NewReader("a\n"+strings.Repeat("x", 5000)), d); !errors.As(err, &size) || size.Line != 2 {
		t.Errorf("got %v, want a size error on line 2", err)
	}
	got, err := records(strings.NewReader("a,\"never closed\n"+strings.Repeat("bbbb\n", 5000)), d)
	if err != nil || len(got) != 5001 || !got[0].broken || got[5000].line != 5001 {
		t.Errorf("an open quote costs more than its line: %d records, %v", len(got), err)
	}
}

// FuzzText: whatever comes out is UTF-8, the same however the bytes arrive, and in UTF-8 and cp1252 nothing is lost.
func FuzzText(f *testing.F) {
	for i, seed := range []string{"a\xE9", "\xFF\xFEa\x00\x00\xD8", "\xEF\xBB\xBFé", "\xE2\x82", "\x1b$B!!", "\x81\x30\x81\x30"} {
		f.Add([]byte(seed), uint8(i))
	}
	names := []string{"utf-8", "cp1252", "utf-16le", "shift_jis", "iso-2022-jp", "gb18030", "iso-8859-15"}
	f.Fuzz(func(t *testing.T, in []byte, n uint8) {
		name := names[int(n)%len(names)]
		whole, err := readText(bytes.NewReader(in), name)
		drops, dropsErr := readText(iotest.OneByteReader(bytes.NewReader(in)), name)
		if (err == nil) != (dropsErr == nil) || (err == nil && whole != drops) {
			t.Fatalf("%s: %q, %v in one piece, %q, %v byte by byte", name, whole, err, drops, dropsErr)
		}
		if !utf8.ValidString(whole) || !strings.HasPrefix(whole, drops) && !strings.HasPrefix(drops, whole) {
			t.Fatalf("%s: %q is no UTF-8 or differs from %q", name, whole, drops)
		}
		var bad *decode.EncodingError
		if errors.As(err, &bad) && (bad.Offset < 0 || bad.Offset >= int64(len(in)) || in[bad.Offset] != bad.Byte) {
			t.Fatalf("%s: %v, but that byte is elsewhere", name, bad)
		}
		if name == "utf-8" && err == nil && utf8.Valid(in) && strings.TrimPrefix(string(in), "\uFEFF") != whole {
			t.Fatalf("%q became %q", in, whole)
		}
	})
}

// FuzzRecords: records and line ends together are the text; lines only go up; pieces of any size give the same.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{"a, \"b, c\" ,\"\n \"d\",\t\"e", "a,b\r\n\"c\nd\",e\r", "\"\"\"", "a\"b,\"c\"d\n\"", "\r\r\n\n", "x,\"y\n"} {
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text string, quotes bool) {
		d := csvDialect
		if !quotes {
			d.Quote = 0
		}
		whole, err := records(strings.NewReader(text), d)
		drops, dropsErr := records(iotest.OneByteReader(strings.NewReader(text)), d)
		if err != nil || dropsErr != nil || fmt.Sprint(whole) != fmt.Sprint(drops) {
			t.Fatalf("%v %v\n%+v\n%+v", err, dropsErr, whole, drops)
		}
		rest, last := text, int64(0)
		for i, r := range whole {
			if !strings.HasPrefix(rest, r.text) || r.line <= last {
				t.Fatalf("record %d %q on line %d is not what comes next: %q", i, r.text, r.line, rest)
			}
			rest, last = rest[len(r.text):], r.line
			if r.torn != (rest == "") {
				t.Fatalf("record %q: torn is %v before %q", r.text, r.torn, rest)
			}
			if n := len(decode.Fields([]byte(r.text), d)); !r.broken && n != r.fields {
				t.Fatalf("record %q has %d fields, Fields finds %d", r.text, r.fields, n)
			}
			switch {
			case strings.HasPrefix(rest, "\r\n"):
				rest = rest[2:]
			case rest != "":
				if rest[0] != '\r' && rest[0] != '\n' {
					t.Fatalf("record %q ends before %q", r.text, rest)
				}
				rest = rest[1:]
			}
		}
		if rest != "" {
			t.Fatalf("%q is left over", rest)
		}
	})
}
