package world

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// plantFiles numbers the files and plants each site's problems with them. The first version of what is corrected later
// stands before a checkpoint, the repair comes hours after it, so that a puller sees both.
func (s *sim) plantFiles() {
	if s.o.Defects <= 0 {
		s.enumerate(nil)
		return
	}
	rng := newStream(s.o.Seed, "files", 0)
	skip := map[*feedFile]bool{}
	for range max(1, rng.times(s.o.Defects*float64(s.o.Days)/30)) {
		for _, st := range s.sites {
			for _, p := range st.Problems {
				if p.Kind == "sequence_skipped" {
					skip[pick(rng, inner(s.feedOf(st, p.Feed)))] = true
				}
			}
		}
	}
	s.enumerate(skip)
	for _, st := range s.sites {
		for _, p := range st.Problems {
			s.plantProblem(rng, s.feedOf(st, p.Feed), p)
		}
	}
	for range max(1, rng.times(s.o.Defects*float64(s.o.Days)/20)) {
		for _, st := range s.sites {
			for _, p := range st.Problems {
				if p.Kind == "rows_rejected" {
					s.scatter(rng, inner(s.feedOf(st, p.Feed)), st.Reports.Broken)
				}
			}
		}
	}
}

// plantProblem plants what concerns a whole file.
func (s *sim) plantProblem(rng stream, f *feed, p Problem) {
	ff := s.before(f, p.Seen, p.Rows)
	if ff == nil {
		return
	}
	mended := instant(0)
	if p.Mend != 0 {
		mended = s.checkpoints[p.Seen] + instant(p.Mend)*hour
	}
	switch p.Kind {
	case "file_corrected":
		s.plantCorrected(rng, ff, mended)
	case "file_late":
		ff.versions = []*version{{at: mended, rows: ff.rows}}
		s.plant(p.Kind, ff.path, "ops.files: first seen at the checkpoint after next")
	case "file_cut_off":
		s.plantFlaw(ff, FlawCut, p.Kind, mended)
	case "file_wrong_trailer", "file_held":
		s.plantFlaw(ff, FlawTrailer, p.Kind, mended)
	case "file_changed_header":
		s.plantFlaw(ff, FlawHeader, p.Kind, mended)
	}
}

// inner are a feed's files that have a neighbour on both sides, without those that something is wrong with already.
func inner(f *feed) []*feedFile {
	var out []*feedFile
	for _, ff := range f.files[1 : len(f.files)-1] {
		if len(ff.versions) == 0 {
			out = append(out, ff)
		}
	}
	return out
}

// before is the newest file of a feed that is written before the k-th checkpoint, has so many rows, and nothing wrong.
func (s *sim) before(f *feed, k, rows int) *feedFile {
	for _, ff := range slices.Backward(f.files) {
		if ff.run+10*minute < s.checkpoints[k] && len(ff.rows) >= rows && len(ff.versions) == 0 {
			return ff
		}
	}
	return nil
}

// plantCorrected sends despatches that never happened and one wrong time; the corrected file comes under the same name.
func (s *sim) plantCorrected(rng stream, ff *feedFile, repaired instant) {
	first := slices.Clone(ff.rows)
	k := rng.IntN(len(first))
	changed := first[k]
	wrong := changed.o.despatches[changed.i]
	wrong.at -= 13 * minute
	changed.o.despatches = append(changed.o.despatches, wrong)
	first[k].i = len(changed.o.despatches) - 1
	for range 2 {
		o := pick(rng, ff.rows).o
		s.despatchNo++
		o.despatches = append(o.despatches, despatch{
			at: ff.run - 20*minute, from: ff.feed.site, ref: fmt.Sprintf(ff.feed.site.Despatches, s.despatchNo), parcelRef: "P",
			tracking: s.number(o.carrier, NumberOut), line: 0, ordered: o.lines[0].qty, qty: 1,
		})
		first = append(first, row{o: o, i: len(o.despatches) - 1})
	}
	ff.versions = []*version{{at: ff.run + 2*minute, rows: first}, {at: repaired, rows: ff.rows}}
	s.plant("file_corrected", ff.path, "ops.files superseded; wrong parcels gone after the correction")
}

