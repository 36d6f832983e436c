package questions_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/questions"
)

func book(t *testing.T, files ...ledger.File) *ledger.Ledger {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "c.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	b, err := ledger.Open(t.Context(), db, "sqlite", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Put(t.Context(), files...); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFindFile finds a file by whatever a person has of it, and says so when that means several or none.
func TestFindFile(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 4, 7, 6, 0, 0, 0, time.UTC)
	one := ledger.File{Source: "depot", Feed: "despatch", Name: "out/DESP_1.csv", Version: 1, ID: "aaaa000000000001", SHA256: "1111", ReceivedAt: at, Status: ledger.Superseded}
	two := one
	two.Version, two.ID, two.SHA256, two.ReceivedAt, two.Status = 2, "aaab000000000002", "2222", at.Add(time.Hour), ledger.Loaded
	other := ledger.File{Source: "depot", Feed: "status", Name: "STAT_1.csv", Version: 1, ID: "aaac000000000003", SHA256: "3333", ReceivedAt: at, Status: ledger.Held}
	b := book(t, one, two, other)
	for ref, want := range map[string]string{"aaaa": one.ID, "2222": two.ID, "DESP_1.csv": two.ID, "out/DESP_1.csv": two.ID, "STAT_1.csv": other.ID} {
		if f, err := questions.FindFile(t.Context(), b, ref); err != nil || f.ID != want {
			t.Errorf("%s is %s (%v), want %s", ref, f.ID, err, want)
		}
	}
	var several *questions.AmbiguousError
	if _, err := questions.FindFile(t.Context(), b, "aaa"); !errors.As(err, &several) || several.Files != 3 {
		t.Errorf("aaa: %v, want that it fits 3 files", err)
	}
	if _, err := questions.FindFile(t.Context(), b, "none.csv"); !errors.Is(err, questions.ErrNoFile) {
		t.Errorf("none.csv: %v, want that there is none", err)
	}
}

// TestWhy gives each file the command that goes on from there.
func TestWhy(t *testing.T) {
	t.Parallel()
	f := ledger.File{Source: "depot", Feed: "despatch", ID: "aaaa000000000001", KeptPath: "kept/a", Rejected: 2, Detail: "encoding: line 2", DuplicateOf: "a.csv", SupersededBy: "bbbb"}
	for status, want := range map[ledger.Status]string{
		ledger.Loaded: "rejects list --file aaaa0000", ledger.Held: "rejects replay --file aaaa0000", ledger.Duplicate: "a.csv",
		ledger.Superseded: "files why bbbb", ledger.Received: "run --source depot/despatch",
	} {
		f.Status = status
		if fate := questions.Why(f); !strings.Contains(fate.What+"; "+fate.Next, want) {
			t.Errorf("%s: %+v, want %q in it", status, fate, want)
		}
	}
	f.Status, f.KeptPath = ledger.Held, ""
	if fate := questions.Why(f); fate.Next != "when that is mended, type: waybill run --source depot/despatch" {
		t.Errorf("a file of which there is no byte: %+v", fate)
	}
	f.Status, f.Rejected = ledger.Loaded, 0
	if fate := questions.Why(f); fate.Next != "" {
		t.Errorf("nothing is to do about a whole file, not %q", fate.Next)
	}
	f.Records, f.Loaded, f.Elsewhere = 5, 3, 2
	if fate := questions.Why(f); !strings.Contains(fate.What, "2 of its 5 records are of documents that count from another file") {
		t.Errorf("of a file of which something counts elsewhere: %q", fate.What)
	}
	f.Status, f.Name, f.DuplicateOf = ledger.Duplicate, "a.csv", "a.csv"
	if fate := questions.Why(f); !strings.Contains(fate.What, "the same as an earlier version of it") {
		t.Errorf("of a version that tells what the one before it told: %q", fate.What)
	}
}
