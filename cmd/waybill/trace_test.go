package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/questions"
)

// TestTrace looks up what every kind of partner calls things, as the raw tables have it, and holds each step against the bytes of its line.
func TestTrace(t *testing.T) {
	t.Parallel()
	box := startWorld(t, small(8))
	advance(t, box, box.World().AsOf())
	p := join(t, box)
	at := stamp(box.World().AsOf())
	p.must(exitDone, "run", "--as-of", at)
	says(t, p.must(exitUsage, "trace", "AV1001", "--as-of", at).err, "waybill query --as-of")
	trace := func(ref string) []questions.Traced {
		t.Helper()
		var found []questions.Traced
		p.report(exitDone, &found, "trace", ref)
		return found
	}
	// What partners sent, and whose it is: the warehouse's name of an order and the shop's name are the same in northgate's files.
	const shopOrder = `(select 'aster-vale:' || split_part(order_gid, '/', -1) as order_id, ltrim(name, '#') as name from raw.shop_orders where _source = 'aster-vale' and not is_test)`
	for what, query := range map[string]string{
		"order":                   `select order_id || ' ' || name from ` + shopOrder,
		"tracking number":         `select o.order_id || ' ' || d.tracking_no from raw.wms_despatch as d join ` + shopOrder + ` as o on o.name = d.order_ref where d.tracking_no is not null`,
		"despatch note":           `select o.order_id || ' ' || max(d.despatch_ref) from raw.wms_despatch as d join ` + shopOrder + ` as o on o.name = d.order_ref group by o.order_id having count(distinct d.despatch_ref) = 1`,
		"despatch note of none":   `select k.order_id || ' ' || d.despatch_ref from canonical.despatches as d join intermediate.int_order_keys as k on k.source = d.source and k.order_ref = d.order_ref where not k.is_test and d.despatch_ref not in (select despatch_ref from marts.fct_shipments where despatch_ref is not null)`,
		"return":                  `select order_id || ' ' || return_id from canonical.shop_returns where status not in ('declined', 'cancelled')`,
		"RMA":                     `select r.order_id || ' ' || r.return_name from canonical.shop_returns as r join raw.wms_return_receipt as w on w.rma = r.return_name`,
		"receipt":                 `select r.order_id || ' ' || w.return_ref from canonical.shop_returns as r join raw.wms_return_receipt as w on w.rma = r.return_name`,
		"refund":                  `select order_id || ' ' || refund_id from canonical.refunds where source = 'aster-vale' and total_amount > 0`,
		"PSP reference":           `select 'aster-vale:' || split_part(merchant_reference, '-', 2) || ' ' || psp_reference from raw.adyen_settlement_details where merchant_reference like 'AV-%'`,
		"PSP reference of a move": `select 'aster-vale:' || split_part(merchant_reference, '-', 2) || ' ' || modification_reference from raw.adyen_settlement_details where merchant_reference like 'AV-%'`,
		"merchant reference":      `select 'aster-vale:' || split_part(merchant_reference, '-', 2) || ' ' || merchant_reference from raw.adyen_settlement_details where merchant_reference like 'AV-%'`,
	} {
		var rows []map[string]any
		p.report(exitDone, &rows, "query", "select min(x) as x from ("+query+") as t(x)", "--as-of", at)
		text, _ := rows[0]["x"].(string)
		orderID, ref, found := strings.Cut(text, " ")
		if !found {
			t.Errorf("the world has no %s to look up", what)
			continue
		}
		for _, spelt := range []string{ref, strings.ToLower(ref), " #" + ref} {
			got := trace(spelt)
			if len(got) != 1 || got[0].ID != orderID || len(got[0].Steps) == 0 {
				t.Errorf("%s %q: %+v, want %s", what, spelt, got, orderID)
				continue
			}
			if word, _, _ := strings.Cut(what, " of "); !slices.ContainsFunc(got[0].Found, func(f string) bool { return strings.HasPrefix(f, word) }) {
				t.Errorf("%s was found as %v", what, got[0].Found)
			}
		}
	}
	traceWithoutAnOrder(t, p, at, trace)
	stepsByTheirLines(t, p, at, trace)
}

// traceWithoutAnOrder looks up what no order in the marts explains, and what several things are called.
func traceWithoutAnOrder(t *testing.T, p *office, at string, trace func(string) []questions.Traced) {
	t.Helper()
	one := func(query string) string {
		var rows []map[string]any
		p.report(exitDone, &rows, "query", query, "--as-of", at)
		text, _ := rows[0]["x"].(string)
		return text
	}
	// A test order is in the facts alone.
	if name := one("select min(order_name) as x from canonical.orders where is_test"); name == "" {
		t.Error("the world has no test order")
	} else if got := trace(name); len(got) != 1 || got[0].Kind != "order" || got[0].Goods != "not in the marts" || len(got[0].Steps) == 0 || got[0].Steps[0].What != "placed, a test" {
		t.Errorf("the test order %s: %+v", name, got)
	}
	if text := one("select min(psp_modification_ref) as x from marts.fct_ledger_entries where order_id is null and entry_class = 'fees'"); text == "" {
		t.Error("the world has no fee without an order")
	} else if got := trace(text); len(got) == 0 || got[0].Kind != "payment" || got[0].ID != "" || got[0].Steps[0].System != "psp" || got[0].Steps[0].Line == 0 {
		t.Errorf("the fee %s: %+v", text, got)
	}
	if number := one("select min(regexp_extract(order_name, '[0-9]+$')) as x from marts.fct_orders where brand = 'Pell Mill'"); number != "" {
		if got := trace(number); len(got) != 1 || got[0].Brand != "Pell Mill" {
			t.Errorf("the bare number %s: %+v", number, got)
		}
	}
	p.must(exitUsage, "trace", "#")
	says(t, p.must(exitFailed, "trace", "nobody's").err, "nobody's is no order, parcel, return, refund or payment that a mart or a fact has")
}

