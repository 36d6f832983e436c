package world

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
)

// The reports that a warehouse sends; the last three only one that tells what comes in.
const (
	FeedDespatch  = "despatch"
	FeedStatus    = "order_status"
	FeedReturns   = "returns"
	FeedStock     = "stock"
	FeedMovements = "movements"
	FeedGoodsIn   = "goods_in"
	FeedExpected  = "expected"
)

// feed is one report of one site over the whole of its life.
type feed struct {
	site  *site
	name  string
	files []*feedFile
}

// feedFile is one run of a report: what it told, and the versions of the file that lay on the server.
type feedFile struct {
	feed     *feed
	run      instant
	seq      int // 0 for a feed without sequence
	path     string
	rows     []row
	stock    []stockRow
	moves    []*move
	came     []*delivery
	due      []purchaseState
	versions []*version
}

// written is when the first version of it that can be loaded was put on the server, 0 where none was.
func (ff *feedFile) written() instant {
	for _, v := range ff.versions {
		if !v.held() {
			return v.at
		}
	}
	return 0
}

// tells says whether a loadable version of it lay on the server at a moment.
func (ff *feedFile) tells(at instant) bool {
	w := ff.written()
	return w != 0 && w <= at
}

// row points at a fact, or, with bad, stands for the n-th kind of row that is no fact.
type row struct {
	o   *order
	i   int
	bad int
}

// Flaw is what is wrong with a whole version of a file.
type Flaw int

// What may be wrong with a file.
const (
	FlawNone    Flaw = iota
	FlawTrailer      // its trailer counts other rows than it has
	FlawHeader       // a column has another name than agreed
	FlawCut          // it ends within the row in its middle
)

// version is a file as it lay on the server from a moment on.
type version struct {
	at   instant
	rows []row
	flaw Flaw
	copy bool // the same bytes as another file's
}

func (v *version) held() bool { return v.flaw != FlawNone }

// publish lays out every report of the sites, fills it with what happened between the runs, and plants file problems.
func (s *sim) publish() {
	for _, st := range s.sites {
		names := []string{FeedDespatch, FeedStatus, FeedReturns, FeedStock}
		if st.Inbound {
			names = append(names, FeedMovements, FeedGoodsIn, FeedExpected)
		}
		for _, name := range names {
			s.feeds = append(s.feeds, s.newFeed(st, name))
		}
	}
	for _, o := range s.orders {
		if !o.test {
			s.file(o)
		}
	}
	for _, f := range s.feeds {
		for _, ff := range f.files {
			ff.sortRows()
		}
	}
	s.keepStock()
	s.plantFiles()
	rng := newStream(s.o.Seed, "written", 0)
	for _, f := range s.feeds {
		for _, ff := range f.files {
			s.write(ff, ff.run+rng.minutes(1, 4))
		}
	}
	s.plantCopies()
}

func (s *sim) newFeed(st *site, name string) *feed {
	f := &feed{site: st, name: name}
	runs := st.Runs
	if name == FeedStock || name == FeedExpected {
		runs = runs[len(runs)-1:]
	}
	for d := s.start; d <= s.end; d++ {
		for _, m := range runs {
			f.files = append(f.files, &feedFile{feed: f, run: d.at(st.zone, m)})
		}
	}
	return f
}

// feedOf is a site's feed.
func (s *sim) feedOf(st *site, name string) *feed {
	for _, f := range s.feeds {
		if f.site == st && f.name == name {
			return f
		}
	}
	return nil
}

// fileFor is the first run after a moment, nil when there is none any more.
func (f *feed) fileFor(at instant) *feedFile {
	i := sort.Search(len(f.files), func(i int) bool { return f.files[i].run > at })
	if i == len(f.files) {
		return nil
	}
	return f.files[i]
}

// file puts an order's warehouse facts into the runs that tell of them.
func (s *sim) file(o *order) {
	put := func(st *site, name string, at instant, i int) {
		if ff := s.feedOf(st, name).fileFor(at); ff != nil {
			ff.rows = append(ff.rows, row{o: o, i: i})
		}
	}
	for i := range o.statuses {
		put(o.site, FeedStatus, o.statuses[i].at, i)
	}
	for i := range o.despatches {
		d := &o.despatches[i]
		put(o.sender(d), FeedDespatch, d.at, i)
		if ff := s.feedOf(o.sender(d), FeedDespatch).fileFor(d.at); ff != nil {
			d.run = ff.run
		}
	}
	for i := range o.receipts {
		put(o.site, FeedReturns, o.receipts[i].processed, i)
	}
}

func (ff *feedFile) at(r row) instant {
	switch ff.feed.name {
	case FeedDespatch:
		return r.o.despatches[r.i].at
	case FeedStatus:
		return r.o.statuses[r.i].at
	}
	return r.o.receipts[r.i].processed
}

func (ff *feedFile) sortRows() {
	slices.SortFunc(ff.rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(ff.at(a), ff.at(b)), cmp.Compare(a.o.no, b.o.no), cmp.Compare(a.i, b.i))
	})
}

// fact is the span of the fact behind a row, nil where the row is no fact.
func (ff *feedFile) fact(r row) *span {
	switch {
	case r.o == nil:
		return nil
	case ff.feed.name == FeedDespatch:
		return &r.o.despatches[r.i].span
	case ff.feed.name == FeedStatus:
		return &r.o.statuses[r.i].span
	}
	return &r.o.receipts[r.i].span
}

// write gives the file its first version if no problem has given it one, and then lets each fact know from when and until when a loadable file tells of it.
func (s *sim) write(ff *feedFile, at instant) {
	if len(ff.versions) == 0 {
		ff.versions = []*version{{at: at, rows: ff.rows}}
	}
	var before []row
	for _, v := range ff.versions {
		if v.held() {
			continue
		}
		kept := map[rowKey]bool{}
		for _, r := range v.rows {
			if sp := ff.fact(r); sp != nil {
				kept[rowKey{r.o, r.i}] = true
				if sp.from == 0 {
					sp.from = v.at
				}
			}
		}
		for _, r := range before {
			if sp := ff.fact(r); sp != nil && !kept[rowKey{r.o, r.i}] {
				sp.until = v.at
			}
		}
		before = v.rows
	}
}

// rowKey is a row's identity.
type rowKey struct {
	o *order
	i int
}

// enumerate gives the files of every feed their sequence numbers and names; skip says before which files a number is left out.
func (s *sim) enumerate(skip map[*feedFile]bool) {
	for _, f := range s.feeds {
		seq := f.site.Reports.First[f.name]
		step := min(seq, 1)
		for _, ff := range f.files {
			if skip[ff] {
				s.plant("sequence_skipped", fmt.Sprintf("%s/%s:%d", f.site.Source, f.name, seq), "marts.feed_gaps")
				seq += step
			}
			ff.seq, ff.path = seq, f.site.Reports.Path(f.name, ff.run.time().In(f.site.zone), seq)
			seq += step
		}
	}
}
