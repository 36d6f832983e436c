package infer

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// mostText is how much of a file is looked at, decoded. What is guessed of that is tried on the whole file.
const mostText = 32 << 20

// open reads the beginning of a file as text in UTF-8, and notes how.
func (d *draft) open(file, dir string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("infer: %w", err)
	}
	defer f.Close()
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("infer: %w", err)
	}
	switch head = head[:n]; {
	case bytes.HasPrefix(head, []byte{0x1F, 0x8B}):
		d.layers = []string{"gzip"}
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		d.layers = []string{"zip"}
	}
	raw, err := d.unpack(io.MultiReader(bytes.NewReader(head), f), dir)
	if err != nil {
		return nil, fmt.Errorf("%s %w: %w", file, ErrNoExample, err)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, fmt.Errorf("%s %w: it is empty", file, ErrNoExample)
	}
	text, err := d.decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%s %w: %w", file, ErrNoExample, err)
	}
	return text, nil
}

func (d *draft) unpack(r io.Reader, dir string) ([]byte, error) {
	most := typing.Contract{}.Grown()
	layers, err := decode.Layers(r, d.layers, dir, decode.Growth{Bytes: most.MaxUnpackedBytes, Ratio: most.MaxUnpackedRatio})
	if err != nil {
		return nil, err
	}
	defer layers.Close()
	raw, err := io.ReadAll(io.LimitReader(layers, mostText))
	if err == nil && len(raw) == mostText {
		d.notes = append(d.notes, fmt.Sprintf("The file is long: its first %d MB were looked at.", mostText>>20))
		if end := bytes.LastIndexByte(raw, '\n'); end > 0 {
			raw = raw[:end+1]
		}
	}
	return raw, err
}

// decode turns the bytes into UTF-8 and guesses from which character set.
func (d *draft) decode(raw []byte) ([]byte, error) {
	d.format.why = map[string]string{}
	if begin := bytes.TrimLeft(bytes.TrimPrefix(raw, []byte("\uFEFF")), " \t\r\n"); bytes.HasPrefix(begin, []byte("<")) || bytes.HasPrefix(raw, []byte{'<', 0}) ||
		bytes.HasPrefix(raw, []byte{0xFF, 0xFE, '<', 0}) || bytes.HasPrefix(raw, []byte{0xFE, 0xFF, 0, '<'}) { // XML says its own
		text, err := decode.XMLText(bytes.NewReader(raw), "")
		if err != nil {
			return nil, err
		}
		return io.ReadAll(text)
	}
	d.format.encoding, d.format.why["encoding"] = encodingOf(raw)
	text, err := decode.NewText(bytes.NewReader(raw), d.format.encoding)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(text)
}

func encodingOf(raw []byte) (name, why string) {
	part := raw[:min(len(raw)&^1, 4096)]
	zeros := [2]int{}
	for i, c := range part {
		if c == 0 {
			zeros[i%2]++
		}
	}
	switch {
	case bytes.HasPrefix(raw, []byte{0xFF, 0xFE}):
		return "utf-16le", "it begins with that byte order mark"
	case bytes.HasPrefix(raw, []byte{0xFE, 0xFF}):
		return "utf-16be", "it begins with that byte order mark"
	case len(part) > 0 && zeros[1]*3 > len(part)/2*2:
		return "utf-16le", "every other byte is 0"
	case utf8.Valid(raw):
		return "utf-8", "all of it is UTF-8"
	}
	return "cp1252", "it is no UTF-8; nearly any bytes are cp1252, so look at accents"
}

// read finds records and columns.
func (d *draft) read(ctx context.Context, db *sql.DB, text []byte, dir string) error {
	begin := bytes.TrimLeft(bytes.TrimPrefix(text, []byte("\uFEFF")), " \t\r\n")
	switch {
	case bytes.HasPrefix(begin, []byte("<")):
		return d.readXML(text)
	case bytes.HasPrefix(begin, []byte("{")), bytes.HasPrefix(begin, []byte("[")):
		return d.readJSON(text)
	}
	return d.readCSV(text, d.sniff(ctx, db, text, dir))
}

