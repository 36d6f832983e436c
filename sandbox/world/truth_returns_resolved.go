package world

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
)

// giving is something that the customer got for a return.
type giving struct {
	at    instant
	what  string // credit, exchange, refund, reject
	key   string // of what gave it
	money int64  // in the shop's own
}

// penniesOff is by how much the shares of a line's price may miss what is owed.
const penniesOff = 5

// payReturns gives each return the refunds that are for it: the one that a refund names; of refunds that name none, article by article, the units that
// came back first before those that came later, and each unit once.
func (w *witness) payReturns() {
	of := map[*order][]*knownReturn{}
	for i := range w.returns {
		r := &w.returns[i]
		if !r.noOrder {
			of[r.o] = append(of[r.o], r)
		}
	}
	for i := range w.refunds {
		f := &w.refunds[i]
		if f.ret == "" || f.index < 0 {
			continue
		}
		for _, r := range of[f.o] {
			if r.id == f.ret {
				w.pay(r, f, f.standing())
			}
		}
	}
	for o, returns := range of {
		w.payUnnamed(o, returns)
	}
}

// pay books a refund to a return; one that came back whole is known and gives nothing.
func (w *witness) pay(r *knownReturn, f *knownRefund, money int64) {
	if at := w.failedAt(f); at != 0 {
		r.failed = earliest(r.failed, at)
	}
	if f.due > 0 && money > 0 && r.settled >= 0 {
		if at := w.settledAt(f); at != 0 {
			r.settled = max(r.settled, at)
		} else {
			r.settled = -1 // one of them is not booked
		}
	}
	if money > 0 {
		what := "refund"
		if f.credit {
			what = "credit"
		}
		r.given = append(r.given, giving{f.at, what, f.id, money})
	}
}

// unit is one unit of an article that came back, or that money was given for.
type unit struct {
	at   instant
	key  string
	ret  *knownReturn
	fund *knownRefund
	line int
}

func sortUnits(units []unit) {
	slices.SortStableFunc(units, func(a, b unit) int { return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.key, b.key)) })
}

// unitsBack are the units of an article that a return brought and that no refund with its name has paid for.
func (w *witness) unitsBack(r *knownReturn, sku string) []unit {
	n, first := 0, instant(0)
	for _, rc := range r.rows {
		if r.o.lines[rc.line].item.sku != sku {
			continue
		}
		first = earliest(first, rc.received)
		if rc.grade != "X" && rc.grade != "M" && rc.grade != "R" {
			n += rc.qty
		}
	}
	for i := range w.refunds {
		f := &w.refunds[i]
		if f.ret != r.id || f.index < 0 || f.standing() == 0 {
			continue
		}
		for _, l := range r.o.refunds[f.index].lines {
			if r.o.lines[l.line].item.sku == sku {
				n -= l.qty
			}
		}
	}
	return slices.Repeat([]unit{{at: first, key: r.id, ret: r}}, max(0, n))
}

func (w *witness) payUnnamed(o *order, returns []*knownReturn) {
	worth := map[*knownReturn]map[*knownRefund]*big.Rat{}
	for _, sku := range o.articles() {
		var back []unit
		for _, r := range returns {
			back = append(back, w.unitsBack(r, sku)...)
		}
		first := instant(0)
		for _, r := range returns {
			for _, rc := range r.rows {
				if o.lines[rc.line].item.sku == sku {
					first = earliest(first, rc.received)
				}
			}
		}
		paid := w.unitsPaid(o, sku, first)
		sortUnits(back)
		sortUnits(paid)
		for i := range min(len(back), len(paid)) {
			r, f := back[i].ret, paid[i].fund
			if worth[r] == nil {
				worth[r] = map[*knownRefund]*big.Rat{}
			}
			if worth[r][f] == nil {
				worth[r][f] = new(big.Rat)
			}
			worth[r][f].Add(worth[r][f], o.oneOf(paid[i].line))
		}
	}
	for r, by := range worth {
		for f, sum := range by {
			w.pay(r, f, rounded(sum.Mul(sum, f.part())))
		}
	}
}

