package landing_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// An answer of a thousand events needs memory for its rows, not for as many copies of itself: with 309 kB of body that would be 309 MB for each
// column that reaches out of the event. Its neighbours in the batch are loaded with it.
func TestAnswerOfManyEvents(t *testing.T) {
	t.Parallel()
	const events = 1000
	var long []string
	for i := range events {
		at := time.Date(2026, 3, 1, 0, i, 0, 0, time.UTC).Format("2006-01-02T15:04:05")
		long = append(long, fmt.Sprintf(`{"timestamp":%q,"statusCode":"transit","status":"520","description":%q,"location":{"address":{"countryCode":"GB","addressLocality":"Coventry Hub"}}}`,
			at, strings.Repeat("at the hub ", 16)))
	}
	answers := []answer{{"LONG", 200, []byte(`{"shipments":[{"id":"LONG","service":"ecommerce","events":[` + strings.Join(long, ",") + `]}]}`)}}
	for i := range 49 {
		number := fmt.Sprintf("SHORT%02d", i)
		answers = append(answers, answer{number, 200, fmt.Appendf(nil, `{"shipments":[{"id":%q,"service":"ecommerce","events":[%s]}]}`, number, long[0])})
	}
	if n := len(answers[0].body); n < 300_000 {
		t.Fatalf("the long answer has %d bytes", n)
	}
	c := feed(t, "dhl", "tracking")
	// A fifth of what one copy for each event takes, and nowhere to put the rest.
	db := duck.Open(duck.Config{MemoryLimit: "64MB", Threads: 2})
	t.Cleanup(func() { _ = db.Close() })
	at := time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC)
	res, err := load.New(db).Load(t.Context(), load.Input{
		Bytes: bytes.NewReader(exchange(t, answers...)), Contract: c, Source: "dhl", Feed: "tracking", Name: "long", File: "f11e", LoadID: "10ad",
		ReceivedAt: at, LoadedAt: at, PIISalt: "salt", StageDir: t.TempDir(), FieldIDs: fieldIDs(c),
	})
	if err != nil || res.Hold != nil {
		t.Fatal(err, res.Hold)
	}
	if n := res.RowsByTable[waybill.TableName{Namespace: "raw", Name: "dhl_events"}]; n != events+49 || res.Loaded != 50 {
		t.Errorf("%d events of %d answers", n, res.Loaded)
	}
}
