package world

import "slices"

// seenFile is a version of a file as one who pulled at the checkpoints has it on record.
type seenFile struct {
	feed              *feed
	name              string
	version           int
	status            string
	records, rejected int
	seq               int
}

// ledgerOfFiles replays the pulls of every checkpoint until the moment asked about.
func (w *witness) ledgerOfFiles() []seenFile {
	var out []seenFile
	for _, f := range w.feeds {
		for _, ff := range f.files {
			var got []*version
			for _, c := range w.checkpoints {
				if v := ff.newest(c); c <= w.at && v != nil && !slices.Contains(got, v) {
					got = append(got, v)
				}
			}
			for i, v := range got {
				x := seenFile{feed: f, name: ff.path, version: i + 1, status: "loaded", seq: ff.seq}
				switch {
				case i < len(got)-1:
					x.status = "superseded"
				case v.held():
					x.status = "held"
				case v.copy:
					x.status = "duplicate"
				}
				x.records, x.rejected = ff.recordsOf(v)
				out = append(out, x)
			}
		}
	}
	return out
}

// recordsOf counts a version's data rows, a torn one among them, and those that no contract lets through.
func (ff *feedFile) recordsOf(v *version) (records, rejected int) {
	rows := v.rows
	if v.flaw == FlawCut {
		rows = rows[:len(rows)/2+1]
	}
	for _, r := range rows {
		if r.bad != 0 {
			rejected++
		}
	}
	return len(rows) + len(ff.stock), rejected
}

func (w *witness) opsFiles() TruthTable {
	t := table("ops.files", "source feed name version", "status records rejected")
	for _, f := range w.ledgerOfFiles() {
		t.add(f.feed.site.Source, f.feed.name, f.name, itoa(f.version), f.status, itoa(f.records), itoa(f.rejected))
	}
	return t
}

// feedGaps are the numbers between a feed's smallest and largest that no file had.
func (w *witness) feedGaps() TruthTable {
	t := table("marts.feed_gaps", "source feed missing_sequence", "")
	seen := map[*feed][]int{}
	for _, f := range w.ledgerOfFiles() {
		if f.seq != 0 && f.feed.name != FeedStock {
			seen[f.feed] = append(seen[f.feed], f.seq)
		}
	}
	for _, f := range w.feeds {
		if len(seen[f]) == 0 {
			continue
		}
		for n := slices.Min(seen[f]); n < slices.Max(seen[f]); n++ {
			if !slices.Contains(seen[f], n) {
				t.add(f.site.Source, f.name, itoa(n))
			}
		}
	}
	return t
}
