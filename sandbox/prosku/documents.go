package prosku

import (
	"encoding/xml"
	"time"
)

// DespatchNote is goods that left together.
type DespatchNote struct {
	Number        string // 006579: leading noughts are part of it
	Order         string // the shop's order name without its number sign
	Delivery      time.Time
	Carrier       string // Larkhill's own, as are Service and Tracking: the warehouse's words, DHL or Royal Mail Tracked 48
	Service       string
	Tracking      string // of all lines; empty where there is none, and where each line has its own
	AdditionalRef string
	DeliverTo     string // name and address in one text
	Confirmed     time.Time
	Depot         string // Larkhill's own
	Lines         []DespatchLine
}

// DespatchLine is a product of a note.
type DespatchLine struct {
	Product  string
	Quantity int
	Tracking string // Larkhill's own: the parcel, where a note goes in several
}

type despatchDocument struct {
	XMLName xml.Name `xml:"APIResponse"`
	Total   int      `xml:"total_despatches"`
	Notes   struct {
		Note []despatchXML `xml:"Despatch_note"`
	} `xml:"Despatch_notes"`
}

type despatchXML struct {
	Number        string     `xml:"despatch_number"`
	Order         string     `xml:"order_number"`
	Delivery      string     `xml:"delivery_date"`
	Carrier       carrierXML `xml:"carrier_data"`
	AdditionalRef string     `xml:"additional_ref"`
	DeliverTo     string     `xml:"deliver_to"`
	Confirmed     string     `xml:"confirmed_at"`
	Depot         string     `xml:"depot"`
	Lines         struct {
		Line []despatchLineXML `xml:"despatch_line"`
	} `xml:"despatch_lines"`
}

type carrierXML struct {
	Carrier  string   `xml:"carrier,omitempty"`
	Service  string   `xml:"service,omitempty"`
	Tracking []string `xml:"tracking_numbers>tracking_number"`
}

type despatchLineXML struct {
	Product  string `xml:"product_code"`
	Quantity string `xml:"quantity"`
	Tracking string `xml:"tracking_number,omitempty"`
}

// Despatches writes despatch notes.
func Despatches(notes []DespatchNote, f Form) ([]byte, error) {
	doc := despatchDocument{Total: len(notes) + f.Miscount}
	for _, n := range notes {
		x := despatchXML{
			Number: n.Number, Order: n.Order, Delivery: n.Delivery.In(f.Zone).Format("02/01/2006 15:04"), Carrier: carrierXML{Carrier: n.Carrier, Service: n.Service},
			AdditionalRef: n.AdditionalRef, DeliverTo: n.DeliverTo, Confirmed: f.at(n.Confirmed), Depot: n.Depot,
		}
		if n.Tracking != "" {
			x.Carrier.Tracking = []string{n.Tracking}
		}
		for _, l := range n.Lines {
			x.Lines.Line = append(x.Lines.Line, despatchLineXML{l.Product, f.units(l.Quantity), l.Tracking})
		}
		doc.Notes.Note = append(doc.Notes.Note, x)
	}
	return f.document(doc)
}

// Returns is the supplier of a receipt that customers sent back, by Larkhill's agreement.
const Returns = "RETURNS"

// Receipt is goods that came in together.
type Receipt struct {
	Number        string
	Received      time.Time
	Supplier      string // Returns, or who delivered
	Order         string // Larkhill's own; empty when nobody knows
	AdditionalRef string // Larkhill's own: the name of the return, where it was announced
	Depot         string // Larkhill's own
	Lines         []ReceiptLine
}

// ReceiptLine is a product of a receipt.
type ReceiptLine struct {
	Product   string
	ID        int // of the line
	Quantity  int
	Location  string
	Completed time.Time
	Tracking  string // Larkhill's own, as are Condition and Reason
	Condition string // As new, Opened, Worn, Damaged, Not ours, Missing
	Reason    string // the warehouse's word
}

type receiptDocument struct {
	XMLName  xml.Name `xml:"APIResponse"`
	Total    int      `xml:"total_receipts"`
	Receipts struct {
		Receipt []receiptXML `xml:"receipt"`
	} `xml:"receipts"`
}

type receiptXML struct {
	Number        string `xml:"receipt_number"`
	Received      string `xml:"receipt_date"`
	Supplier      string `xml:"supplier_detail"`
	Status        string `xml:"receipt_status"`
	Order         string `xml:"order_number,omitempty"`
	AdditionalRef string `xml:"additional_ref,omitempty"`
	Depot         string `xml:"depot"`
	Lines         struct {
		Line []receiptLineXML `xml:"line"`
	} `xml:"lines"`
}

type receiptLineXML struct {
	Product   string `xml:"product_code"`
	ID        int    `xml:"line_id"`
	Quantity  string `xml:"quantity"`
	Location  string `xml:"location"`
	Completed string `xml:"completed_at"`
	Tracking  string `xml:"tracking_number,omitempty"`
	Condition string `xml:"condition,omitempty"`
	Reason    string `xml:"reason,omitempty"`
}

// Receipts writes receipts, all of them completed.
func Receipts(receipts []Receipt, f Form) ([]byte, error) {
	doc := receiptDocument{Total: len(receipts) + f.Miscount}
	for _, r := range receipts {
		x := receiptXML{
			Number: r.Number, Received: f.arrival(r.Received), Supplier: r.Supplier, Status: "completed",
			Order: r.Order, AdditionalRef: r.AdditionalRef, Depot: r.Depot,
		}
		for _, l := range r.Lines {
			x.Lines.Line = append(x.Lines.Line, receiptLineXML{l.Product, l.ID, f.units(l.Quantity), l.Location, f.at(l.Completed), l.Tracking, l.Condition, l.Reason})
		}
		doc.Receipts.Receipt = append(doc.Receipts.Receipt, x)
	}
	return f.document(doc)
}

// OrderEvent is a step of an order. The document is Larkhill's own.
type OrderEvent struct {
	Order      string
	Status     string // received, allocated, on_hold, shortage, picking, picked, packed, despatched, part_despatched, cancelled or query
	Changed    time.Time
	ReasonCode string
	Reason     string
	Depot      string
}

type eventDocument struct {
	XMLName xml.Name `xml:"APIResponse"`
	Total   int      `xml:"total_events"`
	Events  struct {
		Event []eventXML `xml:"order_event"`
	} `xml:"order_events"`
}

type eventXML struct {
	Order      string `xml:"order_number"`
	Status     string `xml:"status"`
	Changed    string `xml:"changed_at"`
	ReasonCode string `xml:"reason_code,omitempty"`
	Reason     string `xml:"reason,omitempty"`
	Depot      string `xml:"depot"`
}

// OrderEvents writes order events.
func OrderEvents(events []OrderEvent, f Form) ([]byte, error) {
	doc := eventDocument{Total: len(events) + f.Miscount}
	for _, e := range events {
		doc.Events.Event = append(doc.Events.Event, eventXML{e.Order, e.Status, f.at(e.Changed), e.ReasonCode, e.Reason, e.Depot})
	}
	return f.document(doc)
}
