package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/sandbox"
	"github.com/fourmarketing/waybill/sandbox/adyen"
	"github.com/fourmarketing/waybill/sandbox/northgate"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// subset is a project of some partners only, as `waybill init` writes it.
type subset struct {
	partners string   // as init takes them
	rows     string   // marts that have rows then
	never    string   // checks of fct_breaks that nobody can have failed, for lack of a partner
	refunds  []string // states that refunds may have, where there are any
}

// What no break can be of, without a shop, warehouse or payment provider.
const (
	noShop      = "R01 R02 R10 R13 R17"
	noWarehouse = "R01 R02 R03 R10 R17 R18 R21"
	noPSP       = "R13 R14"
)

const (
	shopMarts      = "fct_orders fct_order_lines"
	warehouseMarts = "fct_warehouse_events fct_shipments stock_daily"
	pspMarts       = "fct_ledger_entries fct_settlements dim_psp_accounts"
	carrierMarts   = "fct_tracking_events fct_shipments"
)

// subsets are those that make sense alone; a partner more is a line more.
func subsets() []subset {
	withShopOnly, withPSPOnly := []string{"no_psp"}, []string{"no_shop"}
	return []subset{
		{"northgate", warehouseMarts, noShop + " " + noPSP, nil},
		{"northgate:folder", warehouseMarts, noShop + " " + noPSP, nil},
		{"veldhoven", warehouseMarts, noShop + " " + noPSP, nil},
		{"larkhill", warehouseMarts, noShop + " " + noPSP, nil},
		{"shopify", shopMarts + " fct_refunds", noWarehouse + " " + noPSP, withShopOnly},
		{"woocommerce", shopMarts, noWarehouse + " " + noPSP, withShopOnly},
		{"adyen", pspMarts + " fct_refunds", noShop + " " + noWarehouse, withPSPOnly},
		{"adyen:folder", pspMarts, noShop + " " + noWarehouse, withPSPOnly},
		{"stripe", pspMarts, noShop + " " + noWarehouse, withPSPOnly},
		{"dhl", "", "R03 " + noShop + " " + noPSP, nil}, // nobody gives it a number to ask for
		{"royal_mail", "", "R03 " + noShop + " " + noPSP, nil},
		{"northgate dhl", warehouseMarts + " " + carrierMarts, noShop + " " + noPSP, nil},
		{"veldhoven dhl", warehouseMarts + " " + carrierMarts, noShop + " " + noPSP, nil},
		{"larkhill royal_mail", warehouseMarts, noShop + " " + noPSP, nil},
		{"shopify adyen", shopMarts + " " + pspMarts, noWarehouse, nil},
		{"woocommerce stripe", shopMarts + " " + pspMarts, noWarehouse, nil},
		{"shopify northgate", shopMarts + " " + warehouseMarts, noPSP, withShopOnly},
		{"woocommerce northgate", shopMarts + " " + warehouseMarts, "R03 " + noPSP, withShopOnly}, // northgate ships brands of other shops too
		{"woocommerce larkhill royal_mail", shopMarts + " " + warehouseMarts, noPSP, withShopOnly},
		{"adyen northgate", pspMarts + " " + warehouseMarts, noShop, withPSPOnly},
	}
}

// byChance are marts that may be empty though all that they need is there: nothing of the kind happened.
const byChance = "unanswered_questions rows_set_aside fulfilment_daily recon_tieouts feed_gaps fct_claimable_parcels fct_disputes unmapped_codes orders_at_risk rules_missing backlog_daily fct_breaks fct_refunds fct_returns fct_return_lines fct_exchanges returns_daily returns_open stock_shortages open_line_stock"

// TestSubsets makes a project of each subset by init, points it at the sandbox, and asks the doctor and a run: nothing fails for want of a
// partner, what the partners tell of is there, what is empty is named, and nobody is blamed for what he cannot know.
func TestSubsets(t *testing.T) {
	t.Parallel()
	box := startWorld(t, world.Options{Seed: 5, Days: 10, OrdersPerDay: 12, Defects: 1})
	checkpoints := box.World().Checkpoints()
	at := checkpoints[len(checkpoints)-1]
	advance(t, box, at)
	for _, s := range subsets() {
		t.Run(strings.ReplaceAll(s.partners, " ", "+"), func(t *testing.T) {
			t.Parallel()
			p := initiate(t, box, s.partners)
			named := s.foreseen(p)
			p.must(exitDone, "run", "--as-of", stamp(at))
			s.published(p, named)
			again := p.must(exitDone, "run", "--as-of", stamp(at))
			says(t, again.out, "no news")
			s.linked(p)
		})
	}
}

