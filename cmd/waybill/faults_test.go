package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/sandbox"
	"github.com/fourmarketing/waybill/sandbox/shopify"
)

// TestPartnersFail lets partners fail in their own ways. What they failed at is named, the others are loaded, and later runs end up where
// a run without trouble is.
func TestPartnersFail(t *testing.T) {
	t.Parallel()
	box := startWorld(t, small(8))
	calm, p := join(t, box), join(t, box)
	at := box.World().AsOf()
	advance(t, box, at)
	calm.must(exitDone, "run", "--as-of", stamp(at))
	impatient(p)
	faults := box.Faults()
	faults.CutSFTP("DESP_", 40)
	faults.TruncateSFTP("STAT_", 40)
	faults.TruncateFTPS("uit/VH_DESP", 40)
	faults.HTTP(sandbox.HTTPFault{Where: "adyen/reports/download/MerchantAccount/AsterValeUK/settlement_detail_report_batch_1.csv", Times: 2, CutAfter: 100})
	faults.Strike("aster-vale", shopify.FaultThrottle, 3) // cured by waiting
	faults.Strike("hart-rowe", shopify.FaultFailBulk, 100)
	faults.HTTP(sandbox.HTTPFault{Where: "shopify/norre-studio", Times: 2, Status: http.StatusBadGateway})

	var r runReport
	o := p.report(exitFailed, &r, "run", "--as-of", stamp(at), "--source", "northgate", "--source", "veldhoven", "--source", "adyen", "--source", "shopify")
	says(t, o.err, "northgate/despatch: out/despatch/DESP_", "cut off at byte 40", "northgate/order_status: out/status/STAT_",
		"veldhoven/despatch: uit/VH_DESP", "adyen/settlement_details: ", "AsterValeUK/settlement_detail_report_batch_1.csv",
		"hart-rowe/orders: ", "FAILED", "norre-studio/orders: ", "502 Bad Gateway")
	for _, feed := range []string{"northgate/returns", "northgate/stock", "veldhoven/order_status", "aster-vale/orders", "pell-mill/orders"} {
		if got := loadedOf(r, feed); got == 0 || strings.Contains(o.err, feed) {
			t.Errorf("%s: %d rows loaded: it failed with the others", feed, got)
		}
	}
	if strings.Count(o.err, "cut off at byte 40") != 3 {
		t.Errorf("each failure is to be told once:\n%s", o.err)
	}
	faults.Strike("hart-rowe", shopify.FaultFailBulk, 0)

	faults.HTTP(sandbox.HTTPFault{Where: "dhl/track", Times: 4, Status: http.StatusServiceUnavailable})
	says(t, p.must(exitFailed, "run", "--as-of", stamp(at)).err, "dhl/tracking: ", "503 Service Unavailable")
	faults.HTTP(sandbox.HTTPFault{Where: "dhl/track", Times: 1, Status: http.StatusTooManyRequests, RetryAfter: time.Hour})
	says(t, p.must(exitDone, "run", "--as-of", stamp(at)).out, "waiting: dhl/tracking", "quota used up")

	p.must(exitDone, "run", "--as-of", stamp(at))
	sameTables(t, calm, p)
}

// impatient takes the connectors' own cures away, so that a test sees what happens when they do not help.
func impatient(p *office) {
	p.edit("waybill.yaml", "kind: sftp", "kind: sftp\n    resumes: -1")
	p.edit("waybill.yaml", "kind: ftp", "kind: ftp\n    resumes: -1")
	p.edit("waybill.yaml", "kind: adyen", "kind: adyen\n    http: {attempts: 1}")
	p.edit("waybill.yaml", "kind: dhl", "kind: dhl\n    http: {attempts: 1}")
	p.edit("waybill.yaml", "kind: shopify", "kind: shopify\n    http: {attempts: 2, wait_min: 10ms}")
}

func loadedOf(r runReport, feed string) int64 {
	var rows int64
	for _, f := range r.Feeds {
		for _, file := range f.Files {
			if f.Source+"/"+f.Feed == feed && file.Status == ledger.Loaded {
				rows += file.Loaded
			}
		}
	}
	return rows
}

// TestCredentials shows what a person reads when a password is wrong or a server shows another key than before.
func TestCredentials(t *testing.T) {
	t.Parallel()
	box := startWorld(t, small(9))
	advance(t, box, box.World().AsOf())
	at := stamp(box.World().AsOf())
	p := join(t, box)
	p.must(exitDone, "doctor")
	for source, want := range map[string]string{"northgate": "password", "veldhoven": "veldhoven", "dhl": "api_key", "adyen": "401", "pell-mill": "token"} {
		p.write("secrets/"+source, "wrong")
		if source != "dhl" { // whom nobody asks before there are parcels
			says(t, p.must(exitFailed, "run", "--source", source, "--as-of", at).err, source, "not authorised")
		}
		if source == "adyen" {
			continue // its accounts are named by the feeds, so doctor has nothing to try the credential on
		}
		o := p.must(exitFailed, "doctor", source)
		says(t, o.out, "BAD  "+source, "do:", want)
	}
	q := join(t, box)
	if err := box.Faults().ChangeHostKey(); err != nil {
		t.Fatal(err)
	}
	trusted := box.To("northgate").Settings["host_key"].(string)
	doctor, run := q.must(exitFailed, "doctor", "northgate"), q.must(exitFailed, "run", "--source", "northgate", "--as-of", at)
	says(t, doctor.out, "waybill doctor --trust northgate")
	says(t, run.err, "northgate/despatch", "not authorised", "next: waybill doctor northgate")
	for _, text := range []string{doctor.out, run.err} {
		says(t, text, trusted)
		if strings.Count(text, "SHA256:") < 2 {
			t.Errorf("does not show the new fingerprint beside the trusted one:\n%s", text)
		}
	}
	says(t, q.must(exitDone, "doctor", "--trust", "northgate").out, trusted, "THE KEY HAS CHANGED")
}

