package prosku

import (
	"encoding/xml"
	"strconv"
	"time"
)

// Stock is what a warehouse has of a product.
type Stock struct {
	Product     string
	Changed     time.Time // when it last did
	Available   int
	Unavailable int // held back: damaged, in quarantine
	Unchecked   int
	Expected    int
	OnOrder     int
}

type stockDocument struct {
	XMLName    xml.Name `xml:"APIResponse"`
	PerPage    int      `xml:"per_page"`
	Page       int      `xml:"current_page"`
	Pages      int      `xml:"total_pages"`
	Total      int      `xml:"total_changes"`
	LastChange string   `xml:"last_change,omitempty"`
	Changes    struct {
		Change []stockXML `xml:"change"`
	} `xml:"changes"`
}

type stockXML struct {
	Product  string    `xml:"product_code"`
	Changed  string    `xml:"updated_at"`
	Reported string    `xml:"reported_at"`
	Depot    string    `xml:"depot"`
	Report   reportXML `xml:"stock_report"`
}

type reportXML struct {
	Available   numberXML  `xml:"available"`
	Unavailable *numberXML `xml:"unavailable"`
	Misspelt    *numberXML `xml:"unavailabale"`
	Unchecked   numberXML  `xml:"unchecked"`
	Expected    numberXML  `xml:"expected"`
	OnOrder     numberXML  `xml:"onorder"`
}

type numberXML struct {
	Type string `xml:"type,attr,omitempty"`
	Text string `xml:",chardata"`
}

// Count is when and where stock was counted. That it is in the document is Larkhill's own.
type Count struct {
	At    time.Time
	Depot string
}

// StockReport writes the whole stock of a depot, in the shape of ProSKU's stock changes and on one page.
func StockReport(stock []Stock, c Count, f Form) ([]byte, error) {
	doc := stockDocument{PerPage: len(stock), Page: 1, Pages: 1, Total: len(stock) + f.Miscount}
	var last time.Time
	for _, s := range stock {
		x := stockXML{Product: s.Product, Changed: f.at(s.Changed), Reported: f.at(c.At), Depot: c.Depot, Report: f.report(s)}
		if s.Changed.After(last) {
			last = s.Changed
			doc.LastChange = x.Changed
		}
		doc.Changes.Change = append(doc.Changes.Change, x)
	}
	return f.document(doc)
}

func (f Form) report(s Stock) reportXML {
	number := func(text string) numberXML {
		if f.Typed {
			return numberXML{Type: "integer", Text: text}
		}
		return numberXML{Text: text}
	}
	r := reportXML{
		Available: number(f.units(s.Available)), Unchecked: number(strconv.Itoa(s.Unchecked)),
		Expected: number(strconv.Itoa(s.Expected)), OnOrder: number(strconv.Itoa(s.OnOrder)),
	}
	unavailable := number(f.units(s.Unavailable))
	if f.Misspelt {
		r.Misspelt = &unavailable
	} else {
		r.Unavailable = &unavailable
	}
	return r
}