// TestNamesAreTheOwners renames a connection, and lets two brands share an account: parcels are asked about as before, and no money counts twice.
func TestNamesAreTheOwners(t *testing.T) {
	t.Parallel()
	box := startWorld(t, small(6))
	at := box.World().AsOf()
	advance(t, box, at)
	plain, own := initiate(t, box, "northgate dhl adyen"), initiate(t, box, "northgate dhl adyen")
	own.edit("waybill.yaml", "\n  dhl: {", "\n  dhl-uk: {")
	own.edit("waybill.yaml", "    source: dhl\n", "    source: dhl-uk\n")
	own.edit("pipelines/dhl.yaml", "sources: [dhl]", "sources: [dhl-uk]")
	own.edit("waybill.yaml", "  - {source: adyen, account: HartRoweUK, brand: Hart / Rowe}\n", "  - {source: adyen, account: HartRoweUK, brand: Hart / Rowe}\n  - {source: adyen, account: HartRoweUK, brand: Pell Mill}\n")
	for _, p := range []*office{plain, own} {
		p.must(exitDone, "run", "--as-of", stamp(at))
	}
	for _, q := range []string{
		"select count(*) from marts.fct_tracking_events", "select count(*) || ' ' || sum(net_amount) from marts.fct_ledger_entries",
		"select count(*) || ' ' || sum(captures_amount) from marts.fct_settlements",
	} {
		if was, is := plain.ask(q), own.ask(q); was != is || was == "0" {
			t.Errorf("%s: %s, and %s by other names", q, was, is)
		}
	}
}

// initiate makes a project by init and gives it the sandbox's addresses and credentials.
func initiate(t *testing.T, box *sandbox.Sandbox, partners string) *office {
	t.Helper()
	p := &office{T: t, dir: filepath.Join(t.TempDir(), "ops"), env: []string{"WAYBILL_PII_SALT=sandbox people do not exist"}}
	if o := waybillWith(t, nil, append([]string{"init", p.dir}, strings.Fields(partners)...)...); o.code != exitDone {
		t.Fatalf("init %s: %s", partners, o)
	}
	text, err := os.ReadFile(p.config())
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for _, c := range box.Access() {
		settings := map[string]any{"kind": c.Kind}
		for k, v := range c.Settings {
			settings[k] = v
		}
		for k, v := range c.Secrets {
			settings[k] = v
		}
		flow, err := json.Marshal(settings)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range lines {
			if strings.HasPrefix(line, "  "+c.Source+": {") && !strings.Contains(line, "kind: folder") {
				lines[i] = "  " + c.Source + ": " + string(flow)
			}
		}
	}
	p.write("waybill.yaml", strings.Join(lines, "\n"))
	settle(p)
	fill(p, box)
	return p
}

// settle takes files at once: the sandbox's are whole when they appear.
func settle(p *office) {
	p.Helper()
	files, err := filepath.Glob(filepath.Join(p.dir, "pipelines", "*.yaml"))
	if err != nil {
		p.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			p.Fatal(err)
		}
		calm := strings.NewReplacer("stable_for: 1s", "stable_for: 0s", "stable_for: 60s", "stable_for: 0s").Replace(string(text))
		p.write("pipelines/"+filepath.Base(file), calm)
	}
}

// fill puts into the folders that init made what the partners would have sent.
func fill(p *office, box *sandbox.Sandbox) {
	p.Helper()
	w, at := box.World(), box.World().AsOf()
	if _, err := os.Stat(filepath.Join(p.dir, "files", "adyen")); err == nil {
		for _, account := range adyen.Accounts(w) {
			for _, r := range adyen.Reports(w, account, at) {
				p.write(filepath.Join("files", "adyen", account, r.Name), string(r.Body))
			}
		}
	}
	if _, err := os.Stat(filepath.Join(p.dir, "files", "northgate")); err == nil {
		for _, f := range northgate.Files(w, "northgate", at) {
			p.write(filepath.Join("files", "northgate", f.Path), string(f.Body))
			if err := os.Chtimes(filepath.Join(p.dir, "files", "northgate", f.Path), f.ModifiedAt, f.ModifiedAt); err != nil {
				p.Fatal(err)
			}
		}
	}
}

