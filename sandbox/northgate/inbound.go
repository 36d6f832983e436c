package northgate

import (
	"strconv"
	"time"

	"github.com/fourmarketing/waybill/sandbox/world"
)

// inbound are the rows of movements, goods in and purchase orders; a file has those of one kind.
func inbound(f world.File) [][]string {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return "'" + t.In(f.Zone).Format(timeLayout) + "'"
	}
	var out [][]string
	for _, m := range f.Moves {
		from, to, n := places(m)
		out = append(out, []string{
			m.Article.SKU, m.Article.Name, m.Article.EAN, at(m.At), "Joe Harrison", from, to, strconv.Itoa(n), comment(m.What), m.OrderRef, strconv.Itoa(m.No), f.Site, m.Reason,
		})
	}
	for _, d := range f.Deliveries {
		booked := ""
		if !d.BookedAt.IsZero() {
			booked = strconv.Itoa(d.Booked)
		}
		out = append(out, []string{
			d.Ref, at(d.ArrivedAt), at(d.CountedAt), at(d.BookedAt), at(d.Shut), "Ann Lister", d.Article.SKU, d.Article.Name, d.Article.EAN, strconv.Itoa(d.Units),
			booked, d.PurchaseOrder, f.Site, d.Supplier,
		})
	}
	for _, e := range f.Expected {
		out = append(out, []string{
			e.PurchaseOrder, strconv.Itoa(e.Line), e.Article.SKU, e.Article.EAN, e.Supplier, strconv.Itoa(e.Units), e.On.Format("02/01/2006"), word(e.Status), at(e.StatedAt), f.Site,
		})
	}
	return out
}

// places are where units came from and went to, blank for outside, and how many they were: the report has no signs.
func places(m world.StockMove) (from, to string, n int) {
	switch {
	case m.Within:
		return "BULK-04", "A-01-02", m.Units
	case m.Units < 0:
		return "A-01-02", "", -m.Units
	}
	return "", "A-01-02", m.Units
}

// comment is the warehouse's word for a kind of movement.
func comment(what string) string {
	words := map[string]string{"receipt": "Received", "despatch": "Despatched", "return": "Returned", "adjustment": "Adjusted", "transfer": "Moved", "write_off": "Written off"}
	if w := words[what]; w != "" {
		return w
	}
	return word(what)
}
