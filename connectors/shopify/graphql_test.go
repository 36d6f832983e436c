package shopify

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

func FuzzReply(f *testing.F) {
	for _, name := range []string{"throttled.json", "current_bulk_operation.json"} {
		body, err := os.ReadFile("../../testdata/connectors/shopify/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add([]byte(`{"errors":"[API] Invalid API key"}`))
	f.Add([]byte(`{"data":{"order":{"id":"x","refunds":[{"a":{"pageInfo":{"hasNextPage":true,"endCursor":"c"}}}]}}}`))
	f.Add([]byte(`{"data":{"bulkOperation":{"objectCount":57,"fileSize":"-1"}},"extensions":{"cost":{"throttleStatus":{"restoreRate":1e-300}}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := parseReply(rest.Answer{Status: 200, Body: body})
		if err != nil {
			return
		}
		if d := r.Extensions.Cost.shortfall(); d < 0 || d > maxThrottleWait {
			t.Fatalf("waits %s", d)
		}
		pages, err := openPages(r)
		for _, p := range pages {
			if err == nil && (p.after == "" || p.owner == "") {
				t.Fatalf("page without a way to it: %+v", p)
			}
			nextPage(p.on(), p.name)
		}
		var data struct {
			Operation bulkOperation `json:"bulkOperation"`
		}
		_ = r.data(&data)
	})
}

func FuzzOrderGID(f *testing.F) {
	f.Add("5000000001")
	f.Add("gid://shopify/Order/5000000001")
	f.Add("gid://shopify/Order/")
	f.Fuzz(func(t *testing.T, work string) {
		gid, err := orderGID(work)
		if err != nil {
			return
		}
		if again, err := orderGID(gid); err != nil || again != gid {
			t.Fatalf("%q became %q, then %q: %v", work, gid, again, err)
		}
	})
}

func TestShortfall(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("../../testdata/connectors/shopify/throttled.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reply
	if err := json.Unmarshal(body, &r); err != nil {
		t.Fatal(err)
	}
	// 752 points are wanted, 666 there, 50 come back a second.
	if got := r.Extensions.Cost.shortfall(); got != 1720*time.Millisecond {
		t.Errorf("waits %s", got)
	}
	if !r.Errors.isThrottled() {
		t.Error("not seen as throttled")
	}
}
