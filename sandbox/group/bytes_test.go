package group_test

import (
	"bytes"
	"encoding/csv"
	"math/big"
	"path"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/fourmarketing/waybill/sandbox/adyen"
	"github.com/fourmarketing/waybill/sandbox/northgate"
	"github.com/fourmarketing/waybill/sandbox/prosku"
	"github.com/fourmarketing/waybill/sandbox/servers"
	"github.com/fourmarketing/waybill/sandbox/veldhoven"
	"github.com/fourmarketing/waybill/sandbox/world"
	"github.com/fourmarketing/waybill/sandbox/worldtest"
)

// bookings sums a report's net column per currency, and reads its transfers.
func bookings(t *testing.T, r adyen.Report) (sums map[string]*big.Rat, in, out map[string]string) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(r.Body)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", r.Name, err)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	sums, in, out = map[string]*big.Rat{}, map[string]string{}, map[string]string{}
	for _, row := range rows[1:] {
		c, debit, credit := row[at["Net Currency"]], row[at["Net Debit (NC)"]], row[at["Net Credit (NC)"]]
		if (debit == "") == (credit == "") {
			t.Errorf("%s: %v: not exactly one side", r.Name, row)
		}
		if sums[c] == nil {
			sums[c] = new(big.Rat)
		}
		n, ok := new(big.Rat).SetString("0" + credit)
		d, ok2 := new(big.Rat).SetString("0" + debit)
		if !ok || !ok2 {
			t.Fatalf("%s: amounts of %v", r.Name, row)
		}
		sums[c].Add(sums[c], n.Sub(n, d))
		if row[at["Type"]] == "Balancetransfer" {
			if credit != "" {
				in[c] = credit
			} else {
				out[c] = debit
			}
		}
	}
	return sums, in, out
}

func TestReportsBalanceAndChain(t *testing.T) {
	t.Parallel()
	for _, o := range worldtest.Sizes(1) {
		w := worldtest.New(t, o)
		for _, account := range adyen.Accounts(w) {
			var before map[string]string
			no := 0
			for _, r := range adyen.Reports(w, account, w.AsOf()) {
				n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(r.Name, "settlement_detail_report_batch_"), ".csv"))
				if err != nil {
					t.Fatalf("%s: %v", r.Name, err)
				}
				sums, in, out := bookings(t, r)
				for c, sum := range sums {
					if sum.Sign() != 0 {
						t.Errorf("%s: %s %s: sum of %s is %s", worldtest.Label(o), account, r.Name, c, sum.FloatString(2))
					}
				}
				if no != 0 && n == no+1 && !reflect.DeepEqual(before, in) {
					t.Errorf("%s: %s %s: %v out of the batch before, %v in", worldtest.Label(o), account, r.Name, before, in)
				}
				before, no = out, n
			}
			if no == 0 {
				t.Errorf("%s: %s has no report", worldtest.Label(o), account)
			}
		}
	}
}

// northgateRows counts a Northgate file's rows and checks its trailer.
func northgateRows(t *testing.T, f servers.File) int {
	t.Helper()
	rows := readNorthgate(t, f)
	last := rows[len(rows)-1]
	if last[0] != "TRL" || last[1] != strconv.Itoa(len(rows)-2) {
		t.Errorf("%s: trailer %v for %d rows", f.Path, last, len(rows)-2)
	}
	return len(rows) - 2
}

