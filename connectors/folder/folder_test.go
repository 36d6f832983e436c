package folder_test

import (
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
