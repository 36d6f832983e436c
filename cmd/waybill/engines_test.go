package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// sharedLake is where a lake of a test lies, as engines ask for it.
type sharedLake struct {
	s3   testservers.S3
	dsn  string // of the catalog's database
	root string // s3://…
}

// jdbc is the catalog's address without the user, as drivers in Java want it, with user and password beside it.
func (l sharedLake) jdbc(t *testing.T) (address, user, password string) {
	t.Helper()
	u, err := url.Parse(l.dsn)
	if err != nil {
		t.Fatal(err)
	}
	password, _ = u.User.Password()
	return "jdbc:postgresql://" + u.Host + u.Path, u.User.Username(), password
}

// trinoCatalog are the properties of a catalog over the lake ("Iceberg connector" and "Metastores" in Trino's documentation).
func (l sharedLake) trinoCatalog(t *testing.T) string {
	t.Helper()
	address, user, password := l.jdbc(t)
	return strings.Join([]string{
		"connector.name=iceberg", "iceberg.catalog.type=jdbc", "iceberg.jdbc-catalog.driver-class=org.postgresql.Driver",
		"iceberg.jdbc-catalog.catalog-name=lake", "iceberg.jdbc-catalog.default-warehouse-dir=" + l.root, "iceberg.jdbc-catalog.schema-version=V1",
		"iceberg.jdbc-catalog.connection-url=" + address, "iceberg.jdbc-catalog.connection-user=" + user, "iceberg.jdbc-catalog.connection-password=" + password,
		"fs.native-s3.enabled=true", "s3.endpoint=" + l.s3.Endpoint, "s3.region=" + l.s3.Region, "s3.path-style-access=true",
		"s3.aws-access-key=" + l.s3.AccessKey.Reveal(), "s3.aws-secret-key=" + l.s3.SecretKey.Reveal(),
	}, "\n")
}

// sparkCatalog are the settings of a catalog over the lake ("Spark configuration" and "JDBC" in Iceberg's documentation).
func (l sharedLake) sparkCatalog(t *testing.T) map[string]string {
	t.Helper()
	address, user, password := l.jdbc(t)
	return map[string]string{
		"type": "jdbc", "uri": address, "jdbc.user": user, "jdbc.password": password, "jdbc.schema-version": "V1", "warehouse": l.root,
		"io-impl": "org.apache.iceberg.aws.s3.S3FileIO", "s3.endpoint": l.s3.Endpoint, "s3.path-style-access": "true", "client.region": l.s3.Region,
		"s3.access-key-id": l.s3.AccessKey.Reveal(), "s3.secret-access-key": l.s3.SecretKey.Reveal(),
	}
}

// otherEngines lets Spark and Trino read the whole lake, and Trino run the models: one lake and one start of each.
func otherEngines(t *testing.T, p *office, l sharedLake, asOf time.Time) {
	t.Run("spark", func(t *testing.T) { readBySpark(t, p, l) })
	t.Run("trino", func(t *testing.T) {
		given := sharedLake{s3: l.s3, dsn: newDatabase(t, l.dsn, "given"), root: "s3://" + l.s3.Bucket + "/given"}
		trino := testservers.StartTrino(t, map[string]string{
			"lake": l.trinoCatalog(t), "given": given.trinoCatalog(t), "memory": "connector.name=memory\nmemory.max-data-per-node=512MB",
		})
		t.Run("reads", func(t *testing.T) { readByTrino(t, p, trino) })
		t.Run("models", func(t *testing.T) {
			m := buildForTrino(t, p, asOf)
			m.giveTables(t, given)
			m.sameOnTrino(t, trino)
		})
		t.Run("renames", func(t *testing.T) {
			renamedByTrino(t, p, trino, func() { p.must(exitDone, "build", "--as-of", stamp(asOf.Add(120*time.Hour))) })
		})
	})
}

