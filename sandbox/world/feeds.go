package world

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"sync"
)

// The four reports that a warehouse sends.
const (
	feedDespatch = "despatch"
	feedStatus   = "order_status"
	feedReturns  = "returns"
	feedStock    = "stock"
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
	versions []*version
}

// row points at a fact, or holds the text of a row that is no fact.
type row struct {
	o   *order
	i   int
	bad []string
}

// flaw is what is wrong with a version of a file.
type flaw int

const (
	flawNone flaw = iota
	flawTrailer
	flawHeader
	flawCut
)

// version is a file's bytes as they lay on the server from a moment on.
type version struct {
	at   instant
	rows []row
	flaw flaw
	copy bool // the same bytes as another file's
	body func() []byte
}

func (v *version) held() bool { return v.flaw != flawNone }

// publish lays out every report of both sites, fills it with what happened between the runs, and plants file problems.
func (s *sim) publish() {
	for _, st := range s.sites {
		for _, name := range []string{feedDespatch, feedStatus, feedReturns, feedStock} {
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
	s.countStock()
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
	runs := st.runs
	if name == feedStock {
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
	put := func(name string, at instant, i int) {
		if ff := s.feedOf(o.brand.site, name).fileFor(at); ff != nil {
			ff.rows = append(ff.rows, row{o: o, i: i})
		}
	}
	for i := range o.statuses {
		put(feedStatus, o.statuses[i].at, i)
	}
	for i := range o.despatches {
		put(feedDespatch, o.despatches[i].at, i)
	}
	for i := range o.receipts {
		put(feedReturns, o.receipts[i].processed, i)
	}
}

func (ff *feedFile) at(r row) instant {
	switch ff.feed.name {
	case feedDespatch:
		return r.o.despatches[r.i].at
	case feedStatus:
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
	case ff.feed.name == feedDespatch:
		return &r.o.despatches[r.i].span
	case ff.feed.name == feedStatus:
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
		v.body = sync.OnceValue(func() []byte { return s.render(ff, v) })
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

// number gives the files of every feed their sequence numbers and names; skip says before which files a number is left out.
func (s *sim) number(skip map[*feedFile]bool) {
	first := map[string]int{
		"northgate despatch": 101, "northgate order_status": 501, "northgate returns": 901,
		"veldhoven despatch": 2001, "veldhoven order_status": 4001, "veldhoven returns": 6001, "veldhoven stock": 8001,
	}
	for _, f := range s.feeds {
		seq := first[f.site.source+" "+f.name]
		for _, ff := range f.files {
			if skip[ff] {
				s.plant("sequence_skipped", fmt.Sprintf("%s/%s:%d", f.site.source, f.name, seq), "marts.feed_gaps")
				seq++
			}
			ff.seq = seq
			ff.path = f.path(ff)
			seq++
		}
	}
}

func (f *feed) path(ff *feedFile) string {
	day := ff.run.in(f.site.zone, "20060102")
	if f.site.source == "veldhoven" {
		kind := map[string]string{feedDespatch: "DESP", feedStatus: "STAT", feedReturns: "RET", feedStock: "STK"}[f.name]
		return fmt.Sprintf("uit/VH_%s_%s_%d.csv", kind, ff.run.in(f.site.zone, "20060102150405"), ff.seq)
	}
	switch f.name {
	case feedDespatch:
		return fmt.Sprintf("out/despatch/DESP_%s_%d.csv", day, ff.seq)
	case feedStatus:
		return fmt.Sprintf("out/status/STAT_%s_%d.csv", day, ff.seq)
	case feedReturns:
		return fmt.Sprintf("out/returns/RET_%s_%d.csv", day, ff.seq)
	}
	ff.seq = 0
	return fmt.Sprintf("out/stock/STOCK_%s.csv", day)
}