// foreseen are the marts that the doctor says will be empty; nothing else may be wrong.
func (s subset) foreseen(p *office) map[string]bool {
	p.Helper()
	var findings []waybill.Finding
	p.report(exitDone, &findings, "doctor")
	named := map[string]bool{}
	for _, f := range findings {
		_, list, found := strings.Cut(f.Detail, "; empty: ")
		if !f.Note || !found {
			continue
		}
		list, _, _ = strings.Cut(list, ";")
		for _, mart := range strings.Split(list, ", ") {
			named[mart] = true
		}
		if f.Remedy == "" {
			p.Errorf("%s: who would tell of it is not said: %s", f.Subject, f.Detail)
		}
	}
	return named
}

// published looks at the marts of a subset.
func (s subset) published(p *office, named map[string]bool) {
	p.Helper()
	cfg, err := project.Read(p.config(), func(string) (string, bool) { return "", true })
	if err != nil {
		p.Fatal(err)
	}
	defs, err := cfg.Load(time.Now)
	if err != nil {
		p.Fatal(err)
	}
	db, err := openMarts(cfg)
	if err != nil {
		p.Fatal(err)
	}
	defer db.Close()
	wanted, chance := strings.Fields(s.rows), strings.Fields(byChance)
	for _, m := range defs.Models.Models() {
		if m.Name.Namespace != "marts" {
			continue
		}
		var n int
		if err := db.QueryRow("select count(*) from " + m.Name.String()).Scan(&n); err != nil {
			p.Errorf("%s is not published: %v", m.Name, err)
			continue
		}
		switch {
		case n == 0 && slices.Contains(wanted, m.Name.Name):
			p.Errorf("%s has no rows", m.Name)
		case n > 0 && named[m.Name.Name]:
			p.Errorf("%s has %d rows; the doctor said that it would be empty", m.Name, n)
		case n == 0 && !named[m.Name.Name] && !slices.Contains(chance, m.Name.Name):
			p.Errorf("%s is empty, and the doctor did not say so", m.Name)
		}
	}
	for _, list := range [][2]string{
		{"select distinct check_id from marts.fct_breaks", ""},
		{"select distinct state from marts.fct_refunds", "states"},
	} {
		for _, value := range texts(p, list[0]) {
			switch {
			case list[1] == "" && slices.Contains(strings.Fields(s.never), value):
				p.Errorf("fct_breaks has %s, which nobody can know without the partner", value)
			case list[1] != "" && len(s.refunds) > 0 && !slices.Contains(s.refunds, value):
				p.Errorf("a refund is %s, want %v", value, s.refunds)
			}
		}
	}
}

// linked wants the doctor to name the carriers of parcels that the subset has no carrier for, and nobody else.
func (s subset) linked(p *office) {
	p.Helper()
	var findings []waybill.Finding
	p.report(exitDone, &findings, "doctor")
	for _, carrier := range texts(p, "select distinct carrier from marts.fct_shipments") {
		configured := slices.Contains(strings.Fields(s.partners), carrier)
		if _, named := told(findings, "carrier "+carrier, "no carrier of that name"); named == configured && carrier != "unknown" {
			p.Errorf("carrier %s: named by the doctor %v, configured %v", carrier, named, configured)
		}
	}
	if f, named := told(findings, "of an account that no brand has"); named {
		p.Errorf("%s: %s", f.Subject, f.Detail)
	}
}

// texts are the values of a query's only column.
func texts(p *office, query string) []string {
	p.Helper()
	var rows []map[string]any
	p.report(exitDone, &rows, "query", query)
	var all []string
	for _, r := range rows {
		for _, v := range r {
			if text, ok := v.(string); ok {
				all = append(all, text)
			}
		}
	}
	return all
}
