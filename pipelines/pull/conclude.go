package pull

import (
	"context"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// say logs what became of the file.
func (s *settlement) say() {
	f := s.file
	switch f.Status {
	case ledger.Loaded:
		s.Log.Info("file loaded", zap.String("feed", s.String()), zap.String("file", f.Name), zap.Int64("rows", f.Loaded), zap.Int64("rejected", f.Rejected))
	case ledger.Held:
		s.Log.Info("file held", zap.String("feed", s.String()), zap.String("file", f.Name), zap.String("rule", f.Rule))
	default:
		s.Log.Info("file does not count", zap.String("feed", s.String()), zap.String("file", f.Name), zap.String("status", string(f.Status)))
	}
}

// filesAround are the files of the loads around, this one first.
func (s *settlement) filesAround(ctx context.Context) ([]ledger.File, error) {
	out := []ledger.File{s.file}
	seen := map[string]bool{s.file.ID: true}
	for _, i := range s.around {
		l := s.loads[i]
		if seen[l.File] {
			continue
		}
		seen[l.File] = true
		known := slices.IndexFunc(s.files, func(f ledger.File) bool { return f.ID == l.File })
		if known >= 0 {
			out = append(out, s.files[known])
			continue
		}
		found, err := s.ledger.Files(ctx, ledger.Filter{Source: l.Source, Feed: l.Feed, Name: l.Name})
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if f.ID == l.File {
				out = append(out, f)
			}
		}
	}
	return out, nil
}

// conclude says what became of a file, by its loads.
func (s *settlement) conclude(f *ledger.File) {
	var own []ledger.Load
	for i, l := range s.loads {
		if l.File == f.ID && !s.gone[i] {
			own = append(own, l)
		}
	}
	counting, held := 0, 0
	var elsewhere int64
	for _, l := range own {
		switch {
		case l.Counts:
			counting++
		case l.IsHeld:
			held++
		default:
			elsewhere += l.Rows
		}
	}
	switch {
	case counting > 0:
		f.Status, f.SupersededBy, f.DuplicateOf = ledger.Loaded, "", ""
		if s.Feed.RowPerRecord() { // of what was counted before, too, when another of its documents moved
			f.Loaded, f.Elsewhere = f.Loaded+f.Elsewhere-elsewhere, elsewhere
		}
	case held > 0:
		f.Status = ledger.Held
		if after := s.afterHeld(own[0]); after != "" {
			f.Status, f.SupersededBy = ledger.Superseded, after
		}
	default:
		s.concludeLost(f, own)
	}
}

// concludeLost is of a file of which nothing counts.
func (s *settlement) concludeLost(f *ledger.File, own []ledger.Load) {
	same := !slices.ContainsFunc(own, func(l ledger.Load) bool { return !l.Same })
	winner := own[0].Winner
	if !same {
		f.Status, f.SupersededBy, f.DuplicateOf = ledger.Superseded, winner, ""
		return
	}
	f.Status, f.SupersededBy, f.Loaded, f.Rejected = ledger.Duplicate, "", 0, 0
	for _, l := range s.loads {
		if l.File == winner {
			f.DuplicateOf = l.Name
		}
	}
}

// afterHeld is the file that took a held one's place: a later version of its name or of its document that counts.
func (s *settlement) afterHeld(held ledger.Load) string {
	for _, l := range s.loads {
		later := l.Source == held.Source && l.Feed == held.Feed && l.Name == held.Name && l.Version > held.Version
		if !l.IsHeld && (later || (l.Document == held.Document && l.Arrival > held.Arrival)) {
			if l.Counts {
				return l.File
			}
			return l.Winner
		}
	}
	return ""
}

// begin makes a file that counts again one that was received and is not loaded: if the run ends before it is, the next one finishes it.
func begin(f *ledger.File) {
	f.Status = ledger.Received
	f.Loading++
	f.LoadID = loadID(*f)
}

// wantsRows tells whether a load of a file counts whose rows are not in the tables, nor on their way there.
func (s *settlement) wantsRows(f ledger.File) bool {
	return slices.ContainsFunc(s.loads, func(l ledger.Load) bool { return l.File == f.ID && l.Counts && l.LoadID == "" && l.Pending == "" })
}

// revive loads a file again that counts again.
func (t *taker) revive(ctx context.Context, f ledger.File) error {
	other := t
	if f.Source != t.Source || f.Feed != t.Feed.Name {
		task, err := pipelines.TaskOf([]pipelines.Pipeline{t.Pipeline}, f.Source, f.Feed)
		if err != nil {
			return err
		}
		files, err := t.ledger.FilesOf(ctx, f.Source, f.Feed)
		if err != nil {
			return err
		}
		other = t.taker(task, nil, files)
	}
	if _, err := other.again(ctx, f); err != nil {
		return fmt.Errorf("load %s again, which counts now: %w", f.Name, err)
	}
	return nil
}
