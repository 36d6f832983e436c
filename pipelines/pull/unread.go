package pull

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.uber.org/zap"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// Rules by which a file is held before a byte of it is there. It is tried again by every run, since what is wrong with it is mended at the
// partner's, often without a trace in the listing.
const (
	ruleUnreadable = "unreadable"
	ruleName       = "name"
)

// ruleGone stands in a file that is not in the ledger: it was listed, and was not there any more.
const ruleGone = "gone"

// setAside turns a failure that is about this item alone into a file that is held, or gone, so that those behind it are received.
func (t *taker) setAside(a *arrival) {
	if unopened := new(unopenedError); !errors.As(a.err, &unopened) {
		return
	}
	switch {
	case errors.Is(a.err, waybill.ErrUnreadable):
		a.file.Status, a.file.Rule, a.file.Detail = ledger.Held, ruleUnreadable, ruleUnreadable+": "+a.err.Error()
	case errors.Is(a.err, waybill.ErrNotFound) && t.isOfFiles():
		a.file.Rule, a.file.Detail = ruleGone, a.err.Error()
	default:
		return
	}
	a.file.SHA256, a.file.KeptPath, a.file.LoadID, a.err = "", "", "", nil
}

// unopenedError is why an item could not be opened: the partner's word, and not the lake's about its own files.
type unopenedError struct{ error }

func (e *unopenedError) Unwrap() error { return e.error }

// isOfFiles says whether the feed's items are files that lie at the partner's, and no answers.
func (t *taker) isOfFiles() bool { return t.Feed.Worklist == "" && t.Feed.Pull.Resource == "" }

// holdUnread writes down a file of which there are no bytes. The next version that can be read takes its place.
func (t *taker) holdUnread(ctx context.Context, f ledger.File) (ledger.File, error) {
	t.Log.Warn("file held", zap.String("feed", t.String()), zap.String("file", f.Name), zap.String("rule", f.Rule))
	t.remember(f)
	return f, t.ledger.Put(ctx, f)
}

// unread is the error of a feed of which files could not be received. Nobody but the partner can bring them, so each run ends with it until they are read or
// no longer on offer.
func (r Result) unread() error {
	var first *ledger.File
	files := 0
	for i := range r.Files {
		if f := &r.Files[i]; f.Status == ledger.Held && f.KeptPath == "" {
			if files++; first == nil {
				first = f
			}
		}
	}
	if files == 0 {
		return nil
	}
	name := strings.ReplaceAll(strconv.Quote(first.Name), `\\`, `\`) // as it is listed: what is no UTF-8 in it is written out already
	return fmt.Errorf("%s/%s: files that could not be received: %d, the first of them %s (%s); next: waybill files why %s", r.Source, r.Feed, files, name, first.Rule, first.ID)
}

// newest is the newest known version of a name, nil for a new one.
func (t *taker) newest(name string) *ledger.File {
	var newest *ledger.File
	for i := range t.files {
		if old := &t.files[i]; old.Name == name && (newest == nil || old.Version > newest.Version) {
			newest = old
		}
	}
	return newest
}

// holdNames holds the items whose names are no UTF-8: no database, table or protocol of text can hold such a name, nor could anybody type it.
func (t *taker) holdNames(ctx context.Context, items []waybill.Item) ([]ledger.File, error) {
	var held []ledger.File
	for _, it := range items {
		it.Name = legible(it.Name)
		f := t.sighted(it)
		f.Identity, f.Status, f.Rule = f.Name, ledger.Held, ruleName
		f.Detail = ruleName + ": the name has bytes that are no UTF-8, written here as \\x and two digits; ask the partner to name the file anew"
		f, err := t.holdUnread(ctx, f)
		if err != nil {
			return held, err
		}
		held = append(held, f)
	}
	return held, nil
}

// legible writes bytes that are no UTF-8 as \x and two digits.
func legible(name string) string {
	var b strings.Builder
	for len(name) > 0 {
		r, n := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, name[0])
		} else {
			b.WriteString(name[:n])
		}
		name = name[n:]
	}
	return b.String()
}

// letGo ends the waiting for files that were held without a byte and that the partner does not offer any more. Listed are all names on offer.
func (t *taker) letGo(ctx context.Context, listed map[string]bool) error {
	for _, f := range t.files {
		if f.Status != ledger.Held || f.KeptPath != "" || listed[f.Name] {
			continue
		}
		f.Status, f.Detail = ledger.Superseded, f.Rule+": it could not be read, and is no longer on offer"
		t.remember(f)
		if err := t.ledger.Put(ctx, f); err != nil {
			return err
		}
	}
	return nil
}
