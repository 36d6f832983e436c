package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/project"
)

// fault is a mistake that somebody makes in a project that init wrote: the text that is replaced, and what has to be said of it.
type fault struct {
	name     string
	file     string // waybill.yaml, or a definition's name
	from, to string
	at       string   // text of the line that has to be named; that of to where it is empty
	want     []string // cause, nearest word, next step
}

// faults of the configuration.
func configurationFaults() []fault {
	const w = "waybill.yaml"
	return []fault{
		{"timeout by another name", w, "pii_salt:", "timeouts: {silense: 1m}\npii_salt:", "timeouts: {silense", []string{`"silense"`, `"silence"`}},
		{"timeout without a unit", w, "pii_salt:", "timeouts: {connect: 20}\npii_salt:", "timeouts: {connect", []string{`"20" is no length of time`, "30s"}},
		{"timeout in words", w, "pii_salt:", "timeouts: {connect: 20 seconds}\npii_salt:", "timeouts: {connect", []string{`"20 seconds" is no length of time`, "30s"}},
		{"timeout of a connection in days", w, "dhl: {kind: dhl,", "dhl: {kind: dhl, timeouts: {silence: 1d},", "", []string{`"1d" is no length of time`}},
		{"number with commas", w, "pii_salt:", "limits: {entries: 300,000}\npii_salt:", "limits: {entries", []string{`"000" stands between braces without a colon`, "300000"}},
		{"number with a unit", w, "pii_salt:", "limits: {file_bytes: 32GiB}\npii_salt:", "limits: {file_bytes", []string{`"32GiB" is no whole number`, "without a unit"}},
		{"timeout below zero", w, "pii_salt:", "timeouts: {silence: -1m}\npii_salt:", "timeouts: {silence", []string{"timeouts.connect, .silence and .feed cannot be negative"}},
		{"publishing below zero", w, "pii_salt:", "timeouts: {publish: -1m}\npii_salt:", "timeouts: {publish", []string{"timeouts.publish", "cannot be negative"}},
		{"limit below zero", w, "pii_salt:", "limits: {entries: -1}\npii_salt:", "limits: {entries", []string{"limits.entries, .depth and .file_bytes cannot be negative"}},
		{"brand of a shop", w, "brand: Aster & Vale, order_prefix: AV", "brand: Aster and Vale, order_prefix: AV", "", []string{"shops[0].brand", `"Aster & Vale"`, "add it there"}},
		{"brand of a warehouse", w, "brands: [Nørre Studio, Pell Mill]", "brands: [Norre Studio, Pell Mill]", "", []string{"warehouses[2].brands[0]", `"Nørre Studio"`}},
		{"brand of an account", w, "account: HartRoweUK, brand: Hart / Rowe", "account: HartRoweUK, brand: Hart & Rowe", "", []string{"accounts[1].brand", `"Hart / Rowe"`}},
		{"brand that is blank", w, "brands: [Nørre Studio, Pell Mill]", `brands: ["", Pell Mill]`, "", []string{"warehouses[2].brands[0]", "is not set"}},
		{"brand twice", w, "  - {brand: Pell Mill, currency: GBP}", "  - {brand: Hart / Rowe, currency: EUR}", "", []string{"brands[", "is there already at", "leave one"}},
		{"currency by its name", w, "brand: Nørre Studio, currency: EUR", "brand: Nørre Studio, currency: POUND", "", []string{"currency", `"POUND"`, "ISO 4217"}},
		{"currency in small letters", w, "brand: Nørre Studio, currency: EUR", "brand: Nørre Studio, currency: eur", "", []string{`the nearest is "EUR"`}},
		{"currency that is gone", w, "brand: Nørre Studio, currency: EUR", "brand: Nørre Studio, currency: NLG", "", []string{`"NLG" is no currency`}},
		{"brand without currency", w, "{brand: Nørre Studio, currency: EUR}", "{brand: Nørre Studio}", "", []string{"currency", "is not set"}},
		{"source of a shop", w, "source: pell-mill", "source: pell-mil", "", []string{"shops[3].source", `the nearest is "pell-mill"`, "connections"}},
		{"source of a warehouse", w, "source: northgate", "source: northgat", "", []string{"warehouses[1].source", `the nearest is "northgate"`}},
		{"source of a carrier", w, "source: dhl\n", "source: dhl-uk\n", "", []string{"carriers[0].source", `"dhl-uk" is no connection`, `the nearest is "dhl"`}},
		{"connection renamed", w, "  dhl: {kind", "  dhl-uk: {kind", "source: dhl", []string{"carriers[0].source", `the nearest is "dhl-uk"`}},
		{"shop that is a warehouse", w, "{source: pell-mill,", "{source: northgate,", "", []string{"northgate is no shop", "orders", "name the source that does"}},
		{"account at a carrier", w, "{source: adyen, account: PellMillUK", "{source: dhl, account: PellMillUK", "", []string{"dhl is no payment provider", "ledger_entries"}},
		{"warehouse that is a shop", w, "source: veldhoven\n", "source: hart-rowe\n", "", []string{"hart-rowe is no warehouse", "facts of warehouses"}},
		{"zone", w, "zone: Europe/Amsterdam", "zone: Europe/Amsterdm", "", []string{"warehouses[2].zone", `the nearest is "Europe/Amsterdam"`, "IANA"}},
		{"zone in small letters", w, "zone: Europe/Amsterdam", "zone: europe/amsterdam", "", []string{`the nearest is "Europe/Amsterdam"`}},
		{"zone of the machine", w, "zone: Europe/Amsterdam", "zone: Local", "", []string{`"Local" is no time zone`}},
		{"no zone", w, "    zone: Europe/Amsterdam\n", "", "source: veldhoven", []string{"warehouses[2].zone: is not set"}},
		{"calendar", w, "calendar: NL", "calendar: DU", "", []string{"warehouses[2].calendar", `"DU" is no calendar`, "seeds.calendars"}},
		{"calendar of Great Britain", w, "calendar: GB-EAW", "calendar: GB", "", []string{`"GB" is no calendar; the nearest is "GB-EAW"`}},
		{"what shipped means", w, "order_key: number  ", "shipped_when: scanned\n    order_key: number  ", "", []string{"shipped_when", "write despatched (the warehouse's own time) or accepted (the carrier's scan)"}},
		{"order key", w, "order_key: number  ", "order_key: numbr  ", "", []string{"order_key", `the nearest is "number"`}},
		{"warehouse without brands", w, "    brands: [Nørre Studio, Pell Mill]\n", "    brands: []\n", "", []string{"warehouses[2].brands", "is not set"}},
		{"brand of a warehouse twice", w, "brands: [Nørre Studio, Pell Mill]", "brands: [Pell Mill, Pell Mill]", "", []string{"warehouses[2].brands[1]", "is there already"}},
		{"site twice", w, "site: VH1", "site: NG1", "site: NG1                 # as its files name it\n    name: Veldhoven", []string{"site", "is there already at", "count twice"}},
		{"account twice", w, "account: AsterValeUK, brand: Aster & Vale", "account: HartRoweUK, brand: Hart / Rowe", "{source: adyen, account: HartRoweUK, brand: Hart / Rowe}\n  - {source: adyen, account: Norre", []string{"accounts[", "is there already"}},
		{"account that is not asked for", w, "account: PellMillUK", "account: PelMillUK", "", []string{"accounts[3].account", `the nearest is "PellMillUK"`, "accounts"}},
		{"shop of two brands without prefixes", w, "{source: pell-mill, brand: Pell Mill, order_prefix: PM}", "{source: hart-rowe, brand: Pell Mill}", "", []string{"order_prefix", "several brands"}},
		{"shop of two brands with one prefix", w, "{source: pell-mill, brand: Pell Mill, order_prefix: PM}", "{source: hart-rowe, brand: Pell Mill, order_prefix: hr}", "", []string{"prefix", "is there already"}},
		{"shop and brand twice", w, "{source: pell-mill, brand: Pell Mill, order_prefix: PM}", "{source: hart-rowe, brand: Hart / Rowe, order_prefix: HX}", "", []string{"shop and brand", "is there already"}},
		{"carrier twice", w, "  - carrier: royal_mail\n    source: royal_mail\n", "  - carrier: dhl\n    terms: royal_mail\n    source: royal_mail\n", "  - carrier: dhl\n    terms", []string{"carriers[1].carrier", "is there already"}},
		{"carrier renamed", w, "  - carrier: dhl\n", "  - carrier: dhl-uk\n", "", []string{"carrier dhl-uk", "set terms", "dhl"}},
		{"carrier's terms", w, "    source: dhl\n", "    source: dhl\n    terms: dlh\n", "    terms: dlh", []string{"carriers[0].terms", "there are dhl, royal_mail"}},
		{"one word for two carriers", w, "    source: royal_mail\n", "    source: royal_mail\n    words: [PARCEL, parcel]\n", "    words: [PARCEL", []string{"word", "is there already"}},
		{"claim terms", w, "terms: dhl_ecommerce_uk", "terms: dhl_ecomerce_uk", "", []string{"claims.terms", `the nearest is "dhl_ecommerce_uk"`}},
		{"claim service", w, "service: tracked_24_48_account", "service: tracked_24", "", []string{"claims.service", `"tracked_24" is no service of royal_mail`}},
		{"claims without service", w, "{terms: dhl_ecommerce_uk, service: all}", "{terms: dhl_ecommerce_uk}", "", []string{"belong together"}},
		{"kind of a connection", w, "dhl: {kind: dhl,", "dhl: {kind: dhll,", "", []string{"connections.dhl.kind", `the nearest is "dhl"`}},
		{"key of a connection", w, "daily_quota: 250", "daily_qota: 250", "", []string{`"daily_qota"`, `"daily_quota"`}},
		{"setting of a connection", w, "daily_quota: 250", "daily_quota: -1", "", []string{"connections.dhl", "daily_quota"}},
		{"key of a list", w, "order_prefix: PM", "order_prefx: PM", "", []string{`"order_prefx"`, `did you mean "order_prefix"?`}},
		{"memory", w, "memory: 1GB", "memory: 1 giga", "", []string{"memory", "512MB"}},
		{"root", w, "root: lake ", "root: s3:/bucket/x ", "", []string{"lake.root", "s3://bucket/prefix"}},
		{"no root", w, "  root: lake ", `  root: "" `, "", []string{"lake.root", "is not set"}},
		{"tab", w, "  root: lake ", "\troot: lake ", "", []string{"indent with spaces"}},
		{"catalog", w, "  # catalog: postgres://user@host/db ", "  catalog: postgre://user@host/db #", "catalog: postgre", []string{"lake.catalog", "sqlite:<path>"}},
		{"Postgres address", w, `  # postgres: {url: "${env:WAYBILL_POSTGRES}", schema: marts, readers: bi_readers}`, `  postgres: {url: "postgres://u:p@host:port/db"}`, "", []string{"publish.postgres.url", "postgres://user@host:5432"}},
		{"schema of everybody", w, `  # postgres: {url: "${env:WAYBILL_POSTGRES}", schema: marts, readers: bi_readers}`, `  postgres: {url: "postgres://h/db", schema: public}`, "", []string{"publish.postgres.schema", "replaced whole", "marts"}},
		{"readers of everybody", w, `  # postgres: {url: "${env:WAYBILL_POSTGRES}", schema: marts, readers: bi_readers}`, `  postgres: {url: "postgres://h/db", readers: public}`, "", []string{"publish.postgres.readers", "bi_readers"}},
		{"second document", w, "\ncarriers:\n", "\n---\ncarriers:\n", "---", []string{"a second document", "remove"}},
		{"carrier's word with blanks", w, "    source: royal_mail\n", "    source: royal_mail\n    words: [RM, \"RM \"]\n", "    words: [RM", []string{"word", "is there already"}},
		{"no file of marts", w, "duckdb: {path: waybill.duckdb}", "duckdb: {}", "", []string{"publish.duckdb.path", "is not set"}},
	}
}

