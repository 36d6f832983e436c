package load_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/sandbox/prosku"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// larkhill draws documents of a ProSKU warehouse and keeps what they say.
type larkhill struct {
	t    *testing.T
	rt   *rapid.T
	db   *sql.DB
	zone *time.Location
	form prosku.Form
}

func drawForm(rt *rapid.T, zone *time.Location) prosku.Form {
	on := rapid.Bool()
	return prosku.Form{
		Zone: zone, ShortYears: on.Draw(rt, "short years"), GMT: on.Draw(rt, "GMT"), NoSeconds: on.Draw(rt, "no seconds"), Decimals: on.Draw(rt, "decimals"),
		Misspelt: on.Draw(rt, "misspelt"), Typed: on.Draw(rt, "typed"), OneLine: on.Draw(rt, "one line"), Windows1252: on.Draw(rt, "windows-1252"),
	}
}

// at draws an instant that its wall time in Britain names alone, unless it is written in GMT.
func (l larkhill) at(name string) time.Time {
	seconds := rapid.SampledFrom([]int{0, 8}).Draw(l.rt, name+" seconds")
	at := time.Date(2026, 1, 1, 0, rapid.IntRange(0, 60*24*80).Draw(l.rt, name), seconds, 0, time.UTC)
	if change := time.Date(2025, 10, 26, 0, 0, 0, 0, time.UTC); rapid.IntRange(0, 9).Draw(l.rt, name+" at a change") == 0 {
		at = change.Add(time.Duration(rapid.IntRange(0, 4*60).Draw(l.rt, name+" minutes")) * time.Minute)
		if hour := at.Sub(change).Hours(); !l.form.GMT && hour >= 1 && hour < 2 {
			at = at.Add(-time.Hour) // 01:00 to 02:00 was twice; a wall time is the first of them
		}
	}
	return at
}

