package sandbox_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jlaffaye/ftp"
	"golang.org/x/crypto/ssh"

	"github.com/fourmarketing/waybill/sandbox"
	"github.com/fourmarketing/waybill/sandbox/northgate"
	"github.com/fourmarketing/waybill/sandbox/prosku"
	"github.com/fourmarketing/waybill/sandbox/servers"
	"github.com/fourmarketing/waybill/sandbox/veldhoven"
	"github.com/fourmarketing/waybill/sandbox/world"
)

func start(t *testing.T, change func(*sandbox.Options)) *sandbox.Sandbox {
	t.Helper()
	o := sandbox.Options{World: world.Options{Seed: 7, Days: 10, OrdersPerDay: 20, Defects: 1}, Dir: t.TempDir(), Logf: t.Logf}
	if change != nil {
		change(&o)
	}
	s, err := sandbox.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// shopsOf are the connections of the web shops on Shopify.
func shopsOf(s *sandbox.Sandbox) []sandbox.Connection {
	var out []sandbox.Connection
	for _, c := range s.Access() {
		if c.Kind == "shopify" {
			out = append(out, c)
		}
	}
	return out
}

func advance(t *testing.T, s *sandbox.Sandbox, at time.Time) {
	t.Helper()
	if err := s.Advance(at); err != nil {
		t.Fatal(err)
	}
}

func last(s *sandbox.Sandbox) time.Time {
	all := s.World().Checkpoints()
	return all[len(all)-1]
}

// call is an HTTP request with headers given as name, value, name, value.
func call(t *testing.T, method, url string, body io.Reader, header ...string) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp, b, err
}

func get(t *testing.T, url string, header ...string) (*http.Response, []byte) {
	t.Helper()
	resp, b, err := call(t, http.MethodGet, url, nil, header...)
	if err != nil {
		t.Fatal(err)
	}
	return resp, b
}

func graphQL(t *testing.T, a sandbox.Connection, query string, variables map[string]any, into any) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	resp, b, err := call(t, http.MethodPost, a.Other["url"]+"/admin/api/2026-01/graphql.json", bytes.NewReader(body),
		"Content-Type", "application/json", "X-Shopify-Access-Token", a.Secrets["token"])
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("ask shop: %v, %s", err, b)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("read %s: %v", b, err)
	}
}

func TestNothingIsPublishedBeforeTheClockMoves(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	c, err := dialSFTP(t, s.To("northgate"), ssh.Password(s.To("northgate").Secrets["password"]))
	if err != nil {
		t.Fatal(err)
	}
	if infos, err := c.ReadDir("/out"); err != nil || len(infos) != 0 {
		t.Errorf("northgate offers %v, %v", infos, err)
	}
	var r struct {
		Data struct{ Orders struct{ Nodes []any } }
	}
	graphQL(t, s.To("aster-vale"), `{orders(first:1){nodes{id}}}`, nil, &r)
	if len(r.Data.Orders.Nodes) != 0 {
		t.Error("a shop has orders")
	}
	if resp, _ := track(t, s.To("dhl"), trackingNumbers(s, last(s))[0]); resp.StatusCode != http.StatusNotFound {
		t.Errorf("the carrier answers %d", resp.StatusCode)
	}
	resp, _ := get(t, s.To("adyen").Other["url"]+"/reports/download/MerchantAccount/AsterValeUK/settlement_detail_report_batch_380.csv", "X-API-Key", s.To("adyen").Other["api_key"])
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("the PSP answers %d", resp.StatusCode)
	}
}

