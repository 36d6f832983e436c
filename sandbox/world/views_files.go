package world

import (
	"cmp"
	"slices"
	"strings"
)

// newest is the version of a file that lies on the server at a moment, nil before the first.
func (ff *feedFile) newest(at instant) *version {
	for _, v := range slices.Backward(ff.versions) {
		if v.at <= at {
			return v
		}
	}
	return nil
}

// files lists a warehouse's reports, every file with its newest rows.
func (s *sim) files(source string, at instant) []File {
	var out []File
	for _, f := range s.feeds {
		if f.site.Source != source {
			continue
		}
		for i, ff := range f.files {
			if v := ff.newest(at); v != nil {
				file := s.fileView(ff, v)
				file.LeftOver = i == leftOver && s.o.Defects > 0 && f.has("file_left_over")
				out = append(out, file)
			}
		}
	}
	slices.SortFunc(out, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// leftOver is the file of a feed whose first upload breaks off.
const leftOver = 2

func (f *feed) has(problem string) bool {
	return slices.ContainsFunc(f.site.Problems, func(p Problem) bool { return p.Kind == problem && p.Feed == f.name })
}

func (s *sim) fileView(ff *feedFile, v *version) File {
	f := ff.feed
	out := File{
		Path: ff.path, Feed: f.name, Site: f.site.Code, Zone: f.site.zone, Run: ff.run.time(), Seq: ff.seq, ModifiedAt: v.at.time(), Flaw: v.flaw,
	}
	for _, r := range v.rows {
		if r.bad != 0 {
			out.Rows = append(out.Rows, s.brokenRow(f.site, r.bad))
			continue
		}
		out.Rows = append(out.Rows, ff.rowView(r))
	}
	for _, l := range ff.stock {
		out.Stock = append(out.Stock, Stock{Article: l.item.view(), OnHand: l.onHand, Allocated: l.allocated, Quarantine: l.quarantine})
	}
	ff.viewInbound(&out)
	return out
}

// brokenRow names one of the first orders of the site's first brand, so that a careless reader finds somebody to blame.
func (s *sim) brokenRow(st *site, kind int) Row {
	for _, b := range s.brands {
		if b.first() == st {
			o := &order{brand: b, site: st, id: b.FirstID + int64(kind), name: b.Prefix + itoa(b.FirstNo+kind-1)}
			return Row{Broken: kind, OrderRef: st.ref(o), Order: ParcelOrder{ID: o.id, Name: o.name}, Article: b.items[min(1, len(b.items)-1)].view()}
		}
	}
	return Row{Broken: kind}
}

func (ff *feedFile) rowView(r row) Row {
	o := r.o
	out := Row{
		OrderRef: ff.feed.site.ref(o),
		Order: ParcelOrder{
			ID: o.id, Name: o.name, Service: o.service, Country: o.to.country, Carrier: o.carrier.Source,
			Email: o.email(), Customer: o.first + " " + o.last,
		},
	}
	switch ff.feed.name {
	case FeedStatus:
		st := &o.statuses[r.i]
		out.Status = &Status{At: cmp.Or(st.written, st.at).time(), What: st.what, Code: st.code, Reason: st.reason}
	case FeedDespatch:
		d := &o.despatches[r.i]
		out.Article = o.lines[d.line].item.view()
		if o.lowerCase {
			out.Article.SKU = strings.ToLower(out.Article.SKU)
		}
		out.Despatch = &Despatch{
			At: d.at.time(), Ref: d.ref, ParcelRef: d.parcelRef, Tracking: d.tracking, Line: d.line + 1, Ordered: d.ordered, Units: d.qty, Short: d.short,
		}
		if m := d.signed(); m.ref != "" {
			out.Despatch.Manifest, out.Despatch.ClosedAt, out.Despatch.CollectedAt = m.ref, m.closed.time(), m.collected.time()
		}
	default:
		rc := &o.receipts[r.i]
		out.Article = o.lines[rc.line].item.view()
		out.Receipt = &Receipt{
			ReceivedAt: rc.received.time(), ProcessedAt: rc.processed.time(), Ref: rc.ref, RMA: rc.rma, Tracking: rc.tracking,
			Units: rc.qty, Grade: rc.grade, Reason: rc.reason, Note: rc.note,
		}
		if rc.noOrder {
			out.OrderRef = ""
		}
	}
	return out
}

func (it *item) view() Article {
	return Article{SKU: it.sku, Name: it.name, EAN: it.ean, Grams: int(it.price / 40)}
}