// sniff is the delimiter that DuckDB finds, 0 where it finds none.
func (d *draft) sniff(ctx context.Context, db *sql.DB, text []byte, dir string) byte {
	file := filepath.Join(dir, "sniffed.csv")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return 0 // then it is counted alone
	}
	var delimiter string
	if err := db.QueryRowContext(ctx, "select Delimiter from sniff_csv("+duck.Literal(file)+", ignore_errors = true)").Scan(&delimiter); err != nil || len(delimiter) != 1 {
		return 0
	}
	return delimiter[0]
}

// csvRecords are the records of a text in a dialect, without blank ones, and the number of fields that most of them have.
type csvRecords struct {
	rows   [][]string
	fields int // of most
	share  float64
}

func recordsIn(text []byte, dialect decode.Dialect) csvRecords {
	var out csvRecords
	counts := map[int]int{}
	reader := decode.NewRecords(bytes.NewReader(bytes.TrimPrefix(text, []byte("\uFEFF"))), dialect)
	for {
		rec, err := reader.Next()
		if err != nil {
			break // io.EOF; or a record without end, behind which nothing is read
		}
		if len(bytes.TrimSpace(rec.Bytes)) == 0 || rec.Broken || bytes.Equal(rec.Bytes, []byte{0x1A}) {
			continue
		}
		row := decode.Fields(rec.Bytes, dialect)
		out.rows = append(out.rows, row)
		counts[len(row)]++
	}
	for n, times := range counts {
		if times > counts[out.fields] || (times == counts[out.fields] && n > out.fields) {
			out.fields = n
		}
	}
	if len(out.rows) > 0 {
		out.share = float64(counts[out.fields]) / float64(len(out.rows))
	}
	return out
}

const maxRecord = 16 << 20

// readCSV guesses delimiter, header, what stands before and behind the data, and columns.
func (d *draft) readCSV(text []byte, sniffed byte) error {
	f := &d.format
	f.kind, f.count, f.why["type"] = "csv", -1, "lines of fields"
	var best csvRecords
	for _, c := range []byte{sniffed, ',', ';', '\t', '|'} {
		if c == 0 || c >= utf8.RuneSelf {
			continue
		}
		got := recordsIn(text, decode.Dialect{Delim: c, Quote: '"', MaxRecord: maxRecord})
		if got.fields > 1 && (f.delimiter == 0 || got.share > best.share+0.05 || (got.share >= best.share-0.05 && got.fields > best.fields)) {
			best, f.delimiter = got, c
		}
	}
	if f.delimiter == 0 {
		f.delimiter, best = ',', recordsIn(text, decode.Dialect{Delim: ',', Quote: '"', MaxRecord: maxRecord})
	}
	f.why["delimiter"] = fmt.Sprintf("%d of 100 records have %d fields so", int(best.share*100), best.fields)
	rows := best.rows
	if len(rows) > 2 && len(rows[0]) != best.fields {
		f.opening, rows = "^"+regexp.QuoteMeta(rows[0][0]), rows[1:]
	}
	rows = d.trailer(rows, best.fields)
	rows = slices.DeleteFunc(slices.Clone(rows), func(r []string) bool { return len(r) != best.fields })
	if len(rows) == 0 {
		return fmt.Errorf("%s %w: no two of its lines have the same number of fields", d.name, ErrNoExample)
	}
	t := &table{name: d.name}
	if f.header = isHeader(rows); f.header {
		f.why["header"] = "the first line is of names, which no other line has"
		t.columns, rows = named(rows[0], d), rows[1:]
	} else {
		f.fields, f.why["header"] = best.fields, "the first line is like the others: no header"
		for i := range best.fields {
			t.columns = append(t.columns, &column{name: "column_" + strconv.Itoa(i+1), at: i})
		}
	}
	t.fill(rows, f)
	d.tables = []*table{t}
	return nil
}

