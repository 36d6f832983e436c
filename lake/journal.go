package lake

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"

	"github.com/fourmarketing/waybill"
)

// The journal says in the lake what the ledger says in the catalog's database: from it and from kept bytes both can be made again. Its objects are never
// changed: journal/<month>/<day>/<name>.json, and of months that are past journal/months/<month>-….ndjson.zst with a line for each.
const (
	journalRoot  = "journal"
	monthsFolder = "months"
	monthLayout  = "2006-01"
	monthsBack   = 12 // that are looked at: each look is one short listing
)

// summed is the name of an event: its last part is the beginning of the SHA-256 of its text.
var summed = regexp.MustCompile(`/\d{12}-([0-9a-f]{16})\.json$`)

// check tells whether an entry has the text that its name says.
func (e Entry) check() error {
	m := summed.FindStringSubmatch(e.Name)
	if m == nil {
		return nil
	}
	if sum := sha256.Sum256(bytes.TrimRight(e.Body, "\n")); hex.EncodeToString(sum[:8]) != m[1] {
		return fmt.Errorf("read journal/%s: its text is not the one that its name has the hash of", e.Name)
	}
	return nil
}

// Entry is an object of the journal.
type Entry struct {
	Name string          `json:"name"` // below journal/: <month>/<day>/<number>-<hash>.json, contracts/<hash>.json
	Body json.RawMessage `json:"body"`
}

// Note puts an entry into the journal. The same one again is no error, another one under its name is.
func (l *Lake) Note(ctx context.Context, name string, body []byte) error {
	if err := l.mayWrite(ctx); err != nil {
		return err
	}
	key := path.Join(journalRoot, name)
	err := l.objects.swap(ctx, key, body, "")
	if errors.Is(err, errChanged) {
		was, _, gerr := l.objects.get(ctx, key)
		if gerr == nil && bytes.Equal(was, body) {
			return nil
		}
		err = errors.Join(errors.New("another one stands there"), gerr)
	}
	if err != nil {
		return fmt.Errorf("note %s in the journal: %w", name, err)
	}
	return nil
}

// IsNoted tells whether an entry is in the journal.
func (l *Lake) IsNoted(ctx context.Context, name string) (bool, error) {
	_, err := l.objects.size(ctx, path.Join(journalRoot, name))
	if errors.Is(err, waybill.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Journal reads every entry, each once, in no order. One that cannot be read is an error with its name, and the reading goes on.
func (l *Lake) Journal(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		seen := map[string]bool{}
		for o, err := range l.objects.list(ctx, journalRoot) {
			if err != nil {
				yield(Entry{}, fmt.Errorf("read the journal: %w", err))
				return
			}
			for e, err := range l.entriesOf(ctx, o.key) {
				if err == nil && seen[e.Name] {
					continue // in its month and, since a compaction was cut off, still by itself
				}
				seen[e.Name] = true
				if !yield(e, err) {
					return
				}
			}
		}
	}
}

// entriesOf are the entries of one object: itself, or the lines of a month.
func (l *Lake) entriesOf(ctx context.Context, key string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		name := strings.TrimPrefix(key, journalRoot+"/")
		switch {
		case strings.HasSuffix(key, ".ndjson.zst"):
			if err := l.readMonth(ctx, key, func(e Entry) bool { return yield(e, e.check()) }); err != nil {
				yield(Entry{Name: name}, fmt.Errorf("read journal/%s: %w", name, err))
			}
		case strings.HasSuffix(key, ".json"):
			body, _, err := l.objects.get(ctx, key)
			if err == nil && !json.Valid(body) {
				err = errors.New("it is no JSON")
			}
			e := Entry{Name: name, Body: body}
			if err != nil {
				err = fmt.Errorf("read journal/%s: %w", name, err)
			} else {
				err = e.check()
			}
			yield(e, err)
		}
	}
}

func (l *Lake) readMonth(ctx context.Context, key string, each func(Entry) bool) error {
	body, _, err := l.objects.open(ctx, key)
	if err != nil {
		return err
	}
	defer body.Close()
	dec, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return err
	}
	defer dec.Close()
	lines := bufio.NewReader(dec)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		if !each(e) {
			return nil
		}
	}
}

// TrashJournal moves what cannot be read of the journal away, after a fresh entry says all that it said; it tells how many objects.
func (l *Lake) TrashJournal(ctx context.Context) (int, error) {
	if err := l.Writable(ctx); err != nil {
		return 0, err
	}
	moved := 0
	for e, err := range l.Journal(ctx) {
		if err == nil {
			continue
		}
		if e.Name == "" || errors.Is(temporary(err), waybill.ErrTemporary) {
			return moved, err
		}
		if err := l.trash(ctx, path.Join(journalRoot, e.Name)); err != nil {
			return moved, err
		}
		moved++
	}
	return moved, nil
}

// CompactJournal puts the entries of each month that ended so long ago into one object, and removes them by themselves when that can be read. It tells
// how many.
func (l *Lake) CompactJournal(ctx context.Context, age time.Duration) (int, error) {
	if err := l.Writable(ctx); err != nil {
		return 0, err
	}
	done := 0
	newest := l.now().UTC().Add(-age)
	first := time.Date(newest.Year(), newest.Month(), 1, 0, 0, 0, 0, time.UTC)
	for back := range monthsBack {
		month := first.AddDate(0, -back-1, 0).Format(monthLayout)
		var keys []string
		for o, err := range l.objects.list(ctx, path.Join(journalRoot, month)) {
			if err != nil {
				return done, fmt.Errorf("compact the journal: %w", err)
			}
			if strings.HasSuffix(o.key, ".json") {
				keys = append(keys, o.key)
			}
		}
		if len(keys) == 0 {
			continue
		}
		if err := l.compactMonth(ctx, month, keys); err != nil {
			return done, fmt.Errorf("compact the journal of %s: %w", month, err)
		}
		done += len(keys)
	}
	return done, nil
}

func (l *Lake) compactMonth(ctx context.Context, month string, keys []string) error {
	slices.Sort(keys)
	var text bytes.Buffer
	for _, key := range keys {
		for e, err := range l.entriesOf(ctx, key) {
			if err != nil {
				return err
			}
			line, err := json.Marshal(e)
			if err != nil {
				return err
			}
			text.Write(append(line, '\n'))
		}
	}
	var packed bytes.Buffer
	w := &frames{w: &packed}
	if _, err := w.Write(text.Bytes()); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	key := path.Join(journalRoot, monthsFolder, month+"-"+uuid.NewString()[:8]+".ndjson.zst")
	if err := l.objects.swap(ctx, key, packed.Bytes(), ""); err != nil {
		return err
	}
	n := 0
	if err := l.readMonth(ctx, key, func(Entry) bool { n++; return true }); err != nil || n != len(keys) {
		return fmt.Errorf("%d of %d entries can be read again: %w", n, len(keys), err)
	}
	for _, key := range keys {
		if err := l.objects.remove(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
