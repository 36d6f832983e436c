/*
description: Lines of Adyen's settlement details reports, with sides turned into signed amounts.
grain: one row per report line
key: [_file_id, _line]
owner: data
conforms_to: ledger_entries
columns:
  settlement_ref: the batch; unsettled as of an instant before it was closed
  entry_type: by Adyen's Type in lower case (both spellings occur) and the side of its net
  occurred_at: creation of the row's own record; the label names the offset (GMT, BST, CET, CEST, …); null for a label nobody knows
  gross_amount: credit minus debit in gross_currency; null where the line has no gross
  net_amount: credit minus debit in net_currency
*/
with lines as (
    select
        l.*,
        -- As of an instant before the batch was closed, what it settles was waiting.
        case when l.closed_at <= coalesce(k.as_of, l.closed_at) then cast(l.batch_no as varchar) else 'unsettled' end as settlement_ref
    from staging.stg_adyen__lines as l
    left join (select max(as_of) as as_of from ops.clock) as k on true
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
    from lines
)

select * from stg_adyen__settlement_details
