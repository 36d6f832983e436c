package shopify_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/sandbox/shopify"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// FuzzSearchAndCursor: whatever a client searches by or pages after, the shop answers with data or an error, never both
// without, and a search only ever narrows.
func FuzzSearchAndCursor(f *testing.F) {
	f.Add("updated_at:>='2026-04-01T00:00:00Z' AND updated_at:<'2026-04-02'", "")
	f.Add("id:5000000001", "eyJsYXN0X2lkIjo1fQ==")
	f.Add("name:#AV1001 test:false", "%%")
	f.Add("updated_at:", "e30=")
	book := aBook(5)
	shop, err := shopify.New(shopify.Options{
		Token: "t", Currency: "GBP", At: func() time.Time { return noon }, Now: func() time.Time { return noon }, BucketSize: 1e18,
		Orders: func(time.Time) []world.ShopOrder { return book },
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(shop.Close)
	f.Fuzz(func(t *testing.T, query, after string) {
		variables := map[string]any{"q": query}
		if after != "" {
			variables["a"] = after
		}
		body, err := json.Marshal(map[string]any{"query": `query($q: String, $a: String){orders(first:9, query:$q, after:$a){nodes{id}}}`, "variables": variables})
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/admin/api/2026-01/graphql.json", strings.NewReader(string(body)))
		req.Header.Set("X-Shopify-Access-Token", "t")
		w := httptest.NewRecorder()
		shop.ServeHTTP(w, req)
		var a struct {
			Data *struct {
				Orders struct{ Nodes []struct{ ID string } }
			}
			Errors []struct{ Message string }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%d %s: %v", w.Code, w.Body, err)
		}
		if len(a.Errors) == 0 && (a.Data == nil || len(a.Data.Orders.Nodes) > 5) {
			t.Errorf("no errors and %+v", a.Data)
		}
		for _, e := range a.Errors {
			if strings.Contains(e.Message, "panic") {
				t.Errorf("query %q after %q: %s", query, after, e.Message)
			}
		}
	})
}