// columns are the columns of every table of the lake, by table name.
func (p *office) columns() map[string][]waybill.Column {
	p.Helper()
	a, all := p.open(), map[string][]waybill.Column{}
	names, err := a.Lake.Tables(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	for _, name := range names {
		table, err := a.Lake.Table(p.Context(), name)
		if err != nil {
			p.Fatal(err)
		}
		for _, f := range table.Columns {
			all[name.String()] = append(all[name.String()], f.Column)
		}
	}
	return all
}

// carryKeys wants the key of each mart's head among the identifier fields that another engine sees, and none for other tables.
func carryKeys(t *testing.T, p *office, seen map[string]seenByPython) {
	t.Helper()
	keys := map[string][]string{}
	for _, m := range p.open().Models.Models() {
		keys[m.Name.String()] = slices.Sorted(slices.Values(m.Head.Key))
	}
	with := 0
	for name, table := range seen {
		if !slices.Equal(table.Identifiers, keys[name]) {
			t.Errorf("%s: identifier fields %v, its key is %v", name, table.Identifiers, keys[name])
		}
		with += min(1, len(table.Identifiers))
	}
	if with == 0 {
		t.Error("no table has identifier fields")
	}
}

func namesOf(columns []waybill.Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// readBySpark lets Spark read every table and compares each row with Waybill's.
func readBySpark(t *testing.T, p *office, l sharedLake) {
	out, columns := t.TempDir(), p.columns()
	tables := map[string][]string{}
	for name, of := range columns {
		tables[name] = namesOf(of)
	}
	input, err := json.Marshal(map[string]any{"catalog": l.sparkCatalog(t), "out": out, "tables": tables})
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join("testdata", "spark")
	testservers.Spark(t, filepath.Join(folder, "requirements.txt"), filepath.Join(folder, "read.py"), input,
		"org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.10.0:jar", "org.apache.iceberg:iceberg-aws-bundle:1.10.0:jar", "org.postgresql:postgresql:42.7.7:jar")
	sameAsWaybill(t, p, "Spark", func(name string) string {
		return "select * from read_parquet(" + duck.Literal(filepath.Join(out, name, "*.parquet")) + ")"
	})
}

// readByTrino does the same with Trino, and asks it for what each manifest entry says.
func readByTrino(t *testing.T, p *office, trino testservers.Trino) {
	out, columns := t.TempDir(), p.columns()
	for name, of := range columns {
		table, rows, err := trino.Query(t.Context(), "lake", "select "+strings.Join(namesOf(of), ", ")+" from "+name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		writeTrinoRows(t, filepath.Join(out, name), table, rows)
		schema, bare, _ := strings.Cut(name, ".")
		_, ordered, err := trino.Query(t.Context(), "lake", fmt.Sprintf(`select data_file.sort_order_id from %s."%s$entries"`, schema, bare))
		if err != nil {
			t.Errorf("entries of %s: %v", name, err)
		}
		for _, row := range ordered {
			if fmt.Sprint(row[0]) != "0" {
				t.Errorf("%s: an entry's sort order is %v, want 0", name, row[0])
			}
		}
	}
	sameAsWaybill(t, p, "Trino", func(name string) string { return trinoRows(filepath.Join(out, name), columns[name]) })
}

// sameAsWaybill compares what another engine read of each table with Waybill's own reading.
func sameAsWaybill(t *testing.T, p *office, engine string, theirs func(table string) string) {
	t.Helper()
	db, rows, tables := openDuck(t), 0, 0
	for name, ours := range p.relations() {
		tables++
		if ours != "" {
			rows += sameRelation(t, db, name, [2]string{ours, theirs(name)}, nil)
			continue
		}
		var n int
		if err := db.QueryRowContext(t.Context(), "select count(*) from ("+theirs(name)+")").Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %s sees %d rows where there are none, %v", name, engine, n, err)
		}
	}
	t.Logf("%s: %d tables, %d rows", engine, tables, rows)
	if rows == 0 {
		t.Error("nothing was compared")
	}
}

// writeTrinoRows writes a result as one JSON object a line, every value as text.
func writeTrinoRows(t *testing.T, path string, columns []testservers.TrinoColumn, rows [][]any) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	encode := json.NewEncoder(w)
	for _, row := range rows {
		line := map[string]any{}
		for i, c := range columns {
			line[c.Name] = nil
			if row[i] != nil {
				line[c.Name] = fmt.Sprint(row[i])
			}
		}
		if err := encode.Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// trinoRows is a select over what writeTrinoRows wrote, in the columns' own types.
func trinoRows(path string, columns []waybill.Column) string {
	casts, types := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		casts[i] = fmt.Sprintf("cast(%[1]s as %[2]s) as %[1]s", duck.Ident(c.Name), c.Type)
		types[i] = duck.Literal(c.Name) + ": 'VARCHAR'"
	}
	return fmt.Sprintf("select %s from read_json(%s, format = 'newline_delimited', columns = {%s})", strings.Join(casts, ", "), duck.Literal(path), strings.Join(types, ", "))
}

// renamedByTrino renames a key column of a mart and adds one with another engine, and wants the next build to go on in those columns:
// no second column appears, and Trino reads the new rows under its name.
func renamedByTrino(t *testing.T, p *office, trino testservers.Trino, again func()) {
	ask := func(statement string) [][]any {
		t.Helper()
		_, rows, err := trino.Query(t.Context(), "lake", statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		return rows
	}
	shape := func() []string {
		var names []string
		for _, row := range ask("describe marts.fct_orders") {
			names = append(names, fmt.Sprint(row[0]))
		}
		return names
	}
	before := ask("select order_id from marts.fct_orders order by order_id")
	ask("alter table marts.fct_orders rename column order_id to web_order")
	ask("alter table marts.fct_orders add column remark varchar")
	renamed := shape()
	if slices.Contains(renamed, "order_id") || !slices.Contains(renamed, "web_order") {
		t.Fatalf("Trino did not rename: %v", renamed)
	}
	snapshot := p.snapshots()["marts.fct_orders"]
	again()
	if p.snapshots()["marts.fct_orders"] == snapshot {
		t.Fatal("nothing was built after the rename")
	}
	if now := shape(); !slices.Equal(now, renamed) {
		t.Errorf("columns after a build: %v, want %v", now, renamed)
	}
	after := ask("select web_order from marts.fct_orders order by web_order")
	if len(before) == 0 || fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("order ids before and after: %v, %v", before, after)
	}
}
