package folder_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/connectortest"
	"github.com/fourmarketing/waybill/connectors/folder"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	connectortest.Run(t, connectortest.Fixture{
		Local:  true,
		Forbid: func(t *testing.T, name string) { connectortest.Forbid(t, filepath.Join(root, name)) },
		Connect: func(t *testing.T, _ connectortest.Dial) waybill.Connector {
			c, err := folder.New(folder.Config{Root: root}, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			return c
		},
		Put: func(t *testing.T, name string, content []byte) {
			path := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	})
}

// TestFolderWithinItself: a link that leads to the folder around it is not followed, so a listing of all below it ends.
func TestFolderWithinItself(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	out := filepath.Join(root, "out")
	if err := errors.Join(os.Mkdir(out, 0o755), os.WriteFile(filepath.Join(out, "a.csv"), nil, 0o600), os.Symlink(out, filepath.Join(out, "again"))); err != nil {
		t.Fatal(err)
	}
	c, err := folder.New(folder.Config{Root: root}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	items, err := c.List(t.Context(), waybill.Request{Feed: "f", Match: []string{"out/**"}})
	if err != nil || len(items) != 1 || items[0].Name != "out/a.csv" {
		t.Errorf("listed %v, %v", items, err)
	}
}