// ruleFaults are those of dated rules.
func ruleFaults() []fault {
	const promises, cutOffs, lanes, opening = "promise_rules.csv", "cut_off_rules.csv", "lane_rules.csv", "opening_hours.csv"
	return []fault{
		{"brand of a promise", promises, "standard-ni,*,", "standard-ni,Pel Mill,", "", []string{"brand:", `the nearest is "Pell Mill"`, "add it there"}},
		{"service of a promise", promises, "standard,*,standard,", "standard,*,standrd,", "", []string{"service:", `the nearest is "standard"`}},
		{"site of a promise", promises, "standard-ni,*,standard,*", "standard-ni,*,standard,NG2", "", []string{"site:", `"NG2" is no site`, "under warehouses"}},
		{"destination of a promise", promises, "GB-NIR,releasable,4", "GB-NI,releasable,4", "", []string{"destination:", `the nearest is "GB-NIR"`}},
		{"region of a promise", promises, "GB:highlands_islands", "GB:highlands", "", []string{"destination:", `the nearest is "GB:highlands_islands"`}},
		{"base of a promise", promises, "express,*,*,releasable", "express,*,*,paid", "", []string{"base:", "placed, releasable, wms_received"}},
		{"days below none", promises, "releasable,3,", "releasable,-3,", "", []string{"transit_working_days:", `"-3"`, "whole number"}},
		{"days in words", promises, "releasable,3,", "releasable,three,", "", []string{"transit_working_days:", `"three"`}},
		{"promise without days", promises, "releasable,3,", "releasable,,", "", []string{"transit_working_days:", "whole number"}},
		{"promise twice", promises, "express,*,express,*,*,releasable,1,,,2015-01-01,,your terms of sale\n", "express,*,express,*,*,releasable,1,,,2015-01-01,,your terms of sale\nexpress-2,*,express,*,*,releasable,2,,,2020-01-01,,your terms of sale\n", "express-2,", []string{"rule express-2 begins on 2020-01-01", "has no end", "valid_to"}},
		{"promise of a day that is none", promises, "releasable,3,,,2015-01-01", "releasable,3,,,01/01/2015", "", []string{"valid_from", "is no date", "2026-03-01"}},
		{"window without a colon", promises, "releasable,1,,,", "releasable,1,,13,", "", []string{"deliver_to:", `"13"`, `"06:30"`}},
		{"promise without source", promises, "releasable,3,,,2015-01-01,,your terms of sale", "releasable,3,,,2015-01-01,,", "", []string{"source is blank"}},
		{"cut-off", cutOffs, ",15:00,", ",3pm,", "", []string{"monday:", `"3pm"`, `"06:30"`}},
		{"cut-off of one digit", cutOffs, ",11:00,", ",9:00,", "", []string{"saturday:", `"9:00"`}},
		{"cut-off of any site", cutOffs, "cut-VH1,VH1,*", "cut-VH1,*,*", "", []string{"site:", `"*" is no site`}},
		{"carrier of a lane", lanes, "dhl-standard,dhl,", "dhl-standard,dlh,", "", []string{"carrier:", `"dlh" is no carrier`, "under carriers"}},
		{"lane to nowhere", lanes, "dhl-standard,dhl,standard,*,*", "dhl-standard,dhl,standard,*,UK", "", []string{"destination:", `"UK" is no destination`}},
		{"day of the week", opening, "open-NG1-1,NG1,1,", "open-NG1-1,NG1,0,", "", []string{"iso_weekday:", "from 1, Monday, to 7, Sunday"}},
		{"carrier of a collection", "collection_rules.csv", "van-NG1-1,NG1,*,", "van-NG1-1,NG1,dlh,", "", []string{"carrier:", `"dlh" is no carrier`}},
		{"collection without an end", "collection_rules.csv", "NG1,*,1,18:00,03:00", "NG1,*,1,18:00,", "", []string{"collects_to:"}},
		{"opening at noon", opening, "NG1,1,06:00", "NG1,1,noon", "", []string{"opens:", `"noon"`}},
	}
}

