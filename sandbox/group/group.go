// Package group is the group of shops that the sandbox simulates, as data: its brands, warehouses, carriers and payment
// providers. It brings the world, which knows nobody by name, and the partners' packages together.
package group

import (
	"github.com/fourmarketing/waybill/sandbox/adyen"
	"github.com/fourmarketing/waybill/sandbox/dhl"
	"github.com/fourmarketing/waybill/sandbox/northgate"
	"github.com/fourmarketing/waybill/sandbox/prosku"
	"github.com/fourmarketing/waybill/sandbox/royalmail"
	"github.com/fourmarketing/waybill/sandbox/shopify"
	"github.com/fourmarketing/waybill/sandbox/stripe"
	"github.com/fourmarketing/waybill/sandbox/veldhoven"
	"github.com/fourmarketing/waybill/sandbox/woocommerce"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// Demo is the group of the demo.
func Demo() world.Group {
	return world.Group{
		Brands: brands(), Sites: []world.Site{northgateSite(), veldhovenSite(), larkhillSite()},
		Carriers: []world.Carrier{dhl.Carrier(), royalmail.Carrier()}, PSPs: []world.PSP{adyen.PSP(), stripe.PSP()},
		Terms: terms(),
	}
}

func northgateSite() world.Site {
	return world.Site{
		Code: "NG1", Source: "northgate", System: northgate.System, Country: "GB", Town: "Daventry", Says: northgate.Words(), Zone: "Europe/London", Calendar: "GB-EAW",
		CutOffs: []world.CutOff{{Term: world.Term{ID: "cut-ng"}, At: weekdays(14*60, 11*60)}},
		Opens:   shifts([2]int{6 * 60, 22 * 60}, [2]int{6 * 60, 14 * 60}), Collects: shifts(vans(), vans()),
		Runs: []int{13 * 60, 23*60 + 30}, Despatches: "DN%07d", Returns: "RC%06d", Reports: northgate.Reports(),
		Shorts: true, Manifests: true, Inbound: true, Allots: true, Carriers: []world.Share{{Of: dhl.Source, Weight: 2}, {Of: royalmail.Source, Weight: 1}},
		Problems: []world.Problem{
			{Kind: "sequence_skipped", Feed: world.FeedStatus},
			{Kind: "file_corrected", Feed: world.FeedDespatch, Seen: 0, Rows: 1, Mend: 3},
			{Kind: "file_cut_off", Feed: world.FeedDespatch, Seen: 1, Rows: 2, Mend: 4},
			{Kind: "file_changed_header", Feed: world.FeedDespatch, Seen: 2, Rows: 1, Mend: 3},
			{Kind: "file_held", Feed: world.FeedStock, Seen: 3},
			{Kind: "rows_rejected", Feed: world.FeedDespatch},
			{Kind: "file_left_over", Feed: world.FeedDespatch},
			{Kind: "file_sent_twice", Feed: world.FeedDespatch, Seen: 0, Mend: 2},
		},
	}
}

func veldhovenSite() world.Site {
	return world.Site{
		Code: "VH1", Source: "veldhoven", System: veldhoven.System, Country: "NL", Town: "Veldhoven", Says: veldhoven.Words(), Zone: "Europe/Amsterdam", Calendar: "NL",
		CutOffs: []world.CutOff{
			{Term: world.Term{ID: "cut-vh-express"}, Service: "express", At: weekdays(16*60+30, 0)},
			{Term: world.Term{ID: "cut-vh"}, At: weekdays(15*60, 0)},
		},
		Opens: shifts([2]int{7 * 60, 20 * 60}, [2]int{}), Collects: shifts(vans(), [2]int{}),
		Runs: []int{13*60 + 30, 23 * 60}, ByNumber: true, Despatches: "V26%06d", Returns: "VR%06d", Reports: veldhoven.Reports(),
		Shorts: true, Inbound: true, Allots: true, Sparse: true, Carriers: []world.Share{{Of: dhl.Source, Weight: 1}},
		Problems: []world.Problem{
			{Kind: "sequence_skipped", Feed: world.FeedReturns},
			{Kind: "file_late", Feed: world.FeedStatus, Seen: 1, Rows: 1, Mend: 8},
			{Kind: "file_wrong_trailer", Feed: world.FeedStatus, Seen: 2, Rows: 1, Mend: 4},
			{Kind: "rows_rejected", Feed: world.FeedDespatch},
		},
	}
}

func larkhillSite() world.Site {
	return world.Site{
		Code: "LH1", Source: "larkhill", System: prosku.System, Country: "GB", Town: "Larkhill", Zone: "Europe/London", Calendar: "GB-EAW",
		CutOffs: []world.CutOff{
			{Term: world.Term{ID: "cut-lh", Until: changed}, At: weekdays(12*60, 0)},
			{Term: world.Term{ID: "cut-lh-april", From: changed}, At: weekdays(13*60, 0)},
		},
		Opens: shifts([2]int{7*60 + 30, 18 * 60}, [2]int{}), Collects: shifts(vans(), [2]int{}), ByScan: true,
		Runs: []int{12*60 + 30, 22*60 + 45}, Despatches: "%06d", Returns: "LR%05d", Reports: prosku.Reports(),
		Carriers: []world.Share{{Of: royalmail.Source, Weight: 3}, {Of: dhl.Source, Weight: 2}},
		Problems: []world.Problem{
			{Kind: "file_cut_off", Feed: world.FeedStatus, Seen: 0, Rows: 2, Mend: 4},
			{Kind: "file_corrected", Feed: world.FeedDespatch, Seen: 1, Rows: 1, Mend: 5},
			{Kind: "file_wrong_trailer", Feed: world.FeedDespatch, Seen: 2, Rows: 1, Mend: 3},
			{Kind: "rows_rejected", Feed: world.FeedDespatch},
		},
	}
}

// changed is the day on which the group agreed on other terms.
const changed = "2026-04-01"

// vans come from six in the evening, and what they take has its first scan before three in the night.
func vans() [2]int { return [2]int{18 * 60, 27 * 60} }

// weekdays closes at one minute from Monday to Friday, and at another on Saturdays.
func weekdays(minute, saturday int) [7]int {
	return [7]int{minute, minute, minute, minute, minute, saturday, 0}
}

// shifts are the hours of Monday to Friday, and those of Saturday.
func shifts(day, saturday [2]int) [7][2]int { return [7][2]int{day, day, day, day, day, saturday, {}} }

// terms are what the group promises and what its carriers do. Nobody agreed with a carrier on express parcels from Veldhoven to Britain.
func terms() world.Terms {
	ruled := func(id string) world.Term { return world.Term{ID: id} }
	nir, high := world.To{Nation: "GB-NIR"}, world.To{Country: "GB", Region: "highlands_islands"}
	britain := world.To{Country: "GB"}
	t := world.Terms{Promises: []world.Promise{
		{Term: ruled("prm-vh-high"), Service: "standard", Site: "VH1", To: high, Days: 6},
		{Term: ruled("prm-vh-ni"), Service: "standard", Site: "VH1", To: nir, Days: 5},
		{Term: ruled("prm-vh-gb"), Service: "standard", Site: "VH1", To: britain, Days: 4},
		{Term: ruled("prm-high"), Service: "standard", To: high, Days: 5},
		{Term: ruled("prm-ni"), Service: "standard", To: nir, Days: 4},
		{Term: world.Term{ID: "prm", Until: changed}, Service: "standard", Days: 3},
		{Term: world.Term{ID: "prm-april", From: changed}, Service: "standard", Days: 2},
		{Term: ruled("prm-exp-vh-high"), Service: "express", Site: "VH1", To: high, Days: 3},
		{Term: ruled("prm-exp-vh-ni"), Service: "express", Site: "VH1", To: nir, Days: 3},
		{Term: ruled("prm-exp-vh-gb"), Service: "express", Site: "VH1", To: britain, Days: 2, Between: [2]int{10 * 60, 16 * 60}},
		{Term: ruled("prm-exp-high"), Service: "express", To: high, Days: 2},
		{Term: ruled("prm-exp-ni"), Service: "express", To: nir, Days: 2},
		{Term: ruled("prm-exp"), Service: "express", Days: 1, Between: [2]int{0, 13 * 60}},
	}}
	for _, site := range []string{"NG1", "LH1"} {
		lark := func(id string, to world.To, days int) world.Promise {
			return world.Promise{Term: ruled(id + "-" + site), Brand: "Oxbow & Lark", Service: "standard", Site: site, To: to, FromOrder: true, Days: days}
		}
		t.Promises = append([]world.Promise{lark("prm-lark-high", high, 6), lark("prm-lark-ni", nir, 6), lark("prm-lark", world.To{}, 3)}, t.Promises...)
	}
	for _, carrier := range []string{dhl.Source, royalmail.Source} {
		lane := func(id, service, site string, to world.To, days int) {
			t.Lanes = append(t.Lanes, world.Lane{Term: ruled(carrier + "-" + id), Carrier: carrier, Service: service, Site: site, To: to, Days: days})
		}
		if carrier == dhl.Source {
			lane("vh-high", "standard", "VH1", high, 4)
			lane("vh-ni", "standard", "VH1", nir, 4)
			lane("vh-gb", "standard", "VH1", britain, 3)
			lane("nl", "standard", "", world.To{Country: "NL"}, 2)
			lane("exp-nl", "express", "", world.To{Country: "NL"}, 1)
		}
		for _, home := range []string{"NG1", "LH1"} {
			lane("high-"+home, "standard", home, high, 3)
			lane("ni-"+home, "standard", home, nir, 3)
			lane("gb-"+home, "standard", home, britain, 2)
			lane("exp-high-"+home, "express", home, high, 2)
			lane("exp-ni-"+home, "express", home, nir, 2)
			lane("exp-gb-"+home, "express", home, britain, 1)
		}
	}
	return t
}

// booked is an account whose reports have the booking date: the second one, as adyen lays them out.
func booked(a world.Account) world.Account {
	a.Books = true
	return a
}

func brands() []world.Brand {
	home := []world.Share{{Of: "NG1", Weight: 1}}
	away := []world.Share{{Of: "VH1", Weight: 1}}
	london := func(name string) world.Account {
		return world.Account{PSP: adyen.Source, Name: name, Zone: "Europe/London", Currencies: []string{"GBP"}}
	}
	both := []world.Share{{Of: "NG1", Weight: 60}, {Of: "LH1", Weight: 40}}
	inTwo := shopify.Skills()
	inTwo.Pounds = true
	return []world.Brand{
		{
			Name: "Aster & Vale", Shop: "aster-vale", System: shopify.System, Says: shopify.Words(), Can: shopify.Skills(), Prefix: "AV", FirstNo: 1001, FirstID: 5_000_000_000,
			Currency: "GBP", Share: 36, Abroad: 0.06, Warehouses: home, Range: asterVale(), Account: london("AsterValeUK"),
		},
		{
			Name: "Hart / Rowe", Shop: "hart-rowe", System: shopify.System, Says: shopify.Words(), Can: shopify.Skills(), Prefix: "HR", FirstNo: 4801, FirstID: 5_100_000_000,
			Currency: "GBP", Share: 28, Abroad: 0.04, Warehouses: both, TwoStep: true, Range: hartRowe(), Account: booked(london("HartRoweUK")),
		},
		{
			Name: "Nørre Studio", Shop: "norre-studio", System: shopify.System, Says: shopify.Words(), Can: inTwo, Prefix: "NS", FirstNo: 2201, FirstID: 5_200_000_000,
			Currency: "EUR", Share: 16, Abroad: 0.45, Warehouses: away, Range: norreStudio(),
			Account: world.Account{PSP: adyen.Source, Name: "NorreStudioEU", Zone: "Europe/Amsterdam", Currencies: []string{"EUR", "GBP"}},
		},
		{
			Name: "Pell Mill", Shop: "pell-mill", System: shopify.System, Says: shopify.Words(), Can: shopify.Skills(), Prefix: "PM", FirstNo: 10001, FirstID: 5_300_000_000,
			Currency: "GBP", Share: 20, Abroad: 0.93, Warehouses: away, PaidWhenSent: true, Range: pellMill(), Account: london("PellMillUK"),
		},
		{
			Name: "Oxbow & Lark", Shop: "oxbow-lark", System: woocommerce.System, Says: woocommerce.Words(), Can: woocommerce.Skills(), Prefix: "OL", FirstNo: 1001, FirstID: 31_000,
			Currency: "GBP", Share: 22, Abroad: 0.03, Warehouses: both, Range: oxbowLark(),
			Account: world.Account{PSP: stripe.Provider, Name: "stripe", Books: true, Currencies: []string{"GBP"}},
		},
	}
}
