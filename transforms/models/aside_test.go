package models_test

import (
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/models"
)

// paid are invoices and their lines as one partner tells them; the fact of lines has no instant of its own.
func paid() map[string]string {
	return map[string]string{
		"seeds/currencies.csv": "currency,name\nEUR,Euro\nGBP,Pound Sterling\n",
		"seeds/seeds.yaml":     "currencies:\n  description: Codes.\n  key: [currency]\n  columns:\n    currency: {type: VARCHAR, description: code}\n    name: {type: VARCHAR, description: name}\n",
		"canonical/money.yaml": `invoices:
  description: Invoices.
  grain: one row per invoice
  key: [source, invoice]
  at: made_at
  at_stake: {amount: total_amount, currency: currency}
  columns:
    invoice: {type: VARCHAR, required: true, description: its number}
    made_at: {type: TIMESTAMPTZ, description: when}
    paid_at: {type: TIMESTAMPTZ, optional: true, description: when it was paid}
    paid_by: {type: VARCHAR, optional: true, since: paid_at, description: who paid it}
    due_at: {type: TIMESTAMPTZ, clock: due, optional: true, description: until when}
    total_amount: {type: "DECIMAL(18,2)", required: true, description: how much}
    currency: {type: VARCHAR, required: true, description: of it}
    fee_amount: {type: "DECIMAL(18,2)", optional: true, description: what it cost}
    fee_currency: {type: VARCHAR, optional: true, description: of that}
invoice_lines:
  description: Their lines.
  grain: one row per line
  key: [source, line]
  part_of: {fact: invoices, by: invoice}
  columns:
    line: {type: VARCHAR, required: true, description: its number}
    invoice: {type: VARCHAR, required: true, description: the invoice}
`,
		"partners/books/stg_books__invoices.sql": `/*
description: Invoices.
grain: one row per invoice
key: [invoice]
owner: data
conforms_to: invoices
*/
with stg_books__invoices as (
    select invoice, made_at, paid_at, paid_by, due_at, total_amount, currency, fee_amount, fee_currency, _source, _file_id, _line, _received_at
    from raw.books_invoices
)

select * from stg_books__invoices
`,
		"partners/books/stg_books__lines.sql": `/*
description: Lines.
grain: one row per line
key: [line]
owner: data
conforms_to: invoice_lines
*/
with stg_books__lines as (
    select line, invoice, _source, _file_id, _line, _received_at from raw.books_lines
)

select * from stg_books__lines
`,
		"partners/books/worklists/facts.sql": `/*
description: All that is known.
*/
select concat_ws(' ', invoice, coalesce(cast(made_at at time zone 'UTC' as varchar), 'undated'), coalesce(paid_by, 'nobody'), currency,
    coalesce(cast(fee_amount as varchar), 'free'), coalesce(fee_currency, '-')) as said
from canonical.invoices
union all
select 'line ' || line from canonical.invoice_lines
order by all
`,
		"partners/books/worklists/asides.sql": `/*
description: All that is set aside.
*/
select concat_ws(' ', fact, document, column_name, why, coalesce(value, 'null'), is_row, amount, currency, _file_id, _line) as said
from canonical.set_aside
order by all
`,
	}
}

// invoices gives them as of an instant.
func invoices(asOf string) relations {
	return relations{
		"raw.books_invoices": `select *, 'books-uk' as _source, 'f1' as _file_id, timestamptz '2026-03-20 00:00:00+00' as _received_at from (values
			('I1', timestamptz '2026-03-02 08:00:00+00', timestamptz '2026-03-05 08:00:00+00', 'Ana', timestamptz '2026-04-01 00:00:00+00', 10.00, 'GBP', 1.00, 'EUR', 1),
			('I2', timestamptz '2026-03-10 08:00:00+00', null, null, null, 20.00, 'GBP', null, null, 2),
			('I3', timestamptz '1899-12-30 00:00:00+00', null, null, null, 30.00, 'GBP', null, null, 3),
			('I4', timestamptz '9999-12-31 00:00:00+00', null, null, null, 40.00, 'GBP', null, null, 4),
			('I5', timestamptz '2026-03-02 08:00:00+00', timestamptz '0001-01-01 00:00:00+00', 'Bo', null, 50.00, '', null, null, 5),
			('I6', null, null, null, null, 60.00, 'EUR', 2.00, 'POUND', 6),
			('I8', timestamptz '2026-03-02 09:00:00+00', null, null, null, 80.00, 'GBP', 3.00, 'EUR', 8),
			('I7', timestamptz '2026-03-24 08:00:00+00', null, null, null, 70.00, null, null, null, 7)
			) as t(invoice, made_at, paid_at, paid_by, due_at, total_amount, currency, fee_amount, fee_currency, _line)`,
		"raw.books_lines": `select *, 'books-uk' as _source, 'f2' as _file_id, timestamptz '2026-03-20 00:00:00+00' as _received_at from (values
			('L1', 'I1', 1), ('L2', 'I2', 2), ('L9', 'I9', 9)) as t(line, invoice, _line)`,
		"ops.clock": "select timestamptz '" + asOf + "' as as_of",
	}
}

