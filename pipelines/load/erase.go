package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// Subjects are the people whose data is to be erased from a source's files.
type Subjects interface {
	Email(address string) bool                   // an address in lower case
	Named(kind typing.Subject, name string) bool // a name as typing.SubjectName gives it
}

// Name is what a column with a subject calls an order, a parcel, a payment or a return.
type Name struct {
	Kind typing.Subject
	Name string
}

// Erased is what erasing came to in a file.
type Erased struct {
	Found   int64         // records, or parts of one, that are of one of the subjects
	Changed int64         // of these that had something to erase
	Names   map[Name]bool // what stands in those that bear a subject's e-mail address
	Near    map[Name]bool // what stands in all that were found, but for orders: a parcel may have things of two orders in it
	Unread  string        // why the bytes could not be read; they are as they were. Empty: they could
}

// note remembers what is named in a record that was found; in own, too, which may be nil.
func (d *Erased) note(n Name, own map[Name]bool) {
	if own != nil {
		own[n] = true
	}
	if n.Kind != typing.SubjectOrder {
		d.Near[n] = true
	}
}

// Eraser takes people out of a feed's files, and leaves everything else as it is. What the contract maps to a column that is not personal stays, and so
// every table's rows with all they say; of the people's records goes what is personal and what nobody has mapped. The result is again a file of the
// feed, in its format, its layers and its character set, and loads to the same rows but for the columns of pii: hash.
//
// A record is of a subject if an address stands anywhere in it, or if a column with a subject names what is theirs. Of JSON what counts as a record are the
// entries of a list that the contract goes through, unless what stands around them is the subject's.
type Eraser struct {
	contract typing.Contract
	subjects Subjects
	dialect  decode.Dialect
	tree     *tree // of nested records
}

// NewEraser says what is wrong with a contract that wants a value where there will be none any more.
func NewEraser(c typing.Contract, s Subjects) (*Eraser, error) {
	e := &Eraser{contract: c, subjects: s, dialect: dialect(c)}
	if c.Format.Type != typing.CSV {
		e.tree = newTree(c)
		for _, way := range c.WaysToWheres() {
			at := e.tree.root[0]
			for _, s := range way {
				at = at.kid(s)
			}
			at.sight.mapped = true
		}
	}
	for _, t := range c.Tables {
		for _, col := range t.Columns {
			if _, ok := substitute([]typing.Column{col}); !ok {
				return nil, fmt.Errorf("%s.%s is personal and required, and nothing that could stand in place of somebody's value fits its rules; take required or regex away", t.Name, col.Name)
			}
		}
	}
	return e, nil
}

// Rewrite writes a file without the subjects' data. Where there is none of it, the bytes are the same. Errors are those of in, of out and of the disk; what
// is wrong with the bytes is no error.
func (e *Eraser) Rewrite(in io.Reader, out io.Writer, scratch string) (Erased, error) {
	done := Erased{Names: map[Name]bool{}, Near: map[Name]bool{}}
	start := bufio.NewReaderSize(in, 64<<10)
	head, err := start.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return done, err
	}
	if _, wide := wideText(head, e.contract.Format); !wide && len(e.contract.Decode) == 0 {
		return done, e.text(start, out, &done)
	}
	return done, e.layers(start, out, scratch, &done)
}