func TestWarehousesOfferTheWorldsFiles(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	overSFTP, err := dialSFTP(t, s.To("northgate"), ssh.Password(s.To("northgate").Secrets["password"]))
	if err != nil {
		t.Fatal(err)
	}
	overFTPS, err := dialFTPS(t, s.To("veldhoven"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]time.Time{}
	for _, at := range s.World().Checkpoints() {
		advance(t, s, at)
		for _, f := range northgate.Files(s.World(), "northgate", at) {
			info, err := overSFTP.Stat(f.Path)
			if err != nil {
				t.Fatalf("%s: %v", f.Path, err)
			}
			if info.Size() != int64(len(f.Body)) || info.ModTime().Unix() != f.ModifiedAt.Unix() {
				t.Errorf("%s: %d bytes of %s, want %d of %s", f.Path, info.Size(), info.ModTime(), len(f.Body), f.ModifiedAt)
			}
			if b, err := readSFTP(overSFTP, f.Path); err != nil || !bytes.Equal(b, f.Body) {
				t.Errorf("%s: other bytes, %v", f.Path, err)
			}
		}
		listed := listFTPS(t, overFTPS, veldhoven.Files(s.World(), "veldhoven", at))
		for _, f := range veldhoven.Files(s.World(), "veldhoven", at) {
			e, ok := listed[f.Path]
			if !ok || e.Size != uint64(len(f.Body)) || e.Time.Unix() != f.ModifiedAt.Unix() {
				t.Errorf("%s: listed as %+v, want %d bytes of %s", f.Path, e, len(f.Body), f.ModifiedAt)
			}
			if marker, ok := listed[f.Path+".ok"]; !strings.HasSuffix(f.Path, ".ok") && (!ok || marker.Size != 0) {
				t.Errorf("%s: no empty marker", f.Path)
			}
			if seen[f.Path].Equal(f.ModifiedAt) {
				continue // read at an earlier checkpoint
			}
			seen[f.Path] = f.ModifiedAt
			if b, err := readFTPS(overFTPS, "/"+f.Path); err != nil || !bytes.Equal(b, f.Body) {
				t.Errorf("%s: other bytes, %v", f.Path, err)
			}
		}
	}
	if err := s.Advance(s.World().Checkpoints()[0]); err == nil {
		t.Error("the clock ran backwards")
	}
}

// listFTPS lists the folders of files by MLSD, which is what the client uses where a server offers it.
func listFTPS(t *testing.T, c *ftp.ServerConn, files []servers.File) map[string]*ftp.Entry {
	t.Helper()
	folders, out := map[string]bool{}, map[string]*ftp.Entry{}
	for _, f := range files {
		folder := path.Dir(f.Path)
		if folders[folder] {
			continue
		}
		folders[folder] = true
		entries, err := c.List("/" + folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			out[path.Join(folder, e.Name)] = e
		}
	}
	return out
}

func TestSFTPLetsTheKeyInAndNobodyElse(t *testing.T) {
	t.Parallel()
	a := start(t, nil).To("northgate")
	pem, err := os.ReadFile(a.Other["key_file"])
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.ParsePrivateKey(pem)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dialSFTP(t, a, ssh.PublicKeys(key)); err != nil {
		t.Errorf("the key: %v", err)
	}
	for name, auth := range map[string]ssh.AuthMethod{"another key": ssh.PublicKeys(newKey(t)), "a wrong password": ssh.Password("x")} {
		if _, err := dialSFTP(t, a, auth); err == nil {
			t.Errorf("%s was let in", name)
		}
	}
	root := a
	root.Other = maps.Clone(a.Other)
	root.Other["user"] = "root"
	if _, err := dialSFTP(t, root, ssh.Password(a.Secrets["password"])); err == nil {
		t.Error("another user was let in")
	}
	if print := a.Settings["host_key"].(string); !strings.HasPrefix(print, "SHA256:") {
		t.Errorf("fingerprint %q", print)
	}
}

func TestBulkOperationGivesTheWorldsOrders(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	at := last(s)
	advance(t, s, at)
	for _, a := range shopsOf(s) {
		want := map[string]int{} // order or line id to quantity
		for _, o := range s.World().ShopOrders(a.Source, at) {
			want["gid://shopify/Order/"+strconv.FormatInt(o.ID, 10)] = 0
			for _, l := range o.Lines {
				want["gid://shopify/LineItem/"+strconv.FormatInt(l.ID, 10)] = l.Quantity
			}
		}
		if len(want) == 0 {
			t.Fatalf("%s sold nothing", a.Source)
		}
		got := map[string]int{}
		for line := range strings.Lines(bulk(t, a, `{orders(query:"updated_at:>='2020-01-01T00:00:00Z'", sortKey: UPDATED_AT){edges{node{
			id name test createdAt updatedAt cancelledAt cancelReason closedAt displayFinancialStatus displayFulfillmentStatus currencyCode email
			totalPriceSet{shopMoney{amount currencyCode}} shippingAddress{countryCodeV2 zip city} shippingLine{title code}
			transactions{id kind status paymentId authorizationCode parentTransaction{id} amountSet{shopMoney{amount currencyCode}}}
			fulfillments{id name status trackingInfo{number company}} refunds{id createdAt totalRefundedSet{shopMoney{amount}}}
			lineItems{edges{node{id sku quantity currentQuantity discountedTotalSet{shopMoney{amount}} variant{id inventoryItem{unitCost{amount}}}}}}
			returns{edges{node{id name status returnLineItems{edges{node{id quantity returnReason ... on ReturnLineItem{fulfillmentLineItem{lineItem{id}}}}}}}}}}}}}`)) {
			var o struct {
				ID       string
				Quantity int
			}
			if err := json.Unmarshal([]byte(line), &o); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(o.ID, "/Order/") || strings.Contains(o.ID, "/LineItem/") {
				if _, twice := got[o.ID]; twice {
					t.Errorf("%s came twice", o.ID)
				}
				got[o.ID] = o.Quantity
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d orders and lines, want %d", a.Source, len(got), len(want))
		}
		for id, n := range want {
			if got[id] != n {
				t.Errorf("%s: quantity %d, want %d", id, got[id], n)
			}
		}
	}
}

func bulk(t *testing.T, a sandbox.Connection, query string) string {
	t.Helper()
	var r struct {
		Data struct {
			BulkOperationRunQuery struct {
				BulkOperation struct{ ID string }
				UserErrors    []struct{ Message string }
			}
			BulkOperation struct{ Status, URL string }
		}
		Errors []struct{ Message string }
	}
	graphQL(t, a, `mutation($q: String!){bulkOperationRunQuery(query:$q){bulkOperation{id} userErrors{message}}}`, map[string]any{"q": query}, &r)
	id := r.Data.BulkOperationRunQuery.BulkOperation.ID
	if id == "" {
		t.Fatalf("refused: %+v", r)
	}
	for range 1000 {
		graphQL(t, a, `query($id: ID!){bulkOperation(id:$id){status url}}`, map[string]any{"id": id}, &r)
		if status := r.Data.BulkOperation.Status; status != "RUNNING" && status != "CREATED" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if r.Data.BulkOperation.Status != "COMPLETED" {
		t.Fatalf("bulk operation ended %+v", r)
	}
	resp, b := get(t, r.Data.BulkOperation.URL)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("download: %d", resp.StatusCode)
	}
	if resp, _ := get(t, strings.Replace(r.Data.BulkOperation.URL, "Signature=", "Signature=x", 1)); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a wrong signature: %d", resp.StatusCode)
	}
	return string(b)
}

func TestCloseStopsEverything(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s, err := sandbox.Start(ctx, sandbox.Options{World: world.Options{Seed: 1, Days: 10, OrdersPerDay: 10}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	open, err := dialFTPS(t, s.To("veldhoven"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for _, partner := range s.Access() {
		addr := cmp.Or(partner.Other["addr"], strings.TrimPrefix(partner.Other["url"], "http://"))
		for tries := 0; ; tries++ {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				break
			}
			_ = c.Close()
			if tries == 200 {
				t.Fatalf("%s still answers", addr)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	if err := open.NoOp(); err == nil {
		t.Error("an FTP session outlives the server")
	}
}

func TestFoldersHoldOnlyWhatWasPublished(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, func(o *sandbox.Options) { o.Dir = dir })
	advance(t, s, last(s))
	larkhill, err := prosku.Files(s.World(), "larkhill", last(s))
	if err != nil {
		t.Fatal(err)
	}
	for source, files := range map[string][]servers.File{"northgate": northgate.Files(s.World(), "northgate", last(s)), "larkhill": larkhill} {
		want := map[string]bool{}
		for _, f := range files {
			want[f.Path] = true
		}
		for _, p := range pathsUnder(t, filepath.Join(dir, source)) {
			if !want[p] {
				t.Errorf("%s: %s lies there unasked", source, p)
			}
			delete(want, p)
		}
		if len(want) > 0 {
			t.Errorf("%s: missing: %v", source, want)
		}
	}
}