// definitionFaults are those of pipeline definitions.
func definitionFaults() []fault {
	return []fault{
		{"source of a pipeline", "northgate", "sources: [northgate]", "sources: [northgte]", "", []string{"sources[0]", `the nearest is "northgate"`}},
		{"pipeline without sources", "northgate", "sources: [northgate]", "sources: []", "", []string{"sources", "is not set"}},
		{"cron", "dhl", `cron: "5 */2 * * *"`, `cron: "5 */2 * *"`, "", []string{"schedule.cron", "five fields"}},
		{"zone of the schedule", "dhl", "zone: Europe/London}", "zone: Europe/Lodnon}", "", []string{"schedule.zone", `the nearest is "Europe/London"`}},
		{"zone of an expectation", "veldhoven", `expect: {by: ["14:00", "23:30"], zone: Europe/Amsterdam`, `expect: {by: ["14:00", "23:30"], zone: Europe/Amstrdam`, "", []string{"expect.zone", `the nearest is "Europe/Amsterdam"`}},
		{"calendar of an expectation", "veldhoven", "calendar: NL, sequence", "calendar: NED, sequence", "", []string{"expect.calendar", "seeds.calendars"}},
		{"days of an expectation", "adyen", "days: all", "days: every", "", []string{"expect.days", "working or all"}},
		{"time of an expectation", "adyen", `by: ["09:00"]`, `by: ["9 am"]`, "", []string{"expect.by[0]", `"06:30"`}},
		{"worklist", "dhl", "worklist: dhl_tracking", "worklist: dhl_traking", "", []string{"worklist", `the nearest is "dhl_tracking"`}},
		{"resource", "dhl", "pull: {resource: tracking}", "pull: {resource: trackings}", "", []string{"feeds[0].pull", `"trackings"`, "tracking"}},
		{"setting of a resource", "adyen", "probe_ahead: 3", "probe_ahed: 3", "", []string{"feeds[0].pull", "probe_ahed"}},
		{"files of an API", "dhl", "pull: {resource: tracking}", `file: {match: ["*.json"]}`, "feed: tracking", []string{"dhl is no store of files", "pull.resource"}},
		{"resource of a store of files", "northgate", `file: {match: ["out/despatch/DESP_*.csv"], ignore: ["*.tmp", "*.part", "*.filepart"], ready: {stable_for: 1s}}`, "pull: {resource: despatches}", "", []string{"northgate lists files", "file.match"}},
		{"glob", "northgate", `match: ["out/despatch/DESP_*.csv"]`, `match: ["out/despatch/DESP_[.csv"]`, "", []string{"file.match[0]", "glob"}},
		{"marker", "veldhoven", `marker: "{name}.ok"`, `marker: "done.ok"`, "", []string{"file.ready.marker", "{name}.ok"}},
		{"sequence without a group", "veldhoven", `sequence: '_(\d+)(?: \(\d+\))?\.csv$'`, `sequence: '_\d+\.csv$'`, "", []string{"expect.sequence", "no group"}},
		{"sequence that is no expression", "veldhoven", `sequence: '_(\d+)(?: \(\d+\))?\.csv$'`, `sequence: '_(\d+'`, "", []string{"expect.sequence", "missing closing"}},
		{"mode", "adyen", "supersede: {mode: file, ", "supersede: {mode: files, ", "", []string{"supersede.mode", `the nearest is "file"`}},
		{"feed twice", "northgate", "  - feed: order_status", "  - feed: despatch", "despatch\n    file: {match: [\"out/status", []string{"feeds[1].feed", "twice"}},
		{"table that nobody reads", "northgate", "      raw.wms_despatch:", "      raw.wms_dispatch:", "", []string{"no model reads raw.wms_dispatch", `"raw.wms_despatch"`}},
		{"type of a column", "adyen", `gross_debit: {from: ["Gross Debit (GC)"], type: "decimal(18,4)"}`, `gross_debit: {from: ["Gross Debit (GC)"], type: money}`, "", []string{"gross_debit.type", `"money"`, "decimal(p,s)"}},
		{"zone of a column", "northgate", `formats: ["%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M"], zone: Europe/London, required: true}`, `formats: ["%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M"], zone: Europe/Londn, required: true}`, "", []string{".zone", "Europe/Londn"}},
		{"reference that is no yes or no", "northgate", "reference: true", "reference: ture", "", []string{`"ture" is neither true nor false`}},
		{"key of a column", "northgate", "subject: order", "subjct: order", "", []string{`"subjct"`, `did you mean "subject"?`}},
		{"date in a name", "northgate", "    name_date:", "    name_dat:", "", []string{`did you mean "name_date"?`}},
		{"days with a unit", "northgate", "format: '%Y%m%d'}", "format: '%Y%m%d', within: 7d}", "", []string{`"7d" is no whole number`}},
		{"share without a percent sign", "northgate", "max_rejected: 20%", "max_rejected: 20", "", []string{`"20" is no share`, "5%"}},
		{"time without change", "northgate", "stable_for: 1s", "stable_for: 1 minute", "", []string{`"1 minute" is no length of time`, "30s"}},
		{"key of a contract", "northgate", "    trailer: {match: '^TRL', count_field: 1, policy: hold}", "    trailr: {match: '^TRL', count_field: 1, policy: hold}", "", []string{`"trailr"`, `did you mean "trailer"?`}},
	}
}

