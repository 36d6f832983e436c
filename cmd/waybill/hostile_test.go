package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/fourmarketing/waybill/connectors/connectortest"
)

// hostilePipeline is of partners whose servers do not answer.
const hostilePipeline = `pipeline: hostile
sources: [%s]
schedule: {cron: "@every 2s"}
feeds:
  - feed: reports
    file: {match: ["out/*.csv"]}
    format: {type: csv, delimiter: ",", encoding: utf-8, header: true}
    tables:
      raw.hostile_reports:
        columns:
          order_ref: {from: ["Order"], type: text}
`

// hostile is a depot beside partners of which none comes to an end: they take connections and say nothing, keep them alive and list nothing, or say a letter
// from time to time.
func hostile(t *testing.T) (p *office, sources []string) {
	t.Helper()
	_, silent := connectortest.Serve(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	trickle := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<?xml version="1.0"?><ListBucketResult><Name>`)
		for r.Context().Err() == nil {
			fmt.Fprint(w, "x")
			w.(http.Flusher).Flush()
			time.Sleep(100 * time.Millisecond)
		}
	}))
	t.Cleanup(func() { trickle.CloseClientConnections(); trickle.Close() })
	hostKey, listless := silentListing(t)
	connections := []string{
		fmt.Sprintf(`  listless_sftp: {kind: sftp, host: 127.0.0.1, port: %d, user: u, password: p, host_key: "%s"}`, listless, hostKey),
		fmt.Sprintf(`  quiet_sftp: {kind: sftp, host: 127.0.0.1, port: %d, user: u, password: p, host_key: "SHA256:x"}`, silent),
		fmt.Sprintf(`  quiet_ftp: {kind: ftp, host: 127.0.0.1, port: %d, user: u, password: p, tls: {mode: none}}`, silent),
		fmt.Sprintf(`  quiet_s3: {kind: s3, bucket: b, endpoint: "http://127.0.0.1:%d", access_key_id: i, secret_access_key: s}`, silent),
		fmt.Sprintf(`  slow_s3: {kind: s3, bucket: b, endpoint: "%s", access_key_id: i, secret_access_key: s, timeouts: {feed: 4s}}`, trickle.URL),
	}
	p = depot(t)
	p.edit("waybill.yaml", "connections:\n", "timeouts: {connect: 1s, silence: 1s, feed: 30s}\nconnections:\n"+strings.Join(connections, "\n")+"\n")
	sources = []string{"listless_sftp", "quiet_sftp", "quiet_ftp", "quiet_s3", "slow_s3"}
	p.write("pipelines/hostile.yaml", fmt.Sprintf(hostilePipeline, strings.Join(sources, ", ")))
	return p, sources
}

// silentListing is an SFTP server that takes anybody, answers what keeps a connection alive, and never a listing.
func silentListing(t *testing.T) (hostKey string, port int) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	host, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) { return &ssh.Permissions{}, nil }}
	config.AddHostKey(host)
	_, port = connectortest.Serve(t, func(c net.Conn) {
		_, channels, requests, err := ssh.NewServerConn(c, config)
		if err != nil {
			return
		}
		go func() {
			for r := range requests {
				_ = r.Reply(true, nil)
			}
		}()
		for offered := range channels {
			channel, asked, err := offered.Accept()
			if err != nil {
				return
			}
			go func() {
				for r := range asked {
					_ = r.Reply(true, nil)
				}
			}()
			go func() { _ = sftp.NewRequestServer(channel, sftp.Handlers{FileList: unlisted{}}).Serve() }()
		}
	})
	return ssh.FingerprintSHA256(host.PublicKey()), port
}

// unlisted knows every folder and lists none.
type unlisted struct{}

func (unlisted) Filelist(*sftp.Request) (sftp.ListerAt, error) { return unlisted{}, nil }

func (unlisted) ListAt([]os.FileInfo, int64) (int, error) { select {} }

// TestHostilePartners: partners that never answer cost a run their bounds, are named with what they were silent in, and the marts of the others are built
// in the same run. Doctor comes to an end with them, and serve goes on and says which they are.
func TestHostilePartners(t *testing.T) {
	t.Parallel()
	p, sources := hostile(t)
	p.write("in/DESP_1.csv", despatch(goodLine))
	began := time.Now()
	o := p.pull(exitFailed)
	if took := time.Since(began); took > 90*time.Second {
		t.Errorf("the run took %s", took)
	}
	for _, s := range sources {
		says(t, o.err, s+"/reports")
	}
	says(t, o.err, "no answer within 1s (timeouts.connect)", "listless_sftp/reports: temporary: ", "read folder out", "timeouts.silence", "slow_s3/reports: temporary: not done within timeouts.feed, 4s")
	if n := p.ask("select count(*) from marts.fct_despatch"); n != "1" {
		t.Errorf("%s lines in the mart, want the depot's 1", n)
	}

	began = time.Now()
	o = p.must(exitFailed, "doctor")
	if took := time.Since(began); took > 60*time.Second {
		t.Errorf("doctor took %s", took)
	}
	for _, s := range sources {
		says(t, o.out, "BAD  "+s)
	}
	says(t, o.out, "ok   depot")

	p.write("in/DESP_2.csv", despatch("AV1002,07/04/2026 12:00,3,"))
	s := serve(t, p)
	health := ""
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end) && !strings.Contains(health, "quiet_ftp/reports: failing since "); time.Sleep(300 * time.Millisecond) {
		health = s.get(t, "/healthz")
	}
	says(t, health, "serving, but", "quiet_ftp/reports: failing since 20")
	if strings.Contains(health, "depot/despatch") {
		t.Errorf("the depot is well:\n%s", health)
	}
	n := ""
	for end := time.Now().Add(90 * time.Second); n != "2" && time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		n = p.ask("select count(*) from marts.fct_despatch")
	}
	if n != "2" {
		t.Errorf("%s lines in the mart while others stall, want 2", n)
	}
	if err := s.cmd.Process.Kill(); err != nil { // a run of the hostile ones may be under way, for which a stop waits
		t.Error(err)
	}
}

// TestLeasesOfOthers: a feed that a run on another machine has held for longer than its term is a failure that says by whom and since when; one whose
// holder is gone is waited for, and pulled in the same run.
func TestLeasesOfOthers(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.edit("waybill.yaml", "connections:\n", "timeouts: {feed: 1h}\nconnections:\n")
	p.write("in/DESP_1.csv", despatch(goodLine))
	p.write("in/STAT_1.csv", "Order,Status,Status date\nAV1001,packed,07/04/2026 10:00\n")
	a := p.open()
	lease, err := a.Ledger.Acquire(t.Context(), "feed:depot/despatch", "elsewhere-1", 30*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	db, _ := a.Lake.CatalogDB()
	if _, err := db.ExecContext(t.Context(), "update waybill_tenures set since = '2026-04-08 01:02:03+00:00'"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var renewed atomic.Int64
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			time.Sleep(500 * time.Millisecond)
			if lease.Renew(ctx) == nil {
				renewed.Add(1)
			}
		}
	}()
	o := p.pull(exitFailed)
	says(t, o.err, "depot/despatch: another run, elsewhere-1, holds it since 2026-04-08T01:02:03Z, longer than timeouts.feed of 1h0m0s")
	if got := p.ask("select count(*) from raw.depot_status"); got != "1" {
		t.Errorf("%s statuses, want the 1 of the feed beside it", got)
	}
	if renewed.Load() == 0 {
		t.Error("the other run was not seen to live")
	}
	stop()
	<-ended

	began := time.Now()
	o = p.pull(exitDone)
	if got := p.ask("select count(*) from marts.fct_despatch"); got != "1" {
		t.Errorf("%s lines in the mart after the holder's lease ran out, want 1\n%s", got, o)
	}
	if took := time.Since(began); took > 70*time.Second {
		t.Errorf("it took %s", took)
	}
}
