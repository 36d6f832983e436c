package world

import "strconv"

// countedDay is a count of a site's stock that a file has told.
type countedDay struct {
	day   date
	at    instant
	rows  map[*item]stockRow
	most  int // SKUs of the fullest of the fourteen counts before, 0 for the first
	whole bool
}

// stockDay is an item's stock on such a day, as one knows it who reads the files.
type stockDay struct {
	it           *item
	told         string // counted, absent, not_told
	row          stockRow
	sums         map[string]int // moves since the count before, by kind
	before       *int
	beforeOn     date
	expected     *int
	count        *countedDay
	depot        *depot
	known, shown bool
}

// firstHeard is the place of the count by which an item was first heard of, by itself or by a move; -1 for never.
func firstHeard(it *item, counts []*countedDay, own []*move) int {
	for i, c := range counts {
		if _, counted := c.rows[it]; counted {
			return i
		}
		for _, m := range own {
			if i > 0 && m.at > counts[i-1].at && m.at <= c.at {
				return i
			}
		}
	}
	return -1
}

// countsTold are a depot's counts as far as files have told them by the moment asked about.
func (w *witness) countsTold(d *depot) []*countedDay {
	var out []*countedDay
	for _, ff := range d.counts {
		if !ff.tells(w.at) {
			continue
		}
		c := &countedDay{day: dateOf(ff.run, d.st.zone), at: ff.run, rows: map[*item]stockRow{}}
		for _, r := range ff.stock {
			c.rows[r.item] = r
		}
		for _, e := range out[max(0, len(out)-14):] {
			c.most = max(c.most, len(e.rows))
		}
		c.whole = len(c.rows)*10 >= c.most*9
		out = append(out, c)
	}
	return out
}

// movesTold are a depot's moves as far as files have told them.
func (w *witness) movesTold(d *depot) []*move {
	var out []*move
	for _, m := range d.moves {
		if m.ff != nil && m.ff.tells(w.at) {
			out = append(out, m)
		}
	}
	return out
}

// readStock goes through every site's counts and moves, item by item.
func (w *witness) readStock() {
	for _, d := range w.depots {
		counts, moves := w.countsTold(d), w.movesTold(d)
		if len(counts) == 0 {
			continue
		}
		w.counts[d], w.moved[d] = counts, moves
		for _, it := range d.items {
			w.stock = append(w.stock, readItem(d, it, counts, moves)...)
		}
	}
}

// readItem is an item's stock over the days that were counted, from the day before it was first heard of.
func readItem(d *depot, it *item, counts []*countedDay, moves []*move) []*stockDay {
	var own []*move
	for _, m := range moves {
		if m.item == it {
			own = append(own, m)
		}
	}
	var out []*stockDay
	var last *stockDay // whose stock is known
	first := firstHeard(it, counts, own)
	if first < 0 {
		return nil
	}
	for i, c := range counts {
		if i < first-1 {
			continue
		}
		row, counted := c.rows[it]
		x := &stockDay{it: it, count: c, depot: d, row: row, sums: map[string]int{}}
		if i > 0 {
			for _, m := range own {
				if m.at > counts[i-1].at && m.at <= c.at {
					x.sums[kindOf(m)] += m.units
				}
			}
		}
		switch {
		case counted:
			x.told = "counted"
		case c.whole:
			x.told = "absent"
		default:
			x.told = "not_told"
		}
		x.known = x.told != "not_told"
		if last != nil {
			n := last.row.onHand
			x.before, x.beforeOn = &n, last.count.day
			if len(moves) > 0 && moves[0].at <= last.count.at {
				sum := n
				for _, m := range own {
					if m.at > last.count.at && m.at <= c.at {
						sum += m.units
					}
				}
				x.expected = &sum
			}
		}
		if x.known {
			last = x
		}
		x.shown = counted || (x.expected != nil && *x.expected != 0) || (x.before != nil && *x.before != 0)
		out = append(out, x)
	}
	return out
}

// kindOf is the kind of a move, empty for one of which nobody has heard.
func kindOf(m *move) string {
	if m.what == unheardOf {
		return ""
	}
	return m.what
}

