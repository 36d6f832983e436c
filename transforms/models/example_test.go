package models_test

import "testing/fstest"

// parcels is a small warehouse as the house builds it: two partners conform to one fact, an intermediate model and a mart read the fact, a check
// reads the mart.
func parcels() fstest.MapFS {
	return files(
		"canonical/carriers.yaml", `# What carriers tell.
scans:
  description: Scans of parcels.
  grain: one row per scan
  key: [source, tracking_no, occurred_at]
  at: occurred_at
  columns:
    tracking_no: {type: VARCHAR, required: true, description: the carrier's number}
    occurred_at: {type: TIMESTAMPTZ, required: true, description: when}
    status: {type: VARCHAR, words: [accepted, delivered, lost], description: what it means}
    place: {type: VARCHAR, optional: true, description: where}
`,
		"partners/lorry/stg_lorry__scans.sql", `/*
description: Scans as the lorry line sends them.
grain: one row per scan
key: [tracking_no, occurred_at]
owner: data
conforms_to: scans
*/
with sent as (
    select *, upper(trim(parcel)) as tracking_no from raw.lorry_scans
),

stg_lorry__scans as (
    select
        s.tracking_no,
        s.at as occurred_at,
        c.meaning as status,
        s.town || ' ' || s.street as place,
        s._source,
        s._file_id,
        s._line,
        s._received_at
    from sent as s
    left join seeds.codes as c on c.partner = 'lorry' and c.list = 'scans' and c.code = s.code
)

select * from stg_lorry__scans
`,
		"partners/lorry/codes.csv", "list,code,meaning\nscans,A,accepted\nscans,D,delivered\n",
		"partners/ferry/stg_ferry__scans.sql", `/*
description: Scans as the ferry sends them.
grain: one row per scan
key: [tracking_no, occurred_at]
owner: data
conforms_to: scans
*/
with stg_ferry__scans as (
    select number as tracking_no, landed_at as occurred_at, 'delivered' as status, _source, _file_id, _line, _received_at
    from raw.ferry_landings
)

select * from stg_ferry__scans
`,
		"intermediate/int_scans.sql", `/*
description: Scans with the number of each among those of its parcel.
grain: one row per scan
key: [source, tracking_no, occurred_at]
owner: data
*/
with int_scans as (
    select s.*, row_number() over (partition by s.tracking_no order by s.occurred_at desc) as recency
    from canonical.scans as s
)

select * from int_scans
`,
		"marts/parcels/fct_parcels.sql", `/*
description: Where parcels are.
grain: one row per parcel
key: [tracking_no]
owner: operations
unit: tracking_no
columns:
  tracking_no: the carrier's number
  latest_status: what the newest scan means
  delivered_at: first delivery
  is_late: not delivered after a week
*/
with summed as (
    select
        tracking_no,
        max(case when recency = 1 then status end) as latest_status,
        min(case when status in ('delivered') then occurred_at end) as delivered_at,
        min(occurred_at) as first_at
    from intermediate.int_scans
    group by tracking_no
),

fct_parcels as (
    select
        s.tracking_no,
        s.latest_status,
        s.delivered_at,
        s.delivered_at is null and s.first_at < c.as_of - interval '7' day as is_late
    from summed as s
    cross join ops.clock as c
)

select * from fct_parcels
`,
		"checks/lost_are_not_delivered.sql", `/*
description: A parcel that is lost was not delivered.
unit: tracking_no
*/
select * from marts.fct_parcels where latest_status = 'lost' and delivered_at is not null
`,
	)
}