// trailer takes off a last record that is of another form, and notes it.
func (d *draft) trailer(rows [][]string, fields int) [][]string {
	if len(rows) < 2 {
		return rows
	}
	last, before := rows[len(rows)-1], rows[:len(rows)-1]
	mark := strings.TrimSpace(last[0])
	isMark := regexp.MustCompile(`^[A-Z]{2,8}$`).MatchString(mark)
	others := slices.ContainsFunc(before, func(r []string) bool { return strings.HasPrefix(r[0], mark) })
	if !isMark || others || (len(last) == fields && !slices.Contains([]string{"TRL", "TRAILER", "EOF", "END", "TOTAL", "FTR"}, mark)) {
		return rows
	}
	d.format.trailer = "^" + mark
	for i, v := range last[1:] {
		data := len(before)
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && (n == data || n == data-1) && n > 0 {
			header := isHeader(before)
			if (header && n == data-1) || (!header && n == data) {
				d.format.count = i + 1
			}
		}
	}
	return before
}

// isHeader tells whether the first record names columns: texts that are all different, none a number, and no value of their column.
func isHeader(rows [][]string) bool {
	seen := 0
	names := map[string]bool{}
	for i, name := range rows[0] {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		if strings.ContainsAny(name, "0123456789") && !strings.ContainsFunc(name, isLetter) || isTime(name) || isMoney(name) {
			return false
		}
		for _, r := range rows[1:min(len(rows), 1000)] {
			if i < len(r) && strings.TrimSpace(r[i]) == name && !slices.Equal(r, rows[0]) {
				return false
			}
		}
		names[name] = true
		seen++
	}
	return seen > 0 && len(names)*2 > seen && seen*2 > len(rows[0]) && (len(rows) > 1 || len(names) == seen && len(names) > 1)
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x7F }

func isTime(v string) bool { _, ok := timesOf([]string{strings.Trim(v, "'")}, ""); return ok }

func isMoney(v string) bool {
	return kindOf("value", []string{v}).kind != "text"
}

// named are columns by their header names.
func named(header []string, d *draft) []*column {
	var out []*column
	plain := func(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }
	times, used := map[string]int{}, map[string]bool{}
	for _, name := range header {
		times[plain(name)]++
	}
	for i, name := range header {
		if plain(name) == "" || times[plain(name)] > 1 {
			d.notes = append(d.notes, fmt.Sprintf("Field %d has no name of its own in the header, so it is left out; where such fields are entries of one kind, repeated: true makes rows of them.", i+1))
			out = append(out, nil)
			continue
		}
		out = append(out, &column{name: columnName(name, used), from: name, at: -1})
	}
	return out
}

// columnName is a name as columns of the lake have it, and none that is used.
func columnName(text string, used map[string]bool) string {
	text = regexp.MustCompile(`([a-z0-9])([A-Z])`).ReplaceAllString(text, "${1}_$2")
	name := strings.Trim(letters.ReplaceAllString(strings.ToLower(text), "_"), "_")
	if name == "" || name[0] < 'a' {
		name = strings.TrimSuffix("c_"+name, "_")
	}
	for n, base := 2, name; used[name]; n++ {
		name = base + "_" + strconv.Itoa(n)
	}
	used[name] = true
	return name
}

// fill gives the columns their values and has them guessed.
func (t *table) fill(rows [][]string, f *format) {
	t.records = len(rows)
	var null []string
	for i, c := range t.columns {
		if c == nil {
			continue
		}
		for _, r := range rows {
			c.add(r[i])
		}
		null = append(null, c.settle()...)
	}
	t.columns = slices.DeleteFunc(t.columns, func(c *column) bool { return c == nil })
	slices.Sort(null)
	f.null = slices.Compact(null)
	t.unique()
}
