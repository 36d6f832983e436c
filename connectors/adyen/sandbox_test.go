package adyen_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/adyen"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
	"github.com/fourmarketing/waybill/sandbox"
	partner "github.com/fourmarketing/waybill/sandbox/adyen"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// TestAgainstSandbox pulls the reports of all accounts checkpoint by checkpoint and compares every byte with the world's.
func TestAgainstSandbox(t *testing.T) {
	t.Parallel()
	s, err := sandbox.Start(t.Context(), sandbox.Options{World: world.Options{Seed: 7, Days: 10, OrdersPerDay: 12, Defects: 1}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	access := s.To("adyen").Other
	cfg := adyen.Config{BaseURL: access["url"], Username: access["user"], Password: waybill.Secret(s.To("adyen").Secrets["password"]), HTTP: rest.Config{Attempts: 3, WaitMin: time.Millisecond}}
	cfg.Accounts = partner.Accounts(s.World())
	c, err := adyen.New(cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	got, cursor := map[string][]byte{}, ""
	var at time.Time
	for _, at = range s.World().Checkpoints() {
		if err := s.Advance(at); err != nil {
			t.Fatal(err)
		}
		s.Faults().HTTP(sandbox.HTTPFault{Where: "adyen", Times: 1, Status: 503})
		r := request(cursor)
		r.Now = at
		items, err := c.List(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range items {
			if _, twice := got[it.Name]; twice {
				t.Errorf("%s was listed again", it.Name)
			}
			f, err := c.Open(t.Context(), it)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(f)
			if err != nil || int64(len(body)) != it.Size {
				t.Errorf("%s: %d of %d bytes, %v", it.Name, len(body), it.Size, err)
			}
			f.Close()
			got[it.Name], cursor = body, it.Cursor
		}
	}
	want := 0
	for _, account := range cfg.Accounts {
		for _, report := range partner.Reports(s.World(), account, at) {
			want++
			if !bytes.Equal(got[account+"/"+report.Name], report.Body) {
				t.Errorf("%s/%s: %d bytes, want %d", account, report.Name, len(got[account+"/"+report.Name]), len(report.Body))
			}
		}
	}
	if want == 0 || len(got) != want {
		t.Errorf("pulled %d reports, the world has %d", len(got), want)
	}
	for _, f := range c.Check(t.Context()) {
		if !f.OK {
			t.Errorf("doctor: %+v", f)
		}
	}
	cfg.Username, cfg.Password, cfg.APIKey = "", "", waybill.Secret(access["api_key"])
	byKey, err := adyen.New(cfg, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := byKey.List(t.Context(), request(cursor)); err != nil {
		t.Errorf("with the API key: %v", err)
	}
}
