package dhl_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/dhl"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
	"github.com/fourmarketing/waybill/sandbox"
	partner "github.com/fourmarketing/waybill/sandbox/dhl"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// TestAgainstSandbox asks the sandbox's carrier for the parcels of its shops and compares with the world's view of them.
func TestAgainstSandbox(t *testing.T) {
	t.Parallel()
	s, err := sandbox.Start(t.Context(), sandbox.Options{World: world.Options{Seed: 7, Days: 10, OrdersPerDay: 12, Defects: 1}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	checkpoints := s.World().Checkpoints()
	at := checkpoints[len(checkpoints)-1]
	if err := s.Advance(at); err != nil {
		t.Fatal(err)
	}
	access := s.To("dhl")
	c, err := dhl.New(dhl.Config{
		BaseURL: access.Other["url"], APIKey: waybill.Secret(access.Secrets["api_key"]), CallsPerSecond: 500, DailyQuota: 1000,
		HTTP: rest.Config{Attempts: 3, WaitMin: time.Millisecond},
	}, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	for _, f := range c.Check(t.Context()) {
		if !f.OK {
			t.Errorf("doctor: %+v", f)
		}
	}
	r := waybill.Request{Feed: "tracking", Resource: "tracking", Now: at, Work: []string{"JJD00UNKNOWN"}}
	for _, o := range s.World().ShopOrders("aster-vale", at) {
		for _, f := range o.Fulfilments {
			if f.TrackingNumber != "" && len(r.Work) < 120 {
				r.Work = append(r.Work, f.TrackingNumber)
			}
		}
	}
	if len(r.Work) < 20 {
		t.Fatalf("only %d parcels", len(r.Work))
	}
	s.Faults().HTTP(sandbox.HTTPFault{Where: "dhl", Times: 1, Status: 503})
	s.Faults().HTTP(sandbox.HTTPFault{Where: "dhl", Times: 1, CutAfter: 20})
	items, err := c.List(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, it := range items {
		lines, err := connectortest.Exchanges(t, c, it)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range lines {
			asked++
			compareParcel(t, s.World(), x, at)
		}
	}
	if asked != len(distinctOf(r.Work)) {
		t.Errorf("%d answers for %d numbers", asked, len(r.Work))
	}
	s.Faults().Strike(partner.Source, partner.SpendQuota, 1)
	if _, err := pull(t, c, r); !errors.Is(err, waybill.ErrQuota) {
		t.Errorf("with the allowance gone: %v", err)
	}
}

func distinctOf(work []string) map[string]bool {
	m := map[string]bool{}
	for _, w := range work {
		m[w] = true
	}
	return m
}

func compareParcel(t *testing.T, w *world.World, x rest.Exchange, at time.Time) {
	t.Helper()
	want, ok := partner.ParcelAt(w, x.Request.Ask, at)
	if !ok {
		if x.Status != 404 {
			t.Errorf("%s is unknown to the world, the answer was %d", x.Request.Ask, x.Status)
		}
		return
	}
	var got struct {
		Shipments []struct {
			ID     string
			Events []struct{ Timestamp, StatusCode, Status string }
		}
	}
	if err := json.Unmarshal([]byte(*x.Body), &got); err != nil || len(got.Shipments) != 1 || got.Shipments[0].ID != x.Request.Ask {
		t.Errorf("%s: %v %s", x.Request.Ask, err, *x.Body)
		return
	}
	events := got.Shipments[0].Events
	if len(events) != len(want.Events) {
		t.Errorf("%s has %d events, want %d", x.Request.Ask, len(events), len(want.Events))
		return
	}
	for i, e := range want.Events {
		if !strings.HasPrefix(events[i].Timestamp, e.LocalTime) || events[i].Status != e.Status || events[i].StatusCode != e.StatusCode {
			t.Errorf("%s event %d: %+v, want %+v", x.Request.Ask, i, events[i], e)
		}
	}
}
