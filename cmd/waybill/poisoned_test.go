package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// poisons are what comes in place of an answer about a thing, for ever. Those of an item say what the queue calls them.
var poisons = []struct {
	name, outcome string
	write         func(w http.ResponseWriter, answer []byte)
}{
	{"page", "unusable", instead(200, "text/html", "<!DOCTYPE html><h1>Sorry</h1>")},
	{"cut", "unusable", func(w http.ResponseWriter, answer []byte) { w.Write(answer[:len(answer)/2]) }},
	{"empty", "unusable", instead(200, "application/json", "")},
	{"204", "unusable", func(w http.ResponseWriter, _ []byte) { w.WriteHeader(http.StatusNoContent) }},
	{"null", "unusable", instead(200, "application/json", "null")},
	{"error object", "unusable", instead(200, "application/json", `{"error":{"code":"E1","message":"no"}}`)},
	{"another encoding", "unusable", func(w http.ResponseWriter, answer []byte) {
		for _, b := range answer {
			w.Write([]byte{b, 0})
		}
	}},
	{"500", "failed", instead(500, "text/html", "<h1>Trouble</h1>")},
	{"400", "failed", instead(400, "application/json", `{"title":"Bad request","status":400}`)},
	{"hung up", "failed", func(w http.ResponseWriter, _ []byte) {
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			c.Close()
		}
	}},
}

