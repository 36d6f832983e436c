package testservers

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Python is an interpreter with the packages that a requirements file pins, made once and kept in the cache.
func Python(t testing.TB, requirements string) string {
	t.Helper()
	system := find("python3")
	if system == "" {
		missing(t, "Python", "apt-get install python3-venv")
	}
	pins, err := os.ReadFile(requirements)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(pins)
	dir := filepath.Join(Cache(t), "python-"+hex.EncodeToString(sum[:6]))
	venv, done := filepath.Join(dir, "bin", "python"), filepath.Join(dir, "complete")
	if _, err := os.Stat(done); err == nil {
		return venv
	}
	for _, args := range [][]string{{system, "-m", "venv", "--clear", dir}, {venv, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-cache-dir", "-r", requirements}} {
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			missing(t, "what "+requirements+" pins", "pip could not install it: "+err.Error()+"\n"+string(out))
		}
	}
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return venv
}
