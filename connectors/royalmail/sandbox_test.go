package royalmail_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
	"github.com/fourmarketing/waybill/connectors/royalmail"
	sandbox "github.com/fourmarketing/waybill/sandbox/royalmail"
)

// known is what the sandbox's Royal Mail knows: pieces RM000000000GB to RM000000099GB, every seventh without a scan. None of 80 to 82 can
// be answered.
func known(number string, at time.Time) (sandbox.Piece, bool) {
	var i int
	if n, err := fmt.Sscanf(number, "RM%09dGB", &i); n != 1 || err != nil || i >= 100 {
		return sandbox.Piece{}, false
	}
	p := sandbox.Piece{Number: number, Product: sandbox.Product{ID: "TPL01", Name: "Royal Mail Tracked 48"}, Destination: sandbox.Country{Code: "GB", Name: "United Kingdom"}}
	for scan := range i % 7 {
		p.Events = append(p.Events, sandbox.Event{
			At: at.Add(-time.Duration(scan) * 5 * time.Hour), Code: []string{"EVKOP", "EVGPD", "EVIMC", "EVDAV", "EVBAH", "EVAIE"}[scan], Name: "x", Location: "Stafford DO",
		})
	}
	return p, true
}

func brokenNumber(number string) bool {
	return strings.HasPrefix(number, "RM00000008") && number[10] < '3'
}

// TestAgainstSandbox asks the sandbox's Royal Mail for all its pieces, with trouble on the way, and compares with what it was told of them.
func TestAgainstSandbox(t *testing.T) {
	t.Parallel()
	at := runAt
	access := sandbox.Options{
		ClientID: "the-id", ClientSecret: "the-secret", Limits: sandbox.Limits{PerDay: 400}, Piece: known, Unavailable: brokenNumber,
		At: func() time.Time { return at }, Now: time.Now,
	}
	royal, err := sandbox.New(access)
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch calls.Add(1) {
		case 7: // a server that is being restarted
			w.WriteHeader(http.StatusServiceUnavailable)
		case 12: // an answer that is cut off, said to be longer
			w.Header().Set("Content-Length", "5000")
			fmt.Fprint(w, `{"mailPieces":{"mailPieceId":`)
		default:
			royal.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	c, err := royalmail.New(royalmail.Config{
		BaseURL: srv.URL, ClientID: "the-id", ClientSecret: "the-secret", CallsPerSecond: 10_000, DailyQuota: 1000,
		HTTP: rest.Config{WaitMin: time.Millisecond, Timeout: 5 * time.Second},
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
	var work []string
	for i := range 130 {
		work = append(work, fmt.Sprintf("RM%09dGB", i))
	}
	got, err := pull(t, c, request(work...))
	if err != nil {
		t.Fatal(err)
	}
	compareHistories(t, got, work, at)
	if len(got.failed) != 3 {
		t.Errorf("failed %v, want the three that cannot be answered", got.failed)
	}
	for n, said := range got.failed {
		if !brokenNumber(n) || !slices.Contains(said, "events: 200 with httpCode 503 E1307") {
			t.Errorf("%s failed: %v", n, said)
		}
	}
	// The plan has less than was thought: what it gives is kept, then it is used up until another day.
	for range 5 {
		if _, err = pull(t, c, request(work...)); err != nil {
			break
		}
	}
	if !errors.Is(err, waybill.ErrQuota) {
		t.Errorf("with the plan used up: %v", err)
	}
	at = at.Add(24 * time.Hour)
	if got, err := pull(t, c, request(work[:3]...)); err != nil || len(got.answered) != 3 {
		t.Errorf("the next day: %v", err)
	}
}

// compareHistories holds that every number which can be answered is, and each piece with all of its scans.
func compareHistories(t *testing.T, got log, work []string, at time.Time) {
	t.Helper()
	var wantKnown []string
	for _, n := range work {
		p, _ := known(n, at)
		if len(p.Events) > 0 && !brokenNumber(n) {
			wantKnown = append(wantKnown, n)
		}
		if !brokenNumber(n) && !got.answered[n] {
			t.Errorf("%s has no answer", n)
		}
	}
	if !slices.Equal(got.known, wantKnown) {
		t.Errorf("events of %v\nwant %v", got.known, wantKnown)
	}
	for _, x := range got.lines {
		q := asked(t, x)
		if q.Endpoint != "events" || len(q.Answered) == 0 || !q.Answered[0].Known {
			continue
		}
		var body struct {
			MailPieces struct {
				MailPieceID string
				Events      []struct{ EventCode, EventDateTime string }
			}
		}
		if err := json.Unmarshal([]byte(*x.Body), &body); err != nil {
			t.Fatal(err)
		}
		p, _ := known(q.Answered[0].Number, at)
		if m := body.MailPieces; m.MailPieceID != p.Number || len(m.Events) != len(p.Events) {
			t.Errorf("%s: %d events of %s, want %d", p.Number, len(m.Events), m.MailPieceID, len(p.Events))
			continue
		}
		for i, e := range p.Events {
			when, err := time.Parse(time.RFC3339, body.MailPieces.Events[i].EventDateTime)
			if err != nil || !when.Equal(e.At) || body.MailPieces.Events[i].EventCode != e.Code {
				t.Errorf("%s event %d: %+v, want %+v (%v)", p.Number, i, body.MailPieces.Events[i], e, err)
			}
		}
	}
}