func instead(status int, kind, body string) func(http.ResponseWriter, []byte) {
	return func(w http.ResponseWriter, _ []byte) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// carrierOf serves both carriers' APIs for numbers whose last digits say whether they are poisoned, and how.
type carrierOf struct{ poisoned func(number string) int } // index of poisons, -1 for none

func (c carrierOf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if path, ok := strings.CutPrefix(r.URL.Path, "/mailpieces/v2/"); ok {
		if path == "summary" {
			c.summary(w, strings.Split(r.URL.Query().Get("mailPieceId"), ","))
			return
		}
		number := strings.TrimSuffix(path, "/events")
		c.answer(w, number, fmt.Sprintf(`{"mailPieces":{"mailPieceId":%q,"events":[{"eventCode":"EVPPA","eventDateTime":"2026-03-24T18:00:00Z"},{"eventCode":"EVKSP","eventDateTime":"2026-03-26T10:00:00Z"}]}}`, number))
		return
	}
	number := r.URL.Query().Get("trackingNumber")
	c.answer(w, number, fmt.Sprintf(`{"shipments":[{"id":%q,"service":"ecommerce","status":{"timestamp":"2026-03-26T10:00:00","statusCode":"delivered","status":"600"},"events":[`+
		`{"timestamp":"2026-03-26T10:00:00","statusCode":"delivered","status":"600","location":{"address":{"countryCode":"GB"}}},`+
		`{"timestamp":"2026-03-24T18:00:00","statusCode":"transit","status":"510","location":{"address":{"countryCode":"GB"}}}]}]}`, number))
}

func (c carrierOf) answer(w http.ResponseWriter, number, body string) {
	if strings.Trim(number, "0A") == "GB" || strings.Trim(number, "0") == "" { // asked to see whether anything is answered
		instead(404, "application/json", `{"title":"No result found","httpCode":"404","errors":[{"errorCode":"E1142"}]}`)(w, nil)
		return
	}
	if p := c.poisoned(number); p >= 0 {
		poisons[p].write(w, []byte(body))
		return
	}
	io.WriteString(w, body)
}

func (c carrierOf) summary(w http.ResponseWriter, numbers []string) {
	var pieces []map[string]any
	for _, n := range numbers {
		pieces = append(pieces, map[string]any{"mailPieceId": n, "status": "200", "summary": map[string]any{"lastEventCode": "EVPPA"}})
	}
	if err := json.NewEncoder(w).Encode(map[string]any{"mailPieces": pieces}); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// TestPoisonedAnswers asks two carriers about eleven thousand parcels each, a hundred poisoned in every way there is, in the midst of the others and
// in a run: one run has all good ones in the marts and each poisoned one by its name and reason. The next, a minute later, asks for none of them.
func TestPoisonedAnswers(t *testing.T) {
	t.Parallel()
	const parcels, bad, first = 11_000, 1000, 100_000
	poisoned := func(number string) int {
		var n int
		if _, err := fmt.Sscanf(strings.TrimFunc(number, func(r rune) bool { return r < '0' || r > '9' }), "%d", &n); err != nil {
			return -1
		}
		switch n -= first; {
		case n < 0:
			return -1
		case n < bad/2: // a run that stands before all others
			return n % len(poisons)
		case n%20 == 7 && n < bad/2+20*bad/2: // here and there
			return n / 20 % len(poisons)
		}
		return -1
	}
	srv := httptest.NewServer(carrierOf{poisoned})
	t.Cleanup(srv.Close)
	p := &office{T: t, dir: t.TempDir() + "/ops", env: []string{
		"WAYBILL_PII_SALT=nobody", "DHL_API_KEY=k", "ROYAL_MAIL_CLIENT_ID=i", "ROYAL_MAIL_CLIENT_SECRET=s",
	}}
	if o := waybillWith(t, nil, "init", p.dir, "northgate:folder", "dhl", "royal_mail"); o.code != exitDone {
		t.Fatal(o)
	}
	fast := "http: {attempts: 2, wait_min: 1ms, wait_max: 2ms}, daily_quota: 100000, calls_per_second: 100000, base_url: " + srv.URL
	p.edit("waybill.yaml", "daily_quota: 250, calls_per_second: 1", fast)
	p.edit("waybill.yaml", "daily_quota: 50", fast)
	want := map[string]string{}
	rows := []string{"Salesorder number,Despatch number,Carrier,Service,Despatch date,Tracking number,Item code,Item name,Quantity ordered,No of items,Short reason,Destination country,Site reference,Email,Contact name"}
	for i := range parcels {
		for carrier, number := range map[string]string{"DHL": fmt.Sprintf("JJD%010d", first+i), "RoyalMail": fmt.Sprintf("RM%09dGB", first+i)} {
			rows = append(rows, fmt.Sprintf("AV%d,DN%s%d,%s,standard,'24/03/2026 09:00:00',%s,A,Mug,1,1,,GB,NG1,,", len(rows), carrier, i, carrier, number))
			if kind := poisoned(number); kind >= 0 {
				want[number] = poisons[kind].outcome
			}
		}
	}
	if len(want) != 2*bad {
		t.Fatalf("%d are poisoned, want %d", len(want), 2*bad)
	}
	slices.Sort(rows[1:])
	p.write("files/northgate/out/despatch/DESP_20260324_1.csv", strings.Join(rows, "\n")+fmt.Sprintf("\nTRL,%d\n", len(rows)-1))
	for _, empty := range []string{"out/status", "out/returns", "out/stock", "out/movements", "out/goods_in", "out/expected"} {
		if err := os.MkdirAll(filepath.Join(p.dir, "files/northgate", empty), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 3, 27, 7, 0, 0, 0, time.UTC)
	o := p.must(exitDone, "run", "--as-of", stamp(at))
	says(t, o.String(), "dhl/tracking", "royal_mail/tracking", "questions got no answer and are asked again later")
	for _, cause := range []string{"500 Internal Server Error", "200 text/html that is no JSON as asked for"} {
		if got := p.ask("select count(*) > 0 from ops.files where contains(notes, '" + cause + "')"); got != "true" {
			t.Errorf("no batch's notes say %s", cause)
		}
	}

	if got := p.ask("select count(*) from marts.fct_shipments where status = 'delivered'"); got != fmt.Sprint(2*(parcels-bad)) {
		t.Errorf("%s parcels are delivered, want %d\n%s", got, 2*(parcels-bad), o)
	}
	p.queued(want)
	var r runReport
	p.report(exitDone, &r, "run", "--as-of", stamp(at.Add(time.Minute)))
	if loadedOf(r, "dhl/tracking")+loadedOf(r, "royal_mail/tracking") != 0 {
		t.Errorf("asked again after a minute: %+v", r.Feeds)
	}
}

// queued compares what marts.unanswered_questions has with what was poisoned.
func (p *office) queued(want map[string]string) {
	p.Helper()
	got := map[string]string{}
	var queue []struct{ Ask, Outcome, Problem string }
	p.report(exitDone, &queue, "query", "select ask, outcome, problem from marts.unanswered_questions")
	for _, q := range queue {
		got[q.Ask] = q.Outcome
		if q.Problem == "" {
			p.Errorf("%s: no reason", q.Ask)
		}
	}
	if maps.Equal(got, want) {
		return
	}
	var differ []string
	for _, ask := range slices.Sorted(maps.Keys(want)) {
		if got[ask] != want[ask] {
			differ = append(differ, fmt.Sprintf("%s: %q, want %q", ask, got[ask], want[ask]))
		}
	}
	p.Errorf("%d questions without an answer, want %d\n%s", len(got), len(want), strings.Join(differ[:min(25, len(differ))], "\n"))
}
