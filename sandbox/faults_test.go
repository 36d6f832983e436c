package sandbox_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net/http"
	"path"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/fourmarketing/waybill/sandbox"
	"github.com/fourmarketing/waybill/sandbox/adyen"
	"github.com/fourmarketing/waybill/sandbox/northgate"
	"github.com/fourmarketing/waybill/sandbox/servers"
	"github.com/fourmarketing/waybill/sandbox/shopify"
	"github.com/fourmarketing/waybill/sandbox/veldhoven"
)

func newKey(t *testing.T) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func biggest(files []servers.File) servers.File {
	var out servers.File
	for _, f := range files {
		if len(f.Body) > len(out.Body) {
			out = f
		}
	}
	return out
}

func TestSFTPFaults(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	advance(t, s, last(s))
	a, f := s.To("northgate"), biggest(northgate.Files(s.World(), "northgate", last(s)))
	read := func() ([]byte, error) {
		c, err := dialSFTP(t, a, ssh.Password(a.Secrets["password"]))
		if err != nil {
			t.Fatal(err)
		}
		return readSFTP(c, f.Path)
	}
	s.Faults().CutSFTP(path.Base(f.Path), 1)
	if b, err := read(); err == nil || len(b) >= len(f.Body) {
		t.Errorf("cut transfer gave %d bytes and %v", len(b), err)
	}
	s.Faults().TruncateSFTP(path.Base(f.Path), 3)
	if b, err := read(); !bytes.Equal(b, f.Body[:3]) {
		t.Errorf("truncated transfer gave %q and %v", b, err)
	}
	if b, err := read(); err != nil || !bytes.Equal(b, f.Body) {
		t.Errorf("after the faults: %d bytes, %v", len(b), err)
	}

	if err := s.Faults().ChangeHostKey(); err != nil {
		t.Fatal(err)
	}
	var changed *knownhosts.KeyError
	if _, err := dialSFTP(t, a, ssh.Password(a.Secrets["password"])); !errors.As(err, &changed) || len(changed.Want) == 0 {
		t.Errorf("with another host key: %v", err)
	}
	s.Faults().RestoreHostKey()
	if _, err := read(); err != nil {
		t.Errorf("with the host key back: %v", err)
	}
}

func TestFTPSFaults(t *testing.T) {
	t.Parallel()
	for _, mode := range []servers.FTPSMode{servers.ExplicitTLS, servers.ImplicitTLS} {
		s := start(t, func(o *sandbox.Options) { o.FTPS = mode })
		advance(t, s, last(s))
		f := biggest(veldhoven.Files(s.World(), "veldhoven", last(s)))
		read := func() ([]byte, error) {
			c, err := dialFTPS(t, s.To("veldhoven"))
			if err != nil {
				t.Fatal(err)
			}
			return readFTPS(c, "/"+f.Path)
		}
		s.Faults().CutFTPS(path.Base(f.Path), 3)
		if b, err := read(); err == nil || len(b) >= len(f.Body) {
			t.Errorf("%s: cut transfer gave %d bytes and %v", mode, len(b), err)
		}
		s.Faults().TruncateFTPS(path.Base(f.Path), 3)
		if b, err := read(); err != nil || !bytes.Equal(b, f.Body[:3]) {
			t.Errorf("%s: truncated transfer gave %q and %v", mode, b, err)
		}
		if b, err := read(); err != nil || !bytes.Equal(b, f.Body) {
			t.Errorf("%s: after the faults: %d bytes, %v", mode, len(b), err)
		}
	}
}

