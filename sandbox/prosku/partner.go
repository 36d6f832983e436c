package prosku

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/fourmarketing/waybill/sandbox/servers"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// System is what a site of a group runs on to be served by this package.
const System = "prosku"

// Reports say how the system names its files, which have no numbers. A despatch note or a receipt is one record.
func Reports() world.Reports {
	return world.Reports{
		Documents: true, Broken: 3,
		Path: func(feed string, run time.Time, _ int) string {
			return fmt.Sprintf("out/%s_%s.xml", kind(feed), run.Format("20060102_1504"))
		},
	}
}

func kind(feed string) string {
	return map[string]string{
		world.FeedDespatch: "despatch_notes", world.FeedStatus: "order_events", world.FeedReturns: "receipts", world.FeedStock: "stock_report",
	}[feed]
}

// Start serves every site that runs on the system, over SFTP.
func Start(_ context.Context, s servers.Stage) (*servers.Partner, error) {
	p := &servers.Partner{}
	for _, site := range s.World.Group().Sites {
		if site.System != System {
			continue
		}
		files := func(at time.Time) ([]servers.File, error) { return Files(s.World, site.Source, at) }
		if err := s.SFTP(p, servers.Warehouse{Source: site.Source, Within: "out", FilesAt: files}); err != nil {
			return p, err
		}
	}
	return p, nil
}

// Files are what lies on a site's server at an instant: every document with its newest bytes.
func Files(w *world.World, source string, at time.Time) ([]servers.File, error) {
	var out []servers.File
	for _, f := range w.Files(source, at) {
		body, err := document(f)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", f.Path, err)
		}
		out = append(out, servers.File{Path: f.Path, Body: body, ModifiedAt: f.ModifiedAt})
	}
	return out, nil
}

// form draws the quirks of a document from its day, as ProSKU's published samples have them, one and the other.
func form(f world.File) Form {
	day := f.Run.In(f.Zone).YearDay()
	out := Form{
		Zone: f.Zone, ShortYears: day%5 == 1, GMT: day%5 == 3, NoSeconds: true, Decimals: day%3 == 0, Misspelt: day%2 == 0, Typed: day%4 == 0, OneLine: day%7 == 0,
	}
	if f.Flaw == world.FlawTrailer {
		out.Miscount = 2
	}
	return out
}

func document(f world.File) ([]byte, error) {
	var body []byte
	var err error
	switch f.Feed {
	case world.FeedDespatch:
		body, err = Despatches(notes(f), form(f))
	case world.FeedStatus:
		body, err = OrderEvents(events(f), form(f))
	case world.FeedReturns:
		body, err = Receipts(receipts(f), form(f))
	default:
		body, err = StockReport(stock(f), Count{At: f.Run, Depot: f.Site}, form(f))
	}
	if err != nil || f.Flaw != world.FlawCut {
		return body, err
	}
	return cut(body, "<"+map[string]string{
		world.FeedDespatch: "Despatch_note", world.FeedStatus: "order_event", world.FeedReturns: "receipt", world.FeedStock: "change",
	}[f.Feed]+">"), nil
}

// cut ends a document within its middle record.
func cut(body []byte, record string) []byte {
	at := 0
	for range bytes.Count(body, []byte(record))/2 + 1 {
		next := bytes.Index(body[at:], []byte(record))
		if next < 0 {
			break
		}
		at += next + len(record)
	}
	return body[:min(len(body), at+10)]
}

func events(f world.File) []OrderEvent {
	var out []OrderEvent
	for _, r := range f.Rows {
		st := r.Status
		out = append(out, OrderEvent{Order: r.OrderRef, Status: st.What, Changed: st.At, ReasonCode: st.Code, Reason: st.Reason, Depot: f.Site})
	}
	return out
}

// notes puts the lines of a despatch into one note.
func notes(f world.File) []DespatchNote {
	var out []DespatchNote
	var before *world.Despatch
	for _, r := range f.Rows {
		d := r.Despatch
		if r.Broken != 0 {
			out, before = append(out, broken(f, r)), nil
			continue
		}
		if before == nil || before.Ref != d.Ref || !before.At.Equal(d.At) {
			carrier, service := carried(r.Order)
			out = append(out, DespatchNote{
				Number: d.Ref, Order: r.OrderRef, Delivery: d.At.AddDate(0, 0, 2), Carrier: carrier, Service: service, Tracking: d.Tracking,
				DeliverTo: r.Order.Customer + " " + r.Order.Country, Confirmed: d.At, Depot: f.Site,
			})
		}
		last := &out[len(out)-1]
		last.Lines = append(last.Lines, DespatchLine{Product: r.Article.SKU, Quantity: d.Units})
		before = d
	}
	return out
}

// carried are the warehouse's words for a carrier and its service.
func carried(o world.ParcelOrder) (carrier, service string) {
	switch {
	case o.Carrier == "royal_mail" && o.Service == "express":
		return "Royal Mail Tracked 24", o.Service
	case o.Carrier == "royal_mail":
		return "Royal Mail Tracked 48", o.Service
	}
	return strings.ToUpper(o.Carrier), o.Service
}

// broken are notes that no contract lets through: an order number that a spreadsheet has been at, no order, no product.
func broken(f world.File, r world.Row) DespatchNote {
	n := DespatchNote{
		Number: "999001", Order: r.OrderRef, Delivery: f.Run, Carrier: "DHL", Service: "standard", Confirmed: f.Run, Depot: f.Site,
		Lines: []DespatchLine{{Product: r.Article.SKU, Quantity: 1}},
	}
	switch r.Broken {
	case 1:
		n.Order = "5.06047E+12"
	case 2:
		n.Order = ""
	default:
		n.Lines[0].Product = ""
	}
	return n
}

// receipts puts the lines of a return into one receipt.
func receipts(f world.File) []Receipt {
	var out []Receipt
	var before *world.Receipt
	for i, r := range f.Rows {
		rc := r.Receipt
		if before == nil || before.Ref != rc.Ref || !before.ReceivedAt.Equal(rc.ReceivedAt) {
			out = append(out, Receipt{Number: rc.Ref, Received: rc.ReceivedAt, Supplier: Returns, Order: r.OrderRef, AdditionalRef: rc.RMA, Depot: f.Site})
		}
		last := &out[len(out)-1]
		last.Lines = append(last.Lines, ReceiptLine{
			Product: r.Article.SKU, ID: f.Run.YearDay()*1000 + i, Quantity: rc.Units, Location: "01A01C", Completed: rc.ProcessedAt, Tracking: rc.Tracking,
			Condition: condition(rc.Grade), Reason: rc.Reason,
		})
		before = rc
	}
	return out
}

func condition(grade string) string {
	return map[string]string{"A": "As new", "B": "Opened", "C": "Worn", "D": "Damaged", "R": "Refused", "X": "Not ours", "M": "Missing"}[grade]
}

func stock(f world.File) []Stock {
	var out []Stock
	for _, l := range f.Stock {
		out = append(out, Stock{Product: l.Article.SKU, Changed: f.Run, Available: l.OnHand - l.Quarantine, Unavailable: l.Quarantine})
	}
	return out
}
