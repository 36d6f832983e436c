package world

import "fmt"

// account is one merchant account with the PSP and its batches.
type account struct {
	brand   *brand
	firstNo int
	first   date // UTC day of the first batch
	slots   [][]movement
	carry   map[int]bool // batches that were made to carry their balance over
	batches []*batch
}

// batch is one settlement report. missing: the PSP never published it.
type batch struct {
	no        int
	day       date
	available instant
	missing   bool
	rows      []movement
}

// settleDays is how long a movement takes to reach a batch; a batch is published at 07:00 UTC of the next day.
const settleDays = 2

func utcDay(i instant) date { return date(int64(i) / 86400) }

// bank books what happened to the PSP's balances, and closes a batch a day.
func (s *sim) bank() {
	for _, b := range s.brands {
		a := &account{brand: b, firstNo: 1, first: s.start + settleDays, carry: map[int]bool{}}
		a.slots = make([][]movement, int(s.end-a.first)+1)
		s.accounts = append(s.accounts, a)
	}
	for _, o := range s.orders {
		if o.test || o.phantom || o.paid == 0 {
			continue
		}
		for _, m := range s.bookings(o) {
			a := s.accounts[o.brand.no]
			if i := int(utcDay(m.at) + settleDays - a.first); i >= 0 && i < len(a.slots) {
				a.slots[i] = append(a.slots[i], m)
			}
		}
	}
	s.plantBatches()
	for _, a := range s.accounts {
		a.close()
	}
	s.plantUnbalanced()
}

// bookings are an order's movements on the PSP's balance.
func (s *sim) bookings(o *order) []movement {
	out := []movement{o.movement(o.paid, "Settled", o.captureRef, o.total())}
	for i := range o.refunds {
		r := &o.refunds[i]
		if r.missingInPSP {
			continue
		}
		paid := r.amount
		if r.pspAmount != 0 {
			paid = r.pspAmount
		}
		out = append(out, o.movement(r.at+2*minute, "Refunded", r.authCode, -paid))
	}
	return append(out, o.psp...)
}

// movement prices a booking: interchange, scheme fee and markup on cards, one commission on the rest.
func (o *order) movement(at instant, kind, ref string, gross int64) movement {
	m := movement{at: at, kind: kind, ref: ref, currency: o.currency, gross: gross, hasGross: true, o: o}
	card := o.method == "visa" || o.method == "mc"
	switch {
	case kind == "Settled" && card:
		m.interchange, m.scheme, m.markup = permille(gross, 2), permille(gross, 1)+2, permille(gross, 3)+5
	case kind == "Settled" && o.method == "ideal":
		m.commission = 29
	case kind == "Settled":
		m.commission = permille(gross, 24) + 10
	case kind == "Refunded" && card:
		m.interchange = -permille(-gross, 2)
	}
	m.net = gross - m.commission - m.interchange - m.scheme - m.markup
	return m
}

func permille(n, p int64) int64 { return (n*p + 500) / 1000 }

// own is a row of the account itself, without a payment.
func own(at instant, kind, ref, currency string, net int64) movement {
	return movement{at: at, kind: kind, ref: ref, currency: currency, net: net}
}

// nets are the movements of one currency by batch, fees included.
func (a *account) nets(currency string) []int64 {
	out := make([]int64, len(a.slots))
	for i := range a.slots {
		n := int64(0)
		for j := range a.slots[i] {
			m := &a.slots[i][j]
			if m.currency == currency {
				out[i] += m.net
				if m.hasGross {
					n++
				}
			}
		}
		out[i] -= n * transactionFee
	}
	return out
}

// transactionFee is the gateway's fee for each booking, taken as one row a batch.
const transactionFee = 6

// needs is how much each batch has to keep back so that no later one falls below zero: a batch that pays out pays
// everything, so where this is not 0 the whole balance is carried over.
func needs(nets []int64) []int64 {
	out := make([]int64, len(nets))
	for i := len(nets) - 2; i >= 0; i-- {
		out[i] = max(0, out[i+1]-nets[i+1])
	}
	return out
}

// close turns the slots into batches: opening transfer, movements, fee, and a payout or a transfer to the next batch.
func (a *account) close() {
	for i := range a.slots {
		day := a.first + date(i)
		if len(a.batches) <= i {
			a.batches = append(a.batches, &batch{})
		}
		b := a.batches[i]
		b.no, b.day, b.available = a.firstNo+i, day, instant(day+1)*86400+7*hour
	}
	for _, c := range a.brand.SettlementCurrencies {
		a.closeCurrency(c)
	}
}

func (a *account) closeCurrency(c string) {
	nets := a.nets(c)
	keep := needs(nets)
	var balance int64
	for i, b := range a.batches {
		at := b.ending() - 10*minute
		if balance != 0 {
			b.rows = append(b.rows, own(at-hour, "Balancetransfer", fmt.Sprintf("Balancetransfer from batch %d", b.no-1), c, balance))
		}
		var n int64
		for _, m := range a.slots[i] {
			if m.currency == c {
				b.rows = append(b.rows, m)
				if m.hasGross {
					n++
				}
			}
		}
		if n > 0 {
			ref := "Transaction Fees " + b.day.utc().Format("January   02 2006")
			b.rows = append(b.rows, own(at, "Fee", ref, c, -n*transactionFee))
		}
		held := balance + nets[i]
		if held < 0 {
			b.topUp(c, -held)
			held = 0
		}
		if held > 0 && (keep[i] > 0 || a.carry[i]) {
			b.carryOver(c, held)
			balance = held
			continue
		}
		b.payOut(a.brand, c, held)
		balance = 0
	}
}

// ending is when a batch closes.
func (b *batch) ending() instant { return instant(b.day)*86400 + 22*hour + 10*minute }

// topUp covers a balance that fell below zero with money that the merchant wired in.
func (b *batch) topUp(currency string, net int64) {
	b.rows = append(b.rows, own(b.ending(), "MatchedStatement", fmt.Sprintf("Top-up by bank transfer, batch %d", b.no), currency, net))
}

func (b *batch) carryOver(currency string, net int64) {
	b.rows = append(b.rows, own(b.ending(), "Balancetransfer", fmt.Sprintf("Balancetransfer to batch %d", b.no+1), currency, -net))
}

func (b *batch) payOut(br *brand, currency string, net int64) {
	if net == 0 {
		return
	}
	ref := fmt.Sprintf("TX%09d%sXT batch %d, %s", 635_094_301+b.no*7717+br.no*31, currency[:1], b.no, companyAccount)
	b.rows = append(b.rows, own(b.ending(), "MerchantPayout", ref, currency, -net))
}

// seen says whether the PSP has published the batch.
func (b *batch) seen(at instant) bool { return !b.missing && b.available <= at }
