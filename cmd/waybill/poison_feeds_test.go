package main

import (
	"fmt"
	"slices"
	"strings"
)

// fate is what becomes of a poisoned row.
type fate int

const (
	rejected fate = iota // in ops.rejects, with file and line
	aside                // in marts.rows_set_aside, with file and line
	queued               // in the mart, and its word in marts.unmapped_codes
	heldFile             // its file is held, since the contract takes no file with such a row
)

// poison is a kind of bad row: a good one with a fault.
type poison struct {
	what   string
	spoil  func(fields []string) []string // nil for one that only the whole text has
	text   func(record string) string
	fate   fate
	addend float64 // what a reject is worth to the sum of the trailer
}

// poisonedFeed is a feed of files as its partner writes them.
type poisonedFeed struct {
	name  string // northgate/despatch
	path  string // of file number %d
	ok    string // what the marker's name ends with, if there is one
	good  func(i int) []string
	row   func(fields []string) string
	file  func(records []string, sum float64) string
	worth float64 // of a good row, to the sum of the trailer
	bad   []poison
	alone bool   // every bad row in a file of its own
	count string // of what the marts have of the good rows
}

// at spoils one field.
func at(i int, value string) func([]string) []string {
	return func(fields []string) []string {
		out := slices.Clone(fields)
		out[i] = value
		return out
	}
}

func commas(fields []string) string {
	out := make([]string, len(fields))
	for i, f := range fields {
		if strings.ContainsAny(f, ",\"") {
			f = `"` + strings.ReplaceAll(f, `"`, `""`) + `"`
		}
		out[i] = f
	}
	return strings.Join(out, ",")
}

func semicolons(fields []string) string { return strings.Join(fields, ";") }

// whole is a file with a header, its records and a closing line of totals.
func whole(header string, end func(n int, sum float64) string) func([]string, float64) string {
	return func(records []string, sum float64) string {
		return header + "\n" + strings.Join(records, "\n") + "\n" + end(len(records), sum)
	}
}

func counted(n int, _ float64) string { return fmt.Sprintf("TRL,%d\n", n) }

func summed(n int, sum float64) string { return fmt.Sprintf("TRL;%d;%g\n", n, sum) }

// ordinary are the kinds of fault that any table of rows may have: in its date, number and reference, and as a record.
func ordinary(date, number, ref int, worth float64, dates ...string) []poison {
	var out []poison
	for i, d := range dates {
		fate := rejected
		if i == 0 { // a date that is one, years before anything
			fate = aside
		}
		addend := worth
		if fate == aside {
			addend = 0 // it is loaded like any other
		}
		out = append(out, poison{what: "date " + d, spoil: at(date, d), fate: fate, addend: addend})
	}
	if number >= 0 {
		for _, n := range []string{"12x", "NaN", "1.5.0", "--3", "half a dozen"} {
			out = append(out, poison{what: "number " + n, spoil: at(number, n)})
		}
	}
	return append(out,
		poison{what: "no reference", spoil: at(ref, ""), addend: worth},
		poison{what: "a NUL", spoil: at(ref, "AV1\x002"), addend: 0},
		poison{what: "too few fields", text: func(r string) string { return r[:strings.LastIndexAny(r, ",;")] }},
		poison{what: "too many fields", text: func(r string) string {
			return r + r[strings.LastIndexAny(r, ",;"):strings.LastIndexAny(r, ",;")+1] + "more"
		}},
	)
}

// element is a field of a document: its name and text.
func element(text string) string {
	name, value, _ := strings.Cut(text, "=")
	return "<" + name + ">" + value + "</" + name + ">"
}

// elements writes a record on one line; a bar stands where a list begins or ends.
func elements(record string, open, closed string) func([]string) string {
	return func(fields []string) string {
		var b strings.Builder
		b.WriteString("<" + record + ">")
		for _, f := range fields {
			switch f {
			case "(":
				b.WriteString(open)
			case ")":
				b.WriteString(closed)
			default:
				b.WriteString(element(f))
			}
		}
		b.WriteString("</" + record + ">")
		return b.String()
	}
}

// document is a file of XML with its records' number.
func document(total, list string) func([]string, float64) string {
	return func(records []string, _ float64) string {
		return fmt.Sprintf("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<APIResponse>\n<%s>%d</%s>\n<%s>\n%s\n</%s>\n</APIResponse>\n",
			total, len(records), total, list, strings.Join(records, "\n"), list)
	}
}