// lists runs a worklist of one column.
func lists(t *testing.T, name, asOf string) string {
	t.Helper()
	files := parcels()
	for path, text := range paid() {
		files = with(files, path, text)
	}
	p := read(t, files).Active(map[waybill.TableName]bool{table("raw.books_invoices"): true, table("raw.books_lines"): true})
	w, err := p.Worklist(name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := session(t, p, invoices(asOf)).Query(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return strings.Join(out, "\n")
}

// What no calendar and no list of currencies has is no fact; a value that a row can do without goes alone, an amount with its currency.
func TestWhatCannotBePlacedIsSetAside(t *testing.T) {
	t.Parallel()
	const asOf = "2026-03-21 00:00:00+00"
	if got, want := lists(t, "facts", asOf), `I1 2026-03-02 08:00:00 Ana GBP 1.00 EUR
I2 2026-03-10 08:00:00 nobody GBP free -
I6 undated nobody EUR free -
I8 2026-03-02 09:00:00 nobody GBP 3.00 EUR
line L1
line L2
line L9`; got != want {
		t.Errorf("facts:\n%s\nwant\n%s", got, want)
	}
	if got, want := lists(t, "asides", asOf), `invoices I3 made_at date outside the calendar 1899-12-30 00:00:00+00 true 30.0000 GBP f1 3
invoices I4 made_at date outside the calendar 9999-12-31 00:00:00+00 true 40.0000 GBP f1 4
invoices I5 currency unknown currency  true 50.0000  f1 5
invoices I5 paid_at date outside the calendar 0001-01-01 00:00:00+00 false 50.0000  f1 5
invoices I6 fee_currency unknown currency POUND false 60.0000 EUR f1 6
invoices I7 made_at date in the future 2026-03-24 08:00:00+00 true 70.0000 f1 7`; got != want {
		t.Errorf("set aside:\n%s\nwant\n%s", got, want)
	}
}

// As of an earlier instant a part is not known before its whole, a value not before the instant from which it holds, and a row without an
// instant not before it was received.
func TestPartsAndValuesAreKnownFromTheirInstants(t *testing.T) {
	t.Parallel()
	for asOf, want := range map[string]string{
		"2026-03-04 00:00:00+00": "I1 2026-03-02 08:00:00 nobody GBP 1.00 EUR\nI8 2026-03-02 09:00:00 nobody GBP 3.00 EUR\nline L1\nline L9",
		"2026-03-11 00:00:00+00": "I1 2026-03-02 08:00:00 Ana GBP 1.00 EUR\nI2 2026-03-10 08:00:00 nobody GBP free -\nI8 2026-03-02 09:00:00 nobody GBP 3.00 EUR\nline L1\nline L2\nline L9",
	} {
		if got := lists(t, "facts", asOf); got != want {
			t.Errorf("as of %s:\n%s\nwant\n%s", asOf, got, want)
		}
	}
}

func TestPartsAreOfAFactWithAnInstant(t *testing.T) {
	t.Parallel()
	for was, is := range map[string]string{
		"fact: invoices, by: invoice}":         "fact: invoce, by: invoice}",
		"fact: invoices, by: invoice}\n":       "fact: invoice_lines, by: line}\n",
		"at_stake: {amount: total_amount, cur": "money: {amount: totl, cur",
		"since: paid_at":                       "since: payd_at",
	} {
		files := parcels()
		for path, text := range paid() {
			files = with(files, path, strings.Replace(text, was, is, 1))
		}
		if _, err := models.Read(files); err == nil || !strings.Contains(err.Error(), "canonical/money.yaml") {
			t.Errorf("%s: %v", is, err)
		}
	}
}
