package connectortest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/fourmarketing/waybill"
)

// oneBadFile: a file that may not be read is told apart from a credential that is not taken, and a name that is no UTF-8 is listed as it is; both
// leave the files beside them alone.
func (f Fixture) oneBadFile(t *testing.T) {
	t.Parallel()
	const latin1 = "bad/caf\xe9.csv"
	f.Put(t, "bad/good.csv", content(7))
	f.Put(t, latin1, content(8))
	f.Forbid(t, "bad/secret.csv")
	c := f.connect(t, nil)
	items := f.find(t, c, "bad/*")
	if got, want := itemNames(items), []string{latin1, "bad/good.csv", "bad/secret.csv"}; !slices.Equal(got, want) {
		t.Fatalf("listed %q, want %q", got, want)
	}
	for _, it := range items {
		body, err := c.Open(t.Context(), it)
		if err == nil {
			err = body.Close()
		}
		switch it.Name {
		case latin1: // nobody opens it
		case "bad/secret.csv":
			if !errors.Is(err, waybill.ErrUnreadable) {
				t.Errorf("%s: %v, want ErrUnreadable", it.Name, err)
			}
		default:
			if err != nil {
				t.Error(err)
			}
		}
	}
}

// Forbid makes a file that nobody may read, not even root, for whom modes do not count: the kernel's own files that are there to be written alone.
func Forbid(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		if err := os.WriteFile(path, []byte("secret"), 0o000); err != nil {
			t.Fatal(err)
		}
		return
	}
	written, err := filepath.Glob("/sys/bus/*/uevent")
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range written {
		if _, err := os.ReadFile(target); errors.Is(err, fs.ErrPermission) {
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Skip("root can read every file here")
}
