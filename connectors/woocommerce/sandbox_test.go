package woocommerce_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/rest"
	"github.com/fourmarketing/waybill/connectors/woocommerce"
	sandbox "github.com/fourmarketing/waybill/sandbox/woocommerce"
)

// busy is a shop of the sandbox whose orders change while they are read.
type busy struct {
	mu     sync.Mutex
	orders []sandbox.Order
	now    time.Time
	change func(*busy) // before each answer
	shop   *sandbox.Shop
}

func (b *busy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.change != nil {
		b.change(b)
	}
	b.shop.ServeHTTP(w, r)
}

// open serves the shop and connects to it.
func (b *busy) open(t testing.TB, perPage int) (*httptest.Server, *woocommerce.Connector) {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	b.shop = sandbox.New(sandbox.Options{
		Key: "ck_box", Secret: "cs_box", Zone: zone, Now: time.Now, At: func() time.Time { return b.now },
		Orders: func(time.Time) []sandbox.Order { return slices.Clone(b.orders) },
	})
	srv := httptest.NewServer(b)
	c, err := woocommerce.New(woocommerce.Config{
		BaseURL: srv.URL, ConsumerKey: "ck_box", ConsumerSecret: "cs_box",
		Settings: woocommerce.Settings{PerPage: perPage, Overlap: time.Second}, HTTP: rest.Config{Attempts: 1},
	}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return srv, c
}

// seen are the states of orders in a log: id, status and time of the change.
func seen(t testing.TB, log []byte, into map[string]bool) {
	t.Helper()
	for _, x := range parse(t, log) {
		var page []struct {
			ID       int64  `json:"id"`
			Status   string `json:"status"`
			Modified string `json:"date_modified_gmt"`
		}
		if err := json.Unmarshal([]byte(x.body), &page); err != nil {
			t.Fatal(err)
		}
		for _, o := range page {
			into[fmt.Sprintf("%d %s %s", o.ID, o.Status, o.Modified)] = true
		}
	}
}

func state(o sandbox.Order) string {
	return fmt.Sprintf("%d %s %s", o.ID, o.Status, o.Modified.UTC().Format("2006-01-02T15:04:05"))
}

// TestNoOrderIsMissed: whatever changes while a window is read, and however many orders share a second, in the end the last state of
// every order was read, from windows that follow one another.
func TestNoOrderIsMissed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		begin := time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)
		b := &busy{now: begin.Add(time.Hour)}
		for i := range rapid.IntRange(0, 25).Draw(rt, "orders") {
			at := begin.Add(time.Duration(rapid.IntRange(0, 20).Draw(rt, "second")) * time.Second)
			b.orders = append(b.orders, sandbox.Order{ID: int64(i + 1), Status: "processing", Currency: "GBP", Created: at, Modified: at, Total: "1"})
		}
		perPage := rapid.IntRange(1, 6).Draw(rt, "per page")
		changes := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 99), 0, 5), 0, 30).Draw(rt, "changes before an answer")
		b.change = func(b *busy) {
			if len(changes) == 0 || len(b.orders) == 0 {
				return
			}
			b.now = b.now.Add(time.Second)
			for _, n := range changes[0] {
				o := &b.orders[n%len(b.orders)]
				o.Modified, o.Status = b.now, []string{"processing", "completed", "trash", "awaiting-pickup"}[n%4]
			}
			changes = changes[1:]
		}
		srv, c := b.open(t, perPage)
		defer srv.Close()
		states, cursor := map[string]bool{}, ""
		for range 40 {
			r := waybill.Request{Feed: "orders", Resource: "orders", Cursor: cursor, Now: b.now}
			items, err := c.List(t.Context(), r)
			if err != nil || len(items) != 1 {
				rt.Fatalf("%+v, %v", items, err)
			}
			log, err := pull(t.Context(), c, r)
			if err != nil {
				rt.Fatal(err)
			}
			seen(t, log, states)
			cursor = items[0].Cursor
			b.now = b.now.Add(time.Minute)
			if len(changes) == 0 {
				break
			}
		}
		b.change = nil
		log, err := pull(t.Context(), c, waybill.Request{Feed: "orders", Resource: "orders", Cursor: cursor, Now: b.now})
		if err != nil {
			rt.Fatal(err)
		}
		seen(t, log, states)
		for _, o := range b.orders {
			if !states[state(o)] {
				rt.Errorf("%s was not read; read %v", state(o), slices.Sorted(maps.Keys(states)))
			}
		}
	})
}

