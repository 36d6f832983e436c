package pull_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/pull"
)

// TestDocuments: what comes, event by event, and what the tables hold in the end. An event is source/name=content, with @hours for an earlier time than
// those before; contract:S1 takes that SKU for none from then on; reload:name loads all versions of it again.
func TestDocuments(t *testing.T) {
	t.Parallel()
	const x, y, both = "7,S1\n", "7,S2\n", "7,S1\n8,S2\n"
	contents := map[string]string{"X": header + x, "Y": header + y, "X-CRLF": strings.ReplaceAll(header+x, "\n", "\r\n"), "BATCH8": header + "8,S1\n", "SAME8": header + "8,S2\n", "BOTH": header + both, "EMPTY": header, "BAD": "Colour\nred\n"}
	for _, c := range []struct{ name, way, events, rows, statuses string }{
		{"put back to earlier bytes and time", "name", "quay/s=X@1 quay/s=Y@2 quay/s=X@1", "7,S1", "s superseded, s superseded, s loaded"},
		{"contract A, then B", "name", "quay/s=X contract:S1 reload:s", "7,", "s loaded"},
		{"contract A, B, A", "name", "quay/s=X contract:S1 reload:s contract:none reload:s", "7,S1", "s loaded"},
		{"reload of a superseded version", "name", "quay/s=X quay/s=Y contract:S1 reload:s contract:none reload:s", "7,S2", "s superseded, s loaded"},
		{"reload of a superseded version, and then of both by another contract", "name", "quay/s=X quay/s=Y reload:s contract:S2 reload:s", "7,", "s superseded, s loaded"},
		{"the original moves on", "name", "quay/day1=X quay/day2=X quay/day1=Y", "7,S1 7,S2", "day1 superseded, day2 loaded, day1 loaded"},
		{"what the original once was", "name", "quay/day1=X quay/day1=Y quay/day2=X", "7,S1 7,S2", "day1 superseded, day1 loaded, day2 loaded"},
		{"going back past a version", "identity", "quay/a_v1=X quay/a_v2=Y quay/a_v3=X", "7,S1", "a_v1 superseded, a_v2 superseded, a_v3 loaded"},
		{"held, mended, and a copy of what was held", "name", "quay/day1=BAD quay/day1=X quay/day2=BAD", "7,S1", "day1 superseded, day1 loaded, day2 held"},
		{"an older version comes late", "newest", "quay/a_v2=Y quay/a_v1=X", "7,S2", "a_v2 loaded, a_v1 superseded"},
		{"one document in two files with other line ends", "columns", "quay/batch_7=X pier/batch_7_again=X-CRLF", "7,S1", "batch_7_again duplicate, batch_7 loaded"},
		{"one document from two sources, corrected", "columns", "quay/batch_7=X pier/batch_7=Y", "7,S2", "batch_7 loaded, batch_7 superseded"},
		{"one name, one document after another", "columns", "quay/latest=X quay/latest=BATCH8", "7,S1 8,S1", "latest loaded, latest loaded"},
		{"several documents in a file, one of them corrected", "columns", "quay/all=BOTH quay/batch_7=Y", "7,S2 8,S2", "all loaded, batch_7 loaded"},
		{"several documents in a file, one of them corrected, the other told again", "columns", "quay/all=BOTH quay/batch_7=Y quay/batch_8=SAME8", "7,S2 8,S2", "all loaded, batch_7 loaded, batch_8 duplicate"},
		{"nothing is left of a document", "columns", "quay/batch_7=X quay/batch_7=EMPTY", "", "batch_7 superseded, batch_7 loaded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, null := newDepot(t), "none"
			d.under(fmt.Sprintf(depotHead, null, ways[c.way]))
			for n, event := range strings.Fields(c.events) {
				if to, ok := strings.CutPrefix(event, "contract:"); ok {
					d.under(fmt.Sprintf(depotHead, to, ways[c.way]))
					continue
				}
				if name, ok := strings.CutPrefix(event, "reload:"); ok {
					d.reload(0, func(f ledger.File) bool { return f.Name == name+".csv" })
					continue
				}
				place, content, _ := strings.Cut(event, "=")
				source, name, _ := strings.Cut(place, "/")
				content, hours, timed := strings.Cut(content, "@")
				at := time.Date(2026, 4, 1, n, 0, 0, 0, time.UTC)
				if timed {
					at = time.Date(2026, 3, 1, number(hours), 0, 0, 0, time.UTC)
				}
				d.shelf[source][name+".csv"] = parcelFile{contents[content], at}
				d.pull(0)
			}
			if got := strings.Join(d.rows(), " "); got != c.rows {
				t.Errorf("the table holds %q, want %q", got, c.rows)
			}
			files, err := d.book.Files(t.Context(), ledger.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			var statuses []string
			for _, f := range files {
				statuses = append(statuses, strings.TrimSuffix(f.Name, ".csv")+" "+string(f.Status))
			}
			if want := strings.Split(c.statuses, ", "); !slices.Equal(statuses, want) {
				t.Errorf("files are %q, want %q", statuses, want)
			}
			d.accounts()
		})
	}
}

