package northgate

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"github.com/fourmarketing/waybill/sandbox/world"
)

func header(feed string) string {
	switch feed {
	case world.FeedDespatch:
		return "Salesorder number,Despatch number,Carrier,Service,Despatch date,Tracking number,Item code,Item name,Quantity ordered," +
			"No of items,Short reason,Destination country,Site reference,Email,Contact name,Manifest number,Manifest closed,Collected"
	case world.FeedStatus:
		return "Salesorder number,Status,Status date,Reason code,Reason,Site reference"
	case world.FeedReturns:
		return "Return code,Return date,Processed date,Sales order number,RMA,Tracking number,Item code,Item name,Item barcode,Quantity," +
			"Return reason,Return condition,Is reusable,Site reference,Return comments"
	case world.FeedMovements:
		return "Item code,Item name,Item barcode,Date timestamp,User,From,To,Quantity,Comments,Sales order number,History Id,Site reference,Register reason"
	case world.FeedGoodsIn:
		return "Goods in reference number,Delivery date,Counted date,Booked date,Reconciled date,User,Item code,Item name,Item barcode,Quantity," +
			"Quantity booked,Purchase order number,Site reference,Purchase order supplier"
	case world.FeedExpected:
		return "Purchase order number,Line,Item code,Item barcode,Supplier,Quantity,Expected date,Status,Last changed,Site reference"
	}
	return "Item code,Barcode,On hand,Allocated,Available,Quarantine,Date time,Site reference"
}

// render writes a report.
func render(f world.File) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(charmap.Windows1252.NewEncoder().Writer(&buf))
	w.UseCRLF = true
	names := header(f.Feed)
	if f.Flaw == world.FlawHeader {
		names = strings.Replace(names, "Tracking number", "Consignment number", 1)
	}
	put := func(fields []string) { _ = w.Write(fields) } // into memory; names are within cp1252
	put(strings.Split(names, ","))
	for i, r := range f.Rows {
		fields := row(f, r)
		if f.Flaw == world.FlawCut && i == len(f.Rows)/2 {
			w.Flush()
			buf.WriteString(fields[0][:len(fields[0])/2]) // the connection broke within a field
			return buf.Bytes()
		}
		put(fields)
	}
	for _, l := range f.Stock {
		put(stock(f, l))
	}
	for _, fields := range inbound(f) {
		put(fields)
	}
	n := len(f.Rows) + len(f.Stock) + len(f.Moves) + len(f.Deliveries) + len(f.Expected)
	if f.Flaw == world.FlawTrailer {
		n += 2
	}
	put([]string{"TRL", strconv.Itoa(n)})
	w.Flush()
	return buf.Bytes()
}

const timeLayout = "02/01/2006 15:04:05"

func row(f world.File, r world.Row) []string {
	o, it := r.Order, r.Article
	switch {
	case r.Broken != 0:
		return broken(f, r)
	case r.Status != nil:
		st := r.Status
		return []string{r.OrderRef, word(st.What), st.At.In(f.Zone).Format(timeLayout), st.Code, st.Reason, f.Site}
	case r.Despatch != nil:
		d := r.Despatch
		layout := timeLayout
		if d.At.Second() == 0 {
			layout = "02/01/2006 15:04"
		}
		var closed, collected string
		if d.Manifest != "" {
			closed, collected = "'"+d.ClosedAt.In(f.Zone).Format(timeLayout)+"'", "'"+d.CollectedAt.In(f.Zone).Format(timeLayout)+"'"
		}
		return []string{
			r.OrderRef, d.Ref, carrier(o.Carrier), o.Service, "'" + d.At.In(f.Zone).Format(layout) + "'", d.Tracking, it.SKU, it.Name,
			strconv.Itoa(d.Ordered), strconv.Itoa(d.Units), d.Short, o.Country, f.Site, o.Email, o.Customer,
			d.Manifest, closed, collected,
		}
	}
	rc := r.Receipt
	reusable := map[bool]string{true: "True", false: "False"}[rc.Grade == "A" || rc.Grade == "B"]
	return []string{
		rc.Ref, rc.ReceivedAt.In(f.Zone).Format(timeLayout), rc.ProcessedAt.In(f.Zone).Format(timeLayout), r.OrderRef, rc.RMA, rc.Tracking,
		it.SKU, it.Name, it.EAN, strconv.Itoa(rc.Units), strings.ToUpper(rc.Reason), condition(rc.Grade), reusable, f.Site, rc.Note,
	}
}

func stock(f world.File, l world.Stock) []string {
	return []string{
		l.Article.SKU, l.Article.EAN, strconv.Itoa(l.OnHand), strconv.Itoa(l.Allocated), strconv.Itoa(l.OnHand - l.Allocated - l.Quarantine),
		strconv.Itoa(l.Quarantine), f.Run.In(f.Zone).Format(timeLayout), f.Site,
	}
}

// broken are despatch rows that no contract lets through: half a unit, a day that does not exist, no order, an order
// number that a spreadsheet has been at, a negative quantity.
func broken(f world.File, r world.Row) []string {
	order, on, units := r.OrderRef, f.Run.In(f.Zone).Format(timeLayout), "1"
	switch r.Broken {
	case 1:
		units = "1.5"
	case 2:
		on = "31/02/2026 10:15:00"
	case 3:
		order = ""
	case 4:
		order = "5.06047E+12"
	default:
		units = "-1"
	}
	return []string{
		order, "DN9000001", "DHL", "standard", "'" + on + "'", "", r.Article.SKU, r.Article.Name, "1", units, "", "GB", f.Site, "", "", "", "", "",
	}
}

// carrier is the warehouse's word for a carrier.
func carrier(source string) string {
	switch source {
	case "dhl":
		return "DHL"
	case "royal_mail":
		return "Royal Mail"
	}
	return source
}

func condition(grade string) string {
	return map[string]string{"A": "NEW", "B": "OPENED", "C": "WORN", "D": "DAMAGED", "R": "REFUSED", "X": "NOT OURS", "M": "MISSING"}[grade]
}

// word is the warehouse's word for a status: on_hold is "On Hold".
func word(what string) string {
	words := strings.Split(what, "_")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

// Words are how it tells a status and a reason.
func Words() world.SiteWords {
	return world.SiteWords{Status: word, Reason: strings.ToUpper, Move: comment}
}
