package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// settledAt is when the reports of testdata/settlements have been there for some days.
var settledAt = time.Date(2026, 9, 20, 6, 0, 0, 0, time.UTC)

// reports is a project of Adyen's reports in a folder, as init writes it, with these of testdata/settlements in it: an account's folder, and the file.
func reports(t *testing.T, files map[string]string) *office {
	t.Helper()
	p := &office{T: t, dir: filepath.Join(t.TempDir(), "ops"), env: []string{"WAYBILL_PII_SALT=not a secret"}}
	if o := waybillWith(t, nil, "init", p.dir, "adyen:folder"); o.code != exitDone {
		t.Fatalf("init: %s", o)
	}
	settle(p)
	for account, file := range files {
		p.write(filepath.Join("files", "adyen", account, "settlement_detail_report_batch_7.csv"), settlement(t, file))
	}
	return p
}

func settlement(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "settlements", file+"_batch_7.csv"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// has wants the rows of a query, each a line of its first column.
func (p *office) has(query, want string) {
	p.Helper()
	if got := strings.Join(texts(p, query), "\n"); got != want {
		p.Errorf("%s\ngives\n%s\nwant\n%s", query, got, want)
	}
}

const (
	settlementsOf = `select concat_ws(' ', account, settlement_currency, state, cast(captures_amount as varchar), cast(fees_amount as varchar), cast(payout_amount as varchar))
		from marts.fct_settlements order by account`
	breaksOf = "select concat_ws(' ', kind, document, cast(amount as varchar), currency) from marts.fct_breaks order by all"
	asideOf  = "select concat_ws(' ', column_name, why, cast(amount_at_stake as varchar), cast(_line as varchar)) from marts.rows_set_aside order by _line"
)

// TestReportsOfSmallUnits: reports in a currency of three decimals, with fees that nothing explains and without a currency. Each is published exactly, broken or
// set aside, and holds none of those beside it.
func TestReportsOfSmallUnits(t *testing.T) {
	t.Parallel()
	const (
		shopEU    = "ShopEU EUR closed 36.5000 0.0000 -36.5000"
		shopKW    = "ShopKW KWD closed 12.0030 0.0000 -12.0030"
		shopKWGap = "fee_residual adyen:ShopKW:7:KWD -0.0030 KWD"
	)
	for file, want := range map[string]struct{ settled, broken, aside string }{
		"kwd_fee":  {"Shop KWD closed 10.0000 -0.0040 -9.9960\n" + shopEU + "\n" + shopKW, shopKWGap, ""},
		"residual": {"Shop EUR closed 90.0000 0.0000 -90.0000\n" + shopEU + "\n" + shopKW, "fee_residual adyen:Shop:7:EUR 9.0000 EUR\n" + shopKWGap, ""},
		"blank_net_currency": {
			shopEU + "\n" + shopKW, shopKWGap, "net_currency unknown currency 90.0000 2\nnet_currency unknown currency -90.0000 3",
		},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			p := reports(t, map[string]string{"Shop": file, "ShopEU": "kwd_presentment", "ShopKW": "kwd_settle"})
			p.must(exitDone, "run", "--as-of", stamp(settledAt))
			p.has(settlementsOf, want.settled)
			p.has(breaksOf, want.broken)
			p.has(asideOf, want.aside)
		})
	}
}

// TestOneBatchInSeveralFiles: a batch that was downloaded again, saved with other line ends and told by a second connection is one: its money counts once, whichever
// file came last.
func TestOneBatchInSeveralFiles(t *testing.T) {
	t.Parallel()
	p := reports(t, map[string]string{"Shop": "kwd_fee"})
	again := filepath.Join(p.dir, "files", "again")
	p.edit("waybill.yaml", "connections:\n", fmt.Sprintf("connections:\n  adyen-again: {kind: folder, root: %q}\n", again))
	p.edit("pipelines/adyen.yaml", "sources: [adyen]", "sources: [adyen, adyen-again]")
	p.write("files/again/README", "an empty folder would not be one yet")
	once := func() {
		t.Helper()
		p.must(exitDone, "run", "--as-of", stamp(settledAt))
		p.has("select concat_ws(' ', account, state, cast(entries_count as varchar), cast(payout_amount as varchar)) from marts.fct_settlements", "Shop closed 3 -9.9960")
		p.has("select cast(count(*) as varchar) || ' ' || cast(sum(abs(net_amount)) as varchar) from marts.fct_ledger_entries", "3 20.0000")
	}
	once()
	text := settlement(t, "kwd_fee")
	p.write("files/adyen/Shop/settlement_detail_report_batch_7 (1).csv", strings.ReplaceAll(text, "\n", "\r\n"))
	once()
	p.write("files/again/settlement_detail_report_batch_7.csv", text)
	once()
}
