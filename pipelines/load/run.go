package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// Load reads one file. An error means that it could not be carried out; a file that breaks its contract is no error but a Hold or
// rejects in the result. A held file may be left unread behind the place that was wrong.
func (l *Loader) Load(ctx context.Context, in Input) (Result, error) {
	res := Result{Files: map[waybill.TableName][]waybill.StagedFile{}, RowsByTable: map[waybill.TableName]int64{}}
	dir, err := os.MkdirTemp(in.StageDir, "typed-*")
	if err != nil {
		return res, fmt.Errorf("stage %s: %w", in.Name, err)
	}
	log := newRejectLog(dir)
	err = l.run(ctx, in, dir, log, &res)
	if err == nil {
		err = l.settle(ctx, in, log, &res)
	}
	err = errors.Join(err, log.close())
	if hold := holdOf(err); hold != nil {
		res.Hold, err = hold, nil
	}
	if err != nil || res.Hold != nil {
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
	switch {
	case errors.As(err, &h):
		return &h.hold
	case errors.As(err, &encoding):
		return &Hold{Rule: "encoding", Line: encoding.Line, Detail: encoding.Error()}
	case errors.As(err, &layer):
		return &Hold{Rule: "decode", Detail: layer.Error() + "; is the upload complete?"}
	case errors.As(err, &size):
		return &Hold{Rule: "record_size", Line: size.Line, Detail: size.Error()}
	}
	return nil
}

// run decodes on this goroutine while others type what was decoded.
func (l *Loader) run(ctx context.Context, in Input, dir string, log *rejectLog, res *Result) error {
	r, err := newReader(in, log, res)
	if err != nil {
		return err
	}
	layers, err := decode.Layers(in.Bytes, in.Contract.Decode, dir)
	if err != nil {
		return err
	}
	defer layers.Close()
	text, err := decode.NewText(layers, in.Contract.Format.Encoding)
	if err != nil {
		return err
	}
	r.records = decode.NewRecords(text, r.dialect)
	if err := r.begin(); err != nil {
		if holdOf(err) != nil {
			r.countRest()
		}
		return err
	}
	r.mask = newMasker(in.Contract, r.dialect, r.layout)
	group, ctx := errgroup.WithContext(ctx)
	crew := &crew{loader: l, in: in, dir: dir, log: log, res: res, reader: r, group: group, queue: make(chan chunk)}
	r.chunks = newChunker(columnsOf(in.Contract, r.layout, r.dialect.Quote), l.chunkBytes)
	r.hand = crew.hand
	readErr := r.read(ctx)
	close(crew.queue)
	workErr := group.Wait()
	if workErr != nil && (readErr == nil || errors.Is(readErr, context.Canceled)) {
		return workErr
	}
	return readErr
}

func newReader(in Input, log *rejectLog, res *Result) (*reader, error) {
	r := &reader{in: in, dialect: dialect(in.Contract.Format), log: log, res: res}
	var err error
	if r.trailer, err = newPattern(in.Contract.Trailer.Match); err != nil {
		return nil, fmt.Errorf("trailer.match: %w", err)
	}
	if r.opening, err = newPattern(in.Contract.HeaderRecord.Match); err != nil {
		return nil, fmt.Errorf("header_record.match: %w", err)
	}
	return r, nil
}

// crew types chunks. Workers start as chunks come, so that a small file has one and an empty one none.
type crew struct {
	loader *Loader
	in     Input
	dir    string
	log    *rejectLog
	reader *reader
	group  *errgroup.Group
	queue  chan chunk
	handed int
	mu     sync.Mutex // guards res while workers run
	res    *Result
}

// hand gives a chunk to a worker and waits while all are busy, so that memory stays bounded.
func (c *crew) hand(ctx context.Context, ch chunk) error {
	c.handed++
	if c.handed <= c.loader.workers {
		c.group.Go(func() error { return c.work(ctx) })
	}
	select {
	case c.queue <- ch:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *crew) work(ctx context.Context) error {
	typer, err := typing.NewTyper(ctx, c.loader.db, typing.Job{
		Contract: c.in.Contract, Layout: c.reader.layout, Salt: c.in.PIISalt, FieldIDs: c.in.FieldIDs,
		Origin: typing.Origin{Source: c.in.Source, File: c.in.File, LoadID: c.in.LoadID, ReceivedAt: c.in.ReceivedAt, LoadedAt: c.in.LoadedAt},
	})
	if err != nil {
		return err
	}
	defer typer.Close()
	for ch := range c.queue {
		typed, err := typer.Type(ctx, ch.Chunk, c.dir, strconv.Itoa(ch.number))
		if err != nil {
			return err
		}
		if err := c.reject(ch, typed.Rejects); err != nil {
			return err
		}
		if err := c.note(ch.Records, typed); err != nil {
			return err
		}
	}
	return nil
}

func (c *crew) note(records int64, typed typing.Typed) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, file := range typed.Files {
		c.res.Files[name] = append(c.res.Files[name], file)
		c.res.RowsByTable[name] += file.Rows
	}
	c.res.Loaded += records - int64(len(typed.Rejects))
	if typed.Sum != "" {
		sum, ok := add(c.res.Control.GotSum, typed.Sum)
		if !ok {
			return fmt.Errorf("add up %s: %q is no number", c.in.Contract.Trailer.SumOf, typed.Sum)
		}
		c.res.Control.GotSum = sum
	}
	if len(typed.Swapped) > 0 {
		return held(Hold{Rule: "spreadsheet_dates", Column: typed.Swapped[0], Detail: "every date could be month-first and some can be nothing else: " +
			"a spreadsheet seems to have saved the file again; ask the partner for the original"})
	}
	return nil
}

// reject logs a chunk's rejects with the text of their records.
func (c *crew) reject(ch chunk, rejects []typing.Reject) error {
	rows := make([]rejectRow, 0, len(rejects))
	for _, r := range rejects {
		text := ch.text(r.Line)
		if text == nil {
			return fmt.Errorf("line %d was rejected and is not in its chunk; nothing is committed, report this as a defect", r.Line)
		}
		row := rejectRow{Line: r.Line, Rule: r.Rule, Detail: optional(r.Detail), Original: c.reader.mask.record(text)}
		if r.Column >= 0 {
			col := c.in.Contract.Tables[r.Table].Columns[r.Column]
			row.Column = &col.Name
			if row.Detail != nil && (col.PII == typing.Hash || col.PII == typing.Drop) {
				row.Detail = optional(stars)
			}
		}
		rows = append(rows, row)
	}
	return c.log.add(rows...)
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
