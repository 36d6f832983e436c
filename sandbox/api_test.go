package sandbox_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/sandbox"
	"github.com/fourmarketing/waybill/sandbox/adyen"
	"github.com/fourmarketing/waybill/sandbox/dhl"
	"github.com/fourmarketing/waybill/sandbox/servers"
)

func trackingNumbers(s *sandbox.Sandbox, at time.Time) []string {
	var out []string
	for _, brand := range s.World().Group().Brands {
		for _, o := range s.World().ShopOrders(brand.Shop, at) {
			for _, f := range o.Fulfilments {
				if _, ok := dhl.ParcelAt(s.World(), f.TrackingNumber, at); ok {
					out = append(out, f.TrackingNumber)
				}
			}
		}
	}
	return out
}

func track(t *testing.T, a sandbox.Connection, number string) (*http.Response, []byte) {
	t.Helper()
	return get(t, a.Other["url"]+"/track/shipments?service=ecommerce&language=en&trackingNumber="+number, "DHL-API-Key", a.Secrets["api_key"])
}

func TestCarrierAnswersAsOfTheClock(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	at := last(s)
	advance(t, s, at)
	a := s.To("dhl")
	for _, number := range trackingNumbers(s, at) {
		p, _ := dhl.ParcelAt(s.World(), number, at)
		resp, b := track(t, a, number)
		var r struct {
			Shipments []struct {
				ID, Service string
				Status      struct{ Status, Timestamp string }
				Events      []struct{ Timestamp, StatusCode, Status string }
			}
		}
		if err := json.Unmarshal(b, &r); err != nil || resp.StatusCode != http.StatusOK || len(r.Shipments) != 1 {
			t.Fatalf("%s: %d %s: %v", number, resp.StatusCode, b, err)
		}
		got := r.Shipments[0]
		if got.ID != number || got.Service != "ecommerce" || len(got.Events) != len(p.Events) {
			t.Errorf("%s: %+v, want %d events", number, got, len(p.Events))
			continue
		}
		for i, e := range p.Events {
			if g := got.Events[i]; g.Timestamp != e.LocalTime+e.Offset || g.Status != e.Status || g.StatusCode != e.StatusCode {
				t.Errorf("%s: event %d is %+v, want %+v", number, i, g, e)
			}
		}
		if len(p.Events) > 0 && got.Status.Status != p.Events[0].Status {
			t.Errorf("%s: status %s, newest event %s", number, got.Status.Status, p.Events[0].Status)
		}
	}
	resp, b := track(t, a, "00340434292135100124")
	if resp.StatusCode != http.StatusNotFound || resp.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(string(b), `"title":"No result found"`) {
		t.Errorf("unknown number: %d %s", resp.StatusCode, b)
	}
	if resp, _ := get(t, a.Other["url"]+"/track/shipments?trackingNumber=x", "DHL-API-Key", "wrong"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("wrong key: %d", resp.StatusCode)
	}
	if resp, _ := get(t, a.Other["url"]+"/track/shipments?service=express&trackingNumber="+trackingNumbers(s, at)[0], "DHL-API-Key", a.Secrets["api_key"]); resp.StatusCode != http.StatusNotFound {
		t.Errorf("another service: %d", resp.StatusCode)
	}
}

func TestCarrierCountsCalls(t *testing.T) {
	t.Parallel()
	wall := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := start(t, func(o *sandbox.Options) {
		o.Calls = servers.Limits{PerSecond: 2, PerDay: 3}
		o.Now = func() time.Time { return wall }
	})
	all := s.World().Checkpoints()
	advance(t, s, all[0])
	a := s.To("dhl")
	statuses := func(n int) (out []int, wait string) {
		for range n {
			resp, _ := track(t, a, "x")
			out, wait = append(out, resp.StatusCode), resp.Header.Get("Retry-After")
		}
		return out, wait
	}
	if got, wait := statuses(3); got[1] != http.StatusNotFound || got[2] != http.StatusTooManyRequests || wait != "1" {
		t.Errorf("third call in a second: %v, Retry-After %q", got, wait)
	}
	wall = wall.Add(time.Second)
	midnight := all[0].UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	want := strconv.Itoa(int(midnight.Sub(all[0]).Seconds()))
	if got, wait := statuses(2); got[0] != http.StatusNotFound || got[1] != http.StatusTooManyRequests || wait != want {
		t.Errorf("fourth call in a day: %v, Retry-After %q, want %s", got, wait, want)
	}
	wall = wall.Add(time.Second)
	advance(t, s, all[1])
	if got, _ := statuses(1); got[0] != http.StatusNotFound {
		t.Errorf("on another day: %v", got)
	}
	s.Faults().Strike(dhl.Source, dhl.SpendQuota, 1)
	if got, _ := statuses(1); got[0] != http.StatusTooManyRequests {
		t.Errorf("with the quota spent: %v", got)
	}
}

func TestReportsDownload(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	at := last(s)
	advance(t, s, at)
	a := s.To("adyen")
	accounts, root := adyen.Accounts(s.World()), a.Other["url"]+"/reports/download/MerchantAccount/"
	for _, account := range accounts {
		reports := adyen.Reports(s.World(), account, at)
		if len(reports) == 0 {
			t.Fatalf("%s has no reports", account)
		}
		for _, r := range reports {
			url := root + account + "/" + r.Name
			resp, b := get(t, url, "X-API-Key", a.Other["api_key"])
			if resp.StatusCode != http.StatusOK || !bytes.Equal(b, r.Body) {
				t.Errorf("%s: %d, %d bytes, want %d", url, resp.StatusCode, len(b), len(r.Body))
			}
		}
	}
	url := root + accounts[0] + "/"
	known := url + adyen.Reports(s.World(), accounts[0], at)[0].Name
	basic := func(user, password string) []string {
		req := http.Request{Header: http.Header{}}
		req.SetBasicAuth(user, password)
		return []string{"Authorization", req.Header.Get("Authorization")}
	}
	for _, c := range []struct {
		name, method, url string
		header            []string
		want              int
	}{
		{"report user", http.MethodGet, known, basic(a.Other["user"], a.Secrets["password"]), http.StatusOK},
		{"probe of a batch", http.MethodHead, known, basic(a.Other["user"], a.Secrets["password"]), http.StatusOK},
		{"probe of no batch", http.MethodHead, url + "settlement_detail_report_batch_99999.csv", basic(a.Other["user"], a.Secrets["password"]), http.StatusNotFound},
		{"wrong password", http.MethodGet, known, basic(a.Other["user"], "x"), http.StatusUnauthorized},
		{"wrong key", http.MethodGet, known, []string{"X-API-Key", "x"}, http.StatusUnauthorized},
		{"nobody", http.MethodHead, known, nil, http.StatusUnauthorized},
		{"upload", http.MethodPut, known, basic(a.Other["user"], a.Secrets["password"]), http.StatusMethodNotAllowed},
	} {
		resp, _, err := call(t, c.method, c.url, nil, c.header...)
		if err != nil || resp.StatusCode != c.want {
			t.Errorf("%s: %d, %v, want %d", c.name, resp.StatusCode, err, c.want)
		}
	}
}
