/*
description: Batches of the PSP that a report is known of, those without a line among them, and when the report came.
grain: one row per merchant account and batch
key: [merchant_account, batch_no]
owner: data
columns:
  received_at: when the earliest report of the batch was received
*/
with lined as (
    select merchant_account, batch_no, min(_received_at) as received_at, min(_file_id) as _file_id
    from staging.stg_adyen__settlement_details
    group by merchant_account, batch_no
),

-- A report without a line is known by its name alone; as it has the bytes of any other such report, it may be noted as a duplicate.
empties as (
    select
        split_part(f.name, '/', 1) as merchant_account,
        try_cast(regexp_extract(f.name, 'settlement_detail_report_batch_([0-9]+)', 1) as bigint) as batch_no,
        min(f.received_at) as received_at,
        min(f.file) as _file_id
    from ops.files as f
    left join ops.files as d
        on d.source = f.source and d.feed = f.feed and d.name = f.duplicate_of and d.status = 'loaded'
    where f.feed = 'settlement_details' and (
        (f.status = 'loaded' and f.records = 0) or (f.status = 'duplicate' and d.records = 0)
    )
    group by
        split_part(f.name, '/', 1),
        try_cast(regexp_extract(f.name, 'settlement_detail_report_batch_([0-9]+)', 1) as bigint)
),

int_known_batches as (
    select merchant_account, batch_no, min(received_at) as received_at, min(_file_id) as _file_id
    from (
        select merchant_account, batch_no, received_at, _file_id from lined
        union all
        select merchant_account, batch_no, received_at, _file_id from empties where batch_no is not null
    ) as every_batch
    group by merchant_account, batch_no
)

select * from int_known_batches
