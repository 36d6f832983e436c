package royalmail_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/sandbox/royalmail"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func pieces(number string, at time.Time) (royalmail.Piece, bool) {
	switch {
	case number == "AB123456785GB" && !at.Before(noon):
		return royalmail.Piece{
			Number: number, UniqueItemID: "0B043748500002A37AB10", Signatory: "MR BLOBBY",
			Product:     royalmail.Product{ID: "TPN01", Name: "Royal Mail Tracked 24"},
			Origin:      royalmail.Country{Code: "GB", Name: "United Kingdom"},
			Destination: royalmail.Country{Code: "GB", Name: "United Kingdom"},
			Estimated:   royalmail.Window{From: noon.Add(-time.Hour), To: noon.Add(time.Hour)},
			Events: []royalmail.Event{
				{At: noon, Code: "EVKSP", Name: "Delivered and Signed", Location: "Stafford DO"},
				{At: noon.Add(-18 * time.Hour), Code: "EVAIE", Name: "Sender despatching item"},
			},
		}, true
	case number == "CD123456785GB":
		return royalmail.Piece{Number: number}, true
	case strings.HasPrefix(number, "KN"):
		return royalmail.Piece{Number: number, Events: []royalmail.Event{{At: noon.AddDate(0, -6, 0), Code: "EVBAH", Name: "Item Received"}}}, true
	}
	return royalmail.Piece{}, false
}

type bench struct {
	t   *testing.T
	url string
	at  time.Time // of the world
	now time.Time // on the wall
}

