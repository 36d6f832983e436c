package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/internal/testservers"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/transforms/models"
)

// findings are what the doctor says of the definitions and the places of marts; partners are not asked.
func (p *office) findings() []waybill.Finding {
	p.Helper()
	cfg, _, _ := p.load()
	if cfg == nil {
		p.Fatal("the configuration cannot be read")
	}
	found, err := examineDefinitions(p.Context(), cfg)
	if err != nil {
		p.Fatal(err)
	}
	return append(found, cfg.CheckTargets(p.Context(), time.Now)...)
}

// told finds a finding that says all of the words.
func told(found []waybill.Finding, words ...string) (waybill.Finding, bool) {
	for _, f := range found {
		if containsAll(f.Subject+": "+f.Detail+" do: "+f.Remedy, words) {
			return f, true
		}
	}
	return waybill.Finding{}, false
}

// TestDoctorNotes changes what may be as it is, but is worth knowing: a note says so, and nothing is wrong.
func TestDoctorNotes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		file, from, to string
		want           []string
	}{
		{"service without promise", "sql/seeds/promise_rules.csv", "express,*,express,*,*,releasable,1,,,2015-01-01,,your terms of sale\nexpress-ni,*,express,*,GB-NIR,releasable,2,,,2015-01-01,,your terms of sale\n", "", []string{"services without promise", "express", "never late", "promise_rules.csv"}},
		{"promise of some brands", "sql/seeds/promise_rules.csv", "standard,*,standard,*,*,releasable,3,,,2015-01-01,,your terms of sale\nstandard-highlands,*,standard,*,GB:highlands_islands,releasable,5,,,2015-01-01,,your terms of sale\nstandard-ni,*,standard,*,GB-NIR,releasable,4,,,2015-01-01,,your terms of sale\nexpress,*,express,*,*,releasable,1,,,2015-01-01,,your terms of sale\nexpress-ni,*,express,", "standard,Pell Mill,standard,*,*,releasable,3,,,2015-01-01,,terms\nexpress-ni,Pell Mill,express,", []string{"brands without promise", "Aster & Vale", "ever late"}},
		{"site without cut-off", "sql/seeds/cut_off_rules.csv", "cut-VH1,VH1,*,15:00,15:00,15:00,15:00,15:00,,,2015-01-01,,your contract\n", "", []string{"sites without cut-off", "VH1", "cut_off_rules.csv"}},
		{"connection that nothing uses", "waybill.yaml", "\n  dhl: {kind", "\n  spare: {kind: folder, root: /srv/spare}\n  dhl: {kind", []string{"spare", "no pipeline pulls", "remove the connection"}},
		{"brand without a shop", "waybill.yaml", "  - {source: pell-mill, brand: Pell Mill, order_prefix: PM}\n", "", []string{"brands without shop", "Pell Mill", "no orders are theirs"}},
		{"shop that no link names", "waybill.yaml", "  - {source: pell-mill, brand: Pell Mill, order_prefix: PM}\n", "", []string{"pell-mill", "no entry of shops names it", "under shops"}},
		{"brand without a warehouse", "waybill.yaml", "brands: [Nørre Studio, Pell Mill]", "brands: [Nørre Studio]", []string{"brands without warehouse", "Pell Mill", "no site"}},
		{"brand without an account", "waybill.yaml", "  - {source: stripe, brand: Oxbow & Lark}\n", "", []string{"brands without account", "Oxbow & Lark"}},
		{"prefix that begins another", "waybill.yaml", "  - {source: pell-mill, brand: Pell Mill, order_prefix: PM}", "  - {source: hart-rowe, brand: Pell Mill, order_prefix: HRX}", []string{"HRX of Pell Mill begins with HR of Hart / Rowe", "the longest that fits"}},
		{"column that a contract lacks", "pipelines/northgate.yaml", `          short_reason: {from: ["Short reason"], type: text, optional: true}` + "\n", "", []string{"raw.wms_despatch", "northgate.yaml:", "short_reason", "null"}},
		{"column by another name", "pipelines/northgate.yaml", "          short_reason: {from", "          short_reasn: {from", []string{"no model reads column short_reasn", "call it short_reason"}},
		{"table of one's own", "pipelines/dhl.yaml", "      raw.dhl_answers:", "      raw.lorries:\n        columns:\n          tracking_no: {path: \"$.request.ask\", type: text, required: true}\n      raw.dhl_answers:", []string{"raw.lorries", "no model reads it"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := begun(t)
			p.edit(c.file, c.from, c.to)
			found := p.findings()
			if f, ok := told(found, c.want...); !ok || !f.OK || !f.Note {
				t.Errorf("no note says %q: %+v", c.want, found)
			}
			for _, f := range found {
				if !f.OK {
					t.Errorf("%s: %s", f.Subject, f.Detail)
				}
			}
		})
	}
	p := begun(t)
	for _, f := range p.findings() {
		if !f.OK || (f.Note && !strings.Contains(f.Detail, "has no column")) {
			t.Errorf("what init writes for all partners: %s: %s", f.Subject, f.Detail)
		}
	}
}

