package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
	"golang.org/x/sync/errgroup"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// Load reads one file. An error means that it could not be carried out; a file that breaks its contract is no error but a Hold or
// rejects in the result. A held file may be left unread behind the place that was wrong.
func (l *Loader) Load(ctx context.Context, in Input) (Result, error) {
	res := Result{LoadedAt: in.LoadedAt, Files: map[waybill.TableName][]waybill.StagedFile{}, RowsByTable: map[waybill.TableName]int64{}}
	dir, err := os.MkdirTemp(in.StageDir, "typed-*")
	if err != nil {
		return res, fmt.Errorf("stage %s: %w", in.Name, err)
	}
	log := newRejectLog(dir)
	err = l.run(ctx, in, dir, log, &res)
	if err == nil {
		err = l.settle(ctx, in, log, &res)
	}
	if hold := holdOf(err); hold != nil {
		res.Hold, err = hold, nil
	}
	shown := err == nil && res.Hold != nil && in.Show
	if shown {
		res.Rejects, err = log.stage(ctx, l.db, in)
	}
	err = errors.Join(err, log.close())
	if err != nil || (res.Hold != nil && !shown) {
		res.Files, res.Rejects, res.RowsByTable = nil, nil, nil
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		return res, fmt.Errorf("load %s of %s/%s: %w", in.Name, in.Source, in.Feed, err)
	}
	return res, nil
}

// holdOf turns what is wrong with the bytes into a hold; nil for other errors.
func holdOf(err error) *Hold {
	var h *heldError
	var encoding *decode.EncodingError
	var layer *decode.LayerError
	var size *decode.SizeError
	var grown *decode.GrowthError
	var xml *decode.XMLError
	var json *decode.JSONError
	switch {
	case errors.As(err, &h):
		return &h.hold
	case errors.As(err, &encoding):
		return &Hold{Rule: "encoding", Line: encoding.Line, Detail: encoding.Error()}
	case errors.As(err, &xml):
		return &Hold{Rule: string(xml.Fault), Line: xml.Line, Detail: xml.Error()}
	case errors.As(err, &grown):
		return &Hold{Rule: ruleSize, Detail: grown.Error()}
	case errors.As(err, &json) && json.Cut:
		return &Hold{Rule: "truncated", Line: json.Line, Detail: json.Error()}
	case errors.As(err, &json):
		return &Hold{Rule: "json", Line: json.Line, Detail: json.Error()}
	case errors.As(err, &layer):
		return &Hold{Rule: "decode", Detail: layer.Error() + "; is the upload complete?"}
	case errors.As(err, &size):
		return &Hold{Rule: "record_size", Line: size.Line, Detail: size.Error()}
	}
	return holdOfEngine(err)
}

// ruleTyping holds a file that the SQL engine cannot type: its neighbours are loaded, and its bytes are kept for when it can be.
const ruleTyping = "typing"

// holdOfEngine is for what DuckDB says of the file at hand. Of the disk, of a session that was stopped or that is broken the file knows nothing.
func holdOfEngine(err error) *Hold {
	var said *duckdb.Error
	if !errors.As(err, &said) {
		return nil
	}
	switch said.Type {
	case duckdb.ErrorTypeIO, duckdb.ErrorTypeInterrupt, duckdb.ErrorTypeFatal, duckdb.ErrorTypeConnection, duckdb.ErrorTypePermission:
		return nil
	case duckdb.ErrorTypeOutOfMemory:
		return &Hold{Rule: ruleTyping, Detail: "it takes more memory than there is: " + firstLine(said.Msg) + "; raise memory in waybill.yaml"}
	}
	return &Hold{Rule: ruleTyping, Detail: "it cannot be typed: " + firstLine(said.Msg)}
}

// quoted is what DuckDB repeats in a message: perhaps somebody's name, which may have quotes inside.
var quoted = regexp.MustCompile(`'.*'|".*"`)

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return quoted.ReplaceAllString(line, "'"+stars+"'")
}

// run decodes on this goroutine while another types what was decoded.
func (l *Loader) run(ctx context.Context, in Input, dir string, log *rejectLog, res *Result) error {
	r, err := newReader(in, log, res)
	if err != nil {
		return err
	}
	layers, err := decode.Layers(in.Bytes, in.Contract.Decode, dir, decode.Growth{Bytes: r.growth.MaxUnpackedBytes, Ratio: r.growth.MaxUnpackedRatio})
	if err != nil {
		return err
	}
	defer layers.Close()
	if err := r.open(layers); err != nil {
		return err
	}
	if err := r.begin(); err != nil {
		if holdOf(err) != nil {
			r.countRest()
		}
		return err
	}
	r.mask = newMasker(in.Contract, r.dialect, r.layout)
	queue, desk := make(chan *batch, batchesAhead), &desk{free: l.free}
	r.feeder = &feeder{columns: columnsOf(in.Contract, r.layout, r.dialect.Quote), sizes: l.sizes, desk: desk, queue: queue}
	group, ctx := errgroup.WithContext(ctx)
	var apart int64
	var late []string
	group.Go(func() error {
		w := &worker{loader: l, in: in, dir: dir, log: log, res: res, reader: r, desk: desk}
		defer func() { apart, late = w.apart, w.late }()
		return w.work(ctx, &stream{traits: l.assume, ctx: ctx, schema: r.feeder.columns.schema, queue: queue, desk: desk, atOnce: in.Contract.AtOnce(), sizes: l.sizes})
	})
	readErr := r.read(ctx)
	close(queue)
	workErr := group.Wait()
	res.Records += apart
	res.Warnings = append(res.Warnings, late...)
	if workErr != nil && (readErr == nil || errors.Is(readErr, context.Canceled)) {
		return workErr
	}
	return readErr
}

