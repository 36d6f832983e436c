package stripe_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
)

// settled answers with two pages of transactions for each payout, but for those that fail says.
func settled(fail map[string]func(http.ResponseWriter)) func(int, url.Values, http.ResponseWriter) {
	return func(_ int, q url.Values, w http.ResponseWriter) {
		payout, after := q.Get("payout"), q.Get("starting_after")
		switch f := fail[payout+after]; {
		case f != nil:
			f(w)
		case after == "":
			io.WriteString(w, page(true, "txn_2_of_"+payout))
		default:
			io.WriteString(w, page(false, "txn_1_of_"+payout))
		}
	}
}

func refuse(status int, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func TestItemisesPayouts(t *testing.T) {
	t.Parallel()
	a, c := start(t, settled(nil), nil)
	r := request("payout_transactions", "po_1", " ", "po_2", "po_1", "po_3")
	r.Cursor, r.Settings = "as it was", map[string]any{"batch_size": 2, "calls_today": 7}
	all := items(t, c, r)
	if len(all) != 2 || !strings.HasPrefix(all[0].Name, "payout_transactions/20260408T060000Z-") || all[0].Cursor != "as it was" {
		t.Fatalf("%+v", all)
	}
	got, err := connectortest.Exchanges(t, c, all[0])
	if err != nil || len(got) != 4 || got[0].Request.Ask != "po_1" || got[3].Request.Ask != "po_2" {
		t.Errorf("%+v, %v", got, err)
	}
	if want := []string{"txn_2_of_po_1", "txn_1_of_po_1", "txn_2_of_po_2", "txn_1_of_po_2"}; !slices.Equal(ids(t, got), want) {
		t.Errorf("%v", ids(t, got))
	}
	if q := a.asked[0].URL.Query(); q.Has("expand[]") || q.Get("limit") != "100" || q.Has("created[lt]") {
		t.Errorf("asked %s", a.asked[0].URL)
	}
}

// What Stripe says about a payout is an answer; one that is only half told has a line that says why there is none, and neither keeps the
// others.
func TestPayoutsDoNotStopOneAnother(t *testing.T) {
	t.Parallel()
	_, c := start(t, settled(map[string]func(http.ResponseWriter){
		"po_hand":                 refuse(400, example("manual_payout.json")),
		"po_gone":                 refuse(400, `{"error":{"code":"resource_missing","message":"No such payout: 'po_gone'","param":"payout"}}`),
		"po_sick":                 refuse(500, `{"error":{"message":"An unknown error occurred","type":"api_error"}}`),
		"po_halftxn_2_of_po_half": refuse(503, ""),
		"po_oddtxn_2_of_po_odd":   refuse(400, `{"error":{"param":"payout","message":"No such payout"}}`),
	}), nil)
	got, err := one(t, c, request("payout_transactions", "po_hand", "po_sick", "po_gone", "po_half", "po_1", "po_odd"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, x := range got {
		lines = append(lines, strings.TrimSpace(fmt.Sprint(x.Request.Ask, " ", x.Status, " ", x.Problem)))
	}
	slices.Sort(lines)
	if want := []string{
		"po_1 200", "po_1 200", "po_gone 400", "po_half 503 503 Service Unavailable", "po_hand 400", "po_odd 400 400 that is not about the payout",
		"po_sick 500 500 Internal Server Error",
	}; !slices.Equal(lines, want) {
		t.Errorf("%v", lines)
	}
}

// A refusal of the call itself must not pass for an answer about each payout, nor for a failure of each.
func TestRefusedCallIsNoAnswer(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]func(http.ResponseWriter){
		"another version": refuse(400, `{"error":{"message":"Invalid Stripe API version: 2031-01-01","type":"invalid_request_error"}}`),
		"another server":  refuse(404, "<html>not here</html>"),
	} {
		_, c := start(t, func(_ int, _ url.Values, w http.ResponseWriter) { refusal(w) }, nil)
		if got, err := one(t, c, request("payout_transactions", "po_1", "po_2")); err == nil || !strings.Contains(err.Error(), "po_") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// While Stripe is down a batch ends soon; payouts that are sick for good keep no others back.
func TestSickPayoutsDoNotStandBeforeOthers(t *testing.T) {
	t.Parallel()
	down := refuse(503, "")
	work := []string{"po_1", "po_2", "po_3", "po_4", "po_5"}
	_, c := start(t, settled(map[string]func(http.ResponseWriter){"po_1": down, "po_2": down, "po_3": down}), nil)
	got, err := one(t, c, request("payout_transactions", work...))
	if err != nil {
		t.Fatal(err)
	}
	answered := map[string]bool{}
	for _, x := range got {
		answered[x.Request.Ask] = x.Problem == ""
	}
	if want := map[string]bool{"po_1": false, "po_2": false, "po_3": false, "po_4": true, "po_5": true}; !maps.Equal(answered, want) {
		t.Errorf("answered %v", answered)
	}
	a, c := start(t, func(_ int, _ url.Values, w http.ResponseWriter) { down(w) }, nil)
	if _, err := one(t, c, request("payout_transactions", work...)); !errors.Is(err, waybill.ErrTemporary) || a.count() != 8 {
		t.Errorf("after %d calls: %v", a.count(), err)
	}
}
