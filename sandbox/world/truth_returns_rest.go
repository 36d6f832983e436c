package world

import (
	"slices"
	"strings"
)

// back is what the customer paid for some units of an order's lines.
func (o *order) back(lines []quantity) int64 {
	var sum int64
	for _, q := range lines {
		l := &o.lines[q.line]
		sum += (2*o.netInShop(l)*int64(q.qty) + int64(l.qty)) / (2 * int64(l.qty)) // each line to the penny, half a penny going up
	}
	return sum
}

// receivedLines are the units of each receipt row that count as received.
func (r *knownReturn) receivedLines() []quantity {
	var out []quantity
	for _, rc := range r.rows {
		q := quantity{rc.line, rc.qty}
		if rc.grade == "X" || rc.grade == "M" {
			q.qty = 0
		}
		out = append(out, q)
	}
	return out
}

func (r *knownReturn) requestedLines() []quantity {
	var out []quantity
	for _, l := range r.shop.lines {
		out = append(out, quantity{l.line, l.qty})
	}
	return out
}

// worth is what the customer paid for what was announced and for what was received; empty where there is none of it.
func (r *knownReturn) worth() (requested, received string) {
	if r.announced {
		requested = amount(r.o.back(r.requestedLines()))
	}
	if len(r.rows) > 0 && !r.noOrder {
		received = amount(r.o.back(r.receivedLines()))
	}
	return requested, received
}

// siteOf is the warehouse that received a return, or else the one that it goes to.
func (w *witness) siteOf(r *knownReturn) string {
	if len(r.rows) > 0 {
		return r.o.site.Code
	}
	for _, k := range w.orders {
		if k.o == r.o {
			return k.site.Code
		}
	}
	return ""
}

// shopSide is what the shop says of an announced return, in its own words.
type shopSide struct {
	name, provider, state string
	approved              instant
}

func (w *witness) shopSide(r *knownReturn) shopSide {
	if r.shop == nil {
		return shopSide{}
	}
	out, word := shopSide{name: r.shop.name}, "requested"
	if r.shop.declined && r.shop.at+30*minute <= w.at {
		word = "declined"
	}
	if r.shop.approved != 0 && r.shop.approved <= w.at {
		word, out.approved = "open", r.shop.approved
		if r.shop.parcel != nil {
			out.provider = r.shop.parcel.carrier.Title
		}
	}
	if r.closed != 0 {
		word = "closed"
	}
	out.state = r.o.brand.Says.Word(word)
	return out
}

// onTheWay is when the carrier first had it and when it was at the warehouse's door.
func (r *knownReturn) onTheWay() (scanned, home instant) {
	if r.state == nil {
		return 0, 0
	}
	return r.state.accepted, r.state.delivered
}

// restOfReturn is what the stages, the shop and the warehouse tell besides.
func (w *witness) restOfReturn(r *knownReturn) []string {
	shop := w.shopSide(r)
	scanned, home := r.onTheWay()
	age := ""
	if r.resolved == 0 {
		age = hours(r.since(), w.at)
	}
	requested, received := r.worth()
	currency := r.o.brand.Currency
	if r.noOrder {
		currency = ""
	}
	return []string{
		shop.name, r.ref, shop.provider, w.siteOf(r), shop.state, shop.approved.text(), r.closed.text(), itoa(r.resaleable), r.lostOn.text(),
		hours(r.requested, scanned), hours(scanned, home), hours(home, r.received), hours(r.received, r.graded),
		hours(r.received, r.refunded()), age, requested, received, currency, r.rma, w.at.text(),
	}
}

// since is when a return began: with the request, or with the receipt of an unannounced one.
func (r *knownReturn) since() instant {
	if r.requested != 0 {
		return r.requested
	}
	return r.received
}

// returnLines is what of each article was announced and what came back.
func (w *witness) returnLines() TruthTable {
	t := table("marts.fct_return_lines", "return_id sku", `order_id brand line_id units_requested units_received units_resaleable units_not_ours units_missing units_refused
		mismatch_kind reason_raw reason_code reason_parent wms_reason_raw grades dispositions _built_at`)
	for i := range w.returns {
		r := &w.returns[i]
		for line := range r.o.lines {
			if row := w.returnLine(r, line); row != nil {
				t.add(row...)
			}
		}
	}
	return t
}

// returnLine is one line of an order as far as a return is about it, nil if it is not.
func (w *witness) returnLine(r *knownReturn, line int) []string {
	asked, got, good, foreign, missing, refused := 0, 0, 0, 0, 0, 0
	var reasons, told, grades, fates []string
	if r.shop != nil {
		for _, l := range r.shop.lines {
			if l.line == line {
				asked += l.qty
				reasons = append(reasons, l.reason)
			}
		}
	}
	for _, rc := range r.rows {
		if rc.line != line {
			continue
		}
		switch rc.grade {
		case "X":
			foreign += rc.qty
		case "M":
			missing += rc.qty
		default:
			got += rc.qty
		}
		if rc.grade == "A" || rc.grade == "B" {
			good += rc.qty
		}
		if rc.grade == "R" {
			refused += rc.qty
		}
		told, grades, fates = append(told, r.o.site.says(rc.reason)), append(grades, rc.grade), append(fates, r.o.site.fate(rc.grade))
	}
	if len(reasons)+len(grades) == 0 {
		return nil
	}
	order, brand, id := r.o.orderID(), r.o.brand.Name, r.o.lineID(line)
	if r.noOrder {
		order, brand, id = "", "", ""
	}
	raw, ours := "", ""
	if len(reasons) > 0 {
		raw, ours = r.o.brand.Says.Word(reasons[0]), reasonOf(reasons[0])
	}
	return []string{
		r.id, r.o.lines[line].item.sku, order, brand, id, itoa(asked), itoa(got), itoa(good), itoa(foreign), itoa(missing), itoa(refused), r.mismatch(asked, got), raw, ours,
		reasonParent(ours), listed(told), listed(grades), listed(fates), w.at.text(),
	}
}

// mismatch is how what came back is other than announced, once something came.
func (r *knownReturn) mismatch(asked, got int) string {
	switch {
	case r.received == 0:
		return ""
	case asked == 0 && r.announced:
		return "unexpected"
	case asked == 0:
		return ""
	case got == 0:
		return "missing"
	case got < asked:
		return "short"
	case got > asked:
		return "over"
	}
	return ""
}

// listed is distinct words in order, with commas.
func listed(words []string) string {
	words = slices.DeleteFunc(slices.Clone(words), func(s string) bool { return s == "" })
	slices.Sort(words)
	return strings.Join(slices.Compact(words), ",")
}

// reasonOf is the group's reason by the word that customers choose.
func reasonOf(word string) string {
	return map[string]string{
		"defective": "faulty", "unwanted": "changed_mind", "size_too_small": "too_small", "size_too_large": "too_large", "color": "colour",
		"not_as_described": "not_as_described", "wrong_item": "wrong_item", "style": "style", "other": "other", "unknown": "unknown",
	}[word]
}

// reasonParent is who can act on a reason.
func reasonParent(reason string) string {
	return map[string]string{
		"faulty": "quality", "changed_mind": "preference", "too_small": "fit", "too_large": "fit", "colour": "preference", "not_as_described": "description",
		"wrong_item": "fulfilment", "style": "preference", "other": "other", "unknown": "unknown",
	}[reason]
}