// begun is a project of everything that comes with Waybill, as init writes it.
func begun(t *testing.T) *office {
	t.Helper()
	p := &office{T: t, dir: filepath.Join(t.TempDir(), "ops")}
	var said bytes.Buffer
	if err := (&commandLine{stdout: &said, stderr: &said}).begin(p.dir, nil); err != nil {
		t.Fatal(err)
	}
	return p
}

// load reads the project, with some word for each secret.
func (p *office) load() (*project.Config, project.Definitions, error) {
	cfg, err := project.Read(p.config(), func(string) (string, bool) { return "secret", true })
	if err != nil {
		return nil, project.Definitions{}, err
	}
	defs, err := cfg.Load(time.Now)
	return cfg, defs, err
}

// editOnce changes the first place of a text, and gives the line on which a text then stands.
func (p *office) editOnce(file, from, to, at string) (path string, line int) {
	p.Helper()
	path = filepath.Join(p.dir, file)
	text, err := os.ReadFile(path)
	if err != nil {
		p.Fatal(err)
	}
	if !strings.Contains(string(text), from) {
		p.Fatalf("%s has no %q", file, from)
	}
	edited := strings.Replace(string(text), from, to, 1)
	p.write(file, edited)
	if at == "" {
		at = strings.TrimLeft(to, " ")
	}
	before, _, found := strings.Cut(edited, at)
	if !found {
		p.Fatalf("%s has no %q", file, at)
	}
	return path, 1 + strings.Count(before, "\n")
}

