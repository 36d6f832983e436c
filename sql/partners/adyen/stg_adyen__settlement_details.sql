/*
description: Lines of Adyen's settlement details reports, with sides turned into signed amounts.
grain: one row per report line
key: [_file_id, _line]
owner: data
conforms_to: ledger_entries
rows:
  raw.adyen_settlement_details: {}
columns:
  settlement_ref: the batch; unsettled as of an instant before it was closed
  entry_type: by Adyen's Type in lower case (both spellings occur) and the side of its net
  occurred_at: creation of the row's own record; the label names the offset (GMT, BST, CET, CEST, …); null for a label nobody knows
  gross_amount: credit minus debit in gross_currency; null where the line has no gross
  net_amount: credit minus debit in net_currency
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
        -- As of an instant before the batch was closed, what it settles was waiting.
        case when g.closed_at > k.as_of then 'unsettled' else cast(s.batch_no as varchar) end as settlement_ref,
        coalesce(t.meaning, 'unknown') as entry_type,
        m.meaning as scheme,
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
    left join seeds.codes as m
        on m.partner = 'adyen' and m.list = 'schemes' and m.code = lower(trim(s.payment_method))
    -- Of labels that mean two zones in the world, those that Adyen's accounts have are in its own list.
    left join seeds.codes as o on o.partner = 'adyen' and o.list = 'zone_labels' and o.code = upper(s.created_zone)
    left join seeds.codes as p on p.partner = 'adyen' and p.list = 'zone_labels' and p.code = upper(s.booking_zone)
    left join seeds.zone_labels as c on c.label = upper(s.created_zone) and not c.is_ambiguous
    left join seeds.zone_labels as b on b.label = upper(s.booking_zone) and not b.is_ambiguous
    left join staging.stg_adyen__batch_closings as g
        on g.merchant_account = s.merchant_account and g.batch_no = s.batch_no
    cross join ops.clock as k
),

stg_adyen__settlement_details as (
    select
        merchant_account as account,
        settlement_ref,
        type_raw as raw_type,
        entry_type,
        nullif(trim(psp_reference), '') as payment_ref,
        nullif(trim(modification_reference), '') as movement_ref,
        nullif(trim(merchant_reference), '') as merchant_ref,
        payment_method,
        payment_method_variant,
        scheme,
        created_at as occurred_at,
        booked_at,
        gross_amount,
        gross_currency,
        exchange_rate,
        net_amount,
        net_currency,
        commission as commission_amount,
        markup as markup_amount,
        scheme_fees as scheme_fees_amount,
        interchange as interchange_amount,
        identity,
        cast(row_number() over (partition by _source, identity order by _file_id, _line) as integer) as occurrence,
        created_zone as time_label,
        _source,
        _file_id,
        _line,
        _received_at
    from read
)

select * from stg_adyen__settlement_details
