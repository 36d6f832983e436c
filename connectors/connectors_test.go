package connectors_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors"
)

func build(kind, text string) (waybill.Connector, error) {
	decode := func(into any) error { return yaml.UnmarshalWithOptions([]byte(text), into, yaml.Strict()) }
	return connectors.Kinds()[kind](decode, waybill.DefaultBounds(), time.Now)
}

// The settings of every file connector, as a pipeline writes them.
func TestFileKinds(t *testing.T) {
	t.Parallel()
	ca := filepath.Join(t.TempDir(), "missing.pem")
	for _, c := range []struct{ name, kind, text, fault string }{
		{"folder", "folder", "root: in", ""},
		{"folder without root", "folder", "{}", "root is missing"},
		{"sftp", "sftp", "{host: h, user: u, password: p, host_key: 'SHA256:x', timeouts: {silence: 30s}, max_sessions: 1, legacy_algorithms: true}", ""},
		{"sftp without all", "sftp", "{}", "no credential"},
		{"sftp with a key's path", "sftp", "{host: h, user: u, key: /etc/key}", "not its path"},
		{"sftp with another hash", "sftp", "{host: h, user: u, password: p, host_key: 'MD5:x'}", "SHA256"},
		{"sftp mistyped", "sftp", "{hots: h}", "hots"},
		{"ftp", "ftp", "{host: h, user: u, password: p, tls: {mode: implicit, pin: '" + strings.Repeat("AB:", 31) + "ab'}}", ""},
		{"ftp with a short pin", "ftp", "{host: h, user: u, tls: {pin: 'AB:CD'}}", "64 hex digits"},
		{"ftp in clear with a pin", "ftp", "{host: h, user: u, tls: {mode: none, pin: ab}}", "none"},
		{"ftp with a mode of its own", "ftp", "{host: h, user: u, tls: {mode: on}}", "explicit"},
		{"ftp without authorities", "ftp", "{host: h, user: u, tls: {ca_file: " + ca + "}}", "ca_file"},
		{"ftp mistyped", "ftp", "{tls: {insecure: true}}", "insecure"},
		{"s3", "s3", "{bucket: b, prefix: in, endpoint: 'https://s3.example.com', access_key_id: i, secret_access_key: s}", ""},
		{"s3 with half a key", "s3", "{bucket: b, access_key_id: i}", "go together"},
		{"s3 with a bare host", "s3", "{bucket: b, endpoint: s3.example.com}", "URL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			made, err := build(c.kind, c.text)
			if c.fault == "" {
				if err != nil {
					t.Fatal(err)
				}
				if err := made.Close(); err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("got %v, want an error about %q", err, c.fault)
			}
		})
	}
}

// A connector that could not be made is nil, not a nil pointer in an interface.
func TestFaultyIsNil(t *testing.T) {
	t.Parallel()
	if made, err := build("folder", "{}"); err == nil || made != nil {
		t.Errorf("got %v, %v", made, err)
	}
}

// What a pipeline's YAML says reaches the connector.
func TestSettingsArrive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	made, err := build("folder", "root: "+dir)
	if err != nil {
		t.Fatal(err)
	}
	items, err := made.List(t.Context(), waybill.Request{Match: []string{"*.csv"}})
	if err != nil || len(items) != 1 || items[0].Name != "a.csv" || items[0].Size != 1 {
		t.Errorf("got %v, %v", items, err)
	}
}