func veldhovenRows(t *testing.T, f servers.File) int {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(string(f.Body), "\n"), "\n")
	head, last := strings.Split(lines[0], ";"), strings.Split(lines[len(lines)-1], ";")
	column := map[string]int{"DESP": 15, "RET": 8, "STK": 2, "MUT": 7, "ONT": 9, "AVI": 5}[head[2]]
	sum := 0
	for _, l := range lines[1 : len(lines)-1] {
		fields := strings.Split(l, ";")
		if want := map[string]int{"DESP": 19, "STAT": 6, "RET": 13, "STK": 8, "MUT": 9, "ONT": 12, "AVI": 10}[head[2]]; len(fields) != want {
			t.Errorf("%s: %d fields, want %d: %s", f.Path, len(fields), want, l)
		}
		if column > 0 {
			n, err := strconv.Atoi(fields[column])
			if err != nil {
				t.Errorf("%s: %v", f.Path, err)
			}
			sum += n
		}
	}
	if last[0] != "TRL" || last[1] != strconv.Itoa(len(lines)-2) || last[2] != strconv.Itoa(sum) {
		t.Errorf("%s: trailer %v for %d rows, sum %d", f.Path, last, len(lines)-2, sum)
	}
	return len(lines) - 2
}

// filesOf are the files on every warehouse's server, by source.
func filesOf(t *testing.T, w *world.World, at time.Time) map[string][]servers.File {
	t.Helper()
	larkhill, err := prosku.Files(w, "larkhill", at)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]servers.File{
		"northgate": northgate.Files(w, "northgate", at), "veldhoven": veldhoven.Files(w, "veldhoven", at), "larkhill": larkhill,
	}
}

// TestFilesHoldWhatTheTruthSays parses every file of the servers at the end, and compares with the truth's ledger.
func TestFilesHoldWhatTheTruthSays(t *testing.T) {
	t.Parallel()
	for _, o := range worldtest.Sizes(1)[:8] {
		w := worldtest.New(t, o)
		f := worldtest.Gather(t, w.Truth(w.AsOf()))
		files := 0
		counted := map[string]func(*testing.T, servers.File) int{"northgate": northgateRows, "veldhoven": veldhovenRows, "larkhill": larkhillRecords}
		for source, all := range filesOf(t, w, w.AsOf()) {
			count := counted[source]
			for _, file := range all {
				if ext := path.Ext(file.Path); ext != ".csv" && ext != ".xml" {
					continue
				}
				key, row := newest(f, file.Path)
				if row == nil {
					t.Errorf("%s: %s is not in ops.files", worldtest.Label(o), file.Path)
					continue
				}
				files++
				if row["status"] != "held" {
					rejected, _ := strconv.Atoi(row["rejected"])
					if n := count(t, file); row["records"] != strconv.Itoa(n) || rejected*5 > n {
						t.Errorf("%s: %s: %d rows, truth says %v", worldtest.Label(o), key, n, row)
					}
				}
			}
		}
		if files < 110 {
			t.Errorf("%s: only %d files", worldtest.Label(o), files)
		}
	}
}

// newest is the newest version of a file in ops.files.
func newest(f worldtest.Facts, name string) (string, map[string]string) {
	var best map[string]string
	var at string
	for key, row := range f["ops.files"] {
		if row["name"] == name && (best == nil || row["version"] > best["version"]) {
			at, best = key, row
		}
	}
	return at, best
}

// TestOrdersSayWhenTheyChanged: a shop that is asked for what changed since the last checkpoint must not miss anything.
func TestOrdersSayWhenTheyChanged(t *testing.T) {
	t.Parallel()
	for _, o := range worldtest.Sizes(1)[:5] {
		w := worldtest.New(t, o)
		for _, brand := range w.Group().Brands {
			was, since := map[int64]world.ShopOrder{}, time.Time{}
			for _, at := range w.Checkpoints() {
				for _, v := range w.ShopOrders(brand.Shop, at) {
					old, known := was[v.ID]
					changed := v.UpdatedAt.After(since)
					if v.UpdatedAt.After(at) || changed == (known && reflect.DeepEqual(old, v)) {
						t.Errorf("%s: %s at %s: updated at %s", worldtest.Label(o), v.Name, at, v.UpdatedAt)
					}
					was[v.ID] = v
				}
				since = at
			}
		}
	}
}

