package main

import (
	"bytes"
	"compress/flate"
	"database/sql"
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// traces are the files below a folder, unpacked, that have one of the texts.
func traces(t *testing.T, dir string, texts []string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	db := duck.Open(duck.Config{MemoryLimit: "256MB", TempDir: t.TempDir(), Threads: 1})
	defer db.Close()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content := bytes.ToLower(unpacked(t, db, path))
		for _, text := range texts {
			if bytes.Contains(content, []byte(strings.ToLower(text))) {
				found[text] = append(found[text], path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// unpacked is what a file says: its bytes, and what is packed in them.
func unpacked(t *testing.T, db *sql.DB, path string) []byte {
	t.Helper()
	read := os.ReadFile
	if strings.HasPrefix(filepath.Base(path), "catalog.db") { // who closes SQLite's files gives back all locks that this process has on them
		read = func(path string) ([]byte, error) { return exec.CommandContext(t.Context(), "cat", path).Output() }
	}
	raw, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	switch filepath.Ext(path) {
	case ".zst":
		dec, err := zstd.NewReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		defer dec.Close()
		text, err := io.ReadAll(dec)
		if err != nil {
			t.Fatal(err)
		}
		return append(raw, text...)
	case ".parquet":
		return append(raw, cells(t, db, "select columns(*)::varchar from read_parquet("+duck.Literal(path)+")")...)
	case ".avro":
		return append(raw, avroBlocks(t, raw)...)
	}
	return raw
}

// cells are all values that a query gives.
func cells(t *testing.T, db *sql.DB, query string) []byte {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	return allCells(t, rows)
}

func allCells(t *testing.T, rows *sql.Rows) []byte {
	t.Helper()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for rows.Next() {
		cells, into := make([]sql.NullString, len(names)), make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for _, c := range cells {
			text.WriteString(c.String + "\n")
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// avroBlocks unpacks the blocks of an Avro object container file (Avro 1.12, "Object Container Files") with the codec deflate.
func avroBlocks(t *testing.T, raw []byte) []byte {
	t.Helper()
	const sync = 16
	at := bytes.Index(raw, []byte("deflate"))
	if at < 0 {
		return nil // not packed
	}
	long := func() int {
		n, used := binary.Varint(raw[at:])
		at += used
		return int(n)
	}
	at = 4
	for entries := long(); entries != 0; entries = long() { // metadata
		for range 2 * entries {
			at += long()
		}
	}
	var text []byte
	for at += sync; at < len(raw); at += sync {
		long() // how many
		size := long()
		block, err := io.ReadAll(flate.NewReader(bytes.NewReader(raw[at : at+size])))
		if err != nil {
			t.Fatal(err)
		}
		text, at = append(text, block...), at+size
	}
	return text
}

// database is every value of every table of a database.
func database(t *testing.T, dsn string) []byte {
	t.Helper()
	conn := connect(t, dsn)
	rows, err := conn.Query(t.Context(), "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')")
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, name := range names {
		var text sql.NullString
		if err := conn.QueryRow(t.Context(), "select string_agg(t::text, chr(10)) from "+name+" as t").Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, name+"\n"+text.String+"\n"...)
	}
	return all
}
