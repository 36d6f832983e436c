package build

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/transforms/models"
)

// TestUnitsStayHeldWhileTheirAreaIs holds a unit, then its whole area, whose checks cannot name it any more, then the unit again: it is held since the
// first of them. What no check names while its area is free is free.
func TestUnitsStayHeldWhileTheirAreaIs(t *testing.T) {
	t.Parallel()
	const head = "/*\ndescription: d\n*/\n"
	project, err := models.Read(fstest.MapFS{
		"marts/desk/fct_orders.sql":  {Data: []byte(head + "select 1 as order_id")},
		"marts/yard/fct_parcels.sql": {Data: []byte(head + "select 1 as order_id")},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := releases{models: project}
	since := time.Date(2026, 4, 8, 6, 0, 0, 0, time.UTC)
	before := standing{newest: ledger.Release{Held: []ledger.HeldUnit{
		{Unit: "order_id=1", Since: since, Marts: []string{"marts.fct_orders"}},
		{Unit: "order_id=2", Since: since, Marts: []string{"marts.fct_parcels"}},
		{Unit: "order_id=3", Since: since, Marts: []string{"marts.fct_gone"}},
	}}}

	held := r.heldUnits(outcome{areas: map[string]string{"desk": "fct_orders cannot be built"}}, before)
	if len(held) != 1 || held[0].Unit != "order_id=1" || held[0].Since != since {
		t.Errorf("while the desk is held: %+v", held)
	}
	before.newest.Held = held
	held = r.heldUnits(outcome{held: []models.HeldUnit{{Unit: "order_id=1", Marts: []string{"marts.fct_orders"}}}}, before)
	if len(held) != 1 || held[0].Since != since {
		t.Errorf("afterwards: %+v", held)
	}
	if held = r.heldUnits(outcome{}, before); len(held) != 0 {
		t.Errorf("what nobody names any more is held: %+v", held)
	}
}
