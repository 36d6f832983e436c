package world

import (
	"slices"
	"strings"
)

// dimensions are the group as its owner set it up.
func (w *witness) dimensions() []TruthTable {
	return []TruthTable{w.dimBrands(), w.dimSites(), w.dimCarriers(), w.dimAccounts(), w.dimCalendar()}
}

func (w *witness) dimBrands() TruthTable {
	t := table("marts.dim_brands", "brand", "currency shops order_prefixes sites accounts")
	for _, b := range w.brands {
		var sites []string
		for _, st := range b.sites {
			sites = append(sites, st.Code)
		}
		t.add(b.Name, b.Currency, b.Shop, b.Prefix, strings.Join(sites, ","), b.Account.Name)
	}
	return t
}

func (w *witness) dimSites() TruthTable {
	t := table("marts.dim_sites", "site", "source time_zone calendar")
	for _, st := range w.sites {
		t.add(st.Code, st.Source, st.Zone, st.Calendar)
	}
	return t
}

func (w *witness) dimCarriers() TruthTable {
	t := table("marts.dim_carriers", "carrier", "source terms words")
	for _, c := range w.carriers {
		t.add(c.Source, c.Source, c.Source, "")
	}
	return t
}

// dimAccounts counts the batches and payouts that are known, whether or not anything was settled in them.
func (w *witness) dimAccounts() TruthTable {
	t := table("marts.dim_psp_accounts", "source account", "brand brand_currency settlement_currencies settlements_count")
	currencies := map[*brand][]string{}
	for _, m := range w.ledger {
		if !slices.Contains(currencies[m.brand], m.currency) {
			currencies[m.brand] = append(currencies[m.brand], m.currency)
		}
	}
	count := map[*brand]int{}
	for _, a := range w.accounts {
		for _, b := range a.batches {
			if b.seen(w.at) {
				count[a.brand]++
			}
		}
	}
	for _, p := range w.purses {
		for _, paid := range p.payouts {
			if paid.made <= w.at {
				count[p.brand]++
			}
		}
	}
	for _, b := range w.brands {
		t.add(b.psp.connection(b), b.Account.Name, b.Name, b.Currency, listed(currencies[b]), itoa(count[b]))
	}
	return t
}

// dimCalendar has the days of the years for which the world knows the holidays.
func (w *witness) dimCalendar() TruthTable {
	t := table("marts.dim_calendar", "calendar day_on", "is_working_day")
	t.Within = []string{"calendar", "day_on"}
	for _, name := range []string{"GB-EAW", "GB-SCT", "GB-NIR", "NL"} {
		for d := civil(2025, 1, 1); d <= civil(2027, 12, 31); d++ {
			t.add(name, d.text(), flag(w.cals.named(name).working(d)))
		}
	}
	return t
}
