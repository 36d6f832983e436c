package world

// The kinds of movement on a PSP's balance, as fct_ledger_entries calls them.
const (
	kindCapture    = "capture"
	kindRefund     = "refund"
	kindFailed     = "refund_reversal" // a refund that the customer's bank sent back
	kindChargeback = "chargeback"
	kindReversal   = "chargeback_reversal"
	kindFee        = "fee"
	kindPayout     = "payout"
	kindTopup      = "topup"
	kindIn         = "transfer_in"
	kindOut        = "transfer_out"
	kindHold       = "reserve_hold"
	kindRelease    = "reserve_release"
)

// account is one brand's account with a PSP that settles in batches.
type account struct {
	brand   *brand
	no      int // among the PSP's accounts
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
	accounts := map[*brand]*account{}
	count := map[*PSP]int{}
	for _, b := range s.brands {
		if b.psp.Itemises {
			continue
		}
		a := &account{brand: b, no: count[b.psp], firstNo: 1, first: s.start + settleDays, carry: map[int]bool{}}
		a.slots = make([][]movement, int(s.end-a.first)+1)
		s.accounts = append(s.accounts, a)
		accounts[b] = a
		count[b.psp]++
	}
	for _, o := range s.orders {
		if o.test || o.phantom || o.paid == 0 {
			continue
		}
		for _, m := range s.bookings(o) {
			a := accounts[o.brand]
			if a == nil {
				break
			}
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
	if o.tender != "" {
		return nil
	}
	out := []movement{o.movement(o.paid, kindCapture, o.captureRef, o.captured())}
	for i := range o.refunds {
		r := &o.refunds[i]
		paid := r.amount - r.gift
		if r.missingInPSP || paid == 0 {
			continue
		}
		if r.pspAmount != 0 {
			paid = r.pspAmount
		}
		out = append(out, o.movement(r.at+2*minute, kindRefund, r.authCode, -paid))
	}
	return append(out, o.psp...)
}

// movement prices a booking as its PSP does.
func (o *order) movement(at instant, kind, ref string, gross int64) movement {
	m := movement{at: at, kind: kind, ref: ref, currency: o.currency, gross: gross, hasGross: true, o: o}
	m.Fees = o.brand.psp.Price(Booking{Kind: kind, Method: o.method, Gross: gross})
	m.net = gross - m.sum()
	return m
}

// own is a row of the account itself, without a payment.
func (a *account) own(at instant, kind, currency string, net int64, batch int) movement {
	ref := a.brand.psp.Own(OwnRow{Kind: kind, Account: a.no, Batch: batch, Day: at.time(), Currency: currency})
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
		out[i] -= n * a.brand.psp.PerBatch
	}
	return out
}

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
		b.no, b.day, b.available = a.firstNo+i, day, published(day)
	}
	for _, c := range a.brand.Account.Currencies {
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
			b.rows = append(b.rows, a.own(at-hour, kindIn, c, balance, b.no))
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
		if n > 0 && a.brand.psp.PerBatch > 0 {
			b.rows = append(b.rows, a.own(at, kindFee, c, -n*a.brand.psp.PerBatch, b.no))
		}
		held := balance + nets[i]
		if held < 0 { // the merchant wires in what is missing
			b.rows = append(b.rows, a.own(b.ending(), kindTopup, c, -held, b.no))
			held = 0
		}
		balance = 0
		switch {
		case held > 0 && (keep[i] > 0 || a.carry[i]):
			b.rows = append(b.rows, a.own(b.ending(), kindOut, c, -held, b.no))
			balance = held
		case held > 0:
			b.rows = append(b.rows, a.own(b.ending(), kindPayout, c, -held, b.no))
		}
	}
}

// ending is when a batch closes.
func (b *batch) ending() instant { return instant(b.day)*86400 + 22*hour + 10*minute }

// published is when the PSP publishes the batch of a day.
func published(day date) instant { return instant(day+1)*86400 + 7*hour }

// seen says whether the PSP has published the batch.
func (b *batch) seen(at instant) bool { return !b.missing && b.available <= at }
