package sandbox_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fourmarketing/waybill/sandbox"
	"github.com/fourmarketing/waybill/sandbox/prosku"
	"github.com/fourmarketing/waybill/sandbox/royalmail"
	"github.com/fourmarketing/waybill/sandbox/stripe"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// ask gets an answer of a partner's API and reads it.
func ask(t *testing.T, into any, url string, header ...string) {
	t.Helper()
	resp, b := get(t, url, header...)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", url, resp.StatusCode, b)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v in %s", url, err, b)
	}
}

func TestLarkhillOffersItsDocuments(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	advance(t, s, last(s))
	a := s.To("larkhill")
	c, err := dialSFTP(t, a, ssh.Password(a.Secrets["password"]))
	if err != nil {
		t.Fatal(err)
	}
	files, err := prosku.Files(s.World(), "larkhill", last(s))
	if err != nil || len(files) < 60 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		if b, err := readSFTP(c, f.Path); err != nil || string(b) != string(f.Body) {
			t.Errorf("%s: other bytes, %v", f.Path, err)
		}
	}
}

func TestRoyalMailAnswersAsOfTheClock(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	at := last(s)
	advance(t, s, at)
	a, pieces := s.To("royal_mail"), 0
	header := []string{
		"X-IBM-Client-Id", a.Settings["client_id"].(string), "X-IBM-Client-Secret", a.Secrets["client_secret"], "X-Accept-RMG-Terms", "yes",
	}
	for _, o := range s.World().ShopOrders("hart-rowe", at) {
		for _, f := range o.Fulfilments {
			want, ok := royalmail.PieceAt(s.World(), f.TrackingNumber, at)
			if !ok {
				continue
			}
			pieces++
			var r struct {
				MailPieces struct {
					Events []struct{ EventCode, EventDateTime string }
				}
			}
			ask(t, &r, a.Other["url"]+"/mailpieces/v2/"+f.TrackingNumber+"/events", header...)
			if len(r.MailPieces.Events) != len(want.Events) {
				t.Fatalf("%s: %d events, want %d", f.TrackingNumber, len(r.MailPieces.Events), len(want.Events))
			}
			for i, e := range want.Events {
				got := r.MailPieces.Events[i]
				told, err := time.Parse(time.RFC3339, got.EventDateTime)
				if untold := e.At.IsZero() && got.EventDateTime == ""; got.EventCode != e.Code || (!untold && (err != nil || !told.Equal(e.At))) {
					t.Errorf("%s: event %d is %+v, want %+v", f.TrackingNumber, i, got, e)
				}
			}
		}
	}
	if pieces < 5 {
		t.Errorf("only %d pieces", pieces)
	}
}

func TestWooCommerceListsTheWorldsOrders(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	at := last(s)
	advance(t, s, at)
	a := s.To("oxbow-lark")
	req := http.Request{Header: http.Header{}}
	req.SetBasicAuth(a.Secrets["consumer_key"], a.Secrets["consumer_secret"])
	basic := []string{"Authorization", req.Header.Get("Authorization")}
	var orders []struct {
		ID            int64
		Number, Total string
		Refunds       []struct{ ID int64 }
	}
	ask(t, &orders, a.Other["url"]+"/wp-json/wc/v3/orders?per_page=100&orderby=id&order=asc", basic...)
	// What WordPress leaves out of searches is not listed unless it is asked for by name.
	want := slices.DeleteFunc(s.World().ShopOrders("oxbow-lark", at), func(o world.ShopOrder) bool { return o.FinancialStatus == "draft" || !o.DeletedAt.IsZero() })
	if len(orders) != len(want) {
		t.Fatalf("%d orders, want %d", len(orders), len(want))
	}
	for i, o := range want {
		if got := orders[i]; got.ID != o.ID || got.Number != o.Name || got.Total != o.Total.Amount || len(got.Refunds) != len(o.Refunds) {
			t.Errorf("order is %+v, want %+v", got, o)
		}
		if len(o.Refunds) == 0 {
			continue
		}
		var refunds []struct{ Amount string }
		ask(t, &refunds, a.Other["url"]+"/wp-json/wc/v3/orders/"+strconv.FormatInt(o.ID, 10)+"/refunds?order=asc", basic...)
		for j, r := range o.Refunds {
			if len(refunds) != len(o.Refunds) || refunds[j].Amount != r.Total.Amount {
				t.Fatalf("%s: refunds %+v, want %+v", o.Name, refunds, o.Refunds)
			}
		}
	}
}

func TestStripeListsTheWorldsMovements(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *sandbox.Options) { o.World.Days, o.World.OrdersPerDay = 14, 40 })
	at := last(s)
	advance(t, s, at)
	a := s.To("stripe")
	bearer := []string{"Authorization", "Bearer " + a.Secrets["api_key"]}
	type list struct {
		Data []struct {
			ID, Source, Type string
			Net              int64
		}
		HasMore bool `json:"has_more"`
	}
	var all list
	ask(t, &all, a.Other["url"]+"/v1/balance_transactions?limit=100", bearer...)
	want := s.World().Movements("stripe", at)
	if got := len(all.Data); got != min(100, len(want)) || all.HasMore != (len(want) > 100) {
		t.Errorf("%d transactions, more %v, want %d", got, all.HasMore, len(want))
	}
	of := map[string]int{}
	for _, m := range want {
		of[m.Payout]++
	}
	payouts := 0
	for _, p := range s.World().Payouts("stripe", at) {
		if !p.Itemised {
			continue
		}
		payouts++
		var paid list
		ask(t, &paid, a.Other["url"]+"/v1/balance_transactions?limit=100&payout="+p.Ref, bearer...)
		var sum int64
		for _, x := range paid.Data {
			sum += x.Net
		}
		if len(paid.Data) != of[p.Ref] || sum != 0 {
			t.Errorf("payout %s: %d transactions that come to %d, want %d and 0", p.Ref, len(paid.Data), sum, of[p.Ref])
		}
	}
	var disputes list
	ask(t, &disputes, a.Other["url"]+"/v1/disputes?limit=100", bearer...)
	if payouts < 5 || len(disputes.Data) == 0 {
		t.Errorf("%d payouts, %d disputes", payouts, len(disputes.Data))
	}
	s.Faults().Strike("stripe", stripe.FaultThrottle, 1)
	if resp, _ := get(t, a.Other["url"]+"/v1/payouts", bearer...); resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("throttled: %d", resp.StatusCode)
	}
}