// plantFlaw gives a file a first version that cannot be loaded. Without a repair it stays so.
func (s *sim) plantFlaw(ff *feedFile, what Flaw, kind string, repaired instant) {
	ff.versions = []*version{{at: ff.run + 2*minute, rows: ff.rows, flaw: what}}
	shows := "ops.files held, marts.fct_breaks R22 held"
	if repaired != 0 {
		ff.versions = append(ff.versions, &version{at: repaired, rows: ff.rows})
		shows = "ops.files held, then superseded"
	}
	s.plant(kind, ff.path, shows)
}

// scatter mixes one row of each of n bad kinds into one file, or where no file is so big into several: a sixth of a
// file's rows at the most, so that it is a matter of rows and not of the whole file.
func (s *sim) scatter(rng stream, files []*feedFile, n int) {
	room := func(ff *feedFile) int { return len(ff.records(ff.rows)) / 5 }
	var roomy []*feedFile
	for _, ff := range files {
		if room(ff) >= n {
			roomy = append(roomy, ff)
		}
	}
	if len(roomy) > 0 {
		s.plantBadRows(rng, pick(rng, roomy), 1, n)
		return
	}
	slices.SortStableFunc(files, func(a, b *feedFile) int { return len(b.rows) - len(a.rows) })
	for next, i := 1, 0; next <= n && i < len(files); i++ {
		take := min(room(files[i]), n-next+1)
		if take == 0 {
			return
		}
		s.plantBadRows(rng, files[i], next, next+take-1)
		next += take
	}
}

// plantBadRows mixes rows of the kinds first to last into a file; nothing like them happened.
func (s *sim) plantBadRows(rng stream, ff *feedFile, first, last int) {
	rows := slices.Clone(ff.rows)
	for kind := first; kind <= last; kind++ {
		at := rng.IntN(len(rows) + 1)
		for at > 0 && at < len(rows) && ff.feed.site.Reports.Documents && ff.sameDocument(rows[at-1], rows[at]) {
			at++ // not into the middle of a document
		}
		rows = slices.Insert(rows, at, row{bad: kind})
	}
	ff.versions = []*version{{at: ff.run + 3*minute, rows: rows}}
	s.plant("rows_rejected", ff.path, "ops.files rejected")
}

// plantCopies sends a file again under another name: the same bytes.
func (s *sim) plantCopies() {
	if s.o.Defects <= 0 {
		return
	}
	for _, st := range s.sites {
		for _, p := range st.Problems {
			if p.Kind == "file_sent_twice" {
				s.plantCopy(s.feedOf(st, p.Feed), p)
			}
		}
	}
}

// plantCopy sends the newest good file before a checkpoint once more, or in a world that has none so early the one before a later checkpoint.
func (s *sim) plantCopy(f *feed, p Problem) {
	for k := p.Seen; k < len(s.checkpoints)-1; k++ {
		if s.copyBefore(f, s.checkpoints[k], p) {
			return
		}
	}
}

func (s *sim) copyBefore(f *feed, seen instant, p Problem) bool {
	for _, ff := range slices.Backward(f.files) {
		if ff.run+10*minute >= seen || len(ff.rows) == 0 || len(ff.versions) > 1 || ff.versions[0].held() || len(ff.versions[0].rows) != len(ff.rows) {
			continue
		}
		ext := path.Ext(ff.path)
		again := &feedFile{
			feed: f, run: ff.run, seq: ff.seq, path: strings.TrimSuffix(ff.path, ext) + " (1)" + ext,
			versions: []*version{{at: seen + instant(p.Mend)*hour, rows: ff.versions[0].rows, copy: true}},
		}
		f.files = append(f.files, again)
		s.plant(p.Kind, again.path, "ops.files duplicate")
		return true
	}
	return false
}