// TestDoctorTypes gives columns of a contract a type that the models cannot take: contract, line, column and both types are named.
func TestDoctorTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, from, to, column string }{
		{"of a vendor's table", "pipelines/adyen.yaml", `gross_debit: {from: ["Gross Debit (GC)"], type: "decimal(18,4)"}`, `gross_debit: {from: ["Gross Debit (GC)"], type: "text"}`, "gross_debit"},
		{"of a table of several", "pipelines/northgate.yaml", `qty_despatched: {from: ["No of items"], type: integer, required: true, min: 0, max: 999}`, `qty_despatched: {from: ["No of items"], type: text, required: true}`, "qty_despatched"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := begun(t)
			p.edit(c.file, c.from, c.to)
			if f, ok := told(p.findings(), filepath.Base(c.file), c.column, "VARCHAR"); !ok || f.OK || f.Remedy == "" {
				t.Errorf("the column is not named: %+v", p.findings())
			}
		})
	}
}

// TestDoctorOlderDefinition takes out a column that only an earlier Waybill's definition would lack: each SQL that reads it is named once, with the
// table and what to do, and nothing that merely stands above it.
func TestDoctorOlderDefinition(t *testing.T) {
	t.Parallel()
	p := begun(t)
	p.edit("pipelines/shopify.yaml", `          order_updated_at: {path: "json($.body)$.data.order.updatedAt", type: timestamp, formats: [iso], zone: UTC}`+"\n", "")
	var bad int
	for _, f := range p.findings() {
		if f.OK {
			continue
		}
		bad++
		if !containsAll(f.Detail, []string{"partners/shopify/", "no column order_updated_at in raw.shop_detail_answers", "waybill init FOLDER shopify"}) || strings.Contains(f.Detail, "\n") {
			t.Errorf("%s: %s", f.Subject, f.Detail)
		}
	}
	if bad == 0 {
		t.Error("nothing is wrong with a definition that lacks a column")
	}
}

