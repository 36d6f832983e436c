package world

import "cmp"

// backlogDaily counts the orders that wait at 06:00 and when the site closes for all services, on every day.
func (w *witness) backlogDaily() TruthTable {
	t := table("marts.backlog_daily", "day_on taken brand site", "taken_at backlog_count backlog_due_count backlog_late_count")
	type group struct {
		day   date
		taken string
		b     *brand
		st    *site
		at    instant
	}
	counts := map[group]*[3]int64{}
	for _, k := range w.orders {
		if !k.real() || k.released == 0 || k.total.ordered == 0 {
			continue
		}
		left := k.waitedUntil()
		for d := dateOf(k.released, k.site.zone); d <= k.siteDay; d++ {
			moments := map[string]instant{"06:00": d.at(k.site.zone, 6*60)}
			if closes := k.site.closes(k.site.cutOff("", d), d); closes != 0 {
				moments["cut_off"] = d.at(k.site.zone, closes)
			}
			for taken, at := range moments {
				if at < k.released || at > w.at || (left != 0 && at >= left) {
					continue
				}
				g := group{d, taken, k.o.brand, k.site, at}
				if counts[g] == nil {
					counts[g] = &[3]int64{}
				}
				counts[g][0]++
				switch {
				case k.shipBy == d:
					counts[g][1]++
				case k.shipBy != 0 && k.shipBy < d:
					counts[g][2]++
				}
			}
		}
	}
	for g, n := range counts {
		t.add(g.day.text(), g.taken, g.b.Name, g.st.Code, g.at.text(), itoa(n[0]), itoa(n[1]), itoa(n[2]))
	}
	return t
}

// waitedUntil is when nothing of what was ordered at first waited any more, 0 while something does.
func (k *knownOrder) waitedUntil() instant {
	switch k.state {
	case "cancelled":
		return cmp.Or(k.cancelled, k.deleted, k.released)
	case "despatched", "delivered":
		return cmp.Or(k.leftWhole, k.lastLeft)
	}
	return 0
}
