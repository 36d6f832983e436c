/*
description: When each batch of a merchant account was closed, by the lines of its settlement details reports.
grain: one row per merchant account and batch with a line, whatever connection it came through
key: [merchant_account, batch_no]
owner: data
columns:
  closed_at: >-
    latest instant of the batch's lines. One that is later than its report by more than a day is mistyped and closes nothing; a batch
    without any other is known from its report on
*/
with told as (
    select
        s.merchant_account,
        s.batch_no,
        s._received_at,
        unnest([
            timezone('UTC', try_cast(s.created_raw as timestamp) - to_minutes(coalesce(cast(o.meaning as integer), c.utc_offset_minutes))),
            timezone('UTC', try_cast(s.booking_raw as timestamp) - to_minutes(coalesce(cast(p.meaning as integer), b.utc_offset_minutes)))
        ]) as told_at
    from raw.adyen_settlement_details as s
    left join seeds.codes as o on o.partner = 'adyen' and o.list = 'zone_labels' and o.code = upper(s.created_zone)
    left join seeds.codes as p on p.partner = 'adyen' and p.list = 'zone_labels' and p.code = upper(s.booking_zone)
    left join seeds.zone_labels as c on c.label = upper(s.created_zone) and not c.is_ambiguous
    left join seeds.zone_labels as b on b.label = upper(s.booking_zone) and not b.is_ambiguous
),

stg_adyen__batch_closings as (
    select
        merchant_account,
        batch_no,
        coalesce(max(case when told_at <= _received_at + interval '1 day' then told_at end), max(_received_at)) as closed_at
    from told
    group by merchant_account, batch_no
)

select * from stg_adyen__batch_closings
