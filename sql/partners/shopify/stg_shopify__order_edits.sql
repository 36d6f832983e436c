/*
description: >-
  When each line that was not ordered at first was added to its order, and by what: an edit, or a return that is an exchange. The order's
  agreements say so once its details are known; before that the first answer in which the line stood, if an earlier one had the order without it.
grain: one row per line added
key: [_source, line_gid]
owner: data
*/
with agreed as (
    select
        _source,
        line_gid,
        min(happened_at) as agreed_at,
        arg_min(upper(reason_raw), happened_at) as reason_raw
    from raw.shop_order_agreements
    where line_gid is not null and coalesce(upper(action_raw), 'ORDER') in ('ORDER', 'UPDATE')
    group by _source, line_gid
),

first_answers as (
    select _source, order_gid, min(_received_at) as received_at
    from raw.shop_order_lines
    group by _source, order_gid
),

first_seen as (
    select
        l._source,
        l.line_gid,
        arg_min(o.updated_at, l._received_at) as updated_at
    from raw.shop_order_lines as l
    left join raw.shop_orders as o on o._source = l._source and o.order_gid = l.order_gid and o._file_id = l._file_id
    inner join first_answers as f on f._source = l._source and f.order_gid = l.order_gid
    group by l._source, l.line_gid
    having min(l._received_at) > min(f.received_at)
),

stg_shopify__order_edits as (
    select
        coalesce(a._source, s._source) as _source,
        coalesce(a.line_gid, s.line_gid) as line_gid,
        coalesce(a.agreed_at, s.updated_at) as added_at,
        coalesce(c.meaning, 'edit') as added_by
    from agreed as a
    full outer join first_seen as s on s._source = a._source and s.line_gid = a.line_gid
    left join seeds.codes as c on c.partner = 'shopify' and c.list = 'agreements' and c.code = a.reason_raw
    where a.reason_raw is distinct from 'ORDER'
)

select * from stg_shopify__order_edits
