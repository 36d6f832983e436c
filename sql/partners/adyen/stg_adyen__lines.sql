/*
description: Lines of Adyen's settlement details reports with their instants, and when their batch was closed.
grain: one row per report line
key: [_file_id, _line]
owner: data
columns:
  created_at: creation of the row's own record; the label names the offset (GMT, BST, CET, CEST, …); null for a label nobody knows
  closed_at: >-
    latest instant of the batch's lines. One that is later than its report by more than a day is mistyped and closes nothing; a batch
    without any other is known from its report on
*/
with signed as (
    select
        *,
        lower(trim(type_raw)) as type_key,
        case
            when gross_credit is not null or gross_debit is not null
                then cast(coalesce(gross_credit, 0) - coalesce(gross_debit, 0) as decimal(18, 4))
        end as gross_amount,
        cast(coalesce(net_credit, 0) - coalesce(net_debit, 0) as decimal(18, 4)) as net_amount,
    from raw.adyen_settlement_details
),

read as (
    select
        s.*,
        coalesce(t.meaning, 'unknown') as entry_type,
        timezone('UTC', try_cast(s.created_raw as timestamp) - to_minutes(coalesce(cast(o.meaning as integer), c.utc_offset_minutes))) as created_at,
        timezone('UTC', try_cast(s.booking_raw as timestamp) - to_minutes(coalesce(cast(p.meaning as integer), b.utc_offset_minutes))) as booked_at,
        concat_ws(
            '|',
            s.merchant_account, cast(s.batch_no as varchar), s.type_key, coalesce(nullif(trim(s.psp_reference), ''), ''),
            coalesce(nullif(trim(s.modification_reference), ''), ''), coalesce(nullif(trim(s.merchant_reference), ''), ''),
            s.created_raw, s.created_zone, coalesce(cast(s.gross_amount as varchar), ''), coalesce(s.gross_currency, ''),
            cast(s.net_amount as varchar), s.net_currency
        ) as identity,
    from signed as s
    left join seeds.codes as t
        on t.partner = 'adyen' and t.list = 'entries' and t.code = s.type_key
        and t.code_2 in ('*', case when s.net_amount < 0 then 'debit' else 'credit' end)
    -- Of labels that mean two zones in the world, those that Adyen's accounts have are in its own list.
    left join seeds.codes as o on o.partner = 'adyen' and o.list = 'zone_labels' and o.code = upper(s.created_zone)
    left join seeds.codes as p on p.partner = 'adyen' and p.list = 'zone_labels' and p.code = upper(s.booking_zone)
    left join seeds.zone_labels as c on c.label = upper(s.created_zone) and not c.is_ambiguous
    left join seeds.zone_labels as b on b.label = upper(s.booking_zone) and not b.is_ambiguous
),

dated as (
    select *, coalesce(greatest(created_at, booked_at), created_at, booked_at) as told_at
    from read
),

stg_adyen__lines as (
    select
        *,
        coalesce(
            max(case when told_at <= _received_at + interval '1 day' then told_at end) over batch,
            max(_received_at) over batch
        ) as closed_at
    from dated
    window batch as (partition by _source, merchant_account, batch_no)
)

select * from stg_adyen__lines
