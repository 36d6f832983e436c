package questions

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// ErrNoFile says that there is no file of that id or name.
var ErrNoFile = errors.New("no file has an id or sha256 that starts so, or such a name")

// AmbiguousError says that a reference fits several files.
type AmbiguousError struct {
	Ref   string
	Files int // that fit
}

// Error says how many files fit and what to type instead.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%d files fit %q; type more of the id, which `waybill files list` shows", e.Files, e.Ref)
}

// FindFile finds a file by the start of its id or sha256, or by its name with or without the folder; of several versions the newest.
func FindFile(ctx context.Context, book *ledger.Ledger, ref string) (ledger.File, error) {
	files, err := book.Files(ctx, ledger.Filter{IDPrefix: ref})
	if err != nil {
		return ledger.File{}, err
	}
	if len(files) == 0 {
		all, err := book.Files(ctx, ledger.Filter{})
		if err != nil {
			return ledger.File{}, err
		}
		for _, f := range all {
			if f.Name == ref || path.Base(f.Name) == ref {
				files = append(files, f)
			}
		}
	}
	if len(files) == 0 {
		return ledger.File{}, fmt.Errorf("%s: %w; `waybill files list` shows them", ref, ErrNoFile)
	}
	newest := files[len(files)-1]
	for _, f := range files {
		if f.Source != newest.Source || f.Feed != newest.Feed || f.Name != newest.Name {
			return ledger.File{}, &AmbiguousError{Ref: ref, Files: len(files)}
		}
	}
	return newest, nil
}

// Fate is what became of a file, in words.
type Fate struct {
	What string
	Next string // what to do or type about it; empty where there is nothing to do
}

// Why says what became of a file and what to do next.
func Why(f ledger.File) Fate {
	switch f.Status {
	case ledger.Loaded:
		fate := Fate{What: "loaded"}
		if f.Elsewhere > 0 {
			fate.What += fmt.Sprintf("; %d of its %d records are of documents that count from another file", f.Elsewhere, f.Records)
		}
		if f.Rejected > 0 {
			fate.Next = "waybill rejects list --file " + f.ID[:8]
		}
		return fate
	case ledger.Held:
		if f.KeptPath == "" {
			return Fate{"held by rule " + f.Detail, "when that is mended, type: waybill run --source " + f.Source + "/" + f.Feed}
		}
		return Fate{"held by rule " + f.Detail, "ask the partner for a right file, or mend the contract and type: waybill rejects replay --file " + f.ID[:8]}
	case ledger.Duplicate:
		of := f.DuplicateOf
		if of == f.Name {
			of = "an earlier version of it"
		}
		return Fate{What: "it tells the same as " + of + ", which came before; nothing of it is loaded"}
	case ledger.Superseded:
		if f.SupersededBy == "" {
			return Fate{What: f.Detail}
		}
		return Fate{What: "a later version took its place: waybill files why " + f.SupersededBy}
	default:
		return Fate{"received and kept, not loaded: the run was interrupted", "waybill run --source " + f.Source + "/" + f.Feed}
	}
}
