package world

import "fmt"

// plantBatches plants what concerns whole batches, each on an account of its own as far as the accounts allow.
func (s *sim) plantBatches() {
	if s.o.Defects <= 0 {
		return
	}
	rng := newStream(s.o.Seed, "batches", 0)
	turn := rng.Perm(len(s.accounts))
	tries := []func(*account, stream) bool{s.plantHeaderOnly, s.plantGap, s.plantCarry, s.plantReserve}
	for i, try := range tries {
		for k := range s.accounts {
			if try(s.accounts[turn[(i+k)%len(turn)]], rng) {
				break
			}
		}
	}
	s.plantTwoCurrencies()
}

// quiet says whether nothing is carried into or out of a batch, in any currency.
func (a *account) quiet(i int) bool {
	for _, c := range a.brand.Account.Currencies {
		keep := needs(a.nets(c))
		if keep[i] > 0 || (i > 0 && keep[i-1] > 0) {
			return false
		}
	}
	return !a.carry[i] && !a.carry[i-1]
}

// middle are batches that have batches seen before and after them at the end, in a drawn order.
func (a *account) middle(rng stream) []int {
	out := rng.Perm(max(0, len(a.slots)-5))
	for i := range out {
		out[i] += 2
	}
	return out
}

// plantHeaderOnly leaves a batch without any row; its movements come a day later.
func (s *sim) plantHeaderOnly(a *account, rng stream) bool {
	for _, i := range a.middle(rng) {
		was, next := a.slots[i], a.slots[i+1]
		a.slots[i], a.slots[i+1] = nil, append(append([]movement{}, next...), was...)
		if len(was) > 0 && a.quiet(i) {
			s.plant("batch_header_only", fmt.Sprintf("%s:%d", a.brand.Account.Name, a.firstNo+i), "marts.fct_settlements: no row, no batch_gap")
			return true
		}
		a.slots[i], a.slots[i+1] = was, next
	}
	return false
}

// plantGap lets a batch be missing for ever. Refunds and disputes come a day later, so that only captures go with it.
func (s *sim) plantGap(a *account, rng stream) bool {
	for _, i := range a.middle(rng) {
		was, next := a.slots[i], a.slots[i+1]
		var stay []movement
		move := append([]movement{}, next...)
		for _, m := range was {
			if m.kind == kindCapture {
				stay = append(stay, m)
			} else {
				move = append(move, m)
			}
		}
		a.slots[i], a.slots[i+1] = stay, move
		if len(stay) > 0 && a.quiet(i) {
			for len(a.batches) < len(a.slots) {
				a.batches = append(a.batches, &batch{})
			}
			a.batches[i].missing = true
			s.plant("batch_missing", fmt.Sprintf("%s:%d", a.brand.Account.Name, a.firstNo+i), "marts.fct_breaks R20 batch_gap")
			return true
		}
		a.slots[i], a.slots[i+1] = was, next
	}
	return false
}

// plantCarry makes a batch pay nothing out and carry its balance over.
func (s *sim) plantCarry(a *account, rng stream) bool {
	for _, i := range a.middle(rng) {
		if len(a.slots[i]) == 0 || len(a.slots[i+1]) == 0 || a.near(i) {
			continue
		}
		total := int64(0)
		for _, n := range a.nets(a.brand.Currency)[i : i+1] {
			total += n
		}
		if total <= 0 {
			continue
		}
		a.carry[i] = true
		s.plant("batch_without_payout", fmt.Sprintf("%s:%d", a.brand.Account.Name, a.firstNo+i), "marts.fct_settlements: transfers_out_amount, next opening_amount")
		return true
	}
	return false
}

// near says whether a batch or its neighbour is missing.
func (a *account) near(i int) bool {
	for k := i - 1; k <= i+1; k++ {
		if k >= 0 && k < len(a.batches) && a.batches[k].missing {
			return true
		}
	}
	return false
}

// plantReserve holds a part of a batch back and releases it three batches later.
func (s *sim) plantReserve(a *account, rng stream) bool {
	c := a.brand.Currency
	nets := a.nets(c)
	for _, i := range a.middle(rng) {
		j := min(i+3, len(a.slots)-3)
		hold := nets[i] / 10 / 100 * 100
		if j <= i || hold <= 0 || a.near(i) || a.near(j) || len(a.slots[j]) == 0 {
			continue
		}
		for _, at := range []int{i, j} {
			net, kind, word := -hold, kindHold, "held"
			if at == j {
				net, kind, word = hold, kindRelease, "released"
			}
			day := a.first + date(at)
			a.slots[at] = append(a.slots[at], a.own(instant(day)*86400+21*hour, kind, c, net, a.firstNo+i))
			s.plant("reserve_"+word, fmt.Sprintf("%s:%d", a.brand.Account.Name, a.firstNo+at), "marts.fct_settlements: reserves_amount")
		}
		return true
	}
	return false
}

// plantTwoCurrencies names the first batch in which two currencies settle; it is ordinary life of an account.
func (s *sim) plantTwoCurrencies() {
	for _, a := range s.accounts {
		for i := range a.slots {
			seen := map[string]bool{}
			for j := range a.slots[i] {
				seen[a.slots[i][j].currency] = true
			}
			missing := i < len(a.batches) && a.batches[i].missing
			if len(seen) > 1 && !missing && published(a.first+date(i)) <= s.asOf {
				s.plant("batch_two_currencies", fmt.Sprintf("%s:%d", a.brand.Account.Name, a.firstNo+i), "marts.fct_settlements: a row for each currency")
				return
			}
		}
	}
}

// plantUnbalanced lets one payout differ from its batch by a penny: the PSP never does that, so only at density 2.
func (s *sim) plantUnbalanced() {
	if s.o.Defects < 2 {
		return
	}
	for _, a := range s.accounts {
		for _, b := range a.batches[1:max(1, len(a.batches)-2)] {
			for j := range b.rows {
				if b.rows[j].kind == kindPayout && !b.missing {
					b.rows[j].net--
					s.plant("batch_unbalanced", fmt.Sprintf("%s:%d:%s", a.brand.Account.Name, b.no, b.rows[j].currency), "marts.fct_breaks R20 unbalanced")
					return
				}
			}
		}
	}
}