// layers unpacks a file and packs it again if anything in it was erased: what packs has more than one way to write the same.
func (e *Eraser) layers(in io.Reader, out io.Writer, scratch string, done *Erased) error {
	dir, err := os.MkdirTemp(scratch, "erase-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	received, err := os.CreateTemp(dir, "received-*")
	if err != nil {
		return err
	}
	defer received.Close()
	if _, err := io.Copy(received, in); err != nil {
		return err
	}
	packed, err := os.CreateTemp(dir, "packed-*")
	if err != nil {
		return err
	}
	defer packed.Close()
	if _, err := received.Seek(0, io.SeekStart); err != nil {
		return err
	}
	err = e.repack(received, packed, dir, done)
	var damaged *decode.LayerError
	if errors.As(err, &damaged) {
		*done, err = Erased{Unread: damaged.Error()}, nil
	}
	if err != nil {
		return err
	}
	result := received
	if done.Changed > 0 {
		result = packed
	}
	if _, err := result.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(out, result)
	return err
}

func (e *Eraser) repack(received io.Reader, packed io.Writer, dir string, done *Erased) error {
	most := e.contract.Grown()
	body, err := decode.Layers(received, e.contract.Decode, dir, decode.Growth{Bytes: most.MaxUnpackedBytes, Ratio: most.MaxUnpackedRatio})
	if err != nil {
		return err
	}
	w, err := decode.Pack(packed, e.contract.Decode)
	if err != nil {
		return errors.Join(err, body.Close())
	}
	return errors.Join(e.text(body, w, done), w.Close(), body.Close())
}

// text erases in what the layers hold. Marks, numbers and addresses are ASCII in all character sets but UTF-16, and what is put in is too; so only that is
// decoded, and XML's bytes are read as characters, because its parser wants some.
func (e *Eraser) text(in io.Reader, out io.Writer, done *Erased) error {
	start := bufio.NewReaderSize(in, 64<<10)
	head, err := start.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var body io.Reader = start
	var w io.WriteCloser = unclosed{out}
	switch endian, wide := wideText(head, e.contract.Format); {
	case wide:
		body, w = transform.NewReader(start, unicode.UTF16(endian, unicode.IgnoreBOM).NewDecoder()), transform.NewWriter(out, unicode.UTF16(endian, unicode.IgnoreBOM).NewEncoder())
	case e.contract.Format.Type == typing.XML:
		body, w = transform.NewReader(start, charmap.ISO8859_1.NewDecoder()), transform.NewWriter(out, charmap.ISO8859_1.NewEncoder())
	}
	rec := &recording{r: body, w: w}
	if e.contract.Format.Type == typing.XML {
		err = e.elements(rec, done)
	} else {
		err = e.records(rec, done)
	}
	return errors.Join(err, w.Close())
}

// wideText tells whether a text is of UTF-16, and which.
func wideText(head []byte, f typing.Format) (unicode.Endianness, bool) {
	_, name, err := decode.LookUp(f.Encoding)
	starts := func(with string) bool { return bytes.HasPrefix(head, []byte(with)) }
	switch {
	case starts("\xFF\xFE"), starts("<\x00?\x00"):
		return unicode.LittleEndian, true
	case starts("\xFE\xFF"), starts("\x00<\x00?"):
		return unicode.BigEndian, true
	case starts("\xEF\xBB\xBF"), err != nil:
		return unicode.LittleEndian, false
	}
	if name == "utf-16be" {
		return unicode.BigEndian, true
	}
	return unicode.LittleEndian, name == "utf-16le"
}

type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// recording remembers what was read and not yet written, so that all that nobody looks at goes over as it is.
type recording struct {
	r     io.Reader
	w     io.Writer
	held  []byte
	given int64 // bytes that were held before and are written
	err   error // of r
}

// Read is what the finder of records calls.
func (r *recording) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.held = append(r.held, p[:n]...)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// pass writes so many bytes as they are.
func (r *recording) pass(n int) error { return r.put(n, r.held[:n]) }

// put writes a text in place of so many bytes.
func (r *recording) put(n int, text []byte) error {
	_, err := r.w.Write(text)
	r.held, r.given = r.held[n:], r.given+int64(n)
	return err
}

// records erases in CSV and JSON.
func (e *Eraser) records(rec *recording, done *Erased) error {
	if err := rec.mark(); err != nil {
		return err
	}
	rows, err := e.newRow()
	if err != nil {
		return err
	}
	records := e.recordsOf(rec)
	for {
		got, err := records.Next()
		if err != nil {
			return e.rest(rec, err, done)
		}
		if err := rec.pass(max(0, bytes.Index(rec.held, got.Bytes))); err != nil { // what parts documents from one another
			return err
		}
		text, n := []byte(nil), len(got.Bytes)
		switch {
		case blank(got.Bytes):
		case e.tree != nil:
			text = e.nested(got.Bytes, done)
		default:
			text = rows.erase(got, done)
		}
		if text == nil {
			text = rec.held[:n]
		} else {
			done.Changed++
		}
		if err := rec.put(n, text); err != nil {
			return err
		}
		if err := rec.pass(lineEnd(rec.held)); err != nil {
			return err
		}
	}
}

// recordsOf finds the records as the loader does.
func (e *Eraser) recordsOf(rec *recording) interface{ Next() (decode.Record, error) } {
	if e.tree == nil {
		return decode.NewRecords(rec, e.dialect)
	}
	return decode.Documents(rec, decode.JSONDialect{MaxRecord: e.dialect.MaxRecord, Arrays: e.contract.ReadsArrays()})
}

// mark passes a byte order mark.
func (r *recording) mark() error {
	start := make([]byte, 3)
	n, err := io.ReadFull(r, start)
	if r.err != nil {
		return r.err
	}
	if err == nil && len(trimMark(start)) == 0 {
		return r.pass(n)
	}
	r.r, r.held = io.MultiReader(bytes.NewReader(start[:n]), r.r), nil
	return nil
}

// lineEnd is the length of the line end that a text begins with.
func lineEnd(text []byte) int {
	switch {
	case bytes.HasPrefix(text, []byte("\r\n")):
		return 2
	case len(text) > 0 && (text[0] == '\n' || text[0] == '\r'):
		return 1
	}
	return 0
}

// rest is what no record is found in any more, because the text has ended or because it is not what the contract says: then the file is held, and addresses
// alone are taken out of it.
func (e *Eraser) rest(rec *recording, err error, done *Erased) error {
	if rec.err != nil {
		return rec.err
	}
	if errors.Is(err, io.EOF) {
		return rec.pass(len(rec.held))
	}
	done.Unread = err.Error()
	lines := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(rec.held), rec.r), 64<<10)
	rec.held = nil
	for {
		line, err := lines.ReadSlice('\n')
		text := string(line)
		if e.bears(text) {
			done.Found++
			if cut := e.without(text); cut != text {
				done.Changed++
				text = cut
			}
		}
		if _, werr := io.WriteString(rec.w, text); werr != nil {
			return werr
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}
