package models_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/models"
)

func shopSchemas() map[waybill.TableName][]waybill.Column {
	return map[waybill.TableName][]waybill.Column{
		table("raw.orders"): {
			{Name: "order_id", Type: "VARCHAR"},
			{Name: "brand", Type: "VARCHAR"},
			{Name: "placed_on", Type: "DATE"},
			{Name: "amount", Type: "DECIMAL(18,2)"},
			{Name: "currency", Type: "VARCHAR"},
		},
		table("raw.refunds"): {{Name: "refund_id", Type: "VARCHAR"}, {Name: "order_id", Type: "VARCHAR"}, {Name: "amount", Type: "DECIMAL(18,2)"}},
	}
}

func run(t *testing.T, cases fstest.MapFS) []models.CaseResult {
	t.Helper()
	return models.RunCases(t.Context(), read(t, shop()), cases, shopSchemas())
}

// The cases in testdata go over two days: an order, then its refund and a corrected order table. UPDATE=1 writes what came out.
func TestRunCasesOverDays(t *testing.T) {
	t.Parallel()
	const dir = "testdata/cases"
	results := models.RunCases(t.Context(), read(t, shop()), os.DirFS(dir), shopSchemas())
	if len(results) != 4 {
		t.Errorf("%d results", len(results))
	}
	for _, r := range results {
		if r.Err != nil {
			t.Error(r.Err)
			continue
		}
		if r.Diff == "" {
			continue
		}
		if os.Getenv("UPDATE") == "1" {
			if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(r.Path)), r.Got, 0o600); err != nil {
				t.Error(err)
			}
			continue
		}
		t.Errorf("%s:\n%s", r.Path, r.Diff)
	}
}

func TestRunCasesShowsTheDifference(t *testing.T) {
	t.Parallel()
	given := []string{
		"fct_orders/c/clock.txt", "2025-03-04T06:00:00Z\n",
		"fct_orders/c/given/raw.orders.csv", "order_id,brand,placed_on,amount,currency\na1,A,2025-03-01,10,GBP\na2,,2025-03-01,1.5,EUR\na3,\"\",2025-03-01,2,GBP\n",
	}
	for name, c := range map[string]struct{ want, diff string }{
		"equal, other order and notation": {
			"amount,order_id,as_of\n1.50,a2,2025-03-04 07:00:00+01\n2,a3,2025-03-04T06:00:00Z\n10.0,a1,2025-03-04T06:00:00Z\n", "",
		},
		"null and the empty text": {"order_id,brand\na1,A\na2,\na3,\"\"\n", ""},
		"different":               {"order_id,brand,amount\na1,B,11\na2,,1.5\na3,\"\",2\n", "different  order_id=a1\n           brand: want B, got A\n           amount: want 11.00, got 10.00"},
		"null is not empty":       {"order_id,brand\na1,A\na2,\"\"\na3,\"\"\n", "different  order_id=a2\n           brand: want , got ∅"},
		"missing and unexpected":  {"order_id,amount\na1,10\na9,1\na3,2\n", "unexpected order_id=a2 amount=1.50\nmissing    order_id=a9 amount=1.00"},
		"without the key":         {"currency,amount\nGBP,10\nGBP,3\nEUR,1.5\n", "unexpected currency=GBP amount=2.00\nmissing    currency=GBP amount=3.00"},
		"twice":                   {"currency\nGBP\nEUR\nEUR\n", "missing    currency=EUR\nunexpected currency=GBP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, files(append(given, "fct_orders/c/want.csv", c.want)...))
			if len(got) != 1 || got[0].Err != nil || got[0].Diff != c.diff {
				t.Errorf("%v\n%s\nwant\n%s", got[0].Err, got[0].Diff, c.diff)
			}
		})
	}
}

// What UPDATE writes is what the next run takes as right.
func TestGotIsAWant(t *testing.T) {
	t.Parallel()
	cases := files(
		"fct_orders/c/clock.txt", "2025-03-04T06:00:00.5Z\n",
		"fct_orders/c/given/raw.orders.csv", "order_id,brand,placed_on,amount,currency\n\"a,1\",\" x\",2025-03-01,10,GBP\na2,,,1.5,EUR\na3,\"\",2025-03-01,2,GBP\n\"a\"\"4\",\"l\nm\",2025-03-01,2,GBP\n")
	first := run(t, cases)[0]
	if first.Err != nil || !strings.Contains(first.Diff, "unexpected") {
		t.Fatalf("%+v", first)
	}
	cases[first.Path] = &fstest.MapFile{Data: first.Got}
	if again := run(t, cases)[0]; again.Err != nil || again.Diff != "" {
		t.Errorf("%v\n%s\n%s", again.Err, again.Diff, first.Got)
	}
}

func TestRunCasesSaysWhatIsWrongWithACase(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"no such model":   {files("fct_order/c/want.csv", "x\n"), "fct_order/c: no model fct_order (did you mean fct_orders?)"},
		"no such column":  {files("fct_orders/c/given/raw.orders.csv", "order_idd\na\n"), "given/raw.orders.csv:1: unknown column order_idd (did you mean order_id?)"},
		"no such table":   {files("fct_orders/c/given/raw.order.csv", "order_id\na\n"), "no columns are known of raw.order (did you mean raw.orders?)"},
		"want's columns":  {files("fct_orders/c/want.csv", "orderid\n"), "fct_orders/c/want.csv:1: unknown column orderid (did you mean order_id?)"},
		"not a CSV":       {files("fct_orders/c/given/orders.txt", "x"), "a file <schema>.<table>.csv is expected"},
		"a wrong value":   {files("fct_orders/c/given/raw.orders.csv", "order_id,amount\na,ten\n"), "fct_orders/c/given/raw.orders.csv: "},
		"a wrong instant": {files("fct_orders/c/clock.txt", "yesterday"), "fct_orders/c/clock.txt:1: an instant like"},
		"a wrong folder":  {files("fct_orders/c/second/want.csv", "x"), "fct_orders/c: folder second"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, c.files)
			if len(got) != 1 || got[0].Err == nil || !strings.Contains(got[0].Err.Error(), c.want) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A model that is given is not built, and its columns have the types of its select.
func TestRunCasesTakesModelsAndSeedsAsGiven(t *testing.T) {
	t.Parallel()
	got := run(t, files(
		"finance_daily/c/given/marts.fct_orders.csv", "placed_on,amount_gbp\n2025-03-01,1.25\n2025-03-01,2.5\n",
		"finance_daily/c/want.csv", "placed_on,orders_count,amount_gbp\n2025-03-01,2,3.75\n",
		"fct_orders/s/clock.txt", "2025-03-04T06:00:00Z\n",
		"fct_orders/s/given/seeds.rates.csv", "currency,rate\nSEK,0.1\n",
		"fct_orders/s/given/raw.orders.csv", "order_id,amount,currency\na,30,SEK\nb,1,GBP\n",
		"fct_orders/s/want.csv", "order_id,amount_gbp\na,3.00\n",
	))
	for _, r := range got {
		if r.Err != nil || r.Diff != "" {
			t.Errorf("%s: %v\n%s", r.Path, r.Err, r.Diff)
		}
	}
	if len(got) != 2 {
		t.Error(len(got))
	}
}
