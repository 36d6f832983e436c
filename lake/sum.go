package lake

import (
	"errors"
	"io"
	"os"
	"path"
	"regexp"
	"strconv"

	"github.com/cespare/xxhash/v2"
)

// Neither Parquet as DuckDB writes it nor Iceberg's manifests have a checksum of a data file's bytes, and one that was turned in a packed page may be
// unpacked without a word. So the name of each data file ends in the hash of its bytes (xxHash, 64 bits: for accidents, not for forgers).
var hashedName = regexp.MustCompile(`-([0-9a-f]{16})\.parquet$`)

// hashOf is the hash of a local file's bytes.
func hashOf(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", temporary(err)
	}
	h := xxhash.New()
	_, err = io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{f}, make([]byte, 256<<10))
	if err = errors.Join(err, f.Close()); err != nil {
		return "", temporary(err)
	}
	const hex, width = 16, 16
	text := strconv.FormatUint(h.Sum64(), hex)
	return "0000000000000000"[:width-len(text)] + text, nil
}

// hashInName is the hash that a data file's name ends in; files of before there were hashes have none.
func hashInName(key string) (string, bool) {
	m := hashedName.FindStringSubmatch(path.Base(key))
	if m == nil {
		return "", false
	}
	return m[1], true
}
