package world

import "slices"

// stockRow is a SKU's stock in a snapshot.
type stockRow struct {
	item                          *item
	onHand, allocated, quarantine int
}

// countStock writes each site's snapshots: what was there, less what left, plus what came back, filled up when low.
func (s *sim) countStock() {
	for _, st := range s.sites {
		stock, despatched, back := s.feedOf(st, FeedStock), s.feedOf(st, FeedDespatch), s.feedOf(st, FeedReturns)
		var items []*item
		level := map[*item]*stockRow{}
		rng := newStream(s.o.Seed, "stock "+st.Code, 0)
		for _, b := range s.brands {
			if !slices.Contains(b.sites, st) {
				continue
			}
			for _, it := range b.items {
				items = append(items, it)
				level[it] = &stockRow{item: it, onHand: rng.between(40, 400), quarantine: weighted(rng, 80, 12, 8)}
			}
		}
		n := len(st.Runs)
		for day, ff := range stock.files {
			for k := day * n; k < (day+1)*n; k++ {
				for _, r := range despatched.files[k].rows {
					d := &r.o.despatches[r.i]
					level[r.o.lines[d.line].item].onHand -= d.qty
				}
				for _, r := range back.files[k].rows {
					rc := &r.o.receipts[r.i]
					level[r.o.lines[rc.line].item].onHand += rc.qty
				}
			}
			for _, it := range items {
				l := level[it]
				if l.onHand < 25 {
					l.onHand += 250
				}
				l.allocated = min(l.onHand, rng.between(0, 6))
				ff.stock = append(ff.stock, *l)
			}
		}
	}
}
