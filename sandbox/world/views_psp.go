package world

func (s *sim) batchesAt(account string, at instant) []Batch {
	var out []Batch
	for _, a := range s.accounts {
		if a.brand.Account.Name != account {
			continue
		}
		for _, b := range a.batches {
			if !b.seen(at) {
				continue
			}
			x := Batch{No: b.no, AvailableAt: b.available.time()}
			for i := range b.rows {
				x.Movements = append(x.Movements, b.rows[i].view())
			}
			out = append(out, x)
		}
	}
	return out
}

func (m *movement) view() Movement {
	out := Movement{
		At: m.at.time(), Kind: m.kind, Ref: m.ref, Currency: m.currency, Gross: m.gross, Net: m.net, HasGross: m.hasGross, Fees: m.Fees,
	}
	if o := m.o; o != nil {
		out.Payment = &Payment{
			Ref: o.pspRef, MerchantRef: o.payRef, Method: o.method, OrderID: o.id, OrderName: o.name,
			Country: o.to.country, Customer: o.first + " " + o.last, Email: o.email(),
		}
	}
	return out
}

func (s *sim) purseOf(account string) *purse {
	for _, p := range s.purses {
		if p.brand.Account.Name == account {
			return p
		}
	}
	return &purse{}
}

func (s *sim) movementsAt(account string, at instant) []Movement {
	var out []Movement
	for _, m := range s.purseOf(account).rows {
		if m.at > at {
			continue
		}
		v := m.view()
		v.AvailableAt = m.available.time()
		if paid := m.settledBy(at); paid != nil {
			v.Payout = paid.ref
		}
		out = append(out, v)
	}
	return out
}

func (s *sim) payoutsAt(account string, at instant) []Payout {
	var out []Payout
	for _, p := range s.purseOf(account).payouts {
		if p.made <= at {
			out = append(out, Payout{Ref: p.ref, Currency: p.currency, Amount: p.total, MadeAt: p.made.time(), Itemised: p.itemised <= at})
		}
	}
	return out
}
