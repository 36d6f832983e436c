package models_test

import (
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

func TestExportOneFile(t *testing.T) {
	t.Parallel()
	p := read(t, files("marts/a/m.sql", "/*\ndescription: d\nkey: [k, n]\n*/\nselect * from (values ('b', 2), ('a', 9), ('b', 1)) as t(k, n)"))
	s := session(t, p, relations{})
	mustBuild(t, s, p.Models())
	got, err := s.Export(t.Context(), p.Models()[0], "{k: 7, n: 9}", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Rows != 3 || len(got[0].Partition) != 0 {
		t.Fatalf("%+v", got)
	}
	db := openDuck(t)
	if rows := texts(t, db, "select k || n from read_parquet("+duck.Literal(got[0].Path)+")"); rows != "a9 b1 b2" {
		t.Errorf("rows in the order %s, want that of the key", rows)
	}
	ids := texts(t, db, "select name || field_id from parquet_schema("+duck.Literal(got[0].Path)+") where field_id is not null")
	if ids != "k7 n9" {
		t.Errorf("field ids %s", ids)
	}
	if codec := texts(t, db, "select distinct compression from parquet_metadata("+duck.Literal(got[0].Path)+")"); codec != "ZSTD" {
		t.Error(codec)
	}
	if _, err := s.Export(t.Context(), p.Models()[0], "{k: 7, z: 9}", t.TempDir()); err == nil {
		t.Error("a field id of a column that is not there was taken")
	}
}

func TestExportOfNoRowsIsNoFile(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"", "partition_by: [k]\n"} {
		p := read(t, files("marts/a/m.sql", "/*\ndescription: d\nkey: [k]\n"+by+"*/\nselect 'a' as k where false"))
		s := session(t, p, relations{})
		mustBuild(t, s, p.Models())
		if got, err := s.Export(t.Context(), p.Models()[0], "{k: 1}", t.TempDir()); err != nil || len(got) != 0 {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestExportPartitionsByValueWhateverItIs(t *testing.T) {
	t.Parallel()
	p := read(t, files("marts/a/m.sql", "/*\ndescription: d\nkey: [n]\npartition_by: [brand, day]\n*/\nselect * from raw.m"))
	brands := []any{"Agent Provocateur", "a/b", `it's "so"`, "Müller 語", "", " ", "50%20off", "null", "a\x00b", nil}
	var values []string
	n := 0
	for _, b := range brands {
		for _, day := range []string{"date '2025-03-01'", "null"} {
			for range 2 {
				n++
				values = append(values, fmt.Sprintf("(%s, %s, %d)", literal(b), day, n))
			}
		}
	}
	s := session(t, p, relations{"raw.m": "select * from (values " + strings.Join(values, ", ") + ") as t(brand, day, n)"})
	mustBuild(t, s, p.Models())
	got, err := s.Export(t.Context(), p.Models()[0], "{brand: 1, day: 2, n: 3}", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2*len(brands) {
		t.Errorf("%d files for %d partitions", len(got), 2*len(brands))
	}
	db := openDuck(t)
	seen := map[string]bool{}
	for _, f := range got {
		where := "brand is not distinct from " + literal(f.Partition["brand"]) + " and day is not distinct from " + literal(f.Partition["day"])
		inside := texts(t, db, "select count(*) from read_parquet("+duck.Literal(f.Path)+") where "+where)
		if f.Rows != 2 || inside != "2" {
			t.Errorf("%v: %d rows, %s of them of the partition", f.Partition, f.Rows, inside)
		}
		seen[fmt.Sprintf("%#v", f.Partition["brand"])] = true
	}
	for _, b := range brands {
		if !seen[fmt.Sprintf("%#v", b)] {
			t.Errorf("no file for brand %#v", b)
		}
	}
}

// Whatever the values, the files hold the table, each row once, and each file one partition.
func TestExportLosesNothing(t *testing.T) {
	t.Parallel()
	p := read(t, files("marts/a/m.sql", "/*\ndescription: d\npartition_by: [b]\n*/\nselect * from raw.m"))
	dir, db := t.TempDir(), openDuck(t)
	brand := rapid.StringOfN(rapid.SampledFrom([]rune("ab '/\"%\\é=:;*?\t")), 0, 4, -1)
	rapid.Check(t, func(rt *rapid.T) {
		given := rapid.SliceOfN(brand, 1, 6).Draw(rt, "brands")
		var values []string
		for i, b := range given {
			values = append(values, fmt.Sprintf("(nullif(%s, ''), %d)", duck.Literal(b), i))
		}
		s, err := models.NewSession(t.Context(), db, p, relations{"raw.m": "select * from (values " + strings.Join(values, ", ") + ") as t(b, i)"})
		if err != nil {
			rt.Fatal(err)
		}
		defer s.Close()
		if _, err := s.Build(t.Context(), p.Models(), nil); err != nil {
			rt.Fatal(err)
		}
		files, err := s.Export(t.Context(), p.Models()[0], "{b: 1, i: 2}", dir)
		if err != nil {
			rt.Fatal(err)
		}
		var got []string
		for _, f := range files {
			want := f.Partition["b"]
			if want == nil {
				want = ""
			}
			for _, i := range strings.Fields(texts(t, db, "select i from read_parquet("+duck.Literal(f.Path)+")")) {
				got = append(got, i)
				var at int
				fmt.Sscan(i, &at)
				if given[at] != want {
					rt.Fatalf("row of %q in the file of %q", given[at], want)
				}
			}
		}
		sort.Strings(got)
		if len(got) != len(given) {
			rt.Fatalf("%d of %d rows: %v", len(got), len(given), got)
		}
	})
}

func TestExportRefusesOtherPartitionTypes(t *testing.T) {
	t.Parallel()
	p := read(t, files("marts/a/m.sql", "/*\ndescription: d\npartition_by: [n]\n*/\nselect 1 as n"))
	s := session(t, p, relations{})
	if _, err := s.Export(t.Context(), p.Models()[0], "{n: 1}", t.TempDir()); err == nil || !strings.Contains(err.Error(), "not built") {
		t.Error(err)
	}
	mustBuild(t, s, p.Models())
	if _, err := s.Export(t.Context(), p.Models()[0], "{n: 1}", t.TempDir()); err == nil || !strings.Contains(err.Error(), "partition column n is INTEGER") {
		t.Error(err)
	}
}

func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case time.Time:
		return "date '" + v.Format(time.DateOnly) + "'"
	case string:
		if before, rest, found := strings.Cut(v, "\x00"); found {
			return "(" + duck.Literal(before) + " || chr(0) || " + duck.Literal(rest) + ")"
		}
		return duck.Literal(v)
	}
	return "'?'"
}
