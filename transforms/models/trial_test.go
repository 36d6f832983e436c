package models_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/transforms/models"
)

// TestTrialShowsWhatChangesAndTakesItBack tries other SQL of one model: what reads it and comes out with other rows is shown, in build order, what
// does not is not, and afterwards everything is as before.
func TestTrialShowsWhatChangesAndTakesItBack(t *testing.T) {
	t.Parallel()
	p := read(t, shop())
	s := session(t, p, someOrders())
	mustBuild(t, s, p.Models())
	if err := s.Keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	summed := p.Model(table("intermediate.int_refunds_summed"))
	try := func(text string) string {
		t.Helper()
		var changed []string
		err := s.Trial(t.Context(), summed, text, func(m *models.Model) (bool, error) {
			changed = append(changed, m.Name.Name)
			return true, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(changed, " ")
	}
	for text, want := range map[string]string{
		strings.Replace(summed.SQL, "sum(amount)", "max(amount)", 1):     "int_refunds_summed fct_orders",
		strings.Replace(summed.SQL, "count(*)", "count(*) + 1", 1):       "int_refunds_summed",
		strings.Replace(summed.SQL, "sum(amount)", "sum(1 * amount)", 1): "",
		summed.SQL: "",
	} {
		if got := try(text); got != want {
			t.Errorf("%q changed, want %q, by\n%s", got, want, text)
		}
	}
	err := s.Trial(t.Context(), summed, "select nothing", nil)
	if !errors.Is(err, models.ErrTrial) {
		t.Errorf("%v, want %v", err, models.ErrTrial)
	}
	if got := try(summed.SQL); got != "" {
		t.Errorf("after all trials %s is another", got)
	}
}

// TestOpenCasesNotice tries SQL on cases that stay open: the case of the mart notices, and is right again afterwards.
func TestOpenCasesNotice(t *testing.T) {
	t.Parallel()
	p := read(t, shop())
	cases, err := models.OpenCases(t.Context(), openDuck(t), p, os.DirFS("testdata/cases"), shopSchemas())
	if err != nil {
		t.Fatal(err)
	}
	refunds := p.Model(table("staging.stg_shop__refunds"))
	noticed := 0
	for _, c := range cases {
		err := c.Session.Trial(t.Context(), refunds, strings.Replace(refunds.SQL, "amount", "amount + 1 as amount", 1), func(m *models.Model) (bool, error) {
			diff, err := c.Differs(t.Context())
			if m.Name == c.Model.Name && diff != "" {
				noticed++
			}
			return true, err
		})
		if err != nil {
			t.Error(err)
		}
		if diff, err := c.Differs(t.Context()); diff != "" || err != nil {
			t.Errorf("%s: %s %v", c.Path, diff, err)
		}
		if err := c.Session.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(cases) != 4 || noticed < 2 {
		t.Errorf("%d of %d cases noticed", noticed, len(cases))
	}
}
