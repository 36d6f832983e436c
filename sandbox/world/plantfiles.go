package world

import (
	"fmt"
	"slices"
	"strings"
)

// plantFiles numbers the files and plants what can be wrong with them. The first version of what is corrected later
// stands before a checkpoint, the repair comes hours after it, so that a puller sees both.
func (s *sim) plantFiles() {
	rng := newStream(s.o.Seed, "files", 0)
	ng, vh := s.sites[0], s.sites[1]
	if s.o.Defects <= 0 {
		s.number(nil)
		return
	}
	skip := map[*feedFile]bool{}
	for range max(1, rng.times(s.o.Defects*float64(s.o.Days)/30)) {
		skip[pick(rng, inner(s.feedOf(ng, feedStatus)))] = true
		skip[pick(rng, inner(s.feedOf(vh, feedReturns)))] = true
	}
	s.number(skip)
	cp := s.checkpoints
	s.plantCorrected(rng, s.before(s.feedOf(ng, feedDespatch), 0, 1), cp[0]+3*hour)
	s.plantLate(s.before(s.feedOf(vh, feedStatus), 1, 1), cp[1]+8*hour)
	s.plantFlaw(s.before(s.feedOf(ng, feedDespatch), 1, 2), flawCut, "file_cut_off", cp[1]+4*hour)
	s.plantFlaw(s.before(s.feedOf(vh, feedStatus), 2, 1), flawTrailer, "file_wrong_trailer", cp[2]+4*hour)
	s.plantFlaw(s.before(s.feedOf(ng, feedDespatch), 2, 1), flawHeader, "file_changed_header", cp[2]+3*hour)
	s.plantFlaw(s.before(s.feedOf(ng, feedStock), 3, 0), flawTrailer, "file_held", 0)
	for range max(1, rng.times(s.o.Defects*float64(s.o.Days)/20)) {
		s.scatter(rng, inner(s.feedOf(ng, feedDespatch)), badNG)
		s.scatter(rng, inner(s.feedOf(vh, feedDespatch)), badVH)
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
	if ff == nil {
		return
	}
	first := slices.Clone(ff.rows)
	k := rng.IntN(len(first))
	changed := first[k]
	wrong := changed.o.despatches[changed.i]
	wrong.at -= 13 * minute
	changed.o.despatches = append(changed.o.despatches, wrong)
	first[k].i = len(changed.o.despatches) - 1
	for range 2 {
		o := pick(rng, ff.rows).o
		s.parcelNo++
		s.despatchNo++
		o.despatches = append(o.despatches, despatch{
			at: ff.run - 20*minute, ref: fmt.Sprintf("DN%07d", s.despatchNo), parcelRef: "P",
			tracking: fmt.Sprintf("JJD00%013d", 2_230_000_000_000+int64(s.parcelNo)*7919), line: 0, ordered: o.lines[0].qty, qty: 1,
		})
		first = append(first, row{o: o, i: len(o.despatches) - 1})
	}
	ff.versions = []*version{{at: ff.run + 2*minute, rows: first}, {at: repaired, rows: ff.rows}}
	s.plant("file_corrected", ff.path, "ops.files superseded; wrong parcels gone after the correction")
}

func (s *sim) plantLate(ff *feedFile, at instant) {
	if ff == nil {
		return
	}
	ff.versions = []*version{{at: at, rows: ff.rows}}
	s.plant("file_late", ff.path, "ops.files: first seen at the checkpoint after next")
}

// plantFlaw gives a file a first version that cannot be loaded. Without a repair it stays so.
func (s *sim) plantFlaw(ff *feedFile, what flaw, kind string, repaired instant) {
	if ff == nil {
		return
	}
	ff.versions = []*version{{at: ff.run + 2*minute, rows: ff.rows, flaw: what}}
	shows := "ops.files held, marts.fct_breaks R22 held"
	if repaired != 0 {
		ff.versions = append(ff.versions, &version{at: repaired, rows: ff.rows})
		shows = "ops.files held, then superseded"
	}
	s.plant(kind, ff.path, shows)
}

// scatter mixes a set of bad rows into one file, or where no file is so big into several: a sixth of a file's rows at
// the most, so that it is a matter of rows and not of the whole file.
func (s *sim) scatter(rng stream, files []*feedFile, bad func(*sim, *feedFile) [][]string) {
	n := len(bad(s, s.feeds[0].files[0]))
	room := func(ff *feedFile) int { return len(ff.rows) / 5 }
	var roomy []*feedFile
	for _, ff := range files {
		if room(ff) >= n {
			roomy = append(roomy, ff)
		}
	}
	if len(roomy) > 0 {
		ff := pick(rng, roomy)
		s.plantBadRows(rng, ff, bad(s, ff))
		return
	}
	slices.SortStableFunc(files, func(a, b *feedFile) int { return len(b.rows) - len(a.rows) })
	for next, i := 0, 0; next < n && i < len(files); i++ {
		take := min(room(files[i]), n-next)
		if take == 0 {
			return
		}
		s.plantBadRows(rng, files[i], bad(s, files[i])[next:next+take])
		next += take
	}
}

// plantBadRows mixes rows into a file that no contract lets through; nothing like them happened.
func (s *sim) plantBadRows(rng stream, ff *feedFile, bad [][]string) {
	rows := slices.Clone(ff.rows)
	for _, fields := range bad {
		rows = slices.Insert(rows, rng.IntN(len(rows)+1), row{bad: fields})
	}
	ff.versions = []*version{{at: ff.run + 3*minute, rows: rows}}
	s.plant("rows_rejected", ff.path, "ops.files rejected")
}

func badNG(s *sim, ff *feedFile) [][]string {
	it := s.brands[0].items[3]
	one := func(order, on, qty string) []string {
		return []string{order, "DN9000001", "DHL", "standard", "'" + on + "'", "", it.sku, it.name, "1", qty, "", "GB", "NG1", "", ""}
	}
	on := ff.run.in(ff.feed.site.zone, ngTime)
	return [][]string{
		one("AV1001", on, "1.5"), one("AV1002", "31/02/2026 10:15:00", "1"), one("", on, "1"),
		one("5.06047E+12", on, "1"), one("AV1003", on, "-1"),
	}
}

// badVH has no quantity, so that the sum in the trailer is the same however rejected rows are counted.
func badVH(s *sim, ff *feedFile) [][]string {
	it := s.brands[2].items[1]
	one := func(order, at string) []string {
		return []string{
			order, "V26900001", "VH1", "1", at, "DHL", "standard", "PV26900001-1", it.sku, it.name, it.ean, "L2601", "20260105", "",
			"1", "0", "", "0,320", "OUT OF STOCK",
		}
	}
	at := ff.run.in(ff.feed.site.zone, vhTime)
	return [][]string{one("", at), one("5200000001", "20260231101500"), one("5.2E+09", at)}
}

// plantCopies sends a file again under another name: the same bytes.
func (s *sim) plantCopies() {
	if s.o.Defects <= 0 {
		return
	}
	f := s.feedOf(s.sites[0], feedDespatch)
	for _, ff := range slices.Backward(f.files) {
		if ff.run+10*minute >= s.checkpoints[0] || len(ff.rows) == 0 || len(ff.versions) > 1 || ff.versions[0].held() || len(ff.versions[0].rows) != len(ff.rows) {
			continue
		}
		v := ff.versions[0]
		again := &feedFile{
			feed: f, run: ff.run, seq: ff.seq, path: strings.TrimSuffix(ff.path, ".csv") + " (1).csv",
			versions: []*version{{at: s.checkpoints[0] + 2*hour, rows: v.rows, copy: true, body: v.body}},
		}
		f.files = append(f.files, again)
		s.plant("file_sent_twice", again.path, "ops.files duplicate")
		return
	}
}
