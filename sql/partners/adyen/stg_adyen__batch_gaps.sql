/*
description: Batches that no report is known of, though one of a later batch is (R20).
grain: one row per merchant account and missing batch
key: [document]
owner: data
conforms_to: findings
columns:
  first_seen_at: when a report of a later batch was first received; the instant asked about where that was later still
*/
with numbered as (
    select
        _source,
        account,
        cast(settlement_ref as bigint) as batch_no,
        _received_at,
        _file_id,
        _line,
        lead(cast(settlement_ref as bigint)) over (partition by account order by cast(settlement_ref as bigint)) as next_no
    from staging.stg_adyen__batches
    cross join ops.clock as k
    where coalesce(made_at, _received_at) <= k.as_of
),

missing as (
    select n.account, t.batch_no
    from numbered as n
    cross join unnest(generate_series(n.batch_no + 1, n.next_no - 1)) as t(batch_no)
),

shown as (
    select
        b._source,
        m.account,
        m.batch_no,
        b._received_at,
        b._file_id,
        b._line
    from missing as m
    inner join numbered as b on b.account = m.account and b.batch_no > m.batch_no
    qualify row_number() over (
        partition by m.account, m.batch_no order by b._received_at, b.batch_no
    ) = 1
),

stg_adyen__batch_gaps as (
    select
        'R20' as check_id,
        'batch_gap' as kind,
        _source || ':' || account || ':' || cast(batch_no as varchar) as document,
        account,
        least(_received_at, k.as_of) as first_seen_at,
        'no report of batch ' || cast(batch_no as varchar) || ', and one of a later batch' as detail,
        _source,
        _file_id,
        cast(null as bigint) as _line,
        _received_at
    from shown
    cross join ops.clock as k
)

select * from stg_adyen__batch_gaps