func (w *witness) stockDaily() TruthTable {
	t := table("marts.stock_daily", "source site sku stock_on", `snapshot_at told coverage_share units_on_hand units_allocated units_available units_quarantine
		units_received units_despatched units_returned units_adjusted units_transferred units_written_off units_unmapped known_on units_before units_expected
		units_residual _built_at`)
	for _, x := range w.stock {
		if !x.shown {
			continue
		}
		st, share := x.depot.st, ""
		if x.count.most > 0 {
			share = strconv.FormatFloat(float64(len(x.count.rows))/float64(x.count.most), 'f', 6, 64)
		}
		hand, allotted, free, apart := "", "", "", ""
		if x.known {
			hand, apart = itoa(x.row.onHand), itoa(x.row.quarantine)
		}
		if x.told == "counted" {
			allotted, free = st.sells(x.row)
		}
		row := []string{st.Source, st.Code, x.it.sku, x.count.day.text(), x.count.at.text(), x.told, share, hand, allotted, free, apart}
		row = append(row, itoa(x.sums["receipt"]), itoa(-x.sums["despatch"]), itoa(x.sums["return"]), itoa(x.sums["adjustment"]), itoa(x.sums["transfer"]),
			itoa(-x.sums["write_off"]), itoa(x.sums[""]), x.beforeOn.text(), number(x.before), number(x.expected), x.residual(), w.at.text())
		t.add(row...)
	}
	return t
}

// sells is how much of a count the site says is promised to orders, and how much it would sell.
func (st *site) sells(r stockRow) (allotted, free string) {
	if st.Allots {
		return itoa(r.allocated), itoa(r.onHand - r.allocated - r.quarantine)
	}
	return "", itoa(r.onHand - r.quarantine)
}

func number(n *int) string {
	if n == nil {
		return ""
	}
	return itoa(*n)
}

func (x *stockDay) residual() string {
	if !x.known || x.expected == nil {
		return ""
	}
	return itoa(x.row.onHand - *x.expected)
}

// stockBreaks are counts that movements do not explain once later ones are told, and counts of which only a part came.
func (w *witness) stockBreaks(b *breaks) {
	for _, x := range w.stock {
		moves := w.moved[x.depot]
		if r := x.residual(); x.shown && r != "" && r != "0" && x.count.at+24*hour <= w.at && len(moves) > 0 && moves[len(moves)-1].at > x.count.at {
			b.add(finding{
				check: "R18", kind: "unexplained", document: x.depot.st.Code + ":" + x.it.sku + ":" + x.count.day.text(), since: x.count.at + 24*hour,
				detail: itoa(x.row.onHand) + " there, " + number(x.expected) + " by the count before and the movements since",
			})
		}
	}
	for d, counts := range w.counts {
		for _, c := range counts {
			if !c.whole {
				b.add(finding{
					check: "R18", kind: "snapshot_truncated", document: d.st.Source + ":" + d.st.Code + ":" + c.day.text(), since: c.at,
					detail: itoa(len(c.rows)) + " SKUs told, " + itoa(c.most) + " before",
				})
			}
		}
	}
}

// pickable is what a site can pick of an item: what was last known, less what is kept apart, and what has moved since. Of a site that tells no moves
// only what it has despatched since is known.
func (w *witness) pickable(d *depot, it *item) (n, apart int, counted instant) {
	var last *stockDay
	for _, x := range w.stock {
		if x.depot == d && x.it == it && x.known {
			last = x
		}
	}
	if last == nil {
		return 0, 0, 0
	}
	n = last.row.onHand - last.row.quarantine
	for _, m := range w.moved[d] {
		if m.item == it && m.at > last.count.at {
			n += m.units
		}
	}
	if len(w.moved[d]) == 0 {
		for _, o := range w.sim.orders {
			for i := range o.despatches {
				if x := &o.despatches[i]; !o.test && o.sender(x) == d.st && x.seen(w.at) && x.at > last.count.at && o.lines[x.line].item == it {
					n -= x.qty
				}
			}
		}
	}
	return max(0, n), last.row.quarantine, last.count.at
}

// unmappedMoves counts the kinds of movement of which nobody has heard.
func (w *witness) unmappedMoves(t *TruthTable) {
	for _, d := range w.depots {
		var when moments
		rows := 0
		for _, m := range w.moved[d] {
			if m.what == unheardOf {
				when.add(m.at)
				rows++
			}
		}
		if rows > 0 {
			t.add(d.st.Source, "stock_movements.movement", said(d.st.Says.Move, unheardOf), "", "", "the contract's codes of movement", itoa(rows), when.first.text(),
				when.last.text(), "", w.at.text())
		}
	}
}
