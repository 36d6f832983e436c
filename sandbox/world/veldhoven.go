package world

import (
	"bytes"
	"fmt"
	"strings"
)

// renderVH writes UTF-8, LF, semicolons, a first line with the kind and a last line with rows and sum.
func (s *sim) renderVH(ff *feedFile, v *version) []byte {
	var buf bytes.Buffer
	zone := ff.feed.site.zone
	kind := map[string]string{feedDespatch: "DESP", feedStatus: "STAT", feedReturns: "RET", feedStock: "STK"}[ff.feed.name]
	fmt.Fprintf(&buf, "HDR;VELDHOVEN;%s;%d;%s\n", kind, ff.seq, ff.run.in(zone, vhTime))
	n, sum := len(v.rows)+len(ff.stock), 0
	for _, r := range v.rows {
		fields, qty := r.bad, 0
		if fields == nil {
			fields, qty = s.fieldsVH(ff, r)
		}
		sum += qty
		buf.WriteString(strings.Join(fields, ";") + "\n")
	}
	for i := range ff.stock {
		l := &ff.stock[i]
		sum += l.onHand
		fmt.Fprintf(&buf, "%s;%s;%d;%d;%d;%d;%s;%s\n", l.item.sku, l.item.ean, l.onHand, l.allocated, l.onHand-l.allocated, l.quarantine,
			ff.run.in(zone, vhTime), ff.feed.site.code)
	}
	if v.flaw == flawTrailer {
		n++
	}
	fmt.Fprintf(&buf, "TRL;%d;%d\n", n, sum)
	return buf.Bytes()
}

const vhTime = "20060102150405"

// fieldsVH is a row and what it adds to the sum of the trailer.
func (s *sim) fieldsVH(ff *feedFile, r row) ([]string, int) {
	o, site := r.o, ff.feed.site
	ref := o.wmsRef()
	switch ff.feed.name {
	case feedStatus:
		st := &o.statuses[r.i]
		return []string{ref, site.code, strings.ToUpper(st.what), st.at.in(site.zone, vhTime), st.code, st.reason}, 0
	case feedDespatch:
		d := &o.despatches[r.i]
		it := o.lines[d.line].item
		made := d.at.time().AddDate(0, -5, -int(o.id%20))
		grams := 180 + int(it.price/40)*max(1, d.qty)
		weight := fmt.Sprintf("%d,%03d", grams/1000, grams%1000)
		return []string{
			ref, d.ref, site.code, itoa(d.line + 1), d.at.in(site.zone, vhTime), "DHL", o.service, d.parcelRef, it.sku, it.name, it.ean,
			"L" + made.Format("0601"), made.Format("20060102"), "", itoa(d.ordered), itoa(d.qty), d.tracking, weight, d.short,
		}, d.qty
	}
	rc := &o.receipts[r.i]
	it := o.lines[rc.line].item
	if rc.noOrder {
		ref = ""
	}
	disposition := map[string]string{"A": "RESTOCK", "B": "RESTOCK", "C": "OUTLET", "D": "DESTROY", "X": "HOLD", "M": "NONE"}[rc.grade]
	return []string{
		rc.ref, rc.received.in(site.zone, vhTime), rc.processed.in(site.zone, vhTime), ref, rc.rma, rc.tracking, it.sku, it.ean, itoa(rc.qty),
		rc.reason, rc.grade, disposition, site.code,
	}, rc.qty
}
