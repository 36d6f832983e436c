package world

import (
	"bytes"
	"encoding/csv"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// render writes a version of a file in its site's format.
func (s *sim) render(ff *feedFile, v *version) []byte {
	if ff.feed.site.source == "veldhoven" {
		return s.renderVH(ff, v)
	}
	return s.renderNG(ff, v)
}

func headerNG(feed string) string {
	switch feed {
	case feedDespatch:
		return "Salesorder number,Despatch number,Carrier,Service,Despatch date,Tracking number,Item code,Item name,Quantity ordered," +
			"No of items,Short reason,Destination country,Site reference,Email,Contact name"
	case feedStatus:
		return "Salesorder number,Status,Status date,Reason code,Reason,Site reference"
	case feedReturns:
		return "Return code,Return date,Processed date,Sales order number,RMA,Tracking number,Item code,Item name,Item barcode,Quantity," +
			"Return reason,Return condition,Is reusable,Site reference,Return comments"
	}
	return "Item code,Barcode,On hand,Allocated,Available,Quarantine,Date time,Site reference"
}

// renderNG writes cp1252, CRLF, commas, quotes where needed, a header and a trailer with the number of rows.
func (s *sim) renderNG(ff *feedFile, v *version) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(charmap.Windows1252.NewEncoder().Writer(&buf))
	w.UseCRLF = true
	header := headerNG(ff.feed.name)
	if v.flaw == flawHeader {
		header = strings.Replace(header, "Tracking number", "Consignment number", 1)
	}
	put := func(fields []string) { _ = w.Write(fields) } // into memory; names are within cp1252
	put(strings.Split(header, ","))
	n := len(v.rows)
	for i, r := range v.rows {
		fields := r.bad
		if fields == nil {
			fields = s.fieldsNG(ff, r)
		}
		if v.flaw == flawCut && i == n/2 {
			w.Flush()
			buf.WriteString(fields[0][:len(fields[0])/2]) // the connection broke within a field
			return buf.Bytes()
		}
		put(fields)
	}
	for i := range ff.stock {
		put(stockNG(ff, &ff.stock[i]))
	}
	n += len(ff.stock)
	if v.flaw == flawTrailer {
		n += 2
	}
	put([]string{"TRL", itoa(n)})
	w.Flush()
	return buf.Bytes()
}

const ngTime = "02/01/2006 15:04:05"

func (s *sim) fieldsNG(ff *feedFile, r row) []string {
	o, site := r.o, ff.feed.site
	switch ff.feed.name {
	case feedStatus:
		st := &o.statuses[r.i]
		return []string{o.name, wordNG(st.what), st.at.in(site.zone, ngTime), st.code, st.reason, site.code}
	case feedDespatch:
		d := &o.despatches[r.i]
		layout := ngTime
		if d.at%60 == 0 {
			layout = "02/01/2006 15:04"
		}
		it := o.lines[d.line].item
		return []string{
			o.name, d.ref, "DHL", o.service, "'" + d.at.in(site.zone, layout) + "'", d.tracking, it.sku, it.name,
			itoa(d.ordered), itoa(d.qty), d.short, o.to.country, site.code, o.email(), o.first + " " + o.last,
		}
	}
	rc := &o.receipts[r.i]
	it := o.lines[rc.line].item
	ref := o.name
	if rc.noOrder {
		ref = ""
	}
	reusable := map[bool]string{true: "True", false: "False"}[rc.grade == "A" || rc.grade == "B"]
	return []string{
		rc.ref, rc.received.in(site.zone, ngTime), rc.processed.in(site.zone, ngTime), ref, rc.rma, rc.tracking, it.sku, it.name, it.ean,
		itoa(rc.qty), rc.reason, conditionNG(rc.grade), reusable, site.code, rc.note,
	}
}

func stockNG(ff *feedFile, l *stockRow) []string {
	return []string{
		l.item.sku, l.item.ean, itoa(l.onHand), itoa(l.allocated), itoa(l.onHand - l.allocated), itoa(l.quarantine),
		ff.run.in(ff.feed.site.zone, ngTime), ff.feed.site.code,
	}
}

func conditionNG(grade string) string {
	return map[string]string{"A": "NEW", "B": "OPENED", "C": "WORN", "D": "DAMAGED", "X": "NOT OURS", "M": "MISSING"}[grade]
}

// wordNG is the warehouse's word for a status: on_hold is "On Hold".
func wordNG(what string) string {
	words := strings.Split(what, "_")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}