func newReader(in Input, log *rejectLog, res *Result) (*reader, error) {
	r := &reader{in: in, dialect: dialect(in.Contract), growth: in.Contract.Grown(), log: log, res: res}
	var err error
	if r.trailer, err = newPattern(in.Contract.Trailer.Match); err != nil {
		return nil, fmt.Errorf("trailer.match: %w", err)
	}
	if r.opening, err = newPattern(in.Contract.HeaderRecord.Match); err != nil {
		return nil, fmt.Errorf("header_record.match: %w", err)
	}
	return r, nil
}

// worker types the parts of one file.
type worker struct {
	loader *Loader
	in     Input
	dir    string
	log    *rejectLog
	reader *reader
	desk   *desk
	res    *Result
	apart  int64    // parts rejected of records that are loaded; each counts as a record of its own
	late   []string // warnings of the whole file
}

// work types part after part. An empty file costs no DuckDB.
func (w *worker) work(ctx context.Context, s *stream) error {
	defer s.release()
	part, some := s.part()
	if !some {
		return ctx.Err()
	}
	typer, err := typing.NewTyper(ctx, w.loader.engine, typing.Job{
		Contract: w.in.Contract, Layout: w.reader.layout, Name: w.in.Name, Neighbours: w.in.Neighbours, Salt: w.in.PIISalt, FieldIDs: w.in.FieldIDs, Reject: w.reject,
		Origin: typing.Origin{Source: w.in.Source, File: w.in.File, LoadID: w.in.LoadID, ReceivedAt: w.in.ReceivedAt, LoadedAt: w.in.LoadedAt},
	})
	if err != nil {
		return err
	}
	defer typer.Close()
	for n := 1; some; n++ {
		typed, err := typer.Type(ctx, part, w.dir, strconv.Itoa(n))
		if err == nil && typed.Loaded+typed.Rejected != s.records+typed.Apart {
			err = fmt.Errorf("%d records became %d loaded and %d rejected; nothing is committed, report this as a defect", s.records, typed.Loaded, typed.Rejected)
		}
		if err == nil {
			err = w.note(typed)
		}
		if err != nil {
			return err
		}
		part, some = s.part()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return w.doubt(ctx, typer)
}

// doubt asks whether the file's dates can be believed.
func (w *worker) doubt(ctx context.Context, typer *typing.Typer) error {
	policy := w.in.Contract.OnDrift.DateOrder.Or(typing.PolicyHold)
	if policy == typing.PolicyIgnore {
		return nil
	}
	doubt, err := typer.Doubts(ctx, w.res.Files)
	if err != nil || doubt == nil {
		return err
	}
	hold := Hold{Rule: doubt.Rule, Column: doubt.Column, Line: doubt.Line, Detail: doubt.Detail}
	if policy == typing.PolicyWarn {
		w.late = append(w.late, hold.String())
		return nil
	}
	return held(hold)
}

func (w *worker) note(typed typing.Typed) error {
	for name, file := range typed.Files {
		w.res.Files[name] = append(w.res.Files[name], file)
		w.res.RowsByTable[name] += file.Rows
	}
	w.res.Loaded += typed.Loaded
	w.apart += typed.Apart
	return w.addUp(typed.Sum)
}

// addUp adds to the sum that the trailer is compared with.
func (w *worker) addUp(text string) error {
	if text == "" {
		return nil
	}
	sum, ok := add(w.res.Control.GotSum, text)
	if !ok {
		return fmt.Errorf("add up %s: %q is no number", w.in.Contract.Trailer.SumOf, text)
	}
	w.res.Control.GotSum = sum
	return nil
}

// reject logs a reject with the text of its record.
func (w *worker) reject(r typing.Reject) error {
	text := w.desk.text(r.Line)
	if text == nil {
		return fmt.Errorf("record %d was rejected and is in no batch; nothing is committed, report this as a defect", r.Line)
	}
	mask := w.reader.mask
	row := rejectRow{Line: w.in.Contract.LineOf(r.Line), Rule: r.Rule, Original: mask.record(text)}
	if r.Part != "" {
		row.Original = mask.part(r.Part)
	}
	if r.Column >= 0 {
		row.Column = &w.in.Contract.Tables[r.Table].Columns[r.Column].Name
		row.Detail = optional(mask.detail(r.Table, r.Column, r.Detail))
	}
	if err := w.addUp(r.Addend); err != nil {
		return err
	}
	return w.log.add(row)
}

// settle judges the whole file and stages its rejects.
func (l *Loader) settle(ctx context.Context, in Input, log *rejectLog, res *Result) error {
	res.Rejected, res.RejectsByRule = log.count, log.byRule()
	if res.Records != res.Loaded+res.Rejected {
		return fmt.Errorf("%d records became %d loaded and %d rejected; nothing is committed, report this as a defect",
			res.Records, res.Loaded, res.Rejected)
	}
	if in.Contract.Trailer.SumOf != "" && res.Control.GotSum == "" {
		res.Control.GotSum = "0"
	}
	if h := judge(in, res, log); h != nil {
		res.Hold = h
		return nil
	}
	var err error
	res.Rejects, err = log.stage(ctx, l.db, in)
	return err
}