// TestManyLeaveAtOnce: when more orders than a page holds leave the window between two pages, those that moved forward are read.
func TestManyLeaveAtOnce(t *testing.T) {
	t.Parallel()
	b := &busy{now: runAt}
	for i := range 12 {
		at := runAt.Add(time.Duration(i-60) * time.Minute)
		b.orders = append(b.orders, sandbox.Order{ID: int64(i + 1), Status: "processing", Created: at, Modified: at})
	}
	answers := 0
	b.change = func(b *busy) {
		if answers++; answers == 5 {
			for i := range 5 {
				b.orders[i].Modified = b.now.Add(time.Second)
			}
		}
	}
	srv, c := b.open(t, 2)
	defer srv.Close()
	log, err := pull(t.Context(), c, orders(""))
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]bool{}
	seen(t, log, states)
	for _, o := range b.orders[5:] {
		if !states[state(o)] {
			t.Errorf("%s was not read", state(o))
		}
	}
	if want := []string{"any 1", "any 2", "any 3", "any 4", "any 5", "any 2", "any 3", "any 4", "trash 1"}; !slices.Equal(asks(parse(t, log)), want) {
		t.Errorf("asked %q, want %q", asks(parse(t, log)), want)
	}
}

// TestWindowsOfTheSandbox: a window holds what changed from its beginning to before its end, to the second, whatever the site's zone.
func TestWindowsOfTheSandbox(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 29, 6, 30, 0, 0, time.UTC) // 02:30 in the site's zone, whose clocks changed three weeks ago
	b := &busy{now: at}
	for i, second := range []int{-1, 0, 1, 59, 60, 61} {
		b.orders = append(b.orders, sandbox.Order{ID: int64(i), Status: "on-hold", Created: at.AddDate(0, -1, 0), Modified: at.Add(time.Duration(second) * time.Second)})
	}
	b.orders = append(b.orders, sandbox.Order{ID: 10, Status: "trash", Modified: at}, sandbox.Order{ID: 11, Status: "checkout-draft", Modified: at})
	srv, c := b.open(t, 2)
	defer srv.Close()
	got := map[string]bool{}
	log, err := pull(t.Context(), c, waybill.Request{Resource: "orders", Cursor: at.Add(time.Second).Format(time.RFC3339), Now: at.Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	seen(t, log, got)
	want := map[string]bool{}
	for _, i := range []int{1, 2, 3, 6} {
		want[state(b.orders[i])] = true
	}
	if !maps.Equal(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
	for _, f := range c.Check(t.Context()) {
		if !f.OK {
			t.Errorf("doctor: %+v", f)
		}
	}
}

// TestRefundsOfTheSandbox: every refund of every order asked for is kept, its lines negative.
func TestRefundsOfTheSandbox(t *testing.T) {
	t.Parallel()
	b := &busy{now: runAt}
	var work []string
	want := map[string]string{}
	for id := int64(1); id <= 4; id++ {
		o := sandbox.Order{ID: id, Status: "processing", Lines: []sandbox.Line{{ID: id * 10, SKU: "OAK", Name: "Oak stool", Quantity: 5, Total: "50"}}}
		for n := range id - 1 {
			f := sandbox.Refund{ID: id*100 + n, Created: runAt, Amount: "10.5", Lines: []sandbox.RefundLine{{ID: id*1000 + n, Of: id * 10, Quantity: 1, Total: "10.5"}}}
			o.Refunds = append(o.Refunds, f)
			want[strconv.FormatInt(f.ID, 10)] = "10.5000 OAK -1 -10.5000"
		}
		b.orders = append(b.orders, o)
		work = append(work, strconv.FormatInt(id, 10))
	}
	srv, c := b.open(t, 2)
	defer srv.Close()
	log, err := pull(t.Context(), c, refunds(append(work, "77")...))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, x := range parse(t, log) {
		var page []struct {
			ID     int64
			Amount string
			Lines  []struct {
				SKU      string
				Quantity int
				Total    string
			} `json:"line_items"`
		}
		if err := json.Unmarshal([]byte(x.body), &page); err != nil {
			t.Fatal(err)
		}
		for _, f := range page {
			got[strconv.FormatInt(f.ID, 10)] = fmt.Sprintf("%s %s %d %s", f.Amount, f.Lines[0].SKU, f.Lines[0].Quantity, f.Lines[0].Total)
		}
	}
	if !maps.Equal(got, want) || !slices.Equal(asks(parse(t, log)), []string{"1", "2", "3", "4", "4", "77"}) {
		t.Errorf("%v, asks %q, want %v", got, asks(parse(t, log)), want)
	}
}
