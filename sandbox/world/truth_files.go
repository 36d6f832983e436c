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

// recordsOf counts a version's records, and those that no contract lets through.
func (ff *feedFile) recordsOf(v *version) (records, rejected int) {
	all := ff.records(v.rows)
	if v.flaw == FlawCut {
		half := len(all) / 2
		if !ff.feed.site.Reports.Documents {
			half++ // the torn one
		}
		all = all[:half]
	}
	for _, r := range all {
		if r[0].bad != 0 {
			rejected++
		}
	}
	return len(all) + len(ff.stock), rejected
}

// records are the rows by the records that tell them.
func (ff *feedFile) records(rows []row) [][]row {
	var out [][]row
	for i, r := range rows {
		if i > 0 && ff.feed.site.Reports.Documents && ff.sameDocument(rows[i-1], r) {
			out[len(out)-1] = append(out[len(out)-1], r)
			continue
		}
		out = append(out, []row{r})
	}
	return out
}

func (ff *feedFile) sameDocument(a, b row) bool {
	if a.bad != 0 || b.bad != 0 || a.o != b.o {
		return false
	}
	switch ff.feed.name {
	case FeedDespatch:
		x, y := &a.o.despatches[a.i], &b.o.despatches[b.i]
		return x.ref == y.ref && x.at == y.at
	case FeedReturns:
		x, y := &a.o.receipts[a.i], &b.o.receipts[b.i]
		return x.ref == y.ref && x.received == y.received
	}
	return false
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
