package world

import (
	"slices"
	"strconv"
)

// seenFile is a version of a file as one who pulled at the checkpoints has it on record.
type seenFile struct {
	feed              *feed
	name              string
	version           int
	status            string
	records, rejected int
	seq               int
	written, received instant
}

// ledgerOfFiles replays the pulls of every checkpoint until the moment asked about.
func (w *witness) ledgerOfFiles() []seenFile {
	var out []seenFile
	for _, f := range w.feeds {
		for _, ff := range f.files {
			var got []*version
			when := map[*version]instant{}
			for _, c := range w.checkpoints {
				if v := ff.newest(c); c <= w.at && v != nil && !slices.Contains(got, v) {
					got = append(got, v)
					when[v] = c
				}
			}
			for i, v := range got {
				x := seenFile{feed: f, name: ff.path, version: i + 1, status: "loaded", seq: ff.seq, written: v.at, received: when[v]}
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
	return len(all) + len(ff.stock) + len(ff.moves) + len(ff.came) + len(ff.due), rejected
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
	t.Within = []string{"source"} // what an API answers has no name there
	for _, f := range w.ledgerOfFiles() {
		t.add(f.feed.site.Source, f.feed.name, f.name, itoa(f.version), f.status, itoa(f.records), itoa(f.rejected))
	}
	return t
}

// feedGaps are the numbers between a feed's smallest and largest that no file had.
func (w *witness) feedGaps() TruthTable {
	t := table("marts.feed_gaps", "source feed missing_sequence", "name_before name_after noticed_at _built_at")
	seen := map[*feed][]int{}
	files := w.ledgerOfFiles()
	for _, f := range files {
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
				t.add(append([]string{f.site.Source, f.name, itoa(n)}, w.around(f, n, files)...)...)
			}
		}
	}
	return t
}

// around are the files before and after a number that no file had, and when the second told that it is missing.
func (w *witness) around(f *feed, n int, files []seenFile) []string {
	var before, after seenFile
	var noticed instant
	for _, x := range files {
		switch {
		case x.feed != f || x.seq == 0:
		case x.seq < n && (before.seq == 0 || x.seq > before.seq):
			before = x
		case x.seq > n:
			noticed = earliest(noticed, x.received)
			if after.seq == 0 || x.seq < after.seq {
				after = x
			}
		}
	}
	return []string{before.name, after.name, noticed.text(), w.at.text()}
}

// health counts what came of each warehouse's feeds.
func (w *witness) health() TruthTable {
	t := table("marts.feed_health", "source feed", `last_file_name last_file_at last_received_at files_count loaded_count duplicates_count superseded_count
		held_count records_count rejected_count reject_share gaps_count _built_at`)
	t.Within = []string{"source"}
	gaps := w.feedGaps()
	files := w.ledgerOfFiles()
	for _, f := range w.feeds {
		var last seenFile
		var received instant
		count := map[string]int{}
		records, rejected, missing, all := 0, 0, 0, 0
		for _, x := range files {
			if x.feed != f {
				continue
			}
			all++
			count[x.status]++
			received = max(received, x.received)
			if x.written > last.written || (x.written == last.written && x.name > last.name) {
				last = x
			}
			if x.status == "loaded" {
				records, rejected = records+x.records, rejected+x.rejected
			}
		}
		for _, g := range gaps.Rows {
			if g[0] == f.site.Source && g[1] == f.name {
				missing++
			}
		}
		share := ""
		if records > 0 {
			share = strconv.FormatFloat(float64(rejected)/float64(records), 'f', 6, 64)
		}
		t.add(f.site.Source, f.name, last.name, last.written.text(), received.text(), itoa(all), itoa(count["loaded"]), itoa(count["duplicate"]),
			itoa(count["superseded"]), itoa(count["held"]), itoa(records), itoa(rejected), share, itoa(missing), w.at.text())
	}
	return t
}

// setAside are the rows that cannot be placed: steps in a warehouse that are written as of years ago. Whatever else is set aside here is a mistake.
func (w *witness) setAside() TruthTable {
	t := table("marts.rows_set_aside", "source document value",
		"fact column_name why is_row document_kind order_id amount_at_stake currency received_at _built_at")
	for _, k := range w.orders {
		o := k.o
		for i := range o.statuses {
			if st := &o.statuses[i]; st.written != 0 && st.seen(w.at) {
				t.add(o.site.Source, o.wmsRef(), st.written.time().UTC().Format("2006-01-02 15:04:05+00"), "order_statuses", "status_at", "date outside the calendar",
					flag(true), "order_ref", o.orderID(), amount(o.inShop(o.total())), o.brand.Currency, w.receivedRow(o, i).text(), w.at.text())
			}
		}
	}
	return t
}

// receivedRow is when the newest file with an order's status event was pulled.
func (w *witness) receivedRow(o *order, i int) instant {
	var out instant
	for _, ff := range w.feedOf(o.site, FeedStatus).files {
		var got *version
		for _, c := range w.checkpoints {
			if v := ff.newest(c); c <= w.at && v != nil && v != got && !v.held() {
				if got = v; slices.ContainsFunc(v.rows, func(r row) bool { return r.o == o && r.i == i }) {
					out = c
				}
			}
		}
	}
	return out
}
