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
		out.Payment = &Payment{Ref: o.pspRef, MerchantRef: o.payRef, Method: o.method, PlacedAt: o.placed.time(), OrderID: o.id}
	}
	return out
}
