/*
description: >-
  Payment movements as the shop knows them. Those of refunds stand in the order, and again in the refund's details, which alone say
  which refund they are of.
grain: one row per transaction
key: [payment_id]
owner: data
conforms_to: payments
rows:
  raw.shop_transactions:
    told_by: {payment_id: "canonical_id(_source, string_split(transaction_gid, '/')[-1])"}
  raw.shop_refund_transactions:
    told_by: {payment_id: "canonical_id(_source, string_split(transaction_gid, '/')[-1])"}
columns:
  payment_ref: the PSP's merchant reference
  movement_ref: the PSP's own reference of this movement
*/
with latest as (
    select *
    from raw.shop_transactions
    qualify row_number() over (
        partition by _source, transaction_gid
        order by _received_at desc, _file_id desc, _line desc
    ) = 1
),

both_sides as (
    select
        coalesce(d._source, t._source) as _source,
        coalesce(d.transaction_gid, t.transaction_gid) as transaction_gid,
        coalesce(d.order_gid, t.order_gid) as order_gid,
        d.refund_gid,
        upper(coalesce(d.kind, t.kind)) as kind_raw,
        upper(coalesce(d.status, t.status)) as status_raw,
        lower(coalesce(d.gateway, t.gateway)) as gateway,
        nullif(trim(coalesce(d.payment_id, t.payment_id)), '') as payment_ref,
        nullif(trim(coalesce(d.authorization_code, t.authorization_code)), '') as movement_ref,
        coalesce(d.processed_at, t.processed_at) as moved_at,
        coalesce(d.amount, t.amount) as amount,
        coalesce(d.currency, t.currency) as currency,
        coalesce(d.presentment_amount, t.presentment_amount) as presentment_amount,
        coalesce(d.presentment_currency, t.presentment_currency) as presentment_currency,
        coalesce(t._file_id, d._file_id) as _file_id,
        case when t._file_id is not null then t._line else d._line end as _line,
        coalesce(t._received_at, d._received_at) as _received_at,
    from latest as t
    full outer join staging.stg_shopify__refund_transactions as d
        on d._source = t._source and d.transaction_gid = t.transaction_gid
),

stg_shopify__transactions as (
    select
        canonical_id(b._source, string_split(b.transaction_gid, '/')[-1]) as payment_id,
        canonical_id(b._source, string_split(b.order_gid, '/')[-1]) as order_id,
        canonical_id(b._source, string_split(b.refund_gid, '/')[-1]) as refund_id,
        coalesce(k.meaning, 'other') as kind,
        coalesce(s.meaning, 'other') as outcome,
        b.gateway,
        g.meaning as tender,
        b.payment_ref,
        b.movement_ref,
        b.moved_at,
        cast(b.amount as decimal(18, 4)) as amount,
        b.currency,
        cast(b.presentment_amount as decimal(18, 4)) as presentment_amount,
        b.presentment_currency,
        b._source,
        b._file_id,
        b._line,
        b._received_at
    from both_sides as b
    left join seeds.codes as k on k.partner = 'shopify' and k.list = 'payment_kinds' and k.code = b.kind_raw
    left join seeds.codes as s on s.partner = 'shopify' and s.list = 'payment_outcomes' and s.code = b.status_raw
    left join seeds.codes as g on g.partner = 'shopify' and g.list = 'tenders' and g.code = b.gateway
)

select * from stg_shopify__transactions
