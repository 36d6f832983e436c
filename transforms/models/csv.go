package models

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// csvFile is a CSV on disk for as long as DuckDB needs to read it.
type csvFile struct{ dir, sql string }

func (f csvFile) remove() error { return os.RemoveAll(f.dir) }

// csvTable writes CSV to a temporary file and returns a select of its typed rows. columns are the header's, in its order;
// options are more of read_csv's.
func csvTable(name string, data []byte, columns []waybill.Column, options string) (csvFile, error) {
	dir, err := os.MkdirTemp("", "waybill-csv-")
	if err != nil {
		return csvFile{}, fmt.Errorf("write the CSV for DuckDB: %w", err)
	}
	file := filepath.Join(dir, name+".csv")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return csvFile{}, errors.Join(fmt.Errorf("write the CSV for DuckDB: %w", err), os.RemoveAll(dir))
	}
	types := make([]string, len(columns))
	for i, c := range columns {
		types[i] = duck.Literal(c.Name) + ": " + duck.Literal(string(c.Type))
	}
	text := "select * from read_csv(" + duck.Literal(file) + ", auto_detect=false, header=true, delim=',', quote='\"', escape='\"'" +
		options + ", columns={" + strings.Join(types, ", ") + "})"
	return csvFile{dir: dir, sql: text}, nil
}