// articles are the article numbers of an order.
func (o *order) articles() []string {
	var out []string
	for i := range o.lines {
		out = append(out, o.lines[i].item.sku)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// oneOf is what a unit of a line cost in the shop's money.
func (o *order) oneOf(line int) *big.Rat {
	l := &o.lines[line]
	return big.NewRat(o.netInShop(l), int64(l.qty))
}

// unitsPaid are the units of an article that refunds without a return's name gave money for: as returned whenever, otherwise from when one was back;
// of an order that was given up all of them.
func (w *witness) unitsPaid(o *order, sku string, first instant) []unit {
	var out []unit
	if first == 0 {
		return nil
	}
	ended := w.known(o).ended()
	for i := range w.refunds {
		f := &w.refunds[i]
		if f.o != o || f.index < 0 || f.ret != "" || f.standing() == 0 {
			continue
		}
		for _, l := range o.refunds[f.index].lines {
			counts := l.restock == cameBack || l.restock == kept && f.at >= first || ended
			if counts && o.lines[l.line].item.sku == sku {
				out = append(out, slices.Repeat([]unit{{at: f.at, key: f.id, fund: f, line: l.line}}, l.qty)...)
			}
		}
	}
	return out
}

// part is how much of what its units cost a refund gave, at most all.
func (r *knownRefund) part() *big.Rat {
	sum := new(big.Rat)
	for _, l := range r.o.refunds[r.index].lines {
		sum.Add(sum, new(big.Rat).Mul(r.o.oneOf(l.line), big.NewRat(int64(l.qty), 1)))
	}
	if got := big.NewRat(r.standing(), 1); sum.Cmp(got) > 0 {
		return got.Quo(got, sum)
	}
	return big.NewRat(1, 1)
}

// rounded is the nearest whole penny, half a penny going up.
func rounded(r *big.Rat) int64 {
	twice := new(big.Int).Mul(r.Num(), big.NewInt(2))
	twice.Add(twice, r.Denom())
	return twice.Div(twice, new(big.Int).Mul(r.Denom(), big.NewInt(2))).Int64()
}

// refused are the units that the warehouse sends back to the customer.
func (r *knownReturn) refused() (ours []quantity, any bool) {
	for _, rc := range r.rows {
		switch rc.grade {
		case "R":
			ours, any = append(ours, quantity{rc.line, rc.qty}), true
		case "X":
			any = true
		}
	}
	return ours, any
}

// resolve adds what was given besides money, and finds from when on nothing was owed.
func (w *witness) resolve(r *knownReturn) {
	r.owed, r.waiting = -1, -1
	if ours, _ := r.refused(); !r.noOrder && r.o.back(ours) > 0 {
		r.given = append(r.given, giving{r.graded, "reject", r.id, r.o.back(ours)})
	}
	for i := range r.o.lines {
		if l := &r.o.lines[i]; l.by == byExchange && l.added <= w.at && w.exchangedFor(r.o, i) == r.id {
			r.given = append(r.given, giving{l.added, "exchange", r.o.lineID(i), r.o.inShop(l.price) * int64(l.qty)})
		}
	}
	slices.SortStableFunc(r.given, func(a, b giving) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.what, b.what), strings.Compare(a.key, b.key))
	})
	switch {
	case r.received != 0 && !r.noOrder:
		r.owed = r.o.back(r.receivedLines())
	case r.announced && r.received == 0:
		r.owed = r.o.back(r.requestedLines())
	}
	if r.owed >= 0 {
		w.settleUp(r)
	}
	switch {
	case r.isKept():
		r.resolved, r.waiting = r.closed, 0
	case r.done == 0:
	case r.received != 0 && r.graded != 0:
		r.resolved = max(r.done, r.received, r.graded)
	case r.received == 0 && r.lost:
		r.resolved = max(r.done, r.lostOn.at(w.london, 0))
	}
}

func (w *witness) settleUp(r *knownReturn) {
	var sum int64
	for _, g := range r.given {
		if sum += g.money; r.done == 0 && sum >= r.owed-penniesOff {
			r.done = g.at
		}
	}
	if sum >= r.owed-penniesOff {
		r.waiting, r.done = 0, cmp.Or(r.done, r.received, r.requested)
		return
	}
	r.waiting = r.owed - sum
}