// stepsByTheirLines reads the line of each step from the kept bytes: it has to say what the step does.
func stepsByTheirLines(t *testing.T, p *office, at string, trace func(string) []questions.Traced) {
	t.Helper()
	var orders []map[string]any
	p.report(exitDone, &orders, "query", "--as-of", at, `select r.order_id, o.order_name as name, r.return_id, r.return_ref
		from marts.fct_returns as r join marts.fct_orders as o using (order_id)
		where r.received_at is not null and r.is_announced order by r.order_id limit 3`)
	if len(orders) == 0 {
		t.Fatal("nothing came back in this world")
	}
	text := map[string][]string{} // lines of files
	seen := map[string]int{}
	for _, o := range orders {
		id, _ := o["order_id"].(string)
		_, number, _ := strings.Cut(id, ":")
		name, _ := o["name"].(string)
		for _, s := range trace(id)[0].Steps {
			if text[s.File] == nil {
				text[s.File] = strings.Split(p.must(exitDone, "files", "show", s.File).out, "\n")
			}
			if s.Line < 1 || int(s.Line) > len(text[s.File]) {
				t.Errorf("%s %s is said to be on line %d of %s, which has %d", id, s.What, s.Line, s.File, len(text[s.File]))
				continue
			}
			line := record(text[s.File], int(s.Line)-1)
			words := strings.Fields(s.Detail)
			want := []string{number, name} // each system calls the order one or the other
			switch {
			case s.System == "carrier", s.What == "despatched" && len(words) > 0 && strings.HasPrefix(words[0], "J"):
				want = words[:1]
			case s.System == "psp":
				want = words[len(words)-1:]
			case s.System == "returns" && s.What != "requested" && strings.HasPrefix(s.Detail, o["return_id"].(string)):
				want = []string{o["return_ref"].(string)} // not the shop's line, which announced it
			}
			seen[s.System+" "+s.What]++
			if strings.Contains(s.Detail, " ,") || strings.Contains(s.Detail, "  ") {
				t.Errorf("%s %s %s: %q has a gap where a partner says nothing", id, s.System, s.What, s.Detail)
			}
			if !slices.ContainsFunc(want, func(w string) bool { return w != "" && strings.Contains(line, w) }) {
				t.Errorf("%s %s %s: line %d of %s has none of %v:\n%s", id, s.System, s.What, s.Line, s.File, want, line)
			}
		}
	}
	for _, what := range []string{"shop placed", "shop paid", "warehouse despatched", "returns requested", "returns received", "returns graded", "psp capture", "carrier delivered"} {
		if seen[what] == 0 {
			t.Errorf("no step %s was looked at: %v", what, seen)
		}
	}
}

// record is the record that a line belongs to: the line, in XML the whole element below the root.
func record(lines []string, at int) string {
	if !strings.HasPrefix(strings.TrimSpace(lines[at]), "<") {
		return lines[at]
	}
	indent := func(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
	step := 0 // how far what is below the root is moved in
	for _, line := range lines {
		if n := indent(line); n > 0 && (step == 0 || n < step) {
			step = n
		}
	}
	first, last := at, at
	for first > 0 && indent(lines[first]) > step {
		first--
	}
	for last+1 < len(lines) && (indent(lines[last+1]) > step || strings.HasPrefix(strings.TrimSpace(lines[last+1]), "</")) && indent(lines[last+1]) >= step {
		last++
	}
	return strings.Join(lines[first:last+1], "\n")
}

// TestTraceLists lists what bears a reference where it is more than one thing.
func TestTraceLists(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := &commandLine{stdout: &out}
	err := l.printTrace("1001", []questions.Traced{
		{Kind: "order", Ref: "a:1", ID: "a:1", Name: "AV1001", Brand: "Aster & Vale", Goods: "delivered", Money: "paid", Found: []string{"order of AV1001"}, Steps: make([]questions.Step, 4)},
		{Kind: "payment", Ref: "1001", Found: []string{"PSP reference"}, Steps: make([]questions.Step, 1)},
	})
	if err != nil {
		t.Fatal(err)
	}
	says(t, out.String(), "AV1001", "Aster & Vale", "order of AV1001", "PSP reference", `2 things bear "1001"`)
}
