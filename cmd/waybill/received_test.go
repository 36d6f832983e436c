package main

import (
	"testing"
	"time"

	"github.com/fourmarketing/waybill/pipelines/ledger"
)

// TestReceivedAtIsWallTime: a file is received when it is received, whatever the run asks about; the run that brought it knows it all the same.
func TestReceivedAtIsWallTime(t *testing.T) {
	t.Parallel()
	d := depot(t)
	d.write("in/DESP_1.csv", despatch("AV1001,27/03/2026 10:00,2,JJD1"))
	before := time.Now()
	d.must(exitDone, "run")
	after := time.Now()
	var files []ledger.File
	d.report(exitDone, &files, "files", "list")
	if len(files) != 1 || files[0].ReceivedAt.Before(before.Add(-time.Millisecond)) || files[0].ReceivedAt.After(after) {
		t.Fatalf("received %+v, want one file, between %s and %s", files, before, after)
	}
	if got := d.ask("select files_count from marts.feed_health where feed = 'despatch'"); got != "1" {
		t.Errorf("the run that brought the file does not know it: %s files", got)
	}
	want := files[0].ReceivedAt.UTC().Format("2006-01-02 15:04:05")
	if got := d.ask("select strftime(_received_at at time zone 'UTC', '%Y-%m-%d %H:%M:%S') as at from raw.depot_despatch"); got != want {
		t.Errorf("its row was received %s, want %s", got, want)
	}
}
