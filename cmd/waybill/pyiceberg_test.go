package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fourmarketing/waybill/internal/testservers"
)

// seenByPython is what pyiceberg says of a table.
type seenByPython struct {
	Rows        int            `json:"rows"`
	Partitions  []string       `json:"partitions"`
	Identifiers []string       `json:"identifiers"`
	ByBrand     map[string]int `json:"by_brand"`
	Properties  map[string]string
	Summary     map[string]string
}

// pythonReads lets pyiceberg read every table of a lake; the rows lie afterwards in out as Parquet files.
func pythonReads(t *testing.T, settings map[string]any) map[string]seenByPython {
	t.Helper()
	input, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(t.Context(), testservers.Python(t, filepath.Join("testdata", "pyiceberg", "requirements.txt")), filepath.Join("testdata", "pyiceberg", "read.py"))
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
