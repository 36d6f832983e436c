// Package prosku writes what a warehouse with ProSKU sends: despatch notes, receipts, stock and order events as XML documents. Elements,
// totals and forms of dates are those of the samples that Zynk, which integrates ProSKU, publishes of its exports
// (docs.zynk.com/workflow/documentation/prosku); what only the simulated warehouse Larkhill has is marked as its own. It knows no
// world and no reader: structs go in, bytes come out.
package prosku

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/text/encoding/charmap"
)

// Form says how a document is written. The zero value but for Zone is a plain one.
type Form struct {
	Zone *time.Location // of the times; needed

	// What published samples have.
	ShortYears bool // 10/07/17 14:39:52, as on the lines of receipts
	DateOnly   bool // receipt_date is 10/07/2017: the time of arrival is lost
	GMT        bool // times are GMT and say so
	NoSeconds  bool // 10/07/2017 14:39, where a time is on the full minute
	Decimals   bool // 50.0 units
	Misspelt   bool // unavailabale
	Typed      bool // type="integer" on the numbers of stock reports

	// What other senders of XML do.
	OneLine     bool // no layout between elements
	Windows1252 bool // instead of UTF-8, and declared; characters that it lacks are an error

	// Faults.
	Miscount       int  // is added to the total
	BareAmpersands bool // an & in a text is not escaped: the document is not well-formed
}

// at writes an instant.
func (f Form) at(t time.Time) string {
	layout, zone, suffix := "02/01/2006 15:04:05", f.Zone, ""
	if f.ShortYears {
		layout = "02/01/06 15:04:05"
	}
	if f.NoSeconds && t.Second() == 0 && !f.ShortYears && !f.GMT {
		layout = "02/01/2006 15:04"
	}
	if f.GMT {
		zone, suffix = time.UTC, " GMT"
	}
	return t.In(zone).Format(layout) + suffix
}

// arrival writes the instant of a receipt.
func (f Form) arrival(t time.Time) string {
	if f.DateOnly {
		return t.In(f.Zone).Format("02/01/2006")
	}
	return f.at(t)
}

func (f Form) units(n int) string {
	if f.Decimals {
		return strconv.Itoa(n) + ".0"
	}
	return strconv.Itoa(n)
}

// document writes a document whole.
func (f Form) document(v any) ([]byte, error) {
	name, body := "utf-8", []byte(nil)
	var err error
	if f.OneLine {
		body, err = xml.Marshal(v)
	} else {
		body, err = xml.MarshalIndent(v, "", "  ")
	}
	if err != nil {
		return nil, fmt.Errorf("write ProSKU document: %w", err)
	}
	if f.Windows1252 {
		name = "windows-1252"
		if body, err = charmap.Windows1252.NewEncoder().Bytes(body); err != nil {
			return nil, fmt.Errorf("write ProSKU document: %w", err)
		}
	}
	if f.BareAmpersands {
		body = bytes.ReplaceAll(body, []byte("&amp;"), []byte("&"))
	}
	return append([]byte(`<?xml version="1.0" encoding="`+name+"\"?>\n"), append(body, '\n')...), nil
}
