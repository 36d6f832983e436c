package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/build"
	"github.com/fourmarketing/waybill/pipelines/pull"
	"github.com/fourmarketing/waybill/pipelines/run"
)

// TestATouchedFileIsNotLoaded: a file that is offered under another time with the same bytes is no news, and is told as what it is.
func TestATouchedFileIsNotLoaded(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_1.csv", despatch(goodLine))
	p.pull(exitDone)
	if err := os.Chtimes(filepath.Join(p.dir, "in/DESP_1.csv"), time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	o := p.pull(exitDone)
	says(t, o.out, "no news", "1 file offered again with the same bytes", "nothing changed")
	var runs []struct{ Summary string }
	p.report(exitDone, &runs, "state", "runs")
	says(t, runs[0].Summary, "0 files loaded, 0 rows")
	if err := os.Chtimes(filepath.Join(p.dir, "in/DESP_1.csv"), time.Time{}, time.Now().Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	var r runReport
	p.report(exitDone, &r, "run", "--as-of", stamp(depotNow))
	if r.Changed || r.Feeds[0].Touched != 1 || len(r.Feeds[0].Files) != 0 {
		t.Errorf("%+v", r)
	}
}

// TestWhatARunSays counts what happened: a build that failed built nothing, one that failed half way some, and all batches without answers have one line.
func TestWhatARunSays(t *testing.T) {
	t.Parallel()
	marts := make([]waybill.TableName, 25)
	failed := run.Result{Feeds: []pull.Result{{Source: "s", Feed: "f", Known: 1}}, Build: build.Result{Stale: marts, Fresh: 2}}
	if failed.News() {
		t.Error("a build that failed is news")
	}
	says(t, runLine(failed), "25 marts not built, 2 unchanged")
	half := failed
	half.Build.Done = marts[:4]
	says(t, runLine(half), "4 of 25 marts built, and not released")
	if r := reportRun(failed); len(r.Marts) > 0 || r.Changed {
		t.Errorf("a build that failed reports %v", r.Marts)
	}

	var out bytes.Buffer
	l := &commandLine{stdout: &out}
	l.printFeeds([]pull.Result{{Source: "dhl", Feed: "tracking", Waiting: []pull.Waiting{
		{Item: waybill.Item{Name: "a.ndjson"}, Reason: "2 of 50 questions got no answer", Told: true},
		{Item: waybill.Item{Name: "b.ndjson"}, Reason: "3 of 50 questions got no answer", Told: true},
		{Reason: "the allowance is used up"},
	}, Err: errors.New("x")}})
	if n := bytes.Count(out.Bytes(), []byte("waiting: ")); n != 2 {
		t.Errorf("%d lines about what waits, want one of the batches and one of the feed:\n%s", n, out.String())
	}
	says(t, out.String(), "2 notes of batches", "b.ndjson", "waybill files why b.ndjson", "the allowance is used up")
}