func TestHTTPFaults(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	advance(t, s, last(s))
	a, account := s.To("adyen"), adyen.Accounts(s.World())[0]
	r := adyen.Reports(s.World(), account, last(s))[0]
	url := a.Other["url"] + "/reports/download/MerchantAccount/" + account + "/" + r.Name
	ask := func() (*http.Response, []byte, error) {
		return call(t, http.MethodGet, url, nil, "X-API-Key", a.Other["api_key"])
	}
	s.Faults().HTTP(sandbox.HTTPFault{Where: "adyen/reports", Times: 2, Status: http.StatusServiceUnavailable})
	s.Faults().HTTP(sandbox.HTTPFault{Where: "dhl/track", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: 2 * time.Second})
	s.Faults().HTTP(sandbox.HTTPFault{Where: "adyen", Times: 1, CutAfter: 4})
	s.Faults().HTTP(sandbox.HTTPFault{Where: "adyen", Times: 1, Truncate: 5})
	for range 2 {
		if resp, _, err := ask(); err != nil || resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("want 503, got %v, %v", resp, err)
		}
	}
	if _, b, err := ask(); err == nil || len(b) != 4 {
		t.Errorf("cut body gave %q and %v", b, err)
	}
	if _, b, err := ask(); err != nil || !bytes.Equal(b, r.Body[:5]) {
		t.Errorf("truncated body gave %q and %v", b, err)
	}
	if _, b, err := ask(); err != nil || !bytes.Equal(b, r.Body) {
		t.Errorf("after the faults: %d bytes, %v", len(b), err)
	}
	if resp, _ := track(t, s.To("dhl"), "x"); resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "2" {
		t.Errorf("carrier: %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	if resp, _ := track(t, s.To("dhl"), "x"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("carrier afterwards: %d", resp.StatusCode)
	}

	s.Faults().Slow(80 * time.Millisecond)
	before := time.Now()
	if _, _, err := ask(); err != nil || time.Since(before) < 80*time.Millisecond {
		t.Errorf("slow answer took %s, %v", time.Since(before), err)
	}
	s.Faults().Slow(0)
}

func TestShopFaults(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	advance(t, s, last(s))
	shop := s.To("aster-vale")
	s.Faults().Strike(shop.Source, shopify.FaultThrottle, 1)
	var r struct {
		Errors []struct{ Message string }
		Data   any
	}
	graphQL(t, shop, `{shop{name}}`, nil, &r)
	if len(r.Errors) != 1 || r.Errors[0].Message != "Throttled" {
		t.Errorf("throttled: %+v", r)
	}
	s.Faults().HTTP(sandbox.HTTPFault{Where: "shopify/" + shop.Source + "/bulk-operation-results", Times: 1, CutAfter: 10})
	if bulkURL := bulkResult(t, shop); bulkURL != "" {
		if _, _, err := call(t, http.MethodGet, bulkURL, nil); err == nil {
			t.Error("the bulk file came whole")
		}
		if _, _, err := call(t, http.MethodGet, bulkURL, nil); err != nil {
			t.Errorf("the bulk file, again: %v", err)
		}
	}
}

// bulkResult runs a bulk operation and returns where its file is.
func bulkResult(t *testing.T, a sandbox.Connection) string {
	t.Helper()
	var r struct {
		Data struct{ CurrentBulkOperation struct{ Status, URL string } }
	}
	graphQL(t, a, `mutation{bulkOperationRunQuery(query:"{orders{edges{node{id}}}}"){bulkOperation{id}}}`, nil, &r)
	for range 500 {
		graphQL(t, a, `{currentBulkOperation{status url}}`, nil, &r)
		if r.Data.CurrentBulkOperation.Status == "COMPLETED" {
			return r.Data.CurrentBulkOperation.URL
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("bulk operation did not complete")
	return ""
}

func TestClientsAndClockAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	shop, carrier := s.To("aster-vale"), s.To("dhl")
	ends := last(s)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 20 {
				var r any
				graphQL(t, shop, `{orders(first:20){nodes{id lineItems(first:5){nodes{id}}}}}`, nil, &r)
				track(t, carrier, "x")
			}
		})
	}
	for _, at := range s.World().Checkpoints() {
		advance(t, s, at)
		s.Faults().HTTP(sandbox.HTTPFault{Where: "nobody", Times: 1})
	}
	wait.Wait()
	if err := s.Advance(ends); err != nil {
		t.Error(err)
	}
}
