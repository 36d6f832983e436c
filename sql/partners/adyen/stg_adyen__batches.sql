/*
description: >-
  Batches that a settlement details report is known of, those without a line among them, and the batch before each. An account is one,
  whatever connections its reports come through.
grain: one row per merchant account and batch
key: [account, settlement_ref]
owner: data
conforms_to: payouts
rows:
  raw.adyen_settlement_details:
    told_by: {account: merchant_account, settlement_ref: cast(batch_no as varchar)}
columns:
  previous_ref: Adyen numbers the batches of an account one by one
*/
-- A report without a line is known by its name alone; as it has the bytes of any other such report, it may be noted as a duplicate.
with empties as (
    select
        f.source as _source,
        split_part(f.name, '/', 1) as merchant_account,
        try_cast(regexp_extract(f.name, 'settlement_detail_report_batch_([0-9]+)', 1) as bigint) as batch_no,
        f.received_at as _received_at,
        f.file as _file_id,
        cast(null as bigint) as _line
    from ops.files as f
    inner join ops.feeds as e
        on e.source = f.source and e.feed = f.feed and list_contains(string_split(e.tables, ','), 'raw.adyen_settlement_details')
    left join ops.files as d
        on d.source = f.source and d.feed = f.feed and d.name = f.duplicate_of and d.status = 'loaded'
    where (f.status = 'loaded' and f.records = 0) or (f.status = 'duplicate' and d.records = 0)
),

known as (
    select *
    from (
        select _source, merchant_account, batch_no, _received_at, _file_id, _line, false as is_empty from raw.adyen_settlement_details
        union all
        select *, true from empties where batch_no is not null
    ) as every_batch
    -- One connection may have had it before it had a line.
    qualify row_number() over (
        partition by merchant_account, batch_no order by is_empty, _received_at, _file_id, _line
    ) = 1
),

stg_adyen__batches as (
    select
        k.merchant_account as account,
        cast(k.batch_no as varchar) as settlement_ref,
        g.closed_at as made_at,
        cast(k.batch_no - 1 as varchar) as previous_ref,
        'closed' as state,
        k._source,
        k._file_id,
        k._line,
        k._received_at
    from known as k
    left join staging.stg_adyen__batch_closings as g
        on g.merchant_account = k.merchant_account and g.batch_no = k.batch_no
)

select * from stg_adyen__batches