// TestConfigurationFaults makes each mistake in a project that is right without it. It is refused on reading, by file and line, with its cause
// and what to do.
func TestConfigurationFaults(t *testing.T) {
	t.Parallel()
	if _, _, err := begun(t).load(); err != nil {
		t.Fatalf("what init writes is refused: %v", err)
	}
	for _, list := range [][]fault{configurationFaults(), ruleFaults(), definitionFaults()} {
		for _, f := range list {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				p := begun(t)
				file := f.file
				switch {
				case filepath.Ext(file) == ".csv":
					file = filepath.Join("sql", "seeds", file)
				case file != "waybill.yaml":
					file = filepath.Join("pipelines", file+".yaml")
				}
				path, line := p.editOnce(file, f.from, f.to, f.at)
				_, _, err := p.load()
				if err == nil {
					t.Fatal("nobody said anything")
				}
				place, found := fmt.Sprintf("%s:%d:", path, line), ""
				for _, one := range pipelines.Flatten(err) {
					if strings.HasPrefix(one.Error(), place) && containsAll(one.Error(), f.want) {
						found = one.Error()
					}
				}
				if found == "" {
					t.Errorf("no fault at %s says %q:\n%v", place, f.want, err)
				}
			})
		}
	}
}

// TestConfigurationOfOtherEditors reads what is the same configuration: after Windows' byte order mark, and after the beginning of a document.
func TestConfigurationOfOtherEditors(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"\uFEFF", "---\n", "# ours\n---\n"} {
		p := begun(t)
		text, err := os.ReadFile(p.config())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p.config(), append([]byte(before), text...), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := p.load(); err != nil {
			t.Errorf("after %q: %v", before, err)
		}
	}
}