func TestQuantitiesAndMoneyAddUp(t *testing.T) {
	t.Parallel()
	for _, o := range worldtest.Sizes(1) {
		w := worldtest.New(t, o)
		excused := map[string]bool{}
		for _, p := range w.Planted() {
			if p.Kind == "refund_over_captured" || p.Kind == "refund_twice" {
				excused[p.Subject] = true
			}
		}
		f := worldtest.Gather(t, w.Truth(w.AsOf()))
		for id, row := range f["marts.fct_order_lines"] {
			n := func(c string) int { v, _ := strconv.Atoi(row[c]); return v }
			if n("units_left")+n("units_cancelled")+n("units_open") != n("units_ordered") && !excused[row["order_id"]] {
				t.Errorf("%s: line %s does not add up: %v", worldtest.Label(o), id, row)
			}
			if n("units_delivered") > n("units_despatched") {
				t.Errorf("%s: line %s: more delivered than despatched: %v", worldtest.Label(o), id, row)
			}
		}
		given := map[string]*big.Rat{}
		for _, row := range f["marts.fct_refunds"] {
			if given[row["order_id"]] == nil {
				given[row["order_id"]] = new(big.Rat)
			}
			n, _ := new(big.Rat).SetString("0" + row["web_amount"])
			given[row["order_id"]].Add(given[row["order_id"]], n)
		}
		for id, sum := range given {
			total, _ := new(big.Rat).SetString(f["marts.fct_orders"][id]["total_amount"])
			if sum.Cmp(total) > 0 && !excused[id] {
				t.Errorf("%s: %s: refunded %s of %s", worldtest.Label(o), id, sum.FloatString(2), total.FloatString(2))
			}
		}
	}
}

// TestParcelsFollowTheFiles reads, at every checkpoint, the tracking numbers out of the loaded despatch files of two warehouses:
// the truth has to have exactly those, wrong ones before their correction and none of a file that is held or late.
func TestParcelsFollowTheFiles(t *testing.T) {
	t.Parallel()
	for _, o := range worldtest.Sizes(1)[:10] {
		w := worldtest.New(t, o)
		sizesSeen := map[int]bool{}
		for _, at := range w.Checkpoints() {
			f := worldtest.Gather(t, w.Truth(at))
			want := map[string]string{} // parcel to site
			for source, files := range filesOf(t, w, at) {
				for _, file := range files {
					_, row := newest(f, file.Path)
					switch {
					case row == nil || row["feed"] != "despatch" || row["status"] == "held":
					case source == "northgate":
						northgateParcels(t, file, want)
					case source == "larkhill":
						larkhillParcels(t, file, want)
					}
				}
			}
			have := 0
			for id, row := range f["marts.fct_shipments"] {
				if row["site"] == "VH1" {
					continue
				}
				have++
				if want[id] != row["site"] {
					t.Errorf("%s: at %s: parcel %s of %s is in no loaded file of %s", worldtest.Label(o), at, id, row["order_id"], row["site"])
				}
			}
			if have != len(want) {
				t.Errorf("%s: at %s: %d parcels, files have %d", worldtest.Label(o), at, have, len(want))
			}
			sizesSeen[have] = true
		}
		if len(sizesSeen) < 3 {
			t.Errorf("%s: the checkpoints see the same parcels", worldtest.Label(o))
		}
	}
}

func northgateParcels(t *testing.T, file servers.File, into map[string]string) {
	t.Helper()
	for _, fields := range readNorthgate(t, file) {
		if len(fields) < 15 || fields[0] == "Salesorder number" {
			continue
		}
		if fields[5] != "" && fields[1] != "DN9000001" {
			into[map[string]string{"DHL": "dhl:", "Royal Mail": "royal_mail:"}[fields[2]]+fields[5]] = "NG1"
		}
	}
}

// readNorthgate parses a Northgate file, header and trailer included.
func readNorthgate(t *testing.T, f servers.File) [][]string {
	t.Helper()
	text, err := charmap.Windows1252.NewDecoder().Bytes(f.Body)
	if err != nil {
		t.Fatalf("%s: %v", f.Path, err)
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", f.Path, err)
	}
	return rows
}
