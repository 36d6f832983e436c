package load_test

import (
	"bufio"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// TestSpeed loads a generated despatch file of LOAD_ROWS rows (5000000 for the figures in docs/performance.md; skipped without it) and
// sets it against DuckDB's own COPY of the same file in the same process, in turns so that a busy machine burdens both alike.
func TestSpeed(t *testing.T) {
	var rows int
	if _, err := fmt.Sscan(os.Getenv("LOAD_ROWS"), &rows); err != nil {
		t.Skip("set LOAD_ROWS to measure")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "despatch.csv")
	size := generate(t, path, rows)
	t.Logf("%d rows, %d bytes, %d cores", rows, size, runtime.NumCPU())
	db := duck.Open(duck.Config{MemoryLimit: "600MB", TempDir: dir})
	defer db.Close()
	for range 3 {
		copied := measure(t, func() { plainCopy(t, db, path, filepath.Join(dir, "plain.parquet")) })
		loaded := measure(t, func() { loadFile(t, db, path, rows) })
		t.Logf("COPY %v   load %v   speed %.2f of COPY by the clock, %.2f by CPU", copied, loaded,
			copied.wall.Seconds()/loaded.wall.Seconds(), copied.cpu.Seconds()/loaded.cpu.Seconds())
	}
	t.Logf("peak resident memory %d MB", peakMemory(t)>>20)
}

type cost struct{ wall, cpu time.Duration }

func (c cost) String() string {
	return fmt.Sprintf("%.2fs (cpu %.2fs)", c.wall.Seconds(), c.cpu.Seconds())
}

func measure(t *testing.T, work func()) cost {
	t.Helper()
	start, before := time.Now(), cpuTime(t)
	work()
	return cost{time.Since(start), cpuTime(t) - before}
}

func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func peakMemory(t *testing.T) int64 {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return u.Maxrss << 10
}

const despatchHeader = "Salesorder number,Despatch number,Carrier,Service,Despatch date,Tracking number,Item code,Item name,No of items,Short reason"

// generate writes rows as Northgate sends them, ten columns, about 121 bytes each.
func generate(t *testing.T, path string, rows int) int64 {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(1, 2))
	items := []string{"Linen shirt long sleeve natural", "Wide leg trousers chalk", "Merino crew neck jumper charcoal", "Cotton poplin midi dress", "Suede ankle boots"}
	sizes, services := []string{"S", "M", "L", "XL"}, []string{"Standard", "Standard", "Standard", "Express"}
	fmt.Fprintf(w, "%s\r\n", despatchHeader)
	for i := range rows {
		reason := ""
		if r.IntN(20) == 0 {
			reason = "OUT OF STOCK"
		}
		fmt.Fprintf(w, "AV%d,DN%08d,DHL eCommerce,%s,'%02d/%02d/2026 %02d:%02d:%02d',JVGL%014d,AV-%04d-%s,%s,%d,%s\r\n", 1000000+i/2, i/2,
			services[r.IntN(4)], 1+r.IntN(28), 1+r.IntN(6), r.IntN(24), r.IntN(60), r.IntN(60), r.Int64N(1e14), r.IntN(5000), sizes[r.IntN(4)],
			items[r.IntN(5)], 1+r.IntN(3), reason)
	}
	fmt.Fprintf(w, "TRL,%d\r\n", rows)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// plainCopy is what measured.md calls the limit: typed columns of a local file to zstd Parquet, without checks, lines or lineage.
func plainCopy(t *testing.T, db *sql.DB, path, target string) {
	t.Helper()
	names := strings.Split(despatchHeader, ",")
	var columns []string
	for _, n := range names {
		columns = append(columns, duck.Literal(n)+": 'VARCHAR'")
	}
	_, err := db.ExecContext(t.Context(), fmt.Sprintf(`copy (select "Salesorder number", "Despatch number", "Carrier", "Service",
		try_strptime("Despatch date", '''%%d/%%m/%%Y %%H:%%M:%%S''') as despatched_at, "Tracking number", "Item code", "Item name",
		try_cast("No of items" as integer) as qty, "Short reason"
		from read_csv(%s, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', null_padding = true, columns = {%s}))
		to %s (format parquet, compression zstd)`, duck.Literal(path), strings.Join(columns, ", "), duck.Literal(target)))
	if err != nil {
		t.Fatal(err)
	}
}

const despatchContract = `
format: {type: csv, delimiter: ",", encoding: cp1252, header: true}
trailer: {match: '^TRL', count_field: 1, policy: hold}
limits: {max_rejected: 20%}
tables:
  raw.wms_despatch:
    columns:
      order_ref: {from: ["Salesorder number", "SalesOrderNumber"], type: text, reference: true, required: true, regex: '^[A-Z]{2}\d+$'}
      despatch_ref: {from: ["Despatch number"], type: text, reference: true, required: true}
      carrier_code: {from: ["Carrier"], type: text}
      service_code: {from: ["Service"], type: text, codes: {Standard: standard, Express: express, standard: standard, express: express}}
      despatched_at: {from: ["Despatch date"], type: timestamp, strip: "'", formats: ["%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M"], zone: Europe/London, required: true}
      tracking_no: {from: ["Tracking number"], type: text, reference: true, regex: '^[A-Z0-9]{8,39}$'}
      sku: {from: ["Item code"], type: text, reference: true, required: true}
      item_name: {from: ["Item name"], type: text}
      qty_despatched: {from: ["No of items"], type: integer, required: true, min: 0, max: 999}
      short_reason: {from: ["Short reason"], type: text}
`

func loadFile(t *testing.T, db *sql.DB, path string, rows int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := input(t, readContract(t, []byte(despatchContract)), nil)
	in.Bytes = f
	res, err := load.New(db).Load(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if res.Hold != nil || res.Loaded != int64(rows) {
		t.Fatalf("loaded %d of %d, hold %v", res.Loaded, rows, res.Hold)
	}
}

// BenchmarkSmallFile is one of the thousands of files of a back-fill: 200 rows of the same contract.
func BenchmarkSmallFile(b *testing.B) {
	db := openDuck(b)
	var text strings.Builder
	text.WriteString(despatchHeader + "\r\n")
	for i := range 200 {
		fmt.Fprintf(&text, "AV%d,DN%08d,DHL,Standard,'30/03/2026 13:46:10',JVGL%014d,AV-1-M,Linen shirt,1,\r\n", i, i, i)
	}
	text.WriteString("TRL,200\r\n")
	c := readContract(b, []byte(despatchContract))
	loader := load.New(db)
	before := cpuTime(b)
	for b.Loop() {
		res, err := loader.Load(b.Context(), input(b, c, []byte(text.String())))
		if err != nil || res.Loaded != 200 {
			b.Fatal(res, err)
		}
	}
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/file")
}
