package world

import (
	"cmp"
	"slices"
)

// purse is a brand's account with a PSP whose payouts name the movements that they pay.
type purse struct {
	brand   *brand
	rows    []*movement // in order of time, the payouts' own among them
	payouts []*payout
}

// payout is money sent to the bank. Which movements it pays the PSP tells some hours after it was made.
type payout struct {
	ref            string
	made, itemised instant
	currency       string
	total          int64
}

// A payout of everything available is made at 01:00 UTC every day; three hours later the PSP tells what it paid.
const (
	payoutHour  = hour
	itemisation = 3 * hour
)

// fillPurses books what happened on balances that are paid out with their movements named.
func (s *sim) fillPurses() {
	of := map[*brand]*purse{}
	for _, b := range s.brands {
		if b.psp.Itemises {
			of[b] = &purse{brand: b}
			s.purses = append(s.purses, of[b])
		}
	}
	for _, o := range s.orders {
		if p := of[o.brand]; p != nil && !o.test && !o.phantom && o.paid != 0 {
			for _, m := range s.bookings(o) {
				m.available = instant(utcDay(m.at)+settleDays) * 86400
				p.rows = append(p.rows, &m)
			}
		}
	}
	for _, p := range s.purses {
		p.sort()
		for d := s.start; d <= s.end+1; d++ {
			for _, c := range p.brand.Account.Currencies {
				s.payOut(p, c, instant(d)*86400+payoutHour)
			}
		}
		p.sort()
	}
}

func (p *purse) sort() {
	slices.SortStableFunc(p.rows, func(a, b *movement) int { return cmp.Compare(a.at, b.at) })
}

// payOut pays what is available and not paid yet, if that is anything.
func (s *sim) payOut(p *purse, currency string, at instant) {
	var due []*movement
	var sum int64
	for _, m := range p.rows {
		if m.paidBy == nil && m.currency == currency && m.available <= at {
			due = append(due, m)
			sum += m.net
		}
	}
	if sum <= 0 {
		return
	}
	rng := newStream(s.o.Seed, "payout "+p.brand.Account.Name+currency, int(at))
	paid := &payout{ref: p.brand.psp.Ref(kindPayout, rng.Rand), made: at, itemised: at + itemisation, currency: currency, total: sum}
	p.payouts = append(p.payouts, paid)
	due = append(due, &movement{at: at, available: at, kind: kindPayout, ref: paid.ref, currency: currency, net: -sum})
	p.rows = append(p.rows, due[len(due)-1])
	for _, m := range due {
		m.paidBy = paid
	}
}

// settledBy is the payout that is known to have paid a movement at a moment, nil while none is.
func (m *movement) settledBy(at instant) *payout {
	if m.paidBy == nil || m.paidBy.itemised > at {
		return nil
	}
	return m.paidBy
}