// inXML are the kinds of fault of a document: in its date, number and reference, which have these names, and as a record.
func inXML(date, number, ref int, names ...string) []poison {
	dateName, numberName, refName := names[0], names[1], names[2]
	out := []poison{
		{what: "early date", spoil: at(date, dateName+"=12/03/2012 10:00:00"), fate: aside},
		{what: "no date", spoil: at(date, dateName+"=31/02/2026 10:00:00")},
		{what: "1899", spoil: at(date, dateName+"=30/12/1899 00:00:00")},
		{what: "9999", spoil: at(date, dateName+"=31/12/9999 00:00:00")},
		{what: "another's zone", spoil: at(date, dateName+"=01/04/2026 10:00:00 XYZ")},
		{what: "no reference", spoil: at(ref, refName+"=")},
		{what: "an element twice", spoil: at(ref, refName+"=A</"+refName+"><"+refName+">B")},
	}
	if number >= 0 {
		out = append(out, poison{what: "number", spoil: at(number, numberName+"=12x")}, poison{what: "NaN", spoil: at(number, numberName+"=NaN")})
	}
	return out
}

func clock(i int) (int, int) { return i / 60 % 60, i % 60 }

func poisonedFeeds() []poisonedFeed {
	slashes := func(i int) string { m, s := clock(i); return fmt.Sprintf("01/04/2026 09:%02d:%02d", m, s) }
	digits := func(i int) string { m, s := clock(i); return fmt.Sprintf("2026040109%02d%02d", m, s) }
	british := []string{"12/03/2012 10:00:00", "31/02/2026 10:00", "30/12/1899 00:00:00", "31/12/9999 00:00:00", "01/01/0001 00:00:00", "tomorrow", "2026-04-01"}
	dutch := []string{"20120312100000", "20260231100000", "18991230000000", "99991231000000", "00010101000000", "morgen", "202604"}
	word := func(i int, value string) poison {
		return poison{what: "unknown word", spoil: at(i, value), fate: queued}
	}
	return append([]poisonedFeed{
		{
			name: "northgate/despatch", path: "northgate/out/despatch/DESP_20260401_%d.csv", row: commas,
			good: func(i int) []string {
				return []string{fmt.Sprintf("AV%d", 10000+i), fmt.Sprintf("DN%d", i), "DHL", "standard", "'" + slashes(i) + "'", fmt.Sprintf("JJDN%09d", i), "AV-1", `Shirt, "L"`, "1", "1", "", "GB", "NG1", "a@b.example", "Tom"}
			},
			file:  whole("Salesorder number,Despatch number,Carrier,Service,Despatch date,Tracking number,Item code,Item name,Quantity ordered,No of items,Short reason,Destination country,Site reference,Email,Contact name", counted),
			bad:   append(ordinary(4, 9, 0, 1, british...), word(3, "Teleport"), poison{what: "spreadsheet", spoil: at(5, "1.23E+12")}, poison{what: "quote", text: func(r string) string { return strings.Replace(r, `"Shirt, ""L"""`, `"Shirt" L`, 1) }}),
			count: "select count(*) from marts.fct_shipments where site = 'NG1'",
		},
		{
			name: "northgate/order_status", path: "northgate/out/status/STAT_20260401_%d.csv", row: commas,
			good: func(i int) []string {
				return []string{fmt.Sprintf("AV%d", 10000+i), "Received", slashes(i), "", "", "NG1"}
			},
			file:  whole("Salesorder number,Status,Status date,Reason code,Reason,Site reference", counted),
			bad:   append(ordinary(2, -1, 0, 1, british...), word(1, "Teleported"), poison{what: "no status", spoil: at(1, "")}),
			count: "select count(*) from marts.fct_warehouse_events where source = 'northgate'",
		},
		{
			name: "northgate/returns", path: "northgate/out/returns/RET_20260401_%d.csv", row: commas,
			good: func(i int) []string {
				return []string{fmt.Sprintf("RC%d", i), slashes(i), slashes(i), fmt.Sprintf("AV%d", 10000+i), "", "", "AV-1", "Shirt", "501", "1", "SIZE", "NEW", "True", "NG1", "torn, by the dog"}
			},
			file:  whole("Return code,Return date,Processed date,Sales order number,RMA,Tracking number,Item code,Item name,Item barcode,Quantity,Return reason,Return condition,Is reusable,Site reference,Return comments", counted),
			bad:   append(ordinary(1, 9, 0, 1, british...), word(11, "CHEWED"), poison{what: "neither", spoil: at(12, "perhaps")}),
			count: "select sum(units_received) from marts.fct_returns where site = 'NG1'",
		},
		{
			name: "northgate/stock", path: "northgate/out/stock/STOCK_2026%04d.csv", row: commas,
			good: func(i int) []string {
				return []string{fmt.Sprintf("AV-%d", i), "501", "9", "1", "8", "0", slashes(i), "NG1"}
			},
			file:  whole("Item code,Barcode,On hand,Allocated,Available,Quarantine,Date time,Site reference", counted),
			bad:   ordinary(6, 2, 0, 1, british...),
			count: "select count(*) from canonical.stock_levels where source = 'northgate'",
		},
		{
			name: "northgate/movements", path: "northgate/out/movements/MOVE_20260401_%d.csv", row: commas,
			good: func(i int) []string {
				return []string{"AV-1", "Shirt", "501", slashes(i), "Joe", "A-01", "", "1", "Despatched", "", fmt.Sprintf("%d", 1000+i), "NG1", "torn, by the dog"}
			},
			file:  whole("Item code,Item name,Item barcode,Date timestamp,User,From,To,Quantity,Comments,Sales order number,History Id,Site reference,Register reason", counted),
			bad:   append(ordinary(3, 7, 10, 1, british...), word(8, "Eaten")),
			count: "select count(*) from canonical.stock_movements where source = 'northgate'",
		},
		{
			name: "northgate/goods_in", path: "northgate/out/goods_in/GRN_20260401_%d.csv", row: commas,
			good: func(i int) []string {
				return []string{fmt.Sprintf("GR%d", i), slashes(i), slashes(i), "", "", "Ann", "AV-1", "Shirt", "501", "9", "", "PO1", "NG1", "Alder, Textiles"}
			},
			file:  whole("Goods in reference number,Delivery date,Counted date,Booked date,Reconciled date,User,Item code,Item name,Item barcode,Quantity,Quantity booked,Purchase order number,Site reference,Purchase order supplier", counted),
			bad:   ordinary(1, 9, 0, 1, british...),
			count: "select count(*) from canonical.goods_in where source = 'northgate'",
		},
		{
			name: "northgate/expected", path: "northgate/out/expected/PO_20260401_%d.csv", row: commas,
			good: func(i int) []string {
				return []string{fmt.Sprintf("PO%d", i), "1", "AV-1", "501", "Alder, Textiles", "50", "20/04/2026", "Open", slashes(i), "NG1"}
			},
			file:  whole("Purchase order number,Line,Item code,Item barcode,Supplier,Quantity,Expected date,Status,Last changed,Site reference", counted),
			bad:   append(ordinary(8, 5, 0, 1, british...), word(7, "Parked")),
			count: "select count(*) from canonical.expected_receipts where source = 'northgate'",
		},
		{
			name: "veldhoven/movements", path: "veldhoven/uit/VH_MUT_20260401133000_%d.csv", ok: ".ok", row: semicolons, worth: 1,
			good: func(i int) []string {
				return []string{fmt.Sprint(1000 + i), digits(i), "RET", "", "", "PM-1", "501", "1", "VH1"}
			},
			file: whole("HDR;VELDHOVEN;MUT;1;20260401133000", summed),
			bad:  append(ordinary(1, 7, 0, 1, dutch...), word(2, "OPG")), count: "select count(*) from canonical.stock_movements where source = 'veldhoven'",
		},
		{
			name: "veldhoven/goods_in", path: "veldhoven/uit/VH_ONT_20260401133000_%d.csv", ok: ".ok", row: semicolons, worth: 9,
			good: func(i int) []string {
				return []string{fmt.Sprintf("GR%d", i), "PO1", `Müller "Strick"`, digits(i), digits(i), "", "", "PM-1", "501", "9", "", "VH1"}
			},
			file: whole("HDR;VELDHOVEN;ONT;1;20260401133000", summed),
			bad:  ordinary(3, 9, 0, 9, dutch...), count: "select count(*) from canonical.goods_in where source = 'veldhoven'",
		},
		{
			name: "veldhoven/expected", path: "veldhoven/uit/VH_AVI_20260401230000_%d.csv", ok: ".ok", row: semicolons, worth: 50,
			good: func(i int) []string {
				return []string{fmt.Sprintf("PO%d", i), "1", "Brae", "PM-1", "501", "50", "20260420", "OPEN", digits(i), "VH1"}
			},
			file: whole("HDR;VELDHOVEN;AVI;1;20260401230000", summed),
			bad:  append(ordinary(8, 5, 0, 50, dutch...), word(7, "GEPARKEERD")), count: "select count(*) from canonical.expected_receipts where source = 'veldhoven'",
		},
		{
			name: "veldhoven/despatch", path: "veldhoven/uit/VH_DESP_20260401133000_%d.csv", ok: ".ok", row: semicolons, worth: 1,
			good: func(i int) []string {
				return []string{fmt.Sprint(5300000000 + i), fmt.Sprintf("V%d", i), "VH1", "1", digits(i), "DHL", "standard", fmt.Sprintf("PV%d", i), "PM-1", `Skirt "8"`, "501", "L1", "", "", "1", "1", fmt.Sprintf("JJDV%09d", i), "0,325", ""}
			},
			file: whole("HDR;VELDHOVEN;DESP;1;20260401133000", summed),
			bad:  append(ordinary(4, 15, 0, 1, dutch...), word(6, "Teleport"), poison{what: "weight", spoil: at(17, "1.653,75"), addend: 1}), count: "select count(*) from marts.fct_shipments where site = 'VH1'",
		},
		{
			name: "veldhoven/order_status", path: "veldhoven/uit/VH_STAT_20260401133000_%d.csv", ok: ".ok", row: semicolons,
			good: func(i int) []string {
				return []string{fmt.Sprint(5300000000 + i), "VH1", "RECEIVED", digits(i), "", ""}
			},
			file: whole("HDR;VELDHOVEN;STAT;1;20260401133000", summed),
			bad:  append(ordinary(3, -1, 0, 0, dutch...), word(2, "TELEPORTED")), count: "select count(*) from marts.fct_warehouse_events where source = 'veldhoven'",
		},
		{
			name: "veldhoven/returns", path: "veldhoven/uit/VH_RET_20260401133000_%d.csv", ok: ".ok", row: semicolons, worth: 1,
			good: func(i int) []string {
				return []string{fmt.Sprintf("VR%d", i), digits(i), digits(i), fmt.Sprint(5300000000 + i), "", "", "PM-1", "501", "1", "SIZE", "A", "RESTOCK", "VH1"}
			},
			file: whole("HDR;VELDHOVEN;RET;1;20260401133000", summed),
			bad:  append(ordinary(1, 8, 0, 1, dutch...), word(10, "Z")), count: "select sum(units_received) from marts.fct_returns where site = 'VH1'",
		},
		{
			name: "veldhoven/stock", path: "veldhoven/uit/VH_STK_20260401230000_%d.csv", ok: ".ok", row: semicolons, worth: 9,
			good: func(i int) []string {
				return []string{fmt.Sprintf("PM-%d", i), "501", "9", "1", "8", "0", digits(i), "VH1"}
			},
			file: whole("HDR;VELDHOVEN;STK;1;20260401230000", summed),
			bad:  ordinary(6, 2, 0, 9, dutch...), count: "select count(*) from canonical.stock_levels where source = 'veldhoven'",
		},
		{
			name: "larkhill/despatch", path: "larkhill/out/despatch_notes_%d.xml",
			row: elements("Despatch_note", "<despatch_lines><despatch_line>", "</despatch_line></despatch_lines>"),
			good: func(i int) []string {
				return []string{fmt.Sprintf("despatch_number=%d", i), fmt.Sprintf("order_number=OL%d", 10000+i), "confirmed_at=" + slashes(i), "depot=LH1", fmt.Sprintf("carrier_data=<carrier>DHL</carrier><service>standard</service><tracking_numbers><tracking_number>JJDL%09d</tracking_number></tracking_numbers>", i), "(", "product_code=OL-1", "quantity=1.0", ")"}
			},
			file:  document("total_despatches", "Despatch_notes"),
			bad:   append(inXML(2, 7, 1, "confirmed_at", "quantity", "order_number"), poison{what: "unknown word", fate: queued, text: func(r string) string { return strings.Replace(r, "<service>standard", "<service>teleport", 1) }}),
			count: "select count(*) from marts.fct_shipments where site = 'LH1'",
		},
		{
			name: "larkhill/order_status", path: "larkhill/out/order_events_%d.xml", row: elements("order_event", "", ""),
			good: func(i int) []string {
				return []string{fmt.Sprintf("order_number=OL%d", 10000+i), "status=received", "changed_at=" + slashes(i), "depot=LH1"}
			},
			file:  document("total_events", "order_events"),
			bad:   append(inXML(2, -1, 0, "changed_at", "", "order_number"), word(1, "status=teleported")),
			count: "select count(*) from marts.fct_warehouse_events where source = 'larkhill'",
		},
		{
			name: "larkhill/returns", path: "larkhill/out/receipts_%d.xml", row: elements("receipt", "<lines><line>", "</line></lines>"),
			good: func(i int) []string {
				return []string{fmt.Sprintf("receipt_number=%d", i), "supplier_detail=RETURNS", "receipt_date=" + slashes(i), fmt.Sprintf("order_number=OL%d", 10000+i), "depot=LH1", "(", "product_code=OL-1", "quantity=1.0", "condition=As new", "reason=SIZE", ")"}
			},
			file:  document("total_receipts", "receipts"),
			bad:   append(inXML(2, 7, 0, "receipt_date", "quantity", "receipt_number"), word(8, "condition=Chewed")),
			count: "select sum(units_received) from marts.fct_returns where site = 'LH1'",
		},
		{
			name: "larkhill/stock", path: "larkhill/out/stock_report_%d.xml", row: elements("change", "<stock_report>", "</stock_report>"),
			good: func(i int) []string {
				return []string{fmt.Sprintf("product_code=OL-%d", i), "reported_at=" + slashes(i), "depot=LH1", "(", "available=9.0", "unavailable=0.0", ")"}
			},
			file:  document("total_changes", "changes"),
			bad:   inXML(1, 4, 0, "reported_at", "available", "product_code"),
			count: "select count(*) from canonical.stock_levels where source = 'larkhill'",
		},
	}, settlements())
}

