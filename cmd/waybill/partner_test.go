package main

import (
	"os"
	"path/filepath"
	"testing"
)

// parcelway is a carrier of a project's own, whom nothing that comes with Waybill knows: a file of scans in a folder, without offsets.
var parcelway = map[string]string{
	"pipelines/parcelway.yaml": `pipeline: parcelway
sources: [parcelway]
feeds:
  - feed: scans
    file: {match: ["SCANS_*.csv"]}
    format: {type: csv, delimiter: ",", encoding: utf-8, header: true}
    supersede: {mode: file}
    limits: {max_rejected: 20%}
    on_drift: {new_column: warn, missing_column: hold}
    tables:
      raw.parcelway_scans:
        columns:
          barcode: {from: [Barcode], type: text, required: true, regex: '^PW\d{10}$'}
          scanned_local: {from: ["Scan time"], type: text, required: true} # of the depot: its country says where
          code: {from: [Code], type: text, required: true}
          depot: {from: [Depot], type: text}
          country: {from: [Country], type: text}
`,
	"sql/partners/parcelway/codes.csv": `list,code,pattern,meaning
scans,PU,,accepted
scans,DEP,,in_transit
scans,DLV,,delivered
carrier_words,,^PARCEL ?WAY.*$,parcelway
tracking_numbers,,^PW[0-9]{10}$,parcelway
`,
	"sql/partners/parcelway/stg_parcelway__scans.sql": `/*
description: Scans at the carrier's depots. A file may tell again what an earlier one told.
grain: one row per scan
key: [scan_key]
owner: operations
conforms_to: parcel_scans
*/
with told as (
    select
        barcode as tracking_no, try_cast(scanned_local as timestamp) as occurred_local, upper(code) as raw_code, depot as locality, country, _source,
        min({'received_at': _received_at, 'file': _file_id, 'line': _line}) as seen
    from raw.parcelway_scans
    group by all
),

stg_parcelway__scans as (
    select
        md5(concat_ws('|', t.tracking_no, t.occurred_local, t.raw_code, t.locality)) as scan_key,
        t.tracking_no,
        timezone(coalesce(z.zone, 'Europe/London'), t.occurred_local) as occurred_at,
        t.occurred_local,
        case when z.zone is null then 'default' else 'country' end as tz_source,
        coalesce(c.meaning, 'unknown') as status,
        c.meaning is null as is_unmapped,
        t.raw_code,
        t.locality,
        t.country,
        t.seen.received_at as first_asked_at,
        t._source,
        t.seen.file as _file_id,
        t.seen.line as _line,
        t.seen.received_at as _received_at
    from told as t
    left join seeds.zones_by_place as z on z.country = t.country and z.state = '*' and z.airport = '*'
    left join seeds.codes as c on c.partner = 'parcelway' and c.list = 'scans' and c.code = t.raw_code
)

select * from stg_parcelway__scans
`,
}

// withParcelway is a project that init makes of a warehouse whose files lie in a folder, with the carrier beside it.
func withParcelway(t *testing.T) *office {
	t.Helper()
	p := &office{T: t, dir: filepath.Join(t.TempDir(), "ops"), env: []string{"WAYBILL_PII_SALT=nobody"}}
	if o := waybillWith(t, nil, "init", p.dir, "northgate:folder"); o.code != exitDone {
		t.Fatal(o)
	}
	for name, text := range parcelway {
		p.write(name, text)
	}
	scans := filepath.Join(p.dir, "files/parcelway")
	p.edit("waybill.yaml", "\nconnections:\n", "\nconnections:\n  parcelway: {kind: folder, root: "+scans+"}\n")
	p.edit("waybill.yaml", "\nbrands:\n", "\ncarriers:\n  - {carrier: parcelway, source: parcelway}\nbrands:\n")
	for _, empty := range []string{"out/status", "out/returns", "out/stock", "out/movements", "out/goods_in", "out/expected"} {
		if err := os.MkdirAll(filepath.Join(p.dir, "files/northgate", empty), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p.write("files/northgate/out/despatch/DESP_20260324_1.csv", `Salesorder number,Despatch number,Carrier,Service,Despatch date,Tracking number,Item code,Item name,Destination country,No of items,Site reference,Email,Contact name
AV1001,DN1,Parcel Way Ltd,Standard,'24/03/2026 17:00:00',PW0000000001,A,Mug,NL,1,NG1,,
AV1002,DN2,,Standard,'24/03/2026 17:00:00',PW0000000002,A,Mug,GB,1,NG1,,
TRL,2
`)
	p.write("files/parcelway/SCANS_1.csv", `Barcode,Scan time,Code,Depot,Country
PW0000000001,2026-03-24 18:05:00,PU,Leeds,GB
PW0000000001,2026-03-26 12:10:00,DLV,Venlo,NL
PW0000000002,2026-03-24 18:05:00,PU,Leeds,GB
PW0000000002,2026-03-25 09:00:00,XX,Leeds,GB
`)
	return p
}

// TestPartnerOfOnesOwn lays a carrier over what is built in: its parcels, by the warehouse's word and by their form, come into marts and trace.
func TestPartnerOfOnesOwn(t *testing.T) {
	t.Parallel()
	p := withParcelway(t)
	p.edit("waybill.yaml", "\nsql: sql ", "\n# sql: sql ")
	unread := p.run("doctor")
	if unread.code == exitDone {
		t.Error("the doctor finds nothing wrong with a carrier whose SQL is not read")
	}
	says(t, unread.out, "nothing of it is read", "set sql: sql", "parcelway is no carrier")
	p.edit("waybill.yaml", "\n# sql: sql ", "\nsql: sql ")
	says(t, p.must(exitDone, "doctor").out, "stg_parcelway__scans: added")
	says(t, p.must(exitUsage, "run", "parcelway").err, "--source parcelway")
	p.must(exitDone, "run", "--as-of", "2026-03-27T12:00:00Z")
	for query, want := range map[string]string{
		"select string_agg(shipment_id || ' ' || status, ', ' order by shipment_id) from marts.fct_shipments":                  "parcelway:PW0000000001 delivered, parcelway:PW0000000002 accepted",
		"select strftime(delivered_at at time zone 'UTC', '%d %H:%M') from marts.fct_shipments where delivered_at is not null": "26 11:10",
		"select raw_code from marts.unmapped_codes": "none / XX",
	} {
		if got := p.ask(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	says(t, p.must(exitDone, "trace", "pw0000000001").out, "despatched", "accepted", "DLV, Venlo")
	says(t, p.must(exitDone, "doctor").out, "0 not well")
}
