/*
description: Despatches as the shop was told of them, by a plugin that keeps tracking numbers with the order.
grain: one row per tracking number
key: [fulfilment_id, tracking_no]
owner: data
conforms_to: fulfilments
rows:
  raw.woo_order_shipments:
    told_by:
      order_id: canonical_id(_source, cast(order_id as varchar))
      tracking_no: upper(nullif(trim(tracking_no), ''))
    left_out:
      in_an_older_answer: >-
        not exists (select 1 from staging.stg_woo__latest_orders as o
        where o._source = r._source and o.order_id = r.order_id and o._file_id = r._file_id and o._line = r._line)
columns:
  created_at: >-
    the plugin keeps a day only, as its first second in UTC; where it keeps none, the earliest answer's time of change in which the number
    stood
*/
with first_told as (
    select s._source, s.order_id, upper(nullif(trim(s.tracking_no), '')) as tracking_no, min(o.modified_at) as told_at
    from raw.woo_order_shipments as s
    inner join raw.woo_orders as o
        on o._source = s._source and o.order_id = s.order_id and o._file_id = s._file_id and o._line = s._line
    group by all
),

latest as (
    select s.*
    from raw.woo_order_shipments as s
    inner join staging.stg_woo__latest_orders as o
        on o._source = s._source and o.order_id = s.order_id and o._file_id = s._file_id and o._line = s._line
    qualify row_number() over (
        partition by s._source, s.order_id, upper(nullif(trim(s.tracking_no), ''))
        order by s.tracking_id
    ) = 1
),

stg_woo__shipments as (
    select
        canonical_id(l._source, cast(l.order_id as varchar) || ':' || coalesce(l.tracking_id, l.tracking_no, 'none')) as fulfilment_id,
        canonical_id(l._source, cast(l.order_id as varchar)) as order_id,
        upper(nullif(trim(l.tracking_no), '')) as tracking_no,
        coalesce(nullif(trim(l.provider), ''), nullif(trim(l.custom_provider), '')) as carrier_word,
        true as is_valid,
        coalesce(to_timestamp(nullif(try_cast(l.shipped_raw as bigint), 0)), f.told_at, l._received_at) as created_at,
        l._source,
        l._file_id,
        l._line,
        l._received_at
    from latest as l
    inner join first_told as f
        on f._source = l._source and f.order_id = l.order_id and f.tracking_no is not distinct from upper(nullif(trim(l.tracking_no), ''))
)

select * from stg_woo__shipments