// flaky stands in front of an S3 gateway and refuses requests.
type flaky struct {
	next     http.Handler
	requests atomic.Int64
	refuse   atomic.Pointer[func(n int64, r *http.Request) int] // the status to answer with, 0 for none
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := f.requests.Add(1)
	if refuse := f.refuse.Load(); refuse != nil {
		if status := (*refuse)(n, r); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	f.next.ServeHTTP(w, r)
}

// TestS3Fails lets the lake's store refuse some requests, and then all that write.
func TestS3Fails(t *testing.T) {
	t.Parallel()
	s3 := testservers.StartS3(t)
	target, err := url.Parse(s3.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	// The signature is over the Host that the client named, which the proxy therefore leaves as it is.
	front := &flaky{next: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host }}}
	srv := httptest.NewServer(front)
	t.Cleanup(srv.Close)
	calm, p := depot(t), depot(t)
	p.edit("waybill.yaml", "lake: {root: lake}", fmt.Sprintf(`lake: {root: "s3://%s/demo", catalog: "sqlite:catalog.db", s3: {endpoint: "%s", region: %s, path_style: true, access_key: "${file:secrets/key}", secret_key: "${file:secrets/secret}"}}`,
		s3.Bucket, srv.URL, s3.Region))
	p.write("secrets/key", s3.AccessKey.Reveal())
	p.write("secrets/secret", s3.SecretKey.Reveal())
	when := time.Date(2026, 4, 7, 20, 0, 0, 0, time.UTC) // the same for both: a file is known by its time
	arrive := func(i int) {
		for _, office := range []*office{calm, p} {
			name := fmt.Sprintf("in/DESP_%d.csv", i)
			office.write(name, despatch(goodLine, fmt.Sprintf("AV%d,07/04/2026 12:00,%d,", i, i)))
			if err := os.Chtimes(filepath.Join(office.dir, name), when, when); err != nil {
				t.Fatal(err)
			}
		}
		calm.pull(exitDone)
	}
	nowAndThen := func(n int64, _ *http.Request) int {
		return map[int64]int{0: http.StatusServiceUnavailable, 4: http.StatusTooManyRequests}[n%8]
	}
	arrive(1)
	front.refuse.Store(&nowAndThen)
	p.pull(exitDone)

	arrive(2)
	writes := func(_ int64, r *http.Request) int {
		if r.Method == http.MethodPut || r.Method == http.MethodPost {
			return http.StatusServiceUnavailable
		}
		return 0
	}
	front.refuse.Store(&writes)
	says(t, p.pull(exitFailed).err, "depot/despatch: DESP_2.csv", "503")
	if got := p.ask("select count(*) from marts.fct_despatch"); got != "2" {
		t.Errorf("readers see %s lines, want the 2 of before", got)
	}
	front.refuse.Store(nil)
	p.pull(exitDone)
	sameTables(t, calm, p)
}

// TestFullDisk runs a lake into the end of its disk and goes on when there is room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=600k"); err != nil {
		t.Skipf("cannot mount a small disk here (%v): needs root", err)
	}
	t.Cleanup(func() {
		err := syscall.Unmount(disk, 0)
		for end := time.Now().Add(10 * time.Second); errors.Is(err, syscall.EBUSY) && time.Now().Before(end); err = syscall.Unmount(disk, 0) {
			time.Sleep(50 * time.Millisecond) // a process that another test starts has this one's files open until its exec
		}
		if err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	calm, p := depot(t), depot(t)
	p.edit("waybill.yaml", "root: lake", "root: "+disk+"/lake")
	when := time.Date(2026, 4, 7, 20, 0, 0, 0, time.UTC)
	for _, office := range []*office{calm, p} {
		for i := range 3 {
			var lines []string
			for n := range 12000 {
				lines = append(lines, fmt.Sprintf("AV%d,07/04/2026 %02d:%02d,%d,JD%x", 1000+n, n%24, n%60, n%90, (n*7919+i)*104729))
			}
			name := fmt.Sprintf("in/DESP_%d.csv", i)
			office.write(name, strings.Replace(despatch(lines...), "TRL,12,000", "TRL,12000", 1))
			if err := os.Chtimes(filepath.Join(office.dir, name), when, when); err != nil {
				t.Fatal(err)
			}
		}
	}
	o := p.pull(exitFailed)
	says(t, o.err, "depot/despatch: DESP_")
	if !strings.Contains(o.err, "no space left on device") && !strings.Contains(o.err, "disk is full") { // the kernel's words or SQLite's
		t.Errorf("does not say that the disk is full:\n%s", o.err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	p.pull(exitDone)
	calm.pull(exitDone)
	sameTables(t, calm, p)
}