// TestSameBytesOfTwoDays: two days' equal stock are two snapshots, since their names say which days. Files and definition are testdata/pull/same_bytes_two_days.
func TestSameBytesOfTwoDays(t *testing.T) {
	t.Parallel()
	const dir = "../../testdata/pull/same_bytes_two_days"
	for name, listings := range map[string][][]string{
		"in one listing": {{"STOCK_20260401.csv", "STOCK_20260402.csv"}}, "day by day": {{"STOCK_20260401.csv"}, {"STOCK_20260402.csv"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDepot(t)
			definition, err := os.ReadFile(filepath.Join(dir, "wh.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			d.shelf["wh"] = map[string]parcelFile{}
			d.under(string(definition))
			for _, names := range listings {
				for _, name := range names {
					text, err := os.ReadFile(filepath.Join(dir, name))
					if err != nil {
						t.Fatal(err)
					}
					d.shelf["wh"][name] = parcelFile{string(text), time.Date(2026, 4, 2, 5, 0, 0, 0, time.UTC)}
				}
				d.pull(0)
			}
			if got := strings.Join(d.rowsOf("t_stock", "sku || ',' || qty"), " "); got != "A1,5 A1,5 B2,7 B2,7" {
				t.Errorf("the table holds %q", got)
			}
			if left, err := os.ReadDir(filepath.Join(d.dir, "stage")); err == nil && len(left) > 0 {
				t.Errorf("left in the stage folder: %v", left)
			}
		})
	}
}

// TestWhatCountsAgainIsFinishedByTheNextRun: a file counts again because another moved on, and the run ends before its rows are in. The next run brings them,
// and so does a reload of what is outdated.
func TestWhatCountsAgainIsFinishedByTheNextRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ way, copied, want, by string }{
		{"name", "quay/day2", "7,S1 7,S2", "run"}, // the copy of what day1 was
		{"name", "quay/day2", "7,S1 7,S2", "reload"},
		{"columns", "pier/again", "7,", "run"}, // told by two sources, of which one is read by another contract first
		{"columns", "pier/again", "7,", "reload"},
	} {
		d := newDepot(t)
		d.under(fmt.Sprintf(depotHead, "none", ways[c.way]))
		source, name, _ := strings.Cut(c.copied, "/")
		d.shelf["quay"]["day1.csv"] = parcelFile{header + "7,S1\n", time.Date(2026, 4, 1, 1, 0, 0, 0, time.UTC)}
		d.pull(0)
		d.shelf[source][name+".csv"] = parcelFile{header + "7,S1\n", time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC)}
		d.pull(0)

		copied, err := d.book.Files(t.Context(), ledger.Filter{Name: name + ".csv"})
		if err != nil || len(copied) != 1 || copied[0].Status != ledger.Duplicate {
			t.Fatal(copied, err)
		}
		kept := filepath.Join(d.dir, "lake", filepath.FromSlash(copied[0].KeptPath)) // what it would be loaded again from
		if err := os.Rename(kept, kept+".away"); err != nil {
			t.Fatal(err)
		}
		failed := false
		if c.way == "columns" {
			d.under(fmt.Sprintf(depotHead, "S1", ways[c.way]))
			first, err := d.book.Files(t.Context(), ledger.Filter{Name: "day1.csv"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = d.puller.Replay(t.Context(), first[0])
			failed = err != nil
		} else {
			d.shelf["quay"]["day1.csv"] = parcelFile{header + "7,S2\n", time.Date(2026, 4, 1, 3, 0, 0, 0, time.UTC)}
			got, err := d.puller.Pull(t.Context(), nil, d.asOf)
			failed = err != nil || slices.ContainsFunc(got, func(r pull.Result) bool { return r.Err != nil })
		}
		if failed != (c.way == "name") { // a copy of what is loaded again stays its copy until it is loaded again itself: nobody opens it
			t.Errorf("%s: whether the copy was to be loaded from its kept bytes: %v", c.way, failed)
		}
		if err := os.Rename(kept+".away", kept); err != nil {
			t.Fatal(err)
		}
		if c.by == "run" {
			d.pull(0)
		} else {
			left, err := d.puller.Outdated(t.Context(), nil)
			for _, f := range left {
				if err == nil {
					_, err = d.puller.Replay(t.Context(), f)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(d.rows(), " "); got != c.want {
			t.Errorf("%s, %s: the table holds %q, want %q", c.way, c.by, got, c.want)
		}
		d.accounts()
	}
}

// TestDocumentsNamedOtherwise: what names a feed's documents changes after files were loaded. Those are outdated until they are loaded again, and then of
// two files that tell of one document one counts, as if it had always been so.
func TestDocumentsNamedOtherwise(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ before, after, want string }{
		{"name", "columns", "7,S2"},
		{"name", "identity", "7,S2"},
		{"identity", "columns", "7,S2"},
		{"columns", "name", "7,S1 7,S2"},
	} {
		d := newDepot(t)
		d.under(fmt.Sprintf(depotHead, "none", ways[c.before]))
		d.shelf["quay"]["b_v1.csv"] = parcelFile{header + "7,S1\n", time.Date(2026, 4, 1, 1, 0, 0, 0, time.UTC)}
		d.pull(0)
		d.under(fmt.Sprintf(depotHead, "none", ways[c.after]))
		left, err := d.puller.Outdated(t.Context(), nil)
		if err != nil || len(left) != 1 {
			t.Fatalf("%s to %s: outdated %v, %v", c.before, c.after, left, err)
		}
		if _, err := d.puller.Replay(t.Context(), left[0]); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(d.rows(), " "); got != "7,S1" {
			t.Errorf("%s to %s: loaded again it is %q", c.before, c.after, got)
		}
		d.shelf["quay"]["b_v2.csv"] = parcelFile{header + "7,S2\n", time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC)}
		d.pull(0)
		if got := strings.Join(d.rows(), " "); got != c.want {
			t.Errorf("%s to %s: the table holds %q, want %q", c.before, c.after, got, c.want)
		}
		d.accounts()
	}
}
