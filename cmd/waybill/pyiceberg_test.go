package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// seenByPython is what pyiceberg says of a table.
type seenByPython struct {
	Rows       int            `json:"rows"`
	Partitions []string       `json:"partitions"`
	ByBrand    map[string]int `json:"by_brand"`
	Properties map[string]string
	Summary    map[string]string
}

// pythonReads lets pyiceberg read every table of a lake; the rows lie afterwards in out as Parquet files.
func pythonReads(t *testing.T, settings map[string]any) map[string]seenByPython {
	t.Helper()
	input, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(t.Context(), python(t), filepath.Join("testdata", "pyiceberg", "read.py"))
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(input), &stdout, &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("pyiceberg: %v\n%s", err, stderr.String())
	}
	seen := map[string]seenByPython{}
	if err := json.Unmarshal(stdout.Bytes(), &seen); err != nil {
		t.Fatalf("pyiceberg: %v\n%s", err, stdout.String())
	}
	return seen
}

// python is an interpreter with the pinned pyiceberg, made once and kept in the user's cache.
func python(t *testing.T) string {
	t.Helper()
	without := func(why string) {
		if os.Getenv("WAYBILL_REQUIRE_SERVERS") == "1" {
			t.Fatal(why)
		}
		t.Skip(why)
	}
	system, err := exec.LookPath("python3")
	if err != nil {
		without("python3 is not installed: apt-get install python3-venv")
	}
	requirements := filepath.Join("testdata", "pyiceberg", "requirements.txt")
	pins, err := os.ReadFile(requirements)
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	sum := sha256.Sum256(pins)
	dir := filepath.Join(cache, "waybill-test", "pyiceberg-"+hex.EncodeToString(sum[:6]))
	venv, done := filepath.Join(dir, "bin", "python"), filepath.Join(dir, "complete")
	if _, err := os.Stat(done); err == nil {
		return venv
	}
	for _, args := range [][]string{{system, "-m", "venv", "--clear", dir}, {venv, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", requirements}} {
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			without("pyiceberg cannot be installed here: " + strings.Join(args, " ") + ": " + err.Error() + "\n" + string(out))
		}
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return venv
}