// isKept says whether the shop closed it, and nobody sent anything.
func (r *knownReturn) isKept() bool {
	scanned, _ := r.onTheWay()
	return r.closed != 0 && r.received == 0 && scanned == 0
}

// exchangedFor is the return that a line was added for: the one asked for last before.
func (w *witness) exchangedFor(o *order, line int) string {
	var best *shopReturn
	for i := range o.returns {
		r := &o.returns[i]
		if r.at <= w.at && r.at <= o.lines[line].added && (!r.declined || w.at < r.at+30*minute) && (best == nil || r.at >= best.at) {
			best = r
		}
	}
	if best == nil {
		return ""
	}
	return o.brand.Shop + ":" + itoa(best.id)
}

// refunded is when money or credit was first given.
func (r *knownReturn) refunded() instant {
	for _, g := range r.given {
		if g.what == "refund" || g.what == "credit" {
			return g.at
		}
	}
	return 0
}

// sum is what was given in one way.
func (r *knownReturn) sum(what string) int64 {
	var n int64
	for _, g := range r.given {
		if g.what == what {
			n += g.money
		}
	}
	return n
}

// outcomes are what became of a return.
func (r *knownReturn) outcomes() string {
	var out []string
	for _, g := range r.given {
		if g.what != "reject" {
			out = append(out, g.what)
		}
	}
	if r.isKept() {
		out = append(out, "keep")
	}
	if _, any := r.refused(); any {
		out = append(out, "reject")
	}
	return listed(out)
}

func (r *knownReturn) restOfResolution() []string {
	some := func(what string) string {
		if n := r.sum(what); n != 0 {
			return amount(n)
		}
		return ""
	}
	var all int64
	for _, g := range r.given {
		all += g.money
	}
	waiting := ""
	if r.waiting >= 0 {
		waiting = amount(r.waiting)
	}
	return []string{
		r.outcomes(), r.refunded().text(), max(0, r.settled).text(), r.failed.text(), r.done.text(), r.resolved.text(), some("refund"), some("credit"),
		some("exchange"), some("reject"), amount(all), waiting,
	}
}

// factExchanges is what was or is to be sent for what comes back.
func (w *witness) factExchanges() TruthTable {
	t := table("marts.fct_exchanges", "line_id", `order_id brand return_id sku units state agreed_at received_at sent_at received_to_sent_hours replacement_amount
		returned_amount difference_amount currency _built_at`)
	byID := map[string]*knownReturn{}
	for i := range w.returns {
		byID[w.returns[i].id] = &w.returns[i]
	}
	for _, k := range w.orders {
		for i := range k.o.lines {
			if l := &k.o.lines[i]; k.real() && l.by == byExchange && k.counts(i) {
				t.add(w.exchange(k, i, byID[w.exchangedFor(k.o, i)])...)
			}
		}
	}
	return t
}

func (w *witness) exchange(k *knownOrder, i int, r *knownReturn) []string {
	l, u := &k.o.lines[i], k.units[i]
	state, sent := "waiting", instant(0)
	switch {
	case u.open() == 0 && u.despatched > 0:
		state, sent = "sent", k.lineLeft[i].last
	case u.open() == 0:
		state = "cancelled"
	}
	worth := k.o.inShop(l.price) * int64(l.qty)
	ret, received, returned, more, wait := "", instant(0), "", "", ""
	if r != nil {
		ret, received = r.id, r.received
		returned, more = amount(r.owed), amount(r.sum("exchange")+r.sum("refund")+r.sum("credit")-r.owed)
		if sent != 0 {
			wait = hours(received, sent)
		}
	}
	return []string{
		k.o.lineID(i), k.o.orderID(), k.o.brand.Name, ret, l.item.sku, itoa(l.qty), state, l.added.text(), received.text(), sent.text(), wait, amount(worth),
		returned, more, k.o.brand.Currency, w.at.text(),
	}
}
