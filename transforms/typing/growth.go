package typing

import "errors"

// Growth bounds what a file may become while it is read. A file that goes beyond is held, a record beyond max_nesting rejected; both name the limit.
type Growth struct {
	MaxUnpackedBytes int64 `yaml:"max_unpacked_bytes" json:",omitempty"` // of what gzip or zip has in it; 64 GiB
	MaxUnpackedRatio int64 `yaml:"max_unpacked_ratio" json:",omitempty"` // of that to the file's own size, from 64 MiB on; 250
	MaxRecords       int64 `yaml:"max_records" json:",omitempty"`        // of one file; 200 million
	MaxColumns       int   `yaml:"max_columns" json:",omitempty"`        // of a header; 5,000
	MaxRecordBytes   int   `yaml:"max_record_bytes" json:",omitempty"`   // 16 MiB of CSV, 64 MiB of a line of JSON, 8 MiB of XML
	MaxNesting       int   `yaml:"max_nesting" json:",omitempty"`        // lists, objects or elements within one another; 100
}

// Grown are the limits with the defaults where nothing is set.
func (c Contract) Grown() Growth {
	g := c.Limits.Growth
	for _, field := range []struct {
		set   *int64
		usual int64
	}{{&g.MaxUnpackedBytes, 64 << 30}, {&g.MaxUnpackedRatio, 250}, {&g.MaxRecords, 200_000_000}} {
		if *field.set == 0 {
			*field.set = field.usual
		}
	}
	if g.MaxColumns == 0 {
		g.MaxColumns = 5_000
	}
	if g.MaxNesting == 0 {
		g.MaxNesting = 100
	}
	if g.MaxRecordBytes == 0 {
		g.MaxRecordBytes = usualRecord(c.Format.Type)
	}
	return g
}

// usualRecord is wide for a record of a kind. A small element of XML takes some thirty times its bytes of memory until its record is whole.
func usualRecord(k Kind) int {
	switch k {
	case CSV:
		return 16 << 20
	case XML:
		return 8 << 20
	default:
		return 64 << 20
	}
}

// nestingMost is what DuckDB's JSON reader, which goes into a document by recursion, is known to bear many times over.
const nestingMost = 5_000

func (g Growth) validate() error {
	if g.MaxUnpackedBytes < 0 || g.MaxUnpackedRatio < 0 || g.MaxRecords < 0 || g.MaxColumns < 0 || g.MaxRecordBytes < 0 || g.MaxNesting < 0 {
		return errors.New("limits.max_unpacked_bytes, .max_unpacked_ratio, .max_records, .max_columns, .max_record_bytes and .max_nesting cannot be negative; leave one out for its default")
	}
	if g.MaxNesting > nestingMost {
		return errors.New("limits.max_nesting cannot be above 5000")
	}
	return nil
}
