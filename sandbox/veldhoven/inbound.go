package veldhoven

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/fourmarketing/waybill/sandbox/world"
)

// inbound writes the rows of movements, deliveries and purchase orders, of which a file has one kind, and says what they add to the sum of the trailer.
func inbound(buf *bytes.Buffer, f world.File) int {
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(f.Zone).Format(timeLayout)
	}
	sum := 0
	for _, m := range f.Moves {
		n := m.Units
		if m.Within {
			n = 0
		}
		sum += n
		fmt.Fprintf(buf, "%d;%s;%s;%s;%s;%s;%s;%d;%s\n", m.No, at(m.At), code(m.What), strings.ToUpper(m.Reason), m.OrderRef, m.Article.SKU, m.Article.EAN, n, f.Site)
	}
	for _, d := range f.Deliveries {
		sum += d.Units
		booked := ""
		if !d.BookedAt.IsZero() {
			booked = fmt.Sprint(d.Booked)
		}
		fmt.Fprintf(buf, "%s;%s;%s;%s;%s;%s;%s;%s;%s;%d;%s;%s\n", d.Ref, d.PurchaseOrder, d.Supplier, at(d.ArrivedAt), at(d.CountedAt), at(d.BookedAt), at(d.Shut),
			d.Article.SKU, d.Article.EAN, d.Units, booked, f.Site)
	}
	for _, e := range f.Expected {
		sum += e.Units
		status := map[string]string{"open": "OPEN", "cancelled": "GEANNULEERD"}[e.Status]
		fmt.Fprintf(buf, "%s;%d;%s;%s;%s;%d;%s;%s;%s;%s\n", e.PurchaseOrder, e.Line, e.Supplier, e.Article.SKU, e.Article.EAN, e.Units, e.On.Format("20060102"), status,
			at(e.StatedAt), f.Site)
	}
	return sum
}

// code is the warehouse's code of a kind of movement.
func code(what string) string {
	codes := map[string]string{"receipt": "ONT", "despatch": "UIT", "return": "RET", "adjustment": "COR", "transfer": "VPL", "write_off": "AFB"}
	if c := codes[what]; c != "" {
		return c
	}
	return strings.ToUpper(what)
}