// TestFormerRules reads a configuration from before rules had dates: each kind of setting is refused at its line with the rows that take its place,
// and with those rows in their files, and without the settings, the project is right again.
func TestFormerRules(t *testing.T) {
	t.Parallel()
	p := begun(t)
	text, err := os.ReadFile(p.config())
	if err != nil {
		t.Fatal(err)
	}
	former := strings.Replace(string(text), "    site: VH1 ", "    cut_off_time: \"15:00\"\n    site: VH1 ", 1)
	former = strings.Replace(former, "  - carrier: dhl\n", "  - carrier: dhl\n    transit:\n      - {service: standard, working_days: 2, except: {GB-NIR: 3}}\n", 1)
	former += "promises:\n  - {service: standard, working_days: 3, except: {GB-NIR: 4}}\n  - {brands: [Hart / Rowe, \"Ox, & Lark\"], service: express, working_days: 1}\n"
	p.write("waybill.yaml", former)
	_, _, err = p.load()
	if err == nil {
		t.Fatal("nobody said anything")
	}
	for at, rows := range map[string][]string{
		"  - {service: standard, working_days: 3": {
			"promise_rules.csv", "set sql: sql", "rule_id,brand,service,site,destination,base,transit_working_days,deliver_from,deliver_to,valid_from,valid_to,source",
			"promise_1,*,standard,*,*,releasable,3,,,2015-01-01,,waybill.yaml", "promise_2,*,standard,*,GB-NIR,releasable,4,,,2015-01-01,,waybill.yaml",
			"promise_3,Hart / Rowe,express,*,*,releasable,1,", `promise_4,"Ox, & Lark",express,*,*,releasable,1,`,
		},
		"cut_off_time": {"cut_off_rules.csv", "cut_off_1,VH1,*,15:00,15:00,15:00,15:00,15:00,,,2015-01-01,,waybill.yaml"},
		"      - {service: standard, working_days: 2": {"lane_rules.csv", "lane_1,dhl,standard,*,*,2,2015-01-01,,waybill.yaml", "lane_2,dhl,standard,*,GB-NIR,3,2015-01-01,,waybill.yaml"},
	} {
		before, _, _ := strings.Cut(former, at)
		place, found := fmt.Sprintf("%s:%d:", p.config(), 1+strings.Count(before, "\n")), false
		for _, one := range strings.Split(err.Error(), p.config()+":") {
			found = found || containsAll(p.config()+":"+one, append(rows, place))
		}
		if !found {
			t.Errorf("nothing at %s says %q:\n%v", place, rows, err)
		}
	}
	for _, seed := range []string{"promise_rules", "cut_off_rules", "lane_rules"} {
		for line := range strings.Lines(err.Error()) {
			if header := strings.TrimSpace(line); strings.HasPrefix(header, "rule_id,") && strings.Contains(err.Error(), seed+".csv") {
				_, after, _ := strings.Cut(err.Error(), seed+".csv")
				_, rows, _ := strings.Cut(after, "\n")
				rows, _, _ = strings.Cut(rows, "\n"+p.config())
				p.write(filepath.Join("sql", "seeds", seed+".csv"), strings.ReplaceAll(strings.TrimSpace(strings.ReplaceAll(rows, `"Ox, & Lark"`, "Oxbow & Lark")), "\n  ", "\n")+"\n")
				break
			}
		}
	}
	// Royal Mail's lanes were never among the former settings of this file, so nothing is claimed of it.
	p.write("waybill.yaml", strings.Replace(string(text), "    claims: {terms: royal_mail, service: tracked_24_48_account}\n", "", 1))
	if _, _, err := p.load(); err != nil {
		t.Errorf("with the rows that the error gave: %v", err)
	}
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// TestFaultsAllAtOnce makes several mistakes: each is told in one reading.
func TestFaultsAllAtOnce(t *testing.T) {
	t.Parallel()
	p := begun(t)
	p.edit("waybill.yaml", "calendar: NL", "calendar: DU")
	p.edit("waybill.yaml", "order_key: number ", "order_key: nummer ")
	p.edit("waybill.yaml", "memory: 1GB", "memory: much")
	p.edit("pipelines/dhl.yaml", "worklist: dhl_tracking", "worklist: dhl")
	p.edit("pipelines/veldhoven.yaml", "calendar: NL", "calendar: DU")
	p.edit("pipelines/adyen.yaml", "days: all", "days: every")
	_, _, err := p.load()
	if err == nil {
		t.Fatal("nobody said anything")
	}
	says(t, err.Error(), "warehouses[2].calendar", "order_key", "memory", "worklist", "expect.calendar", "expect.days")
}
