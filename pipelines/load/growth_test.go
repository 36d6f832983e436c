package load_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zip"

	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// TestGrowth: a file that would become too large is held with the limit, what was met and the setting, and takes little memory until then; one just below
// the limit is loaded.
func TestGrowth(t *testing.T) {
	t.Parallel()
	const csv = "format: {type: csv, header: true}\n"
	const json = "format: {type: json}\n"
	column := "tables: {raw.t: {columns: {a: {from: [a], type: text}}}}\n"
	path := "tables: {raw.t: {columns: {a: {path: $.a, type: text}}}}\n"
	for name, c := range map[string]struct {
		contract string
		bytes    func() io.Reader
		hold     string // a part of the hold's text; none for a file that is loaded
		rejected int64
	}{
		"ratio":          {csv + "decode: [gzip]\n" + column, gzipped(200 << 20), "limits.max_unpacked_ratio is 250", 0},
		"ratio raised":   {csv + "decode: [gzip]\nlimits: {max_unpacked_ratio: 2000}\n" + column, gzipped(70 << 20), "", 0},
		"total":          {csv + "decode: [gzip]\nlimits: {max_unpacked_bytes: 1000000}\n" + column, gzipped(2 << 20), "limits.max_unpacked_bytes, 1000000", 0},
		"zip":            {csv + "decode: [zip]\n" + column, zipped(200 << 20), "limits.max_unpacked_ratio is 250", 0},
		"zip in gzip":    {csv + "decode: [gzip, zip]\n" + column, gzippedNothing(300 << 20), "limits.max_unpacked_ratio is 250", 0},
		"records":        {csv + "limits: {max_records: 2}\n" + column, text("a\n1\n2\n3\n"), "limits.max_records, 2", 0},
		"records enough": {csv + "limits: {max_records: 3}\n" + column, text("a\n1\n2\n3\n"), "", 0},
		"columns":        {csv + column, text("a" + strings.Repeat(",b", 5000) + "\n"), "the header has 5001 columns, limits.max_columns is 5000", 0},
		"record":         {csv + "limits: {max_record_bytes: 1000}\n" + column, text("a\n" + strings.Repeat("x", 5000) + "\n"), "limits.max_record_bytes, 1000", 0},
		"endless line":   {csv + column, func() io.Reader { return io.MultiReader(strings.NewReader("a\n"), &same{left: 1 << 30}) }, "limits.max_record_bytes, 16777216", 0},
		"nesting":        {json + "limits: {max_rejected: 1}\n" + path, text(`{"a":1}` + "\n" + `{"a":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + "}\n" + `{"a":"[[[["}` + "\n"), "", 1},
		"nesting enough": {json + path, text(`{"a":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + "}\n"), "", 0},
		"xml":            {"format: {type: xml, record: /r/e}\n" + path, text("<r><e>" + strings.Repeat("<x>", 200)), "limits.max_nesting, 100", 0},
	} {
		t.Run(name, func(t *testing.T) {
			contract := readContract(t, []byte(c.contract))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			res := loadBytes(t, contract, c.bytes())
			runtime.ReadMemStats(&after)
			switch {
			case c.hold == "" && res.Hold != nil:
				t.Errorf("held: %s", res.Hold)
			case c.hold != "" && (res.Hold == nil || !strings.Contains(res.Hold.String(), c.hold)):
				t.Errorf("hold %v, want %q", res.Hold, c.hold)
			case res.Rejected != c.rejected:
				t.Errorf("%d rejected, want %d", res.Rejected, c.rejected)
			}
			if grown := int64(after.HeapSys) - int64(before.HeapSys); grown > 400<<20 {
				t.Errorf("it took %d MB of memory", grown>>20)
			}
		})
	}
}

func text(s string) func() io.Reader { return func() io.Reader { return strings.NewReader(s) } }

// same is the same letter for ever, nearly.
type same struct{ left int64 }

func (s *same) Read(p []byte) (int, error) {
	if s.left <= 0 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = 'x'
	}
	s.left -= int64(len(p))
	return len(p), nil
}

// lines writes a table of one repeated line.
func lines(w io.Writer, size int) {
	fmt.Fprintln(w, "a")
	line := bytes.Repeat([]byte("the same again and again\n"), 4000)
	for size > 0 {
		w.Write(line)
		size -= len(line)
	}
}

func gzipped(size int) func() io.Reader {
	return func() io.Reader {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		lines(w, size)
		w.Close()
		return &b
	}
}

func gzippedNothing(size int) func() io.Reader {
	return func() io.Reader {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		nothing := make([]byte, 1<<20)
		for ; size > 0; size -= len(nothing) {
			w.Write(nothing)
		}
		w.Close()
		return &b
	}
}

func zipped(size int) func() io.Reader {
	return func() io.Reader {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		f, _ := w.Create("t.csv")
		lines(f, size)
		w.Close()
		return &b
	}
}

func loadBytes(t *testing.T, c typing.Contract, r io.Reader) load.Result {
	t.Helper()
	in := input(t, c, nil)
	in.Bytes = r
	res, err := load.New(openDuck(t)).Load(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return res
}
