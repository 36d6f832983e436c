// Package veldhoven is a warehouse system that reports by files without column names over FTP with TLS: UTF-8, LF,
// semicolons, a first line with the kind, a last line with rows and sum. An empty <name>.ok says that a file is whole.
package veldhoven

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fourmarketing/waybill/sandbox/servers"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// System is what a site of a group runs on to be served by this package.
const System = "veldhoven"

// Reports say how the system names its files.
func Reports() world.Reports {
	return world.Reports{
		First: map[string]int{
			world.FeedDespatch: 2001, world.FeedStatus: 4001, world.FeedReturns: 6001, world.FeedStock: 8001, world.FeedMovements: 10001,
			world.FeedGoodsIn: 12001, world.FeedExpected: 14001,
		},
		Broken: 3,
		Path: func(feed string, run time.Time, seq int) string {
			return fmt.Sprintf("uit/VH_%s_%s_%d.csv", kind(feed), run.Format(timeLayout), seq)
		},
	}
}

// Start serves every site that runs on the system.
func Start(_ context.Context, s servers.Stage) (*servers.Partner, error) {
	p := &servers.Partner{}
	for _, site := range s.World.Group().Sites {
		if site.System != System {
			continue
		}
		files := func(at time.Time) ([]servers.File, error) { return Files(s.World, site.Source, at), nil }
		if err := s.FTPS(p, servers.Warehouse{Source: site.Source, Within: "uit", Marked: true, FilesAt: files}); err != nil {
			return p, err
		}
	}
	return p, nil
}

// Files are what lies on a site's server at an instant: every report with its newest bytes and its marker.
func Files(w *world.World, source string, at time.Time) []servers.File {
	var out []servers.File
	for _, f := range w.Files(source, at) {
		out = append(out, servers.File{Path: f.Path, Body: render(f), ModifiedAt: f.ModifiedAt},
			servers.File{Path: f.Path + ".ok", Body: []byte{}, ModifiedAt: f.ModifiedAt})
	}
	return out
}

func kind(feed string) string {
	return map[string]string{
		world.FeedDespatch: "DESP", world.FeedStatus: "STAT", world.FeedReturns: "RET", world.FeedStock: "STK", world.FeedMovements: "MUT", world.FeedGoodsIn: "ONT",
		world.FeedExpected: "AVI",
	}[feed]
}

const timeLayout = "20060102150405"

// render writes a report.
func render(f world.File) []byte {
	var buf bytes.Buffer
	run := f.Run.In(f.Zone).Format(timeLayout)
	fmt.Fprintf(&buf, "HDR;VELDHOVEN;%s;%d;%s\n", kind(f.Feed), f.Seq, run)
	n, sum := len(f.Rows)+len(f.Stock)+len(f.Moves)+len(f.Deliveries)+len(f.Expected), 0
	for _, r := range f.Rows {
		fields, units := row(f, r)
		sum += units
		buf.WriteString(strings.Join(fields, ";") + "\n")
	}
	for _, l := range f.Stock {
		sum += l.OnHand
		fmt.Fprintf(&buf, "%s;%s;%d;%d;%d;%d;%s;%s\n", l.Article.SKU, l.Article.EAN, l.OnHand, l.Allocated, l.OnHand-l.Allocated-l.Quarantine, l.Quarantine, run, f.Site)
	}
	sum += inbound(&buf, f)
	if f.Flaw == world.FlawTrailer {
		n++
	}
	fmt.Fprintf(&buf, "TRL;%d;%d\n", n, sum)
	return buf.Bytes()
}

// row is a line's fields and what it adds to the sum of the trailer.
func row(f world.File, r world.Row) ([]string, int) {
	o, it := r.Order, r.Article
	switch {
	case r.Broken != 0:
		return broken(f, r), 0
	case r.Status != nil:
		st := r.Status
		return []string{r.OrderRef, f.Site, strings.ToUpper(st.What), st.At.In(f.Zone).Format(timeLayout), st.Code, st.Reason}, 0
	case r.Despatch != nil:
		d := r.Despatch
		made := d.At.AddDate(0, -5, -int(o.ID%20))
		grams := 180 + it.Grams*max(1, d.Units)
		weight := fmt.Sprintf("%d,%03d", grams/1000, grams%1000)
		return []string{
			r.OrderRef, d.Ref, f.Site, strconv.Itoa(d.Line), d.At.In(f.Zone).Format(timeLayout), carrier(o.Carrier), o.Service, d.ParcelRef,
			it.SKU, it.Name, it.EAN, "L" + made.Format("0601"), made.Format("20060102"), "", strconv.Itoa(d.Ordered), strconv.Itoa(d.Units),
			d.Tracking, weight, d.Short,
		}, d.Units
	}
	rc := r.Receipt
	disposition := dispositions()[rc.Grade]
	return []string{
		rc.Ref, rc.ReceivedAt.In(f.Zone).Format(timeLayout), rc.ProcessedAt.In(f.Zone).Format(timeLayout), r.OrderRef, rc.RMA, rc.Tracking,
		it.SKU, it.EAN, strconv.Itoa(rc.Units), strings.ToUpper(rc.Reason), rc.Grade, disposition, f.Site,
	}, rc.Units
}

// broken are despatch rows that no contract lets through: no order, a day that does not exist, an order number that a
// spreadsheet has been at. They have no quantity, so that the sum in the trailer is the same however they are counted.
func broken(f world.File, r world.Row) []string {
	order, at := r.OrderRef, f.Run.In(f.Zone).Format(timeLayout)
	switch r.Broken {
	case 1:
		order = ""
	case 2:
		at = "20260231101500"
	default:
		order = "5.2E+09"
	}
	return []string{
		order, "V26900001", f.Site, "1", at, "DHL", "standard", "PV26900001-1", r.Article.SKU, r.Article.Name, r.Article.EAN, "L2601", "20260105",
		"", "1", "0", "", "0,320", "OUT OF STOCK",
	}
}

// carrier is the warehouse's word for a carrier.
func carrier(source string) string { return strings.ToUpper(source) }

// Words are how it tells a status, a reason and what becomes of a return.
func Words() world.SiteWords {
	return world.SiteWords{Status: strings.ToUpper, Reason: strings.ToUpper, Move: code, Fates: dispositions()}
}

func dispositions() map[string]string {
	return map[string]string{"A": "RESTOCK", "B": "RESTOCK", "C": "OUTLET", "D": "DESTROY", "R": "BACK", "X": "HOLD", "M": "NONE"}
}
