/*
description: Lines of Adyen's settlement details reports, with sides turned into signed amounts.
grain: one row per report line
key: [_file_id, _line]
owner: data
columns:
  type_key: Adyen's Type in lower case (both spellings occur), to meet seeds.map_psp_types.raw_type
  created_at: creation of the payment; the label names the offset (GMT, BST, CET, CEST, …); null for a label nobody knows
  gross_amount: credit minus debit in gross_currency; null where the line has no gross
  net_amount: credit minus debit in net_currency
  created_raw: as printed
*/
with lines as (
    select
        *,
        case upper(created_zone)
            when 'UTC' then 0 when 'GMT' then 0 when 'BST' then 1 when 'CET' then 1 when 'CEST' then 2
            when 'EST' then -5 when 'EDT' then -4 when 'PST' then -8 when 'PDT' then -7
        end as created_offset_hours,
        case upper(booking_zone)
            when 'UTC' then 0 when 'GMT' then 0 when 'BST' then 1 when 'CET' then 1 when 'CEST' then 2
            when 'EST' then -5 when 'EDT' then -4 when 'PST' then -8 when 'PDT' then -7
        end as booking_offset_hours,
    from raw.adyen_settlement_details
),

stg_adyen__settlement_details as (
    select
        company_account,
        merchant_account,
        batch_no,
        nullif(trim(psp_reference), '') as psp_payment_ref,
        nullif(trim(modification_reference), '') as psp_modification_ref,
        nullif(trim(merchant_reference), '') as merchant_reference,
        nullif(trim(modification_merchant_reference), '') as modification_merchant_reference,
        nullif(trim(dispute_reference), '') as dispute_reference,
        type_raw as raw_type,
        lower(trim(type_raw)) as type_key,
        payment_method,
        payment_method_variant,
        timezone('UTC', try_cast(created_raw as timestamp) - to_hours(created_offset_hours)) as created_at,
        timezone('UTC', try_cast(booking_raw as timestamp) - to_hours(booking_offset_hours)) as booked_at,
        created_raw,
        created_zone,
        case
            when gross_credit is not null or gross_debit is not null
                then coalesce(gross_credit, 0) - coalesce(gross_debit, 0)
        end as gross_amount,
        gross_currency,
        exchange_rate,
        coalesce(net_credit, 0) - coalesce(net_debit, 0) as net_amount,
        net_currency,
        commission,
        markup,
        scheme_fees,
        interchange,
        gross_debit,
        gross_credit,
        net_debit,
        net_credit,
        _source,
        _file_id,
        _line,
        _received_at,
    from lines
)

select * from stg_adyen__settlement_details