// TestDoctorTargets points the places of marts at what cannot take them.
func TestDoctorTargets(t *testing.T) {
	t.Parallel()
	dsn := testservers.StartPostgres(t)
	ctx := t.Context()
	admin, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(ctx)
	for _, s := range []string{
		"create schema payroll", "create table payroll.salaries (a int)", "create view payroll.totals as select sum(a) from payroll.salaries",
		"create role reporting nologin", "create role guest login password 'guest'", "revoke create on database postgres from public",
		"create schema others authorization reporting",
	} {
		if _, err := admin.Exec(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	guest, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	closed := *guest
	guest.User = url.UserPassword("guest", "guest")
	closed.Host = fmt.Sprintf("127.0.0.1:%d", testservers.FreePort(t))
	for _, c := range []struct {
		name, postgres string
		ok             bool
		want           []string
	}{
		{"all well", fmt.Sprintf("{url: %q, schema: shown, readers: reporting}", dsn), true, []string{"schema shown", "not there yet"}},
		{"readers", fmt.Sprintf("{url: %q, readers: nosuchrole}", dsn), false, []string{"there is no role nosuchrole", "create role", "publish.postgres.readers"}},
		{"readers mistyped", fmt.Sprintf("{url: %q, readers: reportng}", dsn), false, []string{"there is no role reportng", "did you mean reporting?"}},
		{"no such database", fmt.Sprintf("{url: %q}", strings.Replace(dsn, "/postgres?", "/postgers?", 1)), false, []string{"connect", "postgers", "database's name"}},
		{"no such user", fmt.Sprintf("{url: %q}", strings.Replace(dsn, "waybill:", "waybil:", 1)), false, []string{"connect", "waybil", "correct user and password"}},
		{"no TLS there", fmt.Sprintf("{url: %q}", strings.Replace(dsn, "sslmode=disable", "sslmode=require", 1)), false, []string{"connect", "sslmode=disable for"}},
		{"port", fmt.Sprintf("{url: %q}", closed.String()), false, []string{"connect", "check host, port"}},
		{"somebody's schema", fmt.Sprintf("{url: %q, schema: payroll}", dsn), false, []string{"did not make: table payroll.salaries, view payroll.totals", "publish.postgres.schema"}},
		{"rights", fmt.Sprintf("{url: %q}", guest.String()), false, []string{"may make no schema", "grant create on database"}},
		{"another's schema", fmt.Sprintf("{url: %q, schema: others}", guest.String()), false, []string{"belongs to reporting", "guest may not replace it", "owner to guest"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := begun(t)
			p.edit("waybill.yaml", `# postgres: {url: "${env:WAYBILL_POSTGRES}", schema: marts, readers: bi_readers}`, "postgres: "+c.postgres)
			found := p.findings()
			if f, ok := told(found, c.want...); !ok || f.OK != c.ok {
				t.Errorf("want %q: %+v", c.want, found)
			}
			for _, f := range found {
				if !f.OK && (c.ok || f.Remedy == "") {
					t.Errorf("%s: %s, do: %q", f.Subject, f.Detail, f.Remedy)
				}
				if strings.Contains(f.Detail, admin.Config().Password) {
					t.Errorf("the password is printed: %s", f.Detail)
				}
			}
		})
	}
}

// TestForeignSchemaIsKept publishes into a schema that has a user's table: it is refused, and the table is there afterwards.
func TestForeignSchemaIsKept(t *testing.T) {
	t.Parallel()
	dsn := testservers.StartPostgres(t)
	p := depot(t)
	p.edit("waybill.yaml", "publish: {duckdb: {path: marts.duckdb}}", fmt.Sprintf("publish: {duckdb: {path: marts.duckdb}, postgres: {url: %q, schema: marts}}", dsn))
	p.write("in/DESP_1.csv", despatch(goodLine))
	p.pull(exitDone)
	pg := connect(t, dsn)
	if _, err := pg.Exec(t.Context(), "create table marts.my_targets (a int); insert into marts.my_targets values (7)"); err != nil {
		t.Fatal(err)
	}
	p.write("in/DESP_2.csv", despatch("AV1002,07/04/2026 12:00,5,"))
	says(t, p.pull(exitFailed).err, "my_targets", "publish.postgres.schema")
	var kept int
	if err := pg.QueryRow(t.Context(), "select a from marts.my_targets").Scan(&kept); err != nil || kept != 7 {
		t.Fatalf("the user's table: %d, %v", kept, err)
	}
	if _, err := pg.Exec(t.Context(), "drop table marts.my_targets"); err != nil {
		t.Fatal(err)
	}
	p.pull(exitDone)
	if err := pg.QueryRow(t.Context(), "select count(*) from marts.fct_despatch").Scan(&kept); err != nil || kept != 2 {
		t.Errorf("after it was moved away: %d rows, %v", kept, err)
	}
}

// TestTwoProjects publishes two projects to one schema and one file: the first that comes has them, and the second is told so by run and doctor.
func TestTwoProjects(t *testing.T) {
	t.Parallel()
	dsn, file := testservers.StartPostgres(t), filepath.Join(t.TempDir(), "both.duckdb")
	first, second := depot(t), depot(t)
	for _, p := range []*office{first, second} {
		p.edit("waybill.yaml", "publish: {duckdb: {path: marts.duckdb}}", fmt.Sprintf("publish: {duckdb: {path: %q}, postgres: {url: %q, schema: marts}}", file, dsn))
		p.write("in/DESP_1.csv", despatch(goodLine))
	}
	first.pull(exitDone)
	says(t, second.pull(exitFailed).err, file, "another project", "publish.duckdb.path")
	second.edit("waybill.yaml", file, filepath.Join(t.TempDir(), "second.duckdb"))
	says(t, second.pull(exitFailed).err, "schema marts", "another project", first.dir, "publish.postgres.schema")
	if f, ok := told(second.findings(), "schema marts", "another project", first.dir); !ok || f.OK {
		t.Errorf("the doctor does not say whose the schema is: %+v", second.findings())
	}
	for _, f := range first.findings() {
		if !f.OK {
			t.Errorf("its own project: %s: %s", f.Subject, f.Detail)
		}
	}
	second.edit("waybill.yaml", "schema: marts", "schema: marts_of_second")
	second.pull(exitDone)
	first.write("in/DESP_2.csv", despatch("AV1002,07/04/2026 12:00,5,"))
	first.pull(exitDone)
	for schema, want := range map[string]int{"marts": 2, "marts_of_second": 1} {
		var rows int
		if err := connect(t, dsn).QueryRow(t.Context(), "select count(*) from "+schema+".fct_despatch").Scan(&rows); err != nil || rows != want {
			t.Errorf("%s: %d rows, want %d, %v", schema, rows, want, err)
		}
	}
}

// TestDoctorFolders names a folder of marts that takes no file.
func TestDoctorFolders(t *testing.T) {
	t.Parallel()
	p := begun(t)
	p.write("taken", "a file where a folder should be")
	p.edit("waybill.yaml", "{path: waybill.duckdb}", "{path: taken/waybill.duckdb}")
	if f, ok := told(p.findings(), "publish", "taken", "publish.duckdb.path"); !ok || f.OK {
		t.Errorf("the folder is not named: %+v", p.findings())
	}
}

// TestInit holds what init refuses, and that the list is made of the models.
func TestInit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	says(t, waybillWith(t, nil, "init", filepath.Join(dir, "a"), "adien").err, `"adien"`, `the nearest is "adyen"`, "init --list")
	says(t, waybillWith(t, nil, "init", filepath.Join(dir, "a"), "adyen:foldr").err, `"adyen:foldr"`, `"adyen"`, `"adyen:folder"`, "init --list")
	says(t, waybillWith(t, nil, "init", filepath.Join(dir, "a"), "dhl:folder").err, "dhl", "asked by API")
	says(t, waybillWith(t, nil, "init", "northgate").err, "is a partner", "name the folder first")
	says(t, waybillWith(t, nil, "init", "nortgate").err, `"nortgate" is no folder yet`, "waybill init ops northgate;", "waybill init ./nortgate")
	says(t, waybillWith(t, nil, "init", "nortgate:folder").err, "waybill init ops northgate:folder;")
	for _, made := range []string{"northgate", "nortgate", "nortgate:folder"} {
		if _, err := os.Stat(made); !os.IsNotExist(err) {
			t.Errorf("a refused init has made %s", made)
		}
	}
	for _, path := range []string{"nortgate", "deal"} { // a path is a folder, whatever it sounds like
		if o := waybillWith(t, nil, "init", filepath.Join(dir, path)); o.code != exitDone {
			t.Error(o)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); !os.IsNotExist(err) {
		t.Error("a refused init has written something")
	}
	p := &office{T: t, dir: filepath.Join(dir, "b")}
	if o := waybillWith(t, nil, "init", p.dir, "adyen:folder", "northgate"); o.code != exitDone {
		t.Fatal(o)
	}
	text, err := os.ReadFile(p.config())
	if err != nil {
		t.Fatal(err)
	}
	for _, absent := range []string{"dhl", "veldhoven", "shops:", "carriers:", "promises:", "lane_rules", "ADYEN"} {
		if strings.Contains(string(text), absent) {
			t.Errorf("nobody asked for %s:\n%s", absent, text)
		}
	}
	if n := strings.Count(string(text), "brand: Hart / Rowe, currency"); n != 1 {
		t.Errorf("a brand of two partners stands there %d times", n)
	}
	says(t, waybillWith(t, nil, "init", p.dir).err, "is there already")
	list := waybillWith(t, nil, "init", "--list").out
	if strings.Contains(list, `\n`) {
		t.Errorf("lists are broken by a sign for a line end:\n%s", list)
	}
	says(t, list, "northgate", "warehouse", "fct_shipments", "adyen", "payment provider", "fct_settlements", "dhl", "carrier", "fct_tracking_events", "shopify", "web shop", "fct_orders")
}

// TestSupply holds, of selects of every form, which tables have to have rows for them to have some.
func TestSupply(t *testing.T) {
	t.Parallel()
	_, defs, err := begun(t).load()
	if err != nil {
		t.Fatal(err)
	}
	nothing := defs.Models.Filled(func(waybill.TableName) bool { return false }, nil)
	everything := defs.Models.Filled(func(waybill.TableName) bool { return true }, pipelines.Asked(defs.Pipelines))
	for _, m := range defs.Models.Models() {
		if m.Name.Namespace == models.Marts && (!everything[m.Name] || (nothing[m.Name] && !strings.Contains(" claim_rules dim_calendar dim_carriers ", " "+m.Name.Name+" "))) { // made of seeds
			t.Errorf("%s: with everything %v, with nothing %v", m.Name, everything[m.Name], nothing[m.Name])
		}
	}
}