func start(t *testing.T, limits royalmail.Limits) *bench {
	t.Helper()
	b := &bench{t: t, at: noon, now: noon}
	s, err := royalmail.New(royalmail.Options{
		ClientID: "the-id", ClientSecret: "the-secret", Limits: limits, Piece: pieces,
		Unavailable: func(number string) bool { return number == "KN-BROKEN" },
		At:          func() time.Time { return b.at }, Now: func() time.Time { return b.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	b.url = srv.URL
	return b
}

// ask makes a call with the app's headers, changed by "Name: value" lines.
func (b *bench) ask(method, path string, headers ...string) (int, map[string]any, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, h := range append([]string{"X-IBM-Client-Id: the-id", "X-IBM-Client-Secret: the-secret", "X-Accept-RMG-Terms: yes"}, headers...) {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	var body map[string]any
	if err := json.Unmarshal(text, &body); err != nil {
		b.t.Fatalf("%s %s: %v: %s", method, path, err, text)
	}
	return resp.StatusCode, body, string(text)
}

// at follows a path of names and list places such as mailPieces.0.status.
func at(body any, path string) any {
	for _, step := range strings.Split(path, ".") {
		switch v := body.(type) {
		case map[string]any:
			body = v[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(v) {
				return nil
			}
			body = v[i]
		default:
			return nil
		}
	}
	return body
}

func (b *bench) want(body map[string]any, wants map[string]any) {
	b.t.Helper()
	for path, want := range wants {
		if got := at(body, path); got != want {
			b.t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	b := start(t, royalmail.Limits{})
	status, body, _ := b.ask("GET", "/mailpieces/v2/AB123456785GB/events")
	if status != 200 {
		t.Fatalf("status %d: %v", status, body)
	}
	b.want(body, map[string]any{
		"mailPieces.mailPieceId": "AB123456785GB", "mailPieces.carrierShortName": "RM",
		"mailPieces.events.0.eventCode": "EVKSP", "mailPieces.events.0.eventDateTime": "2026-07-01T13:00:00+01:00",
		"mailPieces.events.0.locationName": "Stafford DO", "mailPieces.events.1.eventName": "Sender despatching item",
		"mailPieces.events.1.locationName": nil, "mailPieces.events.2": nil,
		"mailPieces.summary.productId": "TPN01", "mailPieces.summary.lastEventCode": "EVKSP", "mailPieces.summary.statusCategory": "DELIVERED",
		"mailPieces.estimatedDelivery.date":                   "2026-07-01",
		"mailPieces.estimatedDelivery.startOfEstimatedWindow": "12:00:00+01:00",
		"mailPieces.estimatedDelivery.endOfEstimatedWindow":   "14:00:00+01:00",
		"mailPieces.signature.recipientName":                  "MR BLOBBY", "mailPieces.signature.signatureDateTime": "2026-07-01T13:00:00+01:00",
	})
	if _, body, _ := b.ask("GET", "/mailpieces/v2/KN1/events"); at(body, "mailPieces.events.0.eventDateTime") != "2026-01-01T12:00:00+00:00" {
		t.Errorf("in winter: %v", body)
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	b := start(t, royalmail.Limits{})
	status, body, _ := b.ask("GET", "/mailpieces/v2/summary?mailPieceId=AB123456785GB,ZZ1,CD123456785GB,KN-BROKEN")
	if status != 200 {
		t.Fatalf("status %d: %v", status, body)
	}
	b.want(body, map[string]any{
		"mailPieces.0.mailPieceId": "AB123456785GB", "mailPieces.0.status": "200", "mailPieces.0.summary.oneDBarcode": "AB123456785GB",
		"mailPieces.0.summary.lastEventDateTime": "2026-07-01T13:00:00+01:00", "mailPieces.0.events": nil, "mailPieces.0.estimatedDelivery": nil,
		"mailPieces.1.mailPieceId": "ZZ1", "mailPieces.1.status": "404", "mailPieces.1.error.errorCode": "E2001", "mailPieces.1.summary": nil,
		"mailPieces.2.status": "404", "mailPieces.2.error.errorCode": "E1308",
		"mailPieces.3.status": "500", "mailPieces.3.error.errorCode": "E0009", "mailPieces.4": nil,
	})
	status, body, _ = b.ask("GET", "/mailpieces/v2/summary?mailPieceId=ZZ1,ZZ2")
	b.want(body, map[string]any{
		"httpCode": "404", "httpMessage": "Not Found", "errors.0.errorCode": "E1142",
		"mailPieces.0.mailPieceId": "ZZ1", "mailPieces.1.status": "404",
	})
	if status != 404 {
		t.Errorf("status %d", status)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b := start(t, royalmail.Limits{})
	list := strings.TrimSuffix(strings.Repeat("KN1,", 31), ",")
	for name, c := range map[string]struct {
		method, path, header string
		status               int
		wants                map[string]any
	}{
		"wrong id":        {"GET", "/mailpieces/v2/KN1/events", "X-IBM-Client-Id: x", 401, map[string]any{"httpCode": "401", "moreInformation": "Invalid client id or secret"}},
		"wrong secret":    {"GET", "/mailpieces/v2/KN1/events", "X-IBM-Client-Secret: x", 401, map[string]any{"httpMessage": "Unauthorized", "errors": nil}},
		"terms refused":   {"GET", "/mailpieces/v2/KN1/events", "X-Accept-RMG-Terms: no", 400, map[string]any{"httpCode": "400", "errors.0.errorCode": "E0004"}},
		"without terms":   {"GET", "/mailpieces/v2/summary?mailPieceId=KN1", "X-Accept-RMG-Terms: ", 400, map[string]any{"errors.0.errorDescription": "Failed header validation for X-Accept-RMG-Terms"}},
		"31 numbers":      {"GET", "/mailpieces/v2/summary?mailPieceId=" + list, "A: b", 400, map[string]any{"errors.0.errorCode": "E0013"}},
		"30 numbers":      {"GET", "/mailpieces/v2/summary?mailPieceId=" + list[4:], "A: b", 200, map[string]any{"mailPieces.29.status": "200"}},
		"no number":       {"GET", "/mailpieces/v2/summary", "A: b", 400, map[string]any{"httpMessage": "Bad Request"}},
		"unknown":         {"GET", "/mailpieces/v2/ZZ1/events", "A: b", 404, map[string]any{"httpCode": "404", "errors.0.errorCode": "E1142", "errors.0.errorDescription": "Barcode reference ZZ1 isn't recognised"}},
		"no scan yet":     {"GET", "/mailpieces/v2/CD123456785GB/events", "A: b", 404, map[string]any{"errors.0.errorCode": "E1308"}},
		"not available":   {"GET", "/mailpieces/v2/KN-BROKEN/events", "A: b", 200, map[string]any{"httpCode": 503.0, "errors.0.errorCode": "E1307", "mailPieces": nil}},
		"other method":    {"POST", "/mailpieces/v2/KN1/events", "A: b", 405, map[string]any{"httpCode": "405", "httpMessage": "Method Not Allowed"}},
		"other address":   {"GET", "/mailpieces/v3/KN1/events", "A: b", 404, map[string]any{"httpCode": "404", "errors": nil}},
		"other operation": {"GET", "/mailpieces/v2/KN1/signature", "A: b", 404, map[string]any{"httpCode": "404", "errors": nil}},
	} {
		status, body, text := b.ask(c.method, c.path, c.header)
		if status != c.status {
			t.Errorf("%s: status %d, want %d: %s", name, status, c.status, text)
		}
		b.want(body, c.wants)
	}
}

func TestKnowsOnlyWhatHasHappened(t *testing.T) {
	t.Parallel()
	b := start(t, royalmail.Limits{})
	b.at = noon.Add(-time.Minute)
	if status, body, _ := b.ask("GET", "/mailpieces/v2/AB123456785GB/events"); status != 404 {
		t.Errorf("before its first scan: %d %v", status, body)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	b := start(t, royalmail.Limits{PerSecond: 2, PerDay: 3})
	var got []int
	call := func() {
		status, body, _ := b.ask("GET", "/mailpieces/v2/KN1/events")
		got = append(got, status)
		if status == 429 {
			b.want(body, map[string]any{"httpCode": "429", "httpMessage": "Too Many Requests"})
		}
	}
	b.ask("GET", "/mailpieces/v2/KN1/events", "X-IBM-Client-Id: x") // who is not known has no plan
	call()
	call()
	call() // one too many in this second
	b.now = b.now.Add(time.Second)
	call()
	b.now = b.now.Add(time.Second)
	call() // one too many on this day
	b.at = b.at.AddDate(0, 0, 1)
	call()
	if want := []int{200, 200, 429, 200, 429, 200}; !slices.Equal(got, want) {
		t.Errorf("statuses %v, want %v", got, want)
	}
}
