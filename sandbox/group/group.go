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
	}
}

func northgateSite() world.Site {
	return world.Site{
		Code: "NG1", Source: "northgate", System: northgate.System, Country: "GB", Town: "Daventry", Says: northgate.Words(), Zone: "Europe/London", Calendar: "GB-EAW",
		CutOff: 14 * 60, Runs: []int{13 * 60, 23*60 + 30}, Despatches: "DN%07d", Returns: "RC%06d", Reports: northgate.Reports(),
		Shorts: true, Inbound: true, Allots: true, Carriers: []world.Share{{Of: dhl.Source, Weight: 2}, {Of: royalmail.Source, Weight: 1}},
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
		CutOff: 15 * 60, Runs: []int{13*60 + 30, 23 * 60}, ByNumber: true, Despatches: "V26%06d", Returns: "VR%06d", Reports: veldhoven.Reports(),
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
		CutOff: 12 * 60, Runs: []int{12*60 + 30, 22*60 + 45}, Despatches: "%06d", Returns: "LR%05d", Reports: prosku.Reports(),
		Carriers: []world.Share{{Of: royalmail.Source, Weight: 3}, {Of: dhl.Source, Weight: 2}},
		Problems: []world.Problem{
			{Kind: "file_cut_off", Feed: world.FeedStatus, Seen: 0, Rows: 2, Mend: 4},
			{Kind: "file_corrected", Feed: world.FeedDespatch, Seen: 1, Rows: 1, Mend: 5},
			{Kind: "file_wrong_trailer", Feed: world.FeedDespatch, Seen: 2, Rows: 1, Mend: 3},
			{Kind: "rows_rejected", Feed: world.FeedDespatch},
		},
	}
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
