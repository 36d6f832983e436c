package shopify_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
	"github.com/fourmarketing/waybill/connectors/shopify"
	"github.com/fourmarketing/waybill/sandbox"
	partner "github.com/fourmarketing/waybill/sandbox/shopify"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// TestAgainstSandbox pulls a shop of the sandbox, which checks every query against the published schema and bulk queries
// against Shopify's restrictions, and compares with what the world says the shop knows.
func TestAgainstSandbox(t *testing.T) {
	t.Parallel()
	s, err := sandbox.Start(t.Context(), sandbox.Options{World: world.Options{Seed: 7, Days: 18, OrdersPerDay: 16, Defects: 1}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	shop := s.To("aster-vale")
	c, err := shopify.New(shopify.Config{
		BaseURL: shop.Other["url"], Token: waybill.Secret(shop.Secrets["token"]), PollMin: 5 * time.Millisecond, PollMax: 20 * time.Millisecond,
		Settings: shopify.Settings{PageSize: 1}, HTTP: rest.Config{Attempts: 3, WaitMin: time.Millisecond},
	}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	for _, f := range c.Check(t.Context()) {
		if !f.OK {
			t.Errorf("doctor: %+v", f)
		}
	}
	// Two windows: what the second brings must be newer than the first one's end, less the overlap.
	checkpoints := s.World().Checkpoints()
	seen, cursor := map[string]world.ShopOrder{}, ""
	var at time.Time
	for i, checkpoint := range checkpoints[len(checkpoints)-2:] {
		at = checkpoint
		if err := s.Advance(at); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			s.Faults().Strike(shop.Source, partner.FaultThrottle, 2)
			s.Faults().Strike(shop.Source, partner.FaultHoldBulk, 3)
			s.Faults().HTTP(sandbox.HTTPFault{Where: "shopify/" + shop.Source, Times: 1, Status: 503})
		}
		known := map[string]world.ShopOrder{}
		for _, o := range s.World().ShopOrders(shop.Source, at) {
			known[fmt.Sprintf("gid://shopify/Order/%d", o.ID)] = o
		}
		got := pullOrders(t, c, cursor, at)
		got.compare(t, known)
		for id := range got.updated {
			seen[id] = known[id]
		}
		cursor = got.cursor
	}
	want := s.World().ShopOrders(shop.Source, at)
	for _, o := range want {
		got, ok := seen[fmt.Sprintf("gid://shopify/Order/%d", o.ID)]
		if o.UpdatedAt.Before(at) && (!ok || !got.UpdatedAt.Equal(o.UpdatedAt)) {
			t.Errorf("order %s updated at %s was not pulled", o.Name, o.UpdatedAt)
		}
	}
	pullDetails(t, c, at, want)
	t.Run("long bulk", func(t *testing.T) {
		// The shop's clock is the world's, and how old an export is goes by both.
		waiting := func(patience time.Duration) *shopify.Connector {
			c, err := shopify.New(shopify.Config{
				BaseURL: shop.Other["url"], Token: waybill.Secret(shop.Secrets["token"]), PollMin: 5 * time.Millisecond, PollMax: 20 * time.Millisecond,
				BulkPatience: patience, HTTP: rest.Config{Attempts: 3, WaitMin: time.Millisecond},
			}, func() time.Time { return at })
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			return c
		}
		impatient, c := waiting(time.Second), waiting(time.Minute)
		s.Faults().Strike(shop.Source, partner.FaultHoldBulk, 200)
		r := waybill.Request{Feed: "orders", Resource: "orders", Cursor: at.Add(-30 * time.Hour).Format(time.RFC3339), Now: at.Add(-3 * time.Hour)}
		first, err := impatient.List(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := impatient.Open(t.Context(), first[0]); !errors.Is(err, waybill.ErrTemporary) {
			t.Fatalf("error %v", err)
		}
		r.Now = at
		items, err := c.List(t.Context(), r)
		if err != nil || len(items) != 2 || items[0].Name != first[0].Name {
			t.Fatalf("%v, %v; the export of %s is not taken up", items, err, first[0].Name)
		}
		if body := read(t, c, items[0]); len(body) == 0 {
			t.Error("the export that was taken up is empty")
		}
	})
	t.Run("failed bulk", func(t *testing.T) {
		s.Faults().Strike(shop.Source, partner.FaultFailBulk, 1)
		r := waybill.Request{Feed: "orders", Resource: "orders", Now: at.Add(-time.Hour)}
		items, err := c.List(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Open(t.Context(), items[0]); !errors.Is(err, waybill.ErrTemporary) {
			t.Errorf("error %v", err)
		}
	})
}

// pulled is what one window brought of orders, by their ids.
type pulled struct {
	updated map[string]time.Time
	lines   map[string]int // lines and returns
	cursor  string         // after the window
}

func pullOrders(t *testing.T, c *shopify.Connector, cursor string, at time.Time) pulled {
	t.Helper()
	items, err := c.List(t.Context(), waybill.Request{Feed: "orders", Resource: "orders", Cursor: cursor, Now: at})
	if err != nil || len(items) != 1 {
		t.Fatalf("%v, %v", items, err)
	}
	body := read(t, c, items[0])
	if again := read(t, c, items[0]); !bytes.Equal(body, again) {
		t.Error("the same window gave other bytes")
	}
	got := pulled{updated: map[string]time.Time{}, lines: map[string]int{}, cursor: items[0].Cursor}
	for line := range bytes.Lines(body) {
		var node struct {
			ID        string    `json:"id"`
			Parent    string    `json:"__parentId"`
			UpdatedAt time.Time `json:"updatedAt"`
		}
		if err := json.Unmarshal(line, &node); err != nil {
			t.Fatal(err)
		}
		if node.Parent != "" {
			got.lines[node.Parent]++
			continue
		}
		got.updated[node.ID] = node.UpdatedAt
	}
	return got
}

func (p pulled) compare(t *testing.T, known map[string]world.ShopOrder) {
	t.Helper()
	for id, at := range p.updated {
		if o, ok := known[id]; !ok || !o.UpdatedAt.Equal(at) {
			t.Errorf("%s updated at %s is not what the shop knows", id, at)
		}
	}
	for id, n := range p.lines {
		if o, ok := known[id]; ok && n != len(o.Lines)+len(o.Returns) {
			t.Errorf("%s has %d lines and returns, the shop knows %d", id, n, len(o.Lines)+len(o.Returns))
		}
	}
	if len(p.lines) == 0 {
		t.Error("an empty window shows nothing")
	}
}

// pullDetails asks for every order and counts refund lines, fulfilment lines and return labels.
func pullDetails(t *testing.T, c *shopify.Connector, at time.Time, want []world.ShopOrder) {
	t.Helper()
	r := waybill.Request{Feed: "order_details", Resource: "order_details", Now: at, Settings: map[string]any{"batch_size": 50}}
	wanted := map[string][4]int{}
	for _, o := range want {
		r.Work = append(r.Work, strconv.FormatInt(o.ID, 10))
		var n [4]int
		for _, f := range o.Refunds {
			n[0] += len(f.Lines)
			n[1] += len(f.Transactions)
		}
		for _, f := range o.Fulfilments {
			n[2] += len(f.Lines)
		}
		n[3] = len(o.Returns)
		wanted[fmt.Sprintf("gid://shopify/Order/%d", o.ID)] = n
	}
	items, err := c.List(t.Context(), r)
	if err != nil || len(items) != (len(want)+49)/50 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	got, answers := map[string][4]int{}, 0
	for _, it := range items {
		lines := bufio.NewScanner(bytes.NewReader(read(t, c, it)))
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			answers++
			x, body, err := rest.ParseExchange(lines.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if _, isOrder := wanted[x.Request.Ask]; isOrder {
				got[x.Request.Ask] = countDetails(t, body) // the last answer is the whole one
			}
		}
	}
	var all [4]int
	for _, n := range wanted {
		for i := range n {
			all[i] += n[i]
		}
	}
	if slices.Contains(all[:], 0) || answers <= len(wanted) {
		t.Errorf("the world shows too little: %v, %d answers for %d orders", all, answers, len(wanted))
	}
	if !maps.Equal(got, wanted) {
		for _, id := range slices.Sorted(maps.Keys(wanted)) {
			if got[id] != wanted[id] {
				t.Errorf("%s: refund lines, refund transactions, fulfilment lines, returns: got %v, want %v", id, got[id], wanted[id])
			}
		}
	}
}

type nodes struct {
	Nodes []json.RawMessage `json:"nodes"`
}

func countDetails(t *testing.T, body []byte) (n [4]int) {
	t.Helper()
	var answer struct {
		Data struct {
			Order struct {
				Refunds []struct {
					RefundLineItems, Transactions nodes
				}
				Fulfillments []struct{ FulfillmentLineItems nodes }
				Returns      nodes
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	o := answer.Data.Order
	for _, f := range o.Refunds {
		n[0] += len(f.RefundLineItems.Nodes)
		n[1] += len(f.Transactions.Nodes)
	}
	for _, f := range o.Fulfillments {
		n[2] += len(f.FulfillmentLineItems.Nodes)
	}
	n[3] = len(o.Returns.Nodes)
	return n
}

func read(t *testing.T, c *shopify.Connector, it waybill.Item) []byte {
	t.Helper()
	f, err := c.Open(t.Context(), it)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	body, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