// settlements are Adyen's, whose contract takes no report with a reject: of a batch not a line may be missing. So each bad line has a batch of its own.
func settlements() poisonedFeed {
	const created, zone, currency, debit, credit, batch = 5, 6, 14, 15, 16, 22
	return poisonedFeed{
		name: "adyen/settlement_details", path: "adyen/AsterValeUK/settlement_detail_report_batch_%d.csv", row: commas, alone: true,
		good: func(i int) []string {
			m, s := clock(i)
			return []string{
				"Group", "AsterValeUK", fmt.Sprintf("P%d", i), fmt.Sprintf("AV%d-1", i), "visa", fmt.Sprintf("2026-04-01 09:%02d:%02d", m, s), "BST", "Settled", fmt.Sprintf("M%d", i),
				"GBP", "", "10.00", "1", "", "GBP", "", "9.90", "0.10", "", "", "", "visa", batchOf(i), "",
			}
		},
		file: func(records []string, _ float64) string {
			return "Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Creation Date,TimeZone,Type,Modification Reference,Gross Currency,Gross Debit (GC),Gross Credit (GC),Exchange Rate,Reserved,Net Currency,Net Debit (NC),Net Credit (NC),Commission (NC),Markup (NC),Scheme Fees (NC),Interchange (NC),Payment Method Variant,Batch Number,Modification Merchant Reference\n" +
				strings.Join(records, "\n") + "\n"
		},
		bad: []poison{
			{what: "1899", spoil: at(created, "1899-12-30 00:00:00"), fate: aside},
			{what: "9999", spoil: at(created, "9999-12-31 00:00:00"), fate: aside},
			{what: "0001", spoil: at(created, "0001-01-01 00:00:00"), fate: aside},
			{what: "next year", spoil: at(created, "2027-04-01 00:00:00"), fate: aside},
			{what: "unknown zone", spoil: at(zone, "XYZT"), fate: queued},
			{what: "unknown type", spoil: at(7, "Teleported"), fate: queued},
			{what: "unknown currency", spoil: at(currency, "QQQ"), fate: aside},
			{what: "blank currency", spoil: at(currency, ""), fate: aside},
			{what: "lower case", spoil: at(currency, "gbp"), fate: heldFile},
			{what: "date", spoil: at(created, "01/04/2026"), fate: heldFile},
			{what: "number", spoil: at(credit, "9,90"), fate: heldFile},
			{what: "exponent", spoil: at(debit, "1e3"), fate: heldFile},
			{what: "no batch", spoil: at(batch, ""), fate: heldFile},
			{what: "a NUL", spoil: at(3, "AV\x001"), fate: heldFile},
			{what: "too few fields", text: func(r string) string { return r[:strings.LastIndex(r, ",")] }, fate: heldFile},
		},
		count: "select count(*) from marts.fct_ledger_entries",
	}
}

// batchOf is the batch that a row of Adyen's is of: each file tells of one of its own, a thousand rows or a single one.
func batchOf(row int) string {
	if row > 0 && row <= poisonedFiles*goodRows {
		return fmt.Sprint((row-1)/goodRows + 1)
	}
	return fmt.Sprint(100_000 + row)
}