func (l larkhill) text(name string, from ...string) string {
	return rapid.SampledFrom(from).Draw(l.rt, name)
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05+00") }

func orNull(s string) string {
	if s == "" {
		return "∅"
	}
	return s
}

// landedAs asserts that a document loads whole, to rows with these columns.
func (l larkhill) landedAs(c typing.Contract, columns string, document []byte, want []string) {
	l.t.Helper()
	res, err := load.New(l.db).Load(l.t.Context(), input(l.t, c, document))
	if err != nil || res.Hold != nil || res.Rejected > 0 || res.Notes() != "" {
		l.rt.Fatalf("%v, hold %v, rejected %v, %s\n%s", err, res.Hold, res.RejectsByRule, res.Notes(), document)
	}
	var items []string
	for _, name := range strings.Fields(columns) {
		items = append(items, fmt.Sprintf("coalesce(cast(%s as varchar), '∅')", name))
	}
	query := "select concat_ws(' | ', " + strings.Join(items, ", ") + ") from read_parquet(%s)"
	sameTexts(l.rt, string(document), texts(l.rt, l.db, query, res.Files[c.Tables[0].Name]), want)
}

// TestLarkhillLandsAsItWasMeant: whatever notes, receipts, events and stock a warehouse has, and in whichever form it writes them, the raw
// tables hold what they say. The documents are written by the sandbox, which shares no code with what reads them.
func TestLarkhillLandsAsItWasMeant(t *testing.T) {
	t.Parallel()
	db := openDuck(t)
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	contracts := map[string]typing.Contract{}
	for _, name := range []string{"despatch", "order_status", "returns", "stock"} {
		contracts[name] = definition(t, "larkhill", name)
	}
	rapid.Check(t, func(rt *rapid.T) {
		l := larkhill{t: t, rt: rt, db: db, zone: zone, form: drawForm(rt, zone)}
		switch name := rapid.SampledFrom([]string{"despatch", "order_status", "returns", "stock"}).Draw(rt, "feed"); name {
		case "despatch":
			document, want := l.despatches()
			l.landedAs(contracts[name], "order_ref despatch_ref carrier_code service_code despatched_at tracking_no sku qty_despatched site", document, want)
		case "order_status":
			document, want := l.events()
			l.landedAs(contracts[name], "order_ref status_raw status status_at reason_code reason_text site", document, want)
		case "returns":
			document, want := l.receipts()
			l.landedAs(contracts[name], "return_ref received_at processed_at order_ref rma tracking_no sku qty reason_raw grade site", document, want)
		case "stock":
			document, want := l.stock()
			l.landedAs(contracts[name], "sku qty_available qty_quarantine snapshot_at site", document, want)
		}
	})
}

func (l larkhill) written(document []byte, err error) []byte {
	if err != nil {
		l.rt.Fatal(err)
	}
	return document
}

func (l larkhill) despatches() (document []byte, want []string) {
	var notes []prosku.DespatchNote
	for i := range rapid.IntRange(0, 4).Draw(l.rt, "notes") {
		n := prosku.DespatchNote{
			Number: fmt.Sprintf("%06d", i), Order: l.text("order", "AV1001", "000012", "HR7"), Carrier: l.text("carrier", "DHL", "Royal Mail Tracked 48", ""),
			Service: l.text("service", "standard", "express"), Tracking: l.text("tracking", "", "JVGL0000000001"), DeliverTo: "Zoë <b> & Sons", Confirmed: l.at("confirmed"), Depot: "LH1",
		}
		for k := range rapid.IntRange(1, 3).Draw(l.rt, "lines") {
			line := prosku.DespatchLine{Product: fmt.Sprintf("A&%d/Ø", k), Quantity: rapid.IntRange(0, 999).Draw(l.rt, "quantity"), Tracking: l.text("parcel", "", "JVGL0000000002")}
			n.Lines = append(n.Lines, line)
			tracking := line.Tracking
			if tracking == "" {
				tracking = n.Tracking
			}
			want = append(want, strings.Join([]string{
				n.Order, n.Number, orNull(n.Carrier), n.Service, utc(n.Confirmed), orNull(tracking), line.Product, fmt.Sprint(line.Quantity), "LH1",
			}, " | "))
		}
		notes = append(notes, n)
	}
	return l.written(prosku.Despatches(notes, l.form)), want
}

func (l larkhill) events() (document []byte, want []string) {
	var events []prosku.OrderEvent
	for range rapid.IntRange(0, 5).Draw(l.rt, "events") {
		e := prosku.OrderEvent{
			Order: l.text("order", "AV1001", "12"), Status: l.text("status", "received", "on_hold", "part_despatched", "query", "lost"), Changed: l.at("changed"),
			ReasonCode: l.text("code", "", "ADDR"), Reason: l.text("reason", "", "Address & phone"), Depot: "LH1",
		}
		events = append(events, e)
		status := e.Status
		if status == "lost" { // no word of the contract's
			status = "∅"
		}
		want = append(want, strings.Join([]string{e.Order, e.Status, status, utc(e.Changed), orNull(e.ReasonCode), orNull(e.Reason), "LH1"}, " | "))
	}
	return l.written(prosku.OrderEvents(events, l.form)), want
}

func (l larkhill) receipts() (document []byte, want []string) {
	l.form.DateOnly = rapid.Bool().Draw(l.rt, "date only")
	grades := map[string]string{"As new": "A", "Opened": "B", "Worn": "C", "Damaged": "D", "Not ours": "X", "Missing": "M"}
	var receipts []prosku.Receipt
	for i := range rapid.IntRange(0, 4).Draw(l.rt, "receipts") {
		r := prosku.Receipt{
			Number: fmt.Sprintf("%06d", i), Received: l.at("received"), Supplier: l.text("supplier", prosku.Returns, prosku.Returns, "supplier2"),
			Order: l.text("order", "", "AV1001"), AdditionalRef: l.text("rma", "", "AV1001-R1"), Depot: "LH1",
		}
		received := utc(r.Received)
		if l.form.DateOnly {
			y, m, d := r.Received.In(l.zone).Date()
			received = utc(time.Date(y, m, d, 0, 0, 0, 0, l.zone))
		}
		for k := range rapid.IntRange(1, 3).Draw(l.rt, "lines") {
			line := prosku.ReceiptLine{
				Product: fmt.Sprintf("A-%d", k), ID: k, Quantity: rapid.IntRange(0, 9).Draw(l.rt, "quantity"), Completed: l.at("completed"), Tracking: l.text("tracking", "", "JJD014410000006133"),
				Condition: l.text("condition", "As new", "Opened", "Worn", "Damaged", "Not ours", "Missing"), Reason: l.text("reason", "", "Too small"),
			}
			r.Lines = append(r.Lines, line)
			if r.Supplier == prosku.Returns {
				want = append(want, strings.Join([]string{
					r.Number, received, utc(line.Completed), orNull(r.Order), orNull(r.AdditionalRef), orNull(line.Tracking), line.Product, fmt.Sprint(line.Quantity),
					orNull(line.Reason), grades[line.Condition], "LH1",
				}, " | "))
			}
		}
		receipts = append(receipts, r)
	}
	return l.written(prosku.Receipts(receipts, l.form)), want
}

func (l larkhill) stock() (document []byte, want []string) {
	count := prosku.Count{At: l.at("count"), Depot: "LH1"}
	var stock []prosku.Stock
	for i := range rapid.IntRange(0, 5).Draw(l.rt, "products") {
		s := prosku.Stock{
			Product: fmt.Sprintf("1000-%04d", i), Changed: l.at("changed"), Available: rapid.IntRange(-5, 5000).Draw(l.rt, "available"),
			Unavailable: rapid.IntRange(0, 50).Draw(l.rt, "unavailable"), OnOrder: 3,
		}
		stock = append(stock, s)
		want = append(want, strings.Join([]string{s.Product, fmt.Sprint(s.Available), fmt.Sprint(s.Unavailable), utc(count.At), "LH1"}, " | "))
	}
	return l.written(prosku.StockReport(stock, count, l.form)), want
}

// TestLarkhillsFaultsAreHeld: a total that is not the file's, text that is no XML, and a document that ends early.
func TestLarkhillsFaultsAreHeld(t *testing.T) {
	t.Parallel()
	db := openDuck(t)
	c := definition(t, "larkhill", "despatch")
	at := time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC)
	notes := []prosku.DespatchNote{
		{Number: "1", Order: "AV1", Confirmed: at, DeliverTo: "Ann & Sons", Depot: "LH1", Lines: []prosku.DespatchLine{{Product: "A", Quantity: 1}}},
		{Number: "2", Order: "AV2", Confirmed: at, Depot: "LH1", Lines: []prosku.DespatchLine{{Product: "A", Quantity: 1}}},
	}
	for rule, form := range map[string]prosku.Form{"control": {Miscount: 1}, "xml": {BareAmpersands: true}, "truncated": {}} {
		form.Zone = time.UTC
		document, err := prosku.Despatches(notes, form)
		if err != nil {
			t.Fatal(err)
		}
		if rule == "truncated" {
			document = document[:len(document)-20]
		}
		res, err := load.New(db).Load(t.Context(), input(t, c, document))
		if err != nil || res.Hold == nil || res.Hold.Rule != rule || len(res.Files) > 0 {
			t.Errorf("%s: %v, hold %v", rule, err, res.Hold)
		}
		if res.Hold != nil && strings.Contains(res.Hold.String(), "Sons") {
			t.Errorf("the hold shows whom it is for: %v", res.Hold)
		}
	}
	if got := c.TableNames(); len(got) != 1 || got[0] != (waybill.TableName{Namespace: "raw", Name: "wms_despatch"}) {
		t.Errorf("tables %v", got)
	}
}
