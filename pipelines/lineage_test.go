package pipelines_test

import (
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/sql"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// empty answers for every input with a table of its columns and no rows.
type empty map[waybill.TableName][]waybill.Column

func (e empty) Relation(_ context.Context, t waybill.TableName) (string, error) {
	var items []string
	for _, c := range e[t] {
		items = append(items, fmt.Sprintf("cast(null as %s) as %s", c.Type, duck.Ident(c.Name)))
	}
	if len(items) == 0 {
		return "", fmt.Errorf("%s: %w", t, waybill.ErrNotFound)
	}
	return "select " + strings.Join(items, ", ") + " where false", nil
}

// TestLineageKnowsEveryColumn holds the columns that lineage finds in the SQL against those that DuckDB gives, model by model; and every one of a
// mart leads to an input, but for the few that are made of nothing.
func TestLineageKnowsEveryColumn(t *testing.T) {
	t.Parallel()
	project, schemas := shapes(t)
	l, err := project.Lineage(t.Context(), schemas)
	if err != nil {
		t.Fatal(err)
	}
	db := duck.Open(duck.Config{})
	defer db.Close()
	s, err := models.NewSession(t.Context(), db, project, empty(schemas))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	built, err := s.Build(t.Context(), project.Models(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range built {
		columns, err := s.Columns(t.Context(), b.Model)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, c := range columns {
			want = append(want, c.Name)
		}
		if got := l.Columns(b.Model.Name); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s\n has %v\nwant %v", b.Model.Name, got, want)
		}
		if b.Model.Name.Namespace == models.Marts {
			for _, c := range want {
				leadsToAnInput(t, l, project, models.ColumnName{Table: b.Model.Name, Name: c})
			}
		}
	}
}

// ofNothing are columns that are made of literals, or of counts of rows, alone; and those of a fact that none of these partners tells.
var ofNothing = regexp.MustCompile(`_count$|\.(check_id|kind|pair|severity|claim_type|day_on)$|_due_on$|_by_on$|ment_on$|promised_on$|processing_fee_amount$|unmapped_codes\.(column_name|map_in)$|rows_set_aside\.(fact|document_kind)$|unanswered_questions\.subject$|fct_returns\.law_basis$|backlog_daily\.taken$|fulfilment_daily\.is_matured$|rules_missing\.rule_kind$|^marts\.fct_disputes\.`)

func leadsToAnInput(t *testing.T, l *models.Lineage, p *models.Project, c models.ColumnName) {
	t.Helper()
	up, err := l.Upstream(c)
	if err != nil {
		t.Error(err)
		return
	}
	for _, s := range up {
		if p.Model(s.Column.Table) == nil {
			return
		}
	}
	if !ofNothing.MatchString(c.String()) {
		t.Errorf("%s leads nowhere: %v", c, up)
	}
}

// TestLineageOfOneColumn follows what one column of a mart is made of, and what is made of one raw column, as a person reads it in the SQL.
func TestLineageOfOneColumn(t *testing.T) {
	t.Parallel()
	project, schemas := shapes(t)
	l, err := project.Lineage(t.Context(), schemas)
	if err != nil {
		t.Fatal(err)
	}
	column := func(text string) models.ColumnName {
		at := strings.LastIndex(text, ".")
		schema, table, _ := strings.Cut(text[:at], ".")
		return models.ColumnName{Table: waybill.TableName{Namespace: schema, Name: table}, Name: text[at+1:]}
	}
	up, err := l.Upstream(column("marts.fct_shipments.tracking_no"))
	if err != nil {
		t.Fatal(err)
	}
	var text []string
	for _, s := range up {
		text = append(text, fmt.Sprintf("%d %s %v", s.Depth, s.Column, s.Unchanged))
	}
	want := []string{
		"1 intermediate.int_parcels.tracking_no true", "2 intermediate.int_despatches.tracking_no true", "3 intermediate.int_tracking_numbers.tracking_no true",
		"4 canonical.despatches.tracking_no true", "5 staging.stg_wms__despatches.tracking_no true", "6 raw.wms_despatch.tracking_no false",
		"4 canonical.return_labels.tracking_no true", "5 staging.stg_shopify__return_labels.tracking_no true", "6 raw.shop_return_labels.tracking_no false",
	}
	for _, w := range want {
		if !slices.Contains(text, w) {
			t.Errorf("not upstream: %s\n%s", w, strings.Join(text, "\n"))
		}
	}
	down, err := l.Downstream(column("raw.adyen_settlement_details.net_credit"))
	if err != nil {
		t.Fatal(err)
	}
	reached := map[string]bool{}
	for _, s := range down {
		reached[s.Column.String()] = true
	}
	for _, w := range []string{"canonical.ledger_entries.net_amount", "marts.fct_ledger_entries.net_amount", "marts.fct_settlements.payout_amount"} {
		if !reached[w] {
			t.Errorf("not downstream: %s\n%v", w, reached)
		}
	}
	if reached["marts.fct_orders.status"] {
		t.Error("a settlement's money says nothing of an order's status")
	}
	if _, err := l.Upstream(column("marts.fct_shipments.tracking_nr")); err == nil || !strings.Contains(err.Error(), "did you mean tracking_no?") {
		t.Error(err)
	}
}

// TestWordsOfFacts spoils literals of the SQL that comes with Waybill, one at a time: each is named with its file, its line and the nearest word.
func TestWordsOfFacts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, from, to, want string }{
		{"intermediate/parcels/int_parcel_timelines.sql", "status = 'attempted'", "status = 'atempted'", "'atempted' is none of canonical.parcel_scans.status, canonical.parcel_statuses.status (did you mean attempted?)"},
		{"intermediate/parcels/int_parcel_timelines.sql", "in ('delivered', 'delivered_damaged')", "in ('delivered', 'damaged')", "'damaged' is none of canonical.parcel_scans.status"},
		{"partners/royal_mail/stg_royal_mail__events.sql", "then 'offset'", "then 'ofset'", "'ofset' is none of canonical.parcel_scans.tz_source (did you mean offset?)"},
	} {
		text, err := fs.ReadFile(sql.Files, c.file)
		if err != nil || !strings.Contains(string(text), c.from) {
			t.Fatalf("%s has no %s: %v", c.file, c.from, err)
		}
		p, err := models.Read(sql.Files, models.Layer{Dir: "mine", Files: fstest.MapFS{c.file: &fstest.MapFile{Data: []byte(strings.ReplaceAll(string(text), c.from, c.to))}}})
		if err != nil {
			t.Fatal(err)
		}
		l, err := p.Lineage(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, m := range p.Models() {
			for _, mistake := range l.Mistakes(m) {
				found = append(found, mistake.Error())
			}
		}
		if len(found) == 0 || !strings.HasPrefix(found[0], "mine/"+c.file+":") || !strings.Contains(found[0], c.want) {
			t.Errorf("%s for %s: %q, want %s", c.to, c.from, found, c.want)
		}
	}
}
