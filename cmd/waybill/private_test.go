package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFilesArePrivate walks a project after runs, with rejects, a replay, a changed mart and maintenance: what Waybill wrote is readable by nobody else,
// but for the published file, which is as the umask says.
func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	p := depot(t)
	p.write("in/DESP_a.csv", despatch(goodLine, "AV1002,07/04/2026 10:15,1,", "AV1003,07/04/2026 10:15,one,"))
	p.pull(exitDone)
	p.write("in/DESP_b.csv", despatch("AV1004,07/04/2026 10:15,4,"))
	p.pull(exitDone)
	p.must(exitDone, "files", "reload", "DESP_a.csv")
	p.must(exitDone, "state", "maintain")
	p.must(exitDone, "rejects", "show")
	theirs := map[string]bool{"in": true, "pipelines": true, "sql": true, "waybill.yaml": true}
	seen := map[string]int{}
	err := filepath.WalkDir(p.dir, func(name string, entry fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(p.dir, name) // both are absolute
		top, _, _ := strings.Cut(rel, string(filepath.Separator))
		if err != nil || theirs[top] || rel == "." {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		switch {
		case entry.IsDir():
			want = 0o700
		case rel == "marts.duckdb":
			want = readable(t)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s is %o, want %o", rel, got, want)
		}
		for _, kind := range []string{".zst", ".parquet", ".avro", ".json", "catalog.db", ".lock", ".duckdb"} {
			if strings.HasSuffix(rel, kind) {
				seen[kind]++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{".zst", ".parquet", ".avro", ".json", "catalog.db", ".duckdb"} {
		if seen[kind] == 0 {
			t.Errorf("no %s was looked at: %v", kind, seen)
		}
	}
}

// readable is the mode of a file that is made without a wish.
func readable(t *testing.T) fs.FileMode {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "new"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}
